//! What a single value has to be: of a type, between two bounds, like a pattern, one of several.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::{InvalidRequest, Part, Violation};

/// The type of a value that comes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A whole number that PostgreSQL's `bigint` holds.
    Integer,
    /// A decimal number, with an exponent or without.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any text.
    String,
    /// A UUID in its usual form (RFC 9562 section 4).
    Uuid,
    /// `2026-11-21`: a date that there is (RFC 3339 `full-date`).
    Date,
    /// `2026-11-21T10:00:00Z`: a point in time with its offset (RFC 3339 `date-time`).
    Timestamp,
}

/// A name that is no type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown type")]
pub struct UnknownType;

impl FromStr for ValueType {
    type Err = UnknownType;

    fn from_str(name: &str) -> Result<Self, UnknownType> {
        Ok(match name {
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "string" => Self::String,
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            _ => return Err(UnknownType),
        })
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::String => "text",
            Self::Uuid => "a UUID",
            Self::Date => "a date (YYYY-MM-DD)",
            Self::Timestamp => "a timestamp (RFC 3339)",
        })
    }
}

/// A rule as it is written.
#[derive(Debug, Clone, Default)]
pub struct RuleBuilder {
    /// The type; text if none is named.
    pub value_type: Option<ValueType>,
    /// The least value, or the least number of characters of a text.
    pub min: Option<f64>,
    /// The greatest value, or the greatest number of characters of a text.
    pub max: Option<f64>,
    /// What the whole value must be like.
    pub pattern: Option<String>,
    /// What it may be; any if there is none.
    pub values: Vec<String>,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it may be there more than once.
    pub repeated: bool,
}

/// Why a rule makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    /// `min` or `max` with a type that has no order that they could mean.
    #[error("\"min\" and \"max\" go with numbers and text only")]
    Bounds,
    /// `min` is greater than `max`.
    #[error("\"min\" is greater than \"max\"")]
    Order,
    /// No text has so few characters.
    #[error("\"max\" of a text is less than 0")]
    Length,
    /// The pattern does not compile; the reason in one line.
    #[error("invalid pattern: {0}")]
    Pattern(String),
    /// One of the values is not of the type.
    #[error("\"{0}\" is not of the type")]
    Value(String),
    /// The default does not satisfy the rule, and why.
    #[error("the default \"{0}\" {1}")]
    Default(String, String),
    /// What has a default is never missing.
    #[error("\"default\" and \"required\" exclude each other")]
    RequiredDefault,
}

/// A rule that is ready to be used.
#[derive(Debug, Clone)]
pub struct Rule {
    value_type: ValueType,
    bounds: (Option<f64>, Option<f64>),
    pattern: Option<Regex>,
    values: Vec<String>,
    pub(super) required: bool,
    pub(super) repeated: bool,
}

/// A pattern's automaton takes no more memory than this.
const PATTERN_BYTES: usize = 1 << 20;

impl RuleBuilder {
    /// Compiles it. A pattern is matched in time linear in the value, whatever both are.
    pub fn build(self) -> Result<Rule, InvalidRule> {
        let value_type = self.value_type.unwrap_or(ValueType::String);
        let has_bounds = self.min.is_some() || self.max.is_some();
        let is_ordered = matches!(
            value_type,
            ValueType::Integer | ValueType::Number | ValueType::String
        );
        if has_bounds && !is_ordered {
            return Err(InvalidRule::Bounds);
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            return Err(InvalidRule::Order);
        }
        if value_type == ValueType::String && self.max.is_some_and(|max| max < 0.0) {
            return Err(InvalidRule::Length);
        }
        let pattern = self.pattern.as_deref().map(compile).transpose()?;
        if let Some(value) = self.values.iter().find(|value| !value_type.admits(value)) {
            return Err(InvalidRule::Value(value.clone()));
        }
        Ok(Rule {
            value_type,
            bounds: (self.min, self.max),
            pattern,
            values: self.values,
            required: self.required,
            repeated: self.repeated,
        })
    }
}

/// The whole value has to match, as the `pattern` of an HTML form has it.
fn compile(pattern: &str) -> Result<Regex, InvalidRule> {
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN_BYTES)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            InvalidRule::Pattern(last.trim_start_matches("error: ").to_owned())
        })
}

impl Rule {
    /// Checks the key in the path of a resource.
    pub fn check_key(&self, key: &str, status: u16) -> Result<(), InvalidRequest> {
        match self.check("", key) {
            None => Ok(()),
            Some(violation) => Err(InvalidRequest::Violations {
                part: Part::Key,
                status,
                violations: vec![violation],
            }),
        }
    }

    /// Whether the value must be there.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Whether it may be there more than once.
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }

    /// What the value must be like, as a regular expression of the crate `regex`.
    pub fn pattern(&self) -> Option<&str> {
        self.pattern.as_ref().map(Regex::as_str)
    }

    /// The same as a JSON Schema (2020-12) of one value, but for the pattern, which is written otherwise there.
    pub fn schema(&self) -> Value {
        let (value_type, format) = match self.value_type {
            ValueType::Integer => ("integer", Some("int64")),
            ValueType::Number => ("number", None),
            ValueType::Boolean => ("boolean", None),
            ValueType::String => ("string", None),
            ValueType::Uuid => ("string", Some("uuid")),
            ValueType::Date => ("string", Some("date")),
            ValueType::Timestamp => ("string", Some("date-time")),
        };
        let mut members = Map::new();
        let mut add = |keyword: &str, value: Value| members.insert(keyword.to_owned(), value);
        if !self.values.is_empty() {
            let allowed = self
                .values
                .iter()
                .filter(|value| self.out_of_bounds(value).is_none());
            add("enum", allowed.map(|value| self.value_of(value)).collect());
            if self.is_told_as_text() {
                add("type", "string".into());
                return Value::Object(members);
            }
        }
        add("type", value_type.into());
        if let Some(format) = format {
            add("format", format.into());
        }
        for (keyword, bound) in self.bound_keywords() {
            add(keyword, whole(bound).map_or_else(|| bound.into(), Value::from));
        }
        Value::Object(members)
    }

    /// The bounds that say something. Numbers of characters are whole, and at least 0 (JSON Schema 2020-12 validation, 6.3).
    fn bound_keywords(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let (min, max) = self.bounds;
        let bounds = if self.value_type == ValueType::String {
            let least = min.map(f64::ceil).filter(|&min| min > 0.0);
            [("minLength", least), ("maxLength", max.map(f64::floor))]
        } else {
            [("minimum", min), ("maximum", max)]
        };
        let bounds = bounds
            .into_iter()
            .filter_map(|(keyword, bound)| Some((keyword, bound?)));
        bounds.filter(|(_, bound)| bound.is_finite())
    }

    /// Whether values have to be written in a way that their numbers do not say: `007`, `1.50`.
    fn is_told_as_text(&self) -> bool {
        let is_itself = |text: &String| {
            let written = serde_json::from_str(text).map(|value: Value| value.to_string());
            written.is_ok_and(|written| written == *text)
        };
        let is_number = matches!(self.value_type, ValueType::Integer | ValueType::Number);
        is_number && !self.values.iter().all(is_itself)
    }

    /// What a text that satisfies the rule is in JSON.
    pub fn value_of(&self, text: &str) -> Value {
        let value = match self.value_type {
            _ if self.is_told_as_text() => None,
            ValueType::Integer => text.parse::<i64>().ok().map(Value::from),
            ValueType::Number | ValueType::Boolean => serde_json::from_str(text).ok(),
            _ => None,
        };
        value.unwrap_or_else(|| text.into())
    }

    /// What is wrong with a value, if anything is.
    pub(super) fn check(&self, path: &str, value: &str) -> Option<Violation> {
        let violation = |keyword: &'static str, message: String| {
            Some(Violation {
                path: path.to_owned(),
                keyword: Cow::Borrowed(keyword),
                message,
            })
        };
        if !self.value_type.admits(value) {
            return violation("type", format!("must be {}", self.value_type));
        }
        if let Some((keyword, message)) = self.out_of_bounds(value) {
            return violation(keyword, message);
        }
        if !self.values.is_empty() && !self.values.iter().any(|allowed| allowed == value) {
            return violation("enum", format!("must be one of {}", self.values.join(", ")));
        }
        if self
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.is_match(value))
        {
            return violation("pattern", "does not have the form that is demanded".into());
        }
        None
    }

    fn out_of_bounds(&self, value: &str) -> Option<(&'static str, String)> {
        let (min, max) = self.bounds;
        if min.is_none() && max.is_none() {
            return None;
        }
        if self.value_type == ValueType::String {
            #[expect(clippy::cast_precision_loss, reason = "no text has 2^53 characters")]
            let length = value.chars().count() as f64;
            return match (min, max) {
                (Some(min), _) if length < min => {
                    Some(("minLength", format!("must have at least {min} characters")))
                }
                (_, Some(max)) if length > max => {
                    Some(("maxLength", format!("must have at most {max} characters")))
                }
                _ => None,
            };
        }
        let number: f64 = value.parse().ok()?;
        match (min, max) {
            (Some(min), _) if number < min => Some(("minimum", format!("must be at least {min}"))),
            (_, Some(max)) if number > max => Some(("maximum", format!("must be at most {max}"))),
            _ => None,
        }
    }
}

/// A number without a fraction, as JSON writes it best.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is a whole number of at most 53 bits"
    )]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

impl ValueType {
    fn admits(self, value: &str) -> bool {
        match self {
            Self::String => true,
            Self::Integer => is_integer(value),
            Self::Number => is_number(value),
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Uuid => is_uuid(value),
            Self::Date => is_date(value),
            Self::Timestamp => is_timestamp(value),
        }
    }
}

fn is_integer(value: &str) -> bool {
    // The standard library also takes a plus sign.
    !value.starts_with('+') && value.parse::<i64>().is_ok()
}

/// A number as JSON writes it (RFC 8259 section 6), which is what PostgreSQL and every client understand alike; not the `inf` and
/// `NaN` of programming languages.
fn is_number(value: &str) -> bool {
    let begins = value
        .bytes()
        .next()
        .is_some_and(|first| first == b'-' || first.is_ascii_digit());
    let ends = value
        .bytes()
        .next_back()
        .is_some_and(|last| last.is_ascii_digit());
    begins && ends && serde_json::from_str::<serde_json::Number>(value).is_ok()
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_date(value: &str) -> bool {
    let mut parts = value.splitn(3, '-');
    let (year, month, day) = (
        number(parts.next(), 4),
        number(parts.next(), 2),
        number(parts.next(), 2),
    );
    let (Some(year), Some(month), Some(day)) = (year, month, day) else {
        return false;
    };
    (1..=days_in(year, month)).contains(&day)
}

fn is_timestamp(value: &str) -> bool {
    let Some((date, time)) = value.split_once(['T', 't']) else {
        return false;
    };
    let Some(split) = time.find(['Z', 'z', '+', '-']) else {
        return false;
    };
    let (clock, offset) = time.split_at(split);
    is_date(date) && is_clock(clock) && is_offset(offset)
}

/// `10:00:00.123`; a leap second counts (RFC 3339 section 5.6).
fn is_clock(clock: &str) -> bool {
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let mut parts = clock.splitn(3, ':');
    let fields = [
        number(parts.next(), 2),
        number(parts.next(), 2),
        number(parts.next(), 2),
    ];
    let in_range = matches!(fields, [Some(0..=23), Some(0..=59), Some(0..=60)]);
    in_range
        && fraction.is_none_or(|digits| {
            !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
}

fn is_offset(offset: &str) -> bool {
    match offset.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', ..] => {
            let mut parts = offset.get(1..).unwrap_or_default().splitn(2, ':');
            let fields = [number(parts.next(), 2), number(parts.next(), 2)];
            matches!(fields, [Some(0..=23), Some(0..=59)])
        }
        _ => false,
    }
}

/// A number of exactly so many digits.
fn number(text: Option<&str>, digits: usize) -> Option<u32> {
    let text = text.filter(|text| text.len() == digits)?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{InvalidRule, RuleBuilder, ValueType};

    fn schema(value_type: ValueType, bounds: (Option<f64>, Option<f64>), values: &[&str]) -> Value {
        let rule = RuleBuilder {
            value_type: Some(value_type),
            min: bounds.0,
            max: bounds.1,
            values: values.iter().map(|&value| value.to_owned()).collect(),
            ..RuleBuilder::default()
        };
        rule.build().expect("good").schema()
    }

    #[test]
    fn numbers_of_characters_are_told_as_whole_ones() {
        let of = |min, max| schema(ValueType::String, (min, max), &[]);
        assert_eq!(of(Some(-1.0), None), json!({"type": "string"}));
        assert_eq!(
            of(Some(1.5), Some(2.5)),
            json!({"type": "string", "minLength": 2, "maxLength": 2})
        );
        assert_eq!(
            schema(ValueType::Integer, (Some(-1.5), Some(2.0)), &[]),
            json!({"type": "integer", "format": "int64", "minimum": -1.5, "maximum": 2})
        );
        let impossible = RuleBuilder {
            max: Some(-1.0),
            ..RuleBuilder::default()
        };
        assert_eq!(impossible.build().expect_err("no text"), InvalidRule::Length);
    }

    #[test]
    fn values_are_told_as_they_have_to_be_written() {
        let of = |value_type, values| schema(value_type, (Some(1.0), None), values);
        assert_eq!(
            of(ValueType::Integer, &["0", "7", "10"]),
            json!({"type": "integer", "format": "int64", "minimum": 1, "enum": [7, 10]})
        );
        assert_eq!(
            of(ValueType::Integer, &["000", "007", "10"]),
            json!({"type": "string", "enum": ["007", "10"]})
        );
        assert_eq!(
            of(ValueType::Number, &["1.50"]),
            json!({"type": "string", "enum": ["1.50"]})
        );
        let rule = RuleBuilder {
            value_type: Some(ValueType::Integer),
            ..RuleBuilder::default()
        };
        assert_eq!(rule.build().expect("good").value_of("007"), 7);
    }

    #[test]
    fn types_admit_their_values_and_no_others() {
        let cases: [(ValueType, &[&str], &[&str]); 6] = [
            (
                ValueType::Integer,
                &["0", "-1", "007", "9223372036854775807"],
                &["", "+1", "1.0", "1e3", " 1", "0x1", "9223372036854775808", "１"],
            ),
            (
                ValueType::Number,
                &["0", "-1.5", "1e3", "1E-3", "9223372036854775808"],
                &["", "+1", "inf", "NaN", "1.", ".5", "01", "1 ", " 1", "1,5"],
            ),
            (
                ValueType::Boolean,
                &["true", "false"],
                &["", "TRUE", "1", "yes", "t"],
            ),
            (
                ValueType::Uuid,
                &[
                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                ],
                &[
                    "",
                    "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g",
                ],
            ),
            (
                ValueType::Date,
                &["2026-11-21", "2024-02-29", "2000-02-29"],
                &[
                    "",
                    "2026-1-1",
                    "2026-13-01",
                    "2026-02-29",
                    "1900-02-29",
                    "2026-04-31",
                    "2026-00-01",
                    "2026-01-00",
                    "26-01-01",
                    "2026-01-01 ",
                    "2026-01-01-01",
                ],
            ),
            (
                ValueType::Timestamp,
                &[
                    "2026-11-21T10:00:00Z",
                    "2026-11-21t10:00:00.123456z",
                    "2026-11-21T23:59:60+02:00",
                    "2026-11-21T00:00:00-23:59",
                ],
                &[
                    "",
                    "2026-11-21",
                    "2026-11-21T10:00:00",
                    "2026-11-21 10:00:00Z",
                    "2026-11-21T24:00:00Z",
                    "2026-11-21T10:60:00Z",
                    "2026-11-21T10:00:00.Z",
                    "2026-11-21T10:00:00+2",
                    "2026-11-21T10:00:00+24:00",
                    "2026-11-21T10:00Z",
                    "2026-11-21T10:00:00ZZ",
                ],
            ),
        ];
        for (value_type, good, bad) in cases {
            for value in good {
                assert!(value_type.admits(value), "{value_type:?} {value}");
            }
            for value in bad {
                assert!(!value_type.admits(value), "{value_type:?} {value}");
            }
        }
    }

    #[test]
    fn bounds_are_of_numbers_and_of_the_length_of_text() {
        let keyword = |value_type, value: &str| {
            let rule = RuleBuilder {
                value_type: Some(value_type),
                min: Some(2.0),
                max: Some(3.5),
                ..RuleBuilder::default()
            };
            rule.build()
                .expect("good")
                .check("x", value)
                .map(|violation| violation.keyword)
        };
        assert_eq!(keyword(ValueType::Integer, "1").as_deref(), Some("minimum"));
        assert_eq!(keyword(ValueType::Integer, "3"), None);
        assert_eq!(keyword(ValueType::Number, "3.6").as_deref(), Some("maximum"));
        assert_eq!(keyword(ValueType::String, "é").as_deref(), Some("minLength"));
        assert_eq!(keyword(ValueType::String, "éé"), None);
        assert_eq!(keyword(ValueType::String, "éééé").as_deref(), Some("maxLength"));
    }

    #[test]
    fn a_pattern_is_for_the_whole_value() {
        let rule = RuleBuilder {
            pattern: Some("a|b+".into()),
            ..RuleBuilder::default()
        };
        let rule = rule.build().expect("good");
        assert!(rule.check("x", "bb").is_none() && rule.check("x", "a").is_none());
        for value in ["ab", "xa", "bbx", "", "a\n"] {
            assert!(rule.check("x", value).is_some(), "{value:?}");
        }
    }

    #[test]
    fn a_violation_does_not_repeat_the_value() {
        let rule = RuleBuilder {
            values: vec!["red".into(), "green".into()],
            ..RuleBuilder::default()
        };
        let violation = rule
            .build()
            .expect("good")
            .check("colour", "<script>")
            .expect("wrong");
        assert_eq!((violation.path.as_str(), &*violation.keyword), ("colour", "enum"));
        assert_eq!(violation.message, "must be one of red, green");
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let build = |rule: RuleBuilder| rule.build().expect_err("refused");
        let of = |value_type| RuleBuilder {
            value_type: Some(value_type),
            ..RuleBuilder::default()
        };
        assert_eq!(
            build(RuleBuilder {
                min: Some(1.0),
                ..of(ValueType::Uuid)
            }),
            InvalidRule::Bounds
        );
        assert_eq!(
            build(RuleBuilder {
                min: Some(2.0),
                max: Some(1.0),
                ..of(ValueType::Integer)
            }),
            InvalidRule::Order
        );
        assert_eq!(
            build(RuleBuilder {
                values: vec!["1".into(), "x".into()],
                ..of(ValueType::Integer)
            }),
            InvalidRule::Value("x".into())
        );
        let pattern = |text: &str| {
            build(RuleBuilder {
                pattern: Some(text.into()),
                ..RuleBuilder::default()
            })
        };
        assert_eq!(pattern("("), InvalidRule::Pattern("unclosed group".into()));
        assert!(matches!(pattern("(a{1000}){1000}"), InvalidRule::Pattern(_)));
    }
}
