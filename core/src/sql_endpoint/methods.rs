//! The methods that an endpoint serves.

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Methods(u8);

const NAMES: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const GET: u8 = 1;
const HEAD: u8 = 2;

impl Methods {
    /// All of them.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);

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
