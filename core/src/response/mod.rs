//! From rows and errors to the bytes of a response.

mod json;
pub use json::write_json_string;
