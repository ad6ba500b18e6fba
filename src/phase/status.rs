//! Content phase of a `postern_status` location: one page, and what it draws as JSON where that is asked for.
//!
//! The page is `src/phase/status/`, put together once by each worker. It brings all that it needs; its policy names the hashes of its own
//! script and style, so that nothing else runs, whatever gets into it.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use super::reply::{JSON, refuse_writes};
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::worker;

/// The content handler.
pub(crate) struct Status;

impl Handler for Status {
    fn handle(request: &mut Request) -> Verdict {
        if let Some(refused) = refuse_writes(request) {
            return refused;
        }
        let reply = if wants_json(request) {
            let Some(report) = worker::report(request.main_conf::<Postern>()) else {
                return Verdict::Status(500);
            };
            reply(JSON, report.to_json().into())
        } else {
            page()
        };
        Verdict::Finished(request.send(reply))
    }
}

/// By an argument, or by what the client accepts.
fn wants_json(request: &Request) -> bool {
    let is_named = request
        .args()
        .split(|&byte| byte == b'&')
        .any(|argument| argument == b"format=json");
    let name = b"application/json";
    let accept = request.header(b"accept").unwrap_or_default();
    is_named
        || accept
            .windows(name.len())
            .any(|part| part.eq_ignore_ascii_case(name))
}

fn reply(content_type: &'static str, body: Bytes) -> Reply {
    Reply {
        status: 200,
        content_type: Some(content_type),
        headers: vec![
            ("Cache-Control".into(), "no-store".into()),
            ("X-Content-Type-Options".into(), "nosniff".into()),
        ],
        body: Some(body),
        ..Reply::default()
    }
}

fn page() -> Reply {
    let mut reply = reply("text/html; charset=utf-8", PAGE.html.clone());
    reply
        .headers
        .push(("Content-Security-Policy".into(), PAGE.policy.clone()));
    reply
        .headers
        .push(("Referrer-Policy".into(), "no-referrer".into()));
    reply
}

/// The page with its policy.
struct Page {
    html: Bytes,
    policy: Bytes,
}

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let html = FRAME.replace("@STYLE@", STYLE).replace("@SCRIPT@", SCRIPT);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT),
    );
    Page {
        html: html.into(),
        policy: policy.into(),
    }
});

const FRAME: &str = include_str!("status/page.html");
const STYLE: &str = include_str!("status/page.css");

/// One module: each file uses what those before it define.
const SCRIPT: &str = concat!(
    include_str!("status/format.js"),
    include_str!("status/history.js"),
    include_str!("status/chart.js"),
    include_str!("status/tables.js"),
    include_str!("status/main.js"),
);
