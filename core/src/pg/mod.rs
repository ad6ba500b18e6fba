//! The PostgreSQL frontend protocol without I/O: bytes in, events out (PostgreSQL manual, chapter "Frontend/Backend
//! Protocol"). A driver moves bytes between a socket and a [`Connection`]; this module never sees the socket.
//!
//! ```text
//! socket --bytes--> [TlsSession] --bytes--> Connection::input  --next_event--> Row, Complete, Done, …
//! socket <--bytes-- [TlsSession] <--bytes-- Connection::output <--submit------ Query, Query, …
//! ```

mod authentication;
mod batch;
mod connection;
mod data_row;
mod error;
mod event;
mod frame;
mod parameters;
mod pipeline;
mod row_description;
mod server_error;
mod settings;
mod statements;
mod submit;

pub use connection::{Connection, State};
pub use data_row::DataRow;
pub use error::{ProtocolError, Rejected, SubmitError};
pub use event::{CommandTag, Event, Failure};
pub use row_description::{Field, RowDescription};
pub use server_error::ServerError;
pub use settings::{ChannelBinding, Password, Settings};
