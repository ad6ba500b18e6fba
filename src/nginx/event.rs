//! Events of our own: a callback that nginx's loop runs after the events of this turn, or when a timer ends.

use std::cell::UnsafeCell;
use std::ptr;
use std::rc::Rc;

use nginx_sys::{
    ngx_add_timer, ngx_connection_t, ngx_del_timer, ngx_delete_posted_event, ngx_event_t, ngx_post_event,
    ngx_posted_events, ngx_posted_next_events,
};

use super::guard::guarded;
use super::log::cycle_log;

/// A callback with its place in nginx's queue of posted events and in its timer tree. Dropping it takes it out of both.
pub(crate) struct Event {
    inner: Box<Inner>,
}

struct Inner {
    event: UnsafeCell<ngx_event_t>,
    /// nginx's debug log reads a file descriptor through `event.data`.
    connection: UnsafeCell<ngx_connection_t>,
    callback: Rc<dyn Fn()>,
}

impl Event {
    /// An event that is neither posted nor timed yet.
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        // SAFETY: both are plain C structures for which nginx itself starts from zeroed memory.
        let (mut event, mut connection) = unsafe { std::mem::zeroed::<(ngx_event_t, ngx_connection_t)>() };
        connection.fd = -1;
        event.handler = Some(run);
        event.log = cycle_log().map_or(ptr::null_mut(), ptr::NonNull::as_ptr);
        let inner = Box::new(Inner {
            event: event.into(),
            connection: connection.into(),
            callback: Rc::new(callback),
        });
        // SAFETY: nobody else knows the event yet. `data` points into the same allocation, which does not move.
        unsafe { (*inner.event.get()).data = inner.connection.get().cast() };
        // SAFETY: as above. The connection's own `data` leads back from the event to the callback.
        unsafe { (*inner.connection.get()).data = ptr::from_ref(&*inner).cast_mut().cast() };
        Self { inner }
    }

    /// Runs the callback once, after the events of this turn of the loop.
    pub(crate) fn post(&self) {
        let queue = &raw mut ngx_posted_events;
        // SAFETY: the queue is a static of nginx; the event stays in place until `drop` takes it out.
        unsafe { ngx_post_event(self.inner.event.get(), queue) };
    }

    /// Runs the callback once, in the next turn of the loop, so that sockets get their turn before it.
    pub(crate) fn post_next(&self) {
        let queue = &raw mut ngx_posted_next_events;
        // SAFETY: as in `post`.
        unsafe { ngx_post_event(self.inner.event.get(), queue) };
    }

    /// Runs the callback once, in `delay_ms`; replaces an earlier timer. A timer that is set keeps an exiting worker alive
    /// unless it is `cancelable`.
    pub(crate) fn set_timer(&self, delay_ms: u64, cancelable: bool) {
        self.clear_timer();
        let event = self.inner.event.get();
        // SAFETY: the event is ours and no reference to it is alive.
        unsafe { (*event).set_cancelable(u32::from(cancelable)) };
        // SAFETY: the event is not in the tree and stays in place until `drop` takes it out.
        unsafe { ngx_add_timer(event, delay_ms as usize) };
    }

    /// Takes the timer back.
    pub(crate) fn clear_timer(&self) {
        let event = self.inner.event.get();
        // SAFETY: the event is ours and no reference to it is alive.
        let set = unsafe { (*event).timer_set() };
        if set != 0 {
            // SAFETY: it is in the tree.
            unsafe { ngx_del_timer(event) };
        }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        self.clear_timer();
        let event = self.inner.event.get();
        // SAFETY: the event is ours and no reference to it is alive.
        let posted = unsafe { (*event).posted() };
        if posted != 0 {
            // SAFETY: it is in a queue, and its links are valid.
            unsafe { ngx_delete_posted_event(event) };
        }
    }
}

/// nginx has taken the event out of its queue or tree.
unsafe extern "C" fn run(event: *mut ngx_event_t) {
    // SAFETY: nginx runs only events that are in a queue or a tree, and `drop` takes them out before they go.
    let data = unsafe { (*event).data };
    let connection = data.cast::<ngx_connection_t>();
    // SAFETY: `data` was set in `new` and is never changed.
    let inner = unsafe { (*connection).data }.cast::<Inner>();
    // SAFETY: as above. The clone keeps the callback alive if it drops its own event.
    let callback = Rc::clone(unsafe { &(*inner).callback });
    guarded((), || callback());
}
