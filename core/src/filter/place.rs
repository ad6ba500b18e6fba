//! Where in a request a value stands.

use std::fmt;

/// The kind of place that a value was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Place {
    /// The path as a whole.
    Path,
    /// One segment of the path.
    PathSegment,
    /// The name of an argument.
    ArgumentName,
    /// The value of an argument.
    Argument,
    /// The key of a member of a JSON body.
    JsonKey,
    /// A value in a JSON body.
    Json,
    /// The name of a field of a form.
    FieldName,
    /// The value of a field of a form.
    Field,
    /// The name of a file that is sent in a form.
    FileName,
    /// A body of another kind.
    Body,
    /// The name of a cookie.
    CookieName,
    /// The value of a cookie.
    Cookie,
    /// A header field.
    Header,
}

impl Place {
    /// All places.
    pub const ALL: [Self; 13] = [
        Self::Path,
        Self::PathSegment,
        Self::ArgumentName,
        Self::Argument,
        Self::JsonKey,
        Self::Json,
        Self::FieldName,
        Self::Field,
        Self::FileName,
        Self::Body,
        Self::CookieName,
        Self::Cookie,
        Self::Header,
    ];

    /// The name in rule files and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::PathSegment => "segment",
            Self::ArgumentName => "arg_name",
            Self::Argument => "arg",
            Self::JsonKey => "json_key",
            Self::Json => "json",
            Self::FieldName => "field_name",
            Self::Field => "field",
            Self::FileName => "file_name",
            Self::Body => "body",
            Self::CookieName => "cookie_name",
            Self::Cookie => "cookie",
            Self::Header => "header",
        }
    }

    /// The place of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.name() == name)
    }

    /// Whether values of this place may have several lines: people write texts there.
    pub(super) fn holds_text(self) -> bool {
        matches!(self, Self::Json | Self::Field | Self::Body | Self::Argument)
    }

    /// Whether this is a name that an application chooses: letters, digits and little else.
    pub(super) fn is_name(self) -> bool {
        matches!(
            self,
            Self::ArgumentName | Self::JsonKey | Self::FieldName | Self::CookieName
        )
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceSet(u16);

impl PlaceSet {
    /// No place.
    pub const NONE: Self = Self(0);
    /// Every place.
    pub const ALL: Self = Self((1 << Place::ALL.len()) - 1);

    /// The set with one place more.
    #[must_use]
    pub fn with(self, place: Place) -> Self {
        Self(self.0 | 1 << place as u16)
    }

    /// Whether the place is in the set.
    pub fn contains(self, place: Place) -> bool {
        self.0 & (1 << place as u16) != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_back() {
        for (index, place) in Place::ALL.into_iter().enumerate() {
            assert_eq!(Place::parse(place.name()), Some(place));
            assert_eq!(place as usize, index);
            assert!(PlaceSet::ALL.contains(place) && !PlaceSet::NONE.contains(place));
        }
    }
}
