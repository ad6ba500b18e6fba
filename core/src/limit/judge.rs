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

/// A table, and the number that checks name it by.
pub struct NumberedTable<'a> {
    /// The number.
    pub number: usize,
    /// The table, whose lock the caller holds.
    pub table: Table<'a>,
    /// How many keys of the request are new to it.
    new_keys: usize,
}

impl<'a> NumberedTable<'a> {
    /// The table of this number.
    pub fn new(number: usize, table: Table<'a>) -> Self {
        let new_keys = 0;
        Self {
            number,
            table,
            new_keys,
        }
    }
}

/// A limit of a request with what became of it.
pub trait Checked {
    /// The limit.
    fn check(&self) -> Check<'_>;
    /// What became of it.
    fn finding(&self) -> Finding;
    /// Notes what became of it.
    fn set_finding(&mut self, finding: Finding);
}

/// Judges a request. The caller holds the locks of all tables that the limits are counted in.
pub fn judge<C: Checked>(tables: &mut [NumberedTable<'_>], limits: &mut [C], now_ms: u64) -> Judgement {
    survey(tables, limits, now_ms);
    let mut judgement = Judgement::Passed;
    for limit in &*limits {
        judgement = match (judgement, limit.finding().wait_ms()) {
            (judgement, None) => judgement,
            (Judgement::Passed | Judgement::DryRun, Some(_)) if limit.check().policy.dry_run => {
                Judgement::DryRun
            }
            (_, Some(_)) => Judgement::Rejected,
        };
    }
    if judgement != Judgement::Rejected {
        for limit in limits {
            let finding = charge(tables, &limit.check(), limit.finding(), now_ms);
            limit.set_finding(finding);
        }
    }
    judgement
}

/// How all limits stand, without charging any.
pub fn survey<C: Checked>(tables: &mut [NumberedTable<'_>], limits: &mut [C], now_ms: u64) {
    for table in &mut *tables {
        table.new_keys = 0;
    }
    for limit in limits {
        let finding = look(tables, &limit.check(), now_ms);
        limit.set_finding(finding);
    }
}

/// Takes back what was charged, because something else rejects the request.
pub fn refund<C: Checked>(tables: &mut [NumberedTable<'_>], limits: &mut [C]) {
    for limit in limits {
        let Finding::Within {
            standing,
            charged_ms: Some(charged_ms),
        } = limit.finding()
        else {
            continue;
        };
        let check = limit.check();
        if let Some(table) = table(tables, check.table) {
            table.refund(&check.key, &check.policy.rate, charged_ms);
        }
        limit.set_finding(Finding::Within {
            standing: Standing {
                remaining: standing.remaining + 1,
                ..standing
            },
            charged_ms: None,
        });
    }
}

fn look(tables: &mut [NumberedTable<'_>], check: &Check<'_>, now_ms: u64) -> Finding {
    let rate = &check.policy.rate;
    let unused = Finding::Within {
        standing: Standing {
            remaining: rate.requests(),
            reset_ms: 0,
        },
        charged_ms: None,
    };
    let Some(NumberedTable { table, new_keys, .. }) = numbered(tables, check.table) else {
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

fn charge(tables: &mut [NumberedTable<'_>], check: &Check<'_>, finding: Finding, now_ms: u64) -> Finding {
    let rate = &check.policy.rate;
    let (Some(table), Finding::Within { standing, .. }) = (table(tables, check.table), finding) else {
        return finding;
    };
    let Some(charged_ms) = table.charge(&check.key, rate, now_ms) else {
        return finding;
    };
    Finding::Within {
        standing: Standing {
            remaining: standing.remaining.saturating_sub(1),
            reset_ms: match standing.reset_ms {
                0 => rate.window_ms(),
                reset_ms => reset_ms,
            },
        },
        charged_ms: Some(charged_ms),
    }
}

/// There are few tables, and most requests need one.
fn table<'t, 'a>(tables: &'t mut [NumberedTable<'a>], number: usize) -> Option<&'t mut Table<'a>> {
    Some(&mut numbered(tables, number)?.table)
}

fn numbered<'t, 'a>(tables: &'t mut [NumberedTable<'a>], number: usize) -> Option<&'t mut NumberedTable<'a>> {
    tables.iter_mut().find(|table| table.number == number)
}

#[cfg(test)]
mod tests {
    use super::{Check, Checked, Finding, Judgement, NumberedTable, Standing, judge, refund};
    use crate::limit::{Key, OnFull, Policy, Seed, Subject, Table};

    const SEED: Seed = Seed([7, 8]);

    fn policy(name: &str, rate: &str) -> Policy {
        Policy::new(name.parse().expect("a name"), rate.parse().expect("a rate"))
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

    #[derive(Clone, Copy)]
    struct Limit<'p> {
        check: Check<'p>,
        finding: Finding,
    }

    impl Checked for Limit<'_> {
        fn check(&self) -> Check<'_> {
            self.check
        }

        fn finding(&self) -> Finding {
            self.finding
        }

        fn set_finding(&mut self, finding: Finding) {
            self.finding = finding;
        }
    }

    fn tables_of(words: &mut [u64]) -> [NumberedTable<'_>; 1] {
        let table = Table::open(words).expect("a table");
        [NumberedTable::new(0, table)]
    }

    fn request(words: &mut [u64], checks: &[Check<'_>], now_ms: u64) -> (Judgement, Vec<Finding>) {
        let finding = Finding::UNCHECKED;
        let mut limits: Vec<_> = checks.iter().map(|&check| Limit { check, finding }).collect();
        let judgement = judge(&mut tables_of(words), &mut limits, now_ms);
        (judgement, limits.iter().map(|limit| limit.finding).collect())
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
        let mut limits = [Limit {
            check: check(&policy, "a"),
            finding: findings[0],
        }];
        refund(&mut tables_of(&mut words), &mut limits);
        assert_eq!(limits[0].finding.standing().remaining, 1);
        // Once, and not again.
        refund(&mut tables_of(&mut words), &mut limits);
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
    fn new_keys_of_another_table_need_no_room_in_this_one() {
        let mut deny = policy("p", "5r/m");
        deny.on_full = OnFull::Deny;
        let (mut one, mut two) = (memory(1), memory(1));
        let open = |words| Table::open(words).expect("a table");
        let mut tables = [
            NumberedTable::new(0, open(&mut one)),
            NumberedTable::new(1, open(&mut two)),
        ];
        let finding = Finding::UNCHECKED;
        let mut limits = [0, 1].map(|table| Limit {
            check: Check {
                table,
                ..check(&deny, "a")
            },
            finding,
        });
        assert_eq!(judge(&mut tables, &mut limits, 1_000), Judgement::Passed);
        // Two in the same table are one too many.
        let mut limits = ["b", "c"].map(|who| Limit {
            check: check(&deny, who),
            finding,
        });
        let mut words = memory(1);
        let mut tables = tables_of(&mut words);
        assert_eq!(judge(&mut tables, &mut limits, 1_000), Judgement::Rejected);
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
