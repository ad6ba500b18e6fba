//! A member of a JSON body as a key: the account that a login is for.
//!
//! Whoever wants to get around a limit will try to have the body read here in another way than by PostgreSQL. So what PostgreSQL
//! takes is found: at any depth of what lies beside it, with escapes in names and values, and of equal names the last one. What
//! PostgreSQL refuses may be found as well: it is counted, and no harm is done.

use std::borrow::Cow;

use memchr::memchr2;

use crate::names::is_written_as;

/// The member of an object that has this name in nginx's notation: in lower case, with `_` for what is neither a letter nor a digit.
/// A member of exactly this name comes before others.
///
/// Text is trimmed and in lower case, so that `Alice@example.org ` counts as `alice@example.org`. Numbers and `true` and `false` are as
/// they are written; `null`, objects and arrays are nothing.
pub fn body_member(body: &[u8], name: &str) -> Option<String> {
    let (mut exact, mut alike) = (None, None);
    let mut scanner = Scanner { rest: body };
    scanner.expect(b'{')?;
    while let Some((member, value)) = scanner.member() {
        if let Some(member) = decode(member) {
            if member == name {
                exact = Some(value);
            } else if is_written_as(&member, name) {
                alike = Some(value);
            }
        }
        if scanner.expect(b',').is_none() {
            break;
        }
    }
    match exact.or(alike)? {
        value @ [b'"', ..] => Some(decode(value)?.trim().to_lowercase()),
        [] | [b'{' | b'[', ..] | b"null" => None,
        value => String::from_utf8(value.to_vec()).ok(),
    }
}

/// A JSON string with its quotes as text.
fn decode(string: &[u8]) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', string).is_none() {
        let inner = string.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(string).ok().map(Cow::Owned)
}

/// Goes through the members of one object, without looking at what is in them: neither depth nor number cost anything.
struct Scanner<'b> {
    rest: &'b [u8],
}

impl<'b> Scanner<'b> {
    /// The next character that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let start = self.rest.iter().position(|byte| !is_space(byte))?;
        self.rest = self.rest.get(start..)?;
        self.rest.first().copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.take(1)).map(drop)
    }

    /// A name and its value, both as they are written.
    fn member(&mut self) -> Option<(&'b [u8], &'b [u8])> {
        let name = match self.peek()? {
            b'"' => self.string()?,
            _ => return None,
        };
        self.expect(b':')?;
        let value = match self.peek()? {
            b'"' => self.string()?,
            b'{' | b'[' => self.nested()?,
            _ => self.scalar(),
        };
        Some((name, value))
    }

    fn string(&mut self) -> Option<&'b [u8]> {
        let length = string_length(self.rest)?;
        Some(self.take(length))
    }

    fn nested(&mut self) -> Option<&'b [u8]> {
        let (mut depth, mut position) = (0_usize, 0);
        while let Some(byte) = self.rest.get(position) {
            match byte {
                b'"' => {
                    position += string_length(self.rest.get(position..)?)?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            position += 1;
            if depth == 0 {
                return Some(self.take(position));
            }
        }
        None
    }

    fn scalar(&mut self) -> &'b [u8] {
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        self.take(length)
    }

    fn take(&mut self, length: usize) -> &'b [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }
}

/// The length of the string that begins here, with its quotes.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut position = 1;
    loop {
        position += memchr2(b'"', b'\\', text.get(position..)?)?;
        match text.get(position)? {
            b'"' => return Some(position + 1),
            _ => position += 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::body_member;

    fn email(body: &str) -> Option<String> {
        body_member(body.as_bytes(), "email")
    }

    #[test]
    fn accounts_are_the_same_however_they_are_written() {
        for body in [
            r#"{"email":"alice@example.org"}"#,
            "\r\n{\t\"password\" : \"x\" ,\n \"email\" : \" Alice@Example.ORG \"} ",
            r#"{"\u0065mail":"\u0061lice@example.org"}"#,
            r#"{"email":"bob@example.org","email":"alice@example.org"}"#,
            r#"{"a":{"email":"bob"},"b":["}",{"c":"\"]"}],"d":-1.5e3,"e":null,"email":"alice@example.org","f":[]}"#,
            r#"{"Email":"alice@example.org"}"#,
            r#"{"email":"alice@example.org","EMAIL":"bob@example.org"}"#,
        ] {
            assert_eq!(email(body).as_deref(), Some("alice@example.org"), "{body}");
        }
    }

    #[test]
    fn depth_hides_nothing() {
        let depth = 100_000;
        let body = format!(
            r#"{{"a":{}{},"email":"alice"}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert_eq!(email(&body).as_deref(), Some("alice"));
    }

    #[test]
    fn scalars_are_keys_and_nothing_else_is() {
        assert_eq!(email(r#"{"email":42}"#).as_deref(), Some("42"));
        assert_eq!(email(r#"{"email":true}"#).as_deref(), Some("true"));
        assert_eq!(
            body_member(br#"{"user-Id":"A"}"#, "user_id").as_deref(),
            Some("a")
        );
        for body in [
            "",
            "{",
            "{}",
            "[]",
            "null",
            r#""email""#,
            r#"{"email"}"#,
            r#"{"email":}"#,
            r#"{"email":null}"#,
            r#"{"email":["a"]}"#,
            r#"{"email":{}}"#,
            r#"{"email":"a"#,
            r#"{"name":"x"}"#,
            r#"[{"email":"a"}]"#,
            r#"{"email":"\ud800"}"#,
        ] {
            assert_eq!(email(body), None, "{body}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,12}".prop_map(Into::into),
            "[\"\\\\{}\\[\\],:\\n]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::hash_map("[a-c\"\\\\]{0,3}", inner, 0..5)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_finds_is_found(before in json(), text in "\\PC{0,20}", after in json(), pretty: bool) {
            let body = serde_json::json!({ "a": before, "email": text, "z": after });
            let body = if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) };
            prop_assert_eq!(email(&body.expect("JSON")), Some(text.trim().to_lowercase()));
        }

        #[test]
        fn any_bytes_are_a_body(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut wrapped = b"{\"email\":\"".to_vec();
            wrapped.extend_from_slice(&body);
            drop((body_member(&body, "email"), body_member(&wrapped, "email")));
        }
    }
}
