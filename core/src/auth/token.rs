//! A JSON Web Signature in compact serialization (RFC 7515 section 7.1), taken apart.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;

use super::TokenFault;
use super::json::{Json, Object};

/// A token whose form is right. Nothing of it is to be believed yet.
pub(super) struct Token<'a> {
    /// What the signature is over: header and payload as they came.
    pub(super) signed: &'a [u8],
    /// The algorithm that the header names.
    pub(super) algorithm: Algorithm,
    /// The key that the header names.
    pub(super) key_id: Option<Box<str>>,
    /// The signature, decoded.
    pub(super) signature: Vec<u8>,
    payload: &'a [u8],
}

impl<'a> Token<'a> {
    pub(super) fn parse(token: &'a [u8]) -> Result<Self, TokenFault> {
        if token.len() > MAX_BYTES {
            return Err(TokenFault::TooLong);
        }
        let (header, rest) = split_at_dot(token)?;
        let (payload, signature) = split_at_dot(rest)?;
        if signature.is_empty() || memchr::memchr(b'.', signature).is_some() {
            return Err(TokenFault::Parts);
        }
        let (algorithm, key_id) = parse_header(&decode(header)?)?;
        let signature = decode(signature)?;
        let (signed, _) = token
            .split_at_checked(header.len() + 1 + payload.len())
            .ok_or(TokenFault::Parts)?;
        Ok(Self {
            signed,
            algorithm,
            key_id,
            signature,
            payload,
        })
    }

    /// The payload, decoded: only for a token whose signature was found good.
    pub(super) fn payload(&self) -> Result<Vec<u8>, TokenFault> {
        decode(self.payload)
    }
}

/// The `kid` of a token's header, if the token is well-formed and has one. Nothing of it is to be believed.
pub fn key_id(token: &[u8]) -> Option<Box<str>> {
    Token::parse(token).ok()?.key_id
}

/// More than any header field of nginx's default buffers holds; large enough for tokens that carry groups.
pub(super) const MAX_BYTES: usize = 8 * 1024;

/// Parameters that bring a key along, say where one is fetched, or change how the rest is read.
const FORBIDDEN: [&str; 6] = ["crit", "jwk", "jku", "x5c", "x5u", "b64"];

fn split_at_dot(text: &[u8]) -> Result<(&[u8], &[u8]), TokenFault> {
    let position = memchr::memchr(b'.', text)
        .filter(|&position| position > 0)
        .ok_or(TokenFault::Parts)?;
    let (before, after) = text.split_at_checked(position).ok_or(TokenFault::Parts)?;
    Ok((before, after.get(1..).unwrap_or_default()))
}

/// Base64url without padding. Bits that encode nothing must be zero, so that no token has a second form.
fn decode(part: &[u8]) -> Result<Vec<u8>, TokenFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Encoding)
}

fn parse_header(header: &[u8]) -> Result<(Algorithm, Option<Box<str>>), TokenFault> {
    let header = std::str::from_utf8(header)
        .ok()
        .and_then(Object::parse)
        .ok_or(TokenFault::Header)?;
    if header.names().any(|name| FORBIDDEN.contains(&name)) {
        return Err(TokenFault::Parameter);
    }
    let Some(Json::String(algorithm)) = header.member("alg") else {
        return Err(TokenFault::Header);
    };
    let algorithm = Algorithm::from_str(algorithm).map_err(|_| TokenFault::Algorithm)?;
    let key_id = match header.member("kid") {
        None => None,
        Some(Json::String(key_id)) => Some(key_id.as_ref().into()),
        Some(_) => return Err(TokenFault::Header),
    };
    Ok((algorithm, key_id))
}

#[cfg(test)]
mod tests {
    use super::{Token, TokenFault};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::Algorithm;

    fn fault(token: impl AsRef<[u8]>) -> Option<TokenFault> {
        Token::parse(token.as_ref()).err()
    }

    fn with_header(header: &str) -> String {
        format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn three_parts_are_taken_apart() {
        let token = with_header(r#"{"alg":"HS256","typ":"at+jwt","kid":"a"}"#);
        let token = Token::parse(token.as_bytes()).expect("well-formed");
        assert_eq!(
            (token.algorithm, token.key_id.as_deref()),
            (Algorithm::HS256, Some("a"))
        );
        assert_eq!(
            (token.signature.as_slice(), token.payload),
            (&b"sig"[..], &b"e30"[..])
        );
        assert!(token.signed.ends_with(b".e30"));
        assert_eq!(token.payload().expect("base64url"), b"{}");
    }

    #[test]
    fn another_number_of_parts_is_refused() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        for token in [
            "",
            ".",
            "..",
            "a",
            "a.b",
            "a..c",
            ".b.c",
            "a.b.",
            "a.b.c.d",
            "a.b.c.",
            &format!("{header}.e30."),
        ] {
            assert_eq!(fault(token), Some(TokenFault::Parts), "{token}");
        }
    }

    #[test]
    fn a_long_token_is_not_looked_at() {
        assert_eq!(fault(vec![b'a'; 8193]), Some(TokenFault::TooLong));
        assert_eq!(fault(vec![b'a'; 8192]), Some(TokenFault::Parts));
    }

    #[test]
    fn only_canonical_base64url_is_read() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        assert_eq!(fault(format!("{header}.e30.c2ln")), None);
        // Padding, the other alphabet, white space, bits that encode nothing.
        for signature in ["c2k=", "a+b/", "c2 ln", "c2ln\n", "c2l", "c"] {
            let expected = (signature != "c2k").then_some(TokenFault::Encoding);
            assert_eq!(
                fault(format!("{header}.e30.{signature}")),
                expected,
                "{signature}"
            );
        }
        assert_eq!(fault(format!("{header}=.e30.c2ln")), Some(TokenFault::Encoding));
    }

    #[test]
    fn headers_that_are_not_ours_are_refused() {
        let cases = [
            (r#"{"alg":"none"}"#, TokenFault::Algorithm),
            (r#"{"alg":"None"}"#, TokenFault::Algorithm),
            (r#"{"alg":"hs256"}"#, TokenFault::Algorithm),
            (r#"{"alg":""}"#, TokenFault::Algorithm),
            (r#"{"alg":["HS256"]}"#, TokenFault::Header),
            (r#"{"typ":"JWT"}"#, TokenFault::Header),
            (r#"{"alg":"HS256","alg":"HS256"}"#, TokenFault::Header),
            (r#"{"alg":"HS256","kid":1}"#, TokenFault::Header),
            (r#"{"alg":"HS256","kid":"a","kid":"b"}"#, TokenFault::Header),
            (r#"["alg","HS256"]"#, TokenFault::Header),
            (r#"{"alg":"HS256"} "x""#, TokenFault::Header),
            (r#"{"alg":"HS256","crit":["exp"]}"#, TokenFault::Parameter),
            (r#"{"alg":"HS256","crit":null}"#, TokenFault::Parameter),
            (r#"{"alg":"HS256","jwk":{}}"#, TokenFault::Parameter),
            (r#"{"alg":"HS256","jku":"https://x"}"#, TokenFault::Parameter),
            (r#"{"alg":"HS256","x5u":"https://x"}"#, TokenFault::Parameter),
            (r#"{"alg":"HS256","x5c":[]}"#, TokenFault::Parameter),
            (r#"{"alg":"HS256","b64":false}"#, TokenFault::Parameter),
            (r#"{"alg":"HS256","\u006awk":{}}"#, TokenFault::Parameter),
        ];
        for (header, expected) in cases {
            assert_eq!(fault(with_header(header)), Some(expected), "{header}");
        }
    }
}
