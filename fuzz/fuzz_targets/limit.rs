//! Whatever happens to a table of limits: nothing panics, no window has more than its limit, who waits is admitted, and words
//! that a killed process has left are repaired.
#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use postern_core::limit::{
    Check, Checked, Finding, Judgement, Key, LimitName, NumberedTable, Policy, Rate, Seed, Subject, Table,
    body_member, judge,
};

struct Limit<'p> {
    policy: &'p Policy,
    key: Key,
    finding: Finding,
}

impl Checked for Limit<'_> {
    fn check(&self) -> Check<'_> {
        Check {
            policy: self.policy,
            table: 0,
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

const PLACES: usize = 4;

fuzz_target!(|data: &[u8]| {
    let _ = body_member(data, "email");
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = (text.parse::<Rate>(), text.parse::<LimitName>());
    }
    let [requests, window_s, steps @ ..] = data else {
        return;
    };
    let Ok(rate) = Rate::new(u32::from(*requests) + 1, u32::from(window_s % 8) + 1) else {
        return;
    };
    let Ok(name) = "fuzz".parse() else {
        return;
    };
    let policy = Policy::new(name, rate);
    let mut words = vec![u64::MAX; 16 + PLACES * Table::BYTES_PER_KEY / 8];
    Table::create(&mut words, Seed([1, 2]));
    let mut admitted: HashMap<u8, Vec<u64>> = HashMap::new();
    let mut now_ms = 1_000_000;
    for step in steps.chunks_exact(3) {
        let (who, pause, what) = (step[0] % PLACES as u8, step[1], step[2]);
        now_ms += u64::from(pause) * 7;
        if what == 255 {
            // A killed process: what it wrote last may be anything, and what was counted may be lost.
            let place = 16 + usize::from(pause) * 7 % (words.len() - 16);
            words[place] = u64::from_be_bytes([step[0], what, pause, step[0], pause, what, step[0], pause]);
            let Some(mut table) = Table::open(&mut words) else {
                panic!("the header was not touched");
            };
            table.repair(now_ms);
            admitted.clear();
            continue;
        }
        let Some(table) = Table::open(&mut words) else {
            panic!("the header was not touched");
        };
        let mut limits = [Limit {
            policy: &policy,
            key: Key::new(Seed([1, 2]), policy.id(), &Subject::User(&[who])),
            finding: Finding::UNCHECKED,
        }];
        let judgement = judge(&mut [NumberedTable::new(0, table)], &mut limits, now_ms);
        match judgement {
            Judgement::Passed => {
                let log = admitted.entry(who).or_default();
                log.push(now_ms);
                let inside = log
                    .iter()
                    .filter(|&&time| time + rate.window_ms() > now_ms)
                    .count();
                assert!(inside <= rate.requests() as usize);
            }
            Judgement::Rejected => {
                let wait_ms = limits[0].finding.wait_ms().unwrap_or_default();
                assert!((1..=rate.window_ms()).contains(&wait_ms));
            }
            Judgement::DryRun => panic!("the limit is enforced"),
        }
    }
});
