//! Errors -> responses: `{"code","message","details","hint"}` and the headers that belong to the status.

use std::borrow::Cow;

use super::{json::write_json_string, server_error};
use crate::api_request::RequestError;
use crate::error::{Error, Problem, Unavailable};
use crate::plan::PlanError;
use crate::validate::Violation;

/// A response to a request that failed. The body is JSON (`application/json; charset=utf-8`); a status that allows no body
/// (204, 304), which only the database can ask for, is sent without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: u16,
    /// The code in the body, for the log.
    pub code: Box<str>,
    /// The body.
    pub body: Vec<u8>,
    /// `WWW-Authenticate`: always there with 401 (RFC 9110 section 15.5.2), unless it is among `headers`.
    pub www_authenticate: Option<Cow<'static, str>>,
    /// `Allow`: with 405, where the error knows the methods. A write in a read-only transaction (SQLSTATE 25006) does not.
    pub allow: Option<Box<str>>,
    /// `Retry-After`, in seconds: always there with a 503 of our own.
    pub retry_after_s: Option<u32>,
    /// Headers that the database added (`RAISE sqlstate 'PGRST'`), checked to be sendable.
    pub headers: Vec<(Box<str>, Box<str>)>,
}

/// Renders an error. `authenticated` says whether the request brought a good token: who may not do something because nobody
/// knows them is told to authenticate (401), anybody else that it is forbidden (403).
pub fn render(error: &Error, authenticated: bool) -> ErrorResponse {
    let shown = match error {
        Error::Request(error) => Shown::of(error),
        Error::Plan(error) => Shown::of(error),
        Error::Invalid(error) => Shown::of(error),
        Error::Inflate(error) => Shown::of(error),
        Error::Auth(error) => Shown::of(error),
        Error::Limit(error) => Shown::of(error),
        Error::Unavailable(error) => Shown::of(error),
        Error::Missing { databases, reason } => Shown {
            details: Some(name_databases(databases).into()),
            ..Shown::of(reason)
        },
        Error::Endpoint(error) => Shown::of(error),
        Error::Database(error) => server_error::show(error, authenticated),
        Error::Filtered { request_id, .. } => Shown {
            details: Some(format!("request {request_id}").into()),
            hint: Some("if it is none, tell whoever runs this server the number of the request".into()),
            ..Shown::new(403, "POSTERN370".into(), error.to_string().into())
        },
        Error::PreconditionFailed => Shown {
            hint: Some("read it again".into()),
            ..Shown::new(412, "POSTERN412".into(), error.to_string().into())
        },
        Error::NotCached => Shown::new(504, "POSTERN504".into(), error.to_string().into()),
        Error::NothingToPurge => Shown::new(400, "POSTERN110".into(), error.to_string().into()),
        Error::NotFound => Shown::new(404, "POSTERN404".into(), error.to_string().into()),
        Error::Internal => Shown::new(500, "POSTERN500".into(), error.to_string().into()),
        Error::Http(status) => of_nginx(*status),
    };
    let www_authenticate = match error {
        Error::Auth(error) => error.challenge(),
        _ if shown.has_header("WWW-Authenticate") => None,
        _ => (shown.status == 401).then_some(Cow::Borrowed("Bearer")),
    };
    ErrorResponse {
        status: shown.status,
        body: shown.body(),
        www_authenticate,
        allow: match error {
            Error::Request(RequestError::MethodNotAllowed { allow })
            | Error::Plan(PlanError::MethodNotAllowed { allow, .. }) => Some(allow.clone()),
            _ => None,
        },
        retry_after_s: match error {
            Error::Limit(error) => Some(error.retry_after_s()),
            Error::Unavailable(error) | Error::Missing { reason: error, .. } => retry_after_s(error),
            _ => shown.retry_after_s,
        },
        code: shown.code.into(),
        headers: shown.headers,
    }
}

/// What a client sees of an error.
pub(super) struct Shown<'a> {
    pub(super) status: u16,
    pub(super) code: Cow<'a, str>,
    pub(super) message: Cow<'a, str>,
    pub(super) details: Option<Cow<'a, str>>,
    pub(super) violations: &'a [Violation],
    pub(super) hint: Option<Cow<'a, str>>,
    pub(super) retry_after_s: Option<u32>,
    pub(super) headers: Vec<(Box<str>, Box<str>)>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(status: u16, code: Cow<'a, str>, message: Cow<'a, str>) -> Self {
        Self {
            status,
            code,
            message,
            details: None,
            violations: &[],
            hint: None,
            retry_after_s: None,
            headers: Vec::new(),
        }
    }

    fn of(problem: &'a dyn Problem) -> Self {
        Self {
            details: problem.details(),
            violations: problem.violations(),
            hint: problem.hint(),
            ..Self::new(
                problem.status(),
                problem.code().into(),
                problem.to_string().into(),
            )
        }
    }

    fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.message.len() + 128);
        body.extend_from_slice(br#"{"code":"#);
        write_json_string(&mut body, self.code.as_bytes());
        body.extend_from_slice(br#","message":"#);
        write_json_string(&mut body, self.message.as_bytes());
        body.extend_from_slice(br#","details":"#);
        if self.violations.is_empty() {
            write_optional(&mut body, self.details.as_deref());
        } else {
            write_violations(&mut body, self.violations);
        }
        body.extend_from_slice(br#","hint":"#);
        write_optional(&mut body, self.hint.as_deref());
        body.push(b'}');
        body
    }
}

/// `database "a"`, or `databases "a", "b"`
fn name_databases(names: &[Box<str>]) -> String {
    let plural = if names.len() > 1 { "s" } else { "" };
    format!("database{plural} \"{}\"", names.join("\", \""))
}

fn write_violations(body: &mut Vec<u8>, violations: &[Violation]) {
    for (position, violation) in violations.iter().enumerate() {
        body.push(if position == 0 { b'[' } else { b',' });
        body.extend_from_slice(br#"{"path":"#);
        write_json_string(body, violation.path.as_bytes());
        body.extend_from_slice(br#","keyword":"#);
        write_json_string(body, violation.keyword.as_bytes());
        body.extend_from_slice(br#","message":"#);
        write_json_string(body, violation.message.as_bytes());
        body.push(b'}');
    }
    body.push(b']');
}

fn write_optional(body: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => write_json_string(body, text.as_bytes()),
        None => body.extend_from_slice(b"null"),
    }
}

/// When it is worth coming again.
fn retry_after_s(error: &Unavailable) -> Option<u32> {
    match error {
        Unavailable::Down { retry_after_s } => Some((*retry_after_s).max(1)),
        Unavailable::QueryTimeout | Unavailable::ClientTooSlow => None,
        Unavailable::AcquireTimeout
        | Unavailable::QueueFull
        | Unavailable::ConnectionLost
        | Unavailable::SchemaCacheNotLoaded => Some(1),
    }
}

/// A status that nginx chose: the code is the status itself.
fn of_nginx(status: u16) -> Shown<'static> {
    let (status, message) = match status {
        400 => (400, "bad request"),
        403 => (403, "forbidden"),
        404 => (404, "not found"),
        405 => (405, "method is not allowed"),
        408 => (408, "the request did not arrive in time"),
        411 => (411, "the length of the body is needed"),
        413 => (413, "the body is too large"),
        414 => (414, "the target is too long"),
        415 => (415, "media type of the body is not supported"),
        429 => (429, "too many requests"),
        431 => (431, "the header is too large"),
        // nginx's own: header too large, client certificate errors, plain HTTP sent to an HTTPS port.
        494..=497 => (400, "bad request"),
        501 => (501, "not implemented"),
        502 => (502, "bad gateway"),
        503 => (503, "service unavailable"),
        504 => (504, "gateway timeout"),
        507 => (507, "insufficient storage"),
        402..=499 => (status, "the request failed"),
        401 => (401, "authentication is required"),
        _ => (500, "internal error"),
    };
    let mut shown = Shown::new(status, format!("POSTERN{status}").into(), message.into());
    shown.retry_after_s = (status == 503).then_some(1);
    shown
}

#[cfg(test)]
mod tests {
    use super::{ErrorResponse, render};
    use crate::api_request::RequestError;
    use crate::auth::AuthError;
    use crate::error::{Error, Unavailable};
    use crate::pg::ServerError;
    use crate::plan::PlanError;
    use crate::validate::{InvalidRequest, Part, Violation};

    fn body(response: &ErrorResponse) -> &str {
        std::str::from_utf8(&response.body).expect("UTF-8")
    }

    fn database(code: &str) -> Error {
        Error::Database(Box::new(ServerError {
            code: code.into(),
            message: "a \"b\"".into(),
            hint: Some("line\n2".into()),
            ..ServerError::default()
        }))
    }

    #[test]
    fn the_body_has_four_members_in_this_order() {
        let response = render(&database("23505"), true);
        assert_eq!(response.status, 409);
        assert_eq!(
            body(&response),
            r#"{"code":"23505","message":"a \"b\"","details":null,"hint":"line\n2"}"#
        );
        assert_eq!(&*response.code, "23505");
        assert_eq!(
            (response.www_authenticate, response.allow, response.retry_after_s),
            (None, None, None)
        );
    }

    #[test]
    fn every_401_has_a_challenge() {
        assert_eq!(
            render(&database("42501"), false).www_authenticate.as_deref(),
            Some("Bearer")
        );
        assert_eq!(render(&database("42501"), true).www_authenticate, None);
        assert_eq!(
            render(&database("PT401"), true).www_authenticate.as_deref(),
            Some("Bearer")
        );
        let missing = render(&AuthError::TokenMissing.into(), false);
        assert_eq!(
            (missing.status, missing.www_authenticate.as_deref()),
            (401, Some("Bearer"))
        );
    }

    #[test]
    fn every_503_says_when_to_come_again() {
        let down = render(&Unavailable::Down { retry_after_s: 7 }.into(), true);
        assert_eq!((down.status, down.retry_after_s), (503, Some(7)));
        assert_eq!(
            render(&Unavailable::Down { retry_after_s: 0 }.into(), true).retry_after_s,
            Some(1)
        );
        for error in [
            Unavailable::AcquireTimeout,
            Unavailable::QueueFull,
            Unavailable::ConnectionLost,
            Unavailable::SchemaCacheNotLoaded,
        ] {
            let response = render(&error.into(), true);
            assert_eq!(
                (response.status, response.retry_after_s),
                (503, Some(1)),
                "{error}"
            );
        }
        let missing = Error::Missing {
            databases: vec!["a".into(), "b".into()],
            reason: Unavailable::SchemaCacheNotLoaded,
        };
        let response = render(&missing, true);
        assert_eq!((response.status, response.retry_after_s), (503, Some(1)));
        assert_eq!(
            body(&response),
            r#"{"code":"PGRST002","message":"the schema cache is not loaded","details":"databases \"a\", \"b\"","hint":null}"#
        );
        assert_eq!(render(&Unavailable::QueryTimeout.into(), true).status, 504);
        assert_eq!(render(&Error::Http(503), true).retry_after_s, Some(1));
    }

    #[test]
    fn a_405_names_the_methods() {
        let of_path = RequestError::MethodNotAllowed {
            allow: "GET, HEAD".into(),
        };
        let of_relation = PlanError::MethodNotAllowed {
            relation: "api.x".into(),
            allow: "GET, HEAD".into(),
        };
        for error in [Error::from(of_path), of_relation.into()] {
            let response = render(&error, true);
            assert_eq!(
                (response.status, response.allow.as_deref()),
                (405, Some("GET, HEAD"))
            );
        }
    }

    #[test]
    fn violations_are_told_one_by_one() {
        let violation = |path: &str| Violation {
            path: path.into(),
            keyword: "type".into(),
            message: "must be \"text\"".into(),
        };
        let error = Error::from(InvalidRequest::Violations {
            part: Part::Body,
            status: 422,
            violations: vec![violation("/a"), violation("/b")],
        });
        let response = render(&error, false);
        assert_eq!(response.status, 422);
        assert_eq!(
            String::from_utf8_lossy(&response.body),
            concat!(
                r#"{"code":"POSTERN381","message":"the body is not valid","details":["#,
                r#"{"path":"/a","keyword":"type","message":"must be \"text\""},"#,
                r#"{"path":"/b","keyword":"type","message":"must be \"text\""}],"hint":null}"#
            )
        );
    }

    #[test]
    fn our_own_errors() {
        assert_eq!(
            body(&render(&Error::NotFound, true)),
            r#"{"code":"POSTERN404","message":"no row has this key","details":null,"hint":null}"#
        );
        assert_eq!(render(&Error::Internal, true).status, 500);
        assert!(body(&render(&Error::Http(413), true)).starts_with(r#"{"code":"POSTERN413","#));
        assert_eq!(render(&Error::Http(494), true).status, 400);
        assert_eq!(render(&Error::Http(0), true).status, 500);
        assert_eq!(render(&Error::Http(204), true).status, 500);
    }
}
