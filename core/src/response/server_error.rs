//! What of an error of PostgreSQL a client sees, and with which status: PostgREST's table (its documentation, "Errors").

use std::borrow::Cow;

use super::custom_error;
use super::error::Shown;
use crate::pg::ServerError;

/// The status, and the texts that may be seen.
pub(super) fn show(error: &ServerError, authenticated: bool) -> Shown<'_> {
    if &*error.code == "PGRST" {
        return custom_error::show(error);
    }
    let status = status(error, authenticated);
    let mut shown = Shown::new(
        status,
        Cow::Borrowed(&*error.code),
        Cow::Borrowed(&*error.message),
    );
    match generic_message(&error.code) {
        Some(message) => shown.message = message.into(),
        None => {
            shown.details = error.detail.as_deref().map(Cow::Borrowed);
            shown.hint = error.hint.as_deref().map(Cow::Borrowed);
        }
    }
    shown.retry_after_s = (status == 503).then_some(RETRY_AFTER_S);
    shown
}

/// The HTTP status of an error.
fn status(error: &ServerError, authenticated: bool) -> u16 {
    let code = error.code.as_bytes();
    match code {
        b"23503" | b"23505" => 409,
        b"25006" => 405,
        // pg-safeupdate blames the client; any other cardinality violation is a mistake in a function or a view.
        b"21000" if error.message.ends_with("requires a WHERE clause") => 400,
        b"21000" => 500,
        b"22023" if names_unknown_role(&error.message) => 401,
        b"42883" if error.message.starts_with("function xmlagg(") => 406,
        b"42883" | b"42P01" => 404,
        b"42P17" => 500,
        // A parameter of a script to which the statement gives no type, or two.
        b"42P18" | b"42P08" => 500,
        b"42501" if authenticated => 403,
        b"42501" => 401,
        b"53400" => 500,
        b"57P01" => 503,
        b"P0001" => 400,
        [b'P', b'T', digits @ ..] => raised_status(digits),
        _ => class_status(code),
    }
}

/// The status of a class of errors (PostgreSQL manual, appendix "PostgreSQL Error Codes").
fn class_status(code: &[u8]) -> u16 {
    match code.first_chunk::<2>() {
        // Connection exception; insufficient resources.
        Some(b"08" | b"53") => 503,
        // Triggered action exception; invalid transaction state and termination; external routines; savepoints;
        // transaction rollback; program limits; prerequisite state; operator intervention; system error; configuration
        // file; foreign data wrapper; PL/pgSQL; internal error.
        Some(
            b"09" | b"25" | b"2D" | b"38" | b"39" | b"3B" | b"40" | b"54" | b"55" | b"57" | b"58" | b"F0"
            | b"HV" | b"P0" | b"XX",
        ) => 500,
        // Invalid grantor, invalid role specification, invalid authorization specification.
        Some(b"0L" | b"0P" | b"28") => 403,
        _ => 400,
    }
}

/// What a client is told where the server's own words could speak of its files, its configuration or other servers. The words
/// themselves go to the error log.
fn generic_message(code: &str) -> Option<&'static str> {
    let message = match code.as_bytes() {
        [b'0', b'8', ..] => "the database reports a connection error",
        [b'5', b'3', ..] => "the database has not enough resources",
        [b'5', b'7', b'P', ..] => "the database ended the connection",
        [b'5', b'8', ..] | [b'F', b'0', ..] => "the database reports a system error",
        [b'H', b'V', ..] => "the database reports an error of a foreign data wrapper",
        [b'X', b'X', ..] => "the database reports an internal error",
        _ => return None,
    };
    Some(message)
}

/// `RAISE sqlstate 'PT402'` answers 402. Only what can be the status of an answer counts.
fn raised_status(digits: &[u8]) -> u16 {
    match digits {
        [hundreds @ b'2'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            u16::from(hundreds - b'0') * 100 + u16::from(tens - b'0') * 10 + u16::from(ones - b'0')
        }
        _ => 500,
    }
}

/// Whether the token's role is none of the server's: `set_config('role', …)` reports it as an invalid parameter value.
fn names_unknown_role(message: &str) -> bool {
    message.starts_with("role \"") && message.ends_with("\" does not exist")
}

/// When to come again: what made the server refuse has often passed after a second.
const RETRY_AFTER_S: u32 = 1;

#[cfg(test)]
mod tests {
    use super::show;
    use crate::pg::ServerError;

    fn error(code: &str) -> ServerError {
        ServerError {
            severity: "ERROR".into(),
            code: code.into(),
            message: "message".into(),
            detail: Some("detail".into()),
            hint: Some("hint".into()),
            routine: None,
        }
    }

    #[test]
    fn statuses_are_those_of_postgrest() {
        let table = [
            (503, "08000 08003 08006 53000 53100 53200 53300 57P01"),
            (
                500,
                "09000 25000 25P02 2D000 38000 39000 3B001 40001 40P01 53400 54000 54001 55000 55P03 57000 57014 57P02",
            ),
            (
                500,
                "58000 58030 F0000 HV000 HV00R P0000 P0002 P0003 P0004 XX000 XX002 21000 42P17 42P18 42P08",
            ),
            (403, "0L000 0LP01 0P000 28000 28P01"),
            (409, "23503 23505"),
            (405, "25006"),
            (404, "42883 42P01"),
            (
                400,
                "22P02 22003 22012 22023 23502 23514 23P01 42601 42703 42804 P0001 0A000 01000 2F000 44000 99999 1 ",
            ),
            (402, "PT402"),
            (204, "PT204"),
            (599, "PT599"),
            (500, "PT600 PT100 PT1 PTabc PT4000 PT"),
        ];
        for (status, codes) in table {
            for code in codes.split(' ').filter(|code| !code.is_empty()) {
                assert_eq!(show(&error(code), true).status, status, "{code}");
            }
        }
        assert_eq!(show(&error(""), true).status, 400);
    }

    #[test]
    fn a_missing_privilege_depends_on_who_asks() {
        assert_eq!(show(&error("42501"), true).status, 403);
        assert_eq!(show(&error("42501"), false).status, 401);
    }

    #[test]
    fn the_message_tells_some_errors_apart() {
        let with = |code: &str, message: &str| ServerError {
            message: message.into(),
            ..error(code)
        };
        assert_eq!(
            show(&with("21000", "UPDATE requires a WHERE clause"), true).status,
            400
        );
        assert_eq!(
            show(&with("22023", "role \"ghost\" does not exist"), true).status,
            401
        );
        assert_eq!(
            show(&with("42883", "function xmlagg(record) does not exist"), true).status,
            406
        );
    }

    #[test]
    fn what_could_leak_is_not_shown() {
        let generic = "08006 53200 53400 57P01 57P03 58030 F0000 HV00R XX000 XX001";
        for code in generic.split(' ') {
            let error = error(code);
            let shown = show(&error, true);
            assert_eq!((shown.details, shown.hint), (None, None), "{code}");
            assert!(shown.message.starts_with("the database "), "{code}");
            assert_eq!(shown.code, code);
        }
        for code in ["57014", "40001", "23505", "P0001", "28P01"] {
            let error = error(code);
            let shown = show(&error, true);
            assert_eq!(shown.message, "message", "{code}");
            assert_eq!(
                (shown.details.as_deref(), shown.hint.as_deref()),
                (Some("detail"), Some("hint"))
            );
        }
    }

    #[test]
    fn a_503_says_when_to_come_again() {
        assert_eq!(show(&error("53300"), true).retry_after_s, Some(1));
        assert_eq!(show(&error("23505"), true).retry_after_s, None);
    }
}
