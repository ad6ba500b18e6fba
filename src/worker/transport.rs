//! What lies between the protocol and the socket: nothing, or TLS.

use std::io;
use std::rc::Rc;

use bytes::{Buf, BytesMut};
use postern_core::tls::{Answer, TlsError, TlsSession, TlsSettings};

use crate::nginx::peer::{Peer, Received};

/// Room for one read of ciphertext.
const READ_SIZE: usize = 16 << 10;

/// How bytes get onto the wire.
pub(super) enum Transport {
    /// As they are.
    Plain,
    /// TLS is to be asked for, or was.
    Asking {
        /// How to talk it.
        settings: Rc<TlsSettings>,
        /// The question (8 bytes), as far as it has not been sent.
        question: BytesMut,
    },
    /// TLS, from its handshake on.
    Tls(Box<Tls>),
}

/// A TLS session with its buffers.
pub(super) struct Tls {
    session: TlsSession,
    received: BytesMut,
    to_send: BytesMut,
}

/// Whether the protocol can begin.
pub(super) enum Established {
    /// Not yet.
    No,
    /// Yes; with the hash of the server's certificate where there is one (RFC 5929).
    Yes(Option<Vec<u8>>),
    /// The server closed the connection.
    Closed,
}

impl Transport {
    /// Plain, or TLS where `settings` want it.
    pub(super) fn new(settings: Option<Rc<TlsSettings>>) -> Self {
        match settings {
            Some(settings) if settings.is_wanted() => {
                let mut question = BytesMut::new();
                TlsSettings::request(&mut question);
                Self::Asking { settings, question }
            }
            _ => Self::Plain,
        }
    }

    /// Plain, or TLS from the first byte on.
    pub(super) fn direct(settings: Option<&TlsSettings>) -> io::Result<Self> {
        match settings {
            Some(settings) => Ok(Self::Tls(Box::new(Tls::new(settings)?))),
            None => Ok(Self::Plain),
        }
    }

    /// Whether everything that was given to [`Transport::send`] has been sent, but for what is left in its buffer.
    pub(super) fn is_flushed(&self) -> bool {
        match self {
            Self::Tls(tls) => tls.to_send.is_empty(),
            Self::Plain | Self::Asking { .. } => true,
        }
    }

    /// Goes on with what has to happen before the protocol begins: called when the socket is connected, when it can be
    /// read and when it can be written.
    pub(super) fn establish(&mut self, peer: &Peer) -> io::Result<Established> {
        loop {
            match self {
                Self::Plain => return Ok(Established::Yes(None)),
                Self::Asking { settings, question } => {
                    send_all(peer, question)?;
                    let mut answer = BytesMut::with_capacity(64);
                    match peer.receive(&mut answer)? {
                        Received::WouldBlock => return Ok(Established::No),
                        Received::Closed => return Ok(Established::Closed),
                        Received::Bytes(_) => {}
                    }
                    *self = match settings.answer(&answer).map_err(tls_failed)? {
                        None => return Ok(Established::No),
                        Some(Answer::Plain) => Self::Plain,
                        Some(Answer::Tls) => Self::Tls(Box::new(Tls::new(settings)?)),
                    };
                }
                Self::Tls(tls) => return tls.shake_hands(peer),
            }
        }
    }

    /// Sends as much of `output` as the socket takes. What is left goes when the socket has room again.
    pub(super) fn send(&mut self, peer: &Peer, output: &mut BytesMut) -> io::Result<()> {
        match self {
            Self::Plain => send_all(peer, output),
            Self::Asking { .. } => Ok(()),
            Self::Tls(tls) => tls.send(peer, output),
        }
    }

    /// Appends what has come to `input`, which has room.
    pub(super) fn receive(&mut self, peer: &Peer, input: &mut BytesMut) -> io::Result<Received> {
        match self {
            Self::Plain => peer.receive(input),
            Self::Asking { .. } => Ok(Received::WouldBlock),
            Self::Tls(tls) => tls.receive(peer, input),
        }
    }
}

impl Tls {
    fn new(settings: &TlsSettings) -> io::Result<Self> {
        let session = settings.session().map_err(tls_failed)?;
        Ok(Self {
            session,
            received: BytesMut::new(),
            to_send: BytesMut::new(),
        })
    }

    fn shake_hands(&mut self, peer: &Peer) -> io::Result<Established> {
        let mut nothing = BytesMut::new();
        loop {
            self.flush(peer)?;
            if !self.session.is_handshaking() {
                return Ok(Established::Yes(self.session.server_end_point()));
            }
            match self.receive(peer, &mut nothing)? {
                Received::Bytes(_) => {}
                Received::WouldBlock => return Ok(Established::No),
                Received::Closed => return Ok(Established::Closed),
            }
        }
    }

    fn send(&mut self, peer: &Peer, output: &mut BytesMut) -> io::Result<()> {
        if !output.is_empty() {
            self.session.write_plaintext(output).map_err(tls_failed)?;
            output.clear();
        }
        self.flush(peer)
    }

    fn flush(&mut self, peer: &Peer) -> io::Result<()> {
        self.session
            .take_ciphertext(&mut self.to_send)
            .map_err(tls_failed)?;
        send_all(peer, &mut self.to_send)
    }

    /// Ciphertext that holds no plaintext counts as bytes too: there may be more behind it.
    fn receive(&mut self, peer: &Peer, input: &mut BytesMut) -> io::Result<Received> {
        if self.session.is_closed() {
            return Ok(Received::Closed);
        }
        self.received.clear();
        self.received.reserve(READ_SIZE);
        let received = peer.receive(&mut self.received)?;
        if let Received::Bytes(_) = received {
            let result = self.session.read_ciphertext(&self.received, input);
            // An alert tells the server why, if it still listens.
            let flushed = self.flush(peer);
            result.map_err(tls_failed)?;
            flushed?;
        }
        Ok(received)
    }
}

fn tls_failed(error: TlsError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn send_all(peer: &Peer, bytes: &mut BytesMut) -> io::Result<()> {
    while !bytes.is_empty() {
        match peer.send(bytes)? {
            0 => break,
            sent => bytes.advance(sent),
        }
    }
    Ok(())
}
