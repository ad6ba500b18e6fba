//! Which rows a path names, and what a method does with them.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::api_request::{KeyFault, RequestError, Scope, limits};
use crate::sql_endpoint::Methods;

/// What a path below the location names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// All rows: nothing, or a slash.
    Collection,
    /// The row with this key.
    Item(Cow<'a, [u8]>),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    List,
    Read,
    Insert,
    Replace,
    Update,
    Delete,
}

impl<'a> Route<'a> {
    /// Reads what follows the location's path; `raw_tail` is the same as the client wrote it.
    pub(super) fn parse(tail: &'a [u8], raw_tail: &'a [u8]) -> Result<Self, RequestError> {
        // A server decodes a path and then merges its slashes and resolves its dots, those of a key too: what it makes of
        // `/%2Fzz` or `/a%2F..%2Fzz` is the path of another row. Where something was encoded, the path counts as it was
        // written.
        if memchr::memchr(b'%', raw_tail).is_some() {
            return match raw_tail {
                [b'/', key @ ..] if is_segment(key) => Ok(Self::Item(percent_decode(key).into())),
                _ => Err(RequestError::PathNotFound),
            };
        }
        match tail {
            [] | [b'/'] => Ok(Self::Collection),
            [b'/', key @ ..] if is_segment(key) => Ok(Self::Item(Cow::Borrowed(key))),
            _ => Err(RequestError::PathNotFound),
        }
    }

    /// What `method`, if it is one of those that are served, does here (RFC 9110 section 9.1: methods are case-sensitive).
    pub(super) fn verb(&self, method: &[u8], served: Methods) -> Result<Verb, RequestError> {
        let verb = match (self, method) {
            (Self::Collection, b"GET" | b"HEAD") => Some(Verb::List),
            (Self::Collection, b"POST") => Some(Verb::Insert),
            (Self::Item(_), b"GET" | b"HEAD") => Some(Verb::Read),
            (Self::Item(_), b"PUT") => Some(Verb::Replace),
            (Self::Item(_), b"PATCH") => Some(Verb::Update),
            (Self::Item(_), b"DELETE") => Some(Verb::Delete),
            _ => None,
        };
        let verb = verb.filter(|_| served == Methods::ALL || served.contains(method));
        verb.ok_or_else(|| RequestError::MethodNotAllowed {
            allow: served.and(self.methods()).allow().into(),
        })
    }

    /// The methods that mean something here.
    fn methods(&self) -> Methods {
        match self {
            Self::Collection => Methods::COLLECTION,
            Self::Item(_) => Methods::ITEM,
        }
    }

    /// The key as text; empty for all rows.
    pub(super) fn into_key(self) -> Result<Cow<'a, str>, RequestError> {
        let Self::Item(key) = self else {
            return Ok(Cow::Borrowed(""));
        };
        if limits::KEY.is_exceeded_by(key.len()) {
            return Err(RequestError::TooMany(limits::KEY));
        }
        if let Some(at) = memchr::memchr(0, &key) {
            return Err(RequestError::InvalidKey(KeyFault::Nul(at + 1)));
        }
        let not_utf8 = |at: usize| RequestError::InvalidKey(KeyFault::NotUtf8(at + 1));
        match key {
            Cow::Borrowed(key) => std::str::from_utf8(key)
                .map(Cow::Borrowed)
                .map_err(|error| not_utf8(error.valid_up_to())),
            Cow::Owned(key) => String::from_utf8(key)
                .map(Cow::Owned)
                .map_err(|error| not_utf8(error.utf8_error().valid_up_to())),
        }
    }
}

fn is_segment(text: &[u8]) -> bool {
    memchr::memchr(b'/', text).is_none()
}

impl Verb {
    /// Whether it takes a body.
    pub(super) fn has_body(self) -> bool {
        matches!(self, Self::Insert | Self::Replace | Self::Update)
    }

    /// Which arguments have a meaning.
    pub(super) fn scope(self) -> Scope {
        match self {
            Self::List => Scope::List,
            Self::Read | Self::Replace | Self::Update => Scope::Row,
            Self::Insert => Scope::Insert,
            Self::Delete => Scope::Delete,
        }
    }
}
