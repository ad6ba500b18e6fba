//! The path of a location as a template: `/api/orders/{id}/cancel`.

/// A path with parameters in braces (`OpenAPI` 3.1 section 4.8.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    /// The template.
    pub text: String,
    /// The parameters in the order in which they come.
    pub parameters: Vec<PathParameter>,
}

/// How a location is chosen: of several that a request fits, nginx takes them in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LocationKind {
    /// `location = /path`: nothing below it.
    Exact,
    /// A regular expression.
    Regex,
    /// A path and all below it.
    Prefix,
}

/// A parameter of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathParameter {
    /// Its name.
    pub name: String,
    /// The regular expression that it fits as a whole.
    pub pattern: String,
}

impl PathTemplate {
    /// The path of a location that is no regular expression.
    pub fn fixed(path: &str) -> Self {
        Self {
            text: path.to_owned(),
            parameters: Vec::new(),
        }
    }

    /// The same for a location's name; `None` where no template says it.
    pub fn of_path(path: &str) -> Option<Self> {
        let is_plain = path.starts_with('/') && !path.contains(['{', '}']);
        is_plain.then(|| Self::fixed(path))
    }

    /// Reads the regular expression of a location: literal text and named groups between `^` and `$`, as
    /// `^/orders/(?<id>[0-9]+)$`. `None` for anything beyond that: no template says the same.
    pub fn of_regex(regex: &str) -> Option<Self> {
        let mut rest = regex.strip_prefix('^')?.strip_suffix('$')?;
        let mut template = Self::fixed("");
        while let Some(first) = rest.chars().next() {
            if let Some(group) = rest.strip_prefix("(?") {
                let group = group.strip_prefix('P').unwrap_or(group).strip_prefix('<')?;
                let (name, group) = group.split_once('>')?;
                let is_name = name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if name.is_empty() || !is_name {
                    return None;
                }
                let end = group_end(group)?;
                let (pattern, after) = group.split_at_checked(end)?;
                template.add(name, pattern);
                rest = after.get(1..)?;
                // A group that may be missing or repeated is no parameter.
                if rest.starts_with(['?', '*', '+', '{']) {
                    return None;
                }
                continue;
            }
            let literal = match first {
                '\\' => {
                    let escaped = rest.get(1..)?.chars().next().filter(char::is_ascii_punctuation)?;
                    // A template has no other meaning for them.
                    (!matches!(escaped, '{' | '}')).then_some(escaped)?
                }
                '.' | '?' | '*' | '+' | '[' | ']' | '(' | ')' | '{' | '}' | '|' | '^' | '$' => return None,
                other => other,
            };
            let length = if first == '\\' { 1 } else { 0 } + literal.len_utf8();
            rest = rest.get(length..)?;
            if rest.starts_with(['?', '*', '+', '{']) {
                return None;
            }
            template.text.push(literal);
        }
        template.text.starts_with('/').then_some(template)
    }

    fn add(&mut self, name: &str, pattern: &str) {
        self.text.push_str(&format!("{{{name}}}"));
        self.parameters.push(PathParameter {
            name: name.to_owned(),
            pattern: format!("^(?:{pattern})$"),
        });
    }
}

/// Where the parenthesis closes that has been opened before `text`.
fn group_end(text: &str) -> Option<usize> {
    let (mut depth, mut in_class, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b']' => in_class = false,
            b'[' => in_class = true,
            _ if in_class => {}
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::PathTemplate;

    #[test]
    fn named_groups_are_parameters() {
        let template =
            PathTemplate::of_regex(r"^/v1\.0/orders/(?<id>[0-9]+)/(?P<part>a(?:b|[)])c)$").expect("simple");
        assert_eq!(template.text, "/v1.0/orders/{id}/{part}");
        let patterns: Vec<_> = template
            .parameters
            .iter()
            .map(|one| one.pattern.as_str())
            .collect();
        assert_eq!(patterns, ["^(?:[0-9]+)$", "^(?:a(?:b|[)])c)$"]);
    }

    #[test]
    fn what_a_template_cannot_say_is_none() {
        for regex in [
            "/orders",
            "^/orders",
            "^/a.b$",
            "^/(a|b)$",
            "^/(?<id>[0-9]+)?$",
            "^/ab?$",
            r"^/\d$",
            r"^/\{id\}$",
            r"^/(?<=a)b(?<id>[0-9]+)$",
            "^a$",
            "^/(?<id>[0-9]+$",
            "^/(?:a)$",
        ] {
            assert_eq!(PathTemplate::of_regex(regex), None, "{regex}");
        }
    }
}
