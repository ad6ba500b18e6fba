//! What a client asks of caches: the Cache-Control field of a request (RFC 9111 section 5.2.1).

/// The directives that count. Others mean nothing here, and what is malformed is read as its careful half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestControl {
    /// `no-cache`: a stored response is not good enough.
    pub no_cache: bool,
    /// `no-store`: nothing of this request or its response is to be stored.
    pub no_store: bool,
    /// `only-if-cached`: a stored response, or none.
    pub only_if_cached: bool,
    /// `max-age`: how old the response may be, in seconds.
    pub max_age_s: Option<u64>,
    /// `min-fresh`: how long it has to stay fresh, in seconds.
    pub min_fresh_s: Option<u64>,
}

impl RequestControl {
    /// Reads the fields of a request: those named Cache-Control, and Pragma, which counts where there are none (RFC 9111 section
    /// 5.4).
    pub fn parse<'f>(
        cache_control: impl Iterator<Item = &'f [u8]>,
        pragma: impl Iterator<Item = &'f [u8]>,
    ) -> Self {
        let mut control = Self::default();
        let mut has_field = false;
        for field in cache_control {
            has_field = true;
            directives(field).for_each(|directive| control.add(directive));
        }
        if !has_field {
            control.no_cache = pragma
                .flat_map(directives)
                .any(|directive| directive.eq_ignore_ascii_case(b"no-cache"));
        }
        control
    }

    fn add(&mut self, directive: &[u8]) {
        let (name, value) = match memchr::memchr(b'=', directive) {
            Some(at) => {
                let (name, value) = directive.split_at(at);
                (name, value.get(1..).unwrap_or_default())
            }
            None => (directive, &[][..]),
        };
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        if is(b"no-cache") {
            self.no_cache = true;
        } else if is(b"no-store") {
            self.no_store = true;
        } else if is(b"only-if-cached") {
            self.only_if_cached = true;
        } else if is(b"max-age") {
            // Of several the strictest; what is no number is taken for 0.
            let seconds = delta_seconds(value).unwrap_or(0);
            self.max_age_s = Some(self.max_age_s.map_or(seconds, |other| other.min(seconds)));
        } else if is(b"min-fresh") {
            let seconds = delta_seconds(value).unwrap_or(u64::MAX);
            self.min_fresh_s = Some(self.min_fresh_s.map_or(seconds, |other| other.max(seconds)));
        }
    }
}

/// The elements of a list (RFC 9110 section 5.6.1). No directive that counts has a comma in quotes.
fn directives(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// A number of seconds, as a token or in quotes; one that is too large is as good as endless (RFC 9111 section 1.2.2).
fn delta_seconds(value: &[u8]) -> Option<u64> {
    let digits = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = std::str::from_utf8(digits).ok()?;
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::RequestControl;

    fn parse(cache_control: &[&str], pragma: &[&str]) -> RequestControl {
        RequestControl::parse(
            cache_control.iter().map(|field| field.as_bytes()),
            pragma.iter().map(|field| field.as_bytes()),
        )
    }

    #[test]
    fn directives_are_read_in_any_case_and_place() {
        let control = parse(
            &["foo=\"bar\", No-Cache", "max-age=10 ,max-age=7,,min-fresh=\"3\""],
            &[],
        );
        assert_eq!(
            control,
            RequestControl {
                no_cache: true,
                max_age_s: Some(7),
                min_fresh_s: Some(3),
                ..RequestControl::default()
            }
        );
        let control = parse(&["no-store, only-if-cached"], &[]);
        assert!(control.no_store && control.only_if_cached && !control.no_cache);
        assert_eq!(parse(&["max-stale=10", ""], &[]), RequestControl::default());
    }

    #[test]
    fn what_is_no_number_is_careful() {
        for value in ["", "x", "-1", "1.5", "+3"] {
            let control = parse(&[&format!("max-age={value}, min-fresh={value}")], &[]);
            assert_eq!(control.max_age_s, Some(0), "{value}");
            assert_eq!(control.min_fresh_s, Some(u64::MAX), "{value}");
        }
        let control = parse(&["max-age=99999999999999999999999"], &[]);
        assert_eq!(control.max_age_s, Some(u64::MAX));
    }

    #[test]
    fn pragma_counts_alone() {
        assert!(parse(&[], &["no-cache"]).no_cache);
        assert!(!parse(&["max-age=5"], &["no-cache"]).no_cache);
        assert!(!parse(&[], &["x"]).no_cache);
    }
}
