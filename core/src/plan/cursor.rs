//! Where a page ended, as an opaque text for the client to hand back.
//!
//! A cursor holds the values of the order's columns in the last row, and a fingerprint of the relation and the order, so that
//! a cursor of one list is not mistaken for a position in another. It is not secret and needs no signature: its values become
//! parameters like those of a filter, and what a client may see is not decided by where it starts to read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::PlanError;
use crate::api_request::{FieldPath, PathOperand};
use crate::query::Params;
use crate::schema_cache::QualifiedName;

/// The longest cursor, in characters. It has to fit into a request line.
pub const MAX_LENGTH: usize = 4096;

/// What tells lists apart: FNV-1a over the names of the relation and of the order's terms. It is the same in every worker, on
/// every node and after every upgrade, which the hashers of the standard library do not promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn of_relation(name: &QualifiedName) -> Self {
        Self(0xcbf2_9ce4_8422_2325).text(&name.schema).text(&name.name)
    }

    pub(super) fn with_term(self, field: &FieldPath<'_>, descending: bool, nulls_first: bool) -> Self {
        let mut hash = self.text(&field.column);
        for step in &field.path {
            hash = hash.bytes(&[1, u8::from(step.as_text)]);
            hash = match &step.operand {
                PathOperand::Key(key) => hash.text(key),
                PathOperand::Index(index) => hash.bytes(&index.to_be_bytes()),
            };
        }
        hash.bytes(&[2, u8::from(descending), u8::from(nulls_first)])
    }

    /// Text is closed by a byte that UTF-8 does not have, so that no two lists of texts run together.
    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes()).bytes(&[0xff])
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }
}

/// Writes the cursor of a row, from the values of the order's columns.
pub fn encode<'v>(
    fingerprint: Fingerprint,
    values: impl IntoIterator<Item = Option<&'v [u8]>>,
) -> Result<String, PlanError> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(&fingerprint.0.to_be_bytes());
    for value in values {
        let value_length = value.map_or(0, <[u8]>::len);
        if bytes.len() + value_length > MAX_LENGTH / 4 * 3 - LENGTH_BYTES {
            return Err(PlanError::CursorTooLong);
        }
        // The limit above keeps every length below the mark of NULL.
        let length = value.map_or(NULL, |value| u16::try_from(value.len()).unwrap_or(NULL));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(value.unwrap_or_default());
    }
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a cursor of the list with this fingerprint, whose order has `count` columns.
pub(super) fn decode(text: &str, fingerprint: Fingerprint, count: usize) -> Result<Params, PlanError> {
    if text.len() > MAX_LENGTH {
        return Err(PlanError::CursorMalformed);
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| PlanError::CursorMalformed)?;
    let (found, mut rest) = bytes.split_first_chunk::<8>().ok_or(PlanError::CursorMalformed)?;
    if u64::from_be_bytes(*found) != fingerprint.0 {
        return Err(PlanError::CursorMismatch);
    }
    let mut values = Params::new();
    while let Some((length, tail)) = rest.split_first_chunk::<LENGTH_BYTES>() {
        rest = match u16::from_be_bytes(*length) {
            NULL => {
                values.push_null();
                tail
            }
            length => {
                let (value, tail) = tail
                    .split_at_checked(usize::from(length))
                    .ok_or(PlanError::CursorMalformed)?;
                values.push(value);
                tail
            }
        };
    }
    if rest.is_empty() && values.len() == count {
        Ok(values)
    } else {
        Err(PlanError::CursorMalformed)
    }
}

const LENGTH_BYTES: usize = 2;
const NULL: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use super::{Fingerprint, MAX_LENGTH, decode, encode};
    use crate::plan::PlanError;

    const LIST: Fingerprint = Fingerprint(0x1234_5678_9abc_def0);

    #[test]
    fn values_come_back_as_they_went_in() {
        let values = [
            Some(&b"2024-01-01 00:00:00+00"[..]),
            None,
            Some(b""),
            Some(b"\xff\x00"),
        ];
        let text = encode(LIST, values).expect("short enough");
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
        let back = decode(&text, LIST, 4).expect("our own");
        assert_eq!(back.iter().collect::<Vec<_>>(), values);
    }

    #[test]
    fn a_cursor_is_only_good_for_its_own_list() {
        let text = encode(LIST, [Some(&b"1"[..])]).expect("short enough");
        assert_eq!(decode(&text, Fingerprint(1), 1), Err(PlanError::CursorMismatch));
        assert_eq!(decode(&text, LIST, 2), Err(PlanError::CursorMalformed));
        for bad in [
            "",
            "A",
            "====",
            "a b",
            &text[..text.len() - 1],
            &"A".repeat(MAX_LENGTH + 1),
        ] {
            assert!(decode(bad, LIST, 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_value_still_fits_and_one_byte_more_is_refused() {
        let longest = vec![b'x'; MAX_LENGTH / 4 * 3 - 10];
        let text = encode(LIST, [Some(&longest[..])]).expect("fits");
        assert!(text.len() <= MAX_LENGTH);
        assert!(decode(&text, LIST, 1).is_ok());
        let longer = vec![b'x'; longest.len() + 1];
        assert_eq!(encode(LIST, [Some(&longer[..])]), Err(PlanError::CursorTooLong));
    }
}
