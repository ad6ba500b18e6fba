//! A request, as long as a handler looks at it.

use std::net::IpAddr;
use std::ptr::{self, NonNull};

use nginx_sys::{
    ngx_http_core_loc_conf_t, ngx_http_discard_request_body, ngx_http_request_t, ngx_int_t, ngx_list_part_t,
    ngx_table_elt_t,
};

use super::log::{self, Level};
use super::module::{self, Module};
use super::{addr, cleanup};

/// nginx's request. References to it live no longer than the callback that hands them out.
#[repr(transparent)]
pub(crate) struct Request(ngx_http_request_t);

/// A per-request value together with the request that it belongs to: subrequests share their main request's pool.
struct Owned<T> {
    owner: *const ngx_http_request_t,
    value: T,
}

impl Request {
    /// # Safety
    /// `request` must be live, and no other reference to it may be used while this one is.
    pub(super) unsafe fn from_raw<'a>(request: *mut ngx_http_request_t) -> &'a mut Self {
        // SAFETY: the type is transparent; the caller vouches for the rest.
        unsafe { &mut *request.cast::<Self>() }
    }

    pub(super) fn as_raw(&mut self) -> *mut ngx_http_request_t {
        &raw mut self.0
    }

    pub(super) fn raw_ref(&self) -> &ngx_http_request_t {
        &self.0
    }

    pub(super) fn raw(&mut self) -> &mut ngx_http_request_t {
        &mut self.0
    }

    /// The method as the client wrote it.
    pub(crate) fn method(&self) -> &[u8] {
        self.text(self.0.method_name)
    }

    /// The path, decoded and normalized by nginx.
    pub(crate) fn uri(&self) -> &[u8] {
        self.text(self.0.uri)
    }

    /// The path as the client wrote it, without the query string.
    pub(crate) fn unparsed_path(&self) -> &[u8] {
        let target = self.text(self.0.unparsed_uri);
        target.split(|&byte| byte == b'?').next().unwrap_or_default()
    }

    /// The same, unless the path that is served has been changed since (`rewrite`, an internal redirect).
    pub(crate) fn written_path(&self) -> Option<&[u8]> {
        (self.0.valid_unparsed_uri() != 0).then(|| self.unparsed_path())
    }

    /// The client's address as text; `None` on a Unix-domain socket.
    pub(crate) fn remote_addr(&self) -> Option<&[u8]> {
        // SAFETY: a request has a live connection.
        let connection = unsafe { &*self.0.connection };
        // SAFETY: a client's connection has an address.
        let family = unsafe { (*connection.sockaddr).sa_family };
        (u32::from(family) != nginx_sys::AF_UNIX).then(|| self.text(connection.addr_text))
    }

    /// The query string, as the client wrote it.
    pub(crate) fn args(&self) -> &[u8] {
        self.text(self.0.args)
    }

    /// Adds arguments to the query string, for whatever reads it from now on (`$args`, `$arg_name`, an upstream). `None` if nginx is out of
    /// memory. The request line and `$request_uri` stay what the client has sent.
    pub(crate) fn add_args(&mut self, added: &[u8]) -> Option<()> {
        let mut args = self.args().to_vec();
        if args.last().is_some_and(|&last| last != b'&') {
            args.push(b'&');
        }
        args.extend_from_slice(added);
        self.raw().args = self.pool_copy(&args)?;
        Some(())
    }

    /// Has an upstream get the path and the query string as they are now: `proxy_pass` and `grpc_pass` without a path pass on what the client
    /// has written, as long as that is valid (`ngx_http_variable_set_args` does the same for `set $args`).
    pub(crate) fn forget_written_target(&mut self) {
        self.raw().set_valid_unparsed_uri(0);
    }

    /// The status of the response, 0 before there is one.
    pub(crate) fn response_status(&self) -> u16 {
        u16::try_from(self.0.headers_out.status).unwrap_or_default()
    }

    /// The status that nginx answers on its own account (`ngx_http_special_response_handler`), or 0.
    pub(crate) fn error_status(&self) -> u16 {
        u16::try_from(self.0.err_status).unwrap_or_default()
    }

    /// The client's address, which the realip module may have replaced; `None` for a Unix-domain socket.
    pub(crate) fn client_address(&self) -> Option<IpAddr> {
        // SAFETY: a request has a live connection.
        let address = unsafe { (*self.0.connection).sockaddr };
        // SAFETY: a connection has the address of its peer, as long as its family says.
        unsafe { addr::ip(address) }
    }

    /// Whether this is the client's request and not one that nginx made within it.
    pub(crate) fn is_main(&self) -> bool {
        ptr::eq(self.0.main, &raw const self.0)
    }

    /// How many internal redirects nginx still allows: it changes with each of them.
    pub(crate) fn redirects_left(&self) -> usize {
        self.0.uri_changes() as usize
    }

    /// Whether nginx answers an error with what stands at another URI: a request of its own making. (A named location goes on with the
    /// client's.)
    pub(crate) fn is_error_page(&self) -> bool {
        self.error_status() != 0 && self.core_location().named() == 0
    }

    /// Whether an upstream answers this request.
    pub(crate) fn has_upstream(&self) -> bool {
        !self.0.upstream.is_null()
    }

    /// Whether only the header of a response is sent (HEAD).
    pub(crate) fn is_header_only(&self) -> bool {
        self.0.header_only() != 0
    }

    /// All header fields of the request, as they came.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.fields()
            .map(|header| (self.text(header.key), self.text(header.value)))
    }

    /// The same as nginx has them.
    pub(super) fn fields(&self) -> impl Iterator<Item = ngx_table_elt_t> + Clone {
        Headers {
            part: &raw const self.0.headers_in.headers.part,
            position: 0,
        }
    }

    /// The values of all header fields of a name, in whatever case it came.
    pub(crate) fn header_values<'r>(&'r self, name: &'r [u8]) -> impl Iterator<Item = &'r [u8]> + Clone {
        self.headers()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of a header field by its name; the first one where it came several times.
    pub(crate) fn header<'r>(&'r self, name: &'r [u8]) -> Option<&'r [u8]> {
        self.header_values(name).next()
    }

    /// `Content-Type`
    pub(crate) fn content_type(&self) -> Option<&[u8]> {
        self.known_header(self.0.headers_in.content_type)
    }

    fn known_header(&self, header: *const ngx_table_elt_t) -> Option<&[u8]> {
        // SAFETY: nginx keeps pointers to well-known fields, or null.
        unsafe { header.as_ref() }.map(|header| self.text(header.value))
    }

    /// Whether the response has a header field, by its lower-case name.
    pub(crate) fn has_response_header(&self, name: &[u8]) -> bool {
        Headers {
            part: &raw const self.0.headers_out.headers.part,
            position: 0,
        }
        .any(|header| header.hash != 0 && self.text(header.key).eq_ignore_ascii_case(name))
    }

    /// Has nginx read and drop the body. `Err` is a status to answer with.
    pub(crate) fn discard_body(&mut self) -> Result<(), ngx_int_t> {
        // SAFETY: the request is live.
        match unsafe { ngx_http_discard_request_body(self.as_raw()) } {
            super::OK => Ok(()),
            code => Err(code),
        }
    }

    /// The location's settings of nginx's core module.
    pub(super) fn core_location(&self) -> &ngx_http_core_loc_conf_t {
        // SAFETY: nginx gives every request an array with a slot for each module.
        let core = unsafe { module::value::<ngx_http_core_loc_conf_t>(self.0.loc_conf, module::core_slot()) };
        // SAFETY: nginx's core module keeps this type in its slot, as long as the cycle, which a request keeps alive.
        unsafe { &*core }
    }

    /// The module's configuration of the location.
    pub(crate) fn location_conf<M: Module>(&self) -> &M::LocationConf {
        // SAFETY: nginx gives every request an array with a slot for each module.
        let conf = unsafe { module::value::<M::LocationConf>(self.0.loc_conf, module::slot()) };
        // SAFETY: the slot was filled by `create` with this type (see `Module`) and lives as long as the cycle, which a
        // request keeps alive.
        unsafe { &*conf }
    }

    /// Looks at the client's request, of which this one may be a part.
    pub(crate) fn with_main<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let main = self.0.main;
        // SAFETY: a request has a live main request; if it is this one, `self` is not used meanwhile.
        look(unsafe { Self::from_raw(main) })
    }

    /// The module's configuration of the `http` block.
    pub(crate) fn main_conf<M: Module>(&self) -> &M::MainConf {
        // SAFETY: nginx gives every request an array with a slot for each module.
        let conf = unsafe { module::value::<M::MainConf>(self.0.main_conf, module::slot()) };
        // SAFETY: as for a location's.
        unsafe { &*conf }
    }

    /// The module's value of this request, if it has one.
    pub(crate) fn context<M: Module>(&mut self) -> Option<&mut M::Context> {
        let owned = self.find_context::<M>()?;
        // SAFETY: the value lives as long as the request's pool, and `self` is borrowed while it is used.
        Some(unsafe { &mut (*owned.as_ptr()).value })
    }

    /// The module's value of this request, made now if need be. `None` if nginx is out of memory.
    pub(crate) fn context_or_default<M: Module>(&mut self) -> Option<&mut M::Context> {
        let owned = match self.find_context::<M>() {
            Some(owned) => owned,
            None => {
                // Made where it stays: it is large.
                let owned = Box::new(Owned {
                    owner: &raw const self.0,
                    value: M::Context::default(),
                });
                // SAFETY: the request's pool is live, and the value is used no longer than the request.
                let owned = unsafe { cleanup::attach_box(self.0.pool, owned) }?;
                self.set_slot(owned.as_ptr().cast());
                owned
            }
        };
        // SAFETY: as in `context`.
        Some(unsafe { &mut (*owned.as_ptr()).value })
    }

    /// nginx clears the slots on an internal redirect; the value is then found again through the pool.
    fn find_context<M: Module>(&mut self) -> Option<NonNull<Owned<M::Context>>> {
        // SAFETY: nginx gives every request an array with a slot for each module.
        let value = unsafe { module::value(self.0.ctx, module::slot()) };
        if let Some(owned) = NonNull::new(value) {
            return Some(owned);
        }
        // Only an internal redirect clears a slot that was filled.
        if self.0.internal() == 0 {
            return None;
        }
        let owner = &raw const self.0;
        // SAFETY: the pool is live; contexts are borrowed through `self`, so that none is borrowed now.
        let owned = unsafe { cleanup::find::<Owned<M::Context>>(self.0.pool, |owned| owned.owner == owner) }?;
        self.set_slot(owned.as_ptr().cast());
        Some(owned)
    }

    fn set_slot(&mut self, value: *mut std::ffi::c_void) {
        // SAFETY: nginx gives every request an array with a slot for each module.
        let slot = unsafe { self.0.ctx.add(module::slot()) };
        // SAFETY: as above; the slot is ours.
        unsafe { slot.write(value) };
    }

    /// Writes a line to the error log with nginx's context (client, server, request).
    pub(crate) fn log(&self, level: Level, message: std::fmt::Arguments<'_>) {
        // SAFETY: a request has a live connection.
        let log = unsafe { (*self.0.connection).log };
        if let Some(log) = NonNull::new(log) {
            log::write(log, level, message);
        }
    }

    /// Bytes that nginx keeps as long as the request.
    pub(super) fn text(&self, text: nginx_sys::ngx_str_t) -> &[u8] {
        // SAFETY: strings of a request lie in its pool or its connection's buffers, which live as long as it does.
        unsafe { super::bytes(text) }
    }
}

/// Walks nginx's list of header fields.
#[derive(Clone)]
struct Headers {
    part: *const ngx_list_part_t,
    position: usize,
}

impl Iterator for Headers {
    type Item = ngx_table_elt_t;

    fn next(&mut self) -> Option<ngx_table_elt_t> {
        loop {
            // SAFETY: the list ends with null and holds live parts.
            let part = unsafe { self.part.as_ref() }?;
            if self.position < part.nelts {
                // SAFETY: the part has `nelts` elements of this type.
                let header = unsafe { part.elts.cast::<ngx_table_elt_t>().add(self.position) };
                // SAFETY: as above.
                let header = unsafe { header.read() };
                self.position += 1;
                return Some(header);
            }
            self.part = part.next;
            self.position = 0;
        }
    }
}
