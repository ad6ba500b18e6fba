//! How long a slice of a compressed body takes: of text, and of bodies that are made to take long.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool of developers that prints what it measures"
)]

use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use postern_core::inflate::{Coding, InflateLimits, Inflater, Progress};

/// A gzip header without anything in it.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

fn main() {
    let text: Vec<u8> = (0..200_000_u32)
        .flat_map(|number| format!("{{\"id\":{},", number.wrapping_mul(2_654_435_761)).into_bytes())
        .collect();
    show("JSON of 3 MB", &gzip(&text));
    show("one byte, 8 MB", &gzip(&vec![b'a'; 8 << 20]));
    let stored = [0, 0, 0, 0xff, 0xff].repeat(200_000);
    show("empty stored blocks, 1 MB", &[&HEADER[..], &stored].concat());
    show(
        "empty dynamic blocks, 1 MB",
        &[&HEADER[..], &dynamic_blocks(90_000)].concat(),
    );
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut encoder, text).expect("memory");
    encoder.finish().expect("memory")
}

/// Blocks that each bring a new code and nothing that is written in it (RFC 1951 section 3.2.7).
fn dynamic_blocks(count: usize) -> Vec<u8> {
    let mut bits = Vec::new();
    let mut put = |value: u32, length: u32| bits.extend((0..length).map(|bit| value >> bit & 1 != 0));
    for _ in 0..count {
        put(0b100, 3);
        put(0, 5);
        put(0, 5);
        put(14, 4);
        // Codes of one bit for "1" and for "138 times 0".
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            put(u32::from(symbol == 1 || symbol == 18), 3);
        }
        put(1, 1);
        put(138 - 11, 7);
        put(1, 1);
        put(118 - 11, 7);
        put(0, 1);
        put(0, 1);
        // The end of the block.
        put(0, 1);
    }
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    bits.chunks(8).map(byte).collect()
}

fn show(name: &str, body: &[u8]) {
    let limits = InflateLimits {
        ratio: 2000,
        max_bytes: 64 << 20,
    };
    let mut inflater = Inflater::new(Coding::Gzip, body, &limits).expect("a header");
    let (mut longest, mut total, mut steps) = (Duration::ZERO, Duration::ZERO, 0_u32);
    loop {
        let start = Instant::now();
        let progress = inflater.step(body);
        let took = start.elapsed();
        longest = longest.max(took);
        total += took;
        steps += 1;
        if progress != Ok(Progress::Pending) {
            println!(
                "{name}: {steps} slices, {:?} each, {longest:?} at most, {total:?} in all, {progress:?}",
                total / steps
            );
            return;
        }
    }
}
