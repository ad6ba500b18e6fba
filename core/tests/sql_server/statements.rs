//! Every statement of the golden files is one that PostgreSQL takes.

use postern_core::query::{self, StatementCache};

use crate::session::Session;
use crate::sql_support::{Golden, plan};

#[test]
fn postgresql_takes_every_golden_statement() {
    let mut session = Session::start();
    let schema = session.schema(&["api"]);
    let mut cache = StatementCache::new(std::num::NonZeroUsize::MIN.saturating_add(7));
    let mut taken = 0;
    for block in Golden::all().iter().flat_map(|golden| &golden.blocks) {
        let Ok(plan) = plan(&block.request, &schema) else {
            continue;
        };
        let uncached = query::build(plan.statement.clone());
        // From the cache as it is after the other statements, then from the cache as it was just filled.
        for query in [cache.query(plan.statement.clone()), cache.query(plan.statement)] {
            assert_eq!(
                (&query.statement, &query.params),
                (&uncached.statement, &uncached.params)
            );
        }
        let width = uncached.statement.columns().len() + uncached.statement.hidden();
        match session.batch(&[&uncached]) {
            Ok(rows) => assert!(
                rows.iter().all(|row| row.len() == width),
                "{}",
                uncached.statement.sql()
            ),
            // The values need not fit the tables, which are empty; the statement has to fit the schema.
            Err(error) => {
                let refused = error.code.starts_with("22") || error.code.starts_with("23");
                assert!(refused, "{}: {error}", uncached.statement.sql());
            }
        }
        taken += 1;
    }
    assert!(taken > 60, "{taken}");
}
