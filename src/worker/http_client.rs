//! Fetches a small resource of an HTTP server.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;

use super::http_stream::HttpStream;
use crate::conf::Endpoint;
use crate::nginx::addr::Address;
use crate::nginx::executor;
use crate::nginx::timer::{self, OnExit};

/// The time for everything: connecting, TLS, the request and its answer.
const TIMEOUT_MS: u64 = 10_000;

/// No resource that is fetched is larger.
const MAX_BYTES: usize = 1 << 20;

/// Why nothing could be fetched: the reasons of all addresses.
#[derive(Debug)]
pub(super) struct FetchError(String);

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The body of a 200 from the first address that gives one. Redirects are not followed: the URL is to be the right one.
pub(super) async fn fetch(endpoint: &Endpoint) -> Result<Bytes, FetchError> {
    let mut reasons = Vec::new();
    for address in &endpoint.addresses {
        let attempt = timer::timeout(TIMEOUT_MS, OnExit::Abandon, fetch_from(endpoint, address));
        match attempt.await.unwrap_or_else(|| Err("timed out".into())) {
            Ok(body) => return Ok(body),
            Err(reason) => reasons.push(format!("{}: {reason}", address.name())),
        }
    }
    Err(FetchError(reasons.join("; ")))
}

async fn fetch_from(
    endpoint: &Endpoint,
    address: &Address,
) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    let stream = HttpStream::connect(address, endpoint.tls.as_deref()).await?;
    let (mut sender, connection) = http1::handshake(stream).await?;
    // Dropped with this future. What goes wrong on the connection, the sender is told too.
    let _driver = executor::spawn(async move {
        let _ = connection.await;
    });
    let response = sender.send_request(request(endpoint)?).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("status {}", response.status().as_u16()).into());
    }
    let body = Limited::new(response.into_body(), MAX_BYTES).collect().await?;
    Ok(body.to_bytes())
}

fn request(endpoint: &Endpoint) -> Result<Request<Empty<Bytes>>, http::Error> {
    let url = &endpoint.url;
    let target = url.path_and_query().map_or("/", |target| target.as_str());
    let host = url.authority().map_or("", |authority| authority.as_str());
    Request::get(target)
        .header(HOST, host)
        .header(ACCEPT, "application/json, */*;q=0.1")
        .header(USER_AGENT, concat!("postern/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(Empty::new())
}
