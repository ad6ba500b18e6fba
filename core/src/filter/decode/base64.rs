//! Values that are base64 of a text: applications take such arguments apart, and attacks travel in them.

use ::base64::Engine as _;
use ::base64::alphabet;
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// Shorter values are words and numbers more often than they are base64.
const MIN_LENGTH: usize = 12;

/// The bytes of the first group tell most other values apart before anything is decoded.
const PROBE: usize = 8;

/// Decodes a value that is base64 from end to end and gives a text; says whether it did.
pub(in super::super) fn decode_base64(text: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let Some(probe) = text.get(..PROBE).filter(|_| text.len() >= MIN_LENGTH) else {
        return false;
    };
    let engine = if memchr::memchr2(b'-', b'_', text).is_some() {
        URL_SAFE
    } else {
        STANDARD
    };
    let mut head = [0; PROBE];
    let is_text = engine.decode_slice(probe, &mut head).is_ok_and(|length| {
        head.get(..length)
            .is_some_and(|head| head.iter().all(is_text_byte) || is_utf16(head))
    });
    if !is_text || engine.decode_vec(text, out).is_err() {
        out.clear();
        return false;
    }
    if is_utf16(out) {
        out.retain(|&byte| byte != 0);
    }
    if !out.iter().all(is_text_byte) {
        out.clear();
        return false;
    }
    true
}

/// Whether every other byte is 0, as in UTF-16, of which Windows makes base64.
fn is_utf16(bytes: &[u8]) -> bool {
    let is_zero = |start: usize| bytes.iter().skip(start).step_by(2).all(|&byte| byte == 0);
    let is_text = |start: usize| bytes.iter().skip(start).step_by(2).all(is_text_byte);
    bytes.len() >= 4 && (is_zero(1) && is_text(0) || is_zero(0) && is_text(1))
}

fn is_text_byte(byte: &u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..0x7f)
}
