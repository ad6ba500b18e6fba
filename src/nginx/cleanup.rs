//! Rust values that live as long as an nginx pool.

use std::any::Any;
use std::ffi::c_void;
use std::ptr::NonNull;

use nginx_sys::{ngx_pool_cleanup_add, ngx_pool_t};

/// What a cleanup's data holds: a box that was given away, which tells its type, so that a value can be found again.
type Slot = *mut dyn Any;

/// Puts `value` on the heap and has it dropped with the pool. `None` if nginx is out of memory.
///
/// # Safety
/// `pool` must be a live pool, and the pointer may be used only until the pool is destroyed.
pub(super) unsafe fn attach<T: Any>(pool: *mut ngx_pool_t, value: T) -> Option<NonNull<T>> {
    // SAFETY: the caller vouches for it.
    unsafe { attach_box(pool, Box::new(value)) }
}

/// The same for what is on the heap already.
///
/// # Safety
/// As for [`attach`].
pub(super) unsafe fn attach_box<T: Any>(pool: *mut ngx_pool_t, value: Box<T>) -> Option<NonNull<T>> {
    // SAFETY: the caller vouches for the pool.
    let cleanup = NonNull::new(unsafe { ngx_pool_cleanup_add(pool, size_of::<Slot>()) })?;
    let value: *mut T = Box::into_raw(value);
    // SAFETY: a cleanup that nginx has just made belongs to its caller.
    let cleanup = unsafe { &mut *cleanup.as_ptr() };
    // SAFETY: nginx gave room for a slot, aligned for pointers.
    unsafe { cleanup.data.cast::<Slot>().write(value) };
    cleanup.handler = Some(drop_slot);
    NonNull::new(value)
}

/// Looks for a value that [`attach`] put into the pool and for which `is_wanted` holds.
///
/// # Safety
/// As for [`attach`]; no exclusive reference to any attached value may be alive.
pub(super) unsafe fn find<T: Any>(
    pool: *mut ngx_pool_t,
    is_wanted: impl Fn(&T) -> bool,
) -> Option<NonNull<T>> {
    // SAFETY: the caller vouches for the pool.
    let mut next = unsafe { (*pool).cleanup };
    while let Some(cleanup) = NonNull::new(next) {
        // SAFETY: the list ends with null and holds live entries.
        let cleanup = unsafe { cleanup.as_ref() };
        let ours = cleanup
            .handler
            .is_some_and(|handler| std::ptr::fn_addr_eq(handler, drop_slot as Handler));
        if ours {
            // SAFETY: only `attach` sets this handler, and the slot lives as long as the pool.
            let slot = unsafe { cleanup.data.cast::<Slot>().read() };
            // SAFETY: the box was given away by `attach` and is dropped only with the pool; the caller vouches that nobody
            // has an exclusive reference to it.
            let wanted = unsafe { &*slot }.downcast_ref::<T>().is_some_and(&is_wanted);
            if wanted {
                return NonNull::new(slot.cast::<T>());
            }
        }
        next = cleanup.next;
    }
    None
}

type Handler = unsafe extern "C" fn(*mut c_void);

unsafe extern "C" fn drop_slot(data: *mut c_void) {
    // SAFETY: `attach` wrote the slot, and nginx runs a cleanup once.
    let slot = unsafe { data.cast::<Slot>().read() };
    // SAFETY: the box was given away by `attach`, and nobody uses the value any more.
    let slot = unsafe { Box::from_raw(slot) };
    super::guard::guarded((), || drop(slot));
}
