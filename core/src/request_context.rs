//! What PostgreSQL is told of a request, as JSON: `request.headers`, `request.cookies` and `request.jwt.claims`, with PostgREST's
//! names and forms. PostgreSQL takes only valid UTF-8 without NUL, whatever a client sends: what is neither becomes U+FFFD.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::auth::Identity;
use crate::response::{write_escaped, write_json_string};

/// Appends the header as an object: `{"host":"example.org","accept":"*/*"}`. Names are in lower case; the values of a repeated name
/// are joined by `, ` (RFC 9110 section 5.2). Cookies are left out: they are a setting of their own.
pub fn write_headers_json<'a>(out: &mut Vec<u8>, headers: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) {
    let headers = headers
        .into_iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case(b"cookie"));
    let mut headers: Vec<_> = headers.collect();
    headers.sort_by(|(a, _), (b, _)| by_name_in_any_case(a, b));
    write_object(out, &headers, <[u8]>::eq_ignore_ascii_case, write_header);
}

/// Appends the cookies of the Cookie fields as an object: `{"session":"…"}`. Of a repeated name the first counts, which is that of
/// the most specific path (RFC 6265 section 5.4). Values stay as they came: quotes and percent signs mean nothing here.
pub fn write_cookies_json<'a>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = &'a [u8]>) {
    let mut pairs: Vec<_> = cookies(fields).collect();
    pairs.sort_by_key(|&(name, _)| name);
    write_object(out, &pairs, |a, b| a == b, write_cookie);
}

/// The names and values of the Cookie fields, in order.
pub(crate) fn cookies<'a>(
    fields: impl IntoIterator<Item = &'a [u8]>,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    fields
        .into_iter()
        .flat_map(|field| field.split(|&byte| byte == b';'))
        .filter_map(|pair| {
            let pair = pair.trim_ascii();
            let end = memchr::memchr(b'=', pair).unwrap_or(pair.len());
            let (name, value) = pair.split_at_checked(end)?;
            let value = value.strip_prefix(b"=").unwrap_or(value);
            (!name.is_empty()).then_some((name.trim_ascii_end(), value.trim_ascii_start()))
        })
}

/// Appends the claims, with `role` being the role that the request has: the token's, or the anonymous one.
pub fn write_claims_json(out: &mut Vec<u8>, identity: Option<&Identity>, role: &str) {
    let claims = identity.map_or("{}", Identity::claims_json).trim_ascii();
    if identity.is_some_and(Identity::claims_have_role) {
        out.extend_from_slice(claims.as_bytes());
        return;
    }
    // An object without `role`, which is put in front of its end.
    let members = claims.strip_suffix('}').unwrap_or("{").trim_ascii_end();
    out.extend_from_slice(members.as_bytes());
    if members != "{" {
        out.push(b',');
    }
    out.extend_from_slice(br#""role":"#);
    write_json_string(out, role.as_bytes());
    out.push(b'}');
}

type Pair<'a> = (&'a [u8], &'a [u8]);

/// Writes pairs whose equal names stand together, by `member`, which gets each name with its values.
fn write_object<'p, 'a>(
    out: &mut Vec<u8>,
    pairs: &'p [Pair<'a>],
    same: fn(&[u8], &[u8]) -> bool,
    member: fn(&mut Vec<u8>, &'p [Pair<'a>]),
) {
    out.push(b'{');
    let start = out.len();
    for group in pairs.chunk_by(|(a, _), (b, _)| same(a, b)) {
        if out.len() > start {
            out.push(b',');
        }
        member(out, group);
    }
    out.push(b'}');
}

/// `"name":"value, value"`
fn write_header(out: &mut Vec<u8>, group: &[Pair<'_>]) {
    let start = out.len();
    for (index, (name, value)) in group.iter().enumerate() {
        if index == 0 {
            write_json_string(out, &readable(name));
            // Escapes are in lower case already: lowering what was written changes only the name.
            out.iter_mut()
                .skip(start)
                .for_each(|byte| byte.make_ascii_lowercase());
            out.push(b':');
            write_json_string(out, &readable(value));
        } else {
            // The string that is there goes on in the place of its closing quote.
            out.pop();
            out.extend_from_slice(b", ");
            write_escaped(out, &readable(value));
            out.push(b'"');
        }
    }
}

/// `"name":"value"`
fn write_cookie(out: &mut Vec<u8>, group: &[Pair<'_>]) {
    if let Some((name, value)) = group.first() {
        write_json_string(out, &readable(name));
        out.push(b':');
        write_json_string(out, &readable(value));
    }
}

/// Any order will do that brings equal names together, so length comes first: it is what most often differs.
fn by_name_in_any_case(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| {
        let (a, b) = (
            a.iter().map(u8::to_ascii_lowercase),
            b.iter().map(u8::to_ascii_lowercase),
        );
        a.cmp(b)
    })
}

/// The bytes as UTF-8 without NUL.
pub(crate) fn readable(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.is_ascii() && !bytes.contains(&0) {
        return Cow::Borrowed(bytes);
    }
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) if !text.contains('\0') => Cow::Borrowed(text.as_bytes()),
        text => Cow::Owned(text.replace('\0', "\u{fffd}").into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use crate::auth::test_tokens::{config, key, sign};
    use crate::auth::{KeyStore, Verifier};

    use super::{write_claims_json, write_cookies_json, write_headers_json};

    fn headers(headers: &[(&str, &[u8])]) -> String {
        let mut out = Vec::new();
        write_headers_json(
            &mut out,
            headers.iter().map(|&(name, value)| (name.as_bytes(), value)),
        );
        String::from_utf8(out).expect("always UTF-8")
    }

    fn cookies(fields: &[&str]) -> String {
        let mut out = Vec::new();
        write_cookies_json(&mut out, fields.iter().map(|field| field.as_bytes()));
        String::from_utf8(out).expect("always UTF-8")
    }

    #[test]
    fn names_are_in_lower_case_and_values_as_they_are() {
        let json = headers(&[
            ("Host", b"Example.org"),
            ("ACCEPT", b"a \"b\""),
            ("X-Empty", b""),
            ("Cookie", b"a=b"),
        ]);
        assert_eq!(json, r#"{"host":"Example.org","accept":"a \"b\"","x-empty":""}"#);
        assert_eq!(headers(&[]), "{}");
        assert_eq!(headers(&[("cookie", b"a")]), "{}");
    }

    #[test]
    fn repeated_names_are_joined_whatever_their_case() {
        let json = headers(&[
            ("Accept", b"a"),
            ("Via", b"1"),
            ("accept", b""),
            ("ACCEPT", b"\"c\""),
        ]);
        assert_eq!(json, r#"{"via":"1","accept":"a, , \"c\""}"#);
    }

    #[test]
    fn what_postgresql_does_not_take_is_replaced() {
        assert_eq!(
            headers(&[("X-A", b"\xff\x00\xc3\xa9")]),
            "{\"x-a\":\"\u{fffd}\u{fffd}é\"}"
        );
        let mut out = Vec::new();
        write_headers_json(&mut out, [(&b"X\x00\xffY"[..], &b"1"[..])]);
        assert_eq!(out, "{\"x\u{fffd}\u{fffd}y\":\"1\"}".as_bytes());
    }

    #[test]
    fn many_repeated_names_keep_their_order() {
        for count in [41, 1000] {
            let names: Vec<String> = (0..count).map(|i| format!("X-{}", i % 40)).collect();
            let values: Vec<String> = (0..count).map(|i| i.to_string()).collect();
            let pairs: Vec<_> = names
                .iter()
                .zip(&values)
                .map(|(n, v)| (n.as_str(), v.as_bytes()))
                .collect();
            let json: std::collections::BTreeMap<String, String> =
                serde_json::from_str(&headers(&pairs)).expect("JSON");
            assert_eq!(json.len(), 40);
            let third: Vec<String> = (3..count).step_by(40).map(|i| i.to_string()).collect();
            assert_eq!(json["x-3"], third.join(", "));

            let field: String = (0..count).map(|i| format!("c{}={i}; ", i % 40)).collect();
            let json: std::collections::BTreeMap<String, String> =
                serde_json::from_str(&cookies(&[&field])).expect("JSON");
            assert_eq!((json.len(), json["c7"].as_str()), (40, "7"));
        }
    }

    #[test]
    fn cookies_are_taken_apart() {
        let json = cookies(&["a=1; b = \"x=y\" ;c=; d;;  ; =z", "A=2; a=3"]);
        assert_eq!(json, r#"{"A":"2","a":"1","b":"\"x=y\"","c":"","d":""}"#);
        assert_eq!(cookies(&[]), "{}");
        assert_eq!(cookies(&[";"]), "{}");
    }

    #[test]
    fn without_a_token_the_claims_are_the_role() {
        let mut out = Vec::new();
        write_claims_json(&mut out, None, "web\"anon");
        assert_eq!(out, br#"{"role":"web\"anon"}"#);
    }

    #[test]
    fn the_claims_have_the_role_of_the_request() {
        let mut config = config();
        config.role_claim = "app.role".parse().expect("a path");
        let keys = KeyStore::new(&[key(None, 1)]).expect("usable keys");
        let verifier = Verifier::new(&config, vec![Rc::new(keys)]);
        let cases = [
            (
                r#" {"role":"web","app":{"role":"web"}} "#,
                r#"{"role":"web","app":{"role":"web"}}"#,
            ),
            (
                r#"{"app":{"role":"web"} }"#,
                r#"{"app":{"role":"web"},"role":"web"}"#,
            ),
            (r#"{"role":"admin","sub":"u"}"#, r#"{"sub":"u","role":"web"}"#),
            (r#"{ }"#, r#"{"role":"web"}"#),
        ];
        for (claims, expected) in cases {
            let identity = verifier.verify(sign(1, claims).as_bytes(), 0).expect("good");
            let mut out = Vec::new();
            write_claims_json(&mut out, Some(&identity), "web");
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
