//! A request as a whole: what is to be done with which rows.

use std::borrow::Cow;

use super::{Condition, OrderTerm, Payload, SelectItem};

/// A request against one relation. Borrows from the request's target and body where nothing had to be decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest<'a> {
    /// What is to be done, with the key and the body it needs.
    pub action: Action<'a>,
    /// The columns to answer; empty means all.
    pub select: Vec<SelectItem<'a>>,
    /// The conditions, joined by AND.
    pub filters: Vec<Condition<'a>>,
    /// The order, before the key is appended.
    pub order: Vec<OrderTerm<'a>>,
    /// Which part of the list.
    pub page: Page<'a>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<'a> {
    /// A page of rows.
    List,
    /// The row of this key.
    Read(Cow<'a, str>),
    /// New rows.
    Insert(Payload<'a>),
    /// Every writable column of the row of this key gets a new value: the body's, or its default.
    Replace(Cow<'a, str>, Payload<'a>),
    /// The columns in the body get new values.
    Update(Cow<'a, str>, Payload<'a>),
    /// The row of this key goes.
    Delete(Cow<'a, str>),
}

/// Which part of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page<'a> {
    /// At most so many rows, where the client said so.
    pub limit: Option<u64>,
    /// Skip so many rows.
    pub offset: u64,
    /// Go on after the row that this cursor describes (opaque to the client).
    pub cursor: Option<Cow<'a, str>>,
}
