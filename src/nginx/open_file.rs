//! Files that nginx opens for its processes: logs, which it opens anew on USR1.

use std::fs::File;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::ptr::NonNull;

use nginx_sys::{ngx_conf_open_file, ngx_open_file_t};

use super::conf::{Conf, ConfError};

/// A file that lines are appended to, as long as its cycle.
#[derive(Clone, Copy)]
pub(crate) struct LogFile(NonNull<ngx_open_file_t>);

impl LogFile {
    /// Has nginx open the file with those of its own logs. Relative names start at the prefix, as theirs do.
    pub(crate) fn open(cf: &mut Conf<'_>, path: &str) -> Result<Self, ConfError> {
        let failed = || ConfError::Message(format!("cannot open \"{path}\""));
        let mut name = cf.pool_string(&format!("{path}\0")).ok_or_else(failed)?;
        name.len -= 1;
        let cycle = cf.cycle();
        // SAFETY: the cycle that is being made is live, and the name lives in its pool.
        let file = unsafe { ngx_conf_open_file(cycle, &raw mut name) };
        NonNull::new(file).map(Self).ok_or_else(failed)
    }

    /// Appends a line, in one write, so that lines of several workers do not mix.
    pub(crate) fn append(&self, line: &[u8]) -> std::io::Result<()> {
        // SAFETY: the file lives as long as the cycle, whose requests alone use it.
        let descriptor = unsafe { self.0.as_ref() }.fd;
        // SAFETY: the descriptor is nginx's and stays open: `ManuallyDrop` keeps it from being closed here.
        let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) });
        file.write_all(line)
    }
}
