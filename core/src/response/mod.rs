//! From rows and errors to the bytes of a response. What is here knows the shape of a result and HTTP's rules for headers; it knows
//! neither the request nor SQL.

mod custom_error;
mod error;
mod field;
mod json;
mod link;
mod page;
mod rows;
mod server_error;
#[cfg(test)]
pub(crate) mod test_rows;
mod value;

pub use error::{ErrorResponse, render};
pub(crate) use field::is_sendable_field;
pub(crate) use json::write_escaped;
pub use json::write_json_string;
pub use link::{created_location, next_link};
pub use page::{Page, PageWriter};
pub use rows::{ArrayWriter, write_object};
pub use value::write_value;
