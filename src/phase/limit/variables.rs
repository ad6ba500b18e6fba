//! `$postern_limit_status`, `$postern_limit_remaining`

use std::borrow::Cow;

use postern_core::limit::Judgement;
use postern_core::limit::fields::tightest;

use super::state::Applied;
use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::variable::Variable;

/// What limits have made of the request: `passed`, `rejected` or `dry-run`; empty where none was checked.
pub(crate) struct LimitStatus;

/// How many requests the tightest limit leaves.
pub(crate) struct LimitRemaining;

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
