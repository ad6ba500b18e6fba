//! `RAISE sqlstate 'PGRST'`: an error whose status, headers and body the database decides, as PostgREST has it. The message is a
//! JSON object with `code`, `message` and perhaps `details` and `hint`; the detail is one with `status` and `headers`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::error::Shown;
use super::field::is_sendable_field;
use crate::pg::ServerError;

/// The error that was raised, or PGRST121 where it is not of the form above.
pub(super) fn show(error: &ServerError) -> Shown<'_> {
    parse(error).unwrap_or_else(|fault| {
        let message = "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error";
        let mut shown = Shown::new(500, "PGRST121".into(), message.into());
        shown.details = Some(fault.into());
        shown.hint = Some(FORM.into());
        shown
    })
}

fn parse(error: &ServerError) -> Result<Shown<'_>, &'static str> {
    let body: Body<'_> =
        serde_json::from_str(&error.message).map_err(|_| "Invalid JSON value for MESSAGE")?;
    let detail = error
        .detail
        .as_deref()
        .ok_or("DETAIL is missing in the RAISE statement")?;
    let head: Head = serde_json::from_str(detail).map_err(|_| "Invalid JSON value for DETAIL")?;
    if !(200..600).contains(&head.status) {
        return Err("The status in DETAIL is not between 200 and 599");
    }
    if head.headers.len() > MAX_HEADERS
        || !head
            .headers
            .iter()
            .all(|(name, value)| is_sendable_field(name, value))
    {
        return Err("The headers in DETAIL cannot be sent");
    }
    let mut shown = Shown::new(head.status, body.code, body.message);
    shown.details = body.details;
    shown.hint = body.hint;
    shown.headers = head.headers.into_iter().collect();
    Ok(shown)
}

#[derive(serde::Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow)]
    details: Option<Cow<'a, str>>,
    #[serde(borrow)]
    hint: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
struct Head {
    status: u16,
    headers: BTreeMap<Box<str>, Box<str>>,
}

/// More headers than anybody raises on purpose.
const MAX_HEADERS: usize = 32;
const FORM: &str = "MESSAGE must be a JSON object with the keys 'code', 'message' and optionally 'details', 'hint'; \
                    DETAIL one with the keys 'status' and 'headers'.";

#[cfg(test)]
mod tests {
    use super::show;
    use crate::pg::ServerError;

    fn raised(message: &str, detail: Option<&str>) -> ServerError {
        ServerError {
            code: "PGRST".into(),
            message: message.into(),
            detail: detail.map(Into::into),
            ..ServerError::default()
        }
    }

    #[test]
    fn the_database_decides_status_headers_and_body() {
        let error = raised(
            r#"{"code":"123","message":"Payment \"required\"","details":"Quota","hint":null}"#,
            Some(r#"{"status":402,"status_text":"Pay","headers":{"X-Powered-By":"Nerd Rage"}}"#),
        );
        let shown = show(&error);
        assert_eq!(
            (shown.status, &*shown.code, &*shown.message),
            (402, "123", "Payment \"required\"")
        );
        assert_eq!(
            (shown.details.as_deref(), shown.hint.as_deref()),
            (Some("Quota"), None)
        );
        assert_eq!(shown.headers, [("X-Powered-By".into(), "Nerd Rage".into())]);
    }

    #[test]
    fn what_cannot_be_parsed_or_sent_is_an_error_of_its_own() {
        let body = r#"{"code":"1","message":"m"}"#;
        let cases = [
            ("plain text", Some(r#"{"status":402,"headers":{}}"#)),
            (body, None),
            (body, Some("x")),
            (body, Some(r#"{"status":402}"#)),
            (body, Some(r#"{"status":99,"headers":{}}"#)),
            (
                body,
                Some(r#"{"status":402,"headers":{"X":"a\r\nSet-Cookie: b"}}"#),
            ),
            (body, Some(r#"{"status":402,"headers":{"X Y":"a"}}"#)),
            (body, Some(r#"{"status":402,"headers":{"":"a"}}"#)),
            (body, Some(r#"{"status":402,"headers":{"Content-length":"0"}}"#)),
        ];
        for (message, detail) in cases {
            let error = raised(message, detail);
            let shown = show(&error);
            assert_eq!(
                (shown.status, &*shown.code),
                (500, "PGRST121"),
                "{message} {detail:?}"
            );
            assert!(shown.headers.is_empty());
        }
    }
}
