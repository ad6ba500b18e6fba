//! A limit as it is configured.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use siphasher::sip::SipHasher13;

use super::methods::Methods;
use super::rate::Rate;

/// A `postern_limit` directive: what it allows, and to what it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name, which clients see. Limits of one name share their counters.
    pub name: LimitName,
    /// What it allows.
    pub rate: Rate,
    /// Which requests it counts.
    pub methods: Methods,
    /// Whether it only says what it would reject.
    pub dry_run: bool,
    /// What becomes of a new key when every place of the table is taken.
    pub on_full: OnFull,
    /// What `RateLimit-Policy` says of it.
    item: Box<[u8]>,
}

impl Policy {
    /// A limit for all requests that is enforced.
    pub fn new(name: LimitName, rate: Rate) -> Self {
        let item = format!("{};q={};w={}", name.quoted(), rate.requests(), rate.window_s());
        Self {
            name,
            rate,
            methods: Methods::ALL,
            dry_run: false,
            on_full: OnFull::default(),
            item: item.into_bytes().into(),
        }
    }

    /// Its item of `RateLimit-Policy`: `"name";q=100;w=60`.
    pub fn item(&self) -> &[u8] {
        &self.item
    }

    /// The number that stands for the limit in keys. It depends on the name alone, so that counters survive a reload.
    pub fn id(&self) -> u64 {
        // The names are the operator's: nobody else could make two of them collide.
        let mut hasher = SipHasher13::new();
        hasher.write(self.name.as_str().as_bytes());
        hasher.finish()
    }
}

/// What becomes of a new key when every place of a table is taken by a window that is still open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnFull {
    /// It takes the place of the key that was not used for the longest time, whose count is forgotten.
    #[default]
    Allow,
    /// It is refused, and nothing is forgotten.
    Deny,
}

/// The name of a limit: what can stand between the quotes of a String of RFC 9651 without an escape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitName {
    quoted: Box<str>,
}

impl LimitName {
    /// The longest name, in bytes.
    pub const MAX_LENGTH: usize = 64;

    /// The name without quotes.
    pub fn as_str(&self) -> &str {
        self.quoted.trim_matches('"')
    }

    /// The name as a String of a header field.
    pub fn quoted(&self) -> &str {
        &self.quoted
    }
}

impl FromStr for LimitName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let printable = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.bytes().all(printable) {
            return Err(InvalidName);
        }
        Ok(Self {
            quoted: format!("\"{text}\"").into(),
        })
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A name that a response could not carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 printable ASCII characters, without quotes and backslashes")]
pub struct InvalidName;

#[cfg(test)]
mod tests {
    use super::LimitName;

    #[test]
    fn names_can_stand_between_quotes() {
        for name in ["login", "ip 100r/m", "$http_x_key", &"x".repeat(64)] {
            assert_eq!(
                name.parse::<LimitName>().map(|name| name.to_string()),
                Ok(name.to_owned())
            );
        }
        for name in ["", "a\"b", "a\\b", "a\nb", "naïve", "a\x7f", &"x".repeat(65)] {
            assert!(name.parse::<LimitName>().is_err(), "{name:?}");
        }
    }
}
