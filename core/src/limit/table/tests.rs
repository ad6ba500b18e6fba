//! The table against a simple model, and after processes that were killed.

use std::collections::HashMap;

use proptest::prelude::*;

use super::Table;
use crate::limit::{Key, Rate, Seed, Subject};

const SEED: Seed = Seed([3, 4]);

fn memory(keys: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; 16 + keys * Table::BYTES_PER_KEY / 8];
    Table::create(&mut words, SEED);
    words
}

fn key(number: u32) -> Key {
    Key::new(SEED, 1, &Subject::Variables(&number.to_be_bytes()))
}

fn rate() -> Rate {
    "50r/m".parse().expect("a rate")
}

fn counted(table: &mut Table<'_>, number: u32, now_ms: u64) -> u32 {
    table
        .window(&key(number), &rate(), now_ms)
        .map_or(0, |window| window.requests())
}

/// Every link leads where it should.
fn assert_consistent(table: &Table<'_>) {
    let mut forwards: Vec<u64> = Vec::new();
    let mut number = table.header[super::OLDEST];
    while number != 0 {
        forwards.push(number);
        assert!(forwards.len() <= table.used(), "the order of use has no end");
        number = super::Place::link(table.words(number), super::place::Link::Newer);
    }
    assert_eq!(forwards.len(), table.used());
    let mut backwards: Vec<u64> = Vec::new();
    let mut number = table.header[super::NEWEST];
    while number != 0 {
        backwards.push(number);
        assert!(backwards.len() <= table.used(), "the order of use has no end");
        number = super::Place::link(table.words(number), super::place::Link::Older);
    }
    backwards.reverse();
    assert_eq!(forwards, backwards);
}

#[test]
fn sizes_are_what_the_documentation_says() {
    assert_eq!(Table::BYTES_PER_KEY, 584);
    assert_eq!(Table::capacity_of(1024 * 1024 / 8), 1795);
}

#[test]
fn memory_of_something_else_is_no_table() {
    assert!(Table::open(&mut [0; 1000]).is_none());
    assert!(Table::open(&mut []).is_none());
    let mut words = memory(3);
    assert_eq!(Table::open(&mut words).map(|table| table.capacity()), Some(3));
    words[0] += 1;
    assert!(Table::open(&mut words).is_none());
}

#[test]
fn a_thousand_keys_in_room_for_a_thousand() {
    let mut words = memory(1000);
    let mut table = Table::open(&mut words).expect("a table");
    for round in 1..=3 {
        for number in 0..1000 {
            assert!(table.charge(&key(number), &rate(), 1_000).is_some());
        }
        assert_eq!(counted(&mut table, 500, 1_000), round);
    }
    assert_eq!((table.used(), table.evicted()), (1000, 0));
    table.charge(&key(1000), &rate(), 1_000);
    assert_eq!((table.used(), table.evicted()), (1000, 1));
    // The key that was not used for the longest time is gone, and no other.
    assert!(table.window(&key(0), &rate(), 1_000).is_none());
    assert!((1..=1000).all(|number| table.window(&key(number), &rate(), 1_000).is_some()));
    assert_consistent(&table);
}

#[test]
fn keys_that_are_rejected_stay_in_use() {
    let mut words = memory(2);
    let mut table = Table::open(&mut words).expect("a table");
    table.charge(&key(1), &rate(), 0);
    table.charge(&key(2), &rate(), 0);
    // Looking at a key is what a rejected request does.
    table.window(&key(1), &rate(), 0);
    table.charge(&key(3), &rate(), 0);
    assert!(table.window(&key(1), &rate(), 0).is_some());
    assert!(table.window(&key(2), &rate(), 0).is_none());
}

#[test]
fn what_is_over_goes_before_what_is_counted() {
    let mut words = memory(3);
    let mut table = Table::open(&mut words).expect("a table");
    let (minute, day) = (rate(), "5r/d".parse().expect("a rate"));
    table.charge(&key(1), &day, 0);
    table.charge(&key(2), &minute, 0);
    table.charge(&key(3), &day, 0);
    table.charge(&key(4), &minute, 60_000);
    assert_eq!(table.evicted(), 0);
    assert!(table.window(&key(1), &day, 60_000).is_some());
    assert!(table.window(&key(2), &minute, 60_000).is_none());
}

/// A copy of what a killed process leaves: some words are written, others not yet.
fn torn(before: &[u64], after: &[u64], written: &mut impl FnMut() -> bool) -> Vec<u64> {
    let choose = |(&old, &new): (&u64, &u64)| if old == new || written() { new } else { old };
    before.iter().zip(after).map(choose).collect()
}

proptest! {
    #[test]
    fn counts_are_those_of_a_map(steps in prop::collection::vec((0_u32..40, 0_u64..100, any::<bool>()), 1..300)) {
        let mut words = memory(64);
        let mut table = Table::open(&mut words).expect("a table");
        let mut model: HashMap<u32, u32> = HashMap::new();
        let mut now_ms = 0;
        for (number, pause_ms, is_refunded) in steps {
            now_ms += pause_ms;
            let charged_ms = table.charge(&key(number), &rate(), now_ms).expect("there is room");
            if is_refunded {
                table.refund(&key(number), &rate(), charged_ms);
            } else {
                *model.entry(number).or_default() += 1;
            }
        }
        for number in 0..40 {
            prop_assert_eq!(counted(&mut table, number, now_ms), model.get(&number).copied().unwrap_or_default());
        }
        assert_consistent(&table);
    }

    #[test]
    fn a_process_that_is_killed_anywhere_leaves_a_table_that_can_be_repaired(
        charged in prop::collection::vec(0_u32..12, 0..40),
        last in 0_u32..14,
        mut choices in prop::collection::vec(any::<bool>(), 64),
    ) {
        let mut words = memory(8);
        for &number in &charged {
            Table::open(&mut words).expect("a table").charge(&key(number), &rate(), 1_000);
        }
        let before = words.clone();
        let mut table = Table::open(&mut words).expect("a table");
        table.window(&key(last), &rate(), 1_001);
        table.charge(&key(last), &rate(), 1_001);
        let mut torn = torn(&before, &words, &mut || choices.pop().unwrap_or_default());
        let mut table = Table::open(&mut torn).expect("a table");
        table.repair(2_000);
        assert_consistent(&table);
        // Whom the process did not write about is counted as before.
        let mut before = before;
        let mut untouched = Table::open(&mut before).expect("a table");
        let victim = untouched.header[super::OLDEST];
        for number in (0..12).filter(|&number| number != last) {
            if untouched.find(&key(number)) != Some(victim) {
                prop_assert_eq!(counted(&mut table, number, 2_000), counted(&mut untouched, number, 2_000));
            }
        }
        // And the table works on.
        for number in 100..120 {
            prop_assert!(table.charge(&key(number), &rate(), 3_000).is_some());
            prop_assert_eq!(counted(&mut table, number, 3_000), 1);
        }
        assert_consistent(&table);
    }

    #[test]
    fn any_words_are_repaired(garbage in prop::collection::vec(any::<u64>(), 400), used in 0_u64..10) {
        let mut words = memory(5);
        for (word, garbage) in words[16..].iter_mut().zip(&garbage) {
            *word = *garbage;
        }
        words[super::USED] = used;
        let mut table = Table::open(&mut words).expect("a table");
        table.repair(1 << 39);
        assert_consistent(&table);
        for number in 0..20 {
            prop_assert!(table.charge(&key(number), &rate(), 1 << 39).is_some());
        }
        assert_consistent(&table);
    }
}
