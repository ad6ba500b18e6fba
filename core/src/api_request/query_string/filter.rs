//! `not.operator.value`: what stands after a column, as the value of an argument or within a logic tree.

use std::borrow::Cow;

use super::super::limits::{self, Limit};
use super::super::{CompareOperator, Feature, FullTextFunction, IsValue, Operation};
use super::scanner::{Fault, Scanner};

/// Where a value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// The value is the rest of the argument, whatever is in it.
    Argument,
    /// The value ends before `,` or `)`, unless it is quoted or in brackets of its own.
    Tree,
}

/// What all arguments of a request may still have together.
#[derive(Debug, Default)]
pub(super) struct Spent {
    conditions: usize,
    list_values: usize,
}

impl Spent {
    pub(super) fn condition(&mut self) -> Result<(), Fault> {
        spend(&mut self.conditions, limits::CONDITIONS)
    }
}

fn spend(spent: &mut usize, limit: Limit) -> Result<(), Fault> {
    *spent += 1;
    if limit.is_exceeded_by(*spent) {
        Err(Fault::TooMany(limit))
    } else {
        Ok(())
    }
}

/// The operation, and whether it is negated.
pub(super) fn operation<'a>(
    scanner: &mut Scanner<'a>,
    within: Within,
    spent: &mut Spent,
) -> Result<(bool, Operation<'a>), Fault> {
    spent.condition()?;
    let negated = scanner.eat("not.");
    let from = scanner.at();
    scanner.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let name = scanner.slice(from, scanner.at());
    let operation = match operator(&name) {
        Some(Operator::In) => {
            dot(scanner)?;
            Operation::In(list(scanner, spent)?)
        }
        Some(Operator::Is) => {
            dot(scanner)?;
            Operation::Is(is_value(scanner)?)
        }
        Some(Operator::FullText(function)) => {
            let language = language(scanner)?;
            dot(scanner)?;
            Operation::FullText {
                function,
                language,
                query: value(scanner, within)?,
            }
        }
        Some(Operator::Compare(operator)) => {
            if scanner.peek() == Some(b'(') {
                return Err(Fault::Unsupported(Feature::Modifier));
            }
            dot(scanner)?;
            Operation::Compare(operator, pattern(operator, value(scanner, within)?))
        }
        None if name.is_empty() => return Err(scanner.unexpected("an operator")),
        None => {
            return Err(Fault::UnknownOperator {
                from,
                to: scanner.at(),
            });
        }
    };
    Ok((negated, operation))
}

/// The kinds of operators that the grammar tells apart.
enum Operator {
    Compare(CompareOperator),
    In,
    Is,
    FullText(FullTextFunction),
}

fn operator(name: &str) -> Option<Operator> {
    use Operator::{Compare, FullText};
    Some(match name {
        "eq" => Compare(CompareOperator::Eq),
        "neq" => Compare(CompareOperator::Neq),
        "gt" => Compare(CompareOperator::Gt),
        "gte" => Compare(CompareOperator::Gte),
        "lt" => Compare(CompareOperator::Lt),
        "lte" => Compare(CompareOperator::Lte),
        "like" => Compare(CompareOperator::Like),
        "ilike" => Compare(CompareOperator::Ilike),
        "match" => Compare(CompareOperator::Match),
        "imatch" => Compare(CompareOperator::Imatch),
        "isdistinct" => Compare(CompareOperator::IsDistinct),
        "cs" => Compare(CompareOperator::Contains),
        "cd" => Compare(CompareOperator::ContainedIn),
        "ov" => Compare(CompareOperator::Overlaps),
        "in" => Operator::In,
        "is" => Operator::Is,
        "fts" => FullText(FullTextFunction::Fts),
        "plfts" => FullText(FullTextFunction::Plfts),
        "phfts" => FullText(FullTextFunction::Phfts),
        "wfts" => FullText(FullTextFunction::Wfts),
        _ => return None,
    })
}

fn dot(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    scanner.expect(".", "\".\" after the operator")
}

/// `like` and `ilike` take `*` for `%`, which would have to be escaped in a URL.
fn pattern(operator: CompareOperator, value: Cow<'_, str>) -> Cow<'_, str> {
    let is_pattern = matches!(operator, CompareOperator::Like | CompareOperator::Ilike);
    if is_pattern && value.contains('*') {
        Cow::Owned(value.replace('*', "%"))
    } else {
        value
    }
}

fn is_value(scanner: &mut Scanner<'_>) -> Result<IsValue, Fault> {
    let from = scanner.at();
    scanner.skip_while(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let word = scanner.slice(from, scanner.at());
    let values = [
        ("null", IsValue::Null),
        ("not_null", IsValue::NotNull),
        ("true", IsValue::True),
        ("false", IsValue::False),
        ("unknown", IsValue::Unknown),
    ];
    let found = values.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    let expected = "\"null\", \"not_null\", \"true\", \"false\" or \"unknown\"";
    found
        .map(|&(_, value)| value)
        .ok_or(Fault::Unexpected { at: from, expected })
}

/// `(english)` after a full-text operator: the name of a text search configuration, perhaps with its schema.
fn language<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    const EXPECTED: &str = "the name of a text search configuration";
    if !scanner.eat("(") {
        return Ok(None);
    }
    let from = scanner.at();
    scanner
        .skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || !byte.is_ascii());
    let name = scanner.slice(from, scanner.at());
    if name.is_empty() {
        return Err(scanner.unexpected(EXPECTED));
    }
    scanner.expect(")", "\")\" after the text search configuration")?;
    Ok(Some(name))
}

/// `(1,2,"x,y")`
fn list<'a>(scanner: &mut Scanner<'a>, spent: &mut Spent) -> Result<Vec<Cow<'a, str>>, Fault> {
    let mut values = Vec::new();
    scanner.skip_spaces();
    scanner.expect("(", "\"(\" and a list of values")?;
    if scanner.eat(")") {
        return Ok(values);
    }
    loop {
        spend(&mut spent.list_values, limits::LIST_VALUES)?;
        values.push(match quoted(scanner)? {
            Some(value) => value,
            None => bare(scanner),
        });
        if scanner.eat(")") {
            scanner.skip_spaces();
            return Ok(values);
        }
        scanner.expect(",", "\",\" or \")\"")?;
    }
}

fn value<'a>(scanner: &mut Scanner<'a>, within: Within) -> Result<Cow<'a, str>, Fault> {
    if within == Within::Argument {
        return Ok(scanner.take_rest());
    }
    if let Some(value) = quoted(scanner)? {
        return Ok(value);
    }
    match scanner.peek() {
        Some(b'{' | b'[' | b'(') => bracketed(scanner),
        _ => Ok(bare(scanner)),
    }
}

/// A value in double quotes; `,` or `)` must follow.
fn quoted<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    if scanner.peek() != Some(b'"') {
        return Ok(None);
    }
    let value = scanner.quoted()?;
    match scanner.peek() {
        None | Some(b',' | b')') => Ok(Some(value)),
        Some(_) => Err(scanner.unexpected("\",\" or \")\" after the closing quote")),
    }
}

fn bare<'a>(scanner: &mut Scanner<'a>) -> Cow<'a, str> {
    let from = scanner.at();
    scanner.skip_while(|byte| !matches!(byte, b',' | b')'));
    scanner.slice(from, scanner.at())
}

/// An array, a range or JSON, `{a,"b)"}`, `[1,5)`, `[{"a":1}]`: commas within its brackets are its own. A range opens and
/// closes with different brackets, so they are only counted.
fn bracketed<'a>(scanner: &mut Scanner<'a>) -> Result<Cow<'a, str>, Fault> {
    let from = scanner.at();
    let mut open = 0_usize;
    let mut in_quotes = false;
    let mut escaped = false;
    scanner.skip_while(|byte| {
        if escaped {
            escaped = false;
        } else if in_quotes {
            in_quotes = byte != b'"';
            escaped = byte == b'\\';
        } else {
            match byte {
                b'"' => in_quotes = true,
                b'{' | b'[' | b'(' => open += 1,
                b'}' | b']' | b')' => open -= 1,
                _ => {}
            }
            // The last bracket is left for below.
            return open > 0;
        }
        true
    });
    if scanner.is_at_end() {
        return Err(scanner.unexpected("a closing bracket; a value that begins with one needs double quotes"));
    }
    scanner.skip_ascii();
    match scanner.peek() {
        Some(b',' | b')') => Ok(scanner.slice(from, scanner.at())),
        _ => Err(scanner.unexpected("\",\" or \")\" after the closing bracket")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, within: Within) -> Result<(bool, Operation<'_>), Fault> {
        let mut scanner = Scanner::new(Cow::Borrowed(text));
        let operation = operation(&mut scanner, within, &mut Spent::default())?;
        if within == Within::Argument {
            scanner.expect_end("the end of the argument")?;
        }
        Ok(operation)
    }

    fn compare(operator: CompareOperator, value: &str) -> Result<(bool, Operation<'_>), Fault> {
        Ok((false, Operation::Compare(operator, Cow::Borrowed(value))))
    }

    #[test]
    fn every_comparison_has_its_name() {
        let operators = [
            ("eq", CompareOperator::Eq),
            ("neq", CompareOperator::Neq),
            ("gt", CompareOperator::Gt),
            ("gte", CompareOperator::Gte),
            ("lt", CompareOperator::Lt),
            ("lte", CompareOperator::Lte),
            ("like", CompareOperator::Like),
            ("ilike", CompareOperator::Ilike),
            ("match", CompareOperator::Match),
            ("imatch", CompareOperator::Imatch),
            ("isdistinct", CompareOperator::IsDistinct),
            ("cs", CompareOperator::Contains),
            ("cd", CompareOperator::ContainedIn),
            ("ov", CompareOperator::Overlaps),
        ];
        for (name, operator) in operators {
            assert_eq!(
                parse(&format!("{name}.x"), Within::Argument),
                compare(operator, "x"),
                "{name}"
            );
            let negated = Ok((true, Operation::Compare(operator, Cow::Borrowed("x"))));
            assert_eq!(
                parse(&format!("not.{name}.x"), Within::Argument),
                negated,
                "not.{name}"
            );
        }
    }

    #[test]
    fn a_value_of_an_argument_is_taken_as_it_is() {
        for value in ["", "a.b.c", "a,b)", "\"quoted\"", "{1,2", "not.eq.x", " x ", "**"] {
            let text = format!("eq.{value}");
            assert_eq!(
                parse(&text, Within::Argument),
                compare(CompareOperator::Eq, value),
                "{value}"
            );
        }
    }

    #[test]
    fn a_star_is_a_wildcard_of_like_only() {
        assert_eq!(
            parse("like.a*b*", Within::Argument),
            compare(CompareOperator::Like, "a%b%")
        );
        assert_eq!(
            parse("ilike.*", Within::Argument),
            compare(CompareOperator::Ilike, "%")
        );
        assert_eq!(
            parse("match.a*", Within::Argument),
            compare(CompareOperator::Match, "a*")
        );
        assert_eq!(
            parse("like.\"a*\")", Within::Tree),
            compare(CompareOperator::Like, "a%")
        );
    }

    #[test]
    fn a_value_in_a_tree_ends_where_it_should() {
        let cases = [
            ("eq.a,b", "a"),
            ("eq.a b)", "a b"),
            ("eq.,x", ""),
            (r#"eq."a,\"b\")\\c",x"#, r#"a,"b")\c"#),
            (r#"eq."")"#, ""),
            ("eq.{1,2},x", "{1,2}"),
            (r#"eq.{"a}",b},x"#, r#"{"a}",b}"#),
            (r#"eq.{"a":{"b":[1,2]}})"#, r#"{"a":{"b":[1,2]}}"#),
            ("eq.[1,5),x", "[1,5)"),
            ("eq.(1,5])", "(1,5]"),
            ("eq.{[1,2),(3,4]})", "{[1,2),(3,4]}"),
            (r#"eq.{"\"}"})"#, r#"{"\"}"}"#),
            (r#"eq.a"b",x"#, r#"a"b""#),
        ];
        for (text, value) in cases {
            assert_eq!(
                parse(text, Within::Tree),
                compare(CompareOperator::Eq, value),
                "{text}"
            );
        }
    }

    #[test]
    fn lists_are_read() {
        let cases: [(&str, &[&str]); 9] = [
            ("in.()", &[]),
            ("in.(1)", &["1"]),
            ("in.(1,2,3)", &["1", "2", "3"]),
            (r#"in.("x,y",z)"#, &["x,y", "z"]),
            (r#"in.("a\"b","c\\d",")")"#, &["a\"b", "c\\d", ")"]),
            (r#"in.("")"#, &[""]),
            ("in.(,)", &["", ""]),
            ("in.( a , b )", &[" a ", " b "]),
            ("in.(a(b,c) ", &["a(b", "c"]),
        ];
        for (text, values) in cases {
            match parse(text, Within::Argument) {
                Ok((false, Operation::In(found))) => assert_eq!(found, values, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn is_and_full_text_are_read() {
        let is = |value| Ok((false, Operation::Is(value)));
        assert_eq!(parse("is.null", Within::Argument), is(IsValue::Null));
        assert_eq!(parse("is.NOT_NULL", Within::Argument), is(IsValue::NotNull));
        assert_eq!(parse("is.True", Within::Argument), is(IsValue::True));
        assert_eq!(parse("is.false", Within::Argument), is(IsValue::False));
        assert_eq!(parse("is.unknown", Within::Argument), is(IsValue::Unknown));
        let full_text = |function, language: Option<&'static str>, query: &'static str| {
            let language = language.map(Cow::Borrowed);
            Ok((
                false,
                Operation::FullText {
                    function,
                    language,
                    query: Cow::Borrowed(query),
                },
            ))
        };
        assert_eq!(
            parse("fts.a&b", Within::Argument),
            full_text(FullTextFunction::Fts, None, "a&b")
        );
        assert_eq!(
            parse("plfts(english).a b", Within::Argument),
            full_text(FullTextFunction::Plfts, Some("english"), "a b")
        );
        assert_eq!(
            parse("phfts(pg_catalog.simple).a", Within::Argument),
            full_text(FullTextFunction::Phfts, Some("pg_catalog.simple"), "a")
        );
        assert_eq!(
            parse("wfts(français).a)", Within::Tree),
            full_text(FullTextFunction::Wfts, Some("français"), "a")
        );
    }

    #[test]
    fn operations_are_refused() {
        let cases = [
            ("", 0),
            (".x", 0),
            ("eq", 2),
            ("not.", 4),
            ("eq x", 2),
            ("in.1", 3),
            ("in.(1", 5),
            ("in.(1,2)x", 8),
            (r#"in.("a"b)"#, 7),
            (r#"in.("a)"#, 7),
            ("is.nul", 3),
            ("is.nullx", 3),
            ("is.null.x", 7),
            ("fts().x", 4),
            ("fts(a b).x", 5),
            ("fts(a)x", 6),
        ];
        for (text, at) in cases {
            match parse(text, Within::Argument) {
                Err(Fault::Unexpected { at: found, .. }) => assert_eq!(found, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        for (text, at) in [("eq.{1,2", 7), ("eq.{1}x)", 6), ("eq.\"a\"b)", 6), ("eq.{\"}", 6)] {
            match parse(text, Within::Tree) {
                Err(Fault::Unexpected { at: found, .. }) => assert_eq!(found, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn unknown_operators_and_modifiers_are_named() {
        assert_eq!(
            parse("equals.x", Within::Argument),
            Err(Fault::UnknownOperator { from: 0, to: 6 })
        );
        assert_eq!(
            parse("not.EQ.x", Within::Argument),
            Err(Fault::UnknownOperator { from: 4, to: 6 })
        );
        assert_eq!(
            parse("5", Within::Argument),
            Err(Fault::UnknownOperator { from: 0, to: 1 })
        );
        assert_eq!(
            parse("eq(any).{1}", Within::Argument),
            Err(Fault::Unsupported(Feature::Modifier))
        );
    }

    #[test]
    fn lists_have_a_limit() {
        let max = limits::LIST_VALUES.max;
        assert!(parse(&format!("in.({})", vec!["1"; max].join(",")), Within::Argument).is_ok());
        assert_eq!(
            parse(
                &format!("in.({})", vec!["1"; max + 1].join(",")),
                Within::Argument
            ),
            Err(Fault::TooMany(limits::LIST_VALUES))
        );
    }
}
