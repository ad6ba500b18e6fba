//! Work that would hold the event loop for too long, done by a thread of nginx's (`thread_pool`).

pub(crate) use pool::ThreadPool;

/// The work was not done: the queue of the pool is full, or the work has panicked. The error log says which.
#[derive(Debug)]
pub(crate) struct NotDone;

#[cfg(ngx_feature = "threads")]
mod pool {
    use std::any::Any;
    use std::cell::{Cell, RefCell, UnsafeCell};
    use std::ffi::c_void;
    use std::future::poll_fn;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::ptr::{self, NonNull};
    use std::rc::{Rc, Weak};
    use std::task::{Poll, Waker};

    use nginx_sys::{ngx_event_t, ngx_log_t};

    use self::sys::{ngx_thread_pool_add, ngx_thread_pool_t, ngx_thread_task_post, ngx_thread_task_t};
    use super::NotDone;
    use crate::nginx::conf::{Conf, ConfError};
    use crate::nginx::guard::{self, guarded};

    #[expect(non_camel_case_types, unreachable_pub, reason = "made by bindgen")]
    mod sys {
        use nginx_sys::*;
        include!(concat!(env!("OUT_DIR"), "/threads.rs"));
    }

    /// The pool of threads that nginx calls `default`, of which each worker starts its own.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct ThreadPool(NonNull<ngx_thread_pool_t>);

    impl ThreadPool {
        /// Demands the pool for a configuration, as long as which it lives.
        pub(crate) fn demand(cf: &mut Conf<'_>) -> Result<Self, ConfError> {
            // SAFETY: the configuration is live; no name means the default pool.
            let pool = unsafe { ngx_thread_pool_add(cf.as_raw(), ptr::null_mut()) };
            NonNull::new(pool)
                .map(Self)
                .ok_or_else(|| ConfError::Message("not enough memory".into()))
        }

        /// Has a thread do the work, which goes on if nobody waits for it any more. When it has ended, `keep` is dropped.
        pub(crate) async fn run<T, F, K>(self, work: F, keep: K) -> Result<T, NotDone>
        where
            T: Send + 'static,
            F: FnOnce() -> T + Send + 'static,
            K: 'static,
        {
            let caller = Rc::new(Caller {
                output: Cell::new(None),
                waker: RefCell::new(None),
            });
            post(self, work, (keep, Rc::downgrade(&caller)))?;
            poll_fn(|context| match caller.output.take() {
                Some(output) => Poll::Ready(output),
                None => {
                    caller.waker.replace(Some(context.waker().clone()));
                    Poll::Pending
                }
            })
            .await
        }
    }

    /// Who waits for the work; stays on the event loop's thread.
    struct Caller<T> {
        output: Cell<Option<Result<T, NotDone>>>,
        waker: RefCell<Option<Waker>>,
    }

    /// Work on its way through the pool. It belongs to one thread at a time: the loop's until it is posted, one of the pool while it is worked on,
    /// the loop's again.
    struct Job<T, F, K> {
        /// nginx links it into its queues, whatever refers to the rest.
        task: UnsafeCell<ngx_thread_task_t>,
        work: Option<F>,
        output: Option<Result<T, Box<dyn Any + Send>>>,
        /// Is only looked at and dropped on the event loop's thread.
        on_loop: (K, Weak<Caller<T>>),
    }

    fn post<T, F, K>(pool: ThreadPool, work: F, on_loop: (K, Weak<Caller<T>>)) -> Result<(), NotDone>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        // SAFETY: a plain C structure for which nginx itself starts from zeroed memory.
        let mut task = unsafe { std::mem::zeroed::<ngx_thread_task_t>() };
        task.handler = Some(work_on::<T, F, K>);
        task.event.handler = Some(deliver::<T, F, K>);
        let job = Box::into_raw(Box::new(Job {
            task: UnsafeCell::new(task),
            work: Some(work),
            output: None,
            on_loop,
        }));
        // SAFETY: the job was just made, and nobody else knows it.
        let task = unsafe { (*job).task.get() };
        // SAFETY: as above.
        unsafe { (*task).ctx = job.cast() };
        // SAFETY: as above.
        unsafe { (*task).event.data = job.cast() };
        // SAFETY: the pool belongs to the configuration that this worker serves; the task stays in place until `deliver`.
        let code = unsafe { ngx_thread_task_post(pool.0.as_ptr(), task) };
        if code != crate::nginx::OK {
            // SAFETY: nginx has not taken it.
            drop(unsafe { Box::from_raw(job) });
            return Err(NotDone);
        }
        Ok(())
    }

    /// On a thread of the pool.
    unsafe extern "C" fn work_on<T, F: FnOnce() -> T, K>(job: *mut c_void, _log: *mut ngx_log_t) {
        let job = job.cast::<Job<T, F, K>>();
        // SAFETY: a posted job belongs to the thread that works on it; both ends of nginx's queues order what it does after `post` and before
        // `deliver`. The rest of the job is not referred to.
        let work = unsafe { &mut (*job).work };
        let output = work.take().map(|work| catch_unwind(AssertUnwindSafe(work)));
        // SAFETY: as above.
        unsafe { (*job).output = output };
    }

    /// On the event loop, when the work is done.
    unsafe extern "C" fn deliver<T, F, K>(event: *mut ngx_event_t) {
        // SAFETY: nginx gives the event of a task that it took.
        let job = unsafe { (*event).data }.cast::<Job<T, F, K>>();
        // SAFETY: `post` has set the data, and nginx calls this once for each task.
        let job = unsafe { Box::from_raw(job) };
        guarded((), || {
            let Job { output, on_loop, .. } = *job;
            let (_keep, caller) = on_loop;
            let output = output.ok_or(NotDone).and_then(|output| {
                output.map_err(|payload| {
                    guard::report(payload.as_ref());
                    NotDone
                })
            });
            // Where the request is gone, nobody waits.
            let Some(caller) = caller.upgrade() else { return };
            caller.output.set(Some(output));
            if let Some(waker) = caller.waker.take() {
                waker.wake();
            }
        });
    }
}

#[cfg(not(ngx_feature = "threads"))]
mod pool {
    use super::NotDone;
    use crate::nginx::conf::{Conf, ConfError};

    /// nginx was built without threads: the event loop does the work itself.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct ThreadPool;

    impl ThreadPool {
        /// There is nothing to demand.
        #[expect(clippy::unnecessary_wraps, reason = "with threads it can fail")]
        pub(crate) fn demand(_: &mut Conf<'_>) -> Result<Self, ConfError> {
            Ok(Self)
        }

        /// Does the work.
        pub(crate) async fn run<T, K>(self, work: impl FnOnce() -> T, _keep: K) -> Result<T, NotDone> {
            Ok(work())
        }
    }
}
