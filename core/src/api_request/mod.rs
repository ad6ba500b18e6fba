//! What a client asks for, in PostgREST's words, before anything is known of the schema: column names are still text.
//!
//! [`Arguments`] reads the query string, [`Payload`] the body; `resource` joins them with the path and the method to an
//! [`ApiRequest`]. Everything borrows from the request's own buffers where nothing had to be decoded, and everything is
//! bounded by [`limits`].

mod body;
mod condition;
mod error;
mod field;
pub mod limits;
mod payload;
mod query_string;
mod request;

pub use condition::{
    CompareOperator, Condition, Filter, FullTextFunction, IsValue, LogicOperator, Operation,
};
pub use error::{BodyError, EncodingFault, Feature, KeyFault, Part, RequestError, TextFault};
pub use field::{FieldPath, OrderTerm, PathOperand, PathStep, SelectItem};
pub use payload::{JsonValue, Payload};
pub(crate) use query_string::decode as decode_argument;
pub use query_string::{Arguments, Scope};
pub use request::{Action, ApiRequest, Page};
