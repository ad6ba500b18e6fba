//! What limits have found about a request.

use std::rc::Rc;

use postern_core::limit::fields::Shown;
use postern_core::limit::{Check, Checked, Finding, Judgement, Key, LimitError};

use super::key;
use crate::conf::{LimitSettings, Stage, ZoneSettings};
use crate::nginx::Request;

/// The limits of a request, as far as they were checked.
#[derive(Default)]
pub(crate) struct LimitState {
    /// In the order in which they were checked.
    pub(super) applied: Vec<Applied>,
    judgement: Option<Judgement>,
    /// How long the client is told to wait.
    pub(super) retry_after_s: Option<u32>,
    is_done_before: bool,
    is_done_after: bool,
}

/// A limit that was checked.
pub(super) struct Applied {
    pub(super) limit: Rc<LimitSettings>,
    pub(super) key: Key,
    pub(super) finding: Finding,
}

impl LimitState {
    /// What became of the request; `None` if no limit was checked.
    pub(crate) fn judgement(&self) -> Option<Judgement> {
        self.judgement
    }

    /// What was not checked because the request ended before.
    pub(super) fn is_done(&self, stage: Stage) -> bool {
        match stage {
            Stage::BeforeAuthentication => self.is_done_before,
            Stage::AfterAuthentication => self.is_done_after,
        }
    }

    pub(super) fn stage_is_done(&mut self, stage: Stage) {
        match stage {
            Stage::BeforeAuthentication => self.is_done_before = true,
            Stage::AfterAuthentication => self.is_done_after = true,
        }
    }

    /// The stricter of two judgements stands.
    pub(super) fn set_judgement(&mut self, judgement: Judgement) {
        self.judgement = match (self.judgement, judgement) {
            (Some(Judgement::Rejected), _) => Some(Judgement::Rejected),
            (Some(Judgement::DryRun), Judgement::Passed) => Some(Judgement::DryRun),
            (_, judgement) => Some(judgement),
        };
    }

    /// Adds those of the limits that count the request's method, have a key, and were not checked already.
    pub(super) fn add<'l>(
        &mut self,
        request: &mut Request,
        limits: impl Iterator<Item = &'l Rc<LimitSettings>>,
    ) {
        for limit in limits {
            let is_known = self.applied.iter().any(|applied| applied.limit.is_same(limit));
            if is_known || !limit.policy.methods.contains(request.method()) {
                continue;
            }
            if let Some(key) = key::of(request, limit) {
                self.applied.push(Applied {
                    limit: Rc::clone(limit),
                    key,
                    finding: Finding::UNCHECKED,
                });
            }
        }
    }

    /// The limits that refuse the request, each with the time to wait.
    pub(super) fn refusing(&self) -> impl Iterator<Item = (&Applied, u64)> {
        let enforced = self
            .applied
            .iter()
            .filter(|applied| !applied.limit.policy.dry_run);
        enforced.filter_map(|applied| Some((applied, applied.finding.wait_ms()?)))
    }

    /// What a response may tell: a limit that is not enforced is nobody's business but the operator's.
    pub(super) fn shown(&self) -> impl Iterator<Item = Shown<'_>> + Clone {
        let enforced = self
            .applied
            .iter()
            .filter(|applied| !applied.limit.policy.dry_run);
        enforced.map(Applied::shown)
    }
}

impl Applied {
    pub(super) fn shown(&self) -> Shown<'_> {
        Shown {
            policy: &self.limit.policy,
            standing: self.finding.standing(),
        }
    }

    /// Why it refuses.
    pub(super) fn error(&self, retry_after_s: u32) -> LimitError {
        let policy = &self.limit.policy;
        match self.finding {
            Finding::NoRoom { .. } => LimitError::NoRoom { retry_after_s },
            Finding::Within { .. } | Finding::Exceeded { .. } => LimitError::Exceeded {
                name: policy.name.as_str().into(),
                requests: policy.rate.requests(),
                window_s: policy.rate.window_s(),
                retry_after_s,
            },
        }
    }
}

impl Checked for Applied {
    fn check(&self) -> Check<'_> {
        Check {
            policy: &self.limit.policy,
            table: self.limit.zone().map_or(usize::MAX, |(number, _)| *number),
            key: self.key,
        }
    }

    fn finding(&self) -> Finding {
        self.finding
    }

    fn set_finding(&mut self, finding: Finding) {
        self.finding = finding;
    }
}

/// The zones that limits are counted in.
pub(super) fn zones<'l>(
    limits: impl Iterator<Item = &'l Rc<LimitSettings>>,
) -> impl Iterator<Item = &'l (usize, Rc<ZoneSettings>)> {
    limits.filter_map(|limit| limit.zone())
}
