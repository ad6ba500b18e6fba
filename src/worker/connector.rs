//! Where connections come from: the hosts of a database in their order, each tried until one answers and is what was asked
//! for.

use std::rc::Rc;

use postern_core::config::dsn::TargetSessionAttrs;
use postern_core::error::Unavailable;
use postern_core::pg::DataRow;

use super::connection::{CloseUnlessWanted, Connection, Owner};
use super::exchange::{Exchange, Sink};
use super::transport::Transport;
use crate::conf::{DatabaseSettings, Host};
use crate::nginx::addr::Address;
use crate::nginx::timer;

/// Makes connections to one database.
pub(super) struct Connector {
    settings: Rc<DatabaseSettings>,
}

/// What a server is, as far as `target_session_attrs` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ServerKind {
    standby: bool,
    read_only: bool,
}

impl Connector {
    /// A connector for these settings.
    pub(super) fn new(settings: Rc<DatabaseSettings>) -> Self {
        Self { settings }
    }

    /// The first host that answers and is what was asked for; the reasons of all of them otherwise. The connection is the
    /// owner's.
    pub(super) async fn connect(&self, owner: &Rc<dyn Owner>) -> Result<Rc<Connection>, String> {
        let mut reason = String::new();
        for &wanted in self.settings.target_session_attrs.passes() {
            match self.try_hosts(owner, wanted).await {
                Ok(connection) => return Ok(connection),
                Err(refused) => reason = refused,
            }
        }
        Err(reason)
    }

    async fn try_hosts(
        &self,
        owner: &Rc<dyn Owner>,
        wanted: TargetSessionAttrs,
    ) -> Result<Rc<Connection>, String> {
        let mut reasons = Vec::new();
        for host in &self.settings.hosts {
            for address in &host.addresses {
                match self.try_address(owner, host, address, wanted).await {
                    Ok(connection) => return Ok(connection),
                    Err(reason) => reasons.push(format!("{}: {reason}", address.name())),
                }
            }
        }
        Err(reasons.join("; "))
    }

    async fn try_address(
        &self,
        owner: &Rc<dyn Owner>,
        host: &Host,
        address: &Address,
        wanted: TargetSessionAttrs,
    ) -> Result<Rc<Connection>, Rc<str>> {
        let limit_ms = owner.config().connect_timeout_ms;
        let attempt = async {
            let connection = self.open(owner, host, address).await?;
            // Until the server is known to be what was asked for, giving up closes the connection.
            let mut guard = CloseUnlessWanted(Some(Rc::clone(&connection)));
            let result = check(connection, wanted).await;
            guard.0 = None;
            result
        };
        timer::timeout(limit_ms, owner.on_exit(), attempt)
            .await
            .unwrap_or_else(|| Err("connection timed out".into()))
    }

    /// With `sslmode=prefer`, a server whose TLS fails is asked again without.
    async fn open(
        &self,
        owner: &Rc<dyn Owner>,
        host: &Host,
        address: &Address,
    ) -> Result<Rc<Connection>, Rc<str>> {
        let transport = Transport::new(host.tls.clone());
        let session = Rc::clone(&self.settings.session);
        match Connection::open(owner, address, transport, session).await {
            Err(failed) if failed.in_tls && host.tls.as_ref().is_some_and(|tls| tls.may_retry_plain()) => {
                let session = Rc::clone(&self.settings.session);
                Connection::open(owner, address, Transport::Plain, session)
                    .await
                    .map_err(|failed| failed.reason)
            }
            result => result.map_err(|failed| failed.reason),
        }
    }
}

/// Refuses a server that is not what was asked for (libpq's `target_session_attrs`).
async fn check(connection: Rc<Connection>, wanted: TargetSessionAttrs) -> Result<Rc<Connection>, Rc<str>> {
    if wanted == TargetSessionAttrs::Any {
        return Ok(connection);
    }
    let refusal = match kind(&connection).await {
        Some(kind) if wanted.accepts(kind.standby, kind.read_only) => return Ok(connection),
        Some(ServerKind { standby: true, .. }) => {
            "the server is a standby, which target_session_attrs does not want"
        }
        Some(ServerKind { read_only: true, .. }) => {
            "the session is read-only, which target_session_attrs does not want"
        }
        Some(_) => "the server is a primary that can be written, which target_session_attrs does not want",
        None => "the server does not tell whether it is a standby",
    };
    connection.close(refusal, Unavailable::ConnectionLost);
    Err(refusal.into())
}

/// From PostgreSQL 14 on the server reports it when a session starts; before that it is asked.
async fn kind(connection: &Rc<Connection>) -> Option<ServerKind> {
    let reported = |name| connection.parameter(name).map(|value| value == "on");
    if let (Some(standby), Some(read_only)) = (
        reported("in_hot_standby"),
        reported("default_transaction_read_only"),
    ) {
        return Some(ServerKind { standby, read_only });
    }
    let exchange = Exchange::new(Answers::default(), false);
    connection.change_load(1);
    let ticket = Rc::clone(&exchange);
    connection.submit_simple(
        ticket,
        "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')",
    );
    let (answers, ending) = exchange.finished().await;
    ending.ok()?;
    answers.0
}

#[derive(Default)]
struct Answers(Option<ServerKind>);

impl Sink for Answers {
    fn row(&mut self, _statement: usize, row: &DataRow<'_>) {
        let mut values = row.values();
        if let (Some(Some(standby)), Some(Some(read_only))) = (values.next(), values.next()) {
            self.0 = Some(ServerKind {
                standby: standby == b"t",
                read_only: read_only == b"on",
            });
        }
    }
}
