//! Metrics: what becomes of requests, counted in shared memory and told to Prometheus.
//!
//! Every process counts in words of its own ([`Registry`]), so that nobody waits for another; whoever is asked adds them up. What is
//! counted are [`Observation`]s of requests by location, and what pools do by database.

mod database;
mod endpoint;
mod exposition;
mod failure;
mod histogram;
mod json;
mod registry;

pub use database::{DatabaseCounter, DatabaseGauge, DatabaseTotals};
pub use endpoint::{EndpointTotals, JwtResult, Observation};
pub use exposition::{Format, Report, Seconds, ZoneReport};
pub use failure::{Failure, LastFailure};
pub use registry::{Block, Label, Registry, Series, Slot};
