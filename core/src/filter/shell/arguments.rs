//! What a command is given, as far as it tells a command from a word.

use super::super::hits::Text;

/// What a command is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    None,
    /// A file, a redirection, a variable.
    Path,
    /// `-la`, `/c`.
    Option,
    /// A number, an address, a mode.
    Number,
    Url,
    Words,
    /// The word goes on with a sign that commands do not have: it is something else.
    Other,
}

impl Arguments {
    pub(super) fn of(text: &Text<'_>, end: usize) -> Self {
        let rest = text.from(end);
        let blank = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b',' | b'"' | b'\'' | b'\\'))
            .count();
        let argument = rest.get(blank..).unwrap_or_default();
        let &first = argument.first().unwrap_or(&0);
        let is_apart = blank > 0;
        match first {
            0 | b';' | b'|' | b'&' | b'`' | b')' | b'\n' | b'\r' | b'}' | b'#' => Self::None,
            b'<' | b'>' if argument.len() > 1 => Self::Path,
            b'$' => Self::Path,
            _ if !is_apart => Self::Other,
            b'/' | b'~' | b'*' | b'?' => Self::Path,
            b'@' if argument.get(1).is_some_and(u8::is_ascii_alphanumeric) => Self::Path,
            b'.' if matches!(argument.get(1), Some(b'/' | b'.')) => Self::Path,
            b'-' | b'%' if argument.get(1).is_some_and(u8::is_ascii_alphanumeric) => Self::Option,
            b'0'..=b'9' => Self::number(argument),
            b'h' | b'f'
                if argument.starts_with(b"http://")
                    || argument.starts_with(b"https://")
                    || argument.starts_with(b"ftp://") =>
            {
                Self::Url
            }
            b'a'..=b'z' => Self::word(argument),
            _ => Self::Other,
        }
    }

    /// A number, an address, a mode: what `sleep`, `ping` and `chmod` are given.
    fn number(argument: &[u8]) -> Self {
        let word = argument
            .split(|byte| matches!(byte, b' ' | b';' | b'|' | b'&' | b'`' | b')'))
            .next()
            .unwrap_or_default();
        if word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
            Self::Number
        } else {
            Self::Words
        }
    }

    /// A word that is the name of a file, a host or a drive, or just a word.
    fn word(argument: &[u8]) -> Self {
        let word = argument
            .split(|byte| matches!(byte, b' ' | b';' | b'|' | b'&' | b'`' | b')' | b'"' | b'\''))
            .next()
            .unwrap_or_default();
        let is_path = word.contains(&b'/')
            || word.get(1) == Some(&b':') && matches!(word.get(2), None | Some(b'/' | b'\\'))
            || word.contains(&b'\\')
            || word.contains(&b'*')
            || word.windows(2).any(|pair| matches!(pair, [b'.', b'a'..=b'z']));
        if is_path { Self::Path } else { Self::Words }
    }
}
