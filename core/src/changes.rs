//! What triggers tell of a transaction (`migrations/011_reported_changes.sql`): messages to the session that writes, and a channel
//! on which others hear the same.

use crate::pg::ServerError;

/// The channel.
pub const CHANNEL: &str = "postern_changes";

/// The SQLSTATE of a message that reports a change. Its level is INFO, which is sent whatever `client_min_messages` is
/// (PostgreSQL manual, "Client Connection Defaults").
const REPORT: &str = "PN001";

/// Longer than `schema.table` can be, in bytes.
const MAX_NAME: usize = 256;

/// Room for the names of two tables.
const USUAL_VALUE: usize = 64;

/// The value of `postern.reports` for a transaction that is known to change these relations: triggers report the others.
pub fn reports<'a>(known: impl IntoIterator<Item = &'a str>) -> String {
    let mut value = String::with_capacity(USUAL_VALUE);
    value.push_str("on");
    for relation in known {
        value.push('\n');
        value.push_str(relation);
    }
    value
}

/// What a message reports as changed, for [`relation`]; `None` if it is another message.
pub fn reported(notice: &ServerError) -> Option<&str> {
    (&*notice.severity == "INFO" && &*notice.code == REPORT).then_some(&*notice.message)
}

/// The relation (`schema.table`) that a payload or a message names; `None` where it stands for all relations: it is empty, `*`,
/// or nothing that could be a name.
pub fn relation(name: &str) -> Option<&str> {
    let is_odd = |char: char| char.is_control() || char == char::REPLACEMENT_CHARACTER;
    (name.len() <= MAX_NAME && name.contains('.') && !name.contains(is_odd)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{relation, reported, reports};
    use crate::pg::ServerError;

    #[test]
    fn what_is_no_name_is_everything() {
        for name in ["api.a", "data.far, behind", "é.x"] {
            assert_eq!(relation(name), Some(name));
        }
        let long = format!("api.{}", "a".repeat(300));
        for name in ["", "*", "totals", "api.a\napi.b", "api.\u{fffd}", &long] {
            assert_eq!(relation(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_known_is_a_list_of_lines() {
        assert_eq!(reports([]), "on");
        assert_eq!(reports(["api.a", "api.b"]), "on\napi.a\napi.b");
    }

    #[test]
    fn only_a_message_of_its_level_and_code_is_a_report() {
        let notice = |severity: &str, code: &str| ServerError {
            severity: severity.into(),
            code: code.into(),
            message: "api.a".into(),
            ..ServerError::default()
        };
        assert_eq!(reported(&notice("INFO", "PN001")), Some("api.a"));
        assert_eq!(reported(&notice("NOTICE", "PN001")), None);
        assert_eq!(reported(&notice("INFO", "00000")), None);
    }
}
