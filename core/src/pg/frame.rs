//! The framing of backend messages, and the few primitive types inside them. Nothing is copied here.

use super::ProtocolError;

/// Where a complete message lies in the input buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The type of the message.
    pub(super) tag: u8,
    /// The first byte after the length.
    start: usize,
    /// The first byte of the next message.
    pub(super) end: usize,
}

impl Frame {
    /// Looks for a complete message at `offset`; `None` asks for more bytes. A message may have `limit` bytes at most, so
    /// that a server cannot make the buffer grow without bound.
    pub(super) fn find(input: &[u8], offset: usize, limit: usize) -> Result<Option<Self>, ProtocolError> {
        let Some((&[tag, a, b, c, d], _)) = input.get(offset..).and_then(|rest| rest.split_first_chunk())
        else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length < LENGTH_BYTES {
            return Err(ProtocolError::Malformed { tag });
        }
        if length > limit {
            return Err(ProtocolError::TooLong { tag, length, limit });
        }
        let (start, end) = (offset + 1 + LENGTH_BYTES, offset + 1 + length);
        Ok((end <= input.len()).then_some(Self { tag, start, end }))
    }

    /// The message without its type and length.
    pub(super) fn body(self, input: &[u8]) -> &[u8] {
        // The range was found in this very buffer, which nothing changes before the event has been looked at.
        input.get(self.start..self.end).unwrap_or_default()
    }
}

/// The length counts itself.
const LENGTH_BYTES: usize = 4;

/// Reads the body of a message from its front. Every method answers `None` where the body is too short.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a>(pub(super) &'a [u8]);

impl<'a> Body<'a> {
    pub(super) fn u8(&mut self) -> Option<u8> {
        let (&value, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(value)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (value, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*value)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// A string up to its terminating zero, which is left out.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(0, self.0)?;
        let (value, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..)?;
        Some(value)
    }

    /// A string that has to be UTF-8, as everything after the start is: `client_encoding` is always UTF8.
    pub(super) fn utf8(&mut self) -> Option<&'a str> {
        self.string().and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Whether everything has been read.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Frame};
    use crate::pg::ProtocolError;

    #[test]
    fn a_message_is_found_only_when_it_is_complete() {
        let input = [0xaa, b'C', 0, 0, 0, 6, b'x', 0, b'Z'];
        for end in 1..8 {
            assert_eq!(Frame::find(&input[..end], 1, 100), Ok(None));
        }
        let frame = Frame::find(&input, 1, 100).expect("valid").expect("complete");
        assert_eq!((frame.tag, frame.body(&input), frame.end), (b'C', &b"x\0"[..], 8));
    }

    #[test]
    fn lengths_that_cannot_be_are_refused_at_once() {
        assert_eq!(
            Frame::find(&[b'C', 0, 0, 0, 3], 0, 100),
            Err(ProtocolError::Malformed { tag: b'C' })
        );
        let long = Frame::find(&[b'D', 0xff, 0xff, 0xff, 0xff], 0, 100);
        assert!(matches!(
            long,
            Err(ProtocolError::TooLong {
                tag: b'D',
                limit: 100,
                ..
            })
        ));
    }

    #[test]
    fn a_body_that_ends_early_gives_nothing() {
        let mut body = Body(b"ab\0\0\0\0\x07\xff");
        assert_eq!(body.utf8(), Some("ab"));
        assert_eq!(body.i32(), Some(7));
        assert_eq!(body.string(), None);
        assert_eq!(body.u8(), Some(0xff));
        assert!(body.u8().is_none() && body.i32().is_none() && body.is_empty());
    }
}
