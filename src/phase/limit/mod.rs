//! Rate limits in nginx's phases.
//!
//! ```text
//! preaccess      by address: before anything is known of the client, so that guessing tokens is limited
//! precontent     by user, location and variables: after access was granted by whatever grants it
//! header filter  what responses say of it
//! ```
//!
//! All limits of a stage are judged under one lock. What the first stage has charged is given back when the second rejects. Nothing
//! counts a request twice: subrequests are not counted, and after an internal redirect (also that of `error_page`) only limits
//! that are new to the request do.

mod fields;
mod key;
mod state;
mod variables;

use std::rc::Rc;

use postern_core::error::Error;
use postern_core::limit::fields::seconds;
use postern_core::limit::{Finding, Judgement, judge, refund};

pub(crate) use fields::LimitFields;
pub(crate) use state::LimitState;
use state::{Applied, zones};
pub(crate) use variables::{BodyMember, LimitRemaining, LimitStatus};

use super::timing::{Measured, Step};
use super::{error_body, inflate};
use crate::conf::{LimitSettings, LocationConf, Postern, Stage};
use crate::nginx::Request;
use crate::nginx::phase::{Handler, Verdict};
use crate::worker::with_tables;

/// The handler of the preaccess phase.
pub(crate) struct Preaccess;

/// The handler of the precontent phase.
pub(crate) struct Precontent;

impl Handler for Preaccess {
    fn handle(request: &mut Request) -> Verdict {
        apply(request, Stage::BeforeAuthentication)
    }
}

impl Handler for Precontent {
    fn handle(request: &mut Request) -> Verdict {
        apply(request, Stage::AfterAuthentication)
    }
}

impl Measured for Preaccess {
    const STEP: Step = Step::Limit;

    fn is_wanted(conf: &LocationConf) -> bool {
        conf.limit.limits().is_some()
    }
}

impl Measured for Precontent {
    const STEP: Step = Step::Limit;

    fn is_wanted(conf: &LocationConf) -> bool {
        conf.limit.limits().is_some()
    }
}

/// Judges the request by the limits of a stage.
fn apply(request: &mut Request, stage: Stage) -> Verdict {
    let Some(limits) = request.location_conf::<Postern>().limit.limits().map(Rc::clone) else {
        return Verdict::Decline;
    };
    if !request.is_main() {
        return Verdict::Decline;
    }
    let Some(context) = request.context_or_default::<Postern>() else {
        return Verdict::Status(500);
    };
    if context.limits.judgement() == Some(Judgement::Rejected) {
        return Verdict::Decline;
    }
    let needs_body = |limit: &Rc<LimitSettings>| limit.key.stage() == stage && limit.needs_body();
    if limits.iter().any(needs_body)
        && let Some(verdict) = request.need_body().or_else(|| inflate::inflate(request))
    {
        return verdict;
    }
    let Some(context) = request.context::<Postern>() else {
        return Verdict::Status(500);
    };
    let mut state = std::mem::take(&mut context.limits);
    let verdict = apply_all(request, &mut state, &limits, stage);
    state.stage_is_done(stage);
    if let Some(context) = request.context::<Postern>() {
        context.limits = state;
    }
    verdict
}

fn apply_all(
    request: &mut Request,
    state: &mut LimitState,
    limits: &[Rc<LimitSettings>],
    stage: Stage,
) -> Verdict {
    let first = state.applied.len();
    let of_stage = || limits.iter().filter(|limit| limit.key.stage() == stage);
    state.add(request, of_stage());
    let (earlier, new) = state.applied.split_at_mut(first);
    if new.is_empty() {
        return Verdict::Decline;
    }
    let judgement = with_tables(zones(of_stage()), |tables, now_ms| judge(tables, new, now_ms));
    if judgement == Judgement::Rejected {
        give_back(earlier);
    }
    state.set_judgement(judgement);
    log(request, state.applied.get(first..).unwrap_or_default(), judgement);
    match judgement {
        Judgement::Passed | Judgement::DryRun => Verdict::Decline,
        Judgement::Rejected => reject(request, state),
    }
}

/// What was charged for a request that is rejected now.
fn give_back(charged: &mut [Applied]) {
    if !charged.is_empty() {
        let limits: Vec<_> = charged.iter().map(|applied| Rc::clone(&applied.limit)).collect();
        with_tables(zones(limits.iter()), |tables, _| refund(tables, charged));
    }
}

/// nginx answers the status, so that `error_page` and its log work as for its own limits.
fn reject(request: &mut Request, state: &mut LimitState) -> Verdict {
    let refusing = state.refusing();
    let Some((applied, wait_ms)) = refusing.max_by_key(|(_, wait_ms)| *wait_ms) else {
        return Verdict::Status(500);
    };
    let retry_after_s = seconds(wait_ms).max(1);
    let error = applied.error(retry_after_s);
    state.retry_after_s = Some(retry_after_s);
    error_body::answer(request, &Error::Limit(error))
}

fn log(request: &Request, applied: &[Applied], judgement: Judgement) {
    if judgement == Judgement::Passed {
        return;
    }
    let level = request.location_conf::<Postern>().limit.log_level();
    for applied in applied {
        let Some(wait_ms) = applied.finding.wait_ms() else {
            continue;
        };
        let policy = &applied.limit.policy;
        let mode = if policy.dry_run { ", dry run" } else { "" };
        let reason = match applied.finding {
            Finding::NoRoom { .. } => "no room for another key of",
            Finding::Within { .. } | Finding::Exceeded { .. } => "by",
        };
        request.log(
            level,
            format_args!(
                "limiting requests{mode}, {reason} \"{}\", retry after {} s",
                policy.name,
                seconds(wait_ms)
            ),
        );
    }
}
