//! From rows of the catalogue to a snapshot.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;

use serde::de::IgnoredAny;

use super::dependency::Dependencies;
use super::row::{
    ArgumentRow, ClassRow, ColumnRow, ForeignKeyRow, FunctionRow, KeyRow, RelationRow, Row, TypeRow,
};
use super::types::builtin;
use super::{
    Argument, ArgumentMode, Column, DataType, Effect, ForeignKey, Function, Generated, QualifiedName,
    Relation, RelationKind, SchemaCache, TypeClass, TypeKind, Volatility, Writable,
};

/// Why rows of the catalogue do not make a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SchemaCacheError {
    /// A row is not what `catalogue.sql` writes.
    #[error("a row of the catalogue cannot be read: {0}")]
    Row(#[from] serde_json::Error),
    /// A column or an argument has a type that no row describes.
    #[error("the catalogue has no type {0:?}")]
    Type(Box<str>),
    /// A relation with more columns than PostgreSQL allows.
    #[error("relation {0:?} has too many columns")]
    Columns(Box<str>),
}

/// Takes rows in any order. A row whose types have come before it is dealt with at once, so that the work is spread over the
/// time in which rows come in; PostgreSQL sends all types first.
#[derive(Default)]
pub struct SchemaCacheBuilder {
    types: Types,
    relations: Vec<Relation>,
    functions: HashMap<QualifiedName, Vec<Function>>,
    dependencies: Dependencies,
    fingerprint: u64,
    early: Vec<Row>,
}

impl SchemaCacheBuilder {
    /// Without any row yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one row: the JSON text in its only column.
    pub fn row(&mut self, json: &[u8]) -> Result<(), SchemaCacheError> {
        let row = serde_json::from_slice(json)?;
        // A sum, so that the order of rows does not matter.
        self.fingerprint = self.fingerprint.wrapping_add(hash(json));
        if self.has_types_of(&row) {
            return self.add(row);
        }
        self.early.push(row);
        Ok(())
    }

    /// The snapshot, once all rows are in.
    pub fn finish(mut self) -> Result<SchemaCache, SchemaCacheError> {
        for row in std::mem::take(&mut self.early) {
            self.add(row)?;
        }
        let dependencies = self.dependencies;
        let relations = self.relations.into_iter().map(|mut relation| {
            dependencies.resolve(&mut relation);
            (relation.name.clone(), Rc::new(relation))
        });
        Ok(SchemaCache {
            relations: relations.collect(),
            functions: self.functions,
            types: self.types,
            fingerprint: self.fingerprint,
        })
    }

    fn has_types_of(&self, row: &Row) -> bool {
        match row {
            Row::Type(_) | Row::Dependency(_) | Row::Definitions(_) => true,
            Row::Relation(row) => row
                .columns
                .iter()
                .all(|column| self.types.contains_key(&column.2)),
            Row::Function(row) => {
                let arguments = row.arguments.iter().map(|argument| &argument.1);
                arguments
                    .chain([&row.returns])
                    .all(|name| self.types.contains_key(name))
            }
        }
    }

    fn add(&mut self, row: Row) -> Result<(), SchemaCacheError> {
        match row {
            Row::Type(row) => {
                self.types.insert(row.name.clone(), Rc::new(data_type(row)));
            }
            Row::Relation(row) => self.relations.push(relation(row, &self.types)?),
            Row::Dependency(row) => self.dependencies.add(row),
            Row::Definitions(IgnoredAny) => {}
            Row::Function(row) => {
                let function = function(row, &self.types)?;
                self.functions
                    .entry(function.name.clone())
                    .or_default()
                    .push(function);
            }
        }
        Ok(())
    }
}

type Types = HashMap<Box<str>, Rc<DataType>>;

/// SipHash with the keys 0: the same in every process.
fn hash(json: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(json);
    hasher.finish()
}

fn type_named(types: &Types, name: Box<str>) -> Result<Rc<DataType>, SchemaCacheError> {
    types.get(&name).cloned().ok_or(SchemaCacheError::Type(name))
}

fn data_type(row: TypeRow) -> DataType {
    let (class, kind) = match row.class {
        ClassRow::Array => (TypeClass::Array, TypeKind::Other),
        ClassRow::Composite => (TypeClass::Composite, TypeKind::Other),
        ClassRow::Cast | ClassRow::Other => (TypeClass::Scalar, TypeKind::Other),
        ClassRow::Enum => (TypeClass::Scalar, TypeKind::Plain(crate::query::Rendering::Text)),
        ClassRow::Builtin => builtin(&row.base),
    };
    let enum_labels = row.labels.unwrap_or_default();
    DataType {
        sql: row.name,
        base: row.base,
        category: row.category,
        class,
        kind,
        enum_labels,
    }
}

fn relation(row: RelationRow, types: &Types) -> Result<Relation, SchemaCacheError> {
    let numbers: Vec<i16> = row.columns.iter().map(|column| column.1).collect();
    let columns = row
        .columns
        .into_iter()
        .map(|row| column(row, types))
        .collect::<Result<Vec<_>, _>>()?;
    let Ok(count) = u16::try_from(columns.len()) else {
        return Err(SchemaCacheError::Columns(row.name));
    };
    let mut by_name: Box<[u16]> = (0..count).collect();
    by_name.sort_unstable_by_key(|&position| {
        columns
            .get(usize::from(position))
            .map(|column: &Column| &*column.name)
    });
    let (primary_key, unique_keys) = keys(row.keys, &numbers);
    Ok(Relation {
        name: QualifiedName {
            schema: row.schema,
            name: row.name,
        },
        kind: relation_kind(row.kind),
        writable: Writable {
            update: row.events & 4 != 0,
            insert: row.events & 8 != 0,
            delete: row.events & 16 != 0,
        },
        comment: row.comment,
        columns,
        primary_key,
        unique_keys,
        foreign_keys: row.foreign_keys.into_iter().map(foreign_key).collect(),
        // Known when all rows are in.
        reads: Rc::default(),
        opaque: false,
        writes: Effect::Everything,
        by_name,
    })
}

fn relation_kind(relkind: char) -> RelationKind {
    match relkind {
        'v' => RelationKind::View,
        'm' => RelationKind::MaterializedView,
        'f' => RelationKind::ForeignTable,
        _ => RelationKind::Table,
    }
}

fn column(row: ColumnRow, types: &Types) -> Result<Column, SchemaCacheError> {
    let ColumnRow(name, _, type_name, not_null, generated, default, updatable, comment) = row;
    let generated = match &*generated {
        "s" | "v" => Generated::Stored,
        "a" => Generated::IdentityAlways,
        "d" => Generated::IdentityByDefault,
        _ => Generated::No,
    };
    let data_type = type_named(types, type_name)?;
    Ok(Column {
        name,
        data_type,
        nullable: !not_null,
        default,
        generated,
        updatable,
        comment,
    })
}

/// The primary key and the others, with `attnum`s turned into positions.
fn keys(rows: Vec<KeyRow>, numbers: &[i16]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut primary = Vec::new();
    let mut unique = Vec::new();
    for KeyRow(is_primary, attnums) in rows {
        let positions: Option<Vec<usize>> = attnums
            .iter()
            .map(|attnum| numbers.iter().position(|number| number == attnum))
            .collect();
        match positions {
            Some(positions) if is_primary && primary.is_empty() => primary = positions,
            Some(positions) => unique.push(positions),
            None => {}
        }
    }
    (primary, unique)
}

fn foreign_key(row: ForeignKeyRow) -> ForeignKey {
    let ForeignKeyRow(name, columns, schema, relation, referenced_columns) = row;
    ForeignKey {
        name,
        columns,
        references: QualifiedName {
            schema,
            name: relation,
        },
        referenced_columns,
    }
}

fn function(row: FunctionRow, types: &Types) -> Result<Function, SchemaCacheError> {
    let arguments = row
        .arguments
        .into_iter()
        .map(|row| argument(row, types))
        .collect::<Result<_, _>>()?;
    Ok(Function {
        name: QualifiedName {
            schema: row.schema,
            name: row.name,
        },
        arguments,
        defaults: row.defaults,
        variadic: row.variadic,
        returns: type_named(types, row.returns)?,
        returns_set: row.set,
        volatility: match row.volatility {
            'i' => Volatility::Immutable,
            's' => Volatility::Stable,
            _ => Volatility::Volatile,
        },
        comment: row.comment,
    })
}

fn argument(row: ArgumentRow, types: &Types) -> Result<Argument, SchemaCacheError> {
    let ArgumentRow(name, type_name, mode) = row;
    let mode = match mode {
        'o' => ArgumentMode::Out,
        'b' => ArgumentMode::InOut,
        'v' => ArgumentMode::Variadic,
        't' => ArgumentMode::Table,
        _ => ArgumentMode::In,
    };
    Ok(Argument {
        name,
        data_type: type_named(types, type_name)?,
        mode,
    })
}

#[cfg(test)]
mod tests {
    use super::{SchemaCacheBuilder, SchemaCacheError};
    use crate::schema_cache::QualifiedName;

    const TYPE: &str =
        r#"{"type":{"name":"text","base":"text","category":"S","class":"builtin","labels":null}}"#;
    const RELATION: &str = r#"{"relation":{"schema":"s","name":"t","kind":"r","events":28,"comment":null,
        "columns":[["b",1,"text",true,"",null,true,null],["a",3,"text",false,"","'x'",true,"c"]],
        "keys":[[true,[3,1]],[false,[2]]],"foreign_keys":[]}}"#;

    #[test]
    fn the_order_of_rows_does_not_matter() {
        for rows in [[TYPE, RELATION], [RELATION, TYPE]] {
            let mut builder = SchemaCacheBuilder::new();
            rows.iter()
                .for_each(|row| builder.row(row.as_bytes()).expect("a good row"));
            let schema = builder.finish().expect("all types are there");
            let name = QualifiedName {
                schema: "s".into(),
                name: "t".into(),
            };
            let relation = schema.relation(&name).expect("the relation");
            assert_eq!(
                (
                    relation.position("a"),
                    relation.position("b"),
                    relation.position("c")
                ),
                (Some(1), Some(0), None)
            );
            assert_eq!(relation.primary_key, [1, 0]);
            assert!(
                relation.unique_keys.is_empty(),
                "a key of a column that is not there is none"
            );
        }
    }

    /// Workers read the same catalogue in whatever order, and share what they know by its fingerprint.
    #[test]
    fn the_fingerprint_is_that_of_the_rows_in_any_order() {
        let fingerprint = |rows: &[&str]| {
            let mut builder = SchemaCacheBuilder::new();
            rows.iter()
                .for_each(|row| builder.row(row.as_bytes()).expect("a good row"));
            builder.finish().expect("all types are there").fingerprint()
        };
        let definitions = r#"{"definitions":"1"}"#;
        let one = fingerprint(&[TYPE, RELATION, definitions]);
        assert_eq!(one, fingerprint(&[definitions, RELATION, TYPE]));
        assert_ne!(one, fingerprint(&[TYPE, RELATION, r#"{"definitions":"2"}"#]));
    }

    #[test]
    fn a_type_that_never_comes_is_an_error_and_so_is_a_row_of_another_kind() {
        let mut builder = SchemaCacheBuilder::new();
        builder.row(RELATION.as_bytes()).expect("a good row");
        assert!(matches!(builder.finish(), Err(SchemaCacheError::Type(name)) if &*name == "text"));
        assert!(SchemaCacheBuilder::new().row(b"{\"trigger\":{}}").is_err());
        assert!(SchemaCacheBuilder::new().row(b"").is_err());
    }
}
