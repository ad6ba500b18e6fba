//! A blocking driver for `postern_core::pg::Connection`, over a Unix socket, TCP or TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use postern_core::pg::{Connection, Event, ProtocolError, Settings};
use postern_core::query::{Params, Query, Statement};
use postern_core::tls::{Answer, TlsError, TlsSession, TlsSettings};

use super::Cluster;

/// A connection with its socket. Tickets are numbers.
pub struct Client {
    pub connection: Connection<u32>,
    stream: Box<dyn Stream>,
    tls: Option<TlsSession>,
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// Why there is no connection, or no more.
#[derive(Debug, PartialEq)]
pub enum Lost {
    Protocol(ProtocolError),
    Tls(TlsError),
    /// The server closed the socket.
    End,
}

impl From<ProtocolError> for Lost {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<TlsError> for Lost {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl Client {
    /// Starts a connection over the Unix socket and gives what happened up to its start, or its end.
    pub fn unix(cluster: &Cluster, settings: Settings) -> Result<(Self, Vec<String>), Lost> {
        let stream = UnixStream::connect(cluster.socket()).expect("the server listens");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        Self::start(Box::new(stream), None, settings)
    }

    /// The same over TCP, with TLS if that is asked for and the server has it.
    pub fn tcp(
        cluster: &Cluster,
        settings: Settings,
        tls: Option<&TlsSettings>,
    ) -> Result<(Self, Vec<String>), Lost> {
        let mut stream = TcpStream::connect(("127.0.0.1", cluster.port())).expect("the server listens");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        let session = match tls {
            Some(tls) => negotiate(&mut stream, tls)?,
            None => None,
        };
        Self::start(Box::new(stream), session, settings)
    }

    /// A connection of a trusted user, which has started.
    pub fn trusted(cluster: &Cluster, settings: Settings) -> Self {
        let (client, events) = Self::unix(cluster, settings).expect("the server is there");
        assert_eq!(events.last().map(String::as_str), Some("started"));
        client
    }

    fn start(
        stream: Box<dyn Stream>,
        tls: Option<TlsSession>,
        settings: Settings,
    ) -> Result<(Self, Vec<String>), Lost> {
        let end_point = tls.as_ref().and_then(TlsSession::server_end_point);
        let mut client = Self {
            connection: Connection::new(Rc::new(settings), end_point)?,
            stream,
            tls,
        };
        let events = client.until(|event| event == "started")?;
        Ok((client, events))
    }

    /// Submits statements without parameters as one batch.
    pub fn submit(&mut self, ticket: u32, statements: &[&str]) {
        let queries: Vec<_> = statements.iter().map(|sql| query(sql, &[])).collect();
        let queries: Vec<_> = queries.iter().collect();
        assert!(self.connection.submit(ticket, "role", &queries).is_ok());
    }

    /// Submits one batch and gives its events.
    pub fn run(&mut self, statements: &[&str]) -> Result<Vec<String>, Lost> {
        self.submit(0, statements);
        self.finish()
    }

    /// Runs until nothing is in flight.
    pub fn finish(&mut self) -> Result<Vec<String>, Lost> {
        let mut left = self.connection.in_flight();
        self.until(|event| {
            left -= usize::from(event.contains(" done") || event.contains(" failed"));
            left == 0
        })
    }

    /// Writes and reads until `last` says that an event was the last one wanted, or the server ends the connection.
    pub fn until(&mut self, mut last: impl FnMut(&str) -> bool) -> Result<Vec<String>, Lost> {
        let mut events = Vec::new();
        loop {
            while let Some(event) = self.connection.next_event()? {
                let event = describe(event);
                let end = event.starts_with("closed ") || last(&event);
                events.push(event);
                if end {
                    return Ok(events);
                }
            }
            self.write()?;
            self.read()?;
        }
    }

    pub fn write(&mut self) -> Result<(), Lost> {
        let plain = self.connection.output().split();
        let mut bytes = BytesMut::new();
        match &mut self.tls {
            Some(tls) => {
                tls.write_plaintext(&plain)?;
                tls.take_ciphertext(&mut bytes)?;
            }
            None => bytes = plain,
        }
        self.stream.write_all(&bytes).map_err(|_| Lost::End)
    }

    fn read(&mut self) -> Result<(), Lost> {
        let mut bytes = [0; 8192];
        let length = self.stream.read(&mut bytes).map_err(|_| Lost::End)?;
        if length == 0 {
            return Err(Lost::End);
        }
        match &mut self.tls {
            Some(tls) => tls.read_ciphertext(&bytes[..length], self.connection.input())?,
            None => self.connection.input().extend_from_slice(&bytes[..length]),
        }
        Ok(())
    }
}

/// A statement with its parameters.
pub fn query(sql: &str, values: &[Option<&str>]) -> Query {
    let mut params = Params::new();
    for value in values {
        match value {
            Some(value) => params.push(value.as_bytes()),
            None => params.push_null(),
        };
    }
    Query {
        statement: Rc::new(Statement::new(sql, [], 0)),
        params,
    }
}

fn negotiate(stream: &mut TcpStream, settings: &TlsSettings) -> Result<Option<TlsSession>, Lost> {
    let mut output = BytesMut::new();
    TlsSettings::request(&mut output);
    stream.write_all(&output).map_err(|_| Lost::End)?;
    let mut bytes = [0; 8192];
    let length = stream.read(&mut bytes).map_err(|_| Lost::End)?;
    if settings.answer(&bytes[..length])? != Some(Answer::Tls) {
        return Ok(None);
    }
    let mut session = settings.session()?;
    let mut plain = BytesMut::new();
    while session.is_handshaking() {
        output.clear();
        session.take_ciphertext(&mut output)?;
        stream.write_all(&output).map_err(|_| Lost::End)?;
        let length = stream.read(&mut bytes).map_err(|_| Lost::End)?;
        if length == 0 {
            return Err(Lost::End);
        }
        session.read_ciphertext(&bytes[..length], &mut plain)?;
    }
    assert!(plain.is_empty(), "the server does not speak first");
    Ok(Some(session))
}

fn describe(event: Event<'_, u32>) -> String {
    match event {
        Event::Started => "started".to_owned(),
        Event::Described {
            ticket,
            statement,
            description,
        } => {
            let columns = description
                .fields()
                .map(|field| format!("{}:{}", field.name, field.type_oid));
            format!(
                "{ticket}.{statement} described {}",
                columns.collect::<Vec<_>>().join("|")
            )
        }
        Event::Row {
            ticket,
            statement,
            row,
        } => {
            let text =
                |value: Option<&[u8]>| value.map_or("NULL".into(), String::from_utf8_lossy).into_owned();
            let values: Vec<_> = row.values().map(text).collect();
            format!("{ticket}.{statement} row {}", values.join("|"))
        }
        Event::Complete {
            ticket,
            statement,
            tag,
        } => format!("{ticket}.{statement} {tag}"),
        Event::Done {
            ticket,
            outcome: Ok(()),
        } => format!("{ticket} done"),
        Event::Done {
            ticket,
            outcome: Err(failure),
        } => {
            let retry = if failure.retry { " retry" } else { "" };
            format!(
                "{ticket} failed at {}: {}{retry}",
                failure.statement, failure.error.code
            )
        }
        Event::Notification { channel, payload } => format!("notification {channel}={payload}"),
        Event::Notice(notice) => format!("notice {}", notice.code),
        Event::ParameterChanged { name, value } => format!("parameter {name}={value}"),
        Event::Closed(error) => format!("closed {}", error.code),
    }
}

/// Nothing here takes long; a test that waits for ever helps nobody.
const TIMEOUT: Duration = Duration::from_secs(60);
