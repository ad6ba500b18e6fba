//! What is to be purged: the arguments of a request to `postern_purge`.

use percent_encoding::percent_decode;

/// Which responses are forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// `all`
    All,
    /// `prefix=/path`: those to requests whose paths, as they were written, begin with this.
    Prefix(Vec<u8>),
    /// `relation=schema.name`: those that were read from it.
    Relation(Box<str>),
}

impl Purge {
    /// Reads a query string, which has to have exactly one of these.
    pub fn parse(args: &[u8]) -> Option<Self> {
        if memchr::memchr(b'&', args).is_some() {
            return None;
        }
        let (name, value) = match memchr::memchr(b'=', args) {
            Some(at) => (args.get(..at)?, args.get(at + 1..)?),
            None => (args, &[][..]),
        };
        let value: Vec<u8> = percent_decode(value).collect();
        match name {
            b"all" if value.is_empty() => Some(Self::All),
            b"prefix" if value.starts_with(b"/") => Some(Self::Prefix(value)),
            b"relation" => {
                let relation = String::from_utf8(value).ok()?;
                relation.contains('.').then(|| Self::Relation(relation.into()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Purge;

    #[test]
    fn one_thing_is_purged_at_a_time() {
        let parse = |args: &str| Purge::parse(args.as_bytes());
        assert_eq!(parse("all"), Some(Purge::All));
        assert_eq!(
            parse("prefix=/api/a%20b"),
            Some(Purge::Prefix(b"/api/a b".to_vec()))
        );
        assert_eq!(
            parse("relation=data.items"),
            Some(Purge::Relation("data.items".into()))
        );
        for args in [
            "",
            "all=1",
            "all&prefix=/",
            "prefix=",
            "prefix=api",
            "relation=",
            "relation=items",
            "relation=a.%ff",
            "other=1",
        ] {
            assert_eq!(parse(args), None, "{args}");
        }
    }
}
