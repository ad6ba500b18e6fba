//! Postern: nginx as a complete API backend over PostgreSQL.
//!
//! This crate is the nginx layer. `nginx/` wraps nginx and is, with `module.rs`, the only place that may hold unsafe code;
//! `conf/` reads directives, `worker/` holds what a worker process has, `phase/` answers requests. What can be said
//! without nginx is in `postern-core`.
#![deny(unsafe_code)]

mod conf;
#[allow(unsafe_code, reason = "the module's symbols and hooks")]
mod module;
#[allow(unsafe_code, reason = "the boundary to nginx")]
mod nginx;
mod phase;
mod worker;
