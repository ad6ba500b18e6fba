//! One TLS connection: ciphertext and plaintext in and out.

use std::io::{BufRead, ErrorKind, Write};
use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::{TlsError, certificate};

/// Between the socket and a [`super::super::Connection`]. Nothing stays inside for longer than a call, but for the record
/// that is not complete (at most 16 KiB, or 64 KiB of a handshake) and what the driver has not taken yet.
#[derive(Debug)]
pub struct TlsSession {
    connection: ClientConnection,
    closed: bool,
}

impl TlsSession {
    pub(super) fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, TlsError> {
        let mut connection = ClientConnection::new(config, name).map_err(TlsError::Tls)?;
        // What is written is what the driver has in its own bounded buffer; it takes the ciphertext at once.
        connection.set_buffer_limit(None);
        Ok(Self {
            connection,
            closed: false,
        })
    }

    /// Takes what was read from the socket and appends what it says to `plain`. After an error the driver still sends what
    /// [`Self::take_ciphertext`] gives, so that the server learns the reason, and closes.
    pub fn read_ciphertext(&mut self, mut bytes: &[u8], plain: &mut BytesMut) -> Result<(), TlsError> {
        while !bytes.is_empty() && !self.closed {
            // It takes a part only, as its buffer is small, or nothing after the server's good-bye.
            if self
                .connection
                .read_tls(&mut bytes)
                .map_err(|_| TlsError::Overflow)?
                == 0
            {
                self.closed = true;
                break;
            }
            let state = self.connection.process_new_packets().map_err(TlsError::Tls)?;
            self.take_plaintext(plain)?;
            self.closed = state.peer_has_closed();
        }
        Ok(())
    }

    /// Encrypts; during the handshake the bytes wait for its end. The result is in [`Self::take_ciphertext`].
    pub fn write_plaintext(&mut self, plain: &[u8]) -> Result<(), TlsError> {
        self.connection
            .writer()
            .write_all(plain)
            .map_err(|_| TlsError::Overflow)
    }

    /// Appends what has to be written to the socket to `output`; also after [`Self::read_ciphertext`], as the handshake
    /// answers by itself.
    pub fn take_ciphertext(&mut self, output: &mut BytesMut) -> Result<(), TlsError> {
        while self.connection.wants_write() {
            self.connection
                .write_tls(&mut (&mut *output).writer())
                .map_err(|_| TlsError::Overflow)?;
        }
        Ok(())
    }

    /// Whether the handshake is still going on.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether the server has said good-bye.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Says good-bye.
    pub fn close(&mut self) {
        self.connection.send_close_notify();
    }

    /// The hash of the server's certificate for channel binding (RFC 5929, section 4.1), once the handshake is over; `None`
    /// if the signature of the certificate uses no hash function that the RFC covers.
    pub fn server_end_point(&self) -> Option<Vec<u8>> {
        certificate::end_point(self.connection.peer_certificates()?.first()?)
    }

    fn take_plaintext(&mut self, plain: &mut BytesMut) -> Result<(), TlsError> {
        let mut reader = self.connection.reader();
        loop {
            let taken = match reader.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(chunk) => {
                    plain.extend_from_slice(chunk);
                    chunk.len()
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(TlsError::Overflow),
            };
            reader.consume(taken);
        }
    }
}
