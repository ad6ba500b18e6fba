//! Media types and content codings as far as a JSON API needs them (RFC 9110 sections 8.3, 8.4 and 12.5.1).

/// Whether an Accept field allows `application/json`. The most specific range decides; an element that does not follow the
/// grammar says nothing.
pub fn accepts_json(accept: &[u8]) -> bool {
    // What API clients send, nearly all of them.
    if matches!(accept, b"application/json" | b"*/*") {
        return true;
    }
    let mut best = None;
    let mut has_ranges = false;
    for element in split_unquoted(accept, b',') {
        let mut parts = split_unquoted(element, b';');
        let range = parts.next().unwrap_or_default();
        if !range.contains(&b'/') {
            continue;
        }
        has_ranges = true;
        let Some(mut specificity) = specificity(range) else {
            continue;
        };
        let mut weight = 1000;
        let mut matches = true;
        for (name, value) in parts.filter_map(parameter) {
            if name.eq_ignore_ascii_case(b"q") {
                weight = qvalue(value).unwrap_or(1000);
                break;
            }
            specificity += 1;
            matches &= !name.eq_ignore_ascii_case(b"charset") || is_utf8(value);
        }
        if matches && best.is_none_or(|(best, _)| specificity >= best) {
            best = Some((specificity, weight));
        }
    }
    // A field without any range prefers nothing.
    best.map_or(!has_ranges, |(_, weight)| weight > 0)
}

/// Whether a Content-Type field is `application/json`, in UTF-8 where it names a charset.
pub fn is_json(content_type: &[u8]) -> bool {
    if content_type == b"application/json" {
        return true;
    }
    let mut parts = split_unquoted(content_type, b';');
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case(b"application/json")
        && parts
            .filter_map(parameter)
            .all(|(name, value)| !name.eq_ignore_ascii_case(b"charset") || is_utf8(value))
}

/// Whether a Content-Type field is `application/json`, or a type whose content is JSON (RFC 6839, `+json`).
pub fn is_json_syntax(content_type: &[u8]) -> bool {
    if is_json(content_type) {
        return true;
    }
    let media_type = split_unquoted(content_type, b';').next().unwrap_or_default();
    let suffix = media_type.len().saturating_sub(b"+json".len());
    media_type
        .get(suffix..)
        .is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"+json"))
}

/// Whether a Content-Encoding field leaves the body as it is.
pub fn is_identity(content_encoding: &[u8]) -> bool {
    split_unquoted(content_encoding, b',')
        .all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
}

/// How closely a media range fits `application/json`, parameters aside; `None` where it does not.
fn specificity(range: &[u8]) -> Option<u32> {
    // No range has so many parameters that it would come to fit better than one of the next kind.
    if range.eq_ignore_ascii_case(b"application/json") {
        Some(2 << 16)
    } else if range.eq_ignore_ascii_case(b"application/*") {
        Some(1 << 16)
    } else {
        (range == b"*/*").then_some(0)
    }
}

/// `name=value`, the value without quotes.
fn parameter(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = part.split_at_checked(memchr::memchr(b'=', part)?)?;
    let value = value.get(1..)?.trim_ascii();
    let unquoted = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    Some((name.trim_ascii(), unquoted.unwrap_or(value)))
}

fn is_utf8(charset: &[u8]) -> bool {
    charset.eq_ignore_ascii_case(b"utf-8") || charset.eq_ignore_ascii_case(b"utf8")
}

/// A quality value in thousandths: `0.5` is 500, `1` is 1000.
fn qvalue(text: &[u8]) -> Option<u32> {
    let (&whole, fraction) = text.split_first()?;
    let digits = match fraction {
        [] => fraction,
        [b'.', digits @ ..] => digits,
        _ => return None,
    };
    if !matches!(whole, b'0' | b'1') || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut weight = u32::from(whole - b'0');
    for position in 0..3 {
        weight = weight * 10 + digits.get(position).map_or(0, |digit| u32::from(digit - b'0'));
    }
    (weight <= 1000).then_some(weight)
}

/// The parts between separators that are not in double quotes, without the space around them.
fn split_unquoted(field: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(field);
    std::iter::from_fn(move || {
        let field = rest?;
        let end = find_unquoted(field, separator);
        let (part, tail) = field.split_at_checked(end).unwrap_or((field, b""));
        rest = tail.get(1..);
        Some(part.trim_ascii())
    })
}

fn find_unquoted(field: &[u8], separator: u8) -> usize {
    let mut in_quotes = false;
    let mut escaped = false;
    for (at, &byte) in field.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' => in_quotes = !in_quotes,
            _ if byte == separator && !in_quotes => return at,
            _ => {}
        }
    }
    field.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_allows_json() {
        let fields = [
            "",
            "*/*",
            "application/json",
            "Application/JSON",
            "application/*",
            "text/html, application/json;q=0.1",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json;charset=utf-8",
            "application/json; charset=\"UTF-8\"; q=0.5",
            "text/html;q=1.0;x=\"a,b\", */*;q=0.001",
            "application/*;q=0, application/json",
            "application/json, */*;q=0",
            "application/json;q=nonsense",
            " , ,",
            "nonsense",
        ];
        for field in fields {
            assert!(accepts_json(field.as_bytes()), "{field}");
        }
    }

    #[test]
    fn accept_refuses_json() {
        let fields = [
            "text/html",
            "text/*",
            "application/xml",
            "application/json;q=0",
            "application/json;q=0.000",
            "*/*;q=0",
            "application/json;q=0, */*",
            "application/*;q=0, */*;q=1",
            "application/json;charset=latin1",
            "text/plain;x=\"application/json,*/*\"",
            "application/vnd.api+json",
        ];
        for field in fields {
            assert!(!accepts_json(field.as_bytes()), "{field}");
        }
    }

    #[test]
    fn content_types_are_told_apart() {
        for field in [
            "application/json",
            "APPLICATION/json",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json ; profile=\"a;charset=x\"",
            "application/json;",
        ] {
            assert!(is_json(field.as_bytes()), "{field}");
        }
        for field in [
            "",
            "text/json",
            "application/jsonx",
            "application/json, application/json",
            "application/json; charset=iso-8859-1",
            "application/json-patch+json",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_json(field.as_bytes()), "{field}");
        }
    }

    #[test]
    fn only_identity_leaves_a_body_alone() {
        for field in ["", "identity", "Identity", " identity , identity"] {
            assert!(is_identity(field.as_bytes()), "{field}");
        }
        for field in ["gzip", "identity, gzip", "br", "deflate"] {
            assert!(!is_identity(field.as_bytes()), "{field}");
        }
    }

    #[test]
    fn weights_are_thousandths() {
        for (text, weight) in [
            ("0", Some(0)),
            ("1", Some(1000)),
            ("0.5", Some(500)),
            ("0.125", Some(125)),
            ("1.000", Some(1000)),
        ] {
            assert_eq!(qvalue(text.as_bytes()), weight, "{text}");
        }
        for text in ["", "2", "1.001", "0.1234", "0,5", ".5", "-1", "0.x"] {
            assert_eq!(qvalue(text.as_bytes()), None, "{text}");
        }
    }
}
