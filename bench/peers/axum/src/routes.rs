//! The endpoints.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use moka::future::Cache;
use serde::{Deserialize, Serialize};

use crate::auth::{Caller, Identity, Verifier};
use crate::database::{self, Pool};
use crate::error::Error;
use crate::items::{Item, NewItem, Page};

const CACHED: u64 = 100_000;
const CACHED_FOR: Duration = Duration::from_secs(3600);
const MOST_ON_A_PAGE: u16 = 1000;
/// The usual length of an item, to begin with.
const ITEM_BYTES: usize = 256;

/// What the workers share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    /// By the caller's claims and the key: nobody gets what somebody else has asked for.
    cache: Cache<(Arc<str>, i32), Bytes, ahash::RandomState>,
}

/// What a handler has.
#[derive(Clone)]
pub(crate) struct App {
    pool: Arc<Pool>,
    shared: Shared,
}

impl Shared {
    pub(crate) fn new(secret: Vec<u8>) -> Self {
        Shared(Arc::new(Inner {
            verifier: Verifier::new(&secret),
            cache: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(CACHED_FOR)
                .build_with_hasher(ahash::RandomState::new()),
        }))
    }
}

impl App {
    pub(crate) fn verifier(&self) -> &Verifier {
        &self.shared.0.verifier
    }
}

pub(crate) fn router(pool: Pool, shared: Shared) -> Router {
    Router::new()
        .route("/items/{id}", get(one))
        .route("/items", get(many))
        .route("/posted_items", post(create))
        .route("/cached_items/{id}", get(cached))
        .with_state(App {
            pool: Arc::new(pool),
            shared,
        })
}

async fn one(State(app): State<App>, Caller(caller): Caller, Path(id): Path<i32>) -> Result<Response, Error> {
    Ok(json(StatusCode::OK, by_id(&app.pool, &caller, id).await?))
}

async fn cached(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<i32>,
) -> Result<Response, Error> {
    let cache = &app.shared.0.cache;
    let key = (Arc::clone(&caller.claims), id);
    let body = match cache.get(&key).await {
        Some(body) => body,
        // Whoever else asks meanwhile waits for this one.
        None => cache
            .try_get_with(key, by_id(&app.pool, &caller, id))
            .await
            .map_err(|error: Arc<Error>| (*error).clone())?,
    };
    Ok(json(StatusCode::OK, body))
}

async fn by_id(pool: &Pool, caller: &Identity, id: i32) -> Result<Bytes, Error> {
    let rows = pool.run(caller, database::Query::ById, &[&id]).await?;
    let row = rows.first().ok_or(Error::NotFound)?;
    body(&Item::try_from(row)?, ITEM_BYTES)
}

#[derive(Deserialize)]
struct Paging {
    limit: Option<u16>,
    cursor: Option<i32>,
}

async fn many(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(paging): Query<Paging>,
) -> Result<Response, Error> {
    let limit = paging.limit.unwrap_or(20).min(MOST_ON_A_PAGE);
    let after = paging.cursor.unwrap_or(0);
    // One more than asked for: it tells whether there is another page.
    let rows = app
        .pool
        .run(&caller, database::Query::Page, &[&after, &(i64::from(limit) + 1)])
        .await?;
    let shown = rows.len().min(usize::from(limit));
    let data = rows[..shown]
        .iter()
        .map(Item::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let next_cursor = data
        .last()
        .filter(|_| rows.len() > shown)
        .map(|item| item.id.to_string());
    let page = Page { data, next_cursor };
    Ok(json(StatusCode::OK, body(&page, ITEM_BYTES * (shown + 1))?))
}

async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    Json(new): Json<NewItem>,
) -> Result<Response, Error> {
    let tags = tokio_postgres::types::Json(&new.tags);
    let rows = app
        .pool
        .run(
            &caller,
            database::Query::Insert,
            &[&new.name, &new.price, &new.qty, &tags, &new.owner, &new.note],
        )
        .await?;
    let item = Item::try_from(rows.first().ok_or(Error::Database)?)?;
    let mut response = json(StatusCode::CREATED, body(&item, ITEM_BYTES)?);
    let location =
        HeaderValue::try_from(format!("/posted_items/{}", item.id)).map_err(|_| Error::Database)?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

fn body(value: &impl Serialize, capacity: usize) -> Result<Bytes, Error> {
    let mut text = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut text, value).map_err(|_| Error::Database)?;
    Ok(text.into())
}

fn json(status: StatusCode, body: Bytes) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    (status, [(CONTENT_TYPE, JSON)], body).into_response()
}
