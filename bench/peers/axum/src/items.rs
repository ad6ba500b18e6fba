//! Items, as they are read and written. Texts are borrowed from the row that was received.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

pub(crate) const BY_ID: &str =
    "SELECT id, name, price, qty, tags, created, owner, note FROM bench.items WHERE id = $1";
pub(crate) const PAGE: &str = "SELECT id, name, price, qty, tags, created, owner, note FROM bench.items \
     WHERE id > $1 ORDER BY id LIMIT $2";
pub(crate) const INSERT: &str = "INSERT INTO bench.posted_items (name, price, qty, tags, owner, note) \
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, name, price, qty, tags, created, owner, note";

#[derive(Serialize)]
pub(crate) struct Item<'a> {
    pub(crate) id: i32,
    name: &'a str,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    price: Decimal,
    qty: i32,
    /// JSON that nobody looks into.
    tags: &'a RawValue,
    created: DateTime<Utc>,
    owner: &'a str,
    note: Option<&'a str>,
}

impl<'a> TryFrom<&'a Row> for Item<'a> {
    type Error = tokio_postgres::Error;

    fn try_from(row: &'a Row) -> Result<Self, Self::Error> {
        let Json(tags) = row.try_get::<_, Json<&RawValue>>(4)?;
        Ok(Item {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            price: row.try_get(2)?,
            qty: row.try_get(3)?,
            tags,
            created: row.try_get(5)?,
            owner: row.try_get(6)?,
            note: row.try_get(7)?,
        })
    }
}

#[derive(Serialize)]
pub(crate) struct Page<'a> {
    pub(crate) data: Vec<Item<'a>>,
    pub(crate) next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct NewItem {
    pub(crate) name: String,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub(crate) price: Decimal,
    pub(crate) qty: i32,
    pub(crate) tags: Box<RawValue>,
    pub(crate) owner: String,
    pub(crate) note: Option<String>,
}
