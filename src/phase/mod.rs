//! What Postern does in nginx's phases: one file for each.

mod access;
mod cache;
mod caller;
mod conditional;
mod context;
mod current;
mod error_body;
mod filter;
mod health;
mod inflate;
mod limit;
mod log;
mod metrics;
mod no_store;
mod queries;
mod reply;
mod resource;
mod rows;
mod sql;
mod validate;
mod variables;

pub(crate) use access::Access;
pub(crate) use cache::{CacheAge, CacheFields, CacheStatusVariable, Purge};
pub(crate) use context::Context;
pub(crate) use error_body::ErrorBody;
pub(crate) use filter::FilterInput;
pub(crate) use health::Health;
pub(crate) use inflate::InflateBody;
pub(crate) use limit::{BodyMember, LimitFields, LimitRemaining, LimitStatus, Preaccess, Precontent};
pub(crate) use log::CountRequest;
pub(crate) use metrics::Metrics;
pub(crate) use no_store::NoStore;
pub(crate) use resource::Resource;
pub(crate) use sql::Sql;
pub(crate) use validate::Validate;
pub(crate) use variables::{Claim, FilterClass, FilterStatus, Queries, QueryTime, Role, User};
