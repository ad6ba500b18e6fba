//! What goes wrong with a request, and its answer.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug, Clone)]
pub(crate) enum Error {
    Unauthorized,
    NotFound,
    Unavailable,
    Database,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Error::Unauthorized => (StatusCode::UNAUTHORIZED, "the token is not valid"),
            Error::NotFound => (StatusCode::NOT_FOUND, "there is no such item"),
            Error::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "there is no connection to the database",
            ),
            Error::Database => (StatusCode::INTERNAL_SERVER_ERROR, "the database has failed"),
        };
        (status, Json(json!({ "message": message }))).into_response()
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(_: tokio_postgres::Error) -> Self {
        Error::Database
    }
}
