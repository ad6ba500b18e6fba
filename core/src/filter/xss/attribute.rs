//! Attributes of a tag, as lenient browsers read them, and what they do.

use super::super::hits::{Hits, Text};
use super::super::rule::Rule;
use super::url;
use super::words::{is_handler, is_url_attribute};

/// How long the attributes of a tag may be together.
const MAX_LENGTH: usize = 2048;

pub(super) struct Attribute<'a> {
    name: &'a [u8],
    value: &'a [u8],
    pub(super) has_value: bool,
    at: usize,
}

impl Attribute<'_> {
    /// Notes what the attribute does.
    pub(super) fn judge(&self, hits: &mut Hits) {
        if !self.has_value {
            return;
        }
        if is_handler(self.name) || self.is_unknown_handler() {
            hits.add(Rule::XssHandler, self.at);
        } else if self.name == b"srcdoc" || is_url_attribute(self.name) && url::is_script(self.value) {
            hits.add(Rule::XssUrl, self.at);
        } else if self.name == b"formaction"
            && (self.value.starts_with(b"//") || self.value.starts_with(b"http"))
        {
            // A button that sends the form elsewhere.
            hits.add(Rule::XssUrl, self.at);
        } else if matches!(self.name, b"href" | b"src") && hides_host(self.value) {
            hits.add(Rule::XssUrl, self.at);
        } else if self.name == b"style" && is_active_style(self.value) {
            hits.add(Rule::XssStyle, self.at);
        }
    }

    /// `onwhatever=`: an event that is not known yet.
    fn is_unknown_handler(&self) -> bool {
        self.name.starts_with(b"on") && self.name.len() > 4 && self.name.iter().all(u8::is_ascii_alphabetic)
    }
}

/// Whether the host of a URL is written so that nobody recognizes it: as a number, with escapes or with what browsers skip.
fn hides_host(url: &[u8]) -> bool {
    let Some(start) = memchr::memmem::find(url, b"//").filter(|&at| at <= 8) else {
        return false;
    };
    let host = url
        .get(start + 2..)
        .unwrap_or_default()
        .split(|byte| matches!(byte, b'/' | b'?' | b'#'))
        .next()
        .unwrap_or_default();
    let is_number = host.first().is_some_and(u8::is_ascii_digit)
        && host
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'x' | b'.' | b'\t' | b' '));
    is_number || host.contains(&b'%') || url.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r'))
}

fn is_active_style(value: &[u8]) -> bool {
    [
        &b"expression"[..],
        b"javascript",
        b"behavior",
        b"behaviour",
        b"-moz-binding",
        b"vbscript",
        b"url(",
        b"@import",
        b"\\",
        b"position:fixed",
        b"-webkit-user-modify",
        b"animation-name",
        b"user-modify",
        b"/*",
    ]
    .iter()
    .any(|needle| memchr::memmem::find(value, needle).is_some())
}

/// The attributes that follow the name of a tag.
pub(super) struct Attributes<'t, 'a> {
    text: &'t Text<'a>,
    pub(super) at: usize,
    limit: usize,
}

impl<'t, 'a> Attributes<'t, 'a> {
    pub(super) fn new(text: &'t Text<'a>, at: usize) -> Self {
        Self {
            text,
            at,
            limit: (at + MAX_LENGTH).min(text.bytes.len()),
        }
    }

    pub(super) fn next_attribute(&mut self) -> Option<Attribute<'a>> {
        while self.at < self.limit
            && matches!(self.text.byte(self.at), 0..=b' ' | b'/' | b'"' | b'\'' | b'`' | b'\\' | b'+' | b',' | b';' | 0x80..)
        {
            self.at += 1;
        }
        let start = self.at;
        while self.at < self.limit
            && !matches!(
                self.text.byte(self.at),
                0..=b' ' | b'=' | b'>' | b'/' | b'"' | b'\''
            )
        {
            self.at += 1;
        }
        let name = self.text.bytes.get(start..self.at)?;
        if name.is_empty() {
            if self.at < self.limit && self.text.byte(self.at) == b'=' {
                self.at += 1;
                return self.next_attribute_after_junk();
            }
            return None;
        }
        let (value, has_value) = self.value();
        Some(Attribute {
            name,
            value,
            has_value,
            at: start,
        })
    }

    /// A stray equals sign is skipped; what follows it is read as a value of nothing.
    fn next_attribute_after_junk(&mut self) -> Option<Attribute<'a>> {
        let at = self.at;
        let value = self.unquoted();
        (self.at > at).then_some(Attribute {
            name: b"",
            value,
            has_value: false,
            at,
        })
    }

    fn value(&mut self) -> (&'a [u8], bool) {
        let mut equals = self.at;
        while equals < self.limit && super::is_blank(self.text.byte(equals)) {
            equals += 1;
        }
        if equals >= self.limit || self.text.byte(equals) != b'=' {
            return (b"", false);
        }
        self.at = equals + 1;
        while self.at < self.limit && super::is_blank(self.text.byte(self.at)) {
            self.at += 1;
        }
        match self.text.byte(self.at) {
            quote @ (b'"' | b'\'' | b'`') => {
                let rest = self.text.bytes.get(self.at + 1..self.limit).unwrap_or_default();
                let length = memchr::memchr(quote, rest).unwrap_or(rest.len());
                self.at = (self.at + length + 2).min(self.limit);
                (rest.get(..length).unwrap_or_default(), true)
            }
            _ => (self.unquoted(), true),
        }
    }

    fn unquoted(&mut self) -> &'a [u8] {
        let start = self.at;
        while self.at < self.limit && !matches!(self.text.byte(self.at), 0..=b' ' | b'>') {
            self.at += 1;
        }
        self.text.bytes.get(start..self.at).unwrap_or_default()
    }
}
