//! The response cache: keys, records of responses, their store in shared memory, and what makes them out of date.
//!
//! A response that is stored remembers the [`Generations`] of all that it was read from. Whoever changes something counts its
//! generation up, in one store without a lock; whoever is about to send a stored response compares. Nothing has to be found and
//! deleted when data change, and nobody has to be waited for.
//!
//! Locks, clocks and processes are the caller's: everything here is told the time and who asks.

mod control;
mod first_level;
mod freshness;
mod generations;
mod key;
mod purge;
mod record;
mod settings;
mod status;
mod store;

pub use control::RequestControl;
pub use first_level::FirstLevel;
pub use freshness::{HEARD_FOR_MS, Judge};
pub use generations::{DatabaseId, Dependencies, Generations};
pub use key::{Key, KeyBuilder, MAX_KEY_BYTES, fingerprint};
pub use purge::Purge;
pub use record::{Field, Record};
pub use settings::{CacheConfig, Scope};
pub use status::{CacheStatus, Forward, cache_status_field};
pub use store::{Answer, Flight, Inquiry, Lifetime, Store, Stored, Usage};
