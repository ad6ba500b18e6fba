//! The members of a JSON object in their order, with their values as they were written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members. A name may come twice: whoever minds looks for it.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads a text that is one object.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.get()))
    }

    /// Whether a name comes twice.
    pub(super) fn has_duplicates(&self) -> bool {
        let mut names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }

    /// The value of the first member of that name.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// A name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::Members;

    #[test]
    fn members_keep_their_order_and_their_text() {
        let members = Members::parse(r#" {"b" : 1.50, "a\u0041":[ 1 ],"b":null} "#).expect("an object");
        let all: Vec<_> = members.iter().collect();
        assert_eq!(all, [("b", "1.50"), ("aA", "[ 1 ]"), ("b", "null")]);
        assert_eq!((members.value("b"), members.value("c")), (Some("1.50"), None));
        assert!(members.has_duplicates());
        assert!(
            !Members::parse(r#"{"a":1,"b":{"a":2}}"#)
                .expect("an object")
                .has_duplicates()
        );
        for text in ["", "1", "[]", "null", "{}{}", r#"{"a":}"#] {
            assert!(Members::parse(text).is_none(), "{text}");
        }
    }
}
