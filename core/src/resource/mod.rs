//! `postern_resource`: from a method, a path below the location, arguments and a body to an `ApiRequest`.
//!
//! [`Head::parse`] decides everything that does not need the body, so that a request which cannot be answered is refused
//! before its body is read; [`Head::into_request`] adds the body.

mod route;

use std::borrow::Cow;

use crate::api_request::{Action, ApiRequest, Arguments, BodyError, Payload, RequestError};
use crate::config::ResourceConfig;
use crate::media_type;
use crate::sql_endpoint::Methods;
use route::{Route, Verb};

/// A request as the server holds it: every part borrows from the server's own buffers.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestParts<'a> {
    /// The method as it came.
    pub method: &'a [u8],
    /// The percent-decoded path below the location's, which ends without a slash: `""`, `"/"`, `"/42"`.
    pub tail: &'a [u8],
    /// The same as the client wrote it, still percent-encoded; empty where the server has rewritten the path.
    pub raw_tail: &'a [u8],
    /// The query string as it came, without its question mark.
    pub args: &'a [u8],
    /// The Accept field.
    pub accept: Option<&'a [u8]>,
    /// The Content-Type field.
    pub content_type: Option<&'a [u8]>,
    /// The Content-Encoding field.
    pub content_encoding: Option<&'a [u8]>,
}

impl RequestParts<'_> {
    /// Whether an argument of this name means something for a request with this method and path: one row has no `limit`.
    pub fn takes_argument(&self, name: &str) -> bool {
        let verb =
            Route::parse(self.tail, self.raw_tail).and_then(|route| route.verb(self.method, Methods::ALL));
        verb.is_ok_and(|verb| verb.scope().takes(name))
    }
}

/// A request without its body.
#[derive(Debug)]
pub struct Head<'a> {
    verb: Verb,
    /// The row's key; empty where there is none.
    key: Cow<'a, str>,
    arguments: Arguments<'a>,
}

impl<'a> Head<'a> {
    /// Reads everything but the body. The order of the checks is the order of what a client can do about them: path,
    /// method, media types, arguments.
    pub fn parse(parts: &RequestParts<'a>, resource: &ResourceConfig) -> Result<Self, RequestError> {
        let route = Route::parse(parts.tail, parts.raw_tail)?;
        let verb = route.verb(parts.method, resource.methods)?;
        if parts
            .accept
            .is_some_and(|accept| !media_type::accepts_json(accept))
        {
            return Err(RequestError::NotAcceptable);
        }
        if verb.has_body() {
            check_body_type(parts)?;
        }
        let key = route.into_key()?;
        let arguments = Arguments::parse(parts.args, verb.scope())?;
        let max = resource.max_limit.get();
        if let Some(limit) = arguments.page.limit.filter(|&limit| limit > u64::from(max)) {
            return Err(RequestError::LimitTooLarge { limit, max });
        }
        Ok(Self { verb, key, arguments })
    }

    /// Whether the body has to be read; if not, [`into_request`](Self::into_request) takes none.
    pub fn needs_body(&self) -> bool {
        self.verb.has_body()
    }

    /// Adds the body, which may live shorter than the head: in the server's buffer or in one made of several.
    pub fn into_request<'b>(self, body: Option<&'b [u8]>) -> Result<ApiRequest<'b>, RequestError>
    where
        'a: 'b,
    {
        let payload = || Payload::parse(body.unwrap_or_default());
        let one = || match payload()? {
            one @ Payload::One(_) => Ok(one),
            Payload::Many { .. } => Err(RequestError::from(BodyError::NotOneObject)),
        };
        let action = match self.verb {
            Verb::List => Action::List,
            Verb::Read => Action::Read(self.key),
            Verb::Insert => Action::Insert(payload()?),
            Verb::Replace => Action::Replace(self.key, one()?),
            Verb::Update => Action::Update(self.key, one()?),
            Verb::Delete => Action::Delete(self.key),
        };
        let Arguments {
            select,
            filters,
            order,
            page,
        } = self.arguments;
        Ok(ApiRequest {
            action,
            select,
            filters,
            order,
            page,
        })
    }
}

/// Checks that the body is JSON and not compressed.
fn check_body_type(parts: &RequestParts<'_>) -> Result<(), RequestError> {
    if let Some(coding) = parts
        .content_encoding
        .filter(|coding| !media_type::is_identity(coding))
    {
        return Err(RequestError::unsupported_content_coding(coding));
    }
    match parts.content_type {
        Some(content_type) if media_type::is_json(content_type) => Ok(()),
        content_type => Err(RequestError::unsupported_media_type(content_type)),
    }
}

#[cfg(test)]
mod tests;
