//! Entity tags (RFC 9110 section 8.8.3): made of the content, and read from the fields of requests.

use twox_hash::XxHash3_128;

/// A strong entity tag: a hash of the content, in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityTag([u8; LENGTH]);

impl EntityTag {
    /// The tag of this content.
    pub fn of(content: &[u8]) -> Self {
        let mut text = [b'"'; LENGTH];
        let digits = text.iter_mut().skip(1).take(DIGITS);
        // 128 bits in base64url, without the padding.
        let hash = XxHash3_128::oneshot(content);
        for (position, digit) in digits.enumerate() {
            let shifted = hash << (6 * position);
            *digit = ALPHABET[(shifted >> 122) as usize];
        }
        Self(text)
    }

    /// As it stands in a field, with its quotes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same as a value.
    pub fn to_bytes(self) -> [u8; LENGTH] {
        self.0
    }

    /// The tag that [`EntityTag::to_bytes`] has given.
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }
}

/// A list of tags in a field, or any.
pub(super) enum TagList<'f> {
    /// `*`
    Any,
    /// These; what is malformed in the list is none.
    Tags(&'f [u8]),
}

impl<'f> TagList<'f> {
    /// Reads the value of If-Match or If-None-Match.
    pub(super) fn new(value: &'f [u8]) -> Self {
        match value.trim_ascii() {
            b"*" => Self::Any,
            tags => Self::Tags(tags),
        }
    }

    /// Whether the tag, as it stands in a field, is in the list by the strong comparison: weak ones are equal to nothing (RFC 9110
    /// section 8.8.3.2). What has no tag is still any.
    pub(super) fn has_strong(&self, tag: Option<&[u8]>) -> bool {
        match (self, tag) {
            (Self::Any, _) => true,
            (Self::Tags(tags), Some(tag)) => Tags(tags).any(|(is_weak, other)| !is_weak && other == tag),
            (Self::Tags(_), None) => false,
        }
    }

    /// Whether the tag is in the list by the weak comparison.
    pub(super) fn has_weak(&self, tag: Option<&[u8]>) -> bool {
        match (self, tag) {
            (Self::Any, _) => true,
            (Self::Tags(tags), Some(tag)) => Tags(tags).any(|(_, other)| other == opaque(tag)),
            (Self::Tags(_), None) => false,
        }
    }
}

/// A tag without what makes it weak.
pub(super) fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Walks a list: whether each tag is weak, and the tag with its quotes. Ends at what is no tag.
struct Tags<'f>(&'f [u8]);

impl<'f> Iterator for Tags<'f> {
    type Item = (bool, &'f [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // Empty elements are passed over (RFC 9110 section 5.6.1.2).
        let start = self
            .0
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        let rest = self.0.get(start..)?;
        let (is_weak, rest) = match rest.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let inside = rest.strip_prefix(b"\"")?;
        let end = inside.iter().position(|&byte| byte == b'"')?;
        let (tag, rest) = rest.split_at_checked(end + 2)?;
        let is_tag = inside
            .iter()
            .take(end)
            .all(|&byte| byte == b'!' || byte >= b'#' && byte != 0x7f);
        let is_followed_well = rest.trim_ascii_start().first().is_none_or(|&byte| byte == b',');
        if !is_tag || !is_followed_well {
            return None;
        }
        self.0 = rest;
        Some((is_weak, tag))
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGITS: usize = 22;
/// Its length with the quotes.
const LENGTH: usize = DIGITS + 2;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::{EntityTag, TagList, Tags};

    fn tags(text: &str) -> Vec<(bool, String)> {
        Tags(text.as_bytes())
            .map(|(is_weak, tag)| (is_weak, String::from_utf8_lossy(tag).into_owned()))
            .collect()
    }

    #[test]
    fn a_tag_is_the_hash_in_base64url() {
        for content in [&b""[..], b"{\"id\":1}", b"\xff"] {
            let hash = twox_hash::XxHash3_128::oneshot(content).to_be_bytes();
            let expected = format!("\"{}\"", URL_SAFE_NO_PAD.encode(hash));
            assert_eq!(EntityTag::of(content).as_bytes(), expected.as_bytes());
        }
    }

    #[test]
    fn lists_have_tags_with_whatever_may_be_in_them() {
        let strong = |tag: &str| (false, tag.to_owned());
        assert_eq!(
            tags(r#""a", W/"b,c" ,,"","é!#""#),
            [
                strong("\"a\""),
                (true, "\"b,c\"".into()),
                strong("\"\""),
                strong("\"é!#\"")
            ]
        );
        for text in [
            "",
            ",",
            "a",
            "\"a",
            "w/\"a\"",
            "W/ \"a\"",
            "\"a b\"",
            "\"a\"\"b\"",
            "\"a\"x",
            "\"\u{7f}\"",
        ] {
            assert_eq!(tags(text), [], "{text}");
        }
        // What stands before the mistake counts.
        assert_eq!(tags("\"a\", b, \"c\""), [strong("\"a\"")]);
    }

    #[test]
    fn weak_tags_are_equal_only_to_the_weak_comparison() {
        let own = EntityTag::of(b"x");
        let (tag, text) = (
            Some(own.as_bytes()),
            String::from_utf8_lossy(own.as_bytes()).into_owned(),
        );
        let (strong, weak) = (format!("\"other\", {text}"), format!("W/{text}"));
        let list = |text: &'static str| TagList::new(text.as_bytes());
        assert!(
            TagList::new(strong.as_bytes()).has_strong(tag) && TagList::new(strong.as_bytes()).has_weak(tag)
        );
        assert!(
            !TagList::new(weak.as_bytes()).has_strong(tag) && TagList::new(weak.as_bytes()).has_weak(tag)
        );
        assert!(list(" * ").has_strong(tag) && list("*").has_weak(tag));
        assert!(!list("\"*\"").has_weak(tag) && !list("*, \"a\"").has_weak(tag));
        // A tag of a script's own may be weak itself.
        let own = Some(&b"W/\"a\""[..]);
        assert!(list("\"a\"").has_weak(own) && list("W/\"a\"").has_weak(own));
        assert!(!list("\"a\"").has_strong(own) && !list("W/\"a\"").has_strong(own));
        // What has none is only any.
        assert!(list("*").has_strong(None) && list("*").has_weak(None));
        assert!(!list("\"a\"").has_strong(None) && !list("\"a\"").has_weak(None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(Tags(&bytes).count() <= bytes.len());
        }
    }
}
