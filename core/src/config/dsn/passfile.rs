//! A password file: lines of `host:port:database:user:password` (PostgreSQL manual, "The Password File" of libpq).

use std::borrow::Cow;

use super::{Host, Password};

/// The password on the first line that matches, if there is one. `content` is that of the file; whether others may read the
/// file is checked by whoever opens it.
pub fn password_from_file(content: &[u8], host: &Host, dbname: &str, user: &str) -> Option<Password> {
    let (name, port) = match host {
        // libpq calls every Unix socket in the default directory so; any other by its directory.
        Host::Unix { directory, port } if directory.ends_with("run/postgresql") => {
            (Cow::from("localhost"), port)
        }
        Host::Unix { directory, port } => (directory.to_string_lossy(), port),
        Host::Tcp { host, port, .. } => (Cow::from(&**host), port),
    };
    let port = port.to_string();
    let wanted = [&*name, &port, dbname, user];
    content.split(|&byte| byte == b'\n').find_map(|line| {
        let mut line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") || !wanted.iter().all(|value| eat_field(&mut line, value)) {
            return None;
        }
        Some(Password::new(unescape(line))).filter(|password| !password.reveal().is_empty())
    })
}

/// Takes a field with its colon off the line; whether it matches.
fn eat_field(line: &mut &[u8], wanted: &str) -> bool {
    let Some(end) = field_end(line) else {
        return false;
    };
    let (field, rest) = line.split_at(end);
    *line = rest.get(1..).unwrap_or_default();
    field == b"*" || unescape(field) == wanted.as_bytes()
}

/// The first colon that no backslash stands in front of.
fn field_end(line: &[u8]) -> Option<usize> {
    let mut escaped = false;
    line.iter().position(|&byte| {
        let end = byte == b':' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end
    })
}

fn unescape(field: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let keep = field.iter().filter(|&&byte| {
        escaped = byte == b'\\' && !escaped;
        !escaped
    });
    keep.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::password_from_file;
    use crate::config::dsn::Host;

    const FILE: &[u8] =
        b"# comment\n\nbroken\ndb:5432:app:alice:first\ndb:*:app:*:with\\:colon\\\\and:more\n\
        \\:\\:1:5432:*:bob:six\r\nlocalhost:*:*:*:socket\n/tmp:*:*:*:dir\n*:*:nothing:*:\n*:*:*:alice:any";

    fn found(host: &Host, dbname: &str, user: &str) -> Option<String> {
        let password = password_from_file(FILE, host, dbname, user)?;
        Some(String::from_utf8_lossy(password.reveal()).into_owned())
    }

    fn tcp(host: &str, port: u16) -> Host {
        Host::Tcp {
            host: host.into(),
            address: None,
            port,
        }
    }

    #[test]
    fn the_first_line_that_matches_gives_the_password() {
        assert_eq!(found(&tcp("db", 5432), "app", "alice").as_deref(), Some("first"));
        assert_eq!(
            found(&tcp("db", 5433), "app", "alice").as_deref(),
            Some("with:colon\\and:more")
        );
        assert_eq!(found(&tcp("::1", 5432), "x", "bob").as_deref(), Some("six"));
        assert_eq!(
            found(&tcp("other", 1), "nothing", "alice").as_deref(),
            Some("any")
        );
        assert_eq!(found(&tcp("other", 1), "x", "bob"), None);
    }

    #[test]
    fn a_socket_is_localhost_or_its_directory() {
        let unix = |directory: &str| Host::Unix {
            directory: directory.into(),
            port: 5432,
        };
        assert_eq!(
            found(&unix("/var/run/postgresql"), "x", "y").as_deref(),
            Some("socket")
        );
        assert_eq!(found(&unix("/tmp"), "x", "y").as_deref(), Some("dir"));
        assert_eq!(found(&unix("/else"), "x", "y"), None);
    }
}
