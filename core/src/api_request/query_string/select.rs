//! `select=alias:column->path::cast,…`

use std::borrow::Cow;

use super::super::limits;
use super::super::{Feature, FieldPath, SelectItem};
use super::scanner::{Fault, Scanner};

/// The items, or none where all columns are selected.
pub(super) fn select<'a>(scanner: &mut Scanner<'a>) -> Result<Vec<SelectItem<'a>>, Fault> {
    let mut items = Vec::new();
    loop {
        items.push(item(scanner)?);
        if limits::SELECT_ITEMS.is_exceeded_by(items.len()) {
            return Err(Fault::TooMany(limits::SELECT_ITEMS));
        }
        if scanner.is_at_end() {
            break;
        }
        scanner.expect(",", "\",\" or the end")?;
    }
    if matches!(items.as_slice(), [only] if only.is_all_columns()) {
        items.clear();
    }
    Ok(items)
}

fn item<'a>(scanner: &mut Scanner<'a>) -> Result<SelectItem<'a>, Fault> {
    scanner.skip_spaces();
    if scanner.eat("*") {
        scanner.skip_spaces();
        return Ok(SelectItem {
            field: FieldPath {
                column: Cow::Borrowed("*"),
                path: Vec::new(),
            },
            alias: None,
            cast: None,
        });
    }
    if scanner.rest().starts_with("...") {
        return Err(Fault::Unsupported(Feature::Embedding));
    }
    let first = scanner.name()?;
    let (alias, column) = if !scanner.rest().starts_with("::") && scanner.eat(":") {
        (Some(first), scanner.name()?)
    } else {
        (None, first)
    };
    let path = scanner.path()?;
    refuse_calls(scanner, &column)?;
    let cast = if scanner.eat("::") {
        Some(cast(scanner)?)
    } else {
        None
    };
    refuse_calls(scanner, &column)?;
    Ok(SelectItem {
        field: FieldPath { column, path },
        alias,
        cast,
    })
}

/// `relation(…)`, `relation!hint(…)`, `count()` and `column.sum()` are PostgREST's, but nothing for one relation's rows.
fn refuse_calls(scanner: &Scanner<'_>, column: &str) -> Result<(), Fault> {
    const AGGREGATES: [&str; 5] = ["avg()", "count()", "max()", "min()", "sum()"];
    let rest = scanner.rest();
    let function = rest.strip_prefix('.').unwrap_or_default();
    if (column == "count" && rest.starts_with("()"))
        || AGGREGATES.iter().any(|name| function.starts_with(name))
    {
        return Err(Fault::Unsupported(Feature::Aggregate));
    }
    if rest.starts_with(['(', '!']) {
        return Err(Fault::Unsupported(Feature::Embedding));
    }
    Ok(())
}

/// The name of a type: `text`, `double precision`, `integer[]`. Nothing else gets through, because a type's name cannot be
/// a parameter.
fn cast<'a>(scanner: &mut Scanner<'a>) -> Result<Cow<'a, str>, Fault> {
    const EXPECTED: &str = "the name of a type (letters, digits, \"_\" and spaces, perhaps \"[]\")";
    scanner.skip_spaces();
    let from = scanner.at();
    if !scanner
        .peek()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    {
        return Err(scanner.unexpected(EXPECTED));
    }
    scanner.skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' '));
    if scanner.eat("[]") {
        scanner.skip_spaces();
    }
    Ok(scanner.slice_trimmed(from, scanner.at()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<SelectItem<'_>>, Fault> {
        select(&mut Scanner::new(Cow::Borrowed(text)))
    }

    fn show(items: &[SelectItem<'_>]) -> String {
        let show = |item: &SelectItem<'_>| {
            let alias = item
                .alias
                .as_ref()
                .map(|alias| format!("{alias}="))
                .unwrap_or_default();
            let cast = item
                .cast
                .as_ref()
                .map(|cast| format!(" as {cast}"))
                .unwrap_or_default();
            format!("{alias}{}/{}{cast}", item.field.column, item.field.path.len())
        };
        items.iter().map(show).collect::<Vec<_>>().join(";")
    }

    #[test]
    fn items_are_read() {
        let cases = [
            ("*", ""),
            (" * ", ""),
            ("*,x:a", "*/0;x=a/0"),
            ("id,name", "id/0;name/0"),
            (" id , name ", "id/0;name/0"),
            ("full name:name", "full name=name/0"),
            ("x:data->a->>b::text", "x=data/2 as text"),
            ("a::double precision", "a/0 as double precision"),
            ("a:: int4[] ", "a/0 as int4[]"),
            (r#""a,b":"c:d"::text,e"#, "a,b=c:d/0 as text;e/0"),
            ("data->a:b", ""),
        ];
        for (text, expected) in cases {
            match parse(text) {
                Ok(items) => assert_eq!(show(&items), expected, "{text}"),
                Err(fault) => assert_eq!(
                    (text, matches!(fault, Fault::Unexpected { at: 7, .. })),
                    ("data->a:b", true)
                ),
            }
        }
    }

    #[test]
    fn items_are_refused() {
        let cases = [
            ("", 0),
            (",", 0),
            ("a,", 2),
            ("a,,b", 2),
            ("a::", 3),
            ("a::1", 3),
            ("a::text;drop", 7),
            ("a::varchar(10)", 10),
            ("a::b'c", 4),
            ("a:b:c", 3),
            ("a.b", 1),
            ("**", 1),
            ("a)", 1),
        ];
        for (text, at) in cases {
            match parse(text) {
                Err(Fault::Unexpected { at: found, .. }) => assert_eq!(found, at, "{text}"),
                Err(Fault::Unsupported(_)) => assert_eq!(text, "a::varchar(10)"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn embedding_and_aggregates_are_named() {
        for text in [
            "author(name)",
            "a,x:author(*)",
            "author!inner(name)",
            "...author(name)",
            "author!fk",
        ] {
            assert_eq!(parse(text), Err(Fault::Unsupported(Feature::Embedding)), "{text}");
        }
        for text in ["count()", "x:count()", "a.sum()", "a::int.avg()", "data->a.max()"] {
            assert_eq!(parse(text), Err(Fault::Unsupported(Feature::Aggregate)), "{text}");
        }
    }

    #[test]
    fn items_have_a_limit() {
        let max = limits::SELECT_ITEMS.max;
        assert_eq!(parse(&vec!["a"; max].join(",")).map(|items| items.len()), Ok(max));
        assert_eq!(
            parse(&vec!["a"; max + 1].join(",")),
            Err(Fault::TooMany(limits::SELECT_ITEMS))
        );
    }
}
