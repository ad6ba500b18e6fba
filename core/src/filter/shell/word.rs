//! A word as a shell reads it: without the quotes, backslashes and empty expansions that hide a command.

use super::super::hits::Text;

/// A word as a shell reads it.
pub(super) struct ShellWord {
    bytes: [u8; 24],
    start: usize,
    length: usize,
    /// Where it ends in the text.
    pub(super) end: usize,
    /// Quotes or the like were taken out of it.
    pub(super) is_hidden: bool,
    /// It is the path of a program.
    pub(super) has_path: bool,
}

impl ShellWord {
    /// The name of the program, without its path.
    pub(super) fn name(&self) -> &[u8] {
        self.bytes.get(self.start..self.length).unwrap_or_default()
    }

    pub(super) fn read(text: &Text<'_>, start: usize) -> Option<Self> {
        let mut word = Self {
            bytes: [0; 24],
            start: 0,
            length: 0,
            end: start,
            is_hidden: false,
            has_path: false,
        };
        while let Some(&byte) = text.bytes.get(word.end) {
            let taken = match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' => word.push(byte)?,
                b'/' => word.directory(text)?,
                b'"' | b'\'' | b'\\' | b'^' => word.hidden(text),
                b'$' => word.expansion(text),
                b'`' if word.length > 0 && text.byte(word.end + 1) == b'`' => {
                    word.is_hidden = true;
                    2
                }
                _ => 0,
            };
            if taken == 0 {
                break;
            }
            word.end += taken;
        }
        // `cmd.exe` is `cmd`.
        if word.name().ends_with(b".exe") {
            word.length -= 4;
        }
        (word.length > word.start).then_some(word)
    }

    fn push(&mut self, byte: u8) -> Option<usize> {
        *self.bytes.get_mut(self.length)? = byte;
        self.length += 1;
        Some(1)
    }

    /// A directory of programs before the name; any other path ends the word.
    fn directory(&mut self, text: &Text<'_>) -> Option<usize> {
        let rest = text.from(self.end);
        let known = [
            &b"/usr/local/bin/"[..],
            b"/usr/bin/",
            b"/usr/sbin/",
            b"/bin/",
            b"/sbin/",
        ]
        .into_iter()
        .find(|directory| rest.starts_with(directory));
        match known {
            Some(directory) if self.length == 0 => {
                self.has_path = true;
                Some(directory.len())
            }
            _ => Some(0),
        }
    }

    /// A quote or a backslash inside a word, or quotes around nothing.
    fn hidden(&mut self, text: &Text<'_>) -> usize {
        let next = text.byte(self.end + 1);
        let is_pair = next == text.byte(self.end) && self.length > 0;
        if is_pair {
            self.is_hidden = true;
            return 2;
        }
        if self.length > 0 && next.is_ascii_alphanumeric() {
            self.is_hidden = true;
            return 1;
        }
        0
    }

    /// `$@`, `$*`, `$1`, `${x}`: nothing, inside a word.
    fn expansion(&mut self, text: &Text<'_>) -> usize {
        let is_inside = text.byte(self.end + 2).is_ascii_alphanumeric();
        match text.byte(self.end + 1) {
            b'@' | b'*' | b'!' | b'0'..=b'9' if is_inside => {
                self.is_hidden = true;
                2
            }
            b'(' if self.length > 0 && text.byte(self.end + 2) == b')' => {
                self.is_hidden = true;
                3
            }
            b'{' => {
                let rest = text.from(self.end);
                let close = rest.iter().take(16).position(|&byte| byte == b'}').unwrap_or(0);
                if close > 0
                    && rest.get(close + 1).is_some_and(u8::is_ascii_alphanumeric)
                    && !rest.starts_with(b"${ifs")
                {
                    self.is_hidden = true;
                    return close + 1;
                }
                0
            }
            _ => 0,
        }
    }
}
