//! What the detectors look at, and what they say.

use super::class::{Class, ClassSet};
use super::place::Place;
use super::rule::Rule;
use super::shape::Shape;

/// A value, or a part of a long one, as one reader of it may see it: decoded so far, and in lower case.
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) shape: Shape,
    pub(super) place: Place,
    /// Whether people wrote it: words with spaces between them. What could be an attack may then be an example of one.
    pub(super) is_prose: bool,
}

impl<'a> Text<'a> {
    pub(super) fn new(bytes: &'a [u8], shape: Shape, place: Place) -> Self {
        Self {
            bytes,
            shape,
            place,
            is_prose: shape.has(Shape::SPACE) && is_prose(bytes),
        }
    }

    /// The byte at a position; 0 behind the end.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The byte before a position; 0 at the start.
    pub(super) fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |at| self.byte(at))
    }

    /// What begins at a position.
    pub(super) fn from(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// The first position from `at` on that holds no white space; much of it is not skipped.
    pub(super) fn skip_space(&self, at: usize) -> usize {
        let space = self
            .from(at)
            .iter()
            .take(MAX_SPACE)
            .take_while(|byte| byte.is_ascii_whitespace());
        at + space.count()
    }
}

/// How much white space is skipped at a time.
const MAX_SPACE: usize = 64;

/// How many words make a sentence.
const SENTENCE: usize = 6;

/// Whether a text has a sentence: words of letters with single spaces and marks between them, without the signs of code.
fn is_prose(bytes: &[u8]) -> bool {
    let mut words = 0;
    let mut code = 0;
    for word in bytes.split(|&byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
        if word.is_empty() {
            continue;
        }
        if is_plain_word(word) {
            words += 1;
        } else {
            code += 1;
        }
    }
    words >= SENTENCE && code * 4 <= words
}

/// Letters, with an apostrophe or a hyphen among them, and marks around them.
fn is_plain_word(word: &[u8]) -> bool {
    let word = word
        .strip_prefix(b"(")
        .or_else(|| word.strip_prefix(b"\""))
        .unwrap_or(word);
    let letters = word
        .iter()
        .position(|&byte| !(byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'\'' | b'-')))
        .unwrap_or(word.len());
    letters > 0
        && word
            .first()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
        && word.len() - letters <= 2
        && word
            .iter()
            .skip(letters)
            .all(|byte| matches!(byte, b'.' | b',' | b':' | b';' | b'!' | b'?' | b')' | b'"'))
}

/// A rule that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleName {
    BuiltIn(Rule),
    /// A rule that is configured, by its index.
    Custom(usize),
}

/// The rules that match a value. Each counts once.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits {
    rules: u64,
    scores: [u16; Class::ALL.len()],
    /// The rule of each class that counts most, what it counts, and where it matches.
    strongest: [Option<(RuleName, u16, usize)>; Class::ALL.len()],
}

impl Hits {
    /// Notes that a rule matches at a position.
    pub(super) fn add(&mut self, rule: Rule, at: usize) {
        let bit = 1 << rule as u8;
        if self.rules & bit != 0 {
            return;
        }
        self.rules |= bit;
        self.count(rule.class(), RuleName::BuiltIn(rule), rule.score(), at);
    }

    /// Notes that a rule that is configured matches. Where is not known.
    pub(super) fn add_custom(&mut self, class: Class, score: u16, index: usize) {
        self.count(class, RuleName::Custom(index), score, 0);
    }

    fn count(&mut self, class: Class, rule: RuleName, score: u16, at: usize) {
        if let Some(sum) = self.scores.get_mut(class.index()) {
            *sum = sum.saturating_add(score);
        }
        if let Some(strongest) = self.strongest.get_mut(class.index())
            && strongest.is_none_or(|(_, most, _)| most < score)
        {
            *strongest = Some((rule, score, at));
        }
    }

    pub(super) fn score(&self, class: Class) -> u16 {
        self.scores.get(class.index()).copied().unwrap_or(0)
    }

    /// The rule of a class that counts most, and where it matches.
    pub(super) fn strongest(&self, class: Class) -> Option<(RuleName, usize)> {
        let (rule, _, at) = self.strongest.get(class.index()).copied().flatten()?;
        Some((rule, at))
    }

    /// Whether some class of the set has reached the threshold.
    pub(super) fn reach(&self, threshold: u16, classes: ClassSet) -> bool {
        Class::ALL
            .into_iter()
            .any(|class| classes.contains(class) && self.score(class) >= threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_prose() {
        for text in [
            "Please select the option that you like best, and order it.",
            "it's the dog's dinner (or the cat's), isn't it?",
            "le chat est sur la table et l'oiseau vole",
        ] {
            let text = text.to_ascii_lowercase();
            assert!(is_prose(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "' or 1=1 --",
            "1 union select a from b where c = 1",
            "ping -c 10 127.0.0.1 ; ls -la /etc",
        ] {
            assert!(!is_prose(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_rule_counts_once() {
        let mut hits = Hits::default();
        hits.add(Rule::SqlWeakCondition, 7);
        hits.add(Rule::SqlWeakCondition, 9);
        assert_eq!(hits.score(Class::Sqli), 3);
        assert!(!hits.reach(5, ClassSet::ALL));
        hits.add(Rule::SqlUnion, 12);
        assert_eq!(hits.score(Class::Sqli), 8);
        assert_eq!(
            hits.strongest(Class::Sqli),
            Some((RuleName::BuiltIn(Rule::SqlUnion), 12))
        );
        assert!(hits.reach(5, ClassSet::ALL) && !hits.reach(5, ClassSet::NONE.with(Class::Xss)));
    }
}
