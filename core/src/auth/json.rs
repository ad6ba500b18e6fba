//! JSON read strictly: no name twice in any object. Readers disagree on which of two equal names counts, and a token must mean
//! the same to everybody who reads it (RFC 8725 section 2.4, RFC 7519 section 4).

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON value. Whole numbers are exact as far as 64 bits go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// The members of an object, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// Reads a text that is one object. Nesting is bounded (serde_json's limit of 128).
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = Strict.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        match value {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of that name.
    pub(super) fn member(&self, name: &str) -> Option<&Json<'a>> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    }

    /// The names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    fn has_duplicates(&self) -> bool {
        let members = &self.0;
        if members.len() <= FEW {
            return (1..)
                .zip(members)
                .any(|(next, (name, _))| members.iter().skip(next).any(|(other, _)| other == name));
        }
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }
}

/// Up to so many names are compared each with each, which is faster than sorting.
const FEW: usize = 16;

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'de>, E> {
        let number = Number::from_f64(value).ok_or_else(|| Error::custom("a number is not finite"))?;
        Ok(Json::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json<'de>, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element_seed(Self)? {
            array.push(value);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::with_capacity(FEW / 2);
        while let Some(name) = values.next_key_seed(Self)? {
            // Names are strings; serde_json has already refused anything else.
            let Json::String(name) = name else {
                return Err(Error::custom("a name is not a string"));
            };
            members.push((name, values.next_value_seed(Self)?));
        }
        let object = Object(members);
        if object.has_duplicates() {
            return Err(Error::custom("a name is repeated"));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, Number, Object};

    #[test]
    fn values_of_every_kind() {
        let object =
            Object::parse(r#" {"a":null,"b":true,"c":-1.5,"d":"x\u0041","e":[1,{}],"f":12} "#).expect("JSON");
        assert_eq!(object.member("a"), Some(&Json::Null));
        assert_eq!(object.member("b"), Some(&Json::Bool(true)));
        assert_eq!(
            object.member("c"),
            Number::from_f64(-1.5).map(Json::Number).as_ref()
        );
        assert_eq!(object.member("d"), Some(&Json::String("xA".into())));
        assert_eq!(object.member("f"), Some(&Json::Number(12.into())));
        assert_eq!(object.member("g"), None);
        assert_eq!(object.names().collect::<String>(), "abcdef");
    }

    #[test]
    fn a_name_twice_is_refused_at_any_depth_and_however_it_is_written() {
        assert!(Object::parse(r#"{"a":1,"a":1}"#).is_none());
        assert!(Object::parse(r#"{"a":1,"\u0061":1}"#).is_none());
        assert!(Object::parse(r#"{"x":[{"a":1,"b":2,"a":3}]}"#).is_none());
        let many = |last: &str| {
            let members: String = (0..100).map(|i| format!("\"k{i}\":{i},")).collect();
            format!("{{{members}\"{last}\":0}}")
        };
        assert!(Object::parse(&many("k100")).is_some());
        assert!(Object::parse(&many("k50")).is_none());
    }

    #[test]
    fn only_one_object_is_read() {
        for text in [
            "",
            "1",
            "[]",
            "{} {}",
            "{}x",
            "{\"a\":1,}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\ud800\"}",
            "{a:1}",
        ] {
            assert!(Object::parse(text).is_none(), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(Object::parse(&deep).is_none());
    }
}
