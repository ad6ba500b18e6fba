//! Plans, executed by a real PostgreSQL.
#![expect(clippy::expect_used, reason = "a test ends where it fails")]
#![allow(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../sql_support/mod.rs"]
mod sql_support;
#[path = "../support/mod.rs"]
mod support;

mod catalogue;
mod context;
mod dependencies;
mod keyset;
mod parameters;
mod session;
mod statements;
mod writes;
