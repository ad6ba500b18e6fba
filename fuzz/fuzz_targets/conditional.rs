//! Fields of conditional requests and of requests to caches: any bytes are read, a tag matches itself and no list that lacks it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::cache::{Purge, Record, RequestControl};
use postern_core::conditional::{Current, EntityTag, Preconditions, Verdict};

fuzz_target!(|data: &[u8]| {
    let etag = EntityTag::of(data);
    let current = Current {
        etag: Some(etag.as_bytes()),
        last_modified_s: Some(1_793_534_400),
    };
    for name in ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"] {
        let fields = [(name.as_bytes(), data)];
        let preconditions = Preconditions::of(fields.into_iter());
        for is_read in [true, false] {
            preconditions.judge(is_read, Some(&current));
            preconditions.judge(is_read, None);
        }
        if let Some(weak) = preconditions.weak_form(&current) {
            assert_eq!(weak, [b"W/", etag.as_bytes()].concat());
        }
    }
    // A list that ends well still has the tag when it is added.
    let list = [etag.as_bytes(), b", ", data].concat();
    let preconditions = Preconditions::of([(&b"If-Match"[..], list.as_slice())].into_iter());
    assert_eq!(preconditions.judge(false, Some(&current)), Verdict::Proceed);
    let _ = RequestControl::parse(std::iter::once(data), std::iter::once(data));
    let _ = Purge::parse(data);
    if let Some(record) = Record::read(bytes::Bytes::copy_from_slice(data)) {
        let mut again = Vec::new();
        record.write(&mut again);
        assert_eq!(again, data);
    }
});
