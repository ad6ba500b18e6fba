//! What is written of a finding: a line of JSON.

use super::finding::{Finding, MAX_EXCERPT, MAX_NAME};
use crate::response::write_json_string;

/// The request that something was found in.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// When: RFC 3339.
    pub time: &'a [u8],
    /// What nginx calls the request.
    pub request_id: &'a [u8],
    /// Its client.
    pub client: &'a [u8],
    /// The user of its token.
    pub user: Option<&'a str>,
    /// Its method.
    pub method: &'a [u8],
    /// Its path, as it came.
    pub path: &'a [u8],
    /// Whether it is refused for that.
    pub is_blocked: bool,
}

/// What is written of a path at most, in bytes.
const MAX_PATH: usize = 512;

/// What is written of any other value at most: a user may have any name, a method any length.
const MAX_VALUE: usize = 128;

/// Appends the line. Whatever a request holds is a string of JSON in printable ASCII, so that it can neither end the line nor do anything to
/// a terminal. No more of it is written than makes a line of 1900 bytes: receivers of syslog take 2048 with their header (RFC 5424 section 6.1),
/// and a write of up to 4096 bytes to a pipe is not mixed with others.
pub fn write_log_line(line: &mut Vec<u8>, subject: &Subject<'_>, finding: &Finding) {
    let score = finding.score.to_string();
    let members: [(&str, Option<&[u8]>); 12] = [
        ("time", Some(subject.time)),
        ("request_id", Some(subject.request_id)),
        ("client", Some(subject.client)),
        ("user", subject.user.map(str::as_bytes)),
        ("method", Some(subject.method)),
        ("path", Some(subject.path)),
        ("place", Some(finding.place.name().as_bytes())),
        ("name", Some(finding.name.as_bytes())),
        ("class", Some(finding.class.name().as_bytes())),
        ("rule", Some(finding.rule.as_bytes())),
        (
            "action",
            Some(if subject.is_blocked { b"block" } else { b"detect" }),
        ),
        ("excerpt", finding.excerpt.as_deref().map(str::as_bytes)),
    ];
    line.push(b'{');
    for (name, value) in members {
        write_json_string(line, name.as_bytes());
        line.push(b':');
        match value {
            Some(value) => write_printable(line, value, limit_of(name)),
            None => line.extend_from_slice(b"null"),
        }
        line.push(b',');
    }
    line.extend_from_slice(b"\"score\":");
    line.extend_from_slice(score.as_bytes());
    line.extend_from_slice(b"}\n");
}

fn limit_of(name: &str) -> usize {
    match name {
        "path" => MAX_PATH,
        // What is printable and short already gets longer by its escapes.
        "name" => 2 * MAX_NAME,
        "excerpt" => 2 * MAX_EXCERPT,
        _ => MAX_VALUE,
    }
}

/// Bytes that are no UTF-8, and characters beyond ASCII, are written as escapes, of which none is cut in two.
fn write_printable(line: &mut Vec<u8>, value: &[u8], limit: usize) {
    line.push(b'"');
    let end = line.len() + limit;
    // No character is written in fewer bytes than one.
    let value = value.get(..limit).unwrap_or(value);
    for character in String::from_utf8_lossy(value).chars() {
        let length = match character {
            '"' | '\\' => 2,
            ' '..='~' => 1,
            _ => 6 * character.len_utf16(),
        };
        if line.len() + length > end {
            break;
        }
        match character {
            '"' | '\\' => line.extend([b'\\', character as u8]),
            ' '..='~' => line.push(character as u8),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    line.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::{Subject, write_log_line};
    use crate::filter::{Class, Finding, Place};

    #[test]
    fn a_line_is_json_in_printable_ascii_whatever_the_request_holds() {
        let finding = Finding {
            class: Class::Sqli,
            rule: "sqli-union".into(),
            place: Place::Argument,
            name: "q\"\n".into(),
            score: 5,
            excerpt: None,
        };
        let subject = Subject {
            time: b"2026-11-21T10:00:00+00:00",
            request_id: b"id",
            client: b"127.0.0.1",
            user: Some("\u{202e}\u{1f600}\u{7f}"),
            method: b"GET",
            path: b"/a\r\nb\x1b[31m\xff\"\\",
            is_blocked: true,
        };
        let mut line = Vec::new();
        write_log_line(&mut line, &subject, &finding);
        let (end, text) = line.split_last().expect("a line");
        assert!(*end == b'\n' && text.iter().all(|byte| (b' '..=b'~').contains(byte)));
        let json: serde_json::Value = serde_json::from_slice(text).expect("JSON");
        assert_eq!(json["path"], "/a\r\nb\u{1b}[31m\u{fffd}\"\\");
        assert_eq!(json["user"], "\u{202e}\u{1f600}\u{7f}");
        assert_eq!(
            (&json["excerpt"], &json["score"]),
            (&serde_json::Value::Null, &5.into())
        );
        assert_eq!(json["action"], "block");
    }

    #[test]
    fn a_line_is_short_and_json_whatever_is_long() {
        let long = [
            "a".repeat(9000),
            "\"\\".repeat(4500),
            "\u{2028}\u{1f600}".repeat(1000),
            "\n\u{1b}[31m".repeat(1000),
        ];
        for value in long {
            let finding = Finding {
                class: Class::Traversal,
                rule: value.clone(),
                place: Place::Argument,
                name: value.clone(),
                score: u16::MAX,
                excerpt: Some(value.clone()),
            };
            // One more byte, and characters are cut where the value is.
            for value in [value.as_bytes(), value.get(1..).unwrap_or_default().as_bytes()] {
                let subject = Subject {
                    time: b"2026-11-21T10:00:00+00:00",
                    request_id: &[b'f'; 32],
                    client: &[b'f'; 45],
                    user: std::str::from_utf8(value).ok(),
                    method: value,
                    path: &[value, b"\xff\xe2\x80"].concat(),
                    is_blocked: true,
                };
                let mut line = Vec::new();
                write_log_line(&mut line, &subject, &finding);
                let (end, text) = line.split_last().expect("a line");
                assert!(*end == b'\n' && text.iter().all(|byte| (b' '..=b'~').contains(byte)));
                serde_json::from_slice::<serde_json::Value>(text).expect("JSON");
                assert!(line.len() <= 1900, "{}", line.len());
            }
        }
    }
}
