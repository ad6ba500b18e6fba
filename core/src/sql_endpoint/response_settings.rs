//! `response.status` and `response.headers`: what SQL decides about the response, with PostgREST's names and forms.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::EndpointError;
use crate::query::{Params, Query, Statement};
use crate::response::is_sendable_field;

/// The name and the value of a header field.
pub(super) type Field = (Box<str>, Box<str>);

/// What was set; nothing, by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseSettings {
    /// `response.status`
    pub status: Option<u16>,
    /// `response.headers`, in their order, checked to be sendable.
    pub headers: Vec<Field>,
}

impl ResponseSettings {
    /// The statement that ends a script and reads them. What somebody has set for the session, and not for the transaction, is taken
    /// back at once: the next request on the connection is another's.
    pub fn query() -> Query {
        let sql = "SELECT current_setting('response.status', true), current_setting('response.headers', true), \
                   num_nonnulls(set_config('response.status', '', false), set_config('response.headers', '', false))";
        Query {
            statement: Rc::new(Statement::new(sql, [], 3)),
            params: Params::new(),
        }
    }

    /// Understands the two values. A setting that was made for an earlier transaction is empty now.
    pub fn parse(status: Option<&[u8]>, headers: Option<&[u8]>) -> Result<Self, EndpointError> {
        let given = |value: Option<&'_ [u8]>| value.is_some_and(|value| !value.is_empty());
        let mut settings = Self::default();
        if given(status) {
            settings.status = Some(parse_status(status.unwrap_or_default())?);
        }
        if given(headers) {
            settings.headers = parse_headers(headers.unwrap_or_default())?;
        }
        Ok(settings)
    }

    /// Whether a field is among the headers.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

/// What can be the status of an answer.
fn parse_status(text: &[u8]) -> Result<u16, EndpointError> {
    match text {
        [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'] => std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(EndpointError::Status),
        _ => Err(EndpointError::Status),
    }
}

/// `[{"X-A":"1"},{"Set-Cookie":"a=b"}]`
fn parse_headers(text: &[u8]) -> Result<Vec<Field>, EndpointError> {
    let objects: Vec<Map<String, Value>> =
        serde_json::from_slice(text).map_err(|_| EndpointError::Headers)?;
    if objects.len() > MAX_HEADERS {
        return Err(EndpointError::Headers);
    }
    objects.into_iter().map(field).collect()
}

fn field(object: Map<String, Value>) -> Result<Field, EndpointError> {
    let mut members = object.into_iter();
    match (members.next(), members.next()) {
        (Some((name, Value::String(value))), None) if is_sendable_field(&name, &value) => {
            Ok((name.into(), value.into()))
        }
        _ => Err(EndpointError::Headers),
    }
}

/// More headers than anybody sets on purpose.
const MAX_HEADERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::{EndpointError, ResponseSettings};

    fn parse(status: &str, headers: &str) -> Result<ResponseSettings, EndpointError> {
        ResponseSettings::parse(Some(status.as_bytes()), Some(headers.as_bytes()))
    }

    #[test]
    fn what_was_not_set_is_null_or_empty() {
        let nothing = Ok(ResponseSettings::default());
        assert_eq!(ResponseSettings::parse(None, None), nothing);
        assert_eq!(parse("", ""), nothing);
        assert_eq!(parse("", "[]"), nothing);
    }

    #[test]
    fn statuses_and_headers_are_read() {
        let settings = parse(
            "201",
            r#"[{"X-A":"1"},{"Set-Cookie":"a=b"},{"Set-Cookie":"c=d"}]"#,
        )
        .expect("good");
        assert_eq!(settings.status, Some(201));
        let names: Vec<_> = settings.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["X-A", "Set-Cookie", "Set-Cookie"]);
        assert!(settings.has_header("set-cookie") && !settings.has_header("x-b"));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for status in ["1", "99", "199", "600", "2000", "abc", " 200", "2o0", "-20"] {
            assert_eq!(parse(status, ""), Err(EndpointError::Status), "{status}");
        }
        for headers in [
            "x",
            "{}",
            r#"{"X-A":"1"}"#,
            r#"["X-A"]"#,
            "[{}]",
            r#"[{"X-A":"1","X-B":"2"}]"#,
            r#"[{"X-A":1}]"#,
            r#"[{"X-A":"1\r\nX-B: 2"}]"#,
            r#"[{"X A":"1"}]"#,
            r#"[{"":"1"}]"#,
            r#"[{"Content-Length":"1"}]"#,
            r#"[{"content-type":"text/html"}]"#,
        ] {
            assert_eq!(parse("", headers), Err(EndpointError::Headers), "{headers}");
        }
        let many = format!("[{}]", vec![r#"{"X-A":"1"}"#; 65].join(","));
        assert_eq!(parse("", &many), Err(EndpointError::Headers));
    }
}
