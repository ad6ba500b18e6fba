//! Where in a body something is.

use super::super::BodyError;

/// A place in a body, as `serde_json` counts: lines from 1, columns in bytes from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Position {
    /// The place of the byte at `offset`.
    pub(super) fn of(body: &str, offset: usize) -> Self {
        let before = body.as_bytes().get(..offset).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = offset - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
        Self { line, column }
    }
}

/// How far into `body` its piece `part` begins.
pub(super) fn offset_of(body: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(body.as_ptr() as usize)
}

/// What `serde_json` has against a body.
pub(super) fn malformed(error: &serde_json::Error) -> BodyError {
    BodyError::Malformed {
        reason: error.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one() {
        let body = "ab\ncd\n";
        for (offset, line, column) in [(0, 1, 1), (2, 1, 3), (3, 2, 1), (4, 2, 2), (6, 3, 1)] {
            assert_eq!(Position::of(body, offset), Position { line, column }, "{offset}");
        }
        assert_eq!(offset_of(body, &body[3..]), 3);
    }
}
