//! Attacks that are told by their signs: filters of directories, line breaks before header fields, operators in names, serialized objects,
//! and files from elsewhere.

use super::hits::{Hits, Text};
use super::place::Place;
use super::rule::Rule;
use super::shape::Shape;
use super::word_map::WordMap;

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    if text.shape.has(Shape::PAREN) && !text.is_prose {
        ldap(text, hits);
    }
    if text.shape.has(Shape::ANGLE) {
        document_type(text, hits);
    }
    if text.shape.has(Shape::NEWLINE) {
        header_fields(text, hits);
    }
    if text.shape.has(Shape::COLON) {
        ldap_rule(text, hits);
        serialized(text, hits);
        included(text, hits);
    }
    if text.shape.has(Shape::DOLLAR) && text.shape.has(Shape::PAREN) && !text.is_prose {
        dynamic_call(text, hits);
    }
    packed_object(text, hits);
    if text.place.is_name() && text.shape.has(Shape::DOLLAR) {
        operator_name(text, hits);
    }
}

/// A filter that is closed and another that is opened: `*)(uid=*`, `)(|(`; or a filter as the value.
fn ldap(text: &Text<'_>, hits: &mut Hits) {
    for at in memchr::memchr2_iter(b'(', b')', text.bytes) {
        let rest = text.from(at);
        let is_filter = match rest {
            [b')', ..] => {
                let next = text.skip_space(at + 1);
                let opens = matches!(text.byte(next), b'(')
                    && (is_condition(text, next + 1)
                        || matches!(text.byte(next + 1), b'|' | b'&' | b'!') && text.byte(next + 2) == b'(');
                let after_star = text.before(at) == b'*';
                let is_empty = rest.starts_with(b")(&)") || rest.starts_with(b")(|)");
                let negates =
                    matches!(rest, [b')', b'!' | b'&' | b'|', b'(', ..]) && is_condition(text, at + 3);
                let is_left_open = opens_last(text.from(next));
                opens
                    || is_left_open
                    || is_empty
                    || negates
                    || after_star && matches!(rest.get(1..), Some([b'(' | b')' | b'&' | b'|' | 0, ..]))
                    || text.bytes.get(..at).is_some_and(|before| before.ends_with(b"*("))
                        && matches!(rest.get(1), Some(b'|' | b'&'))
            }
            [b'(', b'&' | b'|' | b'!', b'(', ..] => is_condition(text, at + 3) || text.before(at) == b'*',
            _ => false,
        };
        if is_filter {
            hits.add(Rule::LdapFilter, at);
            return;
        }
    }
}

/// Whether a value ends with a filter that is opened: `(|`.
fn opens_last(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"(").map(<[u8]>::trim_ascii);
    matches!(rest, Some(b"|" | b"&"))
}

/// A rule of matching by its number: `cn:2.5.13.18:=x`.
fn ldap_rule(text: &Text<'_>, hits: &mut Hits) {
    let oid = memchr::memmem::find(text.bytes, b":=").filter(|&at| {
        text.bytes.get(..at).is_some_and(|before| {
            before.ends_with(b"2.5.13.18") || before.ends_with(b".803") || before.ends_with(b".804")
        })
    });
    if let Some(at) = oid {
        hits.add(Rule::LdapFilter, at);
    }
}

/// `uid=*`, `cn~=x`: an attribute and an operator, and no argument of a call.
fn is_condition(text: &Text<'_>, at: usize) -> bool {
    let name = text
        .from(at)
        .iter()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b';' | b'.' | b':'))
        .count();
    let operator = text.from(at + name);
    name > 0
        && (matches!(operator, [b'=', next, ..] if *next != b'=' && *next != b'>')
            || matches!(operator, [b'~' | b'<' | b'>', b'=', ..]))
        && !text.before(at.saturating_sub(1)).is_ascii_alphanumeric()
}

/// `<!DOCTYPE x [`, `<!DOCTYPE x SYSTEM "…"`: a document that brings definitions of its own, or loads them. Those of HTML do neither.
fn document_type(text: &Text<'_>, hits: &mut Hits) {
    for at in memchr::memmem::find_iter(text.bytes, b"<!doctype") {
        let rest = text.from(at + 9).trim_ascii_start();
        let declaration = rest.split(|&byte| byte == b'>').next().unwrap_or_default();
        let declares = memchr::memchr(b'[', declaration).is_some();
        let loads = !rest.starts_with(b"html")
            && [&b" system "[..], b" public "]
                .iter()
                .any(|keyword| memchr::memmem::find(declaration, keyword).is_some());
        if declares || loads {
            hits.add(Rule::XmlEntity, at);
            return;
        }
    }
}

/// What a header field of a response, or a line of a mail, may begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// No text has such a line.
    Telling,
    /// A text may have it: a form that was written by hand.
    Common,
}

static FIELDS: WordMap<Field, 64> = WordMap::new(&[
    (
        "set-cookie set-cookie2 content-length content-type transfer-encoding content-encoding content-disposition x-xss-protection \
         x-forwarded-for x-injection-header contentlength contenttype access-control-allow-origin access-control-allow-credentials proxy-connection \
         last-modified mime-version bcc x-frame-options www-authenticate content-security-policy",
        Field::Telling,
    ),
    (
        "location refresh link cookie host status connection cc to from subject server expires pragma etag cache-control user-agent referer header x",
        Field::Common,
    ),
]);

/// A line break with a header field, a status line or a command of a mail server behind it.
fn header_fields(text: &Text<'_>, hits: &mut Hits) {
    for at in memchr::memchr2_iter(b'\n', b'\r', text.bytes) {
        // Of several line breaks the last one matters.
        if matches!(text.byte(at + 1), b'\r' | b'\n') {
            continue;
        }
        let start = text.skip_space(at + 1);
        if start > at + 16 {
            continue;
        }
        let rest = text.from(start);
        let name = rest
            .iter()
            .take(32)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
            .count();
        // A line that is one word, an address or the end of a request before the field is no text.
        let is_one_word = is_one_word(text.bytes.get(..at).unwrap_or_default());
        let holds_text = text.place.holds_text() && !is_one_word;
        let is_field = matches!(rest.get(name), Some(b':'))
            && match FIELDS.find(rest.get(..name).unwrap_or_default()) {
                Some(Field::Telling) => true,
                Some(Field::Common) => !holds_text,
                None => !holds_text && rest.starts_with(b"x-"),
            };
        let is_command = [
            &b"http/1."[..],
            b"http/2 ",
            b"rcpt to:",
            b"mail from:",
            b"quit\r",
            b"helo ",
            b"ehlo ",
        ]
        .iter()
        .any(|command| rest.starts_with(command))
            || is_mail_command(rest, name)
            || is_one_word && is_line_command(rest);
        if is_field || is_command {
            hits.add(Rule::CrlfField, at);
            return;
        }
    }
}

/// Whether nothing but a word or the first line of a request stands before a line break.
fn is_one_word(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    before.len() < 200
        && (!before.iter().any(u8::is_ascii_whitespace)
            || before.ends_with(b" http/1.1")
            || before.ends_with(b" http/1.0"))
}

/// A command of a mail server, a cache or a store, or another request, as the whole line.
fn is_line_command(rest: &[u8]) -> bool {
    let line = rest
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    matches!(line, b"data" | b"rset" | b"flushall" | b"flush_all")
        || [
            &b"vrfy "[..],
            b"expn ",
            b"slaveof ",
            b"replicaof ",
            b"config set ",
            b"eval \"",
        ]
        .iter()
        .any(|command| line.starts_with(command))
        || line.starts_with(b"set ") && line.split(|&byte| byte == b' ').count() >= 5
        || line.ends_with(b" http/1.1")
        || line.ends_with(b" http/1.0")
}

/// A tagged command of IMAP, or a lone `QUIT`.
fn is_mail_command(rest: &[u8], name: usize) -> bool {
    let is_tag = name > 1
        && rest
            .get(1..name)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    let command = rest.get(name + 1..).unwrap_or_default();
    rest.trim_ascii_end() == b"quit"
        || is_tag
            && [
                &b"capability"[..],
                b"fetch ",
                b"select ",
                b"login ",
                b"logout",
                b"create ",
                b"delete ",
            ]
            .iter()
            .any(|known| command.starts_with(known))
}

/// How objects of Java and .NET begin in base64 and in digits, and what gzip makes of them.
const PACKED_OBJECTS: [&[u8]; 4] = [b"ro0ab", b"aced0005", b"aaeaaad/////", b"h4siaaaaaaaa"];

/// An object in base64 or in digits.
pub(super) fn packed_object(text: &Text<'_>, hits: &mut Hits) {
    if PACKED_OBJECTS.iter().any(|start| text.bytes.starts_with(start)) {
        hits.add(Rule::CodeObject, 0);
    }
}

/// An object that PHP serialized: `O:4:"User":1:{`.
fn serialized(text: &Text<'_>, hits: &mut Hits) {
    for at in memchr::memchr_iter(b':', text.bytes) {
        let Some(start) = at.checked_sub(1).filter(|&start| {
            matches!(text.byte(start), b'o' | b'c' | b'a') && !text.before(start).is_ascii_alphanumeric()
        }) else {
            continue;
        };
        let digits = text
            .from(at + 1)
            .iter()
            .take(8)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let rest = text.from(at + 1 + digits);
        if digits > 0
            && (rest.starts_with(b":\"")
                || rest.starts_with(b":{")
                    && text.byte(start) == b'a'
                    && matches!(rest.get(2), Some(b'i' | b's' | b'o' | b'}')))
        {
            hits.add(Rule::CodeObject, start);
            return;
        }
    }
}

/// `$f(1)`, `$_["x"](2)`, `${"x"}(3)`: a call of what a variable names.
fn dynamic_call(text: &Text<'_>, hits: &mut Hits) {
    for at in memchr::memchr_iter(b'$', text.bytes) {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@');
        let name = text
            .from(at + 1)
            .iter()
            .take(32)
            .take_while(|byte| is_name(byte))
            .count();
        let mut end = at + 1 + name;
        let has_letter = text
            .bytes
            .get(at + 1..end)
            .unwrap_or_default()
            .iter()
            .any(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        let mut subscripts = 0;
        while let open @ (b'[' | b'{') = text.byte(end) {
            let close = if open == b'[' { b']' } else { b'}' };
            let Some(length) = text.from(end).iter().take(48).position(|&byte| byte == close) else {
                break;
            };
            end += length + 1;
            subscripts += 1;
            if subscripts > 4 {
                break;
            }
        }
        if (has_letter || subscripts > 0 && name == 0)
            && text.byte(skip_comments(text, end)) == b'('
            && !text.before(at).is_ascii_alphanumeric()
        {
            hits.add(Rule::CodeDynamic, at);
            return;
        }
    }
}

/// Behind comments and line breaks, which may stand between a name and what it is called with.
fn skip_comments(text: &Text<'_>, at: usize) -> usize {
    let rest = text.from(at);
    let blank = rest
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    match rest.get(blank..).unwrap_or_default() {
        comment @ [b'/', b'*', ..] => {
            memchr::memmem::find(comment.get(..comment.len().min(64)).unwrap_or_default(), b"*/")
                .map_or(at, |length| at + blank + length + 2)
        }
        _ if memchr::memchr2(b'\n', b'\r', rest.get(..blank).unwrap_or_default()).is_some() => at + blank,
        _ => at,
    }
}

/// A URL as the value whose end shows that something is to be cut off, or whose host is an address.
fn included(text: &Text<'_>, hits: &mut Hits) {
    let bytes = text.bytes.trim_ascii();
    let rest = [&b"http://"[..], b"https://", b"ftp://", b"ftps://", b"//"]
        .iter()
        .find_map(|scheme| bytes.strip_prefix(*scheme));
    let Some(rest) = rest.filter(|_| !matches!(text.place, Place::Header)) else {
        return;
    };
    let host = rest
        .split(|byte| matches!(byte, b'/' | b':' | b'?' | b'#'))
        .next()
        .unwrap_or_default();
    let is_address = host.len() >= 7
        && host.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        && host.iter().filter(|byte| **byte == b'.').count() == 3;
    let path = rest.get(host.len()..).unwrap_or_default();
    let is_shell = [
        &b"/c99."[..],
        b"/r57.",
        b"/shell.php",
        b"/shell.txt",
        b"/webshell",
        b"/cmd.txt",
        b"/evil.",
    ]
    .iter()
    .any(|name| memchr::memmem::find(path, name).is_some());
    let is_remote_script = bytes.starts_with(b"ftp://") && path.ends_with(b".php");
    let is_script = [
        &b".txt"[..],
        b".php",
        b".gif",
        b".jpg",
        b".inc",
        b".asp",
        b".jsp",
        b".sh",
    ]
    .iter()
    .any(|end| {
        rest.strip_suffix(b"?")
            .or_else(|| rest.strip_suffix(b"\0"))
            .is_some_and(|path| path.ends_with(end))
    });
    if is_script || is_shell || is_remote_script || is_address && rest.len() > host.len() + 1 {
        hits.add(Rule::SsrfInclude, 0);
    }
}

/// `name[$ne]`, `$where`: an operator in the name of a field.
fn operator_name(text: &Text<'_>, hits: &mut Hits) {
    for at in memchr::memchr_iter(b'$', text.bytes) {
        let word = text
            .from(at + 1)
            .iter()
            .take(24)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let is_bracketed = text.before(at) == b'[' && text.byte(at + 1 + word) == b']';
        if word > 1 && is_bracketed {
            hits.add(Rule::NosqlOperator, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::super::test_hits::hits_in;
    use super::*;

    fn hits(text: &str, place: Place) -> Hits {
        hits_in(text, place, detect)
    }

    #[test]
    fn filters_of_directories_are_found() {
        for text in [
            "*)(uid=*))(|(uid=*",
            "admin)(&)",
            "x*)(objectclass=*",
            "(&(uid=a)(!(x=y)))",
            "*)(&",
            "a)(cn=*",
        ] {
            let found = hits(text, Place::Argument).score(Class::Ldap);
            assert!(found >= 5, "{text}");
        }
        for text in ["f(x)(y)", "(a and b)", "f(a=1)", "(555) 123-4567", "x => (y)"] {
            assert_eq!(hits(text, Place::Argument).score(Class::Ldap), 0, "{text}");
        }
    }

    #[test]
    fn documents_that_load_are_told_from_pages() {
        for text in [
            "<!doctype a [",
            "<!doctype a system \"//x/y\" >",
            "<!doctype a public \"b\" \"c\">",
        ] {
            assert!(hits(text, Place::Body).score(Class::Xml) >= 5, "{text}");
        }
        for text in [
            "<!doctype html>",
            "<!doctype html public \"-//w3c//dtd html 4.01//en\">",
            "<!doctype> [x]",
        ] {
            assert_eq!(hits(text, Place::Body).score(Class::Xml), 0, "{text}");
        }
    }

    #[test]
    fn header_fields_are_told_from_texts() {
        for (text, place) in [
            ("x\r\nset-cookie: a=b", Place::Json),
            ("\nhttp/1.1 200 ok", Place::Argument),
            ("x\r\nlocation: http://y", Place::Path),
            ("\r\nquit\r\n", Place::Argument),
            ("\nrcpt to: a@b.c", Place::Field),
        ] {
            assert!(hits(text, place).score(Class::Crlf) >= 5, "{text:?}");
        }
        for text in [
            "name: x\nlocation: berlin",
            "to: you\nsubject: hello",
            "a\nb",
            "x\nhttp is a protocol",
        ] {
            assert_eq!(hits(text, Place::Json).score(Class::Crlf), 0, "{text:?}");
        }
    }

    #[test]
    fn objects_and_operators_are_found() {
        assert!(hits("o:4:\"user\":1:{s:1:\"a\";i:1;}", Place::Cookie).score(Class::Code) >= 5);
        assert_eq!(hits("12:30:\"x\"", Place::Json).score(Class::Code), 0);
        assert!(hits("name[$ne]", Place::ArgumentName).score(Class::Nosql) >= 5);
        assert_eq!(hits("price_$", Place::JsonKey).score(Class::Nosql), 0);
        assert!(hits("http://10.1.2.3/shell", Place::Argument).score(Class::Ssrf) >= 5);
        assert_eq!(
            hits("http://example.org/a.php?x=1", Place::Argument).score(Class::Ssrf),
            0
        );
    }
}
