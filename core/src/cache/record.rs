//! A response as it is kept: what it was read from, and what is sent.

use bytes::{Buf, BufMut, Bytes};

use super::generations::Dependencies;

/// A header field that goes with a response.
pub type Field = (Bytes, Bytes);

/// A response with status 200 that can be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it was read from.
    pub dependencies: Dependencies,
    /// When what it shows was last changed, in seconds of Unix time, where that is known.
    pub last_modified_s: Option<i64>,
    /// Its own header fields: not those that nginx and the cache make for each request.
    pub fields: Vec<Field>,
    /// The content.
    pub body: Bytes,
}

impl Record {
    /// Appends it to `bytes`, in a form for this machine only.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.put_u16_le(u16::try_from(self.dependencies.iter().len()).unwrap_or(u16::MAX));
        for (slot, generation) in self.dependencies.iter().take(u16::MAX.into()) {
            bytes.put_u32_le(slot);
            bytes.put_u64_le(generation);
        }
        bytes.put_i64_le(self.last_modified_s.unwrap_or(NEVER));
        bytes.put_u16_le(u16::try_from(self.fields.len()).unwrap_or(u16::MAX));
        for (name, value) in self.fields.iter().take(u16::MAX.into()) {
            put_text(bytes, name);
            put_text(bytes, value);
        }
        bytes.extend_from_slice(&self.body);
    }

    /// Reads what [`Record::write`] has written; the parts share its memory. `None` if it is something else.
    pub fn read(mut bytes: Bytes) -> Option<Self> {
        let count = bytes.try_get_u16_le().ok()?;
        let pairs: Vec<_> = (0..count)
            .map(|_| Some((bytes.try_get_u32_le().ok()?, bytes.try_get_u64_le().ok()?)))
            .collect::<Option<_>>()?;
        let last_modified_s = bytes.try_get_i64_le().ok()?;
        let count = bytes.try_get_u16_le().ok()?;
        let fields = (0..count)
            .map(|_| Some((take_text(&mut bytes)?, take_text(&mut bytes)?)))
            .collect::<Option<_>>()?;
        Some(Self {
            dependencies: Dependencies::from_iter(pairs.into_iter()),
            last_modified_s: (last_modified_s != NEVER).then_some(last_modified_s),
            fields,
            body: bytes,
        })
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.put_u32_le(u32::try_from(text.len()).unwrap_or(u32::MAX));
    bytes.extend_from_slice(text);
}

fn take_text(bytes: &mut Bytes) -> Option<Bytes> {
    let length = bytes.try_get_u32_le().ok()? as usize;
    (length <= bytes.len()).then(|| bytes.split_to(length))
}

const NEVER: i64 = i64::MIN;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::{Dependencies, Record};

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(
            pairs in prop::collection::vec(any::<(u32, u64)>(), 0..5),
            last_modified_s in prop::option::of(0_i64..1 << 40),
            fields in prop::collection::vec(("[a-z]{0,9}", "[ -~]{0,20}"), 0..4),
            body in prop::collection::vec(any::<u8>(), 0..100),
            cut in 0_usize..40,
        ) {
            let record = Record {
                dependencies: Dependencies::from_iter(pairs.into_iter()),
                last_modified_s,
                fields: fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
                body: body.into(),
            };
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            prop_assert_eq!(Record::read(bytes.clone().into()), Some(record));
            // What is cut off or is something else does no harm.
            bytes.truncate(cut);
            let _ = Record::read(bytes.into());
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Record::read(Bytes::from(bytes));
        }
    }
}
