//! Taking a request apart into the values that an application would see.
//!
//! A cursor holds positions only, no bytes: whoever inspects a request in slices lends it the same bytes again each time.

mod json;
mod multipart;
mod pairs;
mod path;

use std::ops::Range;

pub(super) use json::JsonCursor;
pub(super) use multipart::MultipartCursor;
pub(super) use pairs::{PairsCursor, Separator};
pub(super) use path::PathCursor;

use super::decode::Transport;
use super::place::Place;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) place: Place,
    pub(super) transport: Transport,
    /// Where the value stands in the bytes that the cursor was lent.
    pub(super) range: Range<usize>,
    /// Where the name of the field stands; empty if it has none.
    pub(super) name: Range<usize>,
}

/// What a cursor has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Part(Part),
    /// Nothing yet, but much was read: time to let others work.
    More,
    End,
}

/// How many bytes a cursor reads at a time.
const SLICE: usize = 1 << 16;
