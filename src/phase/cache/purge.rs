//! Content phase of a `postern_purge` location: forgets stored responses.

use postern_core::api_request::RequestError;
use postern_core::cache::Purge as What;
use postern_core::error::Error;

use super::super::reply::{JSON, refuse};
use crate::conf::Postern;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::{Level, Request};
use crate::worker;

/// The content handler.
pub(crate) struct Purge;

impl Handler for Purge {
    fn handle(request: &mut Request) -> Verdict {
        let purge = request.location_conf::<Postern>().purge.clone();
        let Some(zone) = purge.as_ref().and_then(|purge| purge.zone()) else {
            return Verdict::Status(500);
        };
        if !matches!(request.method(), b"POST" | b"DELETE" | b"PURGE") {
            let allow = "POST, DELETE, PURGE".into();
            return refuse(request, &RequestError::MethodNotAllowed { allow }.into());
        }
        let Some(what) = What::parse(request.args()) else {
            return refuse(request, &Error::NothingToPurge);
        };
        if let Err(code) = request.discard_body() {
            return Verdict::Finished(code);
        }
        let entries = match &what {
            What::All => {
                worker::all_changed();
                worker::purge(zone, b"")
            }
            What::Prefix(prefix) => worker::purge(zone, prefix),
            // What was read from it is out of date, wherever it is stored; nobody counts how much that is.
            What::Relation(relation) => {
                worker::changed(relation);
                0
            }
        };
        request.log(Level::Notice, format_args!("purged {what:?}, {entries} entries"));
        let body = match what {
            What::All | What::Prefix(_) => format!("{{\"purged\":{entries}}}"),
            What::Relation(_) => "{\"purged\":null}".to_owned(),
        };
        Verdict::Finished(request.send(Reply {
            status: 200,
            content_type: Some(JSON),
            body: Some(body.into()),
            ..Reply::default()
        }))
    }
}
