//! What several integration tests share.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test binary uses a part of it"
)]
#![allow(clippy::expect_used, reason = "a test helper fails its test")]

mod certificates;
mod client;
mod cluster;

pub use certificates::{Authority, Identity, self_signed};
pub use client::{Client, Lost, query};
pub use cluster::Cluster;
