//! The kinds of attack, as directives and log lines name them.

use std::fmt;

/// A kind of attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// SQL that leaves the place of a value in a statement.
    Sqli,
    /// HTML, script and style that a browser would run.
    Xss,
    /// Paths that leave their directory, files that nobody should ask for, wrappers of streams.
    Traversal,
    /// Commands for a shell.
    Rce,
    /// Code and objects for the application's own language: PHP, Java, JavaScript, Python, Ruby.
    Code,
    /// Expressions for a template engine, and lookups of log libraries.
    Template,
    /// Operators and code for document databases.
    Nosql,
    /// Filters for a directory server.
    Ldap,
    /// XML that declares entities, and directives for servers in markup.
    Xml,
    /// Line breaks that would begin a header field or a command of a mail server.
    Crlf,
    /// Addresses that only the server itself can reach.
    Ssrf,
    /// Tools that look for holes, by the names that they give themselves.
    Scanner,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 12] = [
        Self::Sqli,
        Self::Xss,
        Self::Traversal,
        Self::Rce,
        Self::Code,
        Self::Template,
        Self::Nosql,
        Self::Ldap,
        Self::Xml,
        Self::Crlf,
        Self::Ssrf,
        Self::Scanner,
    ];

    /// The name in directives, rule files and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqli => "sqli",
            Self::Xss => "xss",
            Self::Traversal => "traversal",
            Self::Rce => "rce",
            Self::Code => "code",
            Self::Template => "template",
            Self::Nosql => "nosql",
            Self::Ldap => "ldap",
            Self::Xml => "xml",
            Self::Crlf => "crlf",
            Self::Ssrf => "ssrf",
            Self::Scanner => "scanner",
        }
    }

    /// The class of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassSet(u16);

impl ClassSet {
    /// No class.
    pub const NONE: Self = Self(0);
    /// Every class.
    pub const ALL: Self = Self((1 << Class::ALL.len()) - 1);

    /// The set with one class more.
    #[must_use]
    pub fn with(self, class: Class) -> Self {
        Self(self.0 | 1 << class.index())
    }

    /// Whether the class is in the set.
    pub fn contains(self, class: Class) -> bool {
        self.0 & (1 << class.index()) != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Class> for ClassSet {
    fn from_iter<T: IntoIterator<Item = Class>>(classes: T) -> Self {
        classes.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_back() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(Class::parse(class.name()), Some(class));
            assert_eq!(class.index(), index);
        }
        assert_eq!(Class::parse("SQLI"), None);
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let set: ClassSet = [Class::Xss, Class::Scanner].into_iter().collect();
        assert!(set.contains(Class::Xss) && set.contains(Class::Scanner));
        assert!(!set.contains(Class::Sqli) && !set.is_empty());
        assert!(Class::ALL.into_iter().all(|class| ClassSet::ALL.contains(class)));
        assert!(ClassSet::NONE.is_empty());
    }
}
