//! What the response layer has to know of a statement's rows.

use super::cursor::Fingerprint;

/// What becomes of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseShape {
    /// A page of a list.
    Page {
        /// Rows to show. The statement asks for one more, which is only there to tell that there is a next page.
        limit: u64,
        /// How the next page is found; `None` where rows have no key, so that pages have to be told by offset.
        cursor: Option<CursorShape>,
    },
    /// One object; without a row there is none of this key (404).
    Object {
        /// Where in the row the time of its last change stands ([`super::Hidden::Epoch`]), if it is known.
        last_modified: Option<usize>,
        /// Where in the row its columns stand as one text ([`super::Hidden::Row`]), if that was asked for.
        text: Option<usize>,
    },
    /// The row that was made.
    CreatedOne {
        /// Where in the row (shown and hidden columns counted together) the values of the key stand, for the Location
        /// header; empty where rows have no key.
        key: Vec<usize>,
    },
    /// The rows that were made.
    CreatedMany,
    /// One row of no columns for each that went; without any there was none of this key (404).
    Deleted,
}

/// How a cursor is made of the last row that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorShape {
    /// For `plan::cursor::encode`.
    pub fingerprint: Fingerprint,
    /// Where in the row (shown and hidden columns counted together) its values stand.
    pub columns: Vec<usize>,
}
