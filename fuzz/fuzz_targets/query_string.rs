//! Whatever stands in a query string, it is understood within the limits or refused with an error that can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::api_request::{Arguments, Condition, FieldPath, PathOperand, Scope, limits};
use postern_core::error::Problem;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, query)) = data.split_first() else {
        return;
    };
    let scopes = [Scope::List, Scope::Row, Scope::Delete, Scope::Insert];
    let scope = scopes[usize::from(choice) % scopes.len()];
    match Arguments::parse(query, scope) {
        Ok(arguments) => check(&arguments),
        Err(error) => {
            assert!((400..500).contains(&error.status()) && !error.code().is_empty());
            drop((
                error.to_string(),
                error.details().map(|text| text.len()),
                error.hint().map(|text| text.len()),
            ));
        }
    }
});

fn check(arguments: &Arguments<'_>) {
    assert!(arguments.select.len() <= limits::SELECT_ITEMS.max);
    assert!(arguments.order.len() <= limits::ORDER_TERMS.max);
    for item in &arguments.select {
        check_field(&item.field);
        if let Some(cast) = &item.cast {
            assert!(
                cast.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_ []".contains(&byte)),
                "{cast}"
            );
        }
    }
    for term in &arguments.order {
        check_field(&term.field);
    }
    let conditions: usize = arguments
        .filters
        .iter()
        .map(|condition| count(condition, 1))
        .sum();
    assert!(conditions <= limits::CONDITIONS.max);
}

fn count(condition: &Condition<'_>, depth: usize) -> usize {
    match condition {
        Condition::Logic { conditions, .. } => {
            assert!(depth <= limits::LOGIC_DEPTH.max && !conditions.is_empty());
            1 + conditions
                .iter()
                .map(|condition| count(condition, depth + 1))
                .sum::<usize>()
        }
        Condition::Filter(filter) => {
            check_field(&filter.field);
            1
        }
    }
}

fn check_field(field: &FieldPath<'_>) {
    assert!(!field.column.is_empty() && !field.column.contains('\0'));
    assert!(field.path.len() <= limits::PATH_STEPS.max);
    for (index, step) in field.path.iter().enumerate() {
        assert!(!step.as_text || index + 1 == field.path.len());
        if let PathOperand::Key(key) = &step.operand {
            assert!(!key.contains('\0'));
        }
    }
}
