//! `postern_sql`: statements of the operator's own, with parameters that have names, as an endpoint.
//!
//! ```text
//! nginx.conf --Script::parse--> statements with $1, $2, …          once
//! request ----Script::bind----> Params ---> pg ---> ResultWriter --\
//!                                            \----> ResponseSettings --> Answer
//! ```
//!
//! The statements are the operator's text; what a client sends only ever becomes the value of a parameter.

mod answer;
mod array;
mod changes;
mod error;
mod forbidden;
mod head;
mod lexer;
mod methods;
mod parameter;
mod request_values;
mod response_settings;
mod result;
mod script;

pub use answer::Answer;
pub use changes::ScriptChanges;
pub use error::{EndpointError, ScriptError};
pub use head::{BodyType, Head, HeadParts};
pub use methods::Methods;
pub use parameter::Parameter;
pub use request_values::RequestValues;
pub use response_settings::ResponseSettings;
pub use result::{Outcome, ResultShape, ResultWriter};
pub use script::Script;
