//! Tags and what else begins with `<`.

use super::super::hits::{Hits, Text};
use super::super::rule::Rule;
use super::attribute::Attributes;
use super::words::{TAGS, Tag};

/// How many attributes of a tag are read. More say no more.
const MAX_ATTRIBUTES: usize = 64;

/// How many signs may stand between `<` and the name of a tag.
const MAX_SIGNS: usize = 8;

/// The longest name of a tag, with its namespace.
const MAX_NAME: usize = 24;

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    // Where attributes were read up to: nobody reads a part of the text more often than twice.
    let mut done = 0;
    for open in memchr::memchr_iter(b'<', text.bytes) {
        let Some(name) = TagName::read(text, open) else {
            continue;
        };
        if open < done {
            name.judge(text, hits);
            continue;
        }
        let mut attributes = Attributes::new(text, name.end);
        let mut has_attributes = false;
        for _ in 0..MAX_ATTRIBUTES {
            let Some(attribute) = attributes.next_attribute() else {
                break;
            };
            has_attributes |= attribute.has_value;
            attribute.judge(hits);
        }
        done = attributes.at;
        name.judge(text, hits);
        let ends = matches!(text.byte(done), 0 | b'>' | b'/');
        name.judge_whole(text, has_attributes, ends, hits);
    }
}

/// The name of a tag, and where it stands.
struct TagName {
    tag: Tag,
    open: usize,
    end: usize,
    /// It could also be a type in code, `Vec<Script>`.
    is_type: bool,
}

impl TagName {
    /// Reads the name behind `<`: signs before it and bytes in it that browsers skip are left out.
    fn read(text: &Text<'_>, open: usize) -> Option<Self> {
        let signs = text
            .from(open + 1)
            .iter()
            .take(MAX_SIGNS)
            .take_while(|byte| matches!(byte, b'/' | b'!' | b'?' | b'%' | 1..=b' '));
        let mut end = open + 1 + signs.count();
        let mut name = [0; MAX_NAME];
        let mut length = 0;
        while let Some(&byte) = text.bytes.get(end) {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b':' | b'-' => {
                    *name.get_mut(length)? = byte;
                    length += 1;
                }
                0..=8 => {}
                _ => break,
            }
            end += 1;
        }
        // `<object|string>` is a type of code.
        if matches!(text.byte(end), b'|' | b'&' | b'.') {
            return None;
        }
        let name = name.get(..length).filter(|name| !name.is_empty())?;
        // `<x:script>` is a script in an XML document, and `<scriptx` has been one before somebody took a part out.
        let local = name.rsplit(|&byte| byte == b':').next().unwrap_or(name);
        let tag = match TAGS.find(local) {
            Some(tag) => tag,
            None if local.starts_with(b"script") => Tag::Script,
            None => Tag::Passive,
        };
        Some(Self {
            tag,
            open,
            end,
            is_type: is_type_parameter(text, open, end),
        })
    }

    /// Notes a tag that is harmful by its name.
    fn judge(&self, text: &Text<'_>, hits: &mut Hits) {
        match self.tag {
            _ if self.is_type => {}
            Tag::Script => hits.add(Rule::XssTag, self.open),
            Tag::Active => hits.add(
                if text.is_prose {
                    Rule::XssWeakTag
                } else {
                    Rule::XssTag
                },
                self.open,
            ),
            Tag::Document | Tag::Loading | Tag::Page | Tag::Passive => {}
        }
    }

    /// Notes a tag that is harmful with attributes, or by standing there.
    fn judge_whole(&self, text: &Text<'_>, has_attributes: bool, ends: bool, hits: &mut Hits) {
        let stands = has_attributes || ends && !self.is_type && !text.is_prose;
        let rule = match self.tag {
            Tag::Document if stands && !text.is_prose => Rule::XssTag,
            Tag::Loading if has_attributes && !text.is_prose => Rule::XssTag,
            Tag::Document | Tag::Loading | Tag::Page if stands => Rule::XssWeakTag,
            _ => return,
        };
        hits.add(rule, self.open);
    }
}

/// Whether this is a type in code and no tag: a name before it, and nothing behind it that a document would have.
fn is_type_parameter(text: &Text<'_>, open: usize, end: usize) -> bool {
    let before = text.before(open);
    let follows_name = before.is_ascii_alphanumeric() || before == b':';
    let closes = match (text.byte(end), text.byte(end + 1)) {
        (b'>', next) => matches!(
            next,
            0 | b' ' | b'>' | b'(' | b',' | b')' | b';' | b'`' | b':' | b'.' | b'{' | b'\n'
        ),
        (byte, _) => matches!(byte, b',' | b':' | b' '),
    };
    follows_name && closes && memchr::memmem::find(text.bytes, b"</").is_none()
}
