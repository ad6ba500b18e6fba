//! The pure logic of Postern.
//!
//! Bytes and typed settings come in; SQL, JSON and protocol bytes go out. Nothing here knows nginx, opens a socket, reads
//! a clock or draws a random number: time and randomness are arguments. A request takes one way through the modules:
//!
//! ```text
//! api_request  ->  plan  ->  query  ->  pg  ->  response
//!                   ^
//!              schema_cache
//! ```
#![forbid(unsafe_code)]

pub mod api_request;
pub mod auth;
pub mod cache;
pub mod changes;
pub mod conditional;
pub mod config;
pub mod error;
pub mod filter;
pub mod health;
pub mod inflate;
pub mod limit;
pub mod media_type;
pub mod metrics;
mod names;
pub mod openapi;
pub mod pg;
pub mod plan;
pub mod query;
pub mod request_context;
pub mod request_id;
pub mod resource;
pub mod response;
pub mod schema_cache;
pub mod sql_endpoint;
pub mod tls;
pub mod trace;
pub mod validate;
