//! Parameter values of one statement, in one allocation.

/// Values in text format, in the order of `$1`, `$2`, … One arena holds all of them: a request with five parameters costs
/// two allocations, not five.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    bytes: Vec<u8>,
    /// For each parameter the end of its bytes and whether it is NULL. It starts where the one before ends.
    ends: Vec<(usize, bool)>,
}

impl Params {
    /// No parameters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// No parameters yet, with room for so many values of so many bytes in all.
    pub fn with_capacity(values: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(values),
        }
    }

    /// Appends a value and answers its position, counted from 1 as in `$1`.
    pub fn push(&mut self, value: &[u8]) -> usize {
        self.push_with(|bytes| bytes.extend_from_slice(value))
    }

    /// Appends a value that `write` puts at the end of the arena, which it must only append to.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        write(&mut self.bytes);
        self.ends.push((self.bytes.len(), false));
        self.ends.len()
    }

    /// Appends SQL NULL and answers its position.
    pub fn push_null(&mut self) -> usize {
        self.ends.push((self.bytes.len(), true));
        self.ends.len()
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The values in order, `None` for NULL.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, null)| {
            let value = &self.bytes[start..end];
            start = end;
            (!null).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn values_keep_their_order_and_null_is_not_the_empty_string() {
        let mut params = Params::new();
        assert_eq!(params.push(b"a"), 1);
        assert_eq!(params.push_null(), 2);
        assert_eq!(params.push(b""), 3);
        assert_eq!(params.push_with(|b| b.extend_from_slice(b"xyz")), 4);
        let values: Vec<_> = params.iter().collect();
        assert_eq!(values, [Some(&b"a"[..]), None, Some(&b""[..]), Some(&b"xyz"[..])]);
    }
}
