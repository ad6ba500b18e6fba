//! What a request has for the parameters of a script.

use std::borrow::Cow;

use super::parameter::Parameter;
use super::script::Value;
use crate::api_request::{BodyError, RequestError, decode_argument, limits};
use crate::auth::Identity;
use crate::request_context::{cookies, readable};

/// A request as the server holds it: every part borrows from the server's own buffers.
pub struct RequestValues<'a, H> {
    /// The method.
    pub method: &'a [u8],
    /// The path, decoded.
    pub path: &'a [u8],
    /// The client's address, where it has one.
    pub remote_addr: Option<&'a [u8]>,
    /// The query string as it came.
    pub args: &'a [u8],
    /// The header fields.
    pub headers: H,
    /// The body; `None` where there is none.
    pub body: Option<&'a [u8]>,
    /// Who asks.
    pub identity: Option<&'a Identity>,
    /// The role that the request has in PostgreSQL; empty for the login role.
    pub role: &'a str,
    /// The server's variables by their names.
    pub variable: &'a dyn Fn(&str) -> Option<&'a [u8]>,
}

/// Names and values of the query string.
pub(super) type Arguments<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl<'a, H: Iterator<Item = (&'a [u8], &'a [u8])> + Clone> RequestValues<'a, H> {
    /// Decodes the query string; one that is not text is an error, whichever argument it is in.
    pub(super) fn arguments(&self) -> Result<Arguments<'a>, RequestError> {
        if limits::QUERY_STRING.is_exceeded_by(self.args.len()) {
            return Err(RequestError::TooMany(limits::QUERY_STRING));
        }
        let mut arguments = Vec::new();
        let mut offset = 0;
        for pair in self.args.split(|&byte| byte == b'&') {
            let end = memchr::memchr(b'=', pair).unwrap_or(pair.len());
            let (name, value) = pair.split_at_checked(end).unwrap_or((pair, b""));
            if !pair.is_empty() {
                let value = value.get(1..).unwrap_or_default();
                arguments.push((
                    decode_argument(name, offset)?,
                    decode_argument(value, offset + end + 1)?,
                ));
            }
            if limits::ARGUMENTS.is_exceeded_by(arguments.len()) {
                return Err(RequestError::TooMany(limits::ARGUMENTS));
            }
            offset += pair.len() + 1;
        }
        Ok(arguments)
    }

    /// The value of a parameter; SQL NULL where the request has none.
    pub(super) fn value(
        &self,
        parameter: &Parameter,
        arguments: &Arguments<'a>,
    ) -> Result<Value<'a>, RequestError> {
        Ok(match parameter {
            Parameter::Body => self.body_text()?,
            Parameter::BodyBytes => self.body.map(|body| hexadecimal(body).into()),
            Parameter::Method => Some(readable(self.method)),
            Parameter::Path => Some(readable(self.path)),
            Parameter::RemoteAddr => self.remote_addr.map(Cow::Borrowed),
            Parameter::Argument(name) => argument(arguments, name)?,
            Parameter::Header(name) => self.header(name),
            Parameter::Cookie(name) => self.cookie(name),
            Parameter::Claim(name) => self.claim(name),
            Parameter::Variable(name) => (self.variable)(name).map(readable),
        })
    }

    fn body_text(&self) -> Result<Value<'a>, RequestError> {
        let Some(body) = self.body else {
            return Ok(None);
        };
        match std::str::from_utf8(body) {
            Ok(_) => Ok(Some(Cow::Borrowed(body))),
            Err(error) => Err(BodyError::NotUtf8 {
                offset: error.valid_up_to(),
            }
            .into()),
        }
    }

    /// Fields of one name are one list (RFC 9110 section 5.2).
    fn header(&self, name: &str) -> Value<'a> {
        let mut fields = self
            .headers
            .clone()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value);
        let first = fields.next()?;
        let Some(second) = fields.next() else {
            return Some(readable(first));
        };
        let mut joined = first.to_vec();
        for value in [second].into_iter().chain(fields) {
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(value);
        }
        Some(Cow::Owned(readable(&joined).into_owned()))
    }

    fn cookie(&self, name: &str) -> Value<'a> {
        let fields = self
            .headers
            .clone()
            .filter(|(field, _)| field.eq_ignore_ascii_case(b"cookie"))
            .map(|(_, value)| value);
        cookies(fields)
            .find(|(other, _)| *other == name.as_bytes())
            .map(|(_, value)| readable(value))
    }

    /// The claim `role` is the role of the request, as it is in `request.jwt.claims`.
    fn claim(&self, name: &str) -> Value<'a> {
        if name == "role" {
            return (!self.role.is_empty()).then_some(Cow::Borrowed(self.role.as_bytes()));
        }
        let claim = self.identity?.exact_claim(name)?;
        Some(Cow::Owned(claim.into_bytes()))
    }
}

/// An argument that comes twice has no value that everybody would agree on.
fn argument<'a>(arguments: &Arguments<'a>, name: &str) -> Result<Value<'a>, RequestError> {
    let mut values = arguments
        .iter()
        .filter(|(other, _)| other == name)
        .map(|(_, value)| value);
    let value = values.next();
    if values.next().is_some() {
        return Err(RequestError::Repeated {
            argument: Cow::Owned(name.to_owned()),
        });
    }
    Ok(value.map(|value| match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.clone().into_bytes()),
    }))
}

/// The text of a bytea: `\x` and two digits for each byte.
fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = Vec::with_capacity(2 + bytes.len() * 2);
    text.extend_from_slice(b"\\x");
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}
