use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;
use crate::error::Problem;

const LIMITS: InflateLimits = InflateLimits {
    ratio: 2000,
    max_bytes: 4 << 20,
};

fn inflate(coding: Coding, body: &[u8], limits: InflateLimits) -> Result<Vec<u8>, InflateError> {
    let mut inflater = Inflater::new(coding, body, &limits)?;
    let mut steps = 0;
    while inflater.step(body)? == Progress::Pending {
        steps += 1;
        assert!(steps < 100_000, "it goes on");
    }
    Ok(inflater.into_body())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

/// Text that does not get small.
fn text(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"abcdefghijklmnopqrstuvwxyz {}\":,"[(state >> 27) as usize]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn codings_are_read_from_all_fields() {
    let of = |fields: &[&str]| Coding::of(fields.iter().map(|field| field.as_bytes()));
    for fields in [&[][..], &[""], &["identity"], &["Identity, ,identity"]] {
        assert_eq!(of(fields), Coding::Identity, "{fields:?}");
    }
    for fields in [&["gzip"][..], &["GZIP "], &["x-gzip"], &["identity", "gzip,"]] {
        assert_eq!(of(fields), Coding::Gzip, "{fields:?}");
    }
    assert_eq!(of(&["deflate"]), Coding::Deflate);
    for fields in [
        &["br"][..],
        &["gzip, gzip"],
        &["gzip", "deflate"],
        &["zstd"],
        &["gzip;q=1"],
        &["aes128gcm"],
    ] {
        assert_eq!(of(fields), Coding::Other, "{fields:?}");
    }
}

#[test]
fn bodies_are_inflated_whatever_their_length() {
    for length in [0, 1, 870, 65_535, 65_536, 65_537, 1 << 20] {
        let text = text(length);
        assert_eq!(inflate(Coding::Gzip, &gzip(&text), LIMITS).as_ref(), Ok(&text));
        assert_eq!(inflate(Coding::Deflate, &zlib(&text), LIMITS).as_ref(), Ok(&text));
    }
}

#[test]
fn a_header_of_gzip_may_have_everything() {
    let plain = gzip(b"abc");
    let mut body = plain[..10].to_vec();
    body[3] = 0b1_1110;
    body.extend_from_slice(&[2, 0, b'x', b'y']);
    body.extend_from_slice(b"name\0comment\0\0\0");
    body.extend_from_slice(&plain[10..]);
    assert_eq!(inflate(Coding::Gzip, &body, LIMITS).as_deref(), Ok(&b"abc"[..]));
    for end in 0..body.len() {
        let cut = inflate(Coding::Gzip, &body[..end], LIMITS);
        assert_eq!(cut, Err(InflateError::Corrupt), "{end}");
    }
    body[3] = 0b10_0000;
    assert_eq!(inflate(Coding::Gzip, &body, LIMITS), Err(InflateError::Corrupt));
}

#[test]
fn what_is_not_as_it_says_is_refused() {
    let text = text(1000);
    let (gzipped, zlibbed) = (gzip(&text), zlib(&text));
    let corrupt = |coding, body: &[u8]| assert_eq!(inflate(coding, body, LIMITS), Err(InflateError::Corrupt));
    corrupt(Coding::Gzip, b"");
    corrupt(Coding::Deflate, b"");
    corrupt(Coding::Gzip, &text);
    corrupt(Coding::Deflate, &text);
    corrupt(Coding::Gzip, &zlibbed);
    corrupt(Coding::Deflate, &gzipped);
    // A second member, or anything else behind the first.
    corrupt(Coding::Gzip, &[&gzipped[..], &gzipped].concat());
    corrupt(Coding::Gzip, &[&gzipped[..], b"\n"].concat());
    corrupt(Coding::Deflate, &[&zlibbed[..], b"\n"].concat());
    // zlib's data without its header, as some clients send it.
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
    raw.write_all(&text).expect("memory");
    corrupt(Coding::Deflate, &raw.finish().expect("memory"));
    // No byte can be another one, but for bits of the last one that mean nothing.
    for at in 10..gzipped.len() {
        let mut body = gzipped.clone();
        body[at] ^= 0x10;
        let inflated = inflate(Coding::Gzip, &body, LIMITS);
        assert!(
            inflated.is_err() || at == gzipped.len() - 9 && inflated.as_ref() == Ok(&text),
            "{at}"
        );
    }
    assert_eq!(
        Inflater::new(Coding::Other, b"", &LIMITS).map(|_| ()),
        Err(InflateError::Coding)
    );
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let bomb = gzip(&vec![b'a'; 10 << 20]);
    assert!(bomb.len() < 11_000);
    let limits = InflateLimits::default();
    let mut inflater = Inflater::new(Coding::Gzip, &bomb, &limits).expect("a header");
    let error = loop {
        if let Err(error) = inflater.step(&bomb) {
            break error;
        }
    };
    assert_eq!((error, error.status()), (InflateError::Size, 413));
    assert!(inflater.inflated.len() <= limits.max_bytes);
    // By its ratio long before its size.
    let small = gzip(&vec![b'a'; 100_000]);
    assert_eq!(inflate(Coding::Gzip, &small, limits), Err(InflateError::Size));
    let generous = InflateLimits {
        ratio: 1100,
        ..limits
    };
    assert_eq!(
        inflate(Coding::Gzip, &small, generous).map(|body| body.len()),
        Ok(100_000)
    );
    let exact = InflateLimits {
        max_bytes: 100_000,
        ..generous
    };
    assert!(inflate(Coding::Gzip, &small, exact).is_ok());
    let less = InflateLimits {
        max_bytes: 99_999,
        ..generous
    };
    assert_eq!(inflate(Coding::Gzip, &small, less), Err(InflateError::Size));
}

#[test]
fn blocks_without_content_come_to_an_end() {
    // Stored blocks of no length: input without output.
    let mut body = gzip(b"")[..10].to_vec();
    for _ in 0..10_000 {
        body.extend_from_slice(&[0, 0, 0, 0xff, 0xff]);
    }
    body.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    body.extend_from_slice(&[0; 8]);
    assert_eq!(inflate(Coding::Gzip, &body, LIMITS).as_deref(), Ok(&b""[..]));
}
