//! What an inspection found, in a form that can be logged: bounded, printable, without secrets.

use super::class::Class;
use super::place::Place;

/// A value that is an attack, or looks like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The class whose threshold is reached.
    pub class: Class,
    /// The rule of the class that counts most: one that is built in, or one that is configured.
    pub rule: String,
    /// Where the value stands.
    pub place: Place,
    /// The name of the field, of the header field, or the keys that lead to the value; printable and at most [`MAX_NAME`] bytes long.
    pub name: String,
    /// The sum of what the rules of the class count.
    pub score: u16,
    /// What matches and what stands around it, decoded, printable and at most [`MAX_EXCERPT`] bytes long; `None` where a secret could be shown.
    pub excerpt: Option<String>,
}

/// The longest name of a finding, in bytes.
pub const MAX_NAME: usize = 128;

/// The longest excerpt, in bytes.
pub const MAX_EXCERPT: usize = 160;

/// What of a value is shown before the place that matches, in bytes.
const BEFORE: usize = 24;

/// What is shown from there on.
const AFTER: usize = 72;

/// Words in the names of fields whose values are never shown.
const SECRETS: [&[u8]; 16] = [
    b"passw",
    b"pwd",
    b"passphrase",
    b"secret",
    b"token",
    b"authorization",
    b"api_key",
    b"apikey",
    b"api-key",
    b"credential",
    b"private_key",
    b"session",
    b"cookie",
    b"card",
    b"cvv",
    b"otp",
];

/// What is shown of a value at a position; `None` if its name, or what stands there, speaks of a secret.
pub(super) fn excerpt(name: &[u8], value: &[u8], at: usize) -> Option<String> {
    let start = at.saturating_sub(BEFORE);
    let shown = value.get(start..value.len().min(at + AFTER))?;
    if is_secret(name) || names_secret(shown) {
        return None;
    }
    let mut text = String::new();
    push_printable(&mut text, shown, MAX_EXCERPT);
    Some(text)
}

/// Whether the value of a field of this name is a secret.
fn is_secret(name: &[u8]) -> bool {
    let begins = |rest: &[u8], secret: &[u8]| {
        rest.get(..secret.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(secret))
    };
    (0..name.len()).any(|at| {
        SECRETS
            .iter()
            .any(|secret| begins(name.get(at..).unwrap_or_default(), secret))
    })
}

/// Whether a secret follows: `password=`, `"token":`.
fn names_secret(shown: &[u8]) -> bool {
    let is_assigned = |rest: &[u8]| {
        let rest = rest.iter().skip_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b'\'' | b' ' | b'_' | b'-' | b']')
        });
        matches!(rest.clone().next(), Some(b'=' | b':'))
    };
    let lower = shown.to_ascii_lowercase();
    SECRETS.iter().any(|secret| {
        memchr::memmem::find_iter(&lower, secret).any(|at| is_assigned(lower.get(at..).unwrap_or_default()))
    })
}

/// Appends what can be printed; everything else becomes `\xNN`. The text gets at most `limit` bytes long.
pub(super) fn push_printable(text: &mut String, bytes: &[u8], limit: usize) {
    for &byte in bytes {
        let length = match byte {
            b'\\' => 2,
            0x20..0x7f => 1,
            _ => 4,
        };
        if text.len() + length > limit {
            return;
        }
        match byte {
            b'\\' => text.push_str("\\\\"),
            0x20..0x7f => text.push(char::from(byte)),
            _ => {
                text.push_str("\\x");
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_printable() {
        let shown = excerpt(b"q", b"a\\b\r\n\x1b[31m\xc3\xa9", 2).expect("no secret");
        assert_eq!(shown, "a\\\\b\\x0d\\x0a\\x1b[31m\\xc3\\xa9");
        let long = excerpt(b"q", &[0xff; 4096], 2000).expect("no secret");
        assert!(long.len() <= MAX_EXCERPT);
        assert_eq!(excerpt(b"q", b"abc", 900), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        for name in [
            "password",
            "newPassword",
            "user.Token",
            "AUTHORIZATION",
            "x-api-key",
            "card_number",
        ] {
            assert_eq!(excerpt(name.as_bytes(), b"' or 1=1", 0), None, "{name}");
        }
        assert_eq!(excerpt(b"q", b"' or password = 'hunter2", 2), None);
        assert_eq!(excerpt(b"", b"{\"access_token\": \"abc\"} ' or 1=1", 20), None);
        assert!(excerpt(b"q", b"' union select password from users", 2).is_some());
    }
}
