//! Zones of shared memory, which all workers see and which survive a reload.
//!
//! A zone is one array of words under nginx's mutex, and before it, where its content wants them, words that everybody reads and
//! changes without the mutex, each by itself. The master unlocks the mutex of a worker that was killed; that its last holder
//! did not finish is then known by a mark, and said to the next one, who repairs what there is to repair.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use nginx_sys::{
    ngx_conf_t, ngx_int_t, ngx_shared_memory_add, ngx_shm_zone_t, ngx_shmtx_lock, ngx_shmtx_t,
    ngx_shmtx_unlock, ngx_slab_alloc, ngx_slab_pool_t,
};

use super::guard::guarded;
use super::{Level, conf, log, module};

/// What a zone holds.
pub(crate) trait Shared: 'static {
    /// The version of what it keeps in the words.
    const LAYOUT: u64;
    /// How many words of so many are for all at once, without the mutex. They are zero at the beginning.
    fn shared_words(_words: usize) -> usize {
        0
    }
    /// Makes it, in words that may hold anything. The master does that before any worker knows the zone.
    fn create(words: &mut [u64]);
}

/// A zone, as long as its cycle.
pub(crate) struct Zone<T> {
    zone: NonNull<ngx_shm_zone_t>,
    content: PhantomData<T>,
}

/// What stands before the words, in the same allocation.
#[repr(C)]
struct Region {
    /// Not zero while somebody holds the lock: if it is found so, that somebody was killed.
    busy: AtomicU64,
    /// The version of the words, how many follow that are for all at once, and how many behind those. None of them changes.
    layout: u64,
    shared: usize,
    length: usize,
}

impl<T: Shared> Zone<T> {
    /// A zone is told from others by its name. Where the size is the same, a reload keeps it.
    pub(crate) fn add(cf: NonNull<ngx_conf_t>, name: &str, size: usize) -> Result<Self, String> {
        let mut text = conf::pool_string(cf, name).ok_or("not enough memory")?;
        // SAFETY: nginx gives the configuration that it has read, and the name lives in its pool.
        let zone = unsafe { ngx_shared_memory_add(cf.as_ptr(), &raw mut text, size, module::tag()) };
        // nginx has said what is wrong.
        let mut zone = NonNull::new(zone).ok_or_else(|| format!("zone \"{name}\" cannot be made"))?;
        // SAFETY: nginx has made or found the zone, which lives as long as the cycle.
        unsafe { zone.as_mut() }.init = Some(init::<T>);
        Ok(Self {
            zone,
            content: PhantomData,
        })
    }

    /// A word as it is now. Whoever holds the lock may be writing it: it is one that never changes after `create`, or one that tells
    /// something by itself.
    pub(crate) fn peek(&self, index: usize) -> Option<u64> {
        let (_, region) = self.mapped()?;
        // SAFETY: `init` has put the region there, and its fields are atomic or constant.
        if index >= unsafe { region.as_ref() }.length {
            return None;
        }
        // SAFETY: as above.
        let first = unsafe { first_word(region) };
        // SAFETY: there are more words than the index says.
        let word = unsafe { first.add(index) };
        // SAFETY: an aligned word in memory of several processes, which is read once.
        Some(unsafe { word.read_volatile() })
    }

    /// The words that are for all at once.
    pub(crate) fn shared_words(&self) -> Option<&[AtomicU64]> {
        let (_, region) = self.mapped()?;
        // SAFETY: `init` has put the region there, and its fields are atomic or constant.
        let length = unsafe { region.as_ref() }.shared;
        // SAFETY: the words follow the region in the same allocation.
        let first = unsafe { region.add(1) }.cast::<AtomicU64>();
        // SAFETY: so many words, which are only ever used as atomic ones; the zone lives as long as the cycle.
        Some(unsafe { std::slice::from_raw_parts(first.as_ptr(), length) })
    }

    /// Waits until nobody else has the zone.
    pub(crate) fn lock(&self) -> Option<Locked<'_>> {
        let (pool, region) = self.mapped()?;
        // SAFETY: as above.
        let mutex = unsafe { &raw mut (*pool).mutex };
        // SAFETY: the mutex is made for several processes.
        unsafe { ngx_shmtx_lock(mutex) };
        // SAFETY: `init` has put the region there, and its fields are atomic or constant.
        let busy = &unsafe { region.as_ref() }.busy;
        let was_interrupted = busy.swap(1, Ordering::Relaxed) != 0;
        // As for a signal handler: whatever is written from here on is written after the mark.
        compiler_fence(Ordering::SeqCst);
        Some(Locked {
            mutex,
            region,
            was_interrupted,
            is_whole: !was_interrupted,
            zone: PhantomData,
        })
    }

    /// The pool of the zone, and what it holds.
    fn mapped(&self) -> Option<(*mut ngx_slab_pool_t, NonNull<Region>)> {
        // SAFETY: the zone lives as long as the cycle, which its workers keep.
        let pool = unsafe { self.zone.as_ref() }.shm.addr.cast::<ngx_slab_pool_t>();
        if pool.is_null() {
            return None;
        }
        // SAFETY: nginx has put a slab pool at the beginning of a zone that it has mapped.
        let region = NonNull::new(unsafe { data(pool) }.cast::<Region>())?;
        Some((pool, region))
    }
}

/// A zone that nobody else has now.
pub(crate) struct Locked<'z> {
    mutex: *mut ngx_shmtx_t,
    region: NonNull<Region>,
    was_interrupted: bool,
    /// Whether there is nothing to repair, or nothing any more.
    is_whole: bool,
    zone: PhantomData<&'z ()>,
}

impl Locked<'_> {
    /// Whether the process that had the zone before was killed while it had it.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// What was interrupted has been repaired. Whoever does not say so leaves the mark to the next one.
    pub(crate) fn repaired(&mut self) {
        self.is_whole = true;
    }

    /// The words of the zone.
    pub(crate) fn words(&mut self) -> &mut [u64] {
        // SAFETY: the region is the beginning of an allocation with as many words as it says, and the lock keeps everybody else
        // from them.
        unsafe { words(self.region) }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        // A panic leaves things half done as well.
        if self.is_whole && !std::thread::panicking() {
            // SAFETY: `init` has put the region there.
            unsafe { self.region.as_ref() }.busy.store(0, Ordering::Relaxed);
        }
        // SAFETY: the mutex of a live zone, which this value holds.
        unsafe { ngx_shmtx_unlock(self.mutex) };
    }
}

/// How many words a zone of so many bytes holds, about: nginx needs some of them to manage it.
pub(crate) fn words_of(size: usize) -> usize {
    let page = page_size();
    // One page for the pool, and a description of 24 bytes for each other one.
    let pages = size.saturating_sub(page) / (page + 24);
    (pages * page).saturating_sub(size_of::<Region>()) / size_of::<u64>()
}

/// The smallest zone that nginx's own modules take.
pub(crate) fn min_size() -> usize {
    8 * page_size()
}

fn page_size() -> usize {
    // SAFETY: nginx sets it when it starts.
    unsafe { nginx_sys::ngx_pagesize }
}

/// # Safety
/// `region` must be the beginning of an allocation with `length` words after it, which nobody else uses meanwhile.
unsafe fn words<'a>(region: NonNull<Region>) -> &'a mut [u64] {
    // SAFETY: the caller vouches for it.
    let length = unsafe { region.as_ref() }.length;
    // SAFETY: as above.
    let first = unsafe { first_word(region) };
    // SAFETY: the caller vouches for their number and that nobody else uses them.
    unsafe { std::slice::from_raw_parts_mut(first.as_ptr(), length) }
}

/// The first of the words that are used under the mutex.
///
/// # Safety
/// `region` must be the beginning of an allocation with as many words after it as it says.
unsafe fn first_word(region: NonNull<Region>) -> NonNull<u64> {
    // SAFETY: the caller vouches for it.
    let shared = unsafe { region.as_ref() }.shared;
    // SAFETY: the words follow the region in the same allocation.
    let words = unsafe { region.add(1) }.cast::<u64>();
    // SAFETY: those that are used under the mutex follow those that are for all.
    unsafe { words.add(shared) }
}

/// nginx has mapped the zone, or keeps that of the configuration before.
unsafe extern "C" fn init<T: Shared>(zone: *mut ngx_shm_zone_t, _of_old_cycle: *mut c_void) -> ngx_int_t {
    // SAFETY: nginx gives a zone that it has mapped.
    let zone = unsafe { &*zone };
    let pool = zone.shm.addr.cast::<ngx_slab_pool_t>();
    guarded(super::ERROR, || {
        // SAFETY: nginx has put a slab pool at the beginning of the zone.
        let region = unsafe { data(pool) }.cast::<Region>();
        match NonNull::new(region) {
            // SAFETY: an earlier `init` has put the region there, whose fields are atomic or constant.
            Some(region) if unsafe { region.as_ref() }.layout == T::LAYOUT => super::OK,
            Some(_) => {
                // SAFETY: the name is a string of the configuration.
                let name = String::from_utf8_lossy(unsafe { super::bytes(zone.shm.name) });
                log(
                    Level::Alert,
                    format_args!("zone \"{name}\" has the layout of another version; restart nginx"),
                );
                super::ERROR
            }
            // SAFETY: nobody else knows the zone yet.
            None => match unsafe { create::<T>(pool) } {
                Some(()) => super::OK,
                None => super::ERROR,
            },
        }
    })
}

/// What the zone holds; null as long as it is new.
///
/// # Safety
/// `pool` must be the pool of a mapped zone. Other processes may use it: no reference is made.
unsafe fn data(pool: *mut ngx_slab_pool_t) -> *mut c_void {
    // SAFETY: the caller vouches for it.
    unsafe { (*pool).data }
}

/// Takes all that there is of a new zone, in one piece, once: there is nothing to be half done in nginx's allocator when a worker is
/// killed.
///
/// # Safety
/// `pool` must be the pool of a zone that nobody else knows yet.
unsafe fn create<T: Shared>(pool: *mut ngx_slab_pool_t) -> Option<()> {
    // SAFETY: the caller vouches for it.
    let free_pages = unsafe { (*pool).pfree };
    let size = free_pages.checked_mul(page_size())?;
    let all = size.checked_sub(size_of::<Region>())? / size_of::<u64>();
    let shared = T::shared_words(all);
    let length = all.checked_sub(shared)?;
    // SAFETY: as above.
    let region = NonNull::new(unsafe { ngx_slab_alloc(pool, size) }.cast::<Region>())?;
    // SAFETY: nginx gave whole pages, which are aligned for anything.
    unsafe {
        region.write(Region {
            busy: AtomicU64::new(0),
            layout: T::LAYOUT,
            shared,
            length,
        })
    };
    // SAFETY: the words follow the region in the same allocation.
    let first = unsafe { region.add(1) }.cast::<u64>();
    // SAFETY: there are at least so many.
    unsafe { first.write_bytes(0, shared) };
    // SAFETY: the pages have room for so many words after the region.
    T::create(unsafe { words(region) });
    // SAFETY: the caller vouches for the pool; what it points at is complete now.
    unsafe { (*pool).data = region.as_ptr().cast() };
    Some(())
}
