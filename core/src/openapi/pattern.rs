//! Regular expressions of nginx (PCRE) and of rules (the crate `regex`) in the notation of JSON Schema, which is that of JavaScript (ECMA-262
//! section 22.2, with the flag `u`). What has no certain translation there is told in words.

use std::iter::Peekable;
use std::str::Chars;

use super::node::Node;

/// Adds what a text has to be like to its schema.
pub(super) fn with_pattern(schema: Node, pattern: &str) -> Node {
    match translate(pattern) {
        Some(translated) => schema.with("pattern", translated),
        None => schema.with(
            "description",
            format!("It fits the regular expression `{pattern}`."),
        ),
    }
}

/// The same expression for JavaScript.
fn translate(pattern: &str) -> Option<String> {
    let mut translation = Translation {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len()),
    };
    while let Some(character) = translation.rest.next() {
        translation.character(character)?;
    }
    Some(translation.out)
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
}

/// What has an escape in JavaScript, and is itself then; anything else must not have one.
const SYNTAX: &str = "^$\\.*+?()[]{}|/";

/// Groups of characters by their names (POSIX), as they stand in a class.
const NAMED: [(&str, &str); 7] = [
    ("alnum", "A-Za-z0-9"),
    ("alpha", "A-Za-z"),
    ("digit", "0-9"),
    ("lower", "a-z"),
    ("upper", "A-Z"),
    ("word", "A-Za-z0-9_"),
    ("xdigit", "A-Fa-f0-9"),
];

impl Translation<'_> {
    fn character(&mut self, character: char) -> Option<()> {
        match character {
            '\\' => _ = self.escape(false)?,
            '[' => self.class()?,
            '(' => self.group()?,
            '*' | '+' | '?' => {
                self.out.push(character);
                self.after_quantifier()?;
            }
            '{' => self.braces()?,
            '}' | ']' => self.escaped(character),
            other => self.out.push(other),
        }
        Some(())
    }

    fn escaped(&mut self, character: char) {
        self.out.push('\\');
        self.out.push(character);
    }

    /// What comes after a backslash. The answer is whether it stands for several characters.
    fn escape(&mut self, in_class: bool) -> Option<bool> {
        let character = self.rest.next()?;
        match character {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => {
                self.escaped(character);
                return Some(true);
            }
            'p' | 'P' => {
                self.escaped(character);
                self.category()?;
                return Some(true);
            }
            'b' if in_class => self.out.push_str("\\x08"),
            'b' | 'B' if !in_class && self.rest.peek() != Some(&'{') => self.escaped(character),
            'A' if !in_class => self.out.push('^'),
            'z' | 'Z' if !in_class => self.out.push('$'),
            'n' | 'r' | 't' | 'f' | 'v' => self.escaped(character),
            'a' => self.out.push_str("\\x07"),
            'e' => self.out.push_str("\\x1b"),
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            // The beginning and the end of a word to the one, and themselves to the other.
            '<' | '>' => return None,
            '-' if in_class => self.escaped('-'),
            other if SYNTAX.contains(other) => self.escaped(other),
            other if other.is_ascii_alphanumeric() => return None,
            other => self.out.push(other),
        }
        Some(false)
    }

    /// `\x41`, `\u0041`, `\x{41}`
    fn code(&mut self, digits: usize) -> Option<()> {
        let code = match self.rest.next_if_eq(&'{') {
            Some(_) => self.until('}')?,
            None => {
                let code: String = self.rest.by_ref().take(digits).collect();
                Some(code).filter(|code| code.chars().count() == digits)?
            }
        };
        if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let code = u32::from_str_radix(&code, 16)
            .ok()
            .filter(|&code| char::from_u32(code).is_some())?;
        self.out.push_str(&format!("\\u{{{code:x}}}"));
        Some(())
    }

    /// `\pL`, `\p{Lu}`: general categories, and no scripts, which are called otherwise.
    fn category(&mut self) -> Option<()> {
        let name = match self.rest.next()? {
            '{' => self.until('}')?,
            letter => letter.to_string(),
        };
        let is_category = name.starts_with(['L', 'M', 'N', 'P', 'S', 'Z', 'C'])
            && matches!(name.as_bytes(), [_] | [_, b'a'..=b'z']);
        is_category.then(|| self.out.push_str(&format!("{{{name}}}")))
    }

    /// What comes before `end`, which is passed over.
    fn until(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.rest.next()? {
                character if character == end => return Some(text),
                character => text.push(character),
            }
        }
    }

    /// What opens a group. Flags, conditions and the like are of one language only.
    fn group(&mut self) -> Option<()> {
        self.out.push('(');
        match self.rest.peek() {
            Some('*') => return None,
            Some('?') => _ = self.rest.next(),
            _ => return Some(()),
        }
        self.out.push('?');
        let kind = match self.rest.next()? {
            'P' => self.rest.next_if_eq(&'<')?,
            kind => kind,
        };
        match kind {
            ':' | '=' | '!' => self.out.push(kind),
            '<' if matches!(self.rest.peek(), Some('=' | '!')) => self.out.push('<'),
            '<' => {
                let name = self.until('>')?;
                let is_name = name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    && name.starts_with(|first: char| !first.is_ascii_digit());
                if !is_name {
                    return None;
                }
                self.out.push_str(&format!("<{name}>"));
            }
            _ => return None,
        }
        Some(())
    }

    /// `{2,5}`, or a brace that means nothing.
    fn braces(&mut self) -> Option<()> {
        let mut ahead = self.rest.clone();
        let mut text = String::new();
        let is_closed = ahead.by_ref().any(|character| {
            text.push(character);
            character == '}'
        });
        let bounds = text.strip_suffix('}').filter(|_| is_closed).unwrap_or_default();
        let (least, most) = bounds.split_once(',').unwrap_or((bounds, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !least.is_empty() && is_number(least) && is_number(most) {
            self.out.push_str(&format!("{{{bounds}}}"));
            self.rest = ahead;
            return self.after_quantifier();
        }
        // Newer versions of PCRE take some of these for quantifiers.
        let is_doubtful = bounds
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b' '));
        if is_closed && is_doubtful {
            return None;
        }
        self.escaped('{');
        Some(())
    }

    /// A quantifier may be lazy, and not possessive.
    fn after_quantifier(&mut self) -> Option<()> {
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        (!matches!(self.rest.peek(), Some('*' | '+' | '?' | '{'))).then_some(())
    }

    /// A class of characters, whose bracket is open.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let (mut is_first, mut after_several) = (true, false);
        loop {
            let character = self.rest.next()?;
            let next = self.rest.peek().copied();
            let mut is_several = false;
            match character {
                ']' if !is_first => break,
                '[' => {
                    self.named()?;
                    is_several = true;
                }
                // Operations on sets.
                '&' | '~' | '-' if next == Some(character) => return None,
                '-' if is_first || after_several || next == Some(']') || self.is_several_next() => {
                    self.escaped('-');
                }
                '\\' => is_several = self.escape(true)?,
                ']' => self.escaped(']'),
                other => self.out.push(other),
            }
            is_first = false;
            after_several = is_several;
        }
        self.out.push(']');
        Some(())
    }

    fn is_several_next(&self) -> bool {
        let mut ahead = self.rest.clone();
        match ahead.next() {
            Some('\\') => ahead.next().is_some_and(|letter| "dDwWsSpP".contains(letter)),
            Some('[') => true,
            _ => false,
        }
    }

    /// `[:alpha:]`, whose first bracket has been read. A class in a class is a union to the one, and a bracket to the other.
    fn named(&mut self) -> Option<()> {
        self.rest.next_if_eq(&':')?;
        let name = self.until(':')?;
        self.rest.next_if_eq(&']')?;
        let (_, characters) = NAMED.iter().find(|(known, _)| *known == name)?;
        self.out.push_str(characters);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::translate;

    /// By the rules of ECMA-262.
    fn is_valid(pattern: &str) -> bool {
        let schema = serde_json::json!({"format": "regex"});
        let options = jsonschema::options().should_validate_formats(true).build(&schema);
        options.expect("a schema").is_valid(&pattern.into())
    }

    #[test]
    fn what_means_the_same_is_translated() {
        for (pattern, translated) in [
            ("^(?:[a-z]+)$", "^(?:[a-z]+)$"),
            (r"\A[0-9]{2,5}?\z", "^[0-9]{2,5}?$"),
            (
                "(?P<year>[0-9]{4})-(?<month>[0-9]{2})",
                "(?<year>[0-9]{4})-(?<month>[0-9]{2})",
            ),
            (r"\x41\x{1F600}", r"\u{41}\u{1f600}"),
            (r"\pL\p{Lu}[\PN]", r"\p{L}\p{Lu}[\P{N}]"),
            ("[[:alpha:]_-]", r"[A-Za-z_\-]"),
            ("[]a]", r"[\]a]"),
            (r"[^]\w-.]", r"[^\]\w\-.]"),
            (r"a\-b\_\/\.\ \#", r"a-b_\/\. #"),
            ("a{b}]", r"a\{b\}\]"),
            ("(?=a)(?<!b)ü", "(?=a)(?<!b)ü"),
            (r"\bword\B[\b]", r"\bword\B[\x08]"),
        ] {
            let found = translate(pattern);
            assert_eq!(found.as_deref(), Some(translated), "{pattern}");
            assert!(is_valid(translated), "{translated}");
        }
    }

    #[test]
    fn what_has_no_certain_translation_is_left_out() {
        for pattern in [
            "(?i)abc",
            "a(?i:b)",
            "(?x) a # b",
            "a++",
            "a{2}+",
            "a*+",
            "(?>a)",
            "(?|a|b)",
            "(?#note)",
            "(?R)",
            "(?P=name)",
            "(*COMMIT)a",
            r"\Qa.b\E",
            r"\h\R",
            r"(a)\1",
            r"\<a\>",
            r"\p{Greek}",
            r"\p{^L}",
            r"\x4",
            "[a[b]]",
            "[a&&b]",
            "[a--b]",
            "[[:punct:]]",
            "[[:^alpha:]]",
            "a{,3}",
            "[a",
            "\\",
        ] {
            assert_eq!(translate(pattern), None, "{pattern}");
        }
    }
}
