//! Text in the making. Whatever ends up in a statement goes through one of these functions, and none of them takes a value.

use crate::plan::{ColumnIndex, Field, Param, TypeName};
use crate::schema_cache::{Relation, RelationKind};

/// The text of a statement on one relation.
pub(super) struct Sql<'r> {
    text: String,
    pub(super) relation: &'r Relation,
}

impl<'r> Sql<'r> {
    pub(super) fn new(relation: &'r Relation) -> Self {
        Self {
            text: String::with_capacity(256),
            relation,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// SQL of our own.
    pub(super) fn sql(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A number that the configuration or we ourselves gave.
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.text.push_str(itoa::Buffer::new().format(number));
        self
    }

    /// `$n`
    pub(super) fn param(&mut self, param: Param) -> &mut Self {
        self.text.push('$');
        self.number(u64::from(param.0))
    }

    /// The relation's name with its schema.
    pub(super) fn relation(&mut self) -> &mut Self {
        let relation = self.relation;
        self.identifier(&relation.name.schema)
            .sql(".")
            .identifier(&relation.name.name)
    }

    /// The name of a column.
    pub(super) fn column(&mut self, index: ColumnIndex) -> &mut Self {
        let relation = self.relation;
        match relation.columns.get(usize::from(index.0)) {
            Some(column) => self.identifier(&column.name),
            // A plan is made from the relation that it carries, so this cannot be; if it were, PostgreSQL would say no.
            None => self.sql("no_such_column"),
        }
    }

    /// What ORDER BY orders by. A bare name there would mean what is answered under that name, perhaps a cast of the column
    /// (PostgreSQL manual, "SELECT", section "ORDER BY Clause").
    pub(super) fn order_field(&mut self, field: &Field) -> &mut Self {
        if field.path.is_empty() {
            let relation = self.relation;
            self.identifier(&relation.name.name).sql(".");
        }
        self.field(field)
    }

    /// The type of a column.
    pub(super) fn column_type(&mut self, index: ColumnIndex) -> &mut Self {
        if let Some(column) = self.relation.columns.get(usize::from(index.0)) {
            self.text.push_str(&column.data_type.sql);
        }
        self
    }

    /// The default of a column. In an update of a view DEFAULT means the view's own default, which is mostly NULL, and does not
    /// reach that of the table behind it; there the expression itself is written, as the catalogue has it.
    pub(super) fn column_default(&mut self, index: ColumnIndex) -> &mut Self {
        let column = self.relation.columns.get(usize::from(index.0));
        match column.and_then(|column| column.default.as_deref()) {
            Some(default) if self.relation.kind == RelationKind::View => {
                self.text.push('(');
                self.text.push_str(default);
                self.sql(")")
            }
            _ => self.sql("DEFAULT"),
        }
    }

    /// The name of a type that a client may cast to.
    pub(super) fn type_name(&mut self, name: &TypeName) -> &mut Self {
        match name {
            TypeName::Known(known) => {
                self.text.push_str(&known.0.sql);
                self
            }
            TypeName::Builtin { name, array } => self.sql(name).sql(if *array { "[]" } else { "" }),
        }
    }

    /// A column with the path into it; the keys of the path are parameters. With a path it stands in parentheses, because
    /// `->` binds more loosely than what it may be put next to.
    pub(super) fn field(&mut self, field: &Field) -> &mut Self {
        if field.path.is_empty() {
            return self.column(field.column);
        }
        self.sql("(");
        if field.to_jsonb {
            self.sql("to_jsonb(").column(field.column).sql(")");
        } else {
            self.column(field.column);
        }
        for step in &field.path {
            self.sql(if step.as_text { "->>" } else { "->" })
                .param(step.operand);
            self.sql(if step.is_index { "::int4" } else { "::text" });
        }
        self.sql(")")
    }

    /// `separator` between what `each` writes.
    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &'static str,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.sql(separator);
            }
            each(self, item);
        }
        self
    }

    /// A name from the catalogue, quoted.
    fn identifier(&mut self, name: &str) -> &mut Self {
        self.text.push('"');
        for (position, part) in name.split('"').enumerate() {
            if position > 0 {
                self.text.push_str("\"\"");
            }
            self.text.push_str(part);
        }
        self.text.push('"');
        self
    }
}
