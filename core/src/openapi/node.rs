//! JSON whose members stay in the order in which they were written: a description is read by people, too.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Anything that has no members.
    Value(Value),
    /// An array.
    Array(Vec<Node>),
    /// An object.
    Object(Members),
}

/// The members of an object.
pub(super) type Members = Vec<(Cow<'static, str>, Node)>;

/// An object of these members.
pub(super) fn object<const N: usize>(members: [(&'static str, Node); N]) -> Node {
    Node::Object(members.map(|(name, node)| (Cow::Borrowed(name), node)).into())
}

/// `{"$ref": "#/components/section/name"}`
pub(super) fn reference(section: &str, name: &str) -> Node {
    object([("$ref", format!("#/components/{section}/{name}").into())])
}

/// An array of texts.
pub(super) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Node {
    Node::Array(texts.into_iter().map(|text| text.as_ref().into()).collect())
}

impl Node {
    /// Adds a member to an object; nothing else has members.
    pub(super) fn with(mut self, name: impl Into<Cow<'static, str>>, node: impl Into<Self>) -> Self {
        if let Self::Object(members) = &mut self {
            members.push((name.into(), node.into()));
        }
        self
    }

    /// Adds a member where there is something to be added.
    pub(super) fn with_some(self, name: &'static str, node: Option<impl Into<Self>>) -> Self {
        match node {
            Some(node) => self.with(name, node),
            None => self,
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Array(nodes) => nodes.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, node) in members {
                    map.serialize_entry(name, node)?;
                }
                map.end()
            }
        }
    }
}

macro_rules! from_value {
    ($($type:ty),*) => {$(
        impl From<$type> for Node {
            fn from(value: $type) -> Self {
                Self::Value(value.into())
            }
        }
    )*};
}

from_value!(bool, i32, i64, u32, u64, f64, &str, String);

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(members) => {
                let members = members.into_iter();
                Self::Object(members.map(|(name, value)| (name.into(), value.into())).collect())
            }
            Value::Array(values) => Self::Array(values.into_iter().map(Self::from).collect()),
            value => Self::Value(value),
        }
    }
}

impl From<Vec<Self>> for Node {
    fn from(nodes: Vec<Self>) -> Self {
        Self::Array(nodes)
    }
}
