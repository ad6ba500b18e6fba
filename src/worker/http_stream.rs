//! A connection to an HTTP server, as hyper wants it: plain or TLS, on nginx's event loop.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BytesMut};
use hyper::rt::{Read, ReadBufCursor, Write};
use postern_core::tls::TlsSettings;

use super::transport::{Established, Transport};
use crate::nginx::addr::Address;
use crate::nginx::peer::{Peer, PeerHandler, Received};

/// Room for one read.
const READ_SIZE: usize = 16 << 10;

/// A connection.
pub(super) struct HttpStream {
    peer: Peer,
    events: Rc<Events>,
    transport: Transport,
    received: BytesMut,
    to_send: BytesMut,
}

/// Who is to be told of what happens on the connection.
#[derive(Default)]
struct Events {
    reader: RefCell<Option<Waker>>,
    writer: RefCell<Option<Waker>>,
    is_closing: Cell<bool>,
}

impl HttpStream {
    /// Connects, and shakes hands where TLS is wanted.
    pub(super) async fn connect(address: &Address, tls: Option<&TlsSettings>) -> io::Result<Self> {
        let events = Rc::new(Events::default());
        let handler: Rc<dyn PeerHandler> = Rc::<Events>::clone(&events);
        let mut stream = Self {
            peer: Peer::connect(address, handler)?,
            events,
            transport: Transport::direct(tls)?,
            received: BytesMut::new(),
            to_send: BytesMut::new(),
        };
        poll_fn(|context| stream.poll_connected(context)).await?;
        poll_fn(|context| stream.poll_established(context)).await?;
        Ok(stream)
    }

    fn poll_connected(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        match self.peer.connect_result() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.events.wait_to_write(context),
            result => Poll::Ready(result),
        }
    }

    fn poll_established(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        match self.transport.establish(&self.peer)? {
            Established::Yes(_) => Poll::Ready(Ok(())),
            Established::Closed => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Established::No => {
                let _: Poll<()> = self.events.wait_to_write(context);
                self.events.wait_to_read(context)
            }
        }
    }

    /// Fills `received`; at the end of the stream it stays empty.
    fn poll_receive(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        while self.received.is_empty() {
            if self.events.is_closing.get() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            self.received.reserve(READ_SIZE);
            match self.transport.receive(&self.peer, &mut self.received)? {
                Received::Bytes(_) => {}
                Received::Closed => break,
                Received::WouldBlock => return self.events.wait_to_read(context),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Read for HttpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.poll_receive(context) {
            Poll::Ready(Ok(())) => {
                let part = this
                    .received
                    .split_to(this.received.len().min(buffer.remaining()));
                buffer.put_slice(&part);
                Poll::Ready(Ok(()))
            }
            other => other,
        }
    }
}

impl Write for HttpStream {
    /// A request is small and is kept until it can be sent.
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().to_send.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.transport.send(&this.peer, &mut this.to_send)?;
        if this.to_send.has_remaining() || !this.transport.is_flushed() {
            return this.events.wait_to_write(context);
        }
        Poll::Ready(Ok(()))
    }

    /// Dropping it closes the connection.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

impl Events {
    fn wait_to_read<T>(&self, context: &Context<'_>) -> Poll<T> {
        self.reader.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn wait_to_write<T>(&self, context: &Context<'_>) -> Poll<T> {
        self.writer.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl PeerHandler for Events {
    fn on_read(&self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    fn on_write(&self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }

    /// Time limits are those of the whole request.
    fn on_timeout(&self) {}

    fn on_idle_close(&self) {
        self.is_closing.set(true);
        self.on_read();
    }
}
