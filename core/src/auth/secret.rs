//! Shared secrets: never shown, zeroed when dropped.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// How the bytes of a secret are written in its file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecretEncoding {
    /// As they are, with at most one newline at the end, which does not count.
    #[default]
    Raw,
    /// Base64 with padding (RFC 4648 section 4).
    Base64,
    /// Base64url without padding (RFC 4648 section 5).
    Base64Url,
}

/// A secret for HMAC.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// Why a secret cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It can be guessed: RFC 7518 section 3.2 demands a key as long as the hash.
    #[error("secret has {bytes} bytes, at least {} are needed", Secret::MIN_BYTES)]
    TooShort {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It is not in the encoding that was named.
    #[error("secret is not valid {}", match .0 {
        SecretEncoding::Raw => "text",
        SecretEncoding::Base64 => "base64",
        SecretEncoding::Base64Url => "base64url",
    })]
    Encoding(SecretEncoding),
}

impl Secret {
    /// The shortest secret.
    pub const MIN_BYTES: usize = 32;

    /// Reads the content of a secret's file. The caller zeroes its own copy.
    pub fn parse(content: &[u8], encoding: SecretEncoding) -> Result<Self, SecretError> {
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let mut secret = Zeroizing::new(Vec::with_capacity(content.len()));
        match encoding {
            SecretEncoding::Raw => secret.extend_from_slice(content),
            SecretEncoding::Base64 => decode(&STANDARD, content, &mut secret, encoding)?,
            SecretEncoding::Base64Url => decode(&URL_SAFE_NO_PAD, content, &mut secret, encoding)?,
        }
        if secret.len() < Self::MIN_BYTES {
            return Err(SecretError::TooShort { bytes: secret.len() });
        }
        Ok(Self(secret))
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The capacity of `secret` is more than what is decoded needs, so that no copy of it stays behind in memory given back.
fn decode(
    engine: &impl Engine,
    content: &[u8],
    secret: &mut Zeroizing<Vec<u8>>,
    encoding: SecretEncoding,
) -> Result<(), SecretError> {
    secret.resize(content.len(), 0);
    let length = engine
        .decode_slice(content, secret)
        .map_err(|_| SecretError::Encoding(encoding))?;
    secret.truncate(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Secret, SecretEncoding, SecretError};

    const RAW: &[u8] = b"0123456789abcdef0123456789abcd\xff\xfe";

    #[test]
    fn one_newline_at_the_end_does_not_count() {
        for ending in ["", "\n", "\r\n"] {
            let content = [RAW, ending.as_bytes()].concat();
            assert_eq!(
                Secret::parse(&content, SecretEncoding::Raw)
                    .expect("good")
                    .bytes(),
                RAW
            );
        }
        let content = [RAW, b"\n\n"].concat();
        assert_eq!(
            Secret::parse(&content, SecretEncoding::Raw)
                .expect("good")
                .bytes()
                .len(),
            RAW.len() + 1
        );
    }

    #[test]
    fn encoded_secrets_are_decoded() {
        let standard = b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk//4=\n";
        let url = b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk__4";
        assert_eq!(
            Secret::parse(standard, SecretEncoding::Base64)
                .expect("good")
                .bytes(),
            RAW
        );
        assert_eq!(
            Secret::parse(url, SecretEncoding::Base64Url)
                .expect("good")
                .bytes(),
            RAW
        );
        assert_eq!(
            Secret::parse(standard, SecretEncoding::Base64Url).expect_err("padded"),
            SecretError::Encoding(SecretEncoding::Base64Url)
        );
    }

    #[test]
    fn a_short_secret_is_refused_after_decoding() {
        assert_eq!(
            Secret::parse(b"0123456789abcdef0123456789abcde\n", SecretEncoding::Raw).expect_err("short"),
            SecretError::TooShort { bytes: 31 }
        );
        let error = Secret::parse(b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlh", SecretEncoding::Base64)
            .expect_err("short");
        assert_eq!(error.to_string(), "secret has 27 bytes, at least 32 are needed");
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::parse(RAW, SecretEncoding::Raw).expect("good");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
