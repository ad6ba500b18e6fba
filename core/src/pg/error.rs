//! What goes wrong on a connection, other than an error that the server reports for a statement.

/// The connection cannot be used any more; the driver closes it and fails whatever was in flight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A message of a type that does not exist, or that may not come at this point.
    #[error("unexpected message \"{}\" from the database server", tag.escape_ascii())]
    Unexpected {
        /// The type of the message.
        tag: u8,
    },
    /// The content of a message is not what its type says.
    #[error("malformed message \"{}\" from the database server", tag.escape_ascii())]
    Malformed {
        /// The type of the message.
        tag: u8,
    },
    /// A message is longer than is allowed.
    #[error("message \"{}\" of {length} bytes from the database server is longer than {limit} bytes", tag.escape_ascii())]
    TooLong {
        /// The type of the message.
        tag: u8,
        /// Its length in bytes, as it says itself.
        length: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The server reports more parameters than any server has.
    #[error("too many parameters reported by the database server")]
    TooManyParameters,
    /// The server wants an authentication method that is not supported (its code in AuthenticationRequest).
    #[error("authentication method {0} of the database server is not supported")]
    UnsupportedAuthentication(i32),
    /// The server offers no SASL mechanism that is supported.
    #[error("no SASL mechanism of the database server is supported")]
    UnsupportedMechanism,
    /// The server wants a password, but there is none.
    #[error("the database server requires a password, but none is configured")]
    PasswordRequired,
    /// A password or a user name that cannot be sent, as it contains a zero byte.
    #[error("user name, password and start parameters must not contain a zero byte")]
    ZeroByte,
    /// A step of SCRAM went wrong; the text is the reason.
    #[error("SCRAM authentication failed: {0}")]
    Scram(Box<str>),
    /// The server says that authentication is complete before it has proved that it knows the password.
    #[error("the database server ended SCRAM authentication without proving that it knows the password")]
    ScramUnverified,
    /// `channel_binding=require`, but the server authenticates without it.
    #[error("channel binding is required, but the database server did not use it")]
    ChannelBindingRequired,
    /// A batch left a transaction open that the next request would have become part of.
    #[error("a statement left its transaction open")]
    TransactionLeftOpen,
    /// `COPY … FROM STDIN` while messages that cannot be taken back follow it.
    #[error("COPY FROM STDIN is not supported")]
    CopyIn,
}

/// Why a batch was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The connection is starting or closed.
    #[error("the connection is not ready")]
    NotReady,
    /// As many batches as are allowed are in flight.
    #[error("too many batches in flight")]
    Full,
    /// The statement contains a zero byte, has too many parameters or is too long for one message.
    #[error("the statement cannot be encoded")]
    Encode,
}

/// A batch that was not taken: nothing of it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected<T> {
    /// What was submitted with it.
    pub ticket: T,
    /// Why it was not taken.
    pub reason: SubmitError,
}
