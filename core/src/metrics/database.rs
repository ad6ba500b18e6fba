//! What happens to pools, by database.

use super::registry::{BLOCK, Block, GAUGES, Registry, Series, Slot};

/// What is counted of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseCounter {
    /// Connections that were made.
    Connects,
    /// Attempts to connect that have failed.
    ConnectFailures,
    /// Batches that were sent.
    Batches,
    /// Batches that had to wait for room on a connection.
    Waits,
    /// Microseconds that batches have waited for room.
    WaitUs,
    /// Batches that have found no room in time, or too many that wait, or a database that is known to be down.
    Refused,
    /// Batches that were sent again.
    Repeats,
    /// Statements that were found among those that are known.
    StatementHits,
    /// Statements whose text had to be made.
    StatementMisses,
    /// Snapshots of the catalogue that were loaded.
    SchemaLoads,
    /// Snapshots that could not be loaded.
    SchemaFailures,
}

impl DatabaseCounter {
    /// All of them, in their order.
    pub const ALL: [Self; 11] = [
        Self::Connects,
        Self::ConnectFailures,
        Self::Batches,
        Self::Waits,
        Self::WaitUs,
        Self::Refused,
        Self::Repeats,
        Self::StatementHits,
        Self::StatementMisses,
        Self::SchemaLoads,
        Self::SchemaFailures,
    ];
}

const _: () = assert!(DatabaseCounter::SchemaFailures as usize + 1 == DatabaseCounter::ALL.len());

/// What a database is like now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseGauge {
    /// Connections that are open.
    Open,
    /// Connections without work.
    Idle,
    /// Batches that the database has not answered yet.
    InFlight,
    /// Requests that wait for room on a connection.
    Waiting,
    /// Connections that there may be.
    Limit,
    /// Workers that answer from it: not those that a reload has told to end.
    Workers,
    /// Those of them that have a connection.
    Up,
    /// When the snapshot of the catalogue was loaded, in seconds of Unix time; 0 if none was.
    SchemaLoadedS,
    /// Workers that are to hear of changes which others make.
    Listeners,
    /// Those of them that do.
    Listening,
}

impl Block<'_> {
    /// Counts something of a database.
    pub fn add_database(&self, counter: DatabaseCounter, count: u64) {
        self.add(counter as usize, count);
    }

    /// Says what a database is like now.
    pub fn set_database(&self, gauge: DatabaseGauge, value: u64) {
        self.set(GAUGES + gauge as usize, value);
    }
}

/// What all processes have counted, and what it is like in those that are there.
#[derive(Debug, Clone)]
pub struct DatabaseTotals {
    counted: [u64; BLOCK],
    now: [u64; BLOCK],
    oldest_schema_s: Option<u64>,
}

impl DatabaseTotals {
    /// Those of a series; `alive` are the slots of the processes that are there.
    pub fn of(registry: &Registry<'_>, series: Series, alive: &[Slot]) -> Self {
        let loaded = |&slot: &Slot| {
            let words = registry.sums_of(series, std::iter::once(slot));
            Some(words[GAUGES + DatabaseGauge::SchemaLoadedS as usize]).filter(|&loaded_s| loaded_s != 0)
        };
        Self {
            counted: registry.sums(series),
            now: registry.sums_of(series, alive.iter().copied()),
            oldest_schema_s: alive.iter().filter_map(loaded).min(),
        }
    }

    /// What was counted.
    pub fn counter(&self, counter: DatabaseCounter) -> u64 {
        self.counted.get(counter as usize).copied().unwrap_or_default()
    }

    /// What it is like now, all processes together.
    pub fn gauge(&self, gauge: DatabaseGauge) -> u64 {
        self.now.get(GAUGES + gauge as usize).copied().unwrap_or_default()
    }

    /// Whether there is a worker that knows the database: a configuration may have had it that is no more.
    pub fn is_there(&self) -> bool {
        self.gauge(DatabaseGauge::Workers) != 0 || self.gauge(DatabaseGauge::Open) != 0
    }

    /// When the oldest snapshot of the catalogue that a process answers from was loaded, in seconds of Unix time.
    pub fn oldest_schema_s(&self) -> Option<u64> {
        self.oldest_schema_s
    }
}
