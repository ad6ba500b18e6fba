//! Rules that are configured: a file with one rule a line, compiled into one automaton.
//!
//! ```text
//! # id            class  score  where      pattern
//! no-wordpress    rce    5      segment    ^wp-(admin|login|content)
//! no-long-digits  sqli   3      arg,json   (?i)\b\d{40,}\b
//! ```
//!
//! The pattern is the rest of the line, in the syntax of the crate `regex`, matched against the bytes of a value at every layer of its encoding.
//! It is found in linear time, whatever the value is.

use regex::bytes::{RegexSet, RegexSetBuilder};
use thiserror::Error;

use super::class::Class;
use super::hits::Hits;
use super::place::{Place, PlaceSet};

/// How many rules a file may have.
pub const MAX_RULES: usize = 1000;

/// How long a pattern may be, in bytes.
pub const MAX_PATTERN: usize = 4096;

/// How large a score may be.
pub const MAX_SCORE: u16 = 1000;

/// How large the automaton may get, in bytes.
const MAX_AUTOMATON: usize = 16 << 20;

/// How much memory a search may use for states that it has seen, in bytes.
const MAX_CACHE: usize = 4 << 20;

/// What is wrong with a file of rules.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct RuleError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: RuleFault,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleFault {
    /// Fields are missing.
    #[error("a rule is \"id class score where pattern\"")]
    Fields,
    /// The id is not made of letters, digits, `-` and `_`, or is too long.
    #[error("invalid id \"{0}\"")]
    Id(String),
    /// The id is that of another rule.
    #[error("id \"{0}\" is duplicate")]
    DuplicateId(String),
    /// There is no such class.
    #[error("unknown class \"{0}\"")]
    Class(String),
    /// The score is no number from 1 to [`MAX_SCORE`].
    #[error("invalid score \"{0}\"")]
    Score(String),
    /// There is no such place.
    #[error("unknown place \"{0}\"")]
    Place(String),
    /// The pattern is too long.
    #[error("the pattern is longer than {MAX_PATTERN} bytes")]
    LongPattern,
    /// The pattern cannot be understood.
    #[error("invalid pattern: {0}")]
    Pattern(String),
    /// There are too many rules.
    #[error("more than {MAX_RULES} rules")]
    TooMany,
    /// The patterns are too large together.
    #[error("the patterns are too large together")]
    TooLarge,
}

#[derive(Clone, Debug)]
struct CustomRule {
    id: String,
    class: Class,
    score: u16,
    places: PlaceSet,
}

/// The rules of a file.
#[derive(Clone, Debug)]
pub struct CustomRules {
    rules: Vec<CustomRule>,
    patterns: RegexSet,
    places: PlaceSet,
}

impl CustomRules {
    /// Reads a file of rules.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut rules: Vec<CustomRule> = Vec::new();
        let mut patterns = Vec::new();
        let mut last_line = 0;
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            last_line = line_number;
            let at_line = |fault| RuleError {
                line: line_number,
                fault,
            };
            let (rule, pattern) = parse_rule(line).map_err(at_line)?;
            if rules.iter().any(|other| other.id == rule.id) {
                return Err(at_line(RuleFault::DuplicateId(rule.id)));
            }
            if rules.len() >= MAX_RULES {
                return Err(at_line(RuleFault::TooMany));
            }
            // Compiled alone first, so that an error has its line.
            build(&[pattern]).map_err(at_line)?;
            rules.push(rule);
            patterns.push(pattern);
        }
        let places = rules
            .iter()
            .flat_map(|rule| {
                Place::ALL
                    .into_iter()
                    .filter(|place| rule.places.contains(*place))
            })
            .fold(PlaceSet::NONE, PlaceSet::with);
        let patterns = build(&patterns).map_err(|_| RuleError {
            line: last_line,
            fault: RuleFault::TooLarge,
        })?;
        Ok(Self {
            rules,
            patterns,
            places,
        })
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether some rule looks at values of this place.
    pub(super) fn covers(&self, place: Place) -> bool {
        self.places.contains(place)
    }

    pub(super) fn id(&self, index: usize) -> &str {
        self.rules.get(index).map_or("", |rule| &rule.id)
    }

    pub(super) fn detect(&self, text: &[u8], place: Place, hits: &mut Hits) {
        if !self.covers(place) || !self.patterns.is_match(text) {
            return;
        }
        for index in self.patterns.matches(text) {
            if let Some(rule) = self.rules.get(index).filter(|rule| rule.places.contains(place)) {
                hits.add_custom(rule.class, rule.score, index);
            }
        }
    }
}

fn build(patterns: &[&str]) -> Result<RegexSet, RuleFault> {
    RegexSetBuilder::new(patterns)
        .size_limit(MAX_AUTOMATON)
        .dfa_size_limit(MAX_CACHE)
        .build()
        .map_err(|error| RuleFault::Pattern(last_line(&error.to_string()).to_owned()))
}

/// The crate draws the place of an error on several lines; the last one says what is wrong.
fn last_line(message: &str) -> &str {
    let line = message.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line)
}

fn parse_rule(line: &str) -> Result<(CustomRule, &str), RuleFault> {
    let (id, rest) = field(line)?;
    let (class, rest) = field(rest)?;
    let (score, rest) = field(rest)?;
    let (places, pattern) = field(rest)?;
    let is_id = id.len() <= 64
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_id {
        return Err(RuleFault::Id(id.to_owned()));
    }
    if pattern.len() > MAX_PATTERN {
        return Err(RuleFault::LongPattern);
    }
    let rule = CustomRule {
        id: id.to_owned(),
        class: Class::parse(class).ok_or_else(|| RuleFault::Class(class.to_owned()))?,
        score: parse_score(score)?,
        places: parse_places(places)?,
    };
    Ok((rule, pattern))
}

fn field(rest: &str) -> Result<(&str, &str), RuleFault> {
    let (field, rest) = rest.split_once(char::is_whitespace).ok_or(RuleFault::Fields)?;
    Ok((field, rest.trim_start()))
}

fn parse_score(score: &str) -> Result<u16, RuleFault> {
    score
        .parse()
        .ok()
        .filter(|score| (1..=MAX_SCORE).contains(score))
        .ok_or_else(|| RuleFault::Score(score.to_owned()))
}

fn parse_places(places: &str) -> Result<PlaceSet, RuleFault> {
    if places == "*" {
        return Ok(PlaceSet::ALL);
    }
    places.split(',').try_fold(PlaceSet::NONE, |set, name| {
        let place = Place::parse(name).ok_or_else(|| RuleFault::Place(name.to_owned()))?;
        Ok(set.with(place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read() {
        let rules = CustomRules::parse(
            "# comment\n\n  no-admin rce 5 segment,path ^wp-(admin|login)$  \nspaces sqli 3 * a b  c\n",
        )
        .expect("rules");
        assert_eq!(rules.len(), 2);
        assert!(rules.covers(Place::Json));
        let mut hits = Hits::default();
        rules.detect(b"wp-admin", Place::PathSegment, &mut hits);
        assert_eq!(hits.score(Class::Rce), 5);
        let mut hits = Hits::default();
        rules.detect(b"wp-admin", Place::Json, &mut hits);
        rules.detect(b"xa b  cx", Place::Json, &mut hits);
        assert_eq!((hits.score(Class::Rce), hits.score(Class::Sqli)), (0, 3));
        assert!(CustomRules::parse("").expect("no rules").is_empty());
    }

    #[test]
    fn errors_name_their_line() {
        for (text, error) in [
            (
                "\nx rce 5 *",
                "line 2: a rule is \"id class score where pattern\"",
            ),
            ("x y 5 * a", "line 1: unknown class \"y\""),
            ("x rce 0 * a", "line 1: invalid score \"0\""),
            ("x rce 5 arg,here a", "line 1: unknown place \"here\""),
            ("x! rce 5 * a", "line 1: invalid id \"x!\""),
            ("x rce 5 * a\nx rce 5 * b", "line 2: id \"x\" is duplicate"),
            ("x rce 5 * (a", "line 1: invalid pattern: unclosed group"),
        ] {
            assert_eq!(CustomRules::parse(text).expect_err(text).to_string(), error);
        }
        let long = format!("x rce 5 * {}", "a".repeat(MAX_PATTERN + 1));
        assert_eq!(
            CustomRules::parse(&long).expect_err("too long").fault,
            RuleFault::LongPattern
        );
        let large = "x rce 5 * (a{1000}){1000}".to_owned();
        assert!(matches!(
            CustomRules::parse(&large).expect_err("too large").fault,
            RuleFault::Pattern(_)
        ));
    }
}
