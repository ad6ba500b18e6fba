//! Commands for a shell: behind a separator, in a substitution, or as the value itself.
//!
//! What a shell throws away while it reads a word (quotes, backslashes, empty expansions) is thrown away here, so that `c''at` is `cat`. A
//! command alone is a word; the separator before it, what it is given, and that nothing around it is a sentence make it an attack.

mod arguments;
mod script;
mod word;
mod words;

use super::hits::{Hits, Text};
use super::rule::Rule;
use super::shape::Shape;
use arguments::Arguments;
use word::ShellWord;
use words::{COMMANDS, Command, READERS, RUNNERS, TELLING};

/// How long a value may be that is nothing but a command with a number.
const MAX_ALONE: usize = 64;

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
    if let Some(rule) = script::at(text, start, lead) {
        hits.add(rule, start);
        return;
    }
    let Some(word) = ShellWord::read(text, start) else {
        return;
    };
    let Some(command) = COMMANDS.find(word.name()) else {
        return;
    };
    // `data:image/png;base64,…`
    if word.name() == b"base64" && text.byte(word.end) == b',' {
        return;
    }
    let candidate = Candidate {
        text,
        at,
        lead,
        is_plain: command == Command::Plain || command == Command::Tool && lead != Lead::DoubleSeparator,
        is_tool: command == Command::Tool,
        arguments: if runs_another(text, &word) {
            Arguments::Path
        } else {
            Arguments::of(text, word.end)
        },
        word,
    };
    if let Some(rule) = candidate.rule() {
        hits.add(rule, start);
    }
}

/// Whether a command is given another to run: `sudo id`, `which nc`.
fn runs_another(text: &Text<'_>, word: &ShellWord) -> bool {
    let is_runner = RUNNERS.find(word.name()).is_some();
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

/// A word where a command could stand.
struct Candidate<'t, 'a> {
    text: &'t Text<'a>,
    /// Behind the separator.
    at: usize,
    lead: Lead,
    word: ShellWord,
    arguments: Arguments,
    /// No language has this word.
    is_plain: bool,
    /// It is a tool of developers.
    is_tool: bool,
}

impl Candidate<'_, '_> {
    fn rule(&self) -> Option<Rule> {
        if self.word.has_path {
            return Some(if self.text.is_prose {
                Rule::ShellWeakCommand
            } else {
                Rule::ShellCommand
            });
        }
        if self.text.is_prose {
            return self.in_prose();
        }
        match self.lead {
            Lead::Start => self.at_start(),
            Lead::Backtick => self.in_backticks(),
            Lead::Substitution => Some(self.substituted()),
            Lead::Newline => self.on_a_line(),
            Lead::Separator | Lead::DoubleSeparator => self.separated(),
        }
    }

    /// In a sentence a command has to be one beyond doubt to count at all.
    fn in_prose(&self) -> Option<Rule> {
        let is_sure = self.is_plain && matches!(self.arguments, Arguments::Path | Arguments::Option);
        let is_separate = matches!(
            self.lead,
            Lead::Separator | Lead::DoubleSeparator | Lead::Substitution
        );
        (is_sure && is_separate).then_some(Rule::ShellWeakCommand)
    }

    /// A value that is a command.
    fn at_start(&self) -> Option<Rule> {
        let name = self.word.name();
        let is_hidden = self.word.is_hidden;
        let is_command = match self.arguments {
            Arguments::Path | Arguments::Words | Arguments::Url if self.is_tool && !is_hidden => false,
            Arguments::Path if runs_another(self.text, &self.word) || READERS.find(name).is_some() => true,
            Arguments::Path | Arguments::Option | Arguments::Url => self.is_plain || is_hidden,
            Arguments::Number => {
                matches!(name, b"sleep" | b"ping")
                    && self.text.bytes.len() < MAX_ALONE
                    && self.is_given_only_a_number()
            }
            Arguments::None if is_hidden => self.is_plain,
            Arguments::None => TELLING.find(name).is_some() && self.is_last() && !self.text.place.is_name(),
            Arguments::Words | Arguments::Other => false,
        };
        is_command.then_some(Rule::ShellCommand)
    }

    /// `sleep 8`, but "Sleep 8 hours".
    fn is_given_only_a_number(&self) -> bool {
        let rest = self.text.from(self.word.end).trim_ascii_start();
        let number = rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
            .count();
        !rest
            .get(number..)
            .unwrap_or_default()
            .trim_ascii_start()
            .first()
            .is_some_and(u8::is_ascii_alphabetic)
    }

    /// `$(id)`.
    fn substituted(&self) -> Rule {
        match self.arguments {
            Arguments::Words if !self.is_plain => Rule::ShellWeakCommand,
            Arguments::Other => Rule::ShellWeakCommand,
            _ => Rule::ShellCommand,
        }
    }

    /// A command on a line of its own.
    fn on_a_line(&self) -> Option<Rule> {
        let is_command = match self.arguments {
            // Lines of code and of text begin with words that are commands as well: `let x: f64`, `find /dev`.
            Arguments::Path if !self.is_plain && !self.word.is_hidden => {
                READERS.find(self.word.name()).is_some() || runs_another(self.text, &self.word)
            }
            Arguments::Path | Arguments::Option | Arguments::Url => true,
            Arguments::Number => self.is_plain,
            Arguments::None => self.is_plain && self.is_last(),
            Arguments::Words | Arguments::Other => false,
        };
        is_command.then_some(Rule::ShellCommand)
    }

    /// A command behind `;`, `|`, `&`. Lists and tables have words there as well.
    fn separated(&self) -> Option<Rule> {
        let is_double = self.lead == Lead::DoubleSeparator;
        let is_script = matches!(
            self.arguments,
            Arguments::Path | Arguments::Words | Arguments::Url
        );
        if is_double && self.is_tool && !self.word.is_hidden && is_script {
            return None;
        }
        match self.arguments {
            Arguments::Path | Arguments::Option | Arguments::Url => Some(Rule::ShellCommand),
            Arguments::Number => self.is_plain.then_some(Rule::ShellCommand),
            Arguments::None => self.separated_alone(),
            Arguments::Words if self.is_plain => (!is_table(self.text)).then_some(Rule::ShellCommand),
            Arguments::Words => is_double.then_some(Rule::ShellWeakCommand),
            Arguments::Other => None,
        }
    }

    /// A command without arguments.
    fn separated_alone(&self) -> Option<Rule> {
        if is_table(self.text) {
            return None;
        }
        let before = self.text.bytes.get(..self.at).unwrap_or_default();
        let begins = before.iter().all(|byte| !byte.is_ascii_alphanumeric());
        let ends = self.is_last();
        let is_double = self.lead == Lead::DoubleSeparator;
        let is_telling = self.is_plain && (self.word.name().len() > 2 || self.word.is_hidden || is_double);
        if is_telling || ends && (begins || self.is_plain) || begins && (is_double || self.is_plain) {
            return Some(Rule::ShellCommand);
        }
        let is_word = self.text.shape.has(Shape::SPACE) || self.text.byte(self.at) == b'=';
        (ends && !is_word).then_some(Rule::ShellWeakCommand)
    }

    /// A command in backticks, as shells have it and as texts quote code.
    fn in_backticks(&self) -> Option<Rule> {
        let rest = self.text.from(self.word.end);
        let close = memchr::memchr(b'`', rest)?;
        let after = rest.get(close + 1).copied().unwrap_or(0);
        let before = self.at.checked_sub(1).map_or(0, |open| self.text.before(open));
        let opens = matches!(
            before,
            0 | b';' | b'|' | b'&' | b'=' | b'$' | b'\'' | b'"' | b'\\'
        ) || before.is_ascii_alphanumeric();
        let closes = matches!(after, 0 | b';' | b'|' | b'&' | b'\'' | b'"' | b'#' | b'\\' | b'-')
            || after.is_ascii_alphanumeric();
        match self.arguments {
            _ if !(opens && closes) => None,
            Arguments::Words if !self.is_plain => None,
            Arguments::None if !self.is_plain && before.is_ascii_alphanumeric() => {
                Some(Rule::ShellWeakCommand)
            }
            _ => Some(Rule::ShellCommand),
        }
    }

    /// Whether nothing but signs follows.
    fn is_last(&self) -> bool {
        let is_sign = |byte: &u8| {
            !(byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'_' | b'$'
                        | b'.'
                        | b','
                        | b':'
                        | b'='
                        | b'?'
                        | b'!'
                        | b'('
                        | b'{'
                        | b'['
                        | b'<'
                        | b'>'
                        | b'@'
                        | b'%'
                        | b'^'
                        | b'~'
                        | b']'
                        | 0x80..
                ))
        };
        self.text.from(self.word.end).iter().all(is_sign)
    }
}

/// Whether pipes make columns here.
fn is_table(text: &Text<'_>) -> bool {
    let spaced = memchr::memmem::find_iter(text.bytes, b" | ").take(3).count();
    spaced >= 2
        || memchr::memmem::find(text.bytes, b"|-").is_some()
        || text.bytes.starts_with(b"| ") && text.bytes.trim_ascii_end().ends_with(b" |")
}

#[cfg(test)]
mod tests;
