//! The store against a simple model.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;

use super::super::{DatabaseId, Dependencies, KeyBuilder};
use super::*;

const SEED: [u64; 2] = [3, 4];

fn memory(blocks: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; HEADER + blocks.div_ceil(2) + blocks * BLOCK];
    Store::create(&mut words, SEED);
    words
}

fn counters() -> Vec<AtomicU64> {
    (0..Generations::words_of(1 << 12))
        .map(|_| AtomicU64::new(0))
        .collect()
}

struct Fixture {
    words: Vec<u64>,
    counters: Vec<AtomicU64>,
    /// The last flights by their paths.
    flights: HashMap<String, Flight>,
}

impl Fixture {
    fn new(blocks: usize) -> Self {
        Self {
            words: memory(blocks),
            counters: counters(),
            flights: HashMap::new(),
        }
    }

    fn store(&mut self) -> Store<'_> {
        Store::open(&mut self.words).expect("a store")
    }

    fn usage(&self) -> Usage {
        Store::usage_of(|word| self.words.get(word).copied()).expect("a store")
    }

    fn generations(&self) -> Generations<'_> {
        Generations::new(&self.counters).expect("counters")
    }

    fn dependencies(&self) -> Dependencies {
        Dependencies::now(
            &self.generations(),
            DatabaseId::of("app"),
            ["api.items"].into_iter(),
        )
    }

    fn change(&self) {
        let generations = self.generations();
        generations.changed(DatabaseId::of("app"), "api.items");
    }

    /// Asks as a process that waits for others for a second, at a time at which stored responses are fresh as long as they say.
    fn ask(&mut self, name: &str, now_ms: u64, process: u64) -> Answer {
        self.ask_with(name, now_ms, process, 1, &|_| true)
    }

    fn ask_with(
        &mut self,
        name: &str,
        now_ms: u64,
        process: u64,
        min_uses: u32,
        is_alive: &dyn Fn(u64) -> bool,
    ) -> Answer {
        let mut builder = KeyBuilder::default();
        builder.begin(name.as_bytes());
        let mut store = Store::open(&mut self.words).expect("a store");
        let answer = store.ask(&Inquiry {
            key: builder.finish(SEED).expect("a key"),
            now_ms,
            process,
            is_alive,
            flight_ms: 1000,
            min_uses,
            is_fresh: &|lifetime| now_ms < lifetime.fresh_until_ms,
            is_refresh: false,
            generations: Generations::new(&self.counters).expect("counters"),
        });
        if let Answer::Make { flight, .. } = answer {
            self.flights.insert(name.to_owned(), flight);
        }
        answer
    }

    /// Asks for a response that is made now; whether it may be kept.
    fn refresh(&mut self, name: &str, now_ms: u64) -> bool {
        let mut builder = KeyBuilder::default();
        builder.begin(name.as_bytes());
        let mut store = Store::open(&mut self.words).expect("a store");
        let answer = store.ask(&Inquiry {
            key: builder.finish(SEED).expect("a key"),
            now_ms,
            process: 1,
            is_alive: &|_| true,
            flight_ms: 1000,
            min_uses: 1,
            is_fresh: &|_| true,
            is_refresh: true,
            generations: Generations::new(&self.counters).expect("counters"),
        });
        let Answer::Make { flight, .. } = answer else {
            return false;
        };
        self.flights.insert(name.to_owned(), flight);
        true
    }

    fn is_being_made(&mut self, name: &str, flight: Flight, now_ms: u64) -> bool {
        let mut builder = KeyBuilder::default();
        builder.begin(name.as_bytes());
        let key = builder.finish(SEED).expect("a key");
        self.store().is_being_made(&key, flight, now_ms, &|_| true)
    }

    fn fill(&mut self, name: &str, body: &str, now_ms: u64) -> bool {
        let dependencies = self.dependencies();
        self.fill_with(name, body, now_ms, dependencies)
    }

    fn fill_with(&mut self, name: &str, body: &str, now_ms: u64, dependencies: Dependencies) -> bool {
        let stored = stored(body, now_ms, dependencies);
        let mut builder = KeyBuilder::default();
        builder.begin(name.as_bytes());
        let generations = Generations::new(&self.counters).expect("counters");
        let mut store = Store::open(&mut self.words).expect("a store");
        let Some(&flight) = self.flights.get(name) else {
            return false;
        };
        store.fill(
            &builder.finish(SEED).expect("a key"),
            flight,
            &stored,
            &generations,
            now_ms + 1000,
        )
    }

    fn give_up(&mut self, name: &str, pass_until_ms: u64) {
        let mut builder = KeyBuilder::default();
        builder.begin(name.as_bytes());
        let flight = self.flights[name];
        let key = builder.finish(SEED).expect("a key");
        self.store().give_up(&key, flight, pass_until_ms);
    }
}

/// Fresh for a minute, and good for another one.
fn stored(body: &str, now_ms: u64, dependencies: Dependencies) -> Stored {
    Stored::new(
        Record {
            dependencies,
            last_modified_s: None,
            fields: Vec::new(),
            body: Bytes::from(body.to_owned()),
        },
        Lifetime {
            stored_ms: now_ms,
            fresh_until_ms: now_ms + 60_000,
            stale_until_ms: now_ms + 120_000,
        },
    )
}

/// Whether a response is to be made, of which there was none before.
fn is_first(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Make {
            old: None,
            was_stored: false,
            ..
        }
    )
}

/// Whether a response is to be made in the place of one that must not be sent.
fn is_anew(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Make {
            old: None,
            was_stored: true,
            ..
        }
    )
}

fn waits(answer: &Answer) -> bool {
    matches!(answer, Answer::UnderWay { old: None, .. })
}

fn body(answer: &Answer) -> &str {
    match answer {
        Answer::Fresh(stored)
        | Answer::UnderWay {
            old: Some(stored), ..
        } => std::str::from_utf8(&stored.record.body).expect("UTF-8"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_makes_it_and_the_others_wait() {
    let mut fixture = Fixture::new(16);
    assert!(is_first(&fixture.ask("/a", 0, 1)));
    assert!(waits(&fixture.ask("/a", 1, 1)));
    assert!(waits(&fixture.ask("/a", 1, 2)));
    assert!(is_first(&fixture.ask("/b", 1, 2)));
    assert!(fixture.fill("/a", "one", 0));
    assert_eq!(body(&fixture.ask("/a", 2, 2)), "one");
    assert!(waits(&fixture.ask("/b", 2, 1)));
}

#[test]
fn who_waits_too_long_or_for_nobody_takes_over() {
    let mut fixture = Fixture::new(16);
    assert!(is_first(&fixture.ask("/a", 0, 1)));
    assert!(waits(&fixture.ask("/a", 999, 2)));
    assert!(is_first(&fixture.ask("/a", 1000, 2)));
    assert!(is_first(
        &fixture.ask_with("/a", 1001, 3, 1, &|process| process != 2)
    ));
    fixture.give_up("/a", 0);
    assert!(is_first(&fixture.ask("/a", 1002, 4)));
}

#[test]
fn who_waits_for_one_that_is_over_does_not_wait_for_the_next_one() {
    let mut fixture = Fixture::new(16);
    assert!(is_first(&fixture.ask("/a", 0, 1)));
    let flight = fixture.flights["/a"];
    assert!(fixture.is_being_made("/a", flight, 1));
    assert!(!fixture.is_being_made("/a", flight, 1000));
    assert!(fixture.fill("/a", "one", 2));
    assert!(fixture.refresh("/a", 3));
    let next = fixture.flights["/a"];
    assert!(!fixture.is_being_made("/a", flight, 4));
    assert!(fixture.is_being_made("/a", next, 4));
}

#[test]
fn who_refreshes_does_not_keep_others_from_what_is_being_made() {
    let mut fixture = Fixture::new(16);
    assert!(is_first(&fixture.ask("/a", 0, 1)));
    assert!(!fixture.refresh("/a", 1));
    assert!(fixture.fill("/a", "one", 2));
    assert_eq!(body(&fixture.ask("/a", 3, 2)), "one");
    assert!(fixture.refresh("/a", 4));
    assert!(fixture.fill("/a", "two", 4));
    assert_eq!(body(&fixture.ask("/a", 5, 2)), "two");
}

#[test]
fn what_is_old_is_sent_while_another_makes_a_new_one() {
    let mut fixture = Fixture::new(16);
    fixture.ask("/a", 0, 1);
    fixture.fill("/a", "old", 0);
    assert_eq!(body(&fixture.ask("/a", 59_999, 1)), "old");
    match fixture.ask("/a", 60_000, 1) {
        Answer::Make {
            old: Some(old),
            was_stored: true,
            ..
        } => assert_eq!(&*old.record.body, b"old"),
        other => panic!("{other:?}"),
    }
    let old = stored("old", 0, fixture.dependencies());
    match fixture.ask("/a", 60_001, 2) {
        Answer::UnderWay { old: found, .. } => assert_eq!(found, Some(old)),
        other => panic!("{other:?}"),
    }
    fixture.fill("/a", "new", 60_002);
    assert_eq!(body(&fixture.ask("/a", 60_003, 2)), "new");
    // Later than that it is too old for anything.
    assert!(is_anew(&fixture.ask("/a", 60_002 + 120_000, 2)));
}

#[test]
fn what_is_out_of_date_is_never_sent() {
    let mut fixture = Fixture::new(16);
    fixture.ask("/a", 0, 1);
    let before = fixture.dependencies();
    fixture.fill("/a", "old", 0);
    fixture.change();
    assert!(is_anew(&fixture.ask("/a", 1, 1)));
    assert!(waits(&fixture.ask("/a", 1, 2)));
    // Nor is what was read before the change stored after it.
    assert!(!fixture.fill_with("/a", "old", 2, before));
    assert!(is_anew(&fixture.ask("/a", 3, 2)));
    assert!(fixture.fill("/a", "new", 3));
    assert_eq!(body(&fixture.ask("/a", 4, 2)), "new");
}

#[test]
fn nobody_waits_for_what_cannot_be_stored() {
    let mut fixture = Fixture::new(16);
    assert!(is_first(&fixture.ask("/a", 0, 1)));
    fixture.give_up("/a", 500);
    assert_eq!(fixture.ask("/a", 1, 1), Answer::Pass { old: None });
    assert_eq!(fixture.ask("/a", 499, 2), Answer::Pass { old: None });
    assert!(is_first(&fixture.ask("/a", 500, 2)));
}

#[test]
fn what_is_old_is_there_for_whoever_makes_a_new_one_in_vain() {
    let mut fixture = Fixture::new(16);
    fixture.ask("/a", 0, 1);
    fixture.fill("/a", "old", 0);
    fixture.ask("/a", 60_000, 1);
    fixture.give_up("/a", 61_000);
    let old = Some(stored("old", 0, fixture.dependencies()));
    assert_eq!(fixture.ask("/a", 60_500, 1), Answer::Pass { old });
    fixture.change();
    assert_eq!(fixture.ask("/a", 60_500, 1), Answer::Pass { old: None });
}

#[test]
fn what_is_asked_for_seldom_is_not_stored() {
    let mut fixture = Fixture::new(16);
    for _ in 0..2 {
        assert_eq!(
            fixture.ask_with("/a", 0, 1, 3, &|_| true),
            Answer::Pass { old: None }
        );
    }
    assert!(is_first(&fixture.ask_with("/a", 0, 1, 3, &|_| true)));
}

#[test]
fn entries_have_any_length_up_to_a_quarter_of_the_store() {
    let mut fixture = Fixture::new(40);
    let longest = fixture.store().longest();
    // A record is its content and what stands before it.
    let mut now_ms = 0;
    for length in [0, 1, 300, 400, 500, 1000, 4096, longest - 200] {
        let body = "x".repeat(length);
        now_ms += 200_000;
        fixture.ask("/a", now_ms, 1);
        assert!(fixture.fill("/a", &body, now_ms), "{length}");
        match fixture.ask("/a", now_ms, 1) {
            Answer::Fresh(stored) => assert_eq!(stored.record.body.len(), length),
            other => panic!("{length}: {other:?}"),
        }
    }
    fixture.ask("/a", now_ms + 200_000, 1);
    assert!(!fixture.fill("/a", &"x".repeat(longest), now_ms + 200_000));
    // The next one will be as long: nobody waits for it.
    let soon = fixture.ask("/a", now_ms + 200_001, 2);
    assert!(matches!(soon, Answer::Pass { .. }), "{soon:?}");
    assert!(is_anew(&fixture.ask("/a", now_ms + 201_000, 2)));
}

#[test]
fn a_store_that_is_emptied_keeps_the_secret_of_its_hashes() {
    let mut fixture = Fixture::new(16);
    fixture.ask("/a", 0, 1);
    assert!(fixture.fill("/a", "body", 0));
    Store::clear(&mut fixture.words);
    assert_eq!(
        Store::seed_of(|index| fixture.words.get(index).copied()),
        Some(SEED)
    );
    assert_eq!(fixture.usage().entries, 0);
    assert!(is_first(&fixture.ask("/a", 1, 1)));
}

#[test]
fn what_was_purged_while_it_was_made_does_not_come_back() {
    let mut fixture = Fixture::new(16);
    fixture.ask("/a", 0, 1);
    fixture.store().purge(b"/");
    assert!(!fixture.fill("/a", "before", 0));
    assert!(is_first(&fixture.ask("/a", 1, 1)));
    // Nor does what has taken so long that another has begun.
    let slow = fixture.flights["/a"];
    assert!(is_first(&fixture.ask("/a", 2000, 2)));
    let quick = fixture.flights.insert("/a".to_owned(), slow).expect("a flight");
    assert!(!fixture.fill("/a", "slow", 1));
    fixture.flights.insert("/a".to_owned(), quick);
    assert!(fixture.fill("/a", "quick", 2000));
}

#[test]
fn what_was_not_used_for_the_longest_time_makes_room() {
    let mut fixture = Fixture::new(8);
    for number in 0..8 {
        let name = format!("/{number}");
        fixture.ask(&name, 0, 1);
        assert!(fixture.fill(&name, "body", 0));
    }
    assert_eq!(fixture.usage().evicted, 0);
    assert_eq!(body(&fixture.ask("/0", 1, 1)), "body");
    assert!(is_first(&fixture.ask("/8", 1, 1)));
    assert_eq!(fixture.usage().evicted, 1);
    assert_eq!(body(&fixture.ask("/0", 1, 1)), "body");
    assert!(is_first(&fixture.ask("/1", 1, 1)));
}

#[test]
fn paths_are_purged_by_how_they_begin() {
    let mut fixture = Fixture::new(16);
    for name in ["/a/1", "/a/2", "/b"] {
        fixture.ask(name, 0, 1);
        fixture.fill(name, "body", 0);
    }
    assert_eq!(fixture.store().purge(b"/a"), 2);
    assert!(is_first(&fixture.ask("/a/1", 1, 1)));
    assert_eq!(body(&fixture.ask("/b", 1, 1)), "body");
    assert_eq!(fixture.store().purge(b""), 1);
    assert_eq!(fixture.usage().entries, 0);
    assert_eq!(fixture.usage().bytes, 0);
}

#[test]
fn words_of_something_else_are_no_store() {
    assert!(Store::open(&mut []).is_none());
    assert!(Store::open(&mut vec![0; 10_000]).is_none());
    let mut words = memory(3);
    words[BLOCKS] += 1;
    assert!(Store::open(&mut words).is_none());
    // A store without a block answers, and stores nothing.
    let mut fixture = Fixture::new(0);
    assert_eq!(fixture.ask("/a", 0, 1), Answer::Pass { old: None });
    assert!(!fixture.fill("/a", "body", 0));
}

proptest! {
    #[test]
    fn what_is_found_is_what_was_stored_last(
        steps in prop::collection::vec((0_u8..12, 0_usize..3000, 0_u8..10), 1..200),
    ) {
        let mut fixture = Fixture::new(32);
        let mut model: HashMap<u8, String> = HashMap::new();
        for (number, (name, length, kind)) in steps.into_iter().enumerate() {
            let path = format!("/{name}");
            let now_ms = number as u64;
            match kind {
                0 => {
                    fixture.store().purge(path.as_bytes());
                    model.retain(|other, _| !format!("/{other}").starts_with(&path));
                }
                1 => {
                    fixture.change();
                    model.clear();
                }
                2..=5 => {
                    let body = format!("{number}").repeat(length / 3);
                    if fixture.refresh(&path, now_ms) && fixture.fill(&path, &body, now_ms) {
                        model.insert(name, body);
                    } else {
                        model.remove(&name);
                    }
                }
                _ => {
                    // Room had to be made, or it is what was stored last.
                    if let Answer::Fresh(stored) = fixture.ask(&path, now_ms, 1) {
                        prop_assert_eq!(Some(&stored.record.body[..]), model.get(&name).map(String::as_bytes));
                    }
                }
            }
            let usage = fixture.usage();
            prop_assert!(usage.bytes <= usage.capacity);
            assert_consistent(&fixture.store());
        }
    }
}

/// Every block is taken by one entry or free, and every entry is in both orders and found.
fn assert_consistent(store: &Store<'_>) {
    let mut taken = 0;
    let mut entries = 0;
    let (mut number, mut older) = (store.header[OLDEST], 0);
    while number != 0 {
        entries += 1;
        assert!(entries <= store.blocks.len(), "the order of use has no end");
        assert_eq!(store.meta(number, OLDER), older);
        let mut block = number;
        while block != 0 {
            taken += 1;
            assert!(taken <= store.blocks.len(), "a block is taken twice");
            block = store.meta(block, NEXT);
        }
        let key = store.key(number);
        let key = Key {
            bytes: &key,
            hash: store.meta(number, HASH),
        };
        assert_eq!(store.find(&key), Some(number));
        (number, older) = (store.meta(number, NEWER), number);
    }
    assert_eq!(store.header[NEWEST], older);
    assert_eq!(store.header[ENTRIES], entries as u64);
    assert_eq!(store.header[TAKEN], taken as u64);
    let mut free = 0;
    let mut block = store.header[FREE];
    while block != 0 {
        free += 1;
        assert!(free <= store.blocks.len(), "the list of free blocks has no end");
        block = store.meta(block, NEXT);
    }
    assert_eq!(taken as u64 + free as u64, store.header[TOUCHED]);
}
