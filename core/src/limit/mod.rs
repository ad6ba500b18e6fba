//! Rate limits: how many requests a client, a user or an endpoint may make in a window of time that slides.
//!
//! ```text
//! Rate            100r/m
//! Window          when the requests of one key were admitted: the arithmetic
//! Table           windows by their keys, in words that processes share
//! judge           all limits of a request: checked, then charged together
//! fields          what a response says of them
//! ```
//!
//! Memory and time are arguments: a table lives in whatever `&mut [u64]` it is given, under whatever lock guards that, and `now_ms`
//! is a monotonic clock that all users of the table share.

mod address;
mod body_member;
mod error;
pub mod fields;
mod judge;
mod key;
mod methods;
mod policy;
mod rate;
mod table;
mod window;

pub use address::AddressKey;
pub use body_member::body_member;
pub use error::LimitError;
pub use judge::{Check, Checked, Finding, Judgement, NumberedTable, Standing, judge, refund, survey};
pub use key::{Key, Seed, Subject};
pub use methods::{InvalidMethods, Methods};
pub use policy::{InvalidName, LimitName, OnFull, Policy};
pub use rate::{InvalidRate, Rate};
pub use table::Table;
