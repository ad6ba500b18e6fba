//! The segments of a path, and then the path as a whole.

use super::super::decode::Transport;
use super::super::place::Place;
use super::{Found, Part};

/// Where in a path an inspection is.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct PathCursor {
    at: usize,
    whole: bool,
}

impl PathCursor {
    /// The next segment of `path`, which is still percent-encoded.
    pub(in super::super) fn next_part(&mut self, path: &[u8]) -> Found {
        while let Some(rest) = path.get(self.at..).filter(|rest| !rest.is_empty()) {
            let start = self.at;
            let length = memchr::memchr(b'/', rest).unwrap_or(rest.len());
            self.at = start + length + 1;
            if length > 0 {
                return Found::Part(part(Place::PathSegment, start, start + length));
            }
        }
        if self.whole {
            return Found::End;
        }
        self.whole = true;
        Found::Part(part(Place::Path, 0, path.len()))
    }
}

fn part(place: Place, start: usize, end: usize) -> Part {
    Part {
        place,
        transport: Transport::Percent,
        range: start..end,
        name: 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_come_before_the_whole() {
        let path = b"/api//items/%31";
        let mut cursor = PathCursor::default();
        let mut parts = Vec::new();
        while let Found::Part(part) = cursor.next_part(path) {
            parts.push((part.place, &path[part.range]));
        }
        let expected: &[(Place, &[u8])] = &[
            (Place::PathSegment, b"api"),
            (Place::PathSegment, b"items"),
            (Place::PathSegment, b"%31"),
            (Place::Path, path),
        ];
        assert_eq!(parts, expected);
        assert_eq!(cursor.next_part(path), Found::End);
    }
}
