//! The rules that are built in. Rules that are configured are in [`custom`](super::custom).

use super::class::Class;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $rule:ident $id:literal $class:ident $score:literal;)*) => {
        /// A rule that is built in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Rule {
            $($(#[doc = $doc])+ $rule,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// The name in logs; it never changes its meaning.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$rule => $id,)*
                }
            }

            /// The class that the rule counts for.
            pub fn class(self) -> Class {
                match self {
                    $(Self::$rule => Class::$class,)*
                }
            }

            /// What the rule means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$rule => concat!($($doc),+).trim_ascii(),)*
                }
            }

            /// What the rule counts, once for a value.
            pub fn score(self) -> u16 {
                match self {
                    $(Self::$rule => $score,)*
                }
            }
        }
    };
}

rules! {
    /// A second query joined to the first: `union select`.
    SqlUnion "sqli-union" Sqli 5;
    /// A condition that the value adds, and that decides the statement: `' or 1=1`.
    SqlCondition "sqli-condition" Sqli 5;
    /// A condition that is likely one of SQL.
    SqlWeakCondition "sqli-weak-condition" Sqli 3;
    /// A quote, and a comment that cuts the rest of the statement off: `admin'--`.
    SqlComment "sqli-comment" Sqli 5;
    /// A number with a comment behind it.
    SqlWeakComment "sqli-weak-comment" Sqli 3;
    /// A string that is ended, calculated with and begun again: `'-'`, `'||f()||'`.
    SqlOperator "sqli-operator" Sqli 5;
    /// A statement of its own: `; drop table`.
    SqlStatement "sqli-statement" Sqli 5;
    /// What is a statement, or a sentence.
    SqlWeakStatement "sqli-weak-statement" Sqli 3;
    /// A function that injections call: `sleep(5)`, `extractvalue(…)`.
    SqlFunction "sqli-function" Sqli 5;
    /// A function that code of other languages calls as well.
    SqlWeakFunction "sqli-weak-function" Sqli 3;
    /// A clause behind the value: `1 order by 10--`, `' having 1=1`, `into outfile '…'`.
    SqlClause "sqli-clause" Sqli 5;
    /// Words of SQL with comments in the place of spaces: `union/**/select`.
    SqlObfuscated "sqli-obfuscated" Sqli 3;
    /// A name of a system catalogue or of the server's settings.
    SqlCatalogue "sqli-catalogue" Sqli 3;

    /// A tag that runs script or loads what does.
    XssTag "xss-tag" Xss 5;
    /// A tag that can do harm, but stands in texts as well.
    XssWeakTag "xss-weak-tag" Xss 3;
    /// An attribute that handles an event: `onerror=`.
    XssHandler "xss-handler" Xss 5;
    /// A URL that is script: `javascript:`, `data:text/html`.
    XssUrl "xss-url" Xss 5;
    /// Style that runs script or covers the page.
    XssStyle "xss-style" Xss 5;
    /// A call that shows that script runs, or that makes script of text: `alert(1)`, `eval(…)`.
    XssCall "xss-call" Xss 5;
    /// Script that reads or changes the page.
    XssObject "xss-object" Xss 5;
    /// What script does and code in texts as well.
    XssWeakObject "xss-weak-object" Xss 3;
    /// A call that script makes, and code in texts as well.
    XssWeakCall "xss-weak-call" Xss 3;
    /// Script written with brackets and signs only.
    XssSymbols "xss-symbols" Xss 5;

    /// A path that leaves its directory.
    TraversalDots "traversal-dots" Traversal 5;
    /// One step up, in a text.
    TraversalWeakDots "traversal-weak-dots" Traversal 2;
    /// A file that nobody should ask for: `/etc/passwd`.
    TraversalFile "traversal-file" Traversal 5;
    /// A file that a text may speak of.
    TraversalWeakFile "traversal-weak-file" Traversal 3;
    /// The path of a file from the root on, as the value.
    TraversalAbsolute "traversal-absolute" Traversal 2;
    /// A wrapper of streams: `php://filter`.
    TraversalWrapper "traversal-wrapper" Traversal 5;
    /// A NUL that ends the name of a file.
    TraversalNul "traversal-nul" Traversal 5;

    /// A command behind a separator or in a substitution: `; id`, `$(id)`.
    ShellCommand "rce-command" Rce 5;
    /// What is a command, or a word.
    ShellWeakCommand "rce-weak-command" Rce 3;
    /// An expansion that hides a command: `${IFS}`, `c''at`.
    ShellExpansion "rce-expansion" Rce 5;
    /// A program of the system by its path, a shell over the network.
    ShellProgram "rce-program" Rce 5;
    /// The function that Shellshock defines.
    Shellshock "rce-shellshock" Rce 5;

    /// A call of a function that runs code or commands.
    CodeCall "code-call" Code 5;
    /// A call that code in texts has as well.
    CodeWeakCall "code-weak-call" Code 3;
    /// A call of a function whose name is in a variable, as in PHP: `$f(1)`.
    CodeDynamic "code-dynamic" Code 5;
    /// An object that runs code when it is read: of PHP, Java, Python, Ruby, .NET.
    CodeObject "code-object" Code 5;
    /// A name that reaches what it should not: `__proto__`, `java.lang.Runtime`.
    CodeName "code-name" Code 5;
    /// Such a name, where texts have it too.
    CodeWeakName "code-weak-name" Code 3;
    /// A script of the server: `<?php`.
    CodeScript "code-script" Code 5;

    /// An expression that a template engine would compute: `{{7*7}}`.
    TemplateExpression "template-expression" Template 5;
    /// What is likely such an expression.
    TemplateWeakExpression "template-weak-expression" Template 3;
    /// A lookup of Log4j: `${jndi:…}`.
    TemplateLookup "template-lookup" Template 5;

    /// An operator where a value should be: `name[$ne]`, `{"$gt":""}`.
    NosqlOperator "nosql-operator" Nosql 5;
    /// Code for the database: `'; return true; var x='`.
    NosqlCode "nosql-code" Nosql 5;

    /// A filter that is ended and begun anew: `*)(uid=*))(|(uid=*`.
    LdapFilter "ldap-filter" Ldap 5;

    /// XML that declares an entity or loads a document.
    XmlEntity "xml-entity" Xml 5;
    /// A directive for the server in a comment or a tag: `<!--#exec`.
    XmlDirective "xml-directive" Xml 5;

    /// A line break and a header field, or a command of a mail server.
    CrlfField "crlf-field" Crlf 5;

    /// The address of a cloud's metadata, or a scheme that reaches into the network.
    SsrfAddress "ssrf-address" Ssrf 5;
    /// A file from elsewhere to be included.
    SsrfInclude "ssrf-include" Ssrf 5;

    /// A tool that looks for holes.
    ScannerAgent "scanner-agent" Scanner 5;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_every_rule() {
        let guide = include_str!("../../../docs/filter.md");
        for rule in Rule::ALL {
            let row = format!("| `{}` | {} | {} |", rule.id(), rule.score(), rule.meaning());
            assert!(guide.contains(&row), "docs/filter.md lacks {row}");
        }
        let rows = guide
            .lines()
            .filter(|line| line.starts_with("| `") && line.matches(" | ").count() == 2);
        assert_eq!(
            rows.count(),
            Rule::ALL.len(),
            "docs/filter.md has a rule that there is not"
        );
    }

    #[test]
    fn ids_are_distinct_and_begin_with_their_class() {
        for (index, rule) in Rule::ALL.iter().enumerate() {
            assert_eq!(*rule as usize, index);
            assert!(rule.id().starts_with(rule.class().name()), "{}", rule.id());
            assert!(rule.score() > 0);
            let same = Rule::ALL.iter().filter(|other| other.id() == rule.id());
            assert_eq!(same.count(), 1, "{}", rule.id());
        }
        assert!(
            Rule::ALL.len() <= 64,
            "the rules that match a value are kept in 64 bits"
        );
    }
}
