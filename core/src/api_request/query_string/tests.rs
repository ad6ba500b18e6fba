use std::borrow::Cow;

use proptest::prelude::*;

use super::super::{
    CompareOperator, EncodingFault, FieldPath, FullTextFunction, IsValue, LogicOperator, Operation,
    PathOperand, PathStep,
};
use super::*;
use crate::error::Problem;

fn parse(query: &str) -> Result<Arguments<'_>, RequestError> {
    Arguments::parse(query.as_bytes(), Scope::List)
}

fn details(query: &str) -> String {
    let error = parse(query).expect_err(query);
    error.details().unwrap_or_default().into_owned()
}

#[test]
fn nothing_asks_for_everything() {
    for query in ["", "&", "&&&", "select=*"] {
        assert_eq!(parse(query), Ok(Arguments::default()), "{query}");
    }
}

#[test]
fn arguments_are_read_in_any_order() {
    let query = "order=a.desc&id=gt.5&limit=10&select=a,b&or=(a.eq.1,b.eq.2)&id=lt.9&offset=20";
    let arguments = parse(query).expect(query);
    assert_eq!(arguments.select.len(), 2);
    assert_eq!(arguments.order.len(), 1);
    assert_eq!(arguments.filters.len(), 3);
    assert_eq!(
        arguments.page,
        Page {
            limit: Some(10),
            offset: 20,
            cursor: None
        }
    );
    let page = parse("cursor=abc_-&limit=0").expect("a page").page;
    assert_eq!(
        page,
        Page {
            limit: Some(0),
            offset: 0,
            cursor: Some(Cow::Borrowed("abc_-"))
        }
    );
}

#[test]
fn what_is_encoded_is_no_separator() {
    let arguments = parse("a%3Db=eq.1%26c%3D2&x=eq.a+b").expect_err("a name has no equals sign");
    assert!(matches!(
        arguments,
        RequestError::Syntax {
            part: Part::Name,
            position: 2,
            found: Some('='),
            ..
        }
    ));
    let arguments = parse("a=eq.1%26c%3D2&x=eq.a+b").expect("two filters");
    let values: Vec<_> = arguments.filters.iter().map(value).collect();
    assert_eq!(values, ["1&c=2", "a b"]);
    let arguments = parse("a=eq.b=c").expect("one filter");
    assert_eq!(value(&arguments.filters[0]), "b=c");
}

fn value<'c>(condition: &'c Condition<'_>) -> &'c str {
    match condition {
        Condition::Filter(Filter {
            operation: Operation::Compare(_, value),
            ..
        }) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_quoted_name_is_a_column() {
    for name in [
        "select",
        "order",
        "limit",
        "offset",
        "cursor",
        "and",
        "or",
        "not.and",
        "columns",
        "on_conflict",
    ] {
        let query = format!("\"{name}\"=eq.1");
        let arguments = parse(&query).expect(&query);
        match arguments.filters.as_slice() {
            [Condition::Filter(filter)] => assert_eq!(filter.field.column, name),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn errors_say_where_and_what() {
    let cases = [
        (
            "or=(a.eq.1,b)",
            "unexpected \")\" at character 10 of argument \"or\", expected \".\" and an operator",
        ),
        (
            "or=(a.eq.1",
            "unexpected end of argument \"or\", expected \",\" or \")\"",
        ),
        (
            "or=(a.eq.1,not.and(b.))",
            "unexpected \")\" at character 19 of argument \"or\", expected an operator",
        ),
        (
            "or=%28a.eq.1%29x",
            "unexpected \"x\" at character 9 of argument \"or\", expected the end of the argument",
        ),
        (
            "é=eq",
            "unexpected end of argument \"é\", expected \".\" after the operator",
        ),
        (
            "é=in.é",
            "unexpected \"é\" at character 4 of argument \"é\", expected \"(\" and a list of values",
        ),
        (
            "a->=eq.1",
            "unexpected end of the name of argument \"a->\", expected a key (anything but \"(\", \")\", \":\", \".\", \",\", \">\", or in double quotes) or an index",
        ),
        (
            "limit=ten",
            "unexpected \"t\" at character 1 of argument \"limit\", expected a non-negative integer",
        ),
        (
            "limit=1.5",
            "unexpected \".\" at character 2 of argument \"limit\", expected a digit or the end of the argument",
        ),
        (
            "limit=",
            "unexpected end of argument \"limit\", expected a non-negative integer",
        ),
        (
            "offset=+1",
            "unexpected \" \" at character 1 of argument \"offset\", expected a non-negative integer",
        ),
        (
            "limit=9223372036854775808",
            "unexpected \"9\" at character 1 of argument \"limit\", expected an integer that fits 63 bits",
        ),
        (
            "cursor=",
            "unexpected end of argument \"cursor\", expected a cursor",
        ),
        (
            "order=a;b",
            "unexpected \";\" at character 2 of argument \"order\", expected \",\" or the end",
        ),
        (
            "order=a\"b",
            "unexpected '\"' at character 2 of argument \"order\", expected \",\" or the end",
        ),
        ("a=b.1", "unknown operator \"b\" in argument \"a\""),
        (
            "utm_source=x",
            "unknown operator \"x\" in argument \"utm_source\"",
        ),
        (
            "debug",
            "unexpected end of argument \"debug\", expected an operator",
        ),
        ("limit=-1", "limit must be greater than or equal to zero"),
        (
            "a=eq.%zz",
            "\"%\" is not followed by two hexadecimal digits, at byte 6 of the query string",
        ),
        (
            "a=eq.1&b%ff=eq.2",
            "the decoded text is not valid UTF-8, at byte 9 of the query string",
        ),
        (
            "a=eq.x%00",
            "the decoded text has a NUL character, at byte 7 of the query string",
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(details(query), expected, "{query}");
        assert_eq!(
            parse(query).expect_err(query).code(),
            if query == "limit=-1" {
                "PGRST103"
            } else {
                "PGRST100"
            }
        );
    }
}

#[test]
fn an_unknown_operator_comes_with_those_that_are_known() {
    let error = parse("a=equals.1").expect_err("no operator");
    let hint = error.hint().expect("a hint").into_owned();
    for name in ["eq", "isdistinct", "plfts", "ov", "not."] {
        assert!(hint.contains(name), "{name}");
    }
}

#[test]
fn a_negative_count_is_refused() {
    let error = parse("offset=-5").expect_err("negative");
    assert_eq!((error.status(), error.code()), (400, "PGRST103"));
}

#[test]
fn some_arguments_are_given_once() {
    for name in ["select", "order", "limit", "offset", "cursor"] {
        let query = format!("{name}=1&{name}=1");
        assert!(
            matches!(parse(&query), Err(RequestError::Repeated { argument }) if argument == name),
            "{name}"
        );
    }
}

#[test]
fn some_arguments_are_not_served() {
    let cases = [
        ("select=author(name)", Feature::Embedding),
        ("select=count()", Feature::Aggregate),
        ("author.name=eq.x", Feature::Embedding),
        ("author.order=name", Feature::Embedding),
        ("columns=a,b", Feature::Columns),
        ("on_conflict=a", Feature::OnConflict),
        ("a=eq(any).{1,2}", Feature::Modifier),
    ];
    for (query, expected) in cases {
        match parse(query) {
            Err(RequestError::Unsupported { feature, .. }) => assert_eq!(feature, expected, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
    let message = parse("select=author(name)").expect_err("embedding").to_string();
    assert_eq!(
        message,
        "embedding of other relations is not supported on a resource"
    );
}

#[test]
fn arguments_without_a_meaning_are_refused() {
    let refused = [
        (Scope::Row, "order=a"),
        (Scope::Row, "limit=1"),
        (Scope::Row, "offset=1"),
        (Scope::Row, "cursor=x"),
        (Scope::Delete, "select=a"),
        (Scope::Delete, "limit=1"),
        (Scope::Insert, "a=eq.1"),
        (Scope::Insert, "or=(a.eq.1)"),
        (Scope::Insert, "order=a"),
    ];
    for (scope, query) in refused {
        let error = Arguments::parse(query.as_bytes(), scope);
        assert!(
            matches!(error, Err(RequestError::NotApplicable { .. })),
            "{scope:?} {query}: {error:?}"
        );
    }
    for (scope, query) in [
        (Scope::Row, "select=a&b=eq.1&or=(a.eq.1)"),
        (Scope::Delete, "version=eq.3"),
        (Scope::Insert, "select=id"),
    ] {
        assert!(
            Arguments::parse(query.as_bytes(), scope).is_ok(),
            "{scope:?} {query}"
        );
    }
}

#[test]
fn the_query_string_has_limits() {
    let many = |count: usize, argument: &str| vec![argument; count].join("&");
    assert!(parse(&many(limits::ARGUMENTS.max, "a=eq.1")).is_ok());
    assert_eq!(
        parse(&many(limits::ARGUMENTS.max + 1, "a=eq.1")),
        Err(RequestError::TooMany(limits::ARGUMENTS))
    );
    // The conditions of all arguments count together.
    assert_eq!(
        parse(&many(100, "or=(a.eq.1,b.eq.2)")),
        Err(RequestError::TooMany(limits::CONDITIONS))
    );
    let long = format!("a=eq.{}", "x".repeat(limits::QUERY_STRING.max));
    let error = parse(&long).expect_err("too long");
    assert_eq!(
        (error.status(), error),
        (414, RequestError::TooMany(limits::QUERY_STRING))
    );
    let cursor = format!("cursor={}", "x".repeat(limits::CURSOR.max + 1));
    assert_eq!(parse(&cursor), Err(RequestError::TooMany(limits::CURSOR)));
}

#[test]
fn encoding_faults_are_told_apart() {
    let fault = |query: &[u8]| match Arguments::parse(query, Scope::List) {
        Err(RequestError::Encoding { fault, position }) => (fault, position),
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(b"a=eq.\xe9"), (EncodingFault::NotUtf8, 6));
    assert_eq!(fault(b"\x00=eq.1"), (EncodingFault::Nul, 1));
    assert_eq!(fault(b"a=eq.1&%"), (EncodingFault::Percent, 8));
}

/// What is borrowed where nothing is encoded; the hot path of a list.
#[test]
fn plain_arguments_borrow() {
    let arguments = parse("select=x:a&b->c=eq.1&order=d&cursor=e").expect("arguments");
    assert!(matches!(arguments.select[0].alias, Some(Cow::Borrowed("x"))));
    assert!(matches!(arguments.order[0].field.column, Cow::Borrowed("d")));
    assert!(matches!(arguments.page.cursor, Some(Cow::Borrowed("e"))));
    match &arguments.filters[0] {
        Condition::Filter(Filter {
            field,
            operation: Operation::Compare(_, Cow::Borrowed("1")),
            ..
        }) => {
            assert!(matches!(
                field.path[0].operand,
                PathOperand::Key(Cow::Borrowed("c"))
            ));
        }
        other => panic!("{other:?}"),
    }
}

// Round trips: random trees are written in the grammar, percent-encoded in a random way, and read back.

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn write_field(field: &FieldPath<'_>) -> String {
    let mut text = quote(&field.column);
    for step in &field.path {
        text.push_str(if step.as_text { "->>" } else { "->" });
        match &step.operand {
            PathOperand::Key(key) => text.push_str(&quote(key)),
            PathOperand::Index(index) => text.push_str(&index.to_string()),
        }
    }
    text
}

fn write_operation(negated: bool, operation: &Operation<'_>, in_tree: bool) -> String {
    let value = |value: &str| if in_tree { quote(value) } else { value.to_owned() };
    let text = match operation {
        Operation::Compare(operator, operand) => {
            let name = match operator {
                CompareOperator::Eq => "eq",
                CompareOperator::Like => "like",
                CompareOperator::Contains => "cs",
                _ => "isdistinct",
            };
            format!("{name}.{}", value(operand))
        }
        Operation::In(values) => {
            format!(
                "in.({})",
                values
                    .iter()
                    .map(|value| quote(value))
                    .collect::<Vec<_>>()
                    .join(",")
            )
        }
        Operation::Is(_) => "is.unknown".to_owned(),
        Operation::FullText { language, query, .. } => {
            let language = language
                .as_ref()
                .map(|language| format!("({language})"))
                .unwrap_or_default();
            format!("phfts{language}.{}", value(query))
        }
    };
    if negated { format!("not.{text}") } else { text }
}

fn write_condition(condition: &Condition<'_>) -> String {
    match condition {
        Condition::Logic {
            negated,
            operator,
            conditions,
        } => {
            let conditions: Vec<_> = conditions.iter().map(write_condition).collect();
            format!("{}({})", logic_name(*negated, *operator), conditions.join(","))
        }
        Condition::Filter(filter) => {
            format!(
                "{}.{}",
                write_field(&filter.field),
                write_operation(filter.negated, &filter.operation, true)
            )
        }
    }
}

fn logic_name(negated: bool, operator: LogicOperator) -> &'static str {
    match (negated, operator) {
        (false, LogicOperator::And) => "and",
        (false, LogicOperator::Or) => "or",
        (true, LogicOperator::And) => "not.and",
        (true, LogicOperator::Or) => "not.or",
    }
}

fn write_argument(condition: &Condition<'_>) -> (String, String) {
    match condition {
        Condition::Logic {
            negated, operator, ..
        } => {
            let name = logic_name(*negated, *operator);
            (
                name.to_owned(),
                write_condition(condition)[name.len()..].to_owned(),
            )
        }
        Condition::Filter(filter) => (
            write_field(&filter.field),
            write_operation(filter.negated, &filter.operation, false),
        ),
    }
}

/// Encodes what has to be, and every byte that `also` picks.
fn encode(text: &str, also: u8) -> String {
    let mut encoded = String::new();
    for (index, byte) in text.bytes().enumerate() {
        let must = matches!(byte, b'%' | b'+' | b'&' | b'=') || !byte.is_ascii();
        if byte == b' ' && also & 1 == 0 {
            encoded.push('+');
        } else if must || (index as u8).wrapping_mul(31) & also != 0 {
            encoded.push_str(&format!("%{byte:02X}"));
        } else {
            encoded.push(char::from(byte));
        }
    }
    encoded
}

fn text() -> impl Strategy<Value = Cow<'static, str>> {
    "[a-z0-9 .,:()\\\\\"{}\\[\\]%+&=_é数-]{0,8}".prop_map(Cow::Owned)
}

fn some_name() -> impl Strategy<Value = Cow<'static, str>> {
    "[a-z0-9 .,:()\\\\\"%+&=_é数>-]{1,8}".prop_map(Cow::Owned)
}

fn field() -> impl Strategy<Value = FieldPath<'static>> {
    let operand = prop_oneof![
        text().prop_map(PathOperand::Key),
        any::<i32>().prop_map(PathOperand::Index)
    ];
    (some_name(), prop::collection::vec(operand, 0..3), any::<bool>()).prop_map(
        |(column, operands, as_text)| {
            let last = operands.len().wrapping_sub(1);
            let step = |(index, operand)| PathStep {
                as_text: as_text && index == last,
                operand,
            };
            FieldPath {
                column,
                path: operands.into_iter().enumerate().map(step).collect(),
            }
        },
    )
}

fn some_operation() -> impl Strategy<Value = Operation<'static>> {
    let operators = prop::sample::select(vec![
        CompareOperator::Eq,
        CompareOperator::Contains,
        CompareOperator::IsDistinct,
    ]);
    prop_oneof![
        (operators, text()).prop_map(|(operator, value)| Operation::Compare(operator, value)),
        text().prop_map(|value| Operation::Compare(CompareOperator::Like, value)),
        prop::collection::vec(text(), 0..4).prop_map(Operation::In),
        Just(Operation::Is(IsValue::Unknown)),
        (prop::option::of("[a-z_]{1,5}".prop_map(Cow::Owned)), text()).prop_map(|(language, query)| {
            Operation::FullText {
                function: FullTextFunction::Phfts,
                language,
                query,
            }
        }),
    ]
}

fn condition() -> impl Strategy<Value = Condition<'static>> {
    let filter = (field(), any::<bool>(), some_operation()).prop_map(|(field, negated, operation)| {
        Condition::Filter(Filter {
            field,
            negated,
            operation,
        })
    });
    filter.prop_recursive(4, 16, 3, |inner| {
        (any::<bool>(), any::<bool>(), prop::collection::vec(inner, 1..4)).prop_map(
            |(negated, or, conditions)| {
                let operator = if or { LogicOperator::Or } else { LogicOperator::And };
                Condition::Logic {
                    negated,
                    operator,
                    conditions,
                }
            },
        )
    })
}

proptest! {
    #[test]
    fn filters_are_read_as_they_were_written(
        conditions in prop::collection::vec(condition(), 0..4),
        also in any::<u8>(),
    ) {
        let arguments: Vec<_> = conditions
            .iter()
            .map(write_argument)
            .map(|(name, value)| format!("{}={}", encode(&name, also), encode(&value, also)))
            .collect();
        let query = arguments.join("&");
        let found = parse(&query).map(|arguments| arguments.filters);
        prop_assert_eq!(found, Ok(conditions), "{}", query);
    }

    #[test]
    fn selections_are_read_as_they_were_written(
        items in prop::collection::vec(
            (field(), prop::option::of(some_name()), prop::option::of("[a-z][a-z0-9_]{0,4}(\\[\\])?")), 1..5),
        also in any::<u8>(),
    ) {
        let items: Vec<_> = items
            .into_iter()
            .map(|(field, alias, cast)| SelectItem { field, alias, cast: cast.map(Cow::Owned) })
            .collect();
        let write = |item: &SelectItem<'_>| {
            let alias = item.alias.as_ref().map(|alias| format!("{}:", quote(alias))).unwrap_or_default();
            let cast = item.cast.as_ref().map(|cast| format!("::{cast}")).unwrap_or_default();
            format!("{alias}{}{cast}", write_field(&item.field))
        };
        let text = items.iter().map(write).collect::<Vec<_>>().join(",");
        let query = format!("select={}", encode(&text, also));
        prop_assert_eq!(parse(&query).map(|arguments| arguments.select), Ok(items), "{}", query);
    }

    #[test]
    fn orders_are_read_as_they_were_written(
        terms in prop::collection::vec((field(), any::<bool>(), prop::option::of(any::<bool>())), 1..5),
        also in any::<u8>(),
    ) {
        let terms: Vec<_> = terms
            .into_iter()
            .map(|(field, descending, nulls_first)| OrderTerm { field, descending, nulls_first })
            .collect();
        let write = |term: &OrderTerm<'_>| {
            let nulls = match term.nulls_first {
                None => "",
                Some(true) => ".nullsfirst",
                Some(false) => ".nullslast",
            };
            format!("{}.{}{nulls}", write_field(&term.field), if term.descending { "desc" } else { "asc" })
        };
        let text = terms.iter().map(write).collect::<Vec<_>>().join(", ");
        let query = format!("order={}", encode(&text, also));
        prop_assert_eq!(parse(&query).map(|arguments| arguments.order), Ok(terms), "{}", query);
    }

    #[test]
    fn no_bytes_make_it_panic(
        name in "(select|order|or|not.and|a|limit|cursor|a->b)",
        value in "[a-c0-9.,:()\"\\\\{}\\[\\]>*é -]{0,24}",
        bytes in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        let _ = parse(&format!("{name}={value}"));
        let _ = parse(&format!("a=in.{value}"));
        let _ = parse(&format!("or=(a.eq.{value}"));
        let _ = parse(&format!("{value}=eq.1"));
        if let Err(error) = Arguments::parse(&bytes, Scope::List) {
            let _ = (error.to_string(), error.details(), error.hint());
        }
    }
}
