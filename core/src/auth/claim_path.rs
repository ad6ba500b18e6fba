//! Where a claim is found: `role`, `.app.role`, `."https://example.org/roles"[0]`.

use std::str::FromStr;

use super::json::{Json, Object};

/// A path into the claims. It begins at a member of the claims and goes on through members and array elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath {
    first: Box<str>,
    rest: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(Box<str>),
    Element(usize),
}

/// A path that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("claim path is not valid")]
pub struct InvalidClaimPath;

impl ClaimPath {
    /// Whether it is the claim `scope`, a list of words (RFC 8693 section 4.2).
    pub(super) fn is_scope(&self) -> bool {
        &*self.first == "scope" && self.rest.is_empty()
    }

    /// The value there.
    pub(super) fn find<'c, 'a>(&self, claims: &'c Object<'a>) -> Option<&'c Json<'a>> {
        self.rest
            .iter()
            .try_fold(claims.member(&self.first)?, |value, step| match (step, value) {
                (Step::Member(name), Json::Object(object)) => object.member(name),
                (Step::Element(index), Json::Array(values)) => values.get(*index),
                _ => None,
            })
    }
}

impl Default for ClaimPath {
    /// The claim `role`.
    fn default() -> Self {
        Self {
            first: "role".into(),
            rest: Vec::new(),
        }
    }
}

impl FromStr for ClaimPath {
    type Err = InvalidClaimPath;

    /// A name without a dot in front is the name of a claim, whatever characters it has but `.`, `[`, `]` and `"`. Other names are
    /// written in double quotes, with `\"` and `\\` for these two characters.
    fn from_str(text: &str) -> Result<Self, InvalidClaimPath> {
        let (first, mut text) = name(text.strip_prefix('.').unwrap_or(text))?;
        let mut rest = Vec::new();
        while !text.is_empty() {
            if rest.len() == MAX_STEPS {
                return Err(InvalidClaimPath);
            }
            let (step, tail) = step(text)?;
            rest.push(step);
            text = tail;
        }
        Ok(Self { first, rest })
    }
}

/// Deeper than any claim.
const MAX_STEPS: usize = 16;

fn step(text: &str) -> Result<(Step, &str), InvalidClaimPath> {
    if let Some(text) = text.strip_prefix('.') {
        return name(text).map(|(name, rest)| (Step::Member(name), rest));
    }
    let (index, rest) = text
        .strip_prefix('[')
        .and_then(|text| text.split_once(']'))
        .ok_or(InvalidClaimPath)?;
    if !index.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidClaimPath);
    }
    Ok((Step::Element(index.parse().map_err(|_| InvalidClaimPath)?), rest))
}

fn name(text: &str) -> Result<(Box<str>, &str), InvalidClaimPath> {
    if let Some(text) = text.strip_prefix('"') {
        return quoted(text);
    }
    let end = text.find(['.', '[', ']', '"']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return Err(InvalidClaimPath);
    }
    Ok((name.into(), rest))
}

fn quoted(text: &str) -> Result<(Box<str>, &str), InvalidClaimPath> {
    let mut name = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next() {
            Some('"') => return Ok((name.into(), chars.as_str())),
            Some('\\') => match chars.next() {
                Some(escaped @ ('"' | '\\')) => name.push(escaped),
                _ => return Err(InvalidClaimPath),
            },
            Some(char) => name.push(char),
            None => return Err(InvalidClaimPath),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimPath, InvalidClaimPath};
    use crate::auth::json::{Json, Object};

    #[test]
    fn a_path_leads_through_members_and_elements() {
        let text = r#"{"role":"a","x":{"roles":["b","c"]},"https://x/y":{"r.s":["d"]},"q\"\\":"e"}"#;
        let claims = Object::parse(text).expect("JSON");
        let cases = [
            ("role", Some("a")),
            (".role", Some("a")),
            ("x.roles[1]", Some("c")),
            (".x.roles[2]", None),
            (".x[0]", None),
            ("role.x", None),
            (r#"."https://x/y"."r.s"[0]"#, Some("d")),
            (r#""q\"\\""#, Some("e")),
        ];
        for (path, expected) in cases {
            let path: ClaimPath = path.parse().expect(path);
            let found = match path.find(&claims) {
                Some(Json::String(text)) => Some(text.as_ref()),
                _ => None,
            };
            assert_eq!(found, expected, "{path:?}");
        }
    }

    #[test]
    fn malformed_paths_are_refused() {
        let long = format!("a{}", ".b".repeat(17));
        for path in [
            "", ".", "..a", "a.", "a[", "a[]", "a[-1]", "a[x]", "a[+1]", "[0]", "a]", "\"a", "\"a\\x\"",
            "a\"b\"", &long,
        ] {
            assert_eq!(path.parse::<ClaimPath>(), Err(InvalidClaimPath), "{path}");
        }
    }
}
