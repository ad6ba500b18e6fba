//! `order=column.desc.nullslast,…`

use super::super::limits;
use super::super::{Feature, OrderTerm};
use super::scanner::{Fault, Scanner};

/// The terms, at least one.
pub(super) fn order<'a>(scanner: &mut Scanner<'a>) -> Result<Vec<OrderTerm<'a>>, Fault> {
    let mut terms = Vec::new();
    loop {
        terms.push(term(scanner)?);
        if limits::ORDER_TERMS.is_exceeded_by(terms.len()) {
            return Err(Fault::TooMany(limits::ORDER_TERMS));
        }
        if scanner.is_at_end() {
            return Ok(terms);
        }
        scanner.expect(",", "\",\" or the end")?;
    }
}

fn term<'a>(scanner: &mut Scanner<'a>) -> Result<OrderTerm<'a>, Fault> {
    let field = scanner.field()?;
    if scanner.peek() == Some(b'(') {
        return Err(Fault::Unsupported(Feature::Embedding));
    }
    let mut term = OrderTerm {
        field,
        descending: false,
        nulls_first: None,
    };
    let mut has_direction = false;
    while scanner.eat(".") {
        let from = scanner.at();
        scanner.skip_while(|byte| byte.is_ascii_alphabetic());
        match (
            &*scanner.slice(from, scanner.at()),
            has_direction,
            term.nulls_first,
        ) {
            (direction @ ("asc" | "desc"), false, None) => {
                term.descending = direction == "desc";
                has_direction = true;
            }
            (nulls @ ("nullsfirst" | "nullslast"), _, None) => term.nulls_first = Some(nulls == "nullsfirst"),
            (_, false, None) => {
                let expected = "\"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"";
                return Err(Fault::Unexpected { at: from, expected });
            }
            (_, true, None) => {
                return Err(Fault::Unexpected {
                    at: from,
                    expected: "\"nullsfirst\" or \"nullslast\"",
                });
            }
            (_, _, Some(_)) => {
                return Err(Fault::Unexpected {
                    at: from - 1,
                    expected: "\",\" or the end",
                });
            }
        }
    }
    scanner.skip_spaces();
    Ok(term)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn parse(text: &str) -> Result<Vec<OrderTerm<'_>>, Fault> {
        order(&mut Scanner::new(Cow::Borrowed(text)))
    }

    #[test]
    fn terms_are_read() {
        let cases = [
            ("a", false, None),
            ("a.asc", false, None),
            ("a.desc", true, None),
            ("a.nullsfirst", false, Some(true)),
            (" a.desc.nullslast ", true, Some(false)),
            ("\"a.desc\".asc.nullsfirst", false, Some(true)),
            ("data->a->>b.desc", true, None),
        ];
        for (text, descending, nulls_first) in cases {
            let terms = parse(text).expect(text);
            assert_eq!(terms.len(), 1, "{text}");
            assert_eq!(
                (terms[0].descending, terms[0].nulls_first),
                (descending, nulls_first),
                "{text}"
            );
        }
        let terms = parse("a.desc,b , c.nullslast").expect("three terms");
        let columns: Vec<_> = terms.iter().map(|term| &*term.field.column).collect();
        assert_eq!(columns, ["a", "b", "c"]);
    }

    #[test]
    fn terms_are_refused() {
        let cases = [
            ("", 0),
            ("a,", 2),
            (",a", 0),
            ("a.", 2),
            ("a.down", 2),
            ("a.DESC", 2),
            ("a.desc.asc", 7),
            ("a.desc.", 7),
            ("a.nullsfirst.desc", 12),
            ("a.desc.nullsfirst.nullslast", 17),
            ("a.desc;b", 6),
            ("a.desc b", 7),
        ];
        for (text, at) in cases {
            match parse(text) {
                Err(Fault::Unexpected { at: found, .. }) => assert_eq!(found, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(
            parse("author(name).desc"),
            Err(Fault::Unsupported(Feature::Embedding))
        );
        assert_eq!(
            parse(&vec!["a"; 33].join(",")),
            Err(Fault::TooMany(limits::ORDER_TERMS))
        );
    }
}
