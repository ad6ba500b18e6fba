//! One row as it came from the server.

/// The body of a DataRow message: borrowed from the connection's input buffer, valid while its event is looked at.
#[derive(Debug, Clone, Copy)]
pub struct DataRow<'a> {
    body: &'a [u8],
    columns: u16,
}

impl<'a> DataRow<'a> {
    /// Takes the bytes after the message's length; `None` if they are not a well-formed row.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let (count, body) = body.split_first_chunk::<2>()?;
        let columns = u16::from_be_bytes(*count);
        let mut rest = body;
        for _ in 0..columns {
            let (length, tail) = rest.split_first_chunk::<4>()?;
            let length = i32::from_be_bytes(*length);
            rest = match usize::try_from(length) {
                Ok(length) => tail.get(length..)?,
                Err(_) if length == -1 => tail,
                Err(_) => return None,
            };
        }
        rest.is_empty().then_some(Self { body, columns })
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        usize::from(self.columns)
    }

    /// The values in order, `None` for NULL, in the format that was asked for (text).
    pub fn values(&self) -> impl Iterator<Item = Option<&'a [u8]>> + use<'a> {
        let mut rest = self.body;
        (0..self.columns).map_while(move |_| {
            let (length, tail) = rest.split_first_chunk::<4>()?;
            // `parse` has checked every length; anything negative is NULL.
            match usize::try_from(i32::from_be_bytes(*length)) {
                Ok(length) => {
                    let (value, tail) = tail.split_at_checked(length)?;
                    rest = tail;
                    Some(Some(value))
                }
                Err(_) => {
                    rest = tail;
                    Some(None)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::DataRow;

    #[test]
    fn null_empty_and_full_values_are_told_apart() {
        let body = [0, 3, 0, 0, 0, 1, b'x', 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        let row = DataRow::parse(&body).expect("well-formed");
        let values: Vec<_> = row.values().collect();
        assert_eq!(values, [Some(&b"x"[..]), None, Some(&b""[..])]);
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        assert!(DataRow::parse(&[0, 1, 0, 0, 0, 9, b'x']).is_none());
        assert!(DataRow::parse(&[0, 1, 0xff, 0xff, 0xff, 0xfe]).is_none());
        assert!(DataRow::parse(&[0]).is_none());
    }
}
