//! What the integration tests stand on: a real nginx, a real PostgreSQL, a proxy between them that can count and fail, and a
//! small HTTP client. Nothing here waits for a fixed time: it polls with a deadline.

pub(crate) mod browser;
pub(crate) mod certificates;
pub(crate) mod http;
pub(crate) mod nginx;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod shm;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take that is not expected to take time: starting, stopping, noticing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Asks until the answer is there; panics with `what` when it does not come in time.
#[track_caller]
pub(crate) fn poll<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "waited for {PATIENCE:?} in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// As [`poll`], for a condition.
#[track_caller]
pub(crate) fn poll_until(what: &str, mut holds: impl FnMut() -> bool) {
    poll(what, || holds().then_some(()));
}

/// A folder that goes with the value. Everyone may pass through it: PostgreSQL does not run as root.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new(purpose: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("postern-{purpose}-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        process::set_mode(&path, 0o755);
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if std::env::var_os("POSTERN_TEST_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
