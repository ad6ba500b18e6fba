//! nginx's own client of syslog, as `access_log` and `error_log` use it: datagrams, from a socket that never blocks.

use std::io;
use std::ptr::NonNull;

use nginx_sys::{
    ngx_pcalloc, ngx_syslog_add_header, ngx_syslog_peer_t, ngx_syslog_process_conf, ngx_syslog_send,
};

use super::conf::{Conf, ConfError};

/// A server that takes messages, as long as its cycle.
#[derive(Clone, Copy)]
pub(crate) struct Syslog(NonNull<ngx_syslog_peer_t>);

/// What a parameter that names one begins with.
pub(crate) const PREFIX: &str = "syslog:";

/// Room for what precedes a message: priority, time, the name of the host (at most 255 bytes), the tag (at most 32).
const HEADER_BYTES: usize = 512;

impl Syslog {
    /// Reads the first parameter of the directive, which begins with [`PREFIX`].
    pub(crate) fn from_parameter(cf: &mut Conf<'_>) -> Result<Self, ConfError> {
        // nginx's function takes this for granted.
        let is_there = cf
            .arguments()?
            .get(1)
            .is_some_and(|word| word.starts_with(PREFIX));
        if !is_there {
            return Err(ConfError::Directive(c"has no parameter for syslog"));
        }
        // SAFETY: the configuration's pool lives as long as the cycle.
        let peer = unsafe { ngx_pcalloc(cf.pool(), size_of::<ngx_syslog_peer_t>()) };
        let peer = NonNull::new(peer.cast::<ngx_syslog_peer_t>())
            .ok_or_else(|| ConfError::Message("not enough memory".into()))?;
        // SAFETY: the directive has such a parameter, and the peer, all zero as nginx wants it, lives as long as the cycle. What is wrong is
        // logged by nginx.
        let failed = unsafe { ngx_syslog_process_conf(cf.as_raw(), peer.as_ptr()) };
        if failed.is_null() {
            Ok(Self(peer))
        } else {
            Err(ConfError::Logged)
        }
    }

    /// Sends a message of one line. What the socket has no room for is lost: nothing waits for it.
    pub(crate) fn send(&self, text: &[u8]) -> io::Result<()> {
        let peer = self.0.as_ptr();
        let mut message = vec![0_u8; HEADER_BYTES + text.len()];
        let start = message.as_mut_ptr();
        // SAFETY: the peer lives as long as the cycle, whose requests alone use it; what nginx writes is no longer than HEADER_BYTES.
        let end = unsafe { ngx_syslog_add_header(peer, start) };
        let header = (end as usize).saturating_sub(start as usize).min(HEADER_BYTES);
        message.truncate(header);
        message.extend_from_slice(text);
        // SAFETY: as above; nginx only reads the message.
        let sent = unsafe { ngx_syslog_send(peer, message.as_mut_ptr(), message.len()) };
        if usize::try_from(sent) == Ok(message.len()) {
            return Ok(());
        }
        Err(io::Error::other("it was not sent to syslog"))
    }
}
