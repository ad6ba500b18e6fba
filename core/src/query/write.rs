//! INSERT, UPDATE, DELETE.

use crate::plan::{Assignment, Source, StatementShape, Value};

use super::sql::Sql;

impl Sql<'_> {
    /// New rows.
    pub(super) fn insert(&mut self, shape: &StatementShape, source: &Source) {
        if matches!(source, Source::Nothing) {
            self.sql("SELECT ")
                .output(shape)
                .sql(" FROM ")
                .relation()
                .sql(" WHERE FALSE");
            return;
        }
        self.sql("INSERT INTO ").relation();
        match source {
            Source::Values(assignments) if assignments.is_empty() => {
                self.sql(" DEFAULT VALUES");
            }
            Source::Values(assignments) => {
                self.sql(" (")
                    .columns(assignments.iter().map(|assignment| assignment.column))
                    .sql(") VALUES (");
                self.list(assignments, ", ", Self::new_value).sql(")");
            }
            Source::Json { columns, json } if columns.is_empty() => {
                self.sql(" SELECT FROM json_array_elements(")
                    .param(*json)
                    .sql("::json)");
            }
            Source::Json { columns, json } => {
                self.sql(" (").columns(columns.iter().copied()).sql(") SELECT ");
                self.columns(columns.iter().copied());
                self.sql(" FROM json_to_recordset(")
                    .param(*json)
                    .sql("::json) AS _ (");
                self.list(columns, ", ", |sql, &column| {
                    sql.column(column).sql(" ").column_type(column);
                });
                self.sql(")");
            }
            Source::Nothing => {}
        }
        self.returning(shape);
    }

    /// New values.
    pub(super) fn update(&mut self, shape: &StatementShape, assignments: &[Assignment]) {
        self.sql("UPDATE ").relation().sql(" SET ");
        self.list(assignments, ", ", |sql, assignment| {
            sql.column(assignment.column).sql(" = ").new_value(assignment);
        });
        self.where_clause(&shape.predicates, None);
        self.returning(shape);
    }

    /// The rows go.
    pub(super) fn delete(&mut self, shape: &StatementShape) {
        self.sql("DELETE FROM ")
            .relation()
            .where_clause(&shape.predicates, None);
        self.returning(shape);
    }

    fn returning(&mut self, shape: &StatementShape) {
        self.sql(" RETURNING ").output(shape);
    }

    fn new_value(&mut self, assignment: &Assignment) {
        match assignment.value {
            Value::Default => self.column_default(assignment.column),
            Value::Input(param) => self.param(param),
            Value::JsonMember(param) => {
                self.sql("(SELECT x FROM json_to_record(")
                    .param(param)
                    .sql("::json) AS _ (x ");
                self.column_type(assignment.column).sql("))")
            }
        };
    }
}
