//! The methods that an endpoint serves.

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Methods(u8);

const NAMES: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const GET: u8 = 1;
const HEAD: u8 = 2;
const POST: u8 = 4;

impl Methods {
    /// All of them.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// Those that a list of rows knows.
    pub(crate) const COLLECTION: Self = Self(GET | HEAD | POST);
    /// Those that a single row knows.
    pub(crate) const ITEM: Self = Self(Self::ALL.0 & !POST);

    /// Those of the lists whose condition holds.
    pub(crate) fn of(lists: &[(bool, &str)]) -> Self {
        let taken = lists.iter().filter(|(holds, _)| *holds);
        let sets = taken.filter_map(|(_, names)| Self::parse(names));
        sets.fold(Self(0), |all, set| Self(all.0 | set.0))
    }

    /// Those that are in both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Reads names with commas between them; `None` for one that is unknown. Whoever serves GET serves HEAD.
    pub fn parse(text: &str) -> Option<Self> {
        let mut set = 0;
        for name in text.split(',') {
            set |= 1 << NAMES.iter().position(|other| *other == name)?;
        }
        if set & GET != 0 {
            set |= HEAD;
        }
        Some(Self(set))
    }

    /// Whether a method is among them (RFC 9110 section 9.1: methods are case-sensitive).
    pub fn contains(self, method: &[u8]) -> bool {
        self.names().any(|name| name.as_bytes() == method)
    }

    /// The value of the Allow field (RFC 9110 section 10.2.1).
    pub fn allow(self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        let named = NAMES.into_iter().enumerate();
        named.filter_map(move |(bit, name)| (self.0 & 1 << bit != 0).then_some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::Methods;

    #[test]
    fn names_make_a_set() {
        assert_eq!(Methods::ALL.allow(), "GET, HEAD, POST, PUT, PATCH, DELETE");
        let some = Methods::parse("POST,GET").expect("known");
        assert_eq!(some.allow(), "GET, HEAD, POST");
        assert!(some.contains(b"HEAD") && some.contains(b"POST"));
        assert!(!some.contains(b"PUT") && !some.contains(b"get") && !some.contains(b""));
        for unknown in ["", "get", "GET,", "GET, POST", "OPTIONS"] {
            assert_eq!(Methods::parse(unknown), None, "{unknown}");
        }
    }
}
