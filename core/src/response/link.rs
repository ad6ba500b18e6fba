//! Where a client goes next: the values of `Link` (RFC 8288) and `Location` (RFC 9110 section 10.2.2).

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// The `Link` value that leads to the next page: the request's own target with the cursor in the place of an earlier `cursor`
/// or `offset`. `path` and `args` are as the client sent them, and stay so.
pub fn next_link(path: &[u8], args: &[u8], cursor: &str) -> String {
    let mut link = String::with_capacity(path.len() + args.len() + cursor.len() + 32);
    link.push('<');
    push_encoded(&mut link, path, TARGET);
    link.push('?');
    for argument in args.split(|&byte| byte == b'&') {
        if argument.is_empty() || is_position(argument) {
            continue;
        }
        push_encoded(&mut link, argument, TARGET);
        link.push('&');
    }
    link.push_str("cursor=");
    push_encoded(&mut link, cursor.as_bytes(), COMPONENT);
    link.push_str(">; rel=\"next\"");
    link
}

/// The `Location` of a row that was created below `path`. The parts of a composite key are separated by commas. `None` where no
/// path leads to the row: an empty key, one that means another path (`.`, `..`), or a comma inside a part of a composite key.
pub fn created_location(path: &[u8], key: &[impl AsRef<[u8]>]) -> Option<String> {
    let is_reachable = match key {
        [] => false,
        [part] => !matches!(part.as_ref(), b"" | b"." | b".."),
        parts => parts.iter().all(|part| !part.as_ref().contains(&b',')),
    };
    if !is_reachable {
        return None;
    }
    let mut location = String::with_capacity(path.len() + 48);
    push_encoded(&mut location, path.strip_suffix(b"/").unwrap_or(path), TARGET);
    for (index, part) in key.iter().enumerate() {
        location.push(if index == 0 { '/' } else { ',' });
        push_encoded(&mut location, part.as_ref(), COMPONENT);
    }
    Some(location)
}

/// Whether an argument says where the page begins.
fn is_position(argument: &[u8]) -> bool {
    let name = argument.split(|&byte| byte == b'=').next().unwrap_or_default();
    // The common case has nothing to decode: no name is as short as an encoded one of these.
    if name.len() < "cursor".len() {
        return false;
    }
    let name: Vec<u8> = percent_decode(name).collect();
    name == b"cursor" || name == b"offset"
}

fn push_encoded(out: &mut String, bytes: &[u8], set: &'static AsciiSet) {
    percent_encode(bytes, set).for_each(|part| out.push_str(part));
}

/// Bytes that nginx lets through in a request's target, but that would end the `<…>` of a Link or are no part of any URI
/// (RFC 3986). `%` stays: what the client encoded is not encoded again.
const TARGET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Everything but the unreserved characters of RFC 3986.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::{created_location, next_link};

    #[test]
    fn the_cursor_replaces_what_said_where_to_begin() {
        let cases = [
            ("", "</api/x?cursor=c-1>; rel=\"next\""),
            (
                "limit=5&order=a.desc",
                "</api/x?limit=5&order=a.desc&cursor=c-1>; rel=\"next\"",
            ),
            ("cursor=old&limit=5", "</api/x?limit=5&cursor=c-1>; rel=\"next\""),
            (
                "limit=5&c%75rsor=old&offset=10&&x=",
                "</api/x?limit=5&x=&cursor=c-1>; rel=\"next\"",
            ),
            (
                "cursors=1&name=eq.cursor",
                "</api/x?cursors=1&name=eq.cursor&cursor=c-1>; rel=\"next\"",
            ),
        ];
        for (args, expected) in cases {
            assert_eq!(next_link(b"/api/x", args.as_bytes(), "c-1"), expected);
        }
    }

    #[test]
    fn nothing_in_the_target_ends_the_link() {
        let link = next_link(b"/a\xc3\xa9>", b"name=eq.%3E\"<>; rel=\"x\"", "a+b/=");
        assert_eq!(
            link,
            "</a%C3%A9%3E?name=eq.%3E%22%3C%3E;%20rel=%22x%22&cursor=a%2Bb%2F%3D>; rel=\"next\""
        );
    }

    #[test]
    fn a_location_names_the_row_by_its_key() {
        let location = |path: &[u8], key: &[&[u8]]| created_location(path, key);
        assert_eq!(location(b"/api/x", &[b"42"]).as_deref(), Some("/api/x/42"));
        assert_eq!(
            location(b"/api/x/", &[b"a.b", b"c/d\xc3\xa9"]).as_deref(),
            Some("/api/x/a.b,c%2Fd%C3%A9")
        );
        assert_eq!(location(b"/api/x", &[b"a,b"]).as_deref(), Some("/api/x/a%2Cb"));
    }

    #[test]
    fn a_row_that_no_path_leads_to_has_no_location() {
        for key in [&[][..], &[&b""[..]], &[b"."], &[b".."], &[b"1", b"x,y"]] {
            assert_eq!(created_location(b"/api/x", key), None, "{key:?}");
        }
    }
}
