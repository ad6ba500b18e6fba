//! What a script that may write changes, as far as its configuration says.

use std::rc::Rc;

/// What is said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ScriptChanges {
    /// Anything: nothing is known.
    #[default]
    All,
    /// What the triggers of its tables report.
    Reported,
    /// Nothing that anybody reads.
    None,
    /// These relations, as `schema.name`, and what triggers report.
    Relations(Rc<[Box<str>]>),
}

impl ScriptChanges {
    /// Reads `all`, `reported`, `none`, or relations with commas between them.
    pub fn parse(text: &str) -> Option<Self> {
        let relation = |name: &str| {
            let (schema, relation) = name.split_once('.')?;
            (!schema.is_empty() && !relation.is_empty()).then(|| name.into())
        };
        match text {
            "all" => Some(Self::All),
            "reported" => Some(Self::Reported),
            "none" => Some(Self::None),
            names => {
                let names: Option<Rc<[Box<str>]>> = names.split(',').map(relation).collect();
                names.map(Self::Relations)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ScriptChanges;

    #[test]
    fn words_and_relations_are_read_and_nothing_else() {
        assert_eq!(ScriptChanges::parse("all"), Some(ScriptChanges::All));
        assert_eq!(ScriptChanges::parse("reported"), Some(ScriptChanges::Reported));
        assert_eq!(ScriptChanges::parse("none"), Some(ScriptChanges::None));
        let names = ["api.a".into(), "data.b c".into()].into();
        assert_eq!(
            ScriptChanges::parse("api.a,data.b c"),
            Some(ScriptChanges::Relations(names))
        );
        for wrong in ["", "items", "api.", ".items", "api.a,", "api.a,all"] {
            assert_eq!(ScriptChanges::parse(wrong), None, "{wrong}");
        }
    }
}
