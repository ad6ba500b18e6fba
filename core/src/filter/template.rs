//! Expressions for a template engine. A placeholder with a name is what texts about templates have; one that computes or calls is an attack.

use super::hits::{Hits, Text};
use super::rule::Rule;
use super::shape::Shape;

/// How long an expression may be to be looked at as a whole.
const MAX_EXPRESSION: usize = 400;

/// How many expressions of a value are looked at.
const MAX_EXPRESSIONS: usize = 64;

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    let has_tag = text.shape.has(Shape::ANGLE) && text.shape.has(Shape::PERCENT);
    if !has_tag && !text.shape.has(Shape::BRACE.or(Shape::AT)) {
        return;
    }
    let mut count = 0;
    for found in memchr::memchr3_iter(b'{', b'<', b'@', text.bytes) {
        // A sign before the brace belongs to the opening.
        let at = found.saturating_sub(usize::from(matches!(
            text.before(found),
            b'$' | b'#' | b'*' | b'~' | b'@' | b'%'
        )));
        let Some(opening) = Opening::at(text, at).or_else(|| Opening::at(text, found)) else {
            continue;
        };
        count += 1;
        if count > MAX_EXPRESSIONS {
            return;
        }
        let inside = opening.inside(text, at);
        if let Some(rule) = opening.judge(inside, text.is_prose) {
            hits.add(rule, at);
        }
    }
}

/// How an expression begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// `{{`.
    Braces,
    /// `${`.
    Dollar,
    /// `#{`, `*{`, `@{`, `~{`.
    Sign,
    /// `<%`.
    Percent,
    /// `{%`.
    Block,
    /// `{` with arithmetic right behind it, `{7*7}`; `@(`.
    Bare,
}

impl Opening {
    fn at(text: &Text<'_>, at: usize) -> Option<Self> {
        match (text.byte(at), text.byte(at + 1)) {
            (b'{', b'{') => Some(Self::Braces),
            (b'$', b'{') => Some(Self::Dollar),
            (b'#' | b'*' | b'~' | b'@' | b'%', b'{') => Some(Self::Sign),
            (b'<', b'%') => Some(Self::Percent),
            (b'{', b'%') => Some(Self::Block),
            (b'{', b'0'..=b'9') if text.before(at) != b'{' => Some(Self::Bare),
            (b'@', b'(') => Some(Self::Bare),
            _ => None,
        }
    }

    /// What stands in the expression, as far as it is looked at.
    fn inside<'a>(self, text: &Text<'a>, at: usize) -> &'a [u8] {
        let length = if self == Self::Bare && text.byte(at) != b'@' {
            1
        } else {
            2
        };
        let rest = text.from(at + length);
        let rest = rest.get(..rest.len().min(MAX_EXPRESSION)).unwrap_or_default();
        let end = match self {
            Self::Braces => memchr::memmem::find(rest, b"}}"),
            Self::Percent => memchr::memmem::find(rest, b"%>"),
            Self::Block => memchr::memmem::find(rest, b"%}"),
            Self::Dollar | Self::Sign => memchr::memrchr(b'}', rest),
            Self::Bare => memchr::memchr3(b'}', b')', b']', rest),
        };
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }

    fn judge(self, inside: &[u8], in_prose: bool) -> Option<Rule> {
        if self == Self::Dollar && is_lookup(inside) {
            return Some(Rule::TemplateLookup);
        }
        let strong = Some(Rule::TemplateExpression);
        let computes =
            is_arithmetic(inside) && (self != Self::Bare || memchr::memchr2(b'*', b'+', inside).is_some());
        let calls = is_call(inside);
        if computes {
            return if in_prose && !matches!(self, Self::Braces) {
                Some(Rule::TemplateWeakExpression)
            } else {
                strong
            };
        }
        if in_prose {
            return None;
        }
        match self {
            Self::Braces if is_helper(inside) => strong,
            Self::Dollar | Self::Sign if inside.trim_ascii_start().starts_with(b"`") => strong,
            Self::Braces if calls || is_object(inside) || has_filter(inside) => strong,
            Self::Dollar | Self::Sign if is_object(inside) && calls => strong,
            Self::Dollar | Self::Sign
                if is_object(inside) || calls && memchr::memchr2(b'"', b'\'', inside).is_some() =>
            {
                Some(Rule::TemplateWeakExpression)
            }
            Self::Percent if calls || is_object(inside) => strong,
            Self::Block if is_tag(inside) => strong,
            _ => None,
        }
    }
}

/// A number or a string, an operator, another.
fn is_arithmetic(inside: &[u8]) -> bool {
    let inside = inside.trim_ascii_start();
    let inside = inside
        .strip_prefix(b"=")
        .or_else(|| inside.strip_prefix(b"{"))
        .unwrap_or(inside)
        .trim_ascii_start();
    let number = operand_length(inside);
    let rest = inside.get(number..).unwrap_or_default().trim_ascii_start();
    let &[operator, ref rest @ ..] = rest else {
        return false;
    };
    let rest = rest.strip_prefix(b"*").unwrap_or(rest).trim_ascii_start();
    number > 0
        && matches!(operator, b'*' | b'+' | b'-' | b'/' | b'%')
        && operand_length(rest) > 0
        && !(operator == b'-' && number == 4)
}

fn operand_length(text: &[u8]) -> usize {
    match text.first() {
        Some(b'0'..=b'9') => text
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
            .count(),
        Some(&quote @ (b'"' | b'\'')) => text
            .iter()
            .skip(1)
            .take(16)
            .position(|&byte| byte == quote)
            .map_or(0, |at| at + 2),
        _ => 0,
    }
}

/// Whether something is called: the parenthesis stands at a name, or at what a call or a subscript gives.
fn is_call(inside: &[u8]) -> bool {
    let is_callee =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b')' | b']' | b'"' | b'\'' | b'}');
    memchr::memchr_iter(b'(', inside).any(|at| {
        at.checked_sub(1)
            .and_then(|before| inside.get(before))
            .is_some_and(|byte| is_callee(*byte))
    })
}

/// Names that engines give to expressions and that lead to more.
fn is_object(inside: &[u8]) -> bool {
    let name = inside.trim_ascii_start();
    let name = name.strip_prefix(b"=").unwrap_or(name).trim_ascii_start();
    let length = name
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let is_alone = name.get(length..).unwrap_or_default().trim_ascii().is_empty();
    let goes_on = matches!(name.get(length), Some(b'.' | b'[' | b'|' | b'('));
    match name.get(..length).unwrap_or_default() {
        b"config"
        | b"self"
        | b"_self"
        | b"settings"
        | b"lipsum"
        | b"cycler"
        | b"joiner"
        | b"get_flashed_messages"
        | b"_context"
        | b"dump"
        | b"handler" => is_alone || goes_on,
        b"request" | b"app" | b"application" | b"class" | b"namespace" | b"url_for" | b"this"
        | b"constructor" | b"range" | b"env" | b"process" | b"global" | b"root" | b"session" | b"system"
        | b"runtime" | b"object" | b"kernel" | b"file" | b"dir" | b"pagecontext" | b"param" | b"_globals"
        | b"ex" | b"product" | b"messages" | b"debug" | b"freemarker" | b"smarty" | b"t" => {
            goes_on && memchr::memchr2(b'(', b'_', inside).is_some()
                || is_alone && name.len() > 5 && name.starts_with(b"_")
        }
        _ => is_literal_with_member(name),
    }
}

/// `''.x`, `[].x`, `""["x"]`: what hangs on a string or a list leads to everything that the language has.
fn is_literal_with_member(expression: &[u8]) -> bool {
    let close = match expression.first() {
        Some(&quote @ (b'"' | b'\'')) => quote,
        Some(b'[') => b']',
        Some(b'(') => b')',
        _ => return false,
    };
    let rest = expression.get(1..).unwrap_or_default();
    let end = memchr::memchr(close, rest)
        .and_then(|at| rest.get(at + 1..))
        .unwrap_or_default();
    matches!(end, [b'.' | b'[', ..])
}

/// `.Name "x"`, `printf "…"`, `#with "s" as |x|`: a method, a function or a block that is given a string.
fn is_helper(inside: &[u8]) -> bool {
    let inside = inside.trim_ascii();
    let name = inside
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'#' | b'_'))
        .count();
    let takes_text = matches!(
        inside.get(name..).unwrap_or_default().trim_ascii_start(),
        [b'"', ..]
    );
    match inside.get(..name).unwrap_or_default() {
        b"define" | b"html" | b"js" | b"printf" | b"println" | b"print" | b"urlquery" | b"#with" => {
            takes_text
        }
        [b'.', b'a'..=b'z', ..] => takes_text,
        _ => false,
    }
}

/// `x|filter` with a filter that runs or shows more than a value.
fn has_filter(inside: &[u8]) -> bool {
    let Some(bar) = memchr::memchr(b'|', inside) else {
        return false;
    };
    let filter = inside.get(bar + 1..).unwrap_or_default().trim_ascii_start();
    [
        &b"attr"[..],
        b"map",
        b"filter",
        b"sort",
        b"reduce",
        b"passthru",
        b"system",
        b"format",
        b"pprint",
        b"exec",
    ]
    .iter()
    .any(|known| filter.starts_with(known))
}

/// A statement in a block: `{% import os %}`.
fn is_tag(inside: &[u8]) -> bool {
    let inside = inside.trim_ascii_start();
    let inside = inside.strip_prefix(b"-").unwrap_or(inside).trim_ascii_start();
    [
        &b"import"[..],
        b"include",
        b"for ",
        b"set ",
        b"debug",
        b"if ",
        b"from",
        b"extends",
        b"with ",
        b"raw",
        b"load",
        b"print",
        b"block",
        b"get_admin_log",
        b"csrf_token",
    ]
    .iter()
    .any(|tag| inside.starts_with(tag))
}

/// A lookup of Log4j, hidden or not: `jndi:`, `${lower:j}ndi`, `::-j`.
fn is_lookup(inside: &[u8]) -> bool {
    let name = inside.split(|&byte| byte == b':').next().unwrap_or_default();
    let has_argument = name.len() < inside.len();
    has_argument
        && (matches!(
            name.trim_ascii(),
            b"jndi"
                | b"lower"
                | b"upper"
                | b"sys"
                | b"java"
                | b"ctx"
                | b"base64"
                | b"bundle"
                | b"date"
                | b"event"
                | b"main"
                | b"marker"
                | b"map"
                | b"sd"
                | b"web"
                | b"docker"
                | b"k8s"
                | b"kubernetes"
                | b"spring"
                | b"script"
                | b"dns"
                | b"url"
        ) || name == b"env" && memchr::memmem::find(inside, b":-").is_some()
            || inside.starts_with(b"::-")
            || inside.starts_with(b"${"))
}

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::super::place::Place;
    use super::super::test_hits::hits_in;
    use super::*;

    fn score(text: &str) -> u16 {
        hits_in(text, Place::Argument, detect).score(Class::Template)
    }

    #[test]
    fn expressions_that_compute_are_found() {
        for text in [
            "{{7*7}}",
            "x{{ 7 * '7' }}y",
            "${7*7}",
            "#{ 3 * 3 }",
            "<%= 7 * 7 %>",
            "{{config}}",
            "{{self.x()}}",
            "{{''.__class__}}",
            "{% import os %}",
            "${jndi:ldap://x}",
            "${${lower:j}ndi:x}",
            "${::-j}",
            "{{x|attr('y')}}",
            "@(1+2)",
        ] {
            assert!(score(text) >= 5, "{text}");
        }
    }

    #[test]
    fn placeholders_are_not() {
        for text in [
            "{{name}}",
            "{{ user.name }}",
            "${HOME}",
            "${name}",
            "hello #{name}",
            "<%= name %>",
            "{\"a\":{\"b\":1}}",
            "{2020-01-01}",
            "{}",
            "{{",
            "100%{",
        ] {
            assert!(score(&text.to_ascii_lowercase()) < 5, "{text}");
        }
    }
}
