//! The header fields that tell a client of its limits, on every response of a limited location.

use std::rc::Rc;

use postern_core::limit::fields::{self, Shown, seconds, tightest};
use postern_core::limit::{Judgement, survey};

use super::state::{LimitState, zones};
use crate::conf::{Fields, Postern};
use crate::nginx::Request;
use crate::nginx::filter::HeaderFilter;
use crate::worker::with_tables;

/// The filter.
pub(crate) struct LimitFields;

impl HeaderFilter for LimitFields {
    fn filter(request: &mut Request) {
        if !request.is_main() {
            return;
        }
        let wanted = request.location_conf::<Postern>().limit.fields();
        let has_limits = request.location_conf::<Postern>().limit.limits().is_some();
        let mut state = match request.context::<Postern>() {
            Some(context) => std::mem::take(&mut context.limits),
            None if has_limits => LimitState::default(),
            None => return,
        };
        if let Some(retry_after_s) = state.retry_after_s {
            let mut value = Vec::with_capacity(10);
            fields::write_number(&mut value, retry_after_s);
            request.add_constant_header("Retry-After", &value);
        }
        let counted = state.applied.len();
        if wanted.x_ratelimit || wanted.ietf {
            look_at_the_rest(request, &mut state);
            add(request, wanted, state.shown());
        }
        state.applied.truncate(counted);
        if let Some(context) = request.context::<Postern>() {
            context.limits = state;
        }
    }
}

/// A request may end before its limits were checked: refused in another phase, or because its body is too large. It was not counted
/// then, but its response tells how the limits stand all the same.
fn look_at_the_rest(request: &mut Request, state: &mut LimitState) {
    if state.judgement() == Some(Judgement::Rejected) {
        return;
    }
    let Some(limits) = request.location_conf::<Postern>().limit.limits().map(Rc::clone) else {
        return;
    };
    let (first, done) = (state.applied.len(), |stage| state.is_done(stage));
    let rest: Vec<_> = limits.iter().filter(|limit| !done(limit.key.stage())).collect();
    if rest.is_empty() {
        return;
    }
    state.add(request, rest.iter().copied());
    let new = state.applied.get_mut(first..).unwrap_or_default();
    with_tables(zones(rest.into_iter()), |tables, now_ms| {
        survey(tables, new, now_ms)
    });
}

fn add<'s>(request: &mut Request, wanted: Fields, limits: impl Iterator<Item = Shown<'s>> + Clone) {
    let Some(tightest) = tightest(limits.clone()) else {
        return;
    };
    let mut value = Vec::with_capacity(128);
    let mut add = |name: &'static str, write: &mut dyn FnMut(&mut Vec<u8>)| {
        value.clear();
        write(&mut value);
        // Without memory nginx will not get far with the response either.
        request.add_constant_header(name, &value)
    };
    if wanted.x_ratelimit {
        let Shown { policy, standing } = tightest;
        let numbers = [
            ("X-RateLimit-Limit", policy.rate.requests()),
            ("X-RateLimit-Remaining", standing.remaining),
            ("X-RateLimit-Reset", seconds(standing.reset_ms)),
        ];
        for (name, number) in numbers {
            add(name, &mut |value| fields::write_number(value, number));
        }
    }
    if wanted.ietf {
        add("RateLimit-Policy", &mut |value| {
            limits
                .clone()
                .for_each(|limit| fields::write_policy(value, limit.policy));
        });
        add("RateLimit", &mut |value| {
            limits
                .clone()
                .for_each(|limit| fields::write_standing(value, &limit));
        });
    }
}
