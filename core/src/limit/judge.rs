//! All limits of a request at once: checked first, and charged only if none of them rejects it.

use super::key::Key;
use super::policy::{OnFull, Policy};
use super::table::Table;

/// A limit that applies to a request.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// What it allows.
    pub policy: &'a Policy,
    /// Which of the tables counts it.
    pub table: usize,
    /// The key that it counts the request under.
    pub key: Key,
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The limit lets the request pass.
    Within {
        /// How the limit stands after the request.
        standing: Standing,
        /// When the request was counted, if it was: for [`refund`].
        charged_ms: Option<u64>,
    },
    /// There were as many requests as are allowed.
    Exceeded {
        /// How long it takes until the next is allowed.
        wait_ms: u64,
    },
    /// It would be a new key, and there is no place for it.
    NoRoom {
        /// How long it takes until there may be one.
        wait_ms: u64,
    },
}

/// How much of a limit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests that are allowed now.
    pub remaining: u32,
    /// In how many milliseconds the oldest that are counted leave the window, so that more are allowed; 0 if none is counted.
    pub reset_ms: u64,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It passes.
    Passed,
    /// It would have been rejected, but for `dry_run`.
    DryRun,
    /// It is rejected.
    Rejected,
}

impl Finding {
    /// Of a limit that was not looked at yet.
    pub const UNCHECKED: Self = Self::Within {
        standing: Standing {
            remaining: 0,
            reset_ms: 0,
        },
        charged_ms: None,
    };

    /// What it becomes when what was charged is given back.
    pub fn refunded(self) -> Self {
        match self {
            Self::Within {
                standing,
                charged_ms: Some(_),
            } => Self::Within {
                standing: Standing {
                    remaining: standing.remaining + 1,
                    ..standing
                },
                charged_ms: None,
            },
            other => other,
        }
    }

    /// How long to wait where the limit refuses.
    pub fn wait_ms(&self) -> Option<u64> {
        match self {
            Self::Within { .. } => None,
            Self::Exceeded { wait_ms } | Self::NoRoom { wait_ms } => Some(*wait_ms),
        }
    }

    /// What is left after the request.
    pub fn standing(&self) -> Standing {
        match *self {
            Self::Within { standing, .. } => standing,
            Self::Exceeded { wait_ms } | Self::NoRoom { wait_ms } => Standing {
                remaining: 0,
                reset_ms: wait_ms,
            },
        }
    }
}

/// Judges a request. The caller holds the locks of all `tables` that the checks name; `findings` gets one for each check.
pub fn judge<'c>(
    tables: &mut [Option<Table<'_>>],
    checks: impl Iterator<Item = Check<'c>> + Clone,
    now_ms: u64,
    findings: &mut Vec<Finding>,
) -> Judgement {
    survey(tables, checks.clone(), now_ms, findings);
    let mut judgement = Judgement::Passed;
    for (check, finding) in checks.clone().zip(&*findings) {
        judgement = match (judgement, finding.wait_ms()) {
            (judgement, None) => judgement,
            (Judgement::Passed | Judgement::DryRun, Some(_)) if check.policy.dry_run => Judgement::DryRun,
            (_, Some(_)) => Judgement::Rejected,
        };
    }
    if judgement != Judgement::Rejected {
        for (check, finding) in checks.zip(findings) {
            charge(tables, &check, now_ms, finding);
        }
    }
    judgement
}

/// How all limits stand, without charging any.
pub fn survey<'c>(
    tables: &mut [Option<Table<'_>>],
    checks: impl Iterator<Item = Check<'c>>,
    now_ms: u64,
    findings: &mut Vec<Finding>,
) {
    findings.clear();
    let mut new_keys = 0;
    findings.extend(checks.map(|check| look(tables, &check, now_ms, &mut new_keys)));
}

/// Takes back what was charged, because something else rejects the request.
pub fn refund<'c>(tables: &mut [Option<Table<'_>>], charges: impl Iterator<Item = (Check<'c>, Finding)>) {
    for (check, finding) in charges {
        let Finding::Within {
            charged_ms: Some(charged_ms),
            ..
        } = finding
        else {
            continue;
        };
        if let Some(Some(table)) = tables.get_mut(check.table) {
            table.refund(&check.key, &check.policy.rate, charged_ms);
        }
    }
}

fn look(tables: &mut [Option<Table<'_>>], check: &Check<'_>, now_ms: u64, new_keys: &mut usize) -> Finding {
    let rate = &check.policy.rate;
    let unused = Finding::Within {
        standing: Standing {
            remaining: rate.requests(),
            reset_ms: 0,
        },
        charged_ms: None,
    };
    let Some(Some(table)) = tables.get_mut(check.table) else {
        return unused;
    };
    if let Some(window) = table.window(&check.key, rate, now_ms) {
        return match window.wait_ms(rate, now_ms, 1) {
            0 => Finding::Within {
                standing: Standing {
                    remaining: rate.requests().saturating_sub(window.requests()),
                    reset_ms: window.reset_ms(rate, now_ms),
                },
                charged_ms: None,
            },
            wait_ms => Finding::Exceeded { wait_ms },
        };
    }
    *new_keys += 1;
    if check.policy.on_full == OnFull::Deny && !table.has_room(*new_keys, now_ms) {
        return Finding::NoRoom {
            wait_ms: table.room_in_ms(now_ms),
        };
    }
    unused
}

fn charge(tables: &mut [Option<Table<'_>>], check: &Check<'_>, now_ms: u64, finding: &mut Finding) {
    let (Some(Some(table)), Finding::Within { standing, charged_ms }) =
        (tables.get_mut(check.table), finding)
    else {
        return;
    };
    let rate = &check.policy.rate;
    *charged_ms = table.charge(&check.key, rate, now_ms);
    if charged_ms.is_some() {
        standing.remaining = standing.remaining.saturating_sub(1);
    }
    if standing.reset_ms == 0 {
        standing.reset_ms = rate.window_ms();
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Finding, Judgement, Standing, judge, refund};
    use crate::limit::{Key, Methods, OnFull, Policy, Seed, Subject, Table};

    const SEED: Seed = Seed([7, 8]);

    fn policy(name: &str, rate: &str) -> Policy {
        Policy {
            name: name.parse().expect("a name"),
            rate: rate.parse().expect("a rate"),
            methods: Methods::ALL,
            dry_run: false,
            on_full: OnFull::Allow,
        }
    }

    fn check<'p>(policy: &'p Policy, who: &str) -> Check<'p> {
        Check {
            policy,
            table: 0,
            key: Key::new(SEED, policy.id(), &Subject::User(who.as_bytes())),
        }
    }

    fn memory(keys: usize) -> Vec<u64> {
        let mut words = vec![u64::MAX; 16 + keys * Table::BYTES_PER_KEY / 8];
        Table::create(&mut words, SEED);
        words
    }

    fn request(words: &mut [u64], checks: &[Check<'_>], now_ms: u64) -> (Judgement, Vec<Finding>) {
        let mut tables = [Table::open(words)];
        let mut findings = Vec::new();
        let judgement = judge(&mut tables, checks.iter().copied(), now_ms, &mut findings);
        (judgement, findings)
    }

    #[test]
    fn what_one_limit_rejects_costs_the_others_nothing() {
        let (small, large) = (policy("small", "2r/m"), policy("large", "10r/m"));
        let checks = [check(&large, "a"), check(&small, "a")];
        let mut words = memory(10);
        for _ in 0..2 {
            assert_eq!(request(&mut words, &checks, 1_000).0, Judgement::Passed);
        }
        for _ in 0..20 {
            assert_eq!(request(&mut words, &checks, 2_000).0, Judgement::Rejected);
        }
        let (judgement, findings) = request(&mut words, &[check(&large, "a")], 3_000);
        assert_eq!(judgement, Judgement::Passed);
        assert_eq!(
            findings[0].standing(),
            Standing {
                remaining: 7,
                reset_ms: 58_000
            }
        );
    }

    #[test]
    fn a_dry_run_counts_and_rejects_nothing() {
        let mut dry = policy("dry", "1r/m");
        dry.dry_run = true;
        let enforced = policy("enforced", "3r/m");
        let checks = [check(&dry, "a"), check(&enforced, "a")];
        let mut words = memory(10);
        let judgements = [0, 1, 2, 3].map(|now| request(&mut words, &checks, now).0);
        assert_eq!(
            judgements,
            [
                Judgement::Passed,
                Judgement::DryRun,
                Judgement::DryRun,
                Judgement::Rejected
            ]
        );
    }

    #[test]
    fn a_refund_makes_room_again() {
        let policy = policy("p", "1r/m");
        let mut words = memory(10);
        let (_, findings) = request(&mut words, &[check(&policy, "a")], 5);
        assert_eq!(
            request(&mut words, &[check(&policy, "a")], 6).0,
            Judgement::Rejected
        );
        refund(
            &mut [Table::open(&mut words)],
            [(check(&policy, "a"), findings[0])].into_iter(),
        );
        assert_eq!(
            request(&mut words, &[check(&policy, "a")], 7).0,
            Judgement::Passed
        );
    }

    #[test]
    fn a_full_table_forgets_or_refuses() {
        let (allow, mut deny) = (policy("p", "5r/m"), policy("p", "5r/m"));
        deny.on_full = OnFull::Deny;
        let mut words = memory(2);
        for who in ["a", "b"] {
            assert_eq!(
                request(&mut words, &[check(&deny, who)], 1_000).0,
                Judgement::Passed
            );
        }
        let (judgement, findings) = request(&mut words, &[check(&deny, "c")], 21_000);
        assert_eq!(
            (judgement, findings[0]),
            (Judgement::Rejected, Finding::NoRoom { wait_ms: 40_000 })
        );
        // Keys that are known pass.
        assert_eq!(
            request(&mut words, &[check(&deny, "a")], 21_000).0,
            Judgement::Passed
        );
        assert_eq!(Table::open(&mut words).expect("a table").evicted(), 0);
        assert_eq!(
            request(&mut words, &[check(&allow, "c")], 21_000).0,
            Judgement::Passed
        );
        assert_eq!(Table::open(&mut words).expect("a table").evicted(), 1);
        // It was "b" that was not used for the longest time.
        let (_, findings) = request(&mut words, &[check(&allow, "a")], 21_000);
        assert_eq!(findings[0].standing().remaining, 2);
        // A window that is over makes room without anything being forgotten.
        assert_eq!(
            request(&mut words, &[check(&deny, "d")], 90_000).0,
            Judgement::Passed
        );
        assert_eq!(Table::open(&mut words).expect("a table").evicted(), 1);
    }

    #[test]
    fn a_table_without_a_place_admits() {
        let policy = policy("p", "1r/m");
        let mut words = memory(0);
        assert_eq!(
            request(&mut words, &[check(&policy, "a")], 1).0,
            Judgement::Passed
        );
        assert_eq!(
            request(&mut words, &[check(&policy, "a")], 1).0,
            Judgement::Passed
        );
    }
}
