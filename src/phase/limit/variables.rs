//! `$postern_limit_status`, `$postern_limit_remaining`, `$postern_body_…`

use std::borrow::Cow;

use postern_core::limit::fields::tightest;
use postern_core::limit::{Judgement, body_member};

use super::state::Applied;
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::variable::Variable;

/// What limits have made of the request: `passed`, `rejected` or `dry-run`; empty where none was checked.
pub(crate) struct LimitStatus;

/// How many requests the tightest limit leaves.
pub(crate) struct LimitRemaining;

/// `$postern_body_name`: a member of a JSON body, trimmed and in lower case, as a key for limits.
pub(crate) struct BodyMember;

impl Variable for BodyMember {
    const NAME: &'static str = "postern_body_";

    fn value(request: &mut Request, rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let body = request.body_view().ok()?;
        let member = body_member(&body, std::str::from_utf8(rest).ok()?)?;
        Some(Cow::Owned(member.into_bytes()))
    }
}

impl Variable for LimitStatus {
    const NAME: &'static str = "postern_limit_status";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let judgement = request.context::<Postern>()?.limits.judgement()?;
        let status: &[u8] = match judgement {
            Judgement::Passed => b"passed",
            Judgement::DryRun => b"dry-run",
            Judgement::Rejected => b"rejected",
        };
        Some(Cow::Borrowed(status))
    }
}

impl Variable for LimitRemaining {
    const NAME: &'static str = "postern_limit_remaining";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let limits = &request.context::<Postern>()?.limits;
        let tightest = tightest(limits.applied.iter().map(Applied::shown))?;
        Some(Cow::Owned(tightest.standing.remaining.to_string().into_bytes()))
    }
}
