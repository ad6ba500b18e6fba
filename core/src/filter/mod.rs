//! The input filter: attacks in what a client sends.
//!
//! ```text
//! Input ──▶ part      the values that an application would see, and their places
//!             │
//!             ▼
//!           scan      what a value is made of (shape); most values end here
//!             │       one layer of encoding after the other (decode)
//!             ▼
//!           sql, xss, traversal, shell, template, structure, signature, custom
//!             │       rules that match (hits), summed up by class
//!             ▼
//!           Finding   class, rule, place, score, excerpt
//! ```
//!
//! Everything is linear in the length of the request and done in slices ([`Inspection::step`]), so that no request holds an event loop. The
//! filter is a second line of defence: parameters in SQL and escaping in HTML are the first.

mod address;
mod class;
mod concat;
mod custom;
mod decode;
mod finding;
mod hits;
mod inspect;
mod log_line;
mod part;
mod php;
mod place;
mod rule;
mod scan;
mod settings;
mod shape;
mod shell;
mod signature;
mod sql;
mod structure;
mod template;
#[cfg(test)]
mod test_hits;
mod traversal;
mod word_map;
mod xss;

pub use class::{Class, ClassSet};
pub use custom::{CustomRules, MAX_PATTERN, MAX_RULES, MAX_SCORE, RuleError, RuleFault};
pub use finding::{Finding, MAX_EXCERPT, MAX_NAME};
pub use inspect::{Body, Input, Inspection, Progress};
pub use log_line::{Subject, write_log_line};
pub use place::{Place, PlaceSet};
pub use rule::Rule;
pub use scan::Scratch;
pub use settings::{FilterSettings, Skip};

/// Builds what all filters share. Called when the configuration is read, it spares the first request of each worker the time; says whether
/// the filter can be used, which it always can unless memory is short.
pub fn prepare() -> bool {
    signature::prepare()
}
