//! Tags, comments and what else begins with `<`.

use super::super::hits::{Hits, Text};
use super::super::rule::Rule;
use super::url;
use super::words::{TAGS, Tag, is_handler, is_url_attribute};

/// How many attributes of a tag are read. More say no more.
const MAX_ATTRIBUTES: usize = 64;

/// How long a tag may be to be read to its end.
const MAX_TAG: usize = 2048;

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    // Where a tag was read up to: nobody reads a part of the text more often than twice.
    let mut done = 0;
    for open in memchr::memchr_iter(b'<', text.bytes) {
        if open >= done {
            done = open + 1;
            if let Some(end) = tag(text, open, hits) {
                done = end.max(done);
            }
        } else {
            tag_name(text, open, hits);
        }
    }
}

/// Reads the tag that begins at `open`; gives where its attributes end.
fn tag(text: &Text<'_>, open: usize, hits: &mut Hits) -> Option<usize> {
    let (kind, name_end) = tag_name(text, open, hits)?;
    let mut attributes = Attributes {
        text,
        at: name_end,
        limit: (open + MAX_TAG).min(text.bytes.len()),
    };
    let mut has_attributes = false;
    for _ in 0..MAX_ATTRIBUTES {
        let Some(attribute) = attributes.next_attribute() else {
            break;
        };
        has_attributes |= attribute.has_value;
        judge(text, kind, &attribute, open, hits);
    }
    if kind == Tag::Loading
        && !text.is_prose
        && !has_attributes
        && is_cut(text, attributes.at)
        && is_dangerous_alone(text, open, name_end)
    {
        let rule = if changes_look(text, open, name_end) {
            Rule::XssTag
        } else {
            Rule::XssWeakTag
        };
        hits.add(rule, open);
    }
    Some(attributes.at)
}

/// Reads the name of a tag, and notes a tag that is harmful by its name.
fn tag_name(text: &Text<'_>, open: usize, hits: &mut Hits) -> Option<(Tag, usize)> {
    let mut at = open + 1;
    while matches!(text.byte(at), b'/' | b'<' | b'!' | b'?' | b'%' | 1..=0x20)
        && at < open + 8
        && at < text.bytes.len()
    {
        if matches!(text.byte(at), b'<') {
            return None;
        }
        at += 1;
    }
    let mut name = [0; 24];
    let mut length = 0;
    let mut has_junk = false;
    while let Some(&byte) = text.bytes.get(at) {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b':' | b'-' => {
                *name.get_mut(length)? = byte;
                length += 1;
            }
            0..=8 => has_junk = true,
            _ => break,
        }
        at += 1;
    }
    let name = name.get(..length)?;
    // `<x:script>` is a script in an XML document.
    let local = name.rsplit(|&byte| byte == b':').next().unwrap_or(name);
    let Some(kind) = TAGS.find(name).or_else(|| TAGS.find(local)) else {
        let starts_script = local.starts_with(b"script") && local.len() > 6;
        if starts_script && !is_type_parameter(text, open, at) {
            hits.add(Rule::XssTag, open);
        }
        return (!name.is_empty()).then_some((Tag::Passive, at));
    };
    if kind == Tag::Active && (has_junk || !is_type_parameter(text, open, at)) {
        let rule =
            if matches!(local, b"script" | b"iframe" | b"xss" | b"frameset" | b"applet") || !text.is_prose {
                Rule::XssTag
            } else {
                Rule::XssWeakTag
            };
        hits.add(rule, open);
    }
    Some((kind, at))
}

/// Whether this is a type in code, `Vec<Script>`, and no tag.
fn is_type_parameter(text: &Text<'_>, open: usize, name_end: usize) -> bool {
    let before = text.before(open);
    (before.is_ascii_alphanumeric() || before == b':')
        && matches!(text.byte(name_end), b'>' | b',' | b':' | b' ')
        && {
            let after = text.byte(name_end + 1);
            text.byte(name_end) != b'>'
                || matches!(
                    after,
                    0 | b' ' | b'>' | b'(' | b',' | b')' | b';' | b'`' | b':' | b'.' | b'{' | b'\n'
                )
        }
        && memchr::memmem::find(text.bytes, b"</").is_none()
}

/// Whether a tag ends here, or the value does.
fn is_cut(text: &Text<'_>, at: usize) -> bool {
    matches!(text.byte(at), 0 | b'>' | b'/')
}

/// Tags whose content is style, or another document.
fn changes_look(text: &Text<'_>, open: usize, name_end: usize) -> bool {
    matches!(
        text.bytes.get(open + 1..name_end),
        Some(b"style" | b"svg" | b"math" | b"object" | b"embed" | b"xml")
    )
}

/// Tags that change the page without any attribute.
fn is_dangerous_alone(text: &Text<'_>, open: usize, name_end: usize) -> bool {
    let name = text.bytes.get(open + 1..name_end).unwrap_or_default();
    let name = name.strip_prefix(b"/").unwrap_or(name);
    !is_type_parameter(text, open, name_end)
        && matches!(
            name,
            b"object"
                | b"embed"
                | b"base"
                | b"meta"
                | b"link"
                | b"style"
                | b"svg"
                | b"math"
                | b"xml"
                | b"html"
                | b"body"
                | b"head"
                | b"title"
                | b"textarea"
                | b"template"
        )
}

struct Attribute<'a> {
    name: &'a [u8],
    value: &'a [u8],
    has_value: bool,
    at: usize,
}

/// Notes what an attribute does.
fn judge(text: &Text<'_>, kind: Tag, attribute: &Attribute<'_>, open: usize, hits: &mut Hits) {
    if is_handler(attribute.name) && attribute.has_value || is_unknown_handler(attribute) {
        hits.add(Rule::XssHandler, attribute.at);
        return;
    }
    if !attribute.has_value {
        return;
    }
    if is_url_attribute(attribute.name) && (url::is_script(attribute.value) || attribute.name == b"srcdoc") {
        hits.add(Rule::XssUrl, attribute.at);
    }
    if attribute.name == b"style" && is_active_style(attribute.value) {
        hits.add(Rule::XssStyle, attribute.at);
    }
    let name = text.bytes.get(open + 1..).unwrap_or_default();
    let loads = kind == Tag::Loading
        && [
            &b"object"[..],
            b"embed",
            b"base",
            b"meta",
            b"link",
            b"svg",
            b"math",
            b"style",
            b"portal",
            b"xml",
        ]
        .iter()
        .any(|tag| name.starts_with(tag) && !name.get(tag.len()).is_some_and(u8::is_ascii_alphabetic));
    if loads && !text.is_prose {
        hits.add(Rule::XssTag, open);
    } else if loads
        || kind == Tag::Loading
            && [&b"form"[..], b"set", b"use", b"html", b"body"]
                .iter()
                .any(|tag| name.starts_with(tag))
    {
        hits.add(Rule::XssWeakTag, open);
    }
}

/// `onwhatever=`: an event that is not known yet.
fn is_unknown_handler(attribute: &Attribute<'_>) -> bool {
    attribute.name.starts_with(b"on")
        && attribute.name.len() > 4
        && attribute.has_value
        && attribute.name.iter().all(u8::is_ascii_alphabetic)
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

struct Attributes<'t, 'a> {
    text: &'t Text<'a>,
    at: usize,
    limit: usize,
}

impl<'a> Attributes<'_, 'a> {
    fn next_attribute(&mut self) -> Option<Attribute<'a>> {
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
