//! What the columns of a result are called and which types they have.

use super::frame::Body;

/// The body of a RowDescription message: borrowed from the connection's input buffer, valid while its event is looked at.
#[derive(Debug, Clone, Copy)]
pub struct RowDescription<'a> {
    fields: &'a [u8],
    columns: u16,
}

/// A column of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name, which need not be the only one of its kind.
    pub name: &'a str,
    /// The OID of its type; for a domain that of the type below it.
    pub type_oid: u32,
}

impl<'a> RowDescription<'a> {
    /// Takes the bytes after the message's length; `None` if they are not a well-formed description.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let (count, fields) = body.split_first_chunk::<2>()?;
        let columns = u16::from_be_bytes(*count);
        let mut rest = Body(fields);
        for _ in 0..columns {
            field(&mut rest)?;
        }
        rest.is_empty().then_some(Self { fields, columns })
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        usize::from(self.columns)
    }

    /// The columns in order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let mut rest = Body(self.fields);
        (0..self.columns).map_while(move |_| field(&mut rest))
    }
}

/// A name, the table and the number of the column there, the type, its size and modifier, the format of the values.
fn field<'a>(rest: &mut Body<'a>) -> Option<Field<'a>> {
    let name = rest.utf8()?;
    let [_, _, _, _, _, _, a, b, c, d, _, _, _, _, _, _, _, _] = rest.array::<18>()?;
    let type_oid = u32::from_be_bytes([a, b, c, d]);
    Some(Field { name, type_oid })
}

#[cfg(test)]
mod tests {
    use super::{Field, RowDescription};

    fn described(names: &[&str]) -> Vec<u8> {
        let mut body = u16::try_from(names.len()).expect("few").to_be_bytes().to_vec();
        for (name, oid) in names.iter().zip(20u32..) {
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&[0, 0, 0, 0, 9, 0, 1]);
            body.extend_from_slice(&oid.to_be_bytes());
            body.extend_from_slice(&[0, 8, 0xff, 0xff, 0xff, 0xff, 0, 0]);
        }
        body
    }

    #[test]
    fn names_and_types_come_in_order() {
        let body = described(&["id", "", "ü"]);
        let description = RowDescription::parse(&body).expect("well-formed");
        let fields: Vec<_> = description.fields().collect();
        let field = |name, type_oid| Field { name, type_oid };
        assert_eq!(fields, [field("id", 20), field("", 21), field("ü", 22)]);
        assert_eq!(description.columns(), 3);
        assert_eq!(RowDescription::parse(&[0, 0]).map(|none| none.columns()), Some(0));
    }

    #[test]
    fn what_ends_early_or_late_is_refused() {
        let body = described(&["id", "name"]);
        for length in 0..body.len() {
            assert!(RowDescription::parse(&body[..length]).is_none(), "{length}");
        }
        assert!(RowDescription::parse(&[&body[..], &[0]].concat()).is_none());
    }
}
