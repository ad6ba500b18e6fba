//! Which methods a limit counts.

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Methods(u16);

impl Methods {
    /// Every method.
    pub const ALL: Self = Self(u16::MAX);
    /// The safe ones (RFC 9110, section 9.2.1).
    pub const READ: Self = Self(bit(b"GET") | bit(b"HEAD") | bit(b"OPTIONS") | bit(b"TRACE"));
    /// All others, those that nobody has heard of included.
    pub const WRITE: Self = Self(!Self::READ.0);

    /// `read`, `write`, or names separated by commas. `GET` includes `HEAD`, as in nginx's `limit_except`.
    pub fn parse(text: &str) -> Result<Self, InvalidMethods> {
        match text {
            "read" => return Ok(Self::READ),
            "write" => return Ok(Self::WRITE),
            _ => {}
        }
        let mut set = 0;
        for name in text.split(',') {
            let added = match bit(name.as_bytes()) {
                OTHER => return Err(InvalidMethods(name.into())),
                GET => GET | bit(b"HEAD"),
                bit => bit,
            };
            set |= added;
        }
        Ok(Self(set))
    }

    /// Whether a method, as a request has it, is in the set.
    pub fn contains(self, method: &[u8]) -> bool {
        self.0 & bit(method) != 0
    }
}

/// Names are compared as they are: methods are case-sensitive (RFC 9110, section 9.1).
const fn bit(name: &[u8]) -> u16 {
    match name {
        b"GET" => GET,
        b"HEAD" => 1 << 1,
        b"OPTIONS" => 1 << 2,
        b"TRACE" => 1 << 3,
        b"POST" => 1 << 4,
        b"PUT" => 1 << 5,
        b"PATCH" => 1 << 6,
        b"DELETE" => 1 << 7,
        b"CONNECT" => 1 << 8,
        _ => OTHER,
    }
}

const GET: u16 = 1;
const OTHER: u16 = 1 << 15;

/// This is the name of no method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown method \"{0}\"")]
pub struct InvalidMethods(Box<str>);

#[cfg(test)]
mod tests {
    use super::Methods;

    fn parse(text: &str) -> Methods {
        Methods::parse(text).expect("methods")
    }

    #[test]
    fn read_and_write_are_everything_and_share_nothing() {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
            assert!(parse("read").contains(method.as_bytes()) && !parse("write").contains(method.as_bytes()));
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "get", ""] {
            assert!(parse("write").contains(method.as_bytes()) && !parse("read").contains(method.as_bytes()));
        }
    }

    #[test]
    fn lists_of_names() {
        let set = parse("GET,POST");
        let contained = ["GET", "HEAD", "POST", "PUT", "LOCK"].map(|method| set.contains(method.as_bytes()));
        assert_eq!(contained, [true, true, true, false, false]);
        assert!(!parse("HEAD").contains(b"GET"));
    }

    #[test]
    fn what_is_no_method() {
        for text in ["", "get", "GET,", ",", "GET, POST", "read,POST", "FETCH"] {
            assert!(Methods::parse(text).is_err(), "{text:?}");
        }
    }
}
