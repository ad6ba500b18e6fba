//! Commands for a shell: behind a separator, in a substitution, or as the value itself.
//!
//! What a shell throws away while it reads a word (quotes, backslashes, empty expansions) is thrown away here, so that `c''at` is `cat`. A
//! command alone is a word; the separator before it, what it is given, and that nothing around it is a sentence make it an attack.

mod words;

use super::hits::{Hits, Text};
use super::rule::Rule;
use super::shape::Shape;
use words::{COMMANDS, Command};

/// What can stand before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    /// The value begins with it.
    Start,
    /// `;`, `|`, `&`.
    Separator,
    /// `||`, `&&`.
    DoubleSeparator,
    Newline,
    /// `$(`, `<(`.
    Substitution,
    Backtick,
}

const SEPARATORS: Shape = Shape::SEMICOLON
    .or(Shape::PIPE)
    .or(Shape::AMPERSAND)
    .or(Shape::NEWLINE)
    .or(Shape::BACKTICK)
    .or(Shape::DOLLAR);

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    if !text.is_prose {
        at_lead(text, 0, Lead::Start, hits);
        globs(text, hits);
    }
    let substitutes = text.shape.has(Shape::ANGLE) && text.shape.has(Shape::PAREN);
    if !text.shape.has(SEPARATORS) && !substitutes {
        return;
    }
    let mut at = 0;
    let mut is_quoted = false;
    while let Some(found) = text.from(at).iter().position(|byte| {
        matches!(
            byte,
            b';' | b'|' | b'&' | b'\n' | b'\r' | b'$' | b'<' | b'>' | b'`'
        )
    }) {
        at += found;
        let byte = text.byte(at);
        is_quoted ^= byte == b'`';
        let (lead, length) = match (byte, text.byte(at + 1)) {
            (b'|', b'|') | (b'&', b'&') => (Lead::DoubleSeparator, 2),
            // Of several separators the last one matters.
            (b';' | b'\n' | b'\r', next) if next == byte => {
                at += 1;
                continue;
            }
            (b';' | b'|' | b'&', _) => (Lead::Separator, 1),
            (b'\n' | b'\r', _) => (Lead::Newline, 1),
            (b'$' | b'<' | b'>', b'(') => (Lead::Substitution, 2),
            (b'`', _) if is_quoted => (Lead::Backtick, 1),
            _ => {
                at += 1;
                continue;
            }
        };
        at += length;
        at_lead(text, at, lead, hits);
    }
}

/// Judges what stands behind a separator.
fn at_lead(text: &Text<'_>, at: usize, lead: Lead, hits: &mut Hits) {
    let start = skip_filler(text, at);
    let Some(word) = ShellWord::read(text, start) else {
        return;
    };
    let Some(command) = COMMANDS.find(word.name()) else {
        return;
    };
    let arguments = if runs_another(text, &word) {
        Arguments::Path
    } else {
        Arguments::of(text, word.end)
    };
    if let Some(rule) = judge(text, lead, at, command, &word, arguments) {
        hits.add(rule, start);
    }
}

/// Whether a command is given another to run: `sudo id`, `which nc`.
fn runs_another(text: &Text<'_>, word: &ShellWord) -> bool {
    let is_runner = matches!(
        word.name(),
        b"which"
            | b"sudo"
            | b"nohup"
            | b"xargs"
            | b"strace"
            | b"command"
            | b"exec"
            | b"env"
            | b"busybox"
            | b"nice"
            | b"time"
            | b"watch"
            | b"timeout"
            | b"whereis"
            | b"flock"
            | b"setsid"
            | b"doas"
    );
    let start = text.skip_space(word.end);
    is_runner
        && start > word.end
        && ShellWord::read(text, start).is_some_and(|next| {
            matches!(COMMANDS.find(next.name()), Some(Command::Plain | Command::Tool)) || next.has_path
        })
}

/// A path whose names are patterns: `/b?n/c?t`, `/bi[n]/sh`.
fn globs(text: &Text<'_>, hits: &mut Hits) {
    if !text.shape.has(Shape::OTHER.or(Shape::BRACKET)) || !text.shape.has(Shape::SLASH) {
        return;
    }
    for slash in memchr::memchr_iter(b'/', text.bytes) {
        let name = text.from(slash + 1);
        let length = name
            .iter()
            .take(10)
            .take_while(|byte| matches!(byte, b'a'..=b'z' | b'?' | b'[' | b']' | b'*'))
            .count();
        let is_pattern = name
            .get(..length)
            .is_some_and(|name| name.contains(&b'?') || name.contains(&b'[') && name.contains(&b']'));
        let before = text.before(slash);
        if is_pattern
            && name.get(length) == Some(&b'/')
            && name
                .get(length + 1)
                .is_some_and(|byte| matches!(byte, b'a'..=b'z' | b'?' | b'*' | b'['))
            && !before.is_ascii_alphanumeric()
        {
            hits.add(Rule::ShellExpansion, slash);
        }
    }
}

/// Skips what can stand between a separator and a command.
fn skip_filler(text: &Text<'_>, at: usize) -> usize {
    let filler = text.from(at).iter().take(32).take_while(|byte| {
        matches!(
            byte,
            b' ' | b'\t' | b'\n' | b'\r' | b'{' | b'(' | b'!' | b'@' | b'"' | b'\'' | b'\\' | b'^'
        )
    });
    at + filler.count()
}

fn judge(
    text: &Text<'_>,
    lead: Lead,
    at: usize,
    command: Command,
    word: &ShellWord,
    arguments: Arguments,
) -> Option<Rule> {
    let plain = command == Command::Plain || command == Command::Tool && lead != Lead::DoubleSeparator;
    let strong = Some(Rule::ShellCommand);
    let weak = Some(Rule::ShellWeakCommand);
    if word.has_path {
        return if text.is_prose { weak } else { strong };
    }
    if text.is_prose {
        let telling = matches!(arguments, Arguments::Path | Arguments::Option) && plain;
        return (telling && lead != Lead::Newline && lead != Lead::Backtick && lead != Lead::Start)
            .then_some(Rule::ShellWeakCommand);
    }
    match (lead, arguments) {
        (Lead::Start | Lead::DoubleSeparator, Arguments::Path | Arguments::Words | Arguments::Url)
            if command == Command::Tool && !word.is_hidden =>
        {
            None
        }
        (Lead::Start, Arguments::Number) => {
            (plain && matches!(word.name(), b"sleep" | b"ping") && text.bytes.len() < 64)
                .then_some(Rule::ShellCommand)
        }
        (Lead::Start, Arguments::Path | Arguments::Option | Arguments::Url) if plain || word.is_hidden => {
            strong
        }
        (Lead::Start, Arguments::Path) if runs_another(text, word) => strong,
        (Lead::Start, Arguments::Path)
            if matches!(
                word.name(),
                b"cat" | b"type" | b"more" | b"less" | b"head" | b"tail" | b"find" | b"dir" | b"tac"
            ) =>
        {
            strong
        }
        (Lead::Start, Arguments::None) => {
            let is_telling = matches!(
                word.name(),
                b"whoami"
                    | b"uname"
                    | b"ifconfig"
                    | b"ipconfig"
                    | b"netstat"
                    | b"systeminfo"
                    | b"tasklist"
                    | b"printenv"
                    | b"lsof"
            ) && is_last(text, word.end)
                && !text.place.is_name();
            (word.is_hidden && plain || is_telling).then_some(Rule::ShellCommand)
        }
        (Lead::Start, _) => None,
        (Lead::Backtick, _) => backtick(text, at, plain, arguments, word),
        (
            Lead::Substitution,
            Arguments::None | Arguments::Path | Arguments::Option | Arguments::Url | Arguments::Number,
        ) => strong,
        (Lead::Substitution, Arguments::Words) if plain => strong,
        (Lead::Substitution, _) => weak,
        (_, Arguments::Path | Arguments::Option | Arguments::Url) => strong,
        (_, Arguments::Number) => {
            if plain {
                strong
            } else {
                None
            }
        }
        (Lead::Newline, Arguments::None) => {
            if plain && is_last(text, word.end) {
                strong
            } else {
                None
            }
        }
        (Lead::Newline, _) => None,
        (_, Arguments::None) => separated(text, at, lead, plain, word),
        (_, Arguments::Words) if plain => {
            if is_table(text) {
                None
            } else {
                strong
            }
        }
        (Lead::DoubleSeparator, Arguments::Words) => weak,
        _ => None,
    }
}

/// A command without arguments behind a separator. Lists and tables have words there as well.
fn separated(text: &Text<'_>, at: usize, lead: Lead, plain: bool, word: &ShellWord) -> Option<Rule> {
    if is_table(text) {
        return None;
    }
    let ends = is_last(text, word.end);
    let begins = text
        .bytes
        .get(..at)
        .unwrap_or_default()
        .iter()
        .all(|byte| !byte.is_ascii_alphanumeric());
    let is_telling = plain && word.name().len() > 2 || word.is_hidden || lead == Lead::DoubleSeparator;
    match (ends, begins) {
        (true, true) => Some(Rule::ShellCommand),
        (_, true) if lead == Lead::DoubleSeparator => Some(Rule::ShellCommand),
        _ if is_telling && plain => Some(Rule::ShellCommand),
        (true, _) if plain || !text.shape.has(Shape::SPACE) && text.byte(at) != b'=' => Some(if plain {
            Rule::ShellCommand
        } else {
            Rule::ShellWeakCommand
        }),
        (_, true) if plain => Some(Rule::ShellCommand),
        _ => None,
    }
}

/// A command in backticks, as shells have it and as texts quote code.
fn backtick(text: &Text<'_>, at: usize, plain: bool, arguments: Arguments, word: &ShellWord) -> Option<Rule> {
    let rest = text.from(word.end);
    let close = memchr::memchr(b'`', rest)?;
    let after = rest.get(close + 1).copied().unwrap_or(0);
    let before = at.checked_sub(1).map_or(0, |open| text.before(open));
    let opens = matches!(
        before,
        0 | b';' | b'|' | b'&' | b'=' | b'$' | b'\'' | b'"' | b'\\'
    ) || before.is_ascii_alphanumeric();
    let closes = matches!(after, 0 | b';' | b'|' | b'&' | b'\'' | b'"' | b'#' | b'\\' | b'-')
        || after.is_ascii_alphanumeric();
    let is_quotation = !(opens && closes);
    if is_quotation {
        return None;
    }
    match arguments {
        Arguments::Words if !plain => None,
        Arguments::None if !plain && before.is_ascii_alphanumeric() => Some(Rule::ShellWeakCommand),
        _ => Some(Rule::ShellCommand),
    }
}

/// Whether pipes make columns here.
fn is_table(text: &Text<'_>) -> bool {
    let spaced = memchr::memmem::find_iter(text.bytes, b" | ").take(3).count();
    spaced >= 2
        || memchr::memmem::find(text.bytes, b"|-").is_some()
        || text.bytes.starts_with(b"| ") && text.bytes.trim_ascii_end().ends_with(b" |")
}

/// Whether nothing but signs follows.
fn is_last(text: &Text<'_>, end: usize) -> bool {
    text.from(end).iter().all(|byte| {
        matches!(
            byte,
            b' ' | b'\t'
                | b'\r'
                | b'\n'
                | b';'
                | b'|'
                | b'&'
                | b'`'
                | b')'
                | b'}'
                | b'"'
                | b'\''
                | b'#'
                | b'+'
                | b'\\'
                | b'/'
                | b'*'
                | b'-'
                | 0
        )
    })
}

/// What a command is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arguments {
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
    fn of(text: &Text<'_>, end: usize) -> Self {
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
            || word.get(1) == Some(&b':')
            || word.contains(&b'\\')
            || word.contains(&b'*')
            || word.windows(2).any(|pair| matches!(pair, [b'.', b'a'..=b'z']));
        if is_path { Self::Path } else { Self::Words }
    }
}

/// A word as a shell reads it.
struct ShellWord {
    bytes: [u8; 24],
    start: usize,
    length: usize,
    /// Where it ends in the text.
    end: usize,
    /// Quotes or the like were taken out of it.
    is_hidden: bool,
    /// It is the path of a program.
    has_path: bool,
}

impl ShellWord {
    /// The name of the program, without its path.
    fn name(&self) -> &[u8] {
        self.bytes.get(self.start..self.length).unwrap_or_default()
    }

    fn read(text: &Text<'_>, start: usize) -> Option<Self> {
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

#[cfg(test)]
mod tests;
