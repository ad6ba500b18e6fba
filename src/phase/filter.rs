//! Input filter: after access was granted and limits were charged, before anything else looks at what the client sends.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;

use postern_core::error::Error;
use postern_core::filter::{
    Body, Class, Finding, Input, Inspection, Progress, Scratch, Subject, write_log_line,
};
use postern_core::inflate::{Coding, InflateError};

use super::timing::{Measured, Step};
use super::{error_body, inflate};
use crate::conf::{Filter, FilterMode, LocationConf, Postern};
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::{Level, Request, time};

/// The handler of the precontent phase.
pub(crate) struct FilterInput;

/// How much is looked at before others get their turn: a fraction of a millisecond for the worst of inputs.
const SLICE_BYTES: usize = 8 << 10;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// How far the inspection of a request has got.
#[derive(Default)]
pub(crate) enum FilterState {
    /// It has not begun.
    #[default]
    Unseen,
    /// It goes on, with the body that it has to see to its end.
    Looking(Inspection, Vec<u8>),
    /// It is over, for this filter. Another location may have another one.
    Seen(Rc<Filter>),
}

/// What the filter has found in a request, and done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// The class of the first attack.
    pub(crate) class: Class,
    /// The request was refused.
    pub(crate) is_blocked: bool,
}

impl Handler for FilterInput {
    fn handle(request: &mut Request) -> Verdict {
        let Some(filter) = request.location_conf::<Postern>().filter.filter().map(Rc::clone) else {
            return Verdict::Decline;
        };
        if !request.is_main() {
            return Verdict::Decline;
        }
        let Some(context) = request.context_or_default::<Postern>() else {
            return Verdict::Status(500);
        };
        if context.is_refused {
            return Verdict::Decline;
        }
        let (mut inspection, body) = match std::mem::take(&mut context.filter) {
            FilterState::Looking(inspection, body) => (inspection, Some(body)),
            FilterState::Seen(seen) if !Rc::ptr_eq(&seen, &filter) => (Inspection::new(), None),
            FilterState::Unseen => (Inspection::new(), None),
            seen @ FilterState::Seen(_) => {
                context.filter = seen;
                return Verdict::Decline;
            }
        };
        if let Some(verdict) = request.need_body() {
            return verdict;
        }
        if body.is_none() && cannot_look(request, &filter) {
            return inflate::refuse(request, InflateError::Coding);
        }
        let state = match look(request, &filter, &mut inspection, body) {
            Ok(Some(body)) => FilterState::Looking(inspection, body),
            Ok(None) => return judge(request, filter, inspection.findings()),
            Err(error) => {
                request.log(Level::Error, format_args!("the body cannot be read: {error}"));
                return Verdict::Status(500);
            }
        };
        set_state(request, state);
        request.pause(|_| next_turn())
    }
}

impl Measured for FilterInput {
    const STEP: Step = Step::Filter;

    fn is_wanted(conf: &LocationConf) -> bool {
        conf.filter.filter().is_some()
    }
}

fn set_state(request: &mut Request, state: FilterState) {
    if let Some(context) = request.context::<Postern>() {
        context.filter = state;
    }
}

/// Whether a body is one that the filter would look at if it were not compressed, and is to be refused for that: it must be no way around it.
/// Where the filter only detects, it passes, and the error log tells.
fn cannot_look(request: &Request, filter: &Filter) -> bool {
    if inflate::coding(request) == Coding::Identity || !filter.settings.takes_path(request.unparsed_path()) {
        return false;
    }
    let is_text = request.body_view().is_ok_and(|body| {
        let content_type = request.content_type().unwrap_or_default();
        !matches!(Body::of(content_type, &body), Body::None)
    });
    if is_text {
        request.log(
            Level::Warn,
            format_args!("the filter cannot look at a compressed body"),
        );
    }
    is_text && filter.mode == FilterMode::Block
}

/// Looks at a slice; answers the body if there is more to look at.
fn look(
    request: &Request,
    filter: &Filter,
    inspection: &mut Inspection,
    body: Option<Vec<u8>>,
) -> io::Result<Option<Vec<u8>>> {
    let body = match body {
        Some(body) => Cow::Owned(body),
        None => request.body_view()?,
    };
    let headers: Vec<_> = request.headers().collect();
    let input = Input {
        path: request.unparsed_path(),
        args: request.args(),
        headers: &headers,
        body: Body::of(request.content_type().unwrap_or_default(), &body),
    };
    let progress =
        SCRATCH.with_borrow_mut(|scratch| inspection.step(&filter.settings, &input, scratch, SLICE_BYTES));
    Ok((progress == Progress::Pending).then(|| body.into_owned()))
}

/// Lets the loop serve others first.
pub(super) async fn next_turn() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn judge(request: &mut Request, filter: Rc<Filter>, findings: &[Finding]) -> Verdict {
    set_state(request, FilterState::Seen(Rc::clone(&filter)));
    let Some(first) = findings.first() else {
        return Verdict::Decline;
    };
    let request_id = filter
        .request_id
        .and_then(|index| request.variable(index))
        .unwrap_or_default();
    let is_blocked = filter.mode == FilterMode::Block;
    report(request, &filter, findings, &request_id, is_blocked);
    if let Some(context) = request.context::<Postern>() {
        context.finding = Some(Found {
            class: first.class,
            is_blocked,
        });
        context.is_refused = is_blocked;
    }
    if !is_blocked {
        return Verdict::Decline;
    }
    let error = Error::Filtered {
        class: first.class,
        request_id: String::from_utf8_lossy(&request_id).into(),
    };
    error_body::answer(request, &error)
}

fn report(request: &mut Request, filter: &Filter, findings: &[Finding], request_id: &[u8], is_blocked: bool) {
    let identity = request
        .context::<Postern>()
        .and_then(|context| context.identity.clone());
    let time = time::iso8601();
    let subject = Subject {
        time: &time,
        request_id,
        client: request.remote_addr().unwrap_or_default(),
        user: identity
            .as_ref()
            .and_then(|identity| identity.subject())
            .map(|subject| &**subject),
        method: request.method(),
        path: request.unparsed_path(),
        is_blocked,
    };
    for finding in findings {
        let mut line = Vec::with_capacity(512);
        write_log_line(&mut line, &subject, finding);
        let written = match &filter.log {
            Some(log) => log.write(&line),
            None => {
                let text = String::from_utf8_lossy(line.trim_ascii_end());
                request.log(Level::Warn, format_args!("attack: {text}"));
                Ok(())
            }
        };
        if let Err(error) = written {
            request.log(
                Level::Error,
                format_args!("the security log cannot be written: {error}"),
            );
        }
    }
}
