//! Requests, by the location in which they ended.

use super::histogram::{self, Histogram, bucket};
use super::registry::{BLOCK, Block, GAUGES, Registry, Series};
use crate::cache::CacheStatus;
use crate::limit::Judgement;

/// What became of a request, as it is counted when it is over.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'r> {
    /// Its method.
    pub method: &'r [u8],
    /// The status of the response.
    pub status: u16,
    /// From its first byte to the last one of the response, in microseconds.
    pub duration_us: u64,
    /// How large the response was, with its header, in bytes.
    pub sent_bytes: u64,
    /// How often it has asked the database.
    pub queries: u32,
    /// How long it has waited for the database, in microseconds.
    pub database_us: u64,
    /// What the cache has made of it.
    pub cache: Option<CacheStatus>,
    /// What became of it by its limits.
    pub limit: Option<Judgement>,
    /// Whether the filter has found something, and if so, whether it has blocked it.
    pub filter: Option<bool>,
    /// It was not what the location demands.
    pub is_invalid: bool,
    /// Its response had begun, and could not be completed: the client has seen another status than this one.
    pub is_broken: bool,
    /// What became of its token.
    pub jwt: Option<JwtResult>,
}

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtResult {
    /// It is good.
    Verified,
    /// It is not, or not good enough.
    Refused,
    /// There is none.
    Absent,
}

impl Observation<'_> {
    /// Counts it.
    pub fn count(&self, block: &Block<'_>) {
        block.add(
            REQUESTS + method(self.method) * CLASSES.len() + class(self.status),
            1,
        );
        block.add(DURATION + bucket(self.duration_us), 1);
        block.add(DURATION + histogram::WORDS - 1, self.duration_us);
        block.add(SENT, self.sent_bytes);
        if self.queries != 0 {
            block.add(QUERIES, self.queries.into());
            block.add(DATABASE + bucket(self.database_us), 1);
            block.add(DATABASE + histogram::WORDS - 1, self.database_us);
        }
        if let Some(status) = self.cache {
            block.add(CACHE + status as usize, 1);
        }
        if let Some(judgement) = self.limit {
            block.add(LIMIT + judgement as usize, 1);
        }
        if let Some(is_blocked) = self.filter {
            block.add(FILTER + usize::from(is_blocked), 1);
        }
        block.add(INVALID, self.is_invalid.into());
        block.add(BROKEN, self.is_broken.into());
        if let Some(result) = self.jwt {
            block.add(JWT + result as usize, 1);
        }
    }
}

/// What all processes have counted.
#[derive(Debug, Clone)]
pub struct EndpointTotals([u64; BLOCK]);

impl EndpointTotals {
    /// Those of a series.
    pub fn of(registry: &Registry<'_>, series: Series) -> Self {
        Self(registry.sums(series))
    }

    fn word(&self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// Requests by method and class of status: all classes of a method that was used, so that the first error is an increase and not the
    /// beginning of a series.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let count = |row: usize, column: usize| self.word(REQUESTS + row * CLASSES.len() + column);
        let is_used = move |row: usize| (0..CLASSES.len()).any(|column| count(row, column) != 0);
        let methods = METHODS.iter().enumerate();
        methods
            .filter(move |&(row, _)| is_used(row))
            .flat_map(move |(row, method)| {
                let classes = CLASSES.iter().enumerate();
                classes
                .map(move |(column, class)| (*method, *class, count(row, column)))
                // nginx sends none of them as a response.
                .filter(|&(_, class, count)| class != "1xx" || count != 0)
            })
    }

    /// How long they took.
    pub fn durations(&self) -> Histogram {
        Histogram::read(|index| self.word(DURATION + index))
    }

    /// How long those that have asked the database have waited for it.
    pub fn database(&self) -> Histogram {
        Histogram::read(|index| self.word(DATABASE + index))
    }

    /// How often the database was asked.
    pub fn queries(&self) -> u64 {
        self.word(QUERIES)
    }

    /// How many bytes were sent.
    pub fn sent_bytes(&self) -> u64 {
        self.word(SENT)
    }

    /// Requests that were not what their location demands.
    pub fn invalid(&self) -> u64 {
        self.word(INVALID)
    }

    /// Requests whose responses had begun and were broken off.
    pub fn broken(&self) -> u64 {
        self.word(BROKEN)
    }

    /// Requests by what the cache has made of them.
    pub fn cache(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.named(CACHE, &CACHE_NAMES)
    }

    /// Requests by what became of them by their limits.
    pub fn limits(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.named(LIMIT, &LIMIT_NAMES)
    }

    /// Requests by what the filter has done, where it has found something.
    pub fn filter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = FILTER_NAMES.iter().enumerate();
        names.map(|(index, name)| (*name, self.word(FILTER + index)))
    }

    /// Requests by what became of their tokens.
    pub fn jwt(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.named(JWT, &JWT_NAMES)
    }

    /// Counts by their names. All of a kind, as soon as there is one of it: what is not there cannot be added up.
    fn named(
        &self,
        first: usize,
        names: &'static [&'static str],
    ) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = names
            .iter()
            .enumerate()
            .map(move |(index, name)| (*name, self.word(first + index)));
        let is_used = counts.clone().any(|(_, count)| count != 0);
        counts.filter(move |_| is_used)
    }
}

fn method(name: &[u8]) -> usize {
    let known = METHODS.iter().position(|method| method.as_bytes() == name);
    known.unwrap_or(METHODS.len() - 1)
}

/// nginx's own statuses (499, 444) are among those of clients, as 0 is: the connection was lost before there was a response.
fn class(status: u16) -> usize {
    match status / 100 {
        hundreds @ 1..=5 => usize::from(hundreds) - 1,
        _ => 3,
    }
}

const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other",
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

// In the order of the variants.
const CACHE_NAMES: [&str; 7] = [
    "hit",
    "miss",
    "expired",
    "revalidated",
    "stale",
    "updating",
    "bypass",
];
const LIMIT_NAMES: [&str; 3] = ["passed", "dry_run", "rejected"];
const FILTER_NAMES: [&str; 2] = ["detected", "blocked"];
const JWT_NAMES: [&str; 3] = ["verified", "refused", "absent"];

// Words of a block.
const REQUESTS: usize = 0;
const DURATION: usize = REQUESTS + METHODS.len() * CLASSES.len();
const DATABASE: usize = DURATION + histogram::WORDS;
const QUERIES: usize = DATABASE + histogram::WORDS;
const SENT: usize = QUERIES + 1;
const CACHE: usize = SENT + 1;
const LIMIT: usize = CACHE + CACHE_NAMES.len();
const FILTER: usize = LIMIT + LIMIT_NAMES.len();
const INVALID: usize = FILTER + FILTER_NAMES.len();
const JWT: usize = INVALID + 1;
const BROKEN: usize = JWT + JWT_NAMES.len();
const _: () = assert!(BROKEN < GAUGES);

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::{CACHE_NAMES, EndpointTotals, JwtResult, LIMIT_NAMES, Observation};
    use crate::cache::CacheStatus;
    use crate::limit::Judgement;
    use crate::metrics::{Label, Registry};

    const PLAIN: Observation<'_> = Observation {
        method: b"GET",
        status: 200,
        duration_us: 700,
        sent_bytes: 100,
        queries: 0,
        database_us: 0,
        cache: None,
        limit: None,
        filter: None,
        is_invalid: false,
        is_broken: false,
        jwt: None,
    };

    fn totals(observations: &[Observation<'_>]) -> EndpointTotals {
        let words: Vec<_> = (0..10_000).map(|_| AtomicU64::new(0)).collect();
        let registry = Registry::new(&words, 2).expect("room");
        let series = registry.find(&Label::Database("x".into())).expect("room");
        for (number, observation) in observations.iter().enumerate() {
            let slot = registry
                .take_slot(1 + number as u64 % 2, &|_| true)
                .expect("a slot");
            observation.count(&registry.block(series, slot).expect("a block"));
        }
        EndpointTotals::of(&registry, series)
    }

    #[test]
    fn every_process_counts_and_all_are_added_up() {
        let totals = totals(&[
            PLAIN,
            PLAIN,
            Observation {
                status: 499,
                method: b"BREW",
                ..PLAIN
            },
            Observation {
                status: 0,
                method: b"BREW",
                ..PLAIN
            },
            Observation {
                status: 201,
                method: b"POST",
                queries: 2,
                database_us: 600,
                ..PLAIN
            },
        ]);
        let requests: Vec<_> = totals.requests().collect();
        let used: Vec<_> = requests
            .iter()
            .copied()
            .filter(|(.., count)| *count != 0)
            .collect();
        assert_eq!(used, [("GET", "2xx", 2), ("POST", "2xx", 1), ("other", "4xx", 2)]);
        assert!(requests.contains(&("GET", "5xx", 0)) && requests.len() == 12);
        assert_eq!(
            (totals.durations().count(), totals.durations().sum_us()),
            (5, 3500)
        );
        assert_eq!((totals.database().count(), totals.database().sum_us()), (1, 600));
        assert_eq!(
            (totals.queries(), totals.sent_bytes(), totals.invalid()),
            (2, 500, 0)
        );
        assert_eq!(
            totals.cache().count() + totals.limits().count() + totals.jwt().count(),
            0
        );
    }

    #[test]
    fn verdicts_are_counted_by_their_names() {
        use CacheStatus::{Bypass, Expired, Hit, Miss, Revalidated, Stale, Updating};
        for status in [Hit, Miss, Expired, Revalidated, Stale, Updating, Bypass] {
            let totals = totals(&[Observation {
                cache: Some(status),
                ..PLAIN
            }]);
            let counted: Vec<_> = totals.cache().filter(|(_, count)| *count == 1).collect();
            assert_eq!(counted, [(&*status.name().to_ascii_lowercase(), 1)]);
            assert_eq!(totals.cache().count(), CACHE_NAMES.len());
        }
        for (judgement, name) in [Judgement::Passed, Judgement::DryRun, Judgement::Rejected]
            .into_iter()
            .zip(LIMIT_NAMES)
        {
            let totals = totals(&[Observation {
                limit: Some(judgement),
                ..PLAIN
            }]);
            let counted: Vec<_> = totals.limits().filter(|(_, count)| *count == 1).collect();
            assert_eq!(counted, [(name, 1)]);
        }
        let totals = totals(&[Observation {
            filter: Some(true),
            is_invalid: true,
            is_broken: true,
            jwt: Some(JwtResult::Refused),
            ..PLAIN
        }]);
        assert_eq!(
            totals.filter().collect::<Vec<_>>(),
            [("detected", 0), ("blocked", 1)]
        );
        assert_eq!(
            totals.jwt().collect::<Vec<_>>(),
            [("verified", 0), ("refused", 1), ("absent", 0)]
        );
        assert_eq!((totals.invalid(), totals.broken()), (1, 1));
    }
}
