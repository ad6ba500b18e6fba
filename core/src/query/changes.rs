//! What triggers tell of a transaction: messages to the session that writes, and the channel on which others hear the same
//! (`migrations/011_reported_changes.sql`).

use crate::pg::ServerError;

/// The channel.
pub const CHANNEL: &str = "postern_changes";

/// What stands for all relations, in a message and as a payload.
const EVERYTHING: &str = "*";

/// The SQLSTATE of a message that reports a change. Its level is INFO, which is sent whatever `client_min_messages` is
/// (PostgreSQL manual, "Client Connection Defaults").
const REPORT: &str = "PN001";

/// What a message reports as changed, for [`relation`]; `None` if it is another message.
pub fn reported(notice: &ServerError) -> Option<&str> {
    (&*notice.severity == "INFO" && &*notice.code == REPORT).then_some(&*notice.message)
}

/// The relation that a payload or a message names; `None` for all relations.
pub fn relation(name: &str) -> Option<&str> {
    (!name.is_empty() && name != EVERYTHING).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{relation, reported};
    use crate::pg::ServerError;

    #[test]
    fn what_is_not_a_name_is_everything() {
        assert_eq!(
            (relation(""), relation("*"), relation("api.a")),
            (None, None, Some("api.a"))
        );
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
