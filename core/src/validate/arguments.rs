//! Rules for the arguments of a query string.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::rule::Rule;
use super::{InvalidRequest, Part, Violation};

/// What is done with arguments that no rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// They pass.
    #[default]
    Allowed,
    /// They are a violation.
    Refused,
}

/// The rules of a location.
#[derive(Debug, Clone, Default)]
pub struct ArgumentRules {
    rules: Vec<(Box<str>, Rule)>,
    unknown: Unknown,
}

/// A query string of more arguments is not looked at further: no honest one has so many.
const MAX_ARGUMENTS: usize = 1000;

impl ArgumentRules {
    /// Rules by name, each name once.
    pub fn new(rules: Vec<(Box<str>, Rule)>, unknown: Unknown) -> Self {
        Self { rules, unknown }
    }

    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.unknown == Unknown::Allowed
    }

    /// Checks a query string as it came. At most `max` violations are told.
    pub fn check(&self, args: &[u8], status: u16, max: usize) -> Result<(), InvalidRequest> {
        let mut seen = vec![0_u32; self.rules.len()];
        let mut violations = Vec::new();
        let pairs = args.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        for (number, pair) in pairs.enumerate() {
            if violations.len() >= max {
                break;
            }
            if number >= MAX_ARGUMENTS {
                violations.push(violation(
                    "",
                    "maxProperties",
                    "there are too many arguments".into(),
                ));
                break;
            }
            violations.extend(self.check_pair(pair, &mut seen));
        }
        let missing = self
            .rules
            .iter()
            .zip(&seen)
            .filter(|((_, rule), seen)| rule.required && **seen == 0);
        violations.extend(missing.map(|((name, _), _)| violation(name, "required", "is required".into())));
        violations.truncate(max);
        if violations.is_empty() {
            return Ok(());
        }
        Err(InvalidRequest::Violations {
            part: Part::Arguments,
            status,
            violations,
        })
    }

    fn check_pair(&self, pair: &[u8], seen: &mut [u32]) -> Option<Violation> {
        let (name, value) = match memchr::memchr(b'=', pair) {
            Some(position) => (pair.get(..position)?, pair.get(position + 1..)?),
            None => (pair, &b""[..]),
        };
        let Some(name) = decode(name) else {
            return Some(violation("", "encoding", "a name is not valid UTF-8".into()));
        };
        let found = self
            .rules
            .iter()
            .zip(seen)
            .find(|((other, _), _)| **other == *name);
        let Some(((_, rule), count)) = found else {
            return match self.unknown {
                Unknown::Allowed => None,
                Unknown::Refused => Some(violation(&name, "additionalProperties", "is not known".into())),
            };
        };
        *count += 1;
        if *count > 1 && !rule.repeated {
            return Some(violation(&name, "repeated", "must not be repeated".into()));
        }
        match decode(value) {
            Some(value) => rule.check(&name, &value),
            None => Some(violation(&name, "encoding", "is not valid UTF-8".into())),
        }
    }
}

/// As forms are sent: `+` is a space.
fn decode(text: &[u8]) -> Option<Cow<'_, str>> {
    if memchr::memchr2(b'%', b'+', text).is_none() {
        return std::str::from_utf8(text).ok().map(Cow::Borrowed);
    }
    let spaced: Vec<u8> = text
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    let decoded = percent_decode(&spaced).decode_utf8().ok()?.into_owned();
    (!decoded.contains('\0')).then_some(Cow::Owned(decoded))
}

/// A name is the client's text: no more of it is repeated than helps.
fn violation(name: &str, keyword: &'static str, message: String) -> Violation {
    Violation {
        path: name.chars().take(64).collect(),
        keyword: Cow::Borrowed(keyword),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::{ArgumentRules, Unknown};
    use crate::error::Problem;
    use crate::validate::{RuleBuilder, ValueType};

    fn rules(unknown: Unknown) -> ArgumentRules {
        let limit = RuleBuilder {
            value_type: Some(ValueType::Integer),
            min: Some(1.0),
            max: Some(100.0),
            ..RuleBuilder::default()
        };
        let name = RuleBuilder {
            required: true,
            max: Some(5.0),
            ..RuleBuilder::default()
        };
        let tag = RuleBuilder {
            repeated: true,
            ..RuleBuilder::default()
        };
        let rules = [("limit", limit), ("name", name), ("tag", tag)]
            .map(|(name, rule)| (name.into(), rule.build().expect("good")));
        ArgumentRules::new(rules.into(), unknown)
    }

    fn keywords(args: &str) -> Vec<String> {
        crate::validate::keywords(rules(Unknown::Refused).check(args.as_bytes(), 422, 10))
    }

    #[test]
    fn arguments_are_decoded_and_checked() {
        assert!(keywords("name=a&limit=10&tag=x&tag=y").is_empty());
        assert!(keywords("n%61me=a+b%20c").is_empty());
        assert_eq!(keywords(""), ["name required"]);
        assert_eq!(
            keywords("limit=0&name=abcdef"),
            ["limit minimum", "name maxLength"]
        );
        assert_eq!(keywords("name=a&limit=1&limit=2"), ["limit repeated"]);
        assert_eq!(keywords("name=a&other=1&&"), ["other additionalProperties"]);
        assert_eq!(keywords("name=%ff"), ["name encoding"]);
        assert_eq!(keywords("name=a%00"), ["name encoding"]);
        assert_eq!(keywords("name&limit"), ["limit type"]);
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many = "x=1&".repeat(10_000);
        assert_eq!(keywords(&many).len(), 10);
        let rules = rules(Unknown::Allowed);
        let many = format!("name=a&{}", "y=1&".repeat(1000));
        let error = rules.check(many.as_bytes(), 400, 10).expect_err("too many");
        assert_eq!((error.status(), error.violations().len()), (400, 1));
        assert_eq!(
            keywords(&format!("name=a&{}=1", "z".repeat(1000))),
            [format!("{} additionalProperties", "z".repeat(64))]
        );
    }
}
