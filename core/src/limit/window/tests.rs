//! The window against an exact log of the same traffic.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::{RUNS, Window};
use crate::limit::Rate;

/// What a window should be: every time is remembered.
struct ExactLog {
    admitted_ms: VecDeque<u64>,
}

impl ExactLog {
    /// How many of the admitted requests lie in the window that ends at `now_ms`.
    fn counted(&self, rate: &Rate, now_ms: u64) -> usize {
        let has_left = |&time: &u64| time + rate.window_ms() <= now_ms;
        self.admitted_ms.len() - self.admitted_ms.partition_point(has_left)
    }
}

struct Memory {
    state: u64,
    runs: [u64; RUNS],
}

impl Memory {
    fn new() -> Self {
        Self {
            state: 0,
            runs: [0; RUNS],
        }
    }

    fn window(&mut self) -> Window<'_> {
        Window::new(&mut self.state, &mut self.runs)
    }

    /// Admits a request if it may be.
    fn request(&mut self, rate: &Rate, now_ms: u64) -> bool {
        let mut window = self.window();
        window.expire(rate, now_ms);
        let admitted = window.wait_ms(rate, now_ms, 1) == 0;
        if admitted {
            window.charge(rate, now_ms);
        }
        admitted
    }
}

fn rate(text: &str) -> Rate {
    text.parse().expect("a rate")
}

/// Sends requests at these times and gives how many were admitted, and the most in any window.
fn run(rate: &Rate, times_ms: impl IntoIterator<Item = u64>) -> (usize, usize) {
    let mut memory = Memory::new();
    let mut log = ExactLog {
        admitted_ms: VecDeque::new(),
    };
    let (mut admitted, mut most) = (0, 0);
    for now_ms in times_ms {
        let has_left = |time: u64| time + rate.window_ms() <= now_ms;
        while log.admitted_ms.front().is_some_and(|&time| has_left(time)) {
            log.admitted_ms.pop_front();
        }
        if memory.request(rate, now_ms) {
            log.admitted_ms.push_back(now_ms);
            admitted += 1;
            most = most.max(log.admitted_ms.len());
        }
    }
    (admitted, most)
}

#[test]
fn a_burst_at_the_edge_of_a_fixed_window_gets_no_second_helping() {
    // A fixed window lets both bursts through: 200 within a second.
    let rate = rate("100r/m");
    let bursts = std::iter::repeat_n(59_900, 500).chain(std::iter::repeat_n(60_100, 500));
    assert_eq!(run(&rate, bursts), (100, 100));
}

#[test]
fn half_a_window_later_there_is_no_more_either() {
    // Two weighted counters let 1.83 times the limit through, a bucket with a full burst 1.99 times.
    let rate = rate("600r/m");
    let traffic = (0..600).map(|_| 0).chain((1..1_200).map(|step| step * 50));
    assert_eq!(run(&rate, traffic), (600, 600));
}

#[test]
fn traffic_below_the_limit_is_not_touched() {
    for text in ["100r/m", "1000r/m", "64r/s", "65r/s", "10000r/h"] {
        let rate = rate(text);
        // 97 in a hundred of the limit: a granule is a 63rd of the window.
        let between_ms = rate.window_ms() as f64 / (f64::from(rate.requests()) * 0.97);
        let times = (0..20_000).map(|number| (f64::from(number) * between_ms).ceil() as u64);
        let (admitted, _) = run(&rate, times);
        assert_eq!(admitted, 20_000, "{text}");
    }
}

#[test]
fn a_flood_gets_what_the_rate_gives_and_hardly_less() {
    for text in ["5r/m", "64r/m", "100r/m", "1200r/m", "30000r/m", "30r/s"] {
        let rate = rate(text);
        let windows = 20;
        let times = (0..windows * rate.window_ms()).step_by(7);
        let times = times.flat_map(|time| std::iter::repeat_n(time, 2 + rate.requests() as usize / 15_000));
        let (admitted, most) = run(&rate, times);
        assert!(most <= rate.requests() as usize, "{text}: {most}");
        let share = admitted as f64 / (windows as f64 * f64::from(rate.requests()));
        assert!((0.97..=1.0).contains(&share), "{text}: {share}");
    }
}

#[test]
fn small_limits_are_exact() {
    let rate = rate("3r/s");
    let mut memory = Memory::new();
    assert!(
        [0, 400, 999]
            .map(|now| memory.request(&rate, now))
            .iter()
            .all(|&ok| ok)
    );
    assert!(!memory.request(&rate, 999));
    assert!(memory.request(&rate, 1_000));
    assert!(!memory.request(&rate, 1_399));
    assert!(memory.request(&rate, 1_400));
}

#[test]
fn nobody_waits_longer_than_the_window() {
    for text in ["5r/m", "100r/m", "1000r/s", "1000000r/d"] {
        let rate = rate(text);
        let mut memory = Memory::new();
        for _ in 0..rate.requests() {
            assert!(memory.request(&rate, 12_345));
        }
        let window = memory.window();
        assert_eq!(window.wait_ms(&rate, 12_345, 1), rate.window_ms(), "{text}");
        assert_eq!(window.reset_ms(&rate, 12_345), rate.window_ms(), "{text}");
    }
}

#[test]
fn a_clock_that_is_behind_does_not_admit_more() {
    let rate = rate("2r/s");
    let mut memory = Memory::new();
    assert!(memory.request(&rate, 5_000));
    assert!(memory.request(&rate, 4_000));
    assert!(!memory.request(&rate, 5_500));
    assert!(!memory.request(&rate, 5_999));
    assert!(memory.request(&rate, 6_000));
}

#[test]
fn a_limit_that_is_lowered_waits_until_enough_has_left() {
    let (large, small) = (rate("10r/m"), rate("3r/m"));
    let mut memory = Memory::new();
    for second in 0..10 {
        assert!(memory.request(&large, second * 1_000));
    }
    // Eight of ten must leave; the eighth came at 7 s.
    assert_eq!(memory.window().wait_ms(&small, 9_000, 1), 58_000);
    assert!(!memory.request(&small, 66_999));
    assert!(memory.request(&small, 67_000));
}

#[test]
fn a_limit_that_is_raised_finds_room_for_what_comes() {
    let (small, large) = (rate("64r/m"), rate("1000r/m"));
    let mut memory = Memory::new();
    for step in 0..64 {
        assert!(memory.request(&small, step * 10));
    }
    let admitted = (0..2_000_u64)
        .filter(|step| memory.request(&large, 1_000 + step))
        .count();
    assert_eq!(admitted, 1000 - 64);
    assert_eq!(memory.window().requests(), 1000);
}

#[test]
fn a_refund_in_the_middle_keeps_the_others() {
    let rate = rate("3r/s");
    let mut memory = Memory::new();
    for now in [0, 100, 200] {
        assert!(memory.request(&rate, now));
    }
    memory.window().refund(&rate, 100);
    assert_eq!(memory.window().requests(), 2);
    assert!(memory.request(&rate, 300));
    assert!(!memory.request(&rate, 999));
    assert!(memory.request(&rate, 1_000));
    assert!(!memory.request(&rate, 1_100));
    // What has left already is not given back a second time.
    memory.window().refund(&rate, 0);
    assert!(!memory.request(&rate, 1_100));
}

#[test]
fn repair_recounts_and_drops_what_makes_no_sense() {
    let rate = rate("10r/s");
    let mut memory = Memory::new();
    for now in [100, 200, 300] {
        memory.request(&rate, now);
    }
    // A process was killed between the run and the sum; another one left half a run.
    memory.state |= 0xffff << 32;
    memory.runs[1] = 50 << 24 | 3;
    memory.window().repair(400);
    assert_eq!(memory.window().requests(), 2);
    memory.state = u64::MAX;
    memory.runs = [u64::MAX; RUNS];
    memory.window().repair(400);
    assert_eq!(memory.window().requests(), 0);
    assert!(memory.request(&rate, 400));
}

#[test]
fn repair_keeps_what_a_clock_that_is_ahead_has_counted() {
    let rate = rate("3r/s");
    let mut memory = Memory::new();
    for now in [100, 200, 300] {
        assert!(memory.request(&rate, now));
    }
    memory.window().repair(299);
    assert!(!memory.request(&rate, 299));
    assert_eq!(memory.window().requests(), 3);
}

/// What happens to a key.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Time goes on.
    Wait(u64),
    /// So many requests at once.
    Burst(u8),
    /// One request that another limit rejects.
    Refunded,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u64..3).prop_map(Step::Wait),
        (0_u64..2_000).prop_map(Step::Wait),
        (0_u64..120_000).prop_map(Step::Wait),
        (1_u8..=255).prop_map(Step::Burst),
        (1_u8..=3).prop_map(Step::Burst),
        Just(Step::Refunded),
    ]
}

proptest! {
    #[test]
    fn against_an_exact_log(
        requests in prop_oneof![1_u32..=70, 60_u32..500],
        window_s in prop_oneof![1_u32..=10, Just(60), Just(3_600)],
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let rate = Rate::new(requests, window_s).expect("a rate");
        let mut memory = Memory::new();
        let mut log = ExactLog { admitted_ms: VecDeque::new() };
        let mut now_ms = 1_000_000;
        for step in steps {
            let (count, is_refunded) = match step {
                Step::Wait(pause_ms) => {
                    now_ms += pause_ms;
                    continue;
                }
                Step::Burst(count) => (count, false),
                Step::Refunded => (1, true),
            };
            for _ in 0..count {
                let exact = log.counted(&rate, now_ms);
                let before = { let mut window = memory.window(); window.expire(&rate, now_ms); window.requests() };
                let admitted = memory.request(&rate, now_ms);
                // Never more than the limit; and where every request has a run of its own, never less.
                prop_assert!(!admitted || exact < requests as usize);
                if requests as usize <= RUNS {
                    prop_assert_eq!(admitted, exact < requests as usize);
                } else {
                    // What is counted too long came within one granule.
                    let late = log.counted(&rate, now_ms - rate.granule_ms());
                    prop_assert!((exact..=late).contains(&(before as usize)), "{} {} {}", exact, before, late);
                }
                if !admitted {
                    let wait_ms = memory.window().wait_ms(&rate, now_ms, 1);
                    prop_assert!((1..=rate.window_ms()).contains(&wait_ms));
                    let mut later = Memory { state: memory.state, runs: memory.runs };
                    prop_assert!(later.request(&rate, now_ms + wait_ms), "who waits is admitted");
                } else if is_refunded {
                    memory.window().refund(&rate, now_ms);
                    prop_assert_eq!(memory.window().requests(), before);
                } else {
                    log.admitted_ms.push_back(now_ms);
                }
            }
        }
    }

    #[test]
    fn any_words_are_repaired(state: u64, runs in prop::collection::vec(any::<u64>(), RUNS), now_ms in 0_u64..1 << 40) {
        let mut memory = Memory { state, runs: runs.try_into().expect("as many") };
        let rate = rate("100r/m");
        memory.window().repair(now_ms);
        let window = memory.window();
        let sum: u64 = window.iter().map(|run| u64::from(run.requests)).sum();
        prop_assert_eq!(u64::from(window.requests()), sum);
        prop_assert!(window.wait_ms(&rate, now_ms, 1) <= rate.window_ms());
        prop_assert!(memory.request(&rate, now_ms + rate.window_ms()));
    }
}
