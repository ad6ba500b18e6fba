//! Addresses of servers, resolved when the configuration is read, as nginx does for its own upstreams.

use std::ffi::CStr;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::ptr;

use nginx_sys::{ngx_parse_url, ngx_url_t, sockaddr, sockaddr_in, sockaddr_in6, socklen_t};

use super::conf::Conf;

/// A socket address that nginx can connect to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// A `sockaddr` of any family, in 8-byte words for its alignment.
    words: Box<[u64]>,
    length: u32,
    /// How log lines name it.
    name: Box<str>,
    local: bool,
}

impl Address {
    /// The addresses of `host`, resolved now. Errors are nginx's own words ("host not found").
    pub(crate) fn resolve(conf: &mut Conf<'_>, host: &str, port: u16) -> Result<Vec<Self>, String> {
        let bracketed = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        Self::parse(conf, &bracketed, port)
    }

    /// The address of a Unix-domain socket.
    pub(crate) fn unix(conf: &mut Conf<'_>, path: &Path) -> Result<Vec<Self>, String> {
        Self::parse(conf, &format!("unix:{}", path.display()), 0)
    }

    fn parse(conf: &mut Conf<'_>, url: &str, port: u16) -> Result<Vec<Self>, String> {
        // SAFETY: a plain C structure that nginx expects zeroed.
        let mut parsed: ngx_url_t = unsafe { std::mem::zeroed() };
        // nginx keeps pointers into the text, and one byte beyond it may be read as a terminator.
        parsed.url = conf.pool_string(&format!("{url}\0")).ok_or("not enough memory")?;
        parsed.url.len -= 1;
        parsed.default_port = port;
        // SAFETY: the pool is the configuration's and the structure is complete.
        let rc = unsafe { ngx_parse_url(conf.pool(), &raw mut parsed) };
        if rc != super::OK {
            let reason = if parsed.err.is_null() {
                c"invalid address".as_ptr()
            } else {
                parsed.err
            };
            // SAFETY: nginx sets `err` to a static string or leaves it null.
            let reason = unsafe { CStr::from_ptr(reason) }.to_string_lossy();
            return Err(format!("{reason} in \"{url}\""));
        }
        // SAFETY: nginx answers OK with `naddrs` addresses in the pool.
        let addresses = unsafe { slice(parsed.addrs, parsed.naddrs) };
        // SAFETY: each has a `sockaddr` of `socklen` bytes and a name.
        Ok(addresses
            .iter()
            .map(|address| unsafe { Self::copy(address) })
            .collect())
    }

    /// # Safety
    /// `address` must come from `ngx_parse_url`.
    unsafe fn copy(address: &nginx_sys::ngx_addr_t) -> Self {
        let length = address.socklen as usize;
        let mut words = vec![0_u64; length.div_ceil(8)].into_boxed_slice();
        // SAFETY: the caller vouches for `socklen` readable bytes; the words have room for them.
        unsafe {
            ptr::copy_nonoverlapping(
                address.sockaddr.cast::<u8>(),
                words.as_mut_ptr().cast::<u8>(),
                length,
            )
        };
        // SAFETY: every `sockaddr` begins with its family.
        let family = unsafe { (*address.sockaddr).sa_family };
        // SAFETY: the name is a string in the same pool.
        let name = String::from_utf8_lossy(unsafe { super::bytes(address.name) }).into();
        Self {
            words,
            length: address.socklen,
            name,
            local: i32::from(family) == nginx_sys::AF_UNIX as i32,
        }
    }

    /// Whether it is a Unix-domain socket.
    pub(crate) fn is_local(&self) -> bool {
        self.local
    }

    /// Whether what is sent to it stays on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.local || self.name.starts_with("127.") || self.name.starts_with("[::1]")
    }

    /// nginx only reads it.
    pub(super) fn as_sockaddr(&self) -> (*mut sockaddr, socklen_t) {
        (self.words.as_ptr().cast_mut().cast(), self.length)
    }

    /// How log lines name it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The address of a socket; `None` if it is of another family than IP.
///
/// # Safety
/// `address` must be null or point at a socket address that is as long as its family says.
pub(super) unsafe fn ip(address: *const sockaddr) -> Option<IpAddr> {
    // SAFETY: the caller vouches for it; every `sockaddr` begins with its family.
    let family = u32::from(unsafe { address.as_ref() }?.sa_family);
    match family {
        nginx_sys::AF_INET => {
            // SAFETY: that is what the family says.
            let address = unsafe { address.cast::<sockaddr_in>().read_unaligned() };
            // In the order of the network, which is that of the octets.
            Some(IpAddr::from(address.sin_addr.s_addr.to_ne_bytes()))
        }
        nginx_sys::AF_INET6 => {
            // SAFETY: that is what the family says.
            let address = unsafe { address.cast::<sockaddr_in6>().read_unaligned() };
            // SAFETY: every view of the union is plain octets.
            Some(IpAddr::from(unsafe { address.sin6_addr.__in6_u.__u6_addr8 }))
        }
        _ => None,
    }
}

/// # Safety
/// `first` must point at `count` values, or `count` be zero.
unsafe fn slice<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if count == 0 || first.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for it.
    unsafe { std::slice::from_raw_parts(first, count) }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}
