//! A request held against the schema cache: every identifier is known to exist, every rendering is decided.

mod error;
pub use error::PlanError;
