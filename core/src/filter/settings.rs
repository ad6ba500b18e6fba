//! What a filter looks for, and what it leaves alone.

use std::sync::Arc;

use super::class::ClassSet;
use super::custom::CustomRules;

/// The settings of a filter.
#[derive(Clone, Debug)]
pub struct FilterSettings {
    /// The classes that are looked for.
    pub classes: ClassSet,
    /// The score that makes a value an attack. Rules count from 2 to 5, so that 5 means: one sure sign or two likely ones.
    pub threshold: u16,
    /// What is not looked at.
    pub skips: Vec<Skip>,
    /// Header fields that are looked at besides User-Agent, Referer, Origin, Forwarded, Cookie and those that begin with `X-`; in lower case.
    pub headers: Vec<Box<str>>,
    /// Rules that are configured.
    pub custom: Option<Arc<CustomRules>>,
    /// How many findings are kept. An inspection ends when it has as many: 1 is enough to block.
    pub max_findings: usize,
}

impl Default for FilterSettings {
    fn default() -> Self {
        Self {
            classes: ClassSet::ALL,
            threshold: 5,
            skips: Vec::new(),
            headers: Vec::new(),
            custom: None,
            max_findings: 8,
        }
    }
}

/// What is not looked at, since it carries code with good reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// `NAME`: arguments, fields of forms and members of JSON objects of this name; with all that is in them.
    Field(Box<str>),
    /// `$.a.b`: the member that these keys lead to, with all that is in it.
    Member(Box<[Box<str>]>),
    /// `header:NAME`: a header field, in lower case.
    Header(Box<str>),
    /// `cookie:NAME`: a cookie.
    Cookie(Box<str>),
    /// `/path`: requests whose path begins with this.
    Path(Box<str>),
}

impl Skip {
    /// The meaning of a parameter of the directive; `None` if it has none.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("header:") {
            return nonempty(name).map(|name| Self::Header(name.to_ascii_lowercase().into()));
        }
        if let Some(name) = text.strip_prefix("cookie:") {
            return nonempty(name).map(|name| Self::Cookie(name.into()));
        }
        if let Some(keys) = text.strip_prefix("$.") {
            let keys: Option<Box<[Box<str>]>> =
                keys.split('.').map(|key| nonempty(key).map(Into::into)).collect();
            return keys.map(Self::Member);
        }
        if text.starts_with('/') {
            return Some(Self::Path(text.into()));
        }
        nonempty(text)
            .filter(|text| !text.starts_with('$'))
            .map(|name| Self::Field(name.into()))
    }
}

fn nonempty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl FilterSettings {
    /// Whether a field of this name is looked at.
    pub(super) fn takes_field(&self, name: &[u8]) -> bool {
        !self
            .skips
            .iter()
            .any(|skip| matches!(skip, Skip::Field(skipped) if skipped.as_bytes() == name))
    }

    /// Whether the member that these keys lead to is looked at. Elements of arrays have empty keys.
    pub(super) fn takes_member<'k>(&self, keys: impl Iterator<Item = &'k [u8]> + Clone) -> bool {
        !self.skips.iter().any(|skip| match skip {
            Skip::Field(name) => keys.clone().any(|key| key == name.as_bytes()),
            Skip::Member(path) => {
                let mut named = keys.clone().filter(|key| !key.is_empty());
                path.iter().all(|step| named.next() == Some(step.as_bytes()))
            }
            Skip::Header(_) | Skip::Cookie(_) | Skip::Path(_) => false,
        })
    }

    pub(super) fn takes_cookie(&self, name: &[u8]) -> bool {
        !self
            .skips
            .iter()
            .any(|skip| matches!(skip, Skip::Cookie(skipped) if skipped.as_bytes() == name))
    }

    /// Whether requests with this path are looked at.
    pub fn takes_path(&self, path: &[u8]) -> bool {
        !self
            .skips
            .iter()
            .any(|skip| matches!(skip, Skip::Path(prefix) if path.starts_with(prefix.as_bytes())))
    }

    /// Whether a header field is looked at.
    pub(super) fn takes_header(&self, name: &[u8]) -> bool {
        let is_chosen = [&b"user-agent"[..], b"referer", b"origin", b"forwarded"]
            .iter()
            .any(|chosen| name.eq_ignore_ascii_case(chosen))
            || name
                .get(..2)
                .is_some_and(|start| start.eq_ignore_ascii_case(b"x-"))
            || self
                .headers
                .iter()
                .any(|chosen| name.eq_ignore_ascii_case(chosen.as_bytes()));
        is_chosen
            && !self.skips.iter().any(
                |skip| matches!(skip, Skip::Header(skipped) if name.eq_ignore_ascii_case(skipped.as_bytes())),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_parsed() {
        let keys = |keys: &[&str]| Skip::Member(keys.iter().map(|key| (*key).into()).collect());
        for (text, skip) in [
            ("content", Some(Skip::Field("content".into()))),
            ("$.a.b", Some(keys(&["a", "b"]))),
            ("header:X-Code", Some(Skip::Header("x-code".into()))),
            ("cookie:State", Some(Skip::Cookie("State".into()))),
            ("/api/snippets", Some(Skip::Path("/api/snippets".into()))),
            ("", None),
            ("$", None),
            ("$.", None),
            ("$.a..b", None),
            ("header:", None),
        ] {
            assert_eq!(Skip::parse(text), skip, "{text}");
        }
    }

    #[test]
    fn what_is_skipped_is_not_taken() {
        let settings = FilterSettings {
            skips: ["code", "$.a.b", "header:x-code", "cookie:c", "/raw/"]
                .iter()
                .filter_map(|text| Skip::parse(text))
                .collect(),
            headers: vec!["accept".into()],
            ..FilterSettings::default()
        };
        let takes_member = |keys: &[&str]| settings.takes_member(keys.iter().map(|key| key.as_bytes()));
        assert!(!takes_member(&["x", "code", "y"]) && !takes_member(&["a", "", "b", "c"]));
        assert!(takes_member(&["a", "c"]) && takes_member(&["x", "a", "b"]));
        assert!(!settings.takes_field(b"code") && settings.takes_field(b"coded"));
        assert!(
            !settings.takes_header(b"X-Code")
                && settings.takes_header(b"X-Other")
                && settings.takes_header(b"Accept")
        );
        assert!(!settings.takes_header(b"Authorization") && settings.takes_header(b"X-Auth-Token"));
        assert!(!settings.takes_cookie(b"c") && settings.takes_cookie(b"d"));
        assert!(!settings.takes_path(b"/raw/x") && settings.takes_path(b"/x/raw/"));
    }
}
