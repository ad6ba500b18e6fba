//! Postern: nginx as a complete API backend over PostgreSQL.
#![deny(unsafe_code)]
