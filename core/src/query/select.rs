//! SELECT, and the columns that any statement answers.

use crate::plan::{
    After, ColumnIndex, Field, Hidden, Limit, List, OrderBy, Output, OutputItem, Start, StatementShape,
};

use super::sql::Sql;

impl Sql<'_> {
    /// One row by its key.
    pub(super) fn read(&mut self, shape: &StatementShape) {
        self.sql("SELECT ")
            .output(shape)
            .sql(" FROM ")
            .relation()
            .where_clause(&shape.predicates, None);
    }

    /// A page. Rows after a cursor that fall into several parts are taken part by part, each by its own index scan that
    /// stops at the limit, and put in order again; a single OR would be walked from the start of the index.
    pub(super) fn list_page(&mut self, shape: &StatementShape, list: &List) {
        match &list.start {
            Start::First => self.page_part(shape, list, None),
            Start::After(parts) => match parts.as_slice() {
                [after] => self.page_part(shape, list, Some(after)),
                parts => self.page_of_parts(shape, list, parts),
            },
        }
        if let Some(offset) = list.offset {
            self.sql(" OFFSET ").param(offset);
        }
    }

    fn page_part(&mut self, shape: &StatementShape, list: &List, after: Option<&After>) {
        self.sql("SELECT ").output(shape).sql(" FROM ").relation();
        self.where_clause(&shape.predicates, after.map(|after| (&*list.order, after)));
        self.order_by(&list.order, |sql, _, term| {
            sql.order_field(&term.field);
        });
        self.limit(list.limit);
    }

    /// Columns are called c1, c2, … and what is ordered by o1, o2, … here, as names need not be unique.
    fn page_of_parts(&mut self, shape: &StatementShape, list: &List, parts: &[After]) {
        let width = self.width(&shape.output) + shape.hidden.len();
        self.sql("SELECT ");
        self.list(1..=width, ", ", |sql, number| {
            sql.sql("c").number(number as u64);
        });
        self.sql(" FROM (");
        self.list(parts, " UNION ALL ", |sql, part| {
            sql.sql("(").numbered_part(shape, list, part);
            sql.sql(")");
        });
        self.sql(") AS page");
        self.order_by(&list.order, |sql, position, _| {
            sql.sql("o").number(position as u64 + 1);
        });
        self.limit(list.limit);
    }

    fn numbered_part(&mut self, shape: &StatementShape, list: &List, part: &After) {
        let mut number = 0;
        self.sql("SELECT ").output_with(shape, |sql| {
            number += 1;
            sql.sql(" AS c").number(number);
        });
        for (position, term) in list.order.iter().enumerate() {
            self.sql(", ")
                .field(&term.field)
                .sql(" AS o")
                .number(position as u64 + 1);
        }
        self.sql(" FROM ").relation();
        self.where_clause(&shape.predicates, Some((&list.order, part)));
        self.order_by(&list.order, |sql, _, term| {
            sql.order_field(&term.field);
        });
        self.limit(list.reach.map_or(list.limit, Limit::Param));
    }

    fn order_by(&mut self, order: &[OrderBy], mut each: impl FnMut(&mut Self, usize, &OrderBy)) {
        if order.is_empty() {
            return;
        }
        self.sql(" ORDER BY ")
            .list(order.iter().enumerate(), ", ", |sql, (position, term)| {
                each(sql, position, term);
                sql.sql(if term.descending { " DESC" } else { "" });
                // PostgreSQL's own place for NULLs is last in ascending and first in descending order.
                if term.nulls_first != term.descending {
                    sql.sql(if term.nulls_first {
                        " NULLS FIRST"
                    } else {
                        " NULLS LAST"
                    });
                }
            });
    }

    fn limit(&mut self, limit: Limit) {
        match limit {
            Limit::Rows(rows) => self.sql(" LIMIT ").number(rows),
            Limit::Param(param) => self.sql(" LIMIT ").param(param),
        };
    }

    /// The columns that are shown, then those that are not.
    pub(super) fn output(&mut self, shape: &StatementShape) -> &mut Self {
        self.output_with(shape, |_| {})
    }

    /// The same, with something after each of them.
    fn output_with(&mut self, shape: &StatementShape, mut after_each: impl FnMut(&mut Self)) -> &mut Self {
        match &shape.output {
            Output::All => {
                let columns = self.relation.columns.iter().zip(0..);
                self.list(columns, ", ", |sql, (column, index)| {
                    sql.value(&Field::column(index), None, column.data_type.rendering().1);
                    after_each(sql);
                });
            }
            Output::Items(items) => {
                self.list(items, ", ", |sql, item| {
                    sql.value(&item.field, Some(item), item.to_json);
                    after_each(sql);
                });
            }
            Output::Nothing => {
                self.sql("1");
                after_each(self);
            }
        }
        let shown = self.width(&shape.output) > 0;
        for (position, hidden) in shape.hidden.iter().enumerate() {
            self.sql(if shown || position > 0 { ", " } else { "" })
                .hidden(hidden);
            after_each(self);
        }
        self
    }

    fn hidden(&mut self, hidden: &Hidden) {
        match hidden {
            Hidden::Field(field) => self.field(field),
            // No number stands for infinity.
            Hidden::Epoch(column) => self
                .sql("CASE WHEN isfinite(")
                .column(*column)
                .sql(") THEN floor(extract(epoch FROM ")
                .column(*column)
                .sql("))::bigint END"),
            Hidden::Row(columns) => self.row_text(columns),
        };
    }

    /// Columns as one text.
    pub(super) fn row_text(&mut self, columns: &[ColumnIndex]) -> &mut Self {
        self.sql("ROW(").columns(columns.iter().copied()).sql(")::text")
    }

    fn value(&mut self, field: &Field, item: Option<&OutputItem>, to_json: bool) {
        self.sql(if to_json { "to_json(" } else { "" }).field(field);
        if let Some(cast) = item.and_then(|item| item.cast.as_ref()) {
            self.sql("::").type_name(cast);
        }
        self.sql(if to_json { ")" } else { "" });
    }

    fn width(&self, output: &Output) -> usize {
        match output {
            Output::All => self.relation.columns.len(),
            Output::Items(items) => items.len(),
            Output::Nothing => 1,
        }
    }

    /// `"a", "b"`
    pub(super) fn columns(&mut self, columns: impl IntoIterator<Item = ColumnIndex>) -> &mut Self {
        self.list(columns, ", ", |sql, column| {
            sql.column(column);
        })
    }
}
