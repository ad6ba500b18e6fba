//! The PostgreSQL frontend protocol without I/O: bytes in, events out (PostgreSQL manual, chapter "Frontend/Backend
//! Protocol"). A driver moves bytes between a socket and a [`Connection`]; this module never sees the socket.

mod data_row;
mod server_error;

pub use data_row::DataRow;
pub use server_error::ServerError;
