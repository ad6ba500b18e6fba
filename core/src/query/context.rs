//! What PostgreSQL is told of a request before its statement: `set_config(name, value, true)`, which holds until the end of
//! the transaction that both of them are (PostgreSQL manual, "System Administration Functions").

use std::collections::HashMap;
use std::rc::Rc;

use super::{Params, Query, Statement};

/// The settings of one request. `None` leaves a setting as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context<'a> {
    /// `role`
    pub role: Option<&'a str>,
    /// `request.jwt.claims`, a JSON object.
    pub claims: Option<&'a [u8]>,
    /// `request.headers`, a JSON object.
    pub headers: Option<&'a [u8]>,
    /// `request.cookies`, a JSON object.
    pub cookies: Option<&'a [u8]>,
    /// `request.method`
    pub method: Option<&'a [u8]>,
    /// `request.path`
    pub path: Option<&'a [u8]>,
    /// `request.traceparent` (W3C Trace Context).
    pub traceparent: Option<&'a str>,
    /// `application_name`
    pub application_name: Option<&'a str>,
    /// `search_path`, as [`search_path`] writes it.
    pub search_path: Option<&'a str>,
    /// `postern.reports`, as [`crate::changes::reports`] writes it.
    pub reports: Option<&'a str>,
    /// Nothing may be written in this transaction.
    pub read_only: bool,
    /// Statements are planned once for all values (`plan_cache_mode`).
    pub generic_plan: bool,
}

impl<'a> Context<'a> {
    /// The settings with a value of the request's, in the order of [`SETTINGS`].
    fn values(&self) -> [Option<&'a [u8]>; 10] {
        [
            self.role.map(str::as_bytes),
            self.claims,
            self.headers,
            self.cookies,
            self.method,
            self.path,
            self.traceparent.map(str::as_bytes),
            self.application_name.map(str::as_bytes),
            self.search_path.map(str::as_bytes),
            self.reports.map(str::as_bytes),
        ]
    }

    /// The settings with a value of ours, in the order of [`CONSTANTS`].
    fn constants(&self) -> [bool; 2] {
        [self.read_only, self.generic_plan]
    }
}

/// The statements for the combinations of settings that were in use; there are at most 4096, and far fewer in any configuration.
#[derive(Debug, Default)]
pub struct ContextStatements {
    statements: HashMap<u16, Rc<Statement>, foldhash::fast::RandomState>,
}

impl ContextStatements {
    /// Without any yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The query that makes these settings, `None` where there are none to make. It answers one row of one number, which says
    /// nothing: the values, headers and all, are not sent back.
    pub fn query(&mut self, context: &Context<'_>) -> Option<Query> {
        let values = context.values();
        let bytes = values.iter().flatten().map(|value| value.len()).sum();
        let mut params = Params::with_capacity(values.len(), bytes);
        let mut combination = 0;
        for (bit, value) in values.into_iter().enumerate() {
            if let Some(value) = value {
                combination |= 1 << bit;
                params.push(value);
            }
        }
        for (bit, wanted) in context.constants().into_iter().enumerate() {
            combination |= u16::from(wanted) << (SETTINGS.len() + bit);
        }
        if combination == 0 {
            return None;
        }
        let statement = self
            .statements
            .entry(combination)
            .or_insert_with(|| Rc::new(statement(combination)));
        Some(Query {
            statement: Rc::clone(statement),
            params,
        })
    }
}

/// The value of `search_path` for these schemas.
pub fn search_path<'a>(schemas: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = schemas
        .into_iter()
        .map(|schema| format!("\"{}\"", schema.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(", ")
}

fn statement(combination: u16) -> Statement {
    let mut calls = Vec::with_capacity(SETTINGS.len() + CONSTANTS.len());
    for (bit, name) in SETTINGS.iter().enumerate() {
        if combination & 1 << bit != 0 {
            calls.push(format!("set_config('{name}', ${}, true)", calls.len() + 1));
        }
    }
    for (bit, (name, value)) in CONSTANTS.iter().enumerate() {
        if combination & 1 << (SETTINGS.len() + bit) != 0 {
            calls.push(format!("set_config('{name}', '{value}', true)"));
        }
    }
    // The cheapest function that takes any number of arguments and answers something short.
    Statement::new(format!("SELECT num_nonnulls({})", calls.join(", ")), [], 1)
}

const SETTINGS: [&str; 10] = [
    "role",
    "request.jwt.claims",
    "request.headers",
    "request.cookies",
    "request.method",
    "request.path",
    "request.traceparent",
    "application_name",
    "search_path",
    "postern.reports",
];

const CONSTANTS: [(&str, &str); 2] = [
    ("transaction_read_only", "on"),
    ("plan_cache_mode", "force_generic_plan"),
];

#[cfg(test)]
mod tests {
    use super::{Context, ContextStatements, search_path};

    #[test]
    fn only_what_is_given_is_set_and_equal_combinations_share_a_statement() {
        let mut statements = ContextStatements::new();
        assert!(statements.query(&Context::default()).is_none());
        let context = Context {
            role: Some("web"),
            path: Some(b"/x"),
            read_only: true,
            ..Context::default()
        };
        let first = statements.query(&context).expect("three settings");
        assert_eq!(
            first.statement.sql(),
            "SELECT num_nonnulls(set_config('role', $1, true), set_config('request.path', $2, true), \
             set_config('transaction_read_only', 'on', true))"
        );
        assert_eq!(
            first.params.iter().collect::<Vec<_>>(),
            [Some(&b"web"[..]), Some(b"/x")]
        );
        let again = statements
            .query(&Context {
                role: Some("other"),
                ..context
            })
            .expect("three settings");
        assert!(std::rc::Rc::ptr_eq(&first.statement, &again.statement));
    }

    #[test]
    fn schemas_are_quoted() {
        assert_eq!(search_path(["api", "we\"ird, x"]), r#""api", "we""ird, x""#);
    }
}
