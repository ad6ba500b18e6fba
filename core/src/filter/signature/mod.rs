//! Literals that tell an attack by themselves or nearly: names of functions, files, objects. One automaton finds all of them in one pass; what
//! stands around a literal decides whether it counts.

mod address;
mod code;
mod database;
mod document;
mod file;
mod program;
mod script;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::hits::{Hits, Text};
use super::rule::Rule;

/// Literals, in lower case, that count alike.
struct Group {
    rule: Rule,
    /// What counts in a sentence.
    in_prose: Option<Rule>,
    before: Before,
    after: After,
    literals: &'static [&'static str],
}

const fn group(
    rule: Rule,
    in_prose: Option<Rule>,
    before: Before,
    after: After,
    literals: &'static [&'static str],
) -> Group {
    Group {
        rule,
        in_prose,
        before,
        after,
        literals,
    }
}

/// All groups.
fn groups() -> impl Iterator<Item = &'static Group> {
    [
        script::GROUPS,
        file::GROUPS,
        program::GROUPS,
        code::GROUPS,
        database::GROUPS,
        document::GROUPS,
        address::GROUPS,
    ]
    .into_iter()
    .flatten()
}

/// What may stand before a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Any,
    /// No letter, digit or underscore.
    Boundary,
    /// Neither that nor a dot: a function, not a method.
    Free,
    /// Nothing but quotes, slashes and white space.
    Start,
}

/// What must follow a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Any,
    /// A call: `(`, a backtick, or a method that calls; also behind a parenthesis, `(alert)(1)`.
    Call,
    /// A call that is given a string or a variable.
    CallText,
    /// An access, an assignment or a call: `.`, `[`, `=`, `(`.
    Use,
    /// Quotes or a closing sign, and a colon, an equals sign or nothing: a key.
    Key,
    /// The end, a NUL, a quote, white space or a question mark.
    End,
}

struct Signatures {
    automaton: AhoCorasick,
    /// The group of each pattern.
    groups: Vec<&'static Group>,
}

static SIGNATURES: LazyLock<Option<Signatures>> = LazyLock::new(|| {
    let (literals, groups): (Vec<_>, Vec<_>) = groups()
        .flat_map(|group| group.literals.iter().map(move |literal| (*literal, group)))
        .unzip();
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(MatchKind::Standard)
        .build(literals)
        .ok()?;
    Some(Signatures { automaton, groups })
});

/// Builds the automaton, so that the first request does not have to.
pub(super) fn prepare() -> bool {
    SIGNATURES.is_some()
}

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    let Some(signatures) = &*SIGNATURES else {
        return;
    };
    for found in signatures.automaton.find_overlapping_iter(text.bytes) {
        let Some(group) = signatures.groups.get(found.pattern().as_usize()) else {
            continue;
        };
        let rule = if text.is_prose {
            group.in_prose
        } else {
            Some(group.rule)
        };
        if let Some(rule) = rule
            && group.before.allows(text, found.start())
            && group.after.allows(text, found.end())
        {
            hits.add(rule, found.start());
        }
    }
}

impl Before {
    fn allows(self, text: &Text<'_>, at: usize) -> bool {
        let byte = text.before(at);
        match self {
            Self::Any => true,
            Self::Boundary => !is_word(byte),
            Self::Free => !is_word(byte) && !matches!(byte, b'.' | b':' | b'$'),
            Self::Start => text
                .bytes
                .get(..at)
                .unwrap_or_default()
                .iter()
                .all(|byte| matches!(byte, 0..=b' ' | b'"' | b'\'' | b'/' | b'\\' | b'(' | b'=' | b'@')),
        }
    }
}

impl After {
    fn allows(self, text: &Text<'_>, at: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Call => is_call(text, at),
            Self::CallText => is_call(text, at) && is_text_argument(text, at),
            Self::Use => matches!(text.byte(at), b'.' | b'[' | b'(' | b'?' | b'`') || is_assignment(text, at),
            Self::Key => is_key(text, at),
            Self::End => matches!(
                text.byte(at),
                0..=b' ' | b'"' | b'\'' | b'?' | b'#' | b'%' | b';' | b'&' | b'|' | b')' | b'<' | b'`'
            ),
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_call(text: &Text<'_>, at: usize) -> bool {
    let mut at = at;
    while matches!(text.byte(at), b')' | b']' | b'\'' | b'"') && text.byte(at + 1) != 0 {
        at += 1;
    }
    let rest = text.from(at);
    let open = text.skip_space(at);
    match text.byte(open) {
        // In sentences a parenthesis stands apart, in calls it seldom does.
        b'(' => open == at || !text.is_prose && !is_remark(text.from(open + 1)),
        b'`' => open == at && text.byte(at + 1) != 0,
        b'?' => rest.starts_with(b"?.("),
        b'.' => rest.starts_with(b".call") || rest.starts_with(b".apply") || rest.starts_with(b".bind"),
        b'/' => rest.starts_with(b"/*"),
        _ => false,
    }
}

/// Whether a word and a space stand behind a parenthesis: `confirm (by phone)`.
fn is_remark(inside: &[u8]) -> bool {
    let word = inside
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    word > 1 && inside.get(word) == Some(&b' ')
}

/// Whether what stands in the parentheses begins as a string or a variable does.
fn is_text_argument(text: &Text<'_>, at: usize) -> bool {
    let open = text.skip_space(at);
    let argument = text.skip_space(open + 1);
    matches!(text.byte(argument), b'"' | b'\'' | b'$' | b'`' | b'\\')
}

fn is_assignment(text: &Text<'_>, at: usize) -> bool {
    let at = text.skip_space(at);
    text.byte(at) == b'=' && text.byte(at + 1) != b'='
}

fn is_key(text: &Text<'_>, at: usize) -> bool {
    let rest = text.from(at);
    let signs = rest
        .iter()
        .take_while(|byte| matches!(byte, b'"' | b'\'' | b']' | b' ' | b'\\'))
        .count();
    matches!(rest.get(signs), None | Some(b':' | b'=' | b'[' | b'{' | b'('))
}

#[cfg(test)]
mod tests;
