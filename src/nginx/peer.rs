//! An outgoing connection on nginx's event loop.

use std::cell::{Cell, UnsafeCell};
use std::io;
use std::ptr;
use std::rc::Rc;

use bytes::BytesMut;
use nginx_sys::{
    ngx_add_timer, ngx_close_connection, ngx_connection_t, ngx_del_timer, ngx_event_connect_peer,
    ngx_event_get_peer, ngx_event_t, ngx_handle_read_event, ngx_handle_write_event, ngx_log_t,
    ngx_peer_connection_t, ngx_post_event, ngx_posted_next_events, ngx_str_t, ngx_tcp_nodelay,
};

use super::addr::Address;
use super::guard::guarded;
use super::log::cycle_log;

/// What happens on a connection. Called from nginx's loop, never from inside a call of [`Peer`].
pub(crate) trait PeerHandler {
    /// There may be bytes to read, or the other side closed.
    fn on_read(&self);
    /// The connection is made, or there is room to write again.
    fn on_write(&self);
    /// The timer of [`Peer::set_timeout`] ended.
    fn on_timeout(&self);
    /// The worker exits and wants its idle connections closed, now.
    fn on_idle_close(&self);
}

/// A connection to a server. Dropping it closes it.
pub(crate) struct Peer {
    /// What nginx's connection points at.
    _inner: Box<Inner>,
    connection: Cell<*mut ngx_connection_t>,
}

struct Inner {
    log: UnsafeCell<ngx_log_t>,
    name: UnsafeCell<ngx_str_t>,
    address: Address,
    handler: Rc<dyn PeerHandler>,
}

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// So many bytes were appended.
    Bytes(usize),
    /// Nothing now; `on_read` will be called.
    WouldBlock,
    /// The other side closed.
    Closed,
}

impl Peer {
    /// Starts to connect. `handler.on_write` is called when the connection is made or has failed: ask
    /// [`Peer::connect_result`]. The handler is kept until [`Peer`] is dropped.
    pub(crate) fn connect(address: &Address, handler: Rc<dyn PeerHandler>) -> io::Result<Self> {
        let log = cycle_log().ok_or(io::ErrorKind::NotConnected)?;
        // SAFETY: the cycle's log is live. The copy gets a connection number of its own.
        let log = unsafe { log.as_ptr().read() };
        let name = super::borrowed(address.name().as_bytes());
        let inner = Box::new(Inner {
            log: log.into(),
            name: name.into(),
            address: address.clone(),
            handler,
        });
        // The borrowed name must be that of the clone, which lives as long as the connection.
        // SAFETY: nobody else knows the cell yet.
        unsafe { *inner.name.get() = super::borrowed(inner.address.name().as_bytes()) };
        let connection = open(&inner)?;
        Ok(Self {
            _inner: inner,
            connection: Cell::new(connection),
        })
    }

    /// Whether the connection was made. `WouldBlock` while it is on its way.
    pub(crate) fn connect_result(&self) -> io::Result<()> {
        let connection = self.connection()?;
        // SAFETY: a live connection has a write event.
        if unsafe { (*connection.write).ready() } == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut error: std::ffi::c_int = 0;
        let mut length = size_of_val(&error) as nginx_sys::socklen_t;
        // SAFETY: the descriptor is open, and the buffer is an int with its length.
        let rc = unsafe {
            nginx_sys::getsockopt(
                connection.fd,
                nginx_sys::SOL_SOCKET as _,
                nginx_sys::SO_ERROR as _,
                (&raw mut error).cast(),
                &raw mut length,
            )
        };
        match (rc, error) {
            (0, 0) => Ok(()),
            (0, error) => Err(io::Error::from_raw_os_error(error)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Appends what can be read to the spare capacity of `buffer`, which must not be full.
    pub(crate) fn receive(&self, buffer: &mut BytesMut) -> io::Result<Received> {
        let connection = self.connection()?;
        // SAFETY: a live connection has a read event.
        if unsafe { (*connection.read).ready() } == 0 {
            return Ok(Received::WouldBlock);
        }
        let receive = connection.recv.ok_or(io::ErrorKind::NotConnected)?;
        let spare = buffer.spare_capacity_mut();
        let room = spare.len();
        // SAFETY: nginx writes at most `room` bytes into memory that is ours.
        let read = unsafe { receive(ptr::from_mut(connection), spare.as_mut_ptr().cast(), room) };
        match usize::try_from(read) {
            Ok(0) => Ok(Received::Closed),
            Ok(count) => {
                // SAFETY: nginx has written `count` bytes.
                unsafe { buffer.set_len(buffer.len() + count) };
                Ok(Received::Bytes(count))
            }
            Err(_) if read == super::AGAIN => {
                // SAFETY: the event belongs to the live connection.
                unsafe { ngx_handle_read_event(connection.read, 0) };
                Ok(Received::WouldBlock)
            }
            Err(_) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    /// Sends what the socket takes and answers how much that was; 0 means that `on_write` will be called.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let connection = self.connection()?;
        let send = connection.send.ok_or(io::ErrorKind::NotConnected)?;
        // SAFETY: nginx only reads the bytes.
        let sent = unsafe { send(ptr::from_mut(connection), bytes.as_ptr().cast_mut(), bytes.len()) };
        match usize::try_from(sent) {
            Ok(count) => Ok(count),
            Err(_) if sent == super::AGAIN => {
                // SAFETY: the event belongs to the live connection.
                unsafe { ngx_handle_write_event(connection.write, 0) };
                Ok(0)
            }
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Has `on_read` called again in the next turn of the loop: for a reader that stops to let others work.
    pub(crate) fn read_again(&self) {
        if let Ok(connection) = self.connection() {
            let queue = &raw mut ngx_posted_next_events;
            // SAFETY: the read event belongs to the live connection; closing it takes it out of the queue.
            unsafe { ngx_post_event(connection.read, queue) };
        }
    }

    /// Has `on_timeout` called in `delay_ms`. The timer keeps an exiting worker alive: set it only while work is in flight.
    pub(crate) fn set_timeout(&self, delay_ms: u64) {
        if let Ok(connection) = self.connection() {
            // SAFETY: the read event belongs to the live connection.
            unsafe { ngx_add_timer(connection.read, delay_ms as usize) };
        }
    }

    /// Takes the timer back.
    pub(crate) fn clear_timeout(&self) {
        if let Ok(connection) = self.connection() {
            // SAFETY: a live connection has a read event.
            let set = unsafe { (*connection.read).timer_set() };
            if set != 0 {
                // SAFETY: it is in the tree.
                unsafe { ngx_del_timer(connection.read) };
            }
        }
    }

    /// Whether nginx may close the connection when the worker exits or runs out of connections.
    pub(crate) fn set_idle(&self, idle: bool) {
        if let Ok(connection) = self.connection() {
            connection.set_idle(u32::from(idle));
        }
    }

    /// Closes the connection; every later call answers `NotConnected`.
    pub(crate) fn close(&self) {
        let connection = self.connection.replace(ptr::null_mut());
        if !connection.is_null() {
            // SAFETY: it is live, and nobody can reach it any more.
            unsafe { ngx_close_connection(connection) };
        }
    }

    #[expect(
        clippy::mut_from_ref,
        reason = "the reference is used and dropped inside one method of this type"
    )]
    fn connection(&self) -> io::Result<&mut ngx_connection_t> {
        // SAFETY: the pointer is null or a live connection that only this value closes.
        unsafe { self.connection.get().as_mut() }.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.close();
    }
}

fn open(inner: &Inner) -> io::Result<*mut ngx_connection_t> {
    // SAFETY: a plain C structure that nginx expects zeroed.
    let mut peer: ngx_peer_connection_t = unsafe { std::mem::zeroed() };
    (peer.sockaddr, peer.socklen) = inner.address.as_sockaddr();
    peer.name = inner.name.get();
    peer.get = Some(ngx_event_get_peer);
    peer.log = inner.log.get();
    peer.set_so_keepalive(u32::from(!inner.address.is_local()));
    peer.set_log_error(nginx_sys::ngx_connection_log_error_e_NGX_ERROR_ERR);
    // SAFETY: the structure is complete, and what it points at lives as long as the connection.
    let rc = unsafe { ngx_event_connect_peer(&raw mut peer) };
    // SAFETY: nginx answers null or a connection that is now ours.
    let Some(connection) = (unsafe { peer.connection.as_mut() }) else {
        return Err(connect_error());
    };
    if rc != super::OK && rc != super::AGAIN {
        let error = connect_error();
        // SAFETY: the connection is ours and nobody else knows it.
        unsafe { ngx_close_connection(connection) };
        return Err(error);
    }
    connection.data = ptr::from_ref(inner).cast_mut().cast();
    // SAFETY: a live connection has both events.
    unsafe { (*connection.read).handler = Some(on_read) };
    // SAFETY: as above.
    unsafe { (*connection.write).handler = Some(on_write) };
    // SAFETY: the log is ours and no reference to it is alive.
    unsafe { (*inner.log.get()).connection = connection.number };
    if !inner.address.is_local() {
        // SAFETY: a live TCP connection.
        unsafe { ngx_tcp_nodelay(connection) };
    }
    if rc == super::OK {
        // Connected at once (Unix-domain sockets): tell the handler in the next step of the loop, as for any other.
        let queue = &raw mut nginx_sys::ngx_posted_events;
        // SAFETY: the write event belongs to the live connection.
        unsafe { ngx_post_event(connection.write, queue) };
    }
    Ok(connection)
}

/// What the failed call left in `errno`; nginx has logged it with its own words too.
fn connect_error() -> io::Error {
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(0) => io::ErrorKind::ConnectionRefused.into(),
        error => error,
    }
}

unsafe extern "C" fn on_read(event: *mut ngx_event_t) {
    // SAFETY: nginx calls the handlers of live connections only, with the connection in `data`.
    let connection = unsafe { (*event).data }.cast::<ngx_connection_t>();
    // SAFETY: as above.
    let closing = unsafe { (*connection).close() } != 0;
    // SAFETY: as above.
    let timed_out = unsafe { (*event).timedout() } != 0;
    // SAFETY: as above.
    unsafe { (*event).set_timedout(0) };
    // SAFETY: as above.
    let handler = unsafe { handler(connection) };
    guarded((), || match (closing, timed_out) {
        (true, _) => handler.on_idle_close(),
        (_, true) => handler.on_timeout(),
        _ => handler.on_read(),
    });
}

unsafe extern "C" fn on_write(event: *mut ngx_event_t) {
    // SAFETY: nginx calls the handlers of live connections only, with the connection in `data`.
    let connection = unsafe { (*event).data }.cast::<ngx_connection_t>();
    // SAFETY: as above.
    let handler = unsafe { handler(connection) };
    guarded((), || handler.on_write());
}

/// # Safety
/// `connection` must be one that [`open`] made and that is not closed.
unsafe fn handler(connection: *mut ngx_connection_t) -> Rc<dyn PeerHandler> {
    // SAFETY: the caller vouches for the connection; `open` set its data.
    let inner = unsafe { (*connection).data }.cast::<Inner>();
    // SAFETY: the `Peer` owns it and closes the connection before it goes. The clone keeps the handler alive if it drops
    // its own peer.
    Rc::clone(unsafe { &(*inner).handler })
}
