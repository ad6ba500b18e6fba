//! Compressed bodies: any bytes come to an end, within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::inflate::{Coding, InflateLimits, Inflater, Progress};

fuzz_target!(|data: &[u8]| {
    let limits = InflateLimits {
        ratio: 100,
        max_bytes: 1 << 18,
    };
    for coding in [Coding::Gzip, Coding::Deflate] {
        let Ok(mut inflater) = Inflater::new(coding, data, &limits) else {
            continue;
        };
        let mut steps = 0;
        while inflater.step(data) == Ok(Progress::Pending) {
            steps += 1;
            assert!(steps <= 16 + data.len(), "it goes on");
        }
        assert!(inflater.into_body().len() <= limits.max_bytes);
    }
    let _ = Coding::of(std::iter::once(data));
});
