//! Request validation: after access was granted and limits were charged, before there is any content.

use std::rc::Rc;

use postern_core::error::Error;
use postern_core::inflate::Coding;
use postern_core::media_type;
use postern_core::validate::{BodySchema, InvalidRequest, JsonFault, parse_json};

use super::access::arguments;
use super::{error_body, inflate, resource};
use crate::conf::{Postern, ValidateSettings};
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::{Level, Request};

/// The handler of the precontent phase.
pub(crate) struct Validate;

impl Handler for Validate {
    fn handle(request: &mut Request) -> Verdict {
        let Some(settings) = request
            .location_conf::<Postern>()
            .validate
            .settings()
            .map(Rc::clone)
        else {
            return Verdict::Decline;
        };
        let is_refused = request
            .context::<Postern>()
            .is_some_and(|context| context.is_refused);
        if !request.is_main() || is_refused || request.is_error_page() {
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
        let Some(schema) = settings.schema(request.method()) else {
            return Verdict::Decline;
        };
        if let Err(error) = check_body_head(request) {
            return refuse(request, error);
        }
        if let Some(verdict) = request.need_body() {
            return verdict;
        }
        match check_body(request, schema, &settings) {
            Ok(()) => Verdict::Decline,
            Err(Failure::Invalid(error)) => refuse(request, error),
            Err(Failure::Read(error)) => {
                request.log(Level::Error, format_args!("the body cannot be read: {error}"));
                Verdict::Status(500)
            }
        }
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

/// Why a body does not pass.
enum Failure {
    Invalid(InvalidRequest),
    Read(std::io::Error),
}

impl From<InvalidRequest> for Failure {
    fn from(error: InvalidRequest) -> Self {
        Self::Invalid(error)
    }
}

impl From<JsonFault> for Failure {
    fn from(fault: JsonFault) -> Self {
        Self::Invalid(fault.into())
    }
}

fn check_body(request: &Request, schema: &BodySchema, settings: &ValidateSettings) -> Result<(), Failure> {
    let text = request.body_view().map_err(Failure::Read)?;
    let body = parse_json(&text, &settings.json)?;
    Ok(schema.check(&body, settings.errors.status, settings.errors.max)?)
}

fn refuse(request: &mut Request, error: InvalidRequest) -> Verdict {
    request.log(Level::Info, format_args!("{error}"));
    if let Some(context) = request.context_or_default::<Postern>() {
        context.is_refused = true;
    }
    error_body::answer(request, &Error::Invalid(error))
}
