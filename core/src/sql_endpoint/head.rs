//! A request without its body: what can be refused before the body is read.

use super::Parameter;
use crate::api_request::RequestError;
use crate::config::SqlConfig;
use crate::media_type;

/// The parts that decide, as the server holds them.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeadParts<'a> {
    /// The method as it came.
    pub method: &'a [u8],
    /// The Accept field.
    pub accept: Option<&'a [u8]>,
    /// The Content-Type field.
    pub content_type: Option<&'a [u8]>,
    /// The Content-Encoding field.
    pub content_encoding: Option<&'a [u8]>,
}

/// What a body has to be for `:body`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyType {
    /// `application/json`: what a form of another site can send without being asked is refused.
    #[default]
    Json,
    /// Any text.
    Any,
}

/// A request that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Whether the transaction only reads.
    pub read_only: bool,
    /// Whether the body is wanted.
    pub needs_body: bool,
    /// Whether a body must have said what it is.
    needs_type: bool,
}

impl Head {
    /// Checks method and media types.
    pub fn parse(parts: &HeadParts<'_>, config: &SqlConfig) -> Result<Self, RequestError> {
        if !config.methods.contains(parts.method) {
            return Err(RequestError::MethodNotAllowed {
                allow: config.methods.allow().into(),
            });
        }
        if parts
            .accept
            .is_some_and(|accept| !media_type::accepts_json(accept))
        {
            return Err(RequestError::NotAcceptable);
        }
        // A body of GET or HEAD has no meaning (RFC 9110 section 9.3.1).
        let only_reads = matches!(parts.method, b"GET" | b"HEAD");
        let uses = |wanted: Parameter| !only_reads && config.script.parameters().any(|used| *used == wanted);
        let as_text = uses(Parameter::Body);
        let needs_json = as_text && config.body == BodyType::Json;
        if as_text {
            check_coding(parts)?;
        }
        if needs_json
            && parts
                .content_type
                .is_some_and(|field| !media_type::is_json(field))
        {
            return Err(RequestError::unsupported_media_type(parts.content_type));
        }
        Ok(Self {
            read_only: only_reads || config.read_only,
            needs_body: as_text || uses(Parameter::BodyBytes),
            needs_type: needs_json && parts.content_type.is_none(),
        })
    }

    /// The body for the parameters, once it has been read. An empty one is none.
    pub fn body<'b>(&self, body: &'b [u8]) -> Result<Option<&'b [u8]>, RequestError> {
        match body {
            [] => Ok(None),
            _ if self.needs_type => Err(RequestError::unsupported_media_type(None)),
            _ => Ok(Some(body)),
        }
    }
}

fn check_coding(parts: &HeadParts<'_>) -> Result<(), RequestError> {
    match parts.content_encoding {
        Some(coding) if !media_type::is_identity(coding) => {
            Err(RequestError::unsupported_content_coding(coding))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyType, Head, HeadParts};
    use crate::api_request::RequestError;
    use crate::config::SqlConfig;
    use crate::error::Problem;
    use crate::sql_endpoint::{Methods, Script, ScriptChanges};

    fn config(script: &str) -> SqlConfig {
        SqlConfig {
            script: Script::parse(script).expect("good"),
            methods: Methods::ALL,
            shape: None,
            read_only: false,
            changes: ScriptChanges::All,
            body: BodyType::Json,
            max_bytes: 100,
        }
    }

    fn parts(method: &'static str) -> HeadParts<'static> {
        HeadParts {
            method: method.as_bytes(),
            ..HeadParts::default()
        }
    }

    fn status(outcome: Result<Head, RequestError>) -> u16 {
        outcome.expect_err("refused").status()
    }

    #[test]
    fn reading_methods_only_read_and_have_no_body() {
        let config = config("select :body");
        for method in ["GET", "HEAD"] {
            let head = Head::parse(&parts(method), &config).expect("served");
            assert!(head.read_only && !head.needs_body, "{method}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let head = Head::parse(&parts(method), &config).expect("served");
            assert!(!head.read_only && head.needs_body, "{method}");
        }
        let read_only = SqlConfig {
            read_only: true,
            ..config
        };
        assert!(Head::parse(&parts("POST"), &read_only).expect("served").read_only);
    }

    #[test]
    fn a_body_that_is_not_asked_for_is_not_read() {
        let head = Head::parse(&parts("POST"), &config("select 1")).expect("served");
        assert!(!head.needs_body);
    }

    #[test]
    fn methods_and_media_types_are_checked() {
        let mut config = config("select :body");
        config.methods = Methods::parse("POST").expect("known");
        let allow = Err(RequestError::MethodNotAllowed { allow: "POST".into() });
        assert_eq!(Head::parse(&parts("GET"), &config), allow);
        let with = |content_type: &'static [u8], content_encoding: Option<&'static [u8]>| HeadParts {
            content_type: Some(content_type),
            content_encoding,
            ..parts("POST")
        };
        assert_eq!(status(Head::parse(&with(b"text/plain", None), &config)), 415);
        assert_eq!(
            status(Head::parse(&with(b"application/json", Some(b"gzip")), &config)),
            415
        );
        assert!(Head::parse(&with(b"application/json", Some(b"identity")), &config).is_ok());
        let accept = HeadParts {
            accept: Some(b"text/html"),
            ..parts("POST")
        };
        assert_eq!(status(Head::parse(&accept, &config)), 406);
        config.body = BodyType::Any;
        let head = Head::parse(&with(b"text/plain", None), &config).expect("served");
        assert_eq!(head.body(b"x"), Ok(Some(&b"x"[..])));
    }

    #[test]
    fn only_a_body_needs_a_type() {
        let head = Head::parse(&parts("POST"), &config("select :body")).expect("served");
        assert_eq!(head.body(b""), Ok(None));
        assert_eq!(head.body(b"{}").expect_err("untyped").status(), 415);
        let head = Head::parse(&parts("POST"), &config("select :body_bytes")).expect("served");
        assert_eq!(head.body(b"\0"), Ok(Some(&b"\0"[..])));
    }
}
