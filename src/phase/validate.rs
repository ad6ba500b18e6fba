//! Request validation: after access was granted and limits were charged, before there is any content.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use postern_core::error::Error;
use postern_core::inflate::Coding;
use postern_core::media_type;
use postern_core::validate::{BodySchema, InvalidRequest, JsonLimits, parse_json};
use tokio::sync::Mutex;

use super::access::arguments;
use super::timing::{Measured, Step};
use super::{error_body, inflate, resource};
use crate::conf::{BodyRule, ErrorOptions, LocationConf, Postern, ValidateSettings};
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::timer::{self, OnExit};
use crate::nginx::{Level, Request};

/// The handler of the precontent phase.
pub(crate) struct Validate;

/// Bodies up to this size are checked on the event loop, for which a hostile one takes a fraction of a millisecond. A thread checks larger ones.
const LOOP_BYTES: usize = 8 << 10;

/// Who has it may have a thread check a body: each worker has one checked at a time, so that hostile bodies take no more than half of the CPU
/// from its event loop, and no more memory than one of them needs.
static TURN: Mutex<()> = Mutex::const_new(());

/// A body is answered 503 if its turn has not come by then.
const TURN_TIMEOUT_MS: u64 = 30_000;

/// Why a body does not pass.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It is not what the location demands.
    Invalid(InvalidRequest),
    /// Nobody could tell: the status to answer.
    Unchecked(u16),
}

impl<E: Into<InvalidRequest>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Invalid(error.into())
    }
}

impl Handler for Validate {
    fn handle(request: &mut Request) -> Verdict {
        let settings = request.location_conf::<Postern>().validate.settings();
        let Some(settings) = settings.map(Rc::clone) else {
            return Verdict::Decline;
        };
        if let Some(context) = request.context::<Postern>() {
            if let Some(checked) = context.checked_body.take() {
                return conclude(request, checked);
            }
            if context.is_refused {
                return Verdict::Decline;
            }
        }
        if !request.is_main() || request.is_error_page() {
            return Verdict::Decline;
        }
        match check_head(request, &settings) {
            Err(error) => return refuse(request, error),
            Ok(defaults) => {
                if add_defaults(request, &defaults).is_none() {
                    return Verdict::Status(500);
                }
            }
        }
        let Some(rule) = settings.body_rule(request.method()) else {
            return Verdict::Decline;
        };
        if let Err(error) = check_body_head(request) {
            return refuse(request, error);
        }
        if let Some(verdict) = request.need_body() {
            return verdict;
        }
        if request.body_length() > LOOP_BYTES {
            return have_thread_check(request, Rc::clone(rule), &settings);
        }
        let checked =
            view(request).and_then(|body| check(&body, &rule.schema, settings.json, settings.errors));
        conclude(request, checked)
    }
}

impl Measured for Validate {
    const STEP: Step = Step::Validate;

    fn is_wanted(conf: &LocationConf) -> bool {
        conf.validate.settings().is_some()
    }
}

/// What can be said without the body. Answers the arguments that get their defaults.
fn check_head(request: &Request, settings: &ValidateSettings) -> Result<String, InvalidRequest> {
    let (status, max) = (settings.errors.status, settings.errors.max);
    let mut defaults = String::new();
    if !settings.arguments.is_empty() {
        let args = arguments(request);
        let takes_default = |name: &str| resource::takes_argument(request, name);
        defaults = settings.arguments.check(&args, status, max, takes_default)?;
    }
    if !settings.fields.is_empty() {
        settings.fields.check(request.headers(), status, max)?;
    }
    if let (Some(rule), Some(key)) = (&settings.key, key(request)) {
        rule.check_key(&key, status)?;
    }
    Ok(defaults)
}

/// Puts defaults into the query string. `None` if nginx is out of memory.
fn add_defaults(request: &mut Request, defaults: &str) -> Option<()> {
    if !defaults.is_empty() {
        request.add_args(defaults.as_bytes())?;
        request.context_or_default::<Postern>()?.has_default_args = true;
    }
    let has_defaults = request
        .context::<Postern>()
        .is_some_and(|context| context.has_default_args);
    // A resource asks for the path as it was written, to tell a slash in a key from one between keys. Where a named location takes over
    // from it, the defaults are there already, and its upstream still has to get them.
    if has_defaults && request.location_conf::<Postern>().resource.is_none() {
        request.forget_written_target();
    }
    Some(())
}

/// The key in the path of a resource.
fn key(request: &Request) -> Option<String> {
    let resource = request.location_conf::<Postern>().resource.as_ref()?;
    let tail = request.uri().get(resource.path.len()..)?;
    let key = tail.strip_prefix(b"/")?;
    (!key.is_empty()).then(|| String::from_utf8_lossy(key).into_owned())
}

fn check_body_head(request: &Request) -> Result<(), InvalidRequest> {
    if !request.content_type().is_some_and(media_type::is_json_syntax) {
        return Err(InvalidRequest::MediaType);
    }
    if inflate::coding(request) != Coding::Identity {
        return Err(InvalidRequest::Compressed);
    }
    Ok(())
}

/// Checks a body, on whichever thread.
fn check(text: &[u8], schema: &BodySchema, json: JsonLimits, errors: ErrorOptions) -> Result<(), Failure> {
    let body = parse_json(text, &json)?;
    Ok(schema.check(&body, errors.status, errors.max)?)
}

/// Leaves a large body to a thread, when its turn comes.
fn have_thread_check(request: &mut Request, rule: Rc<BodyRule>, settings: &ValidateSettings) -> Verdict {
    let (json, errors) = (settings.json, settings.errors);
    request.pause(|handle| async move {
        let turn = timer::timeout(TURN_TIMEOUT_MS, OnExit::Wait, TURN.lock()).await;
        let checked = match turn {
            None => Err(Failure::Unchecked(503)),
            Some(turn) => match handle.with(|request| view(request).map(Cow::into_owned)) {
                // The request is gone.
                None => return,
                Some(Err(failure)) => Err(failure),
                Some(Ok(body)) => {
                    let schema = Arc::clone(&rule.schema);
                    let work = move || check(&body, &schema, json, errors);
                    let done = rule.threads.run(work, turn).await;
                    done.unwrap_or(Err(Failure::Unchecked(500)))
                }
            },
        };
        handle.with(|request| {
            if let Some(context) = request.context_or_default::<Postern>() {
                context.checked_body = Some(checked);
            }
        });
    })
}

fn view(request: &Request) -> Result<Cow<'_, [u8]>, Failure> {
    request.body_view().map_err(|error| {
        request.log(Level::Error, format_args!("the body cannot be read: {error}"));
        Failure::Unchecked(500)
    })
}

fn conclude(request: &mut Request, checked: Result<(), Failure>) -> Verdict {
    match checked {
        Ok(()) => Verdict::Decline,
        Err(Failure::Invalid(error)) => refuse(request, error),
        Err(Failure::Unchecked(status)) => Verdict::Status(status),
    }
}

fn refuse(request: &mut Request, error: InvalidRequest) -> Verdict {
    request.log(Level::Info, format_args!("{error}"));
    if let Some(context) = request.context_or_default::<Postern>() {
        context.is_refused = true;
        context.is_invalid = true;
    }
    error_body::answer(request, &Error::Invalid(error))
}
