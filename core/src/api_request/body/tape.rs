//! A body that is an array of objects, read by `simd-json`: several times faster than [`array`](super::array), but without
//! positions, and strict where JSON is not (a number must fit a machine's). Whatever it does not like, `array` decides.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use simd_json::{Buffers, INPUT_PADDING, Node, Tape};

use super::super::limits;
use super::key::RowKeys;

/// The keys of an array's objects, and how many objects it has; `None` if that has to be found out exactly.
pub(super) fn keys_and_rows(body: &[u8]) -> Option<(Vec<Cow<'static, str>>, usize)> {
    // An escaped NUL is valid JSON but no text of PostgreSQL's; the exact parser knows whether this is one.
    if !SERVED_BYTES.contains(&body.len()) || memchr::memmem::find(body, b"\\u0000").is_some() {
        return None;
    }
    let mut input = Vec::with_capacity(body.len() + INPUT_PADDING);
    input.extend_from_slice(body);
    input.resize(body.len() + INPUT_PADDING, b' ');
    let mut buffers = Buffers::with_max_depth(0, limits::JSON_DEPTH.max);
    let mut tape = Tape::null();
    simd_json::fill_tape_padded(&mut input, body.len(), &mut buffers, &mut tape).ok()?;
    rows(&tape.0)
}

fn rows(nodes: &[Node<'_>]) -> Option<(Vec<Cow<'static, str>>, usize)> {
    let mut nodes = nodes.iter();
    let Node::Array { .. } = nodes.next()? else {
        return None;
    };
    let mut keys = RowKeys::default();
    while let Some(row) = nodes.next() {
        let Node::Object { len, .. } = *row else {
            return None;
        };
        keys.begin_row().ok()?;
        for _ in 0..len {
            let Node::String(key) = *nodes.next()? else {
                return None;
            };
            keys.key(key, || Cow::Owned(key.to_owned())).ok()?;
            if let Node::Object { count, .. } | Node::Array { count, .. } = *nodes.next()? {
                skip(&mut nodes, count);
            }
        }
        keys.end_row().ok()?;
    }
    Some(keys.finish())
}

fn skip(nodes: &mut std::slice::Iter<'_, Node<'_>>, count: usize) {
    *nodes = nodes.as_slice().get(count..).unwrap_or_default().iter();
}

/// A shorter body is read as fast without a copy. A longer one takes longer: the copy and the tape, which has 32 bytes for a
/// value that may have two, leave what the allocator keeps, and every page of them costs a fault.
const SERVED_BYTES: RangeInclusive<usize> = 1024..=256 * 1024;
