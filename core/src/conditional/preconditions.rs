//! What a request demands of the representation that there is (RFC 9110 sections 13.1 and 13.2).

use std::time::UNIX_EPOCH;

use super::entity_tag::{TagList, opaque};

/// The fields of a request that make it conditional.
#[derive(Debug, Clone, Default)]
pub struct Preconditions<'f> {
    /// The values of If-Match; several fields are one list.
    if_match: Vec<&'f [u8]>,
    /// Those of If-None-Match.
    if_none_match: Vec<&'f [u8]>,
    /// If-Modified-Since; of several fields the first one.
    if_modified_since: Option<&'f [u8]>,
    /// If-Unmodified-Since, likewise.
    if_unmodified_since: Option<&'f [u8]>,
}

/// The representation that there is now.
#[derive(Debug, Clone, Copy)]
pub struct Current<'t> {
    /// Its tag, as it stands in a field; `None` if it has none.
    pub etag: Option<&'t [u8]>,
    /// When it was last changed, in seconds of Unix time, where that is known.
    pub last_modified_s: Option<i64>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Proceed,
    /// The client has the representation already: 304.
    NotModified,
    /// Something is not as it is demanded: 412.
    Failed,
}

impl<'f> Preconditions<'f> {
    /// Those among the fields of a request.
    pub fn of(fields: impl Iterator<Item = (&'f [u8], &'f [u8])>) -> Self {
        let mut found = Self::default();
        for (name, value) in fields {
            // Most fields are told from these by their lengths.
            match name.len() {
                8 if name.eq_ignore_ascii_case(b"if-match") => found.if_match.push(value),
                13 if name.eq_ignore_ascii_case(b"if-none-match") => found.if_none_match.push(value),
                17 if name.eq_ignore_ascii_case(b"if-modified-since") => {
                    found.if_modified_since.get_or_insert(value);
                }
                19 if name.eq_ignore_ascii_case(b"if-unmodified-since") => {
                    found.if_unmodified_since.get_or_insert(value);
                }
                _ => {}
            }
        }
        found
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.if_match.is_empty()
            && self.if_none_match.is_empty()
            && self.if_modified_since.is_none()
            && self.if_unmodified_since.is_none()
    }

    /// Whether a request that writes has to be held against the representation that there is. Where nobody knows when it was changed,
    /// a date is no condition (RFC 9110 section 13.1.4).
    pub fn guard_writes(&self, has_dates: bool) -> bool {
        !self.if_match.is_empty()
            || !self.if_none_match.is_empty()
            || has_dates && self.if_unmodified_since.is_some()
    }

    /// Whether all that a request that writes demands is that there is a representation (`If-Match: *`).
    pub fn demand_existence_only(&self) -> bool {
        self.if_none_match.is_empty() && has(&self.if_match, |tags| matches!(tags, TagList::Any))
    }

    /// The weak form of a tag that If-None-Match has in no other form.
    pub fn weak_form(&self, current: &Current<'_>) -> Option<Vec<u8>> {
        let etag = current.etag?;
        let is_known = has(&self.if_none_match, |tags| tags.has_strong(Some(opaque(etag))));
        let is_known_weakly = has(&self.if_none_match, |tags| tags.has_weak(Some(etag)));
        (!is_known && is_known_weakly).then(|| [b"W/", opaque(etag)].concat())
    }

    /// Judges a request in the order of RFC 9110 section 13.2.2. `is_read` is for GET and HEAD; `current` is `None` where there is no
    /// representation.
    pub fn judge(&self, is_read: bool, current: Option<&Current<'_>>) -> Verdict {
        if !self.if_match.is_empty() {
            let matches = |current: &Current<'_>| has(&self.if_match, |tags| tags.has_strong(current.etag));
            if !current.is_some_and(matches) {
                return Verdict::Failed;
            }
        } else if let Some(time_s) = self.if_unmodified_since.and_then(date) {
            // A representation without a date cannot be held against one; one that is not there has not been modified.
            let is_modified = |last_modified_s| last_modified_s > time_s;
            if current
                .and_then(|current| current.last_modified_s)
                .is_some_and(is_modified)
            {
                return Verdict::Failed;
            }
        }
        if !self.if_none_match.is_empty() {
            let matches =
                |current: &Current<'_>| has(&self.if_none_match, |tags| tags.has_weak(current.etag));
            return match (current.is_some_and(matches), is_read) {
                (false, _) => Verdict::Proceed,
                (true, true) => Verdict::NotModified,
                (true, false) => Verdict::Failed,
            };
        }
        let is_unmodified = |time_s| {
            let last_modified_s = current.and_then(|current| current.last_modified_s);
            last_modified_s.is_some_and(|last_modified_s| last_modified_s <= time_s)
        };
        match self.if_modified_since.and_then(date) {
            Some(time_s) if is_read && is_unmodified(time_s) => Verdict::NotModified,
            _ => Verdict::Proceed,
        }
    }
}

fn has(values: &[&[u8]], matches: impl Fn(TagList<'_>) -> bool) -> bool {
    values.iter().any(|value| matches(TagList::new(value)))
}

/// An HTTP date in any of its forms, in seconds of Unix time; a field with anything else is as good as none (RFC 9110 sections 13.1.3
/// and 13.1.4).
fn date(value: &[u8]) -> Option<i64> {
    let time = httpdate::parse_http_date(std::str::from_utf8(value).ok()?.trim()).ok()?;
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::{Current, Preconditions, Verdict};
    use Verdict::{Failed, NotModified, Proceed};

    /// Noon of 1 November 2026.
    const CHANGED_S: i64 = 1_793_534_400;

    fn current() -> Current<'static> {
        Current {
            etag: Some(NOW.as_bytes()),
            last_modified_s: Some(CHANGED_S),
        }
    }

    const NOW: &str = "\"now\"";

    fn now() -> String {
        NOW.to_owned()
    }

    fn judge(fields: &[(&str, &str)], is_read: bool, current: Option<Current<'_>>) -> Verdict {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        Preconditions::of(fields).judge(is_read, current.as_ref())
    }

    #[test]
    fn if_match_wants_one_of_its_tags() {
        let (tag, weak) = (now(), format!("W/{}", now()));
        for is_read in [true, false] {
            let judge = |value: &str, current| judge(&[("If-Match", value)], is_read, current);
            assert_eq!(judge(&tag, Some(current())), Proceed);
            assert_eq!(judge(&format!("\"x\", {tag}"), Some(current())), Proceed);
            assert_eq!(judge("*", Some(current())), Proceed);
            for value in [weak.as_str(), "\"x\"", "", "x"] {
                assert_eq!(judge(value, Some(current())), Failed, "{value}");
            }
            assert_eq!(judge("*", None), Failed);
            assert_eq!(judge(&tag, None), Failed);
        }
        let several = [("If-Match", "\"x\""), ("if-match", &tag)];
        assert_eq!(judge(&several, false, Some(current())), Proceed);
    }

    #[test]
    fn if_none_match_wants_none_of_its_tags() {
        let (tag, weak) = (now(), format!("W/{}", now()));
        for value in [tag.as_str(), &weak, "*"] {
            let fields = [("If-None-Match", value)];
            assert_eq!(judge(&fields, true, Some(current())), NotModified, "{value}");
            assert_eq!(judge(&fields, false, Some(current())), Failed, "{value}");
            assert_eq!(judge(&fields, false, None), Proceed, "{value}");
        }
        assert_eq!(
            judge(&[("If-None-Match", "\"x\"")], true, Some(current())),
            Proceed
        );
    }

    #[test]
    fn dates_count_where_there_are_no_tags() {
        let (before, at, after) = (
            "Sun, 01 Nov 2026 11:59:59 GMT",
            "Sunday, 01-Nov-26 12:00:00 GMT",
            "Sun Nov  1 12:00:01 2026",
        );
        for (date, since, unmodified) in [
            (before, Proceed, Failed),
            (at, NotModified, Proceed),
            (after, NotModified, Proceed),
        ] {
            assert_eq!(
                judge(&[("If-Modified-Since", date)], true, Some(current())),
                since,
                "{date}"
            );
            assert_eq!(
                judge(&[("If-Modified-Since", date)], false, Some(current())),
                Proceed,
                "{date}"
            );
            assert_eq!(
                judge(&[("If-Unmodified-Since", date)], false, Some(current())),
                unmodified,
                "{date}"
            );
            // A tag takes the place of a date.
            let tag = now();
            assert_eq!(
                judge(
                    &[("If-Match", &tag), ("If-Unmodified-Since", date)],
                    false,
                    Some(current())
                ),
                Proceed
            );
            assert_eq!(
                judge(
                    &[("If-None-Match", "\"x\""), ("If-Modified-Since", date)],
                    true,
                    Some(current())
                ),
                Proceed
            );
        }
        for date in ["", "yesterday", "Sun, 01 Nov 2026 11:59:59 CET"] {
            assert_eq!(
                judge(&[("If-Unmodified-Since", date)], false, Some(current())),
                Proceed,
                "{date}"
            );
            assert_eq!(
                judge(&[("If-Modified-Since", date)], true, Some(current())),
                Proceed,
                "{date}"
            );
        }
        let undated = Current {
            last_modified_s: None,
            ..current()
        };
        assert_eq!(
            judge(&[("If-Modified-Since", after)], true, Some(undated)),
            Proceed
        );
        assert_eq!(
            judge(&[("If-Unmodified-Since", before)], false, Some(undated)),
            Proceed
        );
    }

    #[test]
    fn both_lists_have_to_agree() {
        let tag = now();
        assert_eq!(
            judge(
                &[("If-Match", &tag), ("If-None-Match", &tag)],
                true,
                Some(current())
            ),
            NotModified
        );
        assert_eq!(
            judge(
                &[("If-Match", "\"x\""), ("If-None-Match", &tag)],
                true,
                Some(current())
            ),
            Failed
        );
    }

    #[test]
    fn a_write_is_guarded_by_all_but_one() {
        let of = |name: &'static str| Preconditions::of([(name.as_bytes(), &b"x"[..])].into_iter());
        for has_dates in [true, false] {
            assert!(of("If-Match").guard_writes(has_dates) && of("If-None-Match").guard_writes(has_dates));
            assert!(!of("If-Modified-Since").guard_writes(has_dates));
            assert_eq!(of("If-Unmodified-Since").guard_writes(has_dates), has_dates);
        }
        assert!(of("If-Range").is_empty() && !of("If-Modified-Since").is_empty());
    }

    #[test]
    fn any_row_will_do_for_an_asterisk_alone() {
        let demands = |fields: &[(&'static str, &'static str)]| {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            Preconditions::of(fields).demand_existence_only()
        };
        let date = ("If-Unmodified-Since", "Sun, 01 Nov 2026 11:59:59 GMT");
        assert!(demands(&[("If-Match", "*")]) && demands(&[("If-Match", " * "), date]));
        assert!(!demands(&[]) && !demands(&[date]) && !demands(&[("If-Match", "\"*\"")]));
        assert!(!demands(&[("If-None-Match", "*")]));
        assert!(!demands(&[("If-Match", "*"), ("If-None-Match", "\"x\"")]));
    }

    #[test]
    fn what_is_known_weakly_only_stays_weak() {
        let weak_form = |value: &str, etag: Option<&'static str>| {
            let current = Current {
                etag: etag.map(str::as_bytes),
                ..current()
            };
            let fields = [(&b"If-None-Match"[..], value.as_bytes())];
            let form = Preconditions::of(fields.into_iter()).weak_form(&current);
            form.map(|form| String::from_utf8_lossy(&form).into_owned())
        };
        let weak = Some(format!("W/{NOW}"));
        assert_eq!(weak_form(&format!("\"x\", W/{NOW}"), Some(NOW)), weak);
        assert_eq!(weak_form("W/\"now\"", Some("W/\"now\"")), weak);
        for value in [NOW, "*", "W/\"now\", \"now\"", "\"x\"", ""] {
            assert_eq!(weak_form(value, Some(NOW)), None, "{value}");
        }
        assert_eq!(weak_form("W/\"now\"", None), None);
    }
}
