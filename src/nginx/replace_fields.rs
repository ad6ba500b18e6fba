//! Other header fields in the place of the client's, for all that looks at them from then on: variables, PostgreSQL, upstreams.

use std::ptr::{self, NonNull};

use nginx_sys::{ngx_palloc, ngx_table_elt_t};

use super::request::Request;

impl Request {
    /// Leaves all fields of a name out of the header; one that nginx does not know itself. `None` if nginx is out of memory.
    pub(crate) fn leave_out_field(&mut self, name: &[u8]) -> Option<()> {
        let fields = self.fields_without(name);
        self.set_fields(&fields).map(|_| ())
    }

    /// The fields but for those of a name, in whatever case it came.
    pub(super) fn fields_without(&self, name: &[u8]) -> Vec<ngx_table_elt_t> {
        let fields = self.fields();
        fields
            .filter(|field| !self.text(field.key).eq_ignore_ascii_case(name))
            .collect()
    }

    /// Makes the header of these fields. nginx keeps pointers to fields that it knows, so that none may be moved: they are copied to a new place,
    /// which is the answer, and the old one lives as long as the request.
    pub(super) fn set_fields(&mut self, fields: &[ngx_table_elt_t]) -> Option<NonNull<ngx_table_elt_t>> {
        let bytes = fields.len().max(1) * size_of::<ngx_table_elt_t>();
        // SAFETY: the request's pool is live.
        let place = NonNull::new(unsafe { ngx_palloc(self.raw().pool, bytes) }.cast::<ngx_table_elt_t>())?;
        // SAFETY: the pool gave room for all of them, aligned for any type, elsewhere.
        unsafe { ptr::copy_nonoverlapping(fields.as_ptr(), place.as_ptr(), fields.len()) };
        let list = &mut self.raw().headers_in.headers;
        list.part.elts = place.as_ptr().cast();
        list.part.nelts = fields.len();
        list.part.next = ptr::null_mut();
        list.nalloc = fields.len().max(1);
        list.last = &raw mut list.part;
        Some(place)
    }
}
