//! What is no command, but the grammar of a shell around one: conditions and loops of Windows, aliases, commands that are put together of
//! variables.

use super::super::hits::Text;
use super::super::rule::Rule;
use super::Lead;

/// How far such a construction is read.
const MAX_LENGTH: usize = 160;

/// The rule for what stands behind a separator, or at the start.
pub(super) fn at(text: &Text<'_>, start: usize, lead: Lead) -> Option<Rule> {
    let rest = text.from(start);
    let rest = rest.get(..rest.len().min(MAX_LENGTH)).unwrap_or_default();
    let found = match rest {
        [b'f', b'o', b'r', ..] => is_loop(rest),
        [b'i', b'f', ..] => is_condition(rest),
        [b'a', b'l', b'i', b'a', b's', ..] => is_alias(rest),
        [b'$', ..] => lead != Lead::Start && is_variables(rest),
        _ => false,
    };
    (found && !text.is_prose).then_some(Rule::ShellCommand)
}

/// `for %a in (…) do x`, `for /r c:\ %a in …`.
fn is_loop(rest: &[u8]) -> bool {
    let variable = rest.get(3..).unwrap_or_default().trim_ascii_start();
    matches!(variable, [b'%', next, ..] if !next.is_ascii_whitespace())
        && (contains(rest, b" in (") || contains(rest, b" in("))
        || matches!(variable, [b'/', b'r' | b'f' | b'l' | b'd', b' ', ..]) && contains(rest, b" %")
}

/// `if exist x`, `if /i "%a%"=="b"`, `if 1 equ 1`.
fn is_condition(rest: &[u8]) -> bool {
    let mut words = rest
        .get(2..)
        .unwrap_or_default()
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty());
    if !matches!(rest.get(2), Some(b' ' | b'\t' | b'/')) {
        return false;
    }
    let mut word = words.next().unwrap_or_default();
    if word == b"/i" {
        word = words.next().unwrap_or_default();
    }
    let is_negated = word == b"not";
    if is_negated {
        word = words.next().unwrap_or_default();
    }
    let what = words.next().unwrap_or_default();
    let does = words.next().is_some_and(|next| {
        matches!(next.first(), Some(b'(' | b'@'))
            || matches!(
                next,
                b"echo"
                    | b"set"
                    | b"goto"
                    | b"call"
                    | b"cmd"
                    | b"del"
                    | b"exit"
                    | b"cd"
                    | b"md"
                    | b"copy"
                    | b"type"
            )
    });
    let is_test = matches!(word, b"exist" | b"defined" | b"errorlevel") && !what.is_empty() && does;
    let compares = [&b" equ "[..], b" neq ", b" geq ", b" gtr ", b" lss ", b" leq "]
        .iter()
        .any(|operator| contains(rest, operator));
    let compares_variable = contains(rest, b"==") && contains(rest, b"%");
    is_test || compares || compares_variable
}

/// `alias x=id`, with options before the name or not.
fn is_alias(rest: &[u8]) -> bool {
    let Some(argument) = rest
        .get(5..)
        .filter(|rest| matches!(rest.first(), Some(b' ' | b'\t')))
    else {
        return false;
    };
    let mut words = argument
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty());
    let word = words
        .find(|word| !matches!(word.first(), Some(b'-' | b'+')))
        .unwrap_or_default();
    let equals = memchr::memchr(b'=', word);
    equals.is_some_and(|equals| equals > 0 && equals + 1 < word.len())
}

/// `$a$b`: a command that is put together.
fn is_variables(rest: &[u8]) -> bool {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name = rest.iter().skip(1).take_while(is_name).count();
    name > 0 && rest.get(name + 1) == Some(&b'$') && rest.get(name + 2).is_some_and(u8::is_ascii_alphabetic)
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(text, needle).is_some()
}
