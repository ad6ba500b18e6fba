//! Cutting a connection string into its options, by the rules of libpq (`conninfo_parse`, `conninfo_uri_parse` describe
//! them in the manual's words).

use super::DsnError;

/// One option: its name, its value without quotes or percent-encoding, and the byte at which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    pub(super) position: usize,
}

/// The options in their order. The parts of a URI get the names that they have in the other form.
pub(super) fn pairs(dsn: &str) -> Result<Vec<Pair>, DsnError> {
    for scheme in ["postgresql://", "postgres://"] {
        if let Some(rest) = dsn.strip_prefix(scheme) {
            return uri(rest, scheme.len());
        }
    }
    key_values(dsn)
}

/// `option = value option = 'quoted value'`
fn key_values(dsn: &str) -> Result<Vec<Pair>, DsnError> {
    let mut scanner = Scanner {
        bytes: dsn.as_bytes(),
        position: 0,
    };
    let mut pairs = Vec::new();
    scanner.skip_spaces();
    while scanner.peek().is_some() {
        let position = scanner.position;
        let name = scanner.take_while(|byte| byte != b'=' && !byte.is_ascii_whitespace());
        let name = String::from_utf8_lossy(name).into_owned();
        scanner.skip_spaces();
        if name.is_empty() || scanner.next() != Some(b'=') {
            return Err(DsnError::Syntax(position));
        }
        scanner.skip_spaces();
        let value = scanner.value()?;
        pairs.push(Pair {
            name,
            value,
            position,
        });
        scanner.skip_spaces();
    }
    Ok(pairs)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.position += 1;
        Some(byte)
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        self.position += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        self.take_while(|byte| byte.is_ascii_whitespace());
    }

    /// A value up to a space, or between single quotes. A backslash takes the next character as it is.
    fn value(&mut self) -> Result<Vec<u8>, DsnError> {
        let start = self.position;
        let quoted = self.peek() == Some(b'\'');
        if quoted {
            self.position += 1;
        }
        let mut value = Vec::new();
        while let Some(byte) = self.next() {
            match byte {
                b'\'' if quoted => return Ok(value),
                b'\\' => value.extend(self.next()),
                _ if !quoted && byte.is_ascii_whitespace() => return Ok(value),
                _ => value.push(byte),
            }
        }
        if quoted {
            Err(DsnError::Unterminated(start))
        } else {
            Ok(value)
        }
    }
}

/// `[user[:password]@][host[:port][,…]][/dbname][?option=value[&…]]`, at `offset` in the connection string.
fn uri(rest: &str, offset: usize) -> Result<Vec<Pair>, DsnError> {
    let mut parts = Parts {
        pairs: Vec::new(),
        offset,
    };
    let rest = match rest.split_once('@') {
        Some((credentials, rest)) => {
            parts.credentials(credentials)?;
            rest
        }
        None => rest,
    };
    let (rest, query) = rest
        .split_once('?')
        .map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, dbname) = rest
        .split_once('/')
        .map_or((rest, None), |(hosts, name)| (hosts, Some(name)));
    parts.hosts(authority)?;
    if let Some(dbname) = dbname {
        parts.offset += 1;
        parts.push("dbname", dbname)?;
    }
    if let Some(query) = query {
        parts.offset += 1;
        parts.query(query)?;
    }
    Ok(parts.pairs)
}

struct Parts {
    pairs: Vec<Pair>,
    /// Where the part that is looked at begins in the connection string.
    offset: usize,
}

impl Parts {
    /// Adds an option whose value comes next, unless it is empty.
    fn push(&mut self, name: &str, encoded: &str) -> Result<(), DsnError> {
        let value = decode(encoded, self.offset)?;
        if !value.is_empty() {
            self.pairs.push(Pair {
                name: name.to_owned(),
                value,
                position: self.offset,
            });
        }
        self.offset += encoded.len();
        Ok(())
    }

    fn credentials(&mut self, credentials: &str) -> Result<(), DsnError> {
        let (user, password) = credentials
            .split_once(':')
            .map_or((credentials, None), |(u, p)| (u, Some(p)));
        self.push("user", user)?;
        if let Some(password) = password {
            self.offset += 1;
            self.push("password", password)?;
        }
        // The at sign.
        self.offset += 1;
        Ok(())
    }

    /// Hosts and ports become two lists.
    fn hosts(&mut self, authority: &str) -> Result<(), DsnError> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for (index, part) in authority.split(',').enumerate() {
            let (host, port) = split_host(part).ok_or(DsnError::Syntax(self.offset))?;
            if index > 0 {
                hosts.push(b',');
                ports.push(b',');
            }
            hosts.extend(decode(host, self.offset)?);
            ports.extend(decode(port, self.offset)?);
        }
        for (name, list) in [("host", hosts), ("port", ports)] {
            if list.iter().any(|&byte| byte != b',') {
                self.pairs.push(Pair {
                    name: name.to_owned(),
                    value: list,
                    position: self.offset,
                });
            }
        }
        self.offset += authority.len();
        Ok(())
    }

    fn query(&mut self, query: &str) -> Result<(), DsnError> {
        for (index, part) in query.split('&').enumerate() {
            self.offset += usize::from(index > 0);
            let (name, value) = part.split_once('=').ok_or(DsnError::Syntax(self.offset))?;
            let position = self.offset;
            let name = String::from_utf8_lossy(&decode(name, position)?).into_owned();
            let value = decode(value, position)?;
            self.pairs.push(Pair {
                name,
                value,
                position,
            });
            self.offset += part.len();
        }
        Ok(())
    }
}

/// `name:port`, or `[address]:port` as IPv6 addresses contain colons.
fn split_host(part: &str) -> Option<(&str, &str)> {
    let Some(bracketed) = part.strip_prefix('[') else {
        return Some(part.split_once(':').unwrap_or((part, "")));
    };
    let (address, rest) = bracketed.split_once(']')?;
    match rest {
        "" => Some((address, "")),
        _ => rest.strip_prefix(':').map(|port| (address, port)),
    }
}

fn decode(text: &str, position: usize) -> Result<Vec<u8>, DsnError> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        let (value, tail) = match *tail {
            [high, low, ref tail @ ..] => (digit(high).zip(digit(low)), tail),
            _ => (None, tail),
        };
        match value {
            Some((high, low)) if (high, low) != (0, 0) => decoded.push(high << 4 | low),
            _ => return Err(DsnError::PercentEncoding(position)),
        }
        rest = tail;
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::{pairs, split_host};
    use crate::config::dsn::DsnError;

    fn scanned(dsn: &str) -> Vec<(String, String, usize)> {
        let pairs = pairs(dsn).expect("valid");
        let text = |value: Vec<u8>| String::from_utf8(value).expect("UTF-8");
        pairs
            .into_iter()
            .map(|pair| (pair.name, text(pair.value), pair.position))
            .collect()
    }

    fn pair(name: &str, value: &str, position: usize) -> (String, String, usize) {
        (name.into(), value.into(), position)
    }

    #[test]
    fn spaces_quotes_and_backslashes_are_those_of_libpq() {
        assert_eq!(
            scanned(" a = 'b c'\tpassword=x\\ y\\'z d='' e='\\'\\\\' f='a'g=1\n"),
            [
                pair("a", "b c", 1),
                pair("password", "x y'z", 11),
                pair("d", "", 28),
                pair("e", "'\\", 33),
                pair("f", "a", 42),
                pair("g", "1", 47),
            ]
        );
        assert!(scanned("").is_empty());
    }

    #[test]
    fn the_parts_of_a_uri_are_named_and_placed() {
        let uri = "postgresql://us%20er:p%40ss:w%2Fd@a:1,[::1]:2,%2Frun%2Fpg/d%C3%A9?sslmode=require&options=-c%20a%3Db";
        assert_eq!(
            scanned(uri),
            [
                pair("user", "us er", 13),
                pair("password", "p@ss:w/d", 21),
                pair("host", "a,::1,/run/pg", 34),
                pair("port", "1,2,", 34),
                pair("dbname", "dé", 58),
                pair("sslmode", "require", 66),
                pair("options", "-c a=b", 82),
            ]
        );
        assert!(scanned("postgres://").is_empty());
        assert_eq!(scanned("postgres:///db"), [pair("dbname", "db", 12)]);
        assert_eq!(
            scanned("postgres://u@/?host=/tmp"),
            [pair("user", "u", 11), pair("host", "/tmp", 15)]
        );
    }

    #[test]
    fn broken_strings_are_refused_where_they_break() {
        let error = |dsn: &str| pairs(dsn).err();
        assert_eq!(error("host"), Some(DsnError::Syntax(0)));
        assert_eq!(error("a=b c d=e"), Some(DsnError::Syntax(4)));
        assert_eq!(error("=b"), Some(DsnError::Syntax(0)));
        assert_eq!(error("a='b"), Some(DsnError::Unterminated(2)));
        assert_eq!(error("postgres://[::1"), Some(DsnError::Syntax(11)));
        assert_eq!(error("postgres://[::1]x"), Some(DsnError::Syntax(11)));
        assert_eq!(error("postgres://h?a"), Some(DsnError::Syntax(13)));
        for wrong in ["%", "%4", "%zz", "%00", "%+1"] {
            assert_eq!(
                error(&format!("postgres://u:{wrong}@h")),
                Some(DsnError::PercentEncoding(13))
            );
        }
    }

    #[test]
    fn an_address_in_brackets_may_have_a_port() {
        assert_eq!(split_host("[fe80::1]"), Some(("fe80::1", "")));
        assert_eq!(split_host("[fe80::1]:5"), Some(("fe80::1", "5")));
        assert_eq!(split_host("h:5"), Some(("h", "5")));
    }
}
