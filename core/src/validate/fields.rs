//! Rules for header fields.

use std::borrow::Cow;

use super::rule::Rule;
use super::{InvalidRequest, Part, Violation};
use crate::names::is_token;

/// The rules of a location, by names in lower case.
#[derive(Debug, Clone, Default)]
pub struct FieldRules(Vec<(Box<str>, Rule)>);

/// A name that no header field can have (RFC 9110 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid header field name")]
pub struct InvalidFieldName;

impl FieldRules {
    /// Adds a rule; whether the name had none yet.
    pub fn add(&mut self, name: &str, rule: Rule) -> Result<bool, InvalidFieldName> {
        if !is_token(name) {
            return Err(InvalidFieldName);
        }
        let name = name.to_ascii_lowercase();
        let is_new = self.0.iter().all(|(other, _)| **other != *name);
        if is_new {
            self.0.push((name.into(), rule));
        }
        Ok(is_new)
    }

    /// The rules, by names in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.0.iter().map(|(name, rule)| (&**name, rule))
    }

    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks the fields of a request, as they came. At most `max` violations are told.
    pub fn check<'a>(
        &self,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        status: u16,
        max: usize,
    ) -> Result<(), InvalidRequest> {
        let violations: Vec<_> = self
            .0
            .iter()
            .filter_map(|(name, rule)| check_field(name, rule, fields.clone()))
            .take(max)
            .collect();
        if violations.is_empty() {
            return Ok(());
        }
        Err(InvalidRequest::Violations {
            part: Part::Headers,
            status,
            violations,
        })
    }
}

fn check_field<'a>(
    name: &str,
    rule: &Rule,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Option<Violation> {
    let violation = |keyword: &'static str, message: &str| {
        Some(Violation {
            path: name.to_owned(),
            keyword: Cow::Borrowed(keyword),
            message: message.to_owned(),
        })
    };
    let mut values = fields
        .filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value)
        .peekable();
    if values.peek().is_none() {
        return if rule.required {
            violation("required", "is required")
        } else {
            None
        };
    }
    for (position, value) in values.enumerate() {
        if position > 0 && !rule.repeated {
            return violation("repeated", "must not be repeated");
        }
        let Ok(value) = std::str::from_utf8(value) else {
            return violation("encoding", "is not valid UTF-8");
        };
        if let Some(violation) = rule.check(name, &value_of(name, value)) {
            return Some(violation);
        }
    }
    None
}

/// What a rule is for: of Content-Type the media type, in lower case and without its parameters (RFC 9110 section 8.3.1).
fn value_of<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if name != "content-type" {
        return Cow::Borrowed(value);
    }
    let media_type = value.split(';').next().unwrap_or_default().trim();
    Cow::Owned(media_type.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{FieldRules, InvalidFieldName};
    use crate::validate::{Rule, RuleBuilder, ValueType};

    fn keywords(fields: &[(&str, &str)]) -> Vec<String> {
        let mut rules = FieldRules::default();
        let id = RuleBuilder {
            value_type: Some(ValueType::Uuid),
            required: true,
            ..RuleBuilder::default()
        };
        let version = RuleBuilder {
            values: vec!["1".into(), "2".into()],
            ..RuleBuilder::default()
        };
        rules
            .add("X-Request-Id", id.build().expect("good"))
            .expect("a name");
        rules
            .add("x-version", version.build().expect("good"))
            .expect("a name");
        let fields = fields
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        crate::validate::keywords(rules.check(fields, 400, 10))
    }

    #[test]
    fn fields_are_found_whatever_their_case() {
        let id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        assert!(keywords(&[("x-REQUEST-id", id)]).is_empty());
        assert!(keywords(&[("X-Request-Id", id), ("X-Version", "2"), ("Accept", "x")]).is_empty());
        assert_eq!(
            keywords(&[("X-Version", "3")]),
            ["x-request-id required", "x-version enum"]
        );
        assert_eq!(keywords(&[("X-Request-Id", "1")]), ["x-request-id type"]);
        assert_eq!(
            keywords(&[("X-Request-Id", id), ("x-request-id", id)]),
            ["x-request-id repeated"]
        );
    }

    #[test]
    fn a_content_type_is_its_media_type() {
        let mut rules = FieldRules::default();
        let rule = RuleBuilder {
            required: true,
            values: vec!["application/json".into(), "text/csv".into()],
            ..RuleBuilder::default()
        };
        assert_eq!(rules.add("Content-Type", rule.build().expect("good")), Ok(true));
        let check = |value: &str| {
            let fields = [(&b"Content-Type"[..], value.as_bytes())];
            crate::validate::keywords(rules.check(fields.into_iter(), 400, 10))
        };
        for value in [
            "application/json",
            "Application/JSON ; charset=utf-8",
            "text/csv;header=present",
        ] {
            assert!(check(value).is_empty(), "{value}");
        }
        for value in ["text/html", "application/json+x", "", ";application/json"] {
            assert_eq!(check(value), ["content-type enum"], "{value}");
        }
    }

    #[test]
    fn names_are_tokens_and_come_once() {
        let rule = || -> Rule { RuleBuilder::default().build().expect("good") };
        let mut rules = FieldRules::default();
        assert_eq!(rules.add("X-A", rule()), Ok(true));
        assert_eq!(rules.add("x-a", rule()), Ok(false));
        for name in ["", "a b", "a:", "ä"] {
            assert_eq!(rules.add(name, rule()), Err(InvalidFieldName), "{name}");
        }
    }
}
