//! What triggers tell of a transaction: the setting `postern.changed`, which is a list of relations, and the channel on which others
//! hear the same (`migrations/010_changes.sql`).

use std::rc::Rc;

use super::{Params, Query, Statement};

/// The channel.
pub const CHANNEL: &str = "postern_changes";

/// The setting as an expression.
pub(crate) const SETTING: &str = "pg_catalog.current_setting('postern.changed', true)";

/// What stands for all relations, in the setting and as a payload.
const EVERYTHING: &str = "*";

/// The statement that reads the setting, at the end of a batch that writes.
pub fn reported() -> Query {
    Query {
        statement: Rc::new(Statement::new(format!("SELECT {SETTING}"), [], 1)),
        params: Params::new(),
    }
}

/// The relation that a payload or an element of the setting names; `None` for all relations.
pub fn relation(name: &str) -> Option<&str> {
    (!name.is_empty() && name != EVERYTHING).then_some(name)
}

/// The relations of a value of the setting; `None` where it tells of all relations, or cannot be read. What no trigger has set is
/// NULL, or empty if an earlier transaction of the connection had set it.
pub fn relations(value: Option<&[u8]>) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(value.unwrap_or_default()).ok()?;
    text.lines()
        .filter(|name| !name.is_empty())
        .map(relation)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{relation, relations};

    #[test]
    fn a_list_is_lines_and_nothing_is_nothing() {
        assert_eq!(relations(None), Some(vec![]));
        assert_eq!(relations(Some(b"")), Some(vec![]));
        assert_eq!(
            relations(Some(b"api.a\napi.\"b, c\"\n")),
            Some(vec!["api.a", "api.\"b, c\""])
        );
    }

    #[test]
    fn what_is_not_clear_is_everything() {
        assert_eq!(relations(Some(b"api.a\n*")), None);
        assert_eq!(relations(Some(b"\xff")), None);
        assert_eq!(
            (relation(""), relation("*"), relation("api.a")),
            (None, None, Some("api.a"))
        );
    }
}
