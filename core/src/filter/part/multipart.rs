//! Forms that are sent as `multipart/form-data` (RFC 7578): names, file names, and the values of fields that are no files.

use std::ops::Range;

use super::super::decode::Transport;
use super::super::place::Place;
use super::{Found, Part};

/// Header fields of a part that are longer are cut off.
const MAX_HEADER: usize = 4096;

/// How many parts in which there is nothing are read at a time.
const MAX_PARTS: usize = 64;

/// A boundary is at most this long (RFC 2046 section 5.1.1).
const MAX_BOUNDARY: usize = 70;

/// Where in a form an inspection is.
#[derive(Clone, Debug)]
pub(in super::super) struct MultipartCursor {
    /// `--` and the boundary.
    delimiter: Vec<u8>,
    at: usize,
    /// What of the part that was reached last is still to be given.
    pending: Vec<Part>,
}

impl MultipartCursor {
    /// The cursor for a boundary. Without one, as when the media type is wrong, the body is one value.
    pub(in super::super) fn new(boundary: &[u8]) -> Self {
        let mut delimiter = b"--".to_vec();
        delimiter.extend(boundary.iter().take(MAX_BOUNDARY));
        Self {
            delimiter,
            at: 0,
            pending: Vec::new(),
        }
    }

    /// The next name or value of `body`.
    pub(in super::super) fn next_part(&mut self, body: &[u8]) -> Found {
        for _ in 0..MAX_PARTS {
            if let Some(part) = self.pending.pop() {
                return Found::Part(part);
            }
            if self.delimiter.len() <= 2 && self.at == 0 && !body.is_empty() {
                self.at = body.len();
                return Found::Part(part(Place::Body, 0..body.len(), 0..0));
            }
            let Some(start) = self.find_delimiter(body, self.at) else {
                return Found::End;
            };
            self.read_part(body, start + self.delimiter.len());
        }
        Found::More
    }

    fn find_delimiter(&self, body: &[u8], from: usize) -> Option<usize> {
        memchr::memmem::find(body.get(from..)?, &self.delimiter).map(|at| from + at)
    }

    /// Reads the part that begins at `start`.
    fn read_part(&mut self, body: &[u8], start: usize) {
        let end = self.find_delimiter(body, start).unwrap_or(body.len());
        self.at = end;
        let part_bytes = body.get(start..end).unwrap_or_default();
        let head_length = memchr::memmem::find(part_bytes, b"\r\n\r\n")
            .map(|at| (at, 4))
            .or_else(|| memchr::memmem::find(part_bytes, b"\n\n").map(|at| (at, 2)));
        let Some((head_length, blank)) = head_length else {
            return;
        };
        let head = start..start + head_length.min(MAX_HEADER);
        let name = parameter(body, &head, b"name").unwrap_or(0..0);
        let file_name = parameter(body, &head, b"filename").or_else(|| parameter(body, &head, b"filename*"));
        let mut value = start + head_length + blank..end;
        if body
            .get(value.clone())
            .is_some_and(|value| value.ends_with(b"\n"))
        {
            value.end -= 1;
        }
        if body
            .get(value.clone())
            .is_some_and(|value| value.ends_with(b"\r"))
        {
            value.end -= 1;
        }
        // They are given from the last to the first.
        match file_name {
            Some(file_name) => self.pending.push(part(Place::FileName, file_name, name.clone())),
            None => self.pending.push(part(Place::Field, value, name.clone())),
        }
        self.pending.push(part(Place::FieldName, name.clone(), name));
    }
}

/// The value of a parameter of Content-Disposition.
fn parameter(body: &[u8], head: &Range<usize>, name: &[u8]) -> Option<Range<usize>> {
    let bytes = body.get(head.clone())?;
    for equals in memchr::memchr_iter(b'=', bytes) {
        let start = equals.checked_sub(name.len())?;
        let is_name = bytes
            .get(start..equals)
            .is_some_and(|found| found.eq_ignore_ascii_case(name));
        let is_separate = start > 0 && matches!(bytes.get(start - 1), Some(b';' | b' ' | b'\t' | b'\n'));
        if !is_name || !is_separate {
            continue;
        }
        let value = equals + 1;
        return Some(match bytes.get(value) {
            Some(b'"') => {
                let rest = bytes.get(value + 1..)?;
                let length = quoted_length(rest);
                head.start + value + 1..head.start + value + 1 + length
            }
            _ => {
                let rest = bytes.get(value..)?;
                let length = rest
                    .iter()
                    .position(|byte| matches!(byte, b';' | b'\r' | b'\n'))
                    .unwrap_or(rest.len());
                head.start + value..head.start + value + length
            }
        });
    }
    None
}

/// The length of what stands in quotes: browsers write a quote in a name as `%22`, others escape it, and others do neither.
fn quoted_length(rest: &[u8]) -> usize {
    let line = rest
        .iter()
        .position(|byte| matches!(byte, b'\r' | b'\n'))
        .unwrap_or(rest.len());
    let line = rest.get(..line).unwrap_or_default();
    let closing = |at: &usize| {
        let after = line.get(at + 1..).unwrap_or_default().trim_ascii_start();
        let is_escaped = at
            .checked_sub(1)
            .is_some_and(|before| line.get(before) == Some(&b'\\'));
        !is_escaped && (after.is_empty() || after.starts_with(b";"))
    };
    memchr::memchr_iter(b'"', line)
        .find(|at| closing(at))
        .unwrap_or(line.len())
}

fn part(place: Place, range: Range<usize>, name: Range<usize>) -> Part {
    Part {
        place,
        transport: Transport::Plain,
        range,
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(boundary: &str, body: &'a str) -> Vec<(Place, &'a str)> {
        let mut cursor = MultipartCursor::new(boundary.as_bytes());
        let mut parts = Vec::new();
        while let Found::Part(part) = cursor.next_part(body.as_bytes()) {
            parts.push((part.place, &body[part.range]));
        }
        parts
    }

    #[test]
    fn names_values_and_file_names_are_found() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--x\r\n\
                    content-disposition: form-data; name=b; filename=\"../c\"\r\nContent-Type: text/plain\r\n\r\nfile\r\n--x--\r\n";
        assert_eq!(
            parts("x", body),
            [
                (Place::FieldName, "a"),
                (Place::Field, "1\r\n2"),
                (Place::FieldName, "b"),
                (Place::FileName, "../c"),
            ]
        );
    }

    #[test]
    fn quotes_in_a_name_do_not_end_it() {
        let body = "--x\nContent-Disposition: form-data; name=\"a\" or \"1\"=\"1\"\n\nv\n--x--";
        assert_eq!(
            parts("x", body),
            [(Place::FieldName, "a\" or \"1\"=\"1"), (Place::Field, "v")]
        );
    }

    #[test]
    fn what_is_no_form_ends() {
        assert_eq!(parts("x", "no delimiter"), []);
        assert_eq!(parts("x", "--x\r\nno end of the head"), []);
        assert_eq!(parts("", "a body"), [(Place::Body, "a body")]);
        assert_eq!(parts("", ""), []);
    }
}
