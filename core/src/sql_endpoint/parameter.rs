//! The names that a statement may use.

use super::ScriptError;

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// `:body`: the body as text.
    Body,
    /// `:body_bytes`: the body as `bytea`, whatever its bytes are.
    BodyBytes,
    /// `:method`
    Method,
    /// `:path`: the path that is served, decoded.
    Path,
    /// `:remote_addr`: the client's address; NULL on a Unix-domain socket.
    RemoteAddr,
    /// `:arg_name`: an argument of the query string.
    Argument(Box<str>),
    /// `:header_name`: a header field, its name with `-` in place of `_`.
    Header(Box<str>),
    /// `:cookie_name`
    Cookie(Box<str>),
    /// `:claim_name`: a claim of the token at its top level.
    Claim(Box<str>),
    /// `:var_name`: a variable of nginx, among them the named captures of the location's regular expression.
    Variable(Box<str>),
}

impl Parameter {
    /// Understands a name, which stands on this line.
    pub(super) fn parse(name: &str, line: usize) -> Result<Self, ScriptError> {
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let unknown = || ScriptError::UnknownParameter {
            name: name.into(),
            line,
        };
        if !is_plain {
            return Err(unknown());
        }
        match name {
            "body" => return Ok(Self::Body),
            "body_bytes" => return Ok(Self::BodyBytes),
            "method" => return Ok(Self::Method),
            "path" => return Ok(Self::Path),
            "remote_addr" => return Ok(Self::RemoteAddr),
            _ => {}
        }
        match name.split_once('_') {
            Some((_, "")) | None => Err(unknown()),
            Some(("arg", rest)) => Ok(Self::Argument(rest.into())),
            Some(("header", rest)) => Ok(Self::Header(rest.to_ascii_lowercase().replace('_', "-").into())),
            Some(("cookie", rest)) => Ok(Self::Cookie(rest.into())),
            Some(("claim", rest)) => Ok(Self::Claim(rest.into())),
            Some(("var", rest)) => Ok(Self::Variable(rest.into())),
            Some(_) => Err(unknown()),
        }
    }

    /// The type that the statement is to take the value as, where it cannot be left to the server: bytes have a form of their own.
    pub(super) fn cast(&self) -> &'static str {
        match self {
            Self::BodyBytes => "::pg_catalog.bytea",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameter, ScriptError};

    #[test]
    fn names_say_where_a_value_comes_from() {
        let cases = [
            ("body", Parameter::Body),
            ("body_bytes", Parameter::BodyBytes),
            ("remote_addr", Parameter::RemoteAddr),
            ("arg_page_size", Parameter::Argument("page_size".into())),
            ("arg__x", Parameter::Argument("_x".into())),
            ("header_X_Request_ID", Parameter::Header("x-request-id".into())),
            ("cookie_SID", Parameter::Cookie("SID".into())),
            ("claim_sub", Parameter::Claim("sub".into())),
            ("var_id", Parameter::Variable("id".into())),
        ];
        for (name, parameter) in cases {
            assert_eq!(Parameter::parse(name, 1), Ok(parameter));
        }
        for name in [
            "arg",
            "arg_",
            "Body",
            "bodies",
            "argx_a",
            "header_é",
            "arg_a$",
            "x",
        ] {
            let name: Box<str> = name.into();
            assert_eq!(
                Parameter::parse(&name, 3),
                Err(ScriptError::UnknownParameter { name, line: 3 })
            );
        }
    }
}
