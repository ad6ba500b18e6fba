//! Rules for the arguments of a query string.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use super::rule::{InvalidRule, Rule};
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

/// The rule for one argument.
#[derive(Debug, Clone)]
pub struct ArgumentRule {
    name: Box<str>,
    rule: Rule,
    /// `name=value` as a query string has it: what a request without the argument gets.
    default: Option<Box<str>>,
}

/// The rules of a location.
#[derive(Debug, Clone, Default)]
pub struct ArgumentRules {
    rules: Vec<ArgumentRule>,
    unknown: Unknown,
}

/// What is written as it is in a default: nothing that separates arguments or means something in a form.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b',')
    .remove(b'/')
    .remove(b'*')
    .remove(b'@');

/// A query string of more arguments is not looked at further: no honest one has so many.
const MAX_ARGUMENTS: usize = 1000;

impl ArgumentRule {
    /// A rule, with the value that a request without the argument gets. It has to satisfy the rule itself.
    pub fn new(name: &str, rule: Rule, default: Option<&str>) -> Result<Self, InvalidRule> {
        let Some(value) = default else {
            return Ok(Self {
                name: name.into(),
                rule,
                default: None,
            });
        };
        if rule.required {
            return Err(InvalidRule::RequiredDefault);
        }
        let wrong = if value.contains('\0') {
            Some("must not have NUL".to_owned())
        } else {
            rule.check(name, value).map(|violation| violation.message)
        };
        if let Some(message) = wrong {
            return Err(InvalidRule::Default(value.to_owned(), message));
        }
        let encode = |text| utf8_percent_encode(text, PLAIN);
        let default = format!("{}={}", encode(name), encode(value));
        Ok(Self {
            name: name.into(),
            rule,
            default: Some(default.into()),
        })
    }

    /// Its argument.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What values have to be.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The value that a request without the argument gets.
    pub fn default_value(&self) -> Option<Cow<'_, str>> {
        let (_, value) = self.default.as_deref()?.split_once('=')?;
        percent_decode(value.as_bytes()).decode_utf8().ok()
    }
}

impl ArgumentRules {
    /// Rules, each for another argument.
    pub fn new(rules: Vec<ArgumentRule>, unknown: Unknown) -> Self {
        Self { rules, unknown }
    }

    /// The rules.
    pub fn rules(&self) -> &[ArgumentRule] {
        &self.rules
    }

    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.unknown == Unknown::Allowed
    }

    /// Checks a query string as it came. At most `max` violations are told. If all is well, the answer is what is to be added to the
    /// query string: the defaults of arguments that are missing, of those that
    /// `takes_default` admits, as `name=value&…`; empty if there are none.
    pub fn check(
        &self,
        args: &[u8],
        status: u16,
        max: usize,
        takes_default: impl Fn(&str) -> bool,
    ) -> Result<String, InvalidRequest> {
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
        let missing = || {
            let rules = self.rules.iter().zip(&seen);
            rules.filter(|(_, seen)| **seen == 0).map(|(rule, _)| rule)
        };
        let required = missing().filter(|one| one.rule.required);
        violations.extend(required.map(|one| violation(&one.name, "required", "is required".into())));
        violations.truncate(max);
        if violations.is_empty() {
            let defaults = missing().filter_map(|one| Some((&one.name, one.default.as_deref()?)));
            let defaults = defaults.filter(|(name, _)| takes_default(name));
            let defaults: Vec<_> = defaults.map(|(_, default)| default).collect();
            return Ok(defaults.join("&"));
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
        let found = self.rules.iter().zip(seen).find(|(one, _)| *one.name == *name);
        let Some((ArgumentRule { rule, .. }, count)) = found else {
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
    use super::{ArgumentRule, ArgumentRules, Unknown};
    use crate::error::Problem;
    use crate::validate::{InvalidRule, RuleBuilder, ValueType};

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
            .map(|(name, rule)| ArgumentRule::new(name, rule.build().expect("good"), None).expect("good"));
        ArgumentRules::new(rules.into(), unknown)
    }

    fn keywords(args: &str) -> Vec<String> {
        crate::validate::keywords(rules(Unknown::Refused).check(args.as_bytes(), 422, 10, |_| true))
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
    fn what_is_missing_gets_its_default() {
        let rule = || RuleBuilder::default().build().expect("good");
        let rule = |name, default| ArgumentRule::new(name, rule(), default).expect("good");
        let rules = [
            rule("limit", Some("20")),
            rule("b c", Some("ä&=+%x y,:z")),
            rule("q", None),
        ];
        let rules = ArgumentRules::new(rules.into(), Unknown::Refused);
        let added_if =
            |args: &str, takes: fn(&str) -> bool| rules.check(args.as_bytes(), 422, 10, takes).expect("good");
        let added = |args: &str| added_if(args, |_| true);
        let other = "b%20c=%C3%A4%26%3D%2B%25x%20y,:z";
        assert_eq!(added(""), format!("limit=20&{other}"));
        assert_eq!(added("q=1&limit"), other);
        assert_eq!(added("b+c=&l%69mit=3"), "");
        // With its defaults it has all.
        assert_eq!(added(&added("q=1")), "");
        assert_eq!(added_if("", |name| name == "limit"), "limit=20");
        assert!(rules.check(b"x=1", 422, 10, |_| true).is_err());
    }

    #[test]
    fn a_default_satisfies_its_rule() {
        let rule = |required| {
            let rule = RuleBuilder {
                value_type: Some(ValueType::Integer),
                max: Some(100.0),
                required,
                ..RuleBuilder::default()
            };
            rule.build().expect("good")
        };
        let error =
            |required, default| ArgumentRule::new("a", rule(required), Some(default)).expect_err("bad");
        assert_eq!(
            error(false, "101"),
            InvalidRule::Default("101".into(), "must be at most 100".into())
        );
        assert!(matches!(error(false, ""), InvalidRule::Default(..)));
        assert_eq!(error(true, "1"), InvalidRule::RequiredDefault);
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many = "x=1&".repeat(10_000);
        assert_eq!(keywords(&many).len(), 10);
        let rules = rules(Unknown::Allowed);
        let many = format!("name=a&{}", "y=1&".repeat(1000));
        let error = rules
            .check(many.as_bytes(), 400, 10, |_| true)
            .expect_err("too many");
        assert_eq!((error.status(), error.violations().len()), (400, 1));
        assert_eq!(
            keywords(&format!("name=a&{}=1", "z".repeat(1000))),
            [format!("{} additionalProperties", "z".repeat(64))]
        );
    }
}
