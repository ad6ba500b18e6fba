//! What a connection has to know before it starts.

use std::fmt;
use std::num::NonZeroU32;

use zeroize::Zeroizing;

/// How to start a connection and how to use it. Shared by all connections to one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The role to log in as.
    pub user: Box<str>,
    /// The database.
    pub database: Box<str>,
    /// The password, if there is one.
    pub password: Option<Password>,
    /// What `pg_stat_activity` shows.
    pub application_name: Box<str>,
    /// Further settings of the session, which the server takes from the start message without a round trip:
    /// `statement_timeout`, `search_path`, …
    pub options: Vec<(Box<str>, Box<str>)>,
    /// Whether SCRAM is bound to the TLS channel.
    pub channel_binding: ChannelBinding,
    /// Whether statements are prepared and kept (off for a pooler that shares server connections by transaction).
    pub prepare: bool,
    /// How many prepared statements are kept.
    pub statements: NonZeroU32,
    /// How many batches may be in flight.
    pub pipeline: NonZeroU32,
    /// The longest message that is accepted, in bytes.
    pub max_message: usize,
    /// Whether a batch may leave its transaction open. Only for a connection that one request has for itself.
    pub transactions: bool,
}

impl Settings {
    /// Settings with the defaults: no password, 256 prepared statements, 64 batches, messages of 64 MiB, and the output
    /// format that the renderer of rows relies on.
    pub fn new(user: impl Into<Box<str>>, database: impl Into<Box<str>>) -> Self {
        Self {
            user: user.into(),
            database: database.into(),
            password: None,
            application_name: "postern".into(),
            options: REQUIRED_FORMATS
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            channel_binding: ChannelBinding::Prefer,
            prepare: true,
            statements: DEFAULT_STATEMENTS,
            pipeline: DEFAULT_PIPELINE,
            max_message: 64 << 20,
            transactions: false,
        }
    }

    /// The pairs of the start message.
    pub(super) fn startup_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = [
            ("user", &*self.user),
            ("database", &*self.database),
            ("application_name", &*self.application_name),
            ("client_encoding", "UTF8"),
        ];
        own.into_iter()
            .chain(self.options.iter().map(|(name, value)| (&**name, &**value)))
    }
}

/// What `response::json` expects of the text format. It also relies on floats having as many digits as are needed to read
/// back the same value, which is the default since PostgreSQL 12; to ask for it would make PgBouncer refuse the connection.
const REQUIRED_FORMATS: [(&str, &str); 1] = [("DateStyle", "ISO")];

const DEFAULT_STATEMENTS: NonZeroU32 = NonZeroU32::new(256).unwrap();
const DEFAULT_PIPELINE: NonZeroU32 = NonZeroU32::new(64).unwrap();

/// Whether SCRAM is bound to the TLS channel, so that nobody in between can relay it (libpq's `channel_binding`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where TLS is used and the server offers it.
    #[default]
    Prefer,
    /// Always: the server must authenticate by SCRAM with channel binding.
    Require,
}

/// A secret that does not show itself in logs, and is wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Box<[u8]>>);

impl Password {
    /// Takes a password, which need not be UTF-8.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The password itself.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(_)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Password, Settings};

    #[test]
    fn a_password_is_not_shown() {
        let mut settings = Settings::new("alice", "app");
        settings.password = Some(Password::new(*b"hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
