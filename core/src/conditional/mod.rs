//! Conditional requests (RFC 9110 section 13): whether a request is to be carried out, given what the representation is now.

mod entity_tag;
mod preconditions;

pub use entity_tag::EntityTag;
pub use preconditions::{Current, Preconditions, Verdict};
