//! `and=(…)`, `or=(…)` and what is nested in them.

use super::super::limits;
use super::super::{Condition, Feature, Filter, LogicOperator};
use super::filter::{Spent, Within, operation};
use super::scanner::{Fault, Scanner};

/// What the name of an argument, or the word before a parenthesis, says of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogicName {
    negated: bool,
    operator: LogicOperator,
}

impl LogicName {
    /// `and`, `or`, `not.and` or `not.or`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (negated, operator) = match name.strip_prefix("not.") {
            Some(operator) => (true, operator),
            None => (false, name),
        };
        let operator = match operator {
            "and" => LogicOperator::And,
            "or" => LogicOperator::Or,
            _ => return None,
        };
        Some(Self { negated, operator })
    }
}

/// `(condition,condition,…)`; `depth` trees are around it.
pub(super) fn tree<'a>(
    scanner: &mut Scanner<'a>,
    name: LogicName,
    depth: usize,
    spent: &mut Spent,
) -> Result<Condition<'a>, Fault> {
    spent.condition()?;
    if limits::LOGIC_DEPTH.is_exceeded_by(depth + 1) {
        return Err(Fault::TooMany(limits::LOGIC_DEPTH));
    }
    scanner.skip_spaces();
    scanner.expect("(", "\"(\" and a list of conditions")?;
    let mut conditions = Vec::new();
    loop {
        scanner.skip_spaces();
        conditions.push(match nested(scanner) {
            Some(name) => tree(scanner, name, depth + 1, spent)?,
            None => filter(scanner, spent)?,
        });
        scanner.skip_spaces();
        if scanner.eat(")") {
            return Ok(Condition::Logic {
                negated: name.negated,
                operator: name.operator,
                conditions,
            });
        }
        scanner.expect(",", "\",\" or \")\"")?;
    }
}

/// `or(` and its like, up to the parenthesis. Without one it is a column of that name.
fn nested(scanner: &mut Scanner<'_>) -> Option<LogicName> {
    let rest = scanner.rest();
    let word = rest.split(|c: char| !c.is_ascii_lowercase() && c != '.').next()?;
    let name = LogicName::parse(word)?;
    rest.get(word.len()..)?
        .trim_start_matches(' ')
        .starts_with('(')
        .then_some(())?;
    scanner.skip_while(|byte| byte != b'(');
    Some(name)
}

fn filter<'a>(scanner: &mut Scanner<'a>, spent: &mut Spent) -> Result<Condition<'a>, Fault> {
    let field = scanner.field()?;
    if scanner.peek() == Some(b'(') {
        return Err(Fault::Unsupported(Feature::Embedding));
    }
    scanner.expect(".", "\".\" and an operator")?;
    let (negated, operation) = operation(scanner, Within::Tree, spent)?;
    Ok(Condition::Filter(Filter {
        field,
        negated,
        operation,
    }))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::super::Operation;
    use super::*;

    fn parse(text: &str) -> Result<Condition<'_>, Fault> {
        let mut scanner = Scanner::new(Cow::Borrowed(text));
        let name = LogicName {
            negated: false,
            operator: LogicOperator::Or,
        };
        let condition = tree(&mut scanner, name, 0, &mut Spent::default())?;
        scanner.expect_end("the end of the argument")?;
        Ok(condition)
    }

    fn show(condition: &Condition<'_>) -> String {
        match condition {
            Condition::Logic {
                negated,
                operator,
                conditions,
            } => {
                let inner: Vec<_> = conditions.iter().map(show).collect();
                format!(
                    "{}{operator:?}[{}]",
                    if *negated { "!" } else { "" },
                    inner.join(" ")
                )
            }
            Condition::Filter(filter) => {
                let not = if filter.negated { "!" } else { "" };
                match &filter.operation {
                    Operation::Compare(operator, value) => {
                        format!(
                            "{not}{}{}:{operator:?}:{value}",
                            filter.field.column,
                            filter.field.path.len()
                        )
                    }
                    other => format!("{not}{}:{other:?}", filter.field.column),
                }
            }
        }
    }

    #[test]
    fn trees_are_read() {
        let cases = [
            ("(a.eq.1)", "Or[a0:Eq:1]"),
            (" ( a.eq.1 , b.not.gt.2 ) ", "Or[a0:Eq:1  !b0:Gt:2 ]"),
            ("(a.eq.1,and(b.eq.2,c.eq.3))", "Or[a0:Eq:1 And[b0:Eq:2 c0:Eq:3]]"),
            (
                "(not.and(b.eq.2),not.or (c.eq.3))",
                "Or[!And[b0:Eq:2] !Or[c0:Eq:3]]",
            ),
            ("(and.eq.1,or.eq.2,not.eq.3)", "Or[and0:Eq:1 or0:Eq:2 not0:Eq:3]"),
            ("(not.not.eq.1)", "Or[!not0:Eq:1]"),
            ("(data->a->>b.eq.x)", "Or[data2:Eq:x]"),
            (r#"("a.b".eq."c,d)")"#, "Or[a.b0:Eq:c,d)]"),
            ("(a.in.(1,2),b.is.null)", "Or[a:In([\"1\", \"2\"]) b:Is(Null)]"),
            (
                "(r.ov.[1,5),t.cs.{a,b})",
                "Or[r0:Overlaps:[1,5) t0:Contains:{a,b}]",
            ),
            ("(a.eq.)", "Or[a0:Eq:]"),
        ];
        for (text, expected) in cases {
            let found = parse(text.trim_end()).map(|condition| show(&condition));
            assert_eq!(found, Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn trees_are_refused() {
        let cases = [
            ("", 0),
            ("a.eq.1", 0),
            ("()", 1),
            ("(a.eq.1", 7),
            ("(a.eq.1))", 8),
            ("(a.eq.1,)", 8),
            ("(a.eq.1;b)x", 10),
            ("(a)", 2),
            ("(a.)", 3),
            ("(a.eq)", 5),
            ("(and(a.eq.1)", 12),
            ("(and())", 5),
            ("(a.eq.\"x\"y)", 9),
            ("(->a.eq.1)", 1),
        ];
        for (text, at) in cases {
            match parse(text) {
                Err(Fault::Unexpected { at: found, .. }) => assert_eq!(found, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(
            parse("(author(name).eq.1)"),
            Err(Fault::Unsupported(Feature::Embedding))
        );
        assert_eq!(
            parse("(a.b.eq.1)"),
            Err(Fault::UnknownOperator { from: 3, to: 4 })
        );
    }

    #[test]
    fn trees_have_limits() {
        let nest = |depth: usize| format!("{}(a.eq.1){}", "(or".repeat(depth - 1), ")".repeat(depth - 1));
        assert!(parse(&nest(limits::LOGIC_DEPTH.max)).is_ok());
        assert_eq!(
            parse(&nest(limits::LOGIC_DEPTH.max + 1)),
            Err(Fault::TooMany(limits::LOGIC_DEPTH))
        );
        assert_eq!(parse(&nest(10_000)), Err(Fault::TooMany(limits::LOGIC_DEPTH)));
        let wide = |count: usize| format!("({})", vec!["a.eq.1"; count].join(","));
        assert!(parse(&wide(limits::CONDITIONS.max - 1)).is_ok());
        assert_eq!(
            parse(&wide(limits::CONDITIONS.max)),
            Err(Fault::TooMany(limits::CONDITIONS))
        );
    }
}
