//! Hosts of URLs as clients of HTTP read them: `http://0x7f.1/` is the machine itself, however its address is written.

use super::hits::{Hits, Text};
use super::place::Place;
use super::rule::Rule;

/// The longest host that is read.
const MAX_HOST: usize = 128;

/// A URL as the value, whose host only the server itself or its network can reach.
pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    if text.is_prose {
        return;
    }
    let bytes = text.bytes.trim_ascii();
    // A path may begin with two slashes, and what is no URL has no host.
    let is_path = matches!(text.place, Place::Path | Place::PathSegment);
    let Some(rest) = after_scheme(bytes, !is_path) else {
        return;
    };
    let authority = authority(rest);
    // Parsers differ in which of several hosts counts: `http://a@b#@c/`.
    let is_inner = authority
        .split(|byte| matches!(byte, b'@' | b'#'))
        .any(|part| is_internal(without_port(part)));
    if is_inner {
        hits.add(Rule::SsrfAddress, 0);
    }
}

/// What stands behind `http://` and its like; without a scheme too if that may be.
fn after_scheme(bytes: &[u8], may_lack: bool) -> Option<&[u8]> {
    let bytes = bytes.strip_prefix(b"url:").unwrap_or(bytes);
    let schemes = [
        &b"http:"[..],
        b"https:",
        b"ftp:",
        b"ftps:",
        b"ws:",
        b"wss:",
        b"redis:",
        b"ldap:",
    ];
    let rest = schemes.iter().find_map(|scheme| bytes.strip_prefix(*scheme));
    let rest = match rest {
        Some(rest) => rest,
        None if may_lack && bytes.starts_with(b"//") => bytes,
        None => return None,
    };
    let slashes = rest
        .iter()
        .take(8)
        .take_while(|byte| matches!(byte, b'/' | b'\\'))
        .count();
    rest.get(slashes..)
}

/// The user, the host and the port: all up to the path.
fn authority(rest: &[u8]) -> &[u8] {
    let end = rest
        .iter()
        .take(MAX_HOST)
        .position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b' ' | b'"' | b'\'' | b'<' | b'>'))
        .unwrap_or(rest.len().min(MAX_HOST));
    rest.get(..end).unwrap_or_default()
}

fn without_port(host: &[u8]) -> &[u8] {
    if host.starts_with(b"[") {
        let end = memchr::memchr(b']', host).map_or(host.len(), |at| at + 1);
        return host.get(..end).unwrap_or_default();
    }
    host.split(|byte| matches!(byte, b':' | b'%'))
        .next()
        .unwrap_or_default()
}

/// Whether a host is reached from inside only.
fn is_internal(host: &[u8]) -> bool {
    let host = host.strip_suffix(b".").unwrap_or(host);
    if let Some(inside) = host.strip_prefix(b"[") {
        return is_internal_v6(inside.strip_suffix(b"]").unwrap_or(inside));
    }
    match ipv4(host) {
        Some(address) => is_internal_v4(address),
        None => is_internal_name(host),
    }
}

fn is_internal_name(host: &[u8]) -> bool {
    matches!(
        host,
        b"localhost" | b"ip6-localhost" | b"ip6-loopback" | b"ipv6-localhost" | b"kubernetes" | b"metadata"
    ) || [
        &b".localhost"[..],
        b".localdomain",
        b".svc",
        b".cluster.local",
        b"kubernetes.default",
        b".docker.internal",
        b".containers.internal",
        b"metadata.google.internal",
    ]
    .iter()
    .any(|end| host.ends_with(end))
}

/// This machine, its own networks and what clouds tell their machines at.
fn is_internal_v4(address: u32) -> bool {
    let [a, b, c, d] = address.to_be_bytes();
    match a {
        0 | 10 | 127 => true,
        100 => (b, c, d) == (100, 100, 200),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => b == 168,
        _ => false,
    }
}

/// The unspecified address, the machine itself, private networks, and addresses of version 4 in another form.
fn is_internal_v6(host: &[u8]) -> bool {
    let tail = host.rsplit(|&byte| byte == b':').next().unwrap_or_default();
    if tail.contains(&b'.') {
        return ipv4(tail).is_some_and(is_internal_v4);
    }
    let is_zero = |byte: &u8| matches!(byte, b'0' | b':');
    let low = host.iter().rev().skip(1).all(is_zero) && host.len() > 1;
    low && matches!(host.last(), Some(b'0' | b'1' | b':'))
        || host.starts_with(b"fc00:")
        || host.starts_with(b"fd")
        || host.starts_with(b"fe80:")
        || memchr::memmem::find(host, b"ffff:7f").is_some()
        || memchr::memmem::find(host, b"ffff:a9fe").is_some()
}

/// An address of version 4 as the C library reads it: of one to four numbers, each decimal, hexadecimal or octal, of which the last fills what
/// is left.
fn ipv4(host: &[u8]) -> Option<u32> {
    let mut address = 0_u32;
    let mut parts = host.split(|&byte| byte == b'.').peekable();
    for index in 0..4 {
        let value = number(parts.next()?)?;
        if parts.peek().is_none() {
            let room = 8 * (4 - index);
            return (u64::from(value) < 1 << room).then(|| address.checked_shl(room).unwrap_or(0) | value);
        }
        address = address << 8 | u32::from(u8::try_from(value).ok()?);
    }
    None
}

fn number(text: &[u8]) -> Option<u32> {
    let (radix, digits) = match text {
        [b'0', b'x', digits @ ..] => (16, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        digits => (10, digits),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, &byte| {
        let digit = char::from(byte).to_digit(radix)?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::super::test_hits::hits_in;
    use super::*;

    fn score(text: &str, place: Place) -> u16 {
        hits_in(text, place, detect).score(Class::Ssrf)
    }

    #[test]
    fn addresses_are_read_as_clients_read_them() {
        for text in [
            "http://127.0.0.1/",
            "http://127.1:8080/x",
            "https://0x7f.1/",
            "http://2130706433",
            "http://017700000001/",
            "http://0251.0376.0251.0376/",
            "http://0xa9fea9fe/latest",
            "http://10.0.0.9:9200/_cat",
            "http://0/",
            "http://user:pw@localhost:6379/",
            "http://example.org@127.0.0.1/",
            "http://127.0.0.1#@example.org/",
            "http:\\\\192.168.0.1\\x",
            "//127.0.0.1/x",
            "http://[::]:80/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://api.default.svc/",
            "http://kubernetes.default/",
        ] {
            assert!(score(text, Place::Argument) >= 5, "{text}");
        }
    }

    #[test]
    fn hosts_of_others_are_not() {
        for text in [
            "http://example.org/",
            "https://1.1.1.1/dns-query",
            "http://10.example.org/",
            "http://localhost.example.org/",
            "//cdn.example.org/x.js",
            "http://172.32.0.1/",
            "http://[2001:db8::1]/",
            "http://",
            "//",
            "10.0.0.1",
            "http://256.256.256.256.1/",
        ] {
            assert_eq!(score(text, Place::Argument), 0, "{text}");
        }
        assert_eq!(score("//127/x", Place::Path), 0);
    }
}
