//! Metrics as text: Prometheus' format (version 0.0.4) and OpenMetrics 1.0.

use std::fmt::{Display, Write};

use super::database::{DatabaseCounter, DatabaseGauge, DatabaseTotals};
use super::endpoint::EndpointTotals;
use super::failure::LastFailure;
use super::histogram::Histogram;
use super::registry::Label;

/// Which of the two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' own.
    Prometheus,
    /// OpenMetrics.
    OpenMetrics,
}

impl Format {
    /// The one that a client prefers by its Accept field: OpenMetrics where it names it, as Prometheus does.
    pub fn accepted(accept: Option<&[u8]>) -> Self {
        let name = b"application/openmetrics-text";
        let names_it = accept.is_some_and(|accept| {
            accept
                .windows(name.len())
                .any(|part| part.eq_ignore_ascii_case(name))
        });
        if names_it {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something that only grows.
    Counter,
    /// Something that changes.
    Gauge,
    /// Durations by their length.
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A text that is being written, one metric after the other.
#[derive(Debug)]
struct Exposition {
    text: String,
    format: Format,
    name: &'static str,
    kind: Kind,
}

impl Exposition {
    /// Nothing yet.
    fn new(format: Format) -> Self {
        Self {
            text: String::with_capacity(16 << 10),
            format,
            name: "",
            kind: Kind::Gauge,
        }
    }

    /// Begins a metric. `name` is without the `_total` of a counter; a unit is part of it.
    fn metric(&mut self, name: &'static str, kind: Kind, help: &str) {
        (self.name, self.kind) = (name, kind);
        // In OpenMetrics it is the samples of a counter that have the suffix, and not the counter.
        let suffix = if self.format == Format::Prometheus {
            self.suffix()
        } else {
            ""
        };
        let kind = kind.name();
        let _ = writeln!(
            self.text,
            "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}"
        );
    }

    fn suffix(&self) -> &'static str {
        match self.kind {
            Kind::Counter => "_total",
            Kind::Gauge | Kind::Histogram => "",
        }
    }

    /// A value of the metric.
    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line(self.suffix(), labels, value);
    }

    /// The values of a metric that is a histogram.
    fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let mut with_bound = labels.to_vec();
        for (bound, count) in histogram.cumulative() {
            with_bound.push(("le", bound));
            self.line("_bucket", &with_bound, count);
            with_bound.pop();
        }
        self.line("_sum", labels, Seconds(histogram.sum_us()));
        self.line("_count", labels, histogram.count());
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        for (position, (name, value)) in labels.iter().enumerate() {
            self.text.push(if position == 0 { '{' } else { ',' });
            let _ = write!(self.text, "{name}=\"");
            for character in value.chars() {
                match character {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    other => self.text.push(other),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    /// The text.
    fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// Microseconds, written as seconds with six decimals.
#[derive(Debug, Clone, Copy)]
pub struct Seconds(pub u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// All that there is to tell.
#[derive(Debug, Default)]
pub struct Report<'r> {
    /// When it was made, in milliseconds of Unix time.
    pub now_ms: u64,
    /// Since when there are counts, in seconds of Unix time.
    pub began_s: u64,
    /// The version of the module, and that of nginx.
    pub versions: (&'r str, &'r str),
    /// Workers that are there, those that have started, and those that were killed or have crashed.
    pub workers: (u64, u64, u64),
    /// By server and location.
    pub endpoints: Vec<(String, String, EndpointTotals)>,
    /// By name.
    pub databases: Vec<(String, DatabaseTotals)>,
    /// By name.
    pub zones: Vec<(&'r str, ZoneReport)>,
    /// The last requests that have failed, the newest first.
    pub failures: Vec<LastFailure<Label>>,
}

/// What a zone holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZoneReport {
    /// Of limits: keys that had to make room for others, and keys that there is room for.
    pub limits: Option<(u64, u64)>,
    /// Of responses.
    pub responses: Option<crate::cache::Usage>,
}

impl Report<'_> {
    /// Writes it.
    pub fn write(&self, format: Format) -> String {
        let mut out = Exposition::new(format);
        self.write_process(&mut out);
        self.write_requests(&mut out);
        self.write_verdicts(&mut out);
        self.write_pools(&mut out);
        self.write_zones(&mut out);
        out.finish()
    }

    fn write_process(&self, out: &mut Exposition) {
        let (version, nginx) = self.versions;
        out.metric(
            "postern_build_info",
            Kind::Gauge,
            "Versions of the module and of nginx.",
        );
        out.sample(&[("version", version), ("nginx", nginx)], 1);
        let (alive, started, crashed) = self.workers;
        out.metric("postern_workers", Kind::Gauge, "Worker processes that are there.");
        out.sample(&[], alive);
        out.metric(
            "postern_worker_starts",
            Kind::Counter,
            "Worker processes that have started.",
        );
        out.sample(&[], started);
        out.metric(
            "postern_worker_crashes",
            Kind::Counter,
            "Worker processes that were killed or have crashed, once another has taken their place.",
        );
        out.sample(&[], crashed);
    }

    fn each_endpoint(&self, mut write: impl FnMut(&[(&str, &str)], &EndpointTotals)) {
        for (server, location, totals) in &self.endpoints {
            write(&[("server", server), ("location", location)], totals);
        }
    }

    fn write_requests(&self, out: &mut Exposition) {
        out.metric(
            "postern_requests",
            Kind::Counter,
            "Requests by method and class of status.",
        );
        self.each_endpoint(|labels, totals| {
            for (method, code, count) in totals.requests() {
                out.sample(&[labels, &[("method", method), ("code", code)]].concat(), count);
            }
        });
        out.metric(
            "postern_broken_responses",
            Kind::Counter,
            "Responses that had begun and could not be completed.",
        );
        self.each_endpoint(|labels, totals| out.sample(labels, totals.broken()));
        out.metric(
            "postern_request_duration_seconds",
            Kind::Histogram,
            "From the first byte of a request to the last one of its response.",
        );
        self.each_endpoint(|labels, totals| out.histogram(labels, &totals.durations()));
        out.metric(
            "postern_sent_bytes",
            Kind::Counter,
            "Bytes sent to clients, with headers.",
        );
        self.each_endpoint(|labels, totals| out.sample(labels, totals.sent_bytes()));
        out.metric(
            "postern_database_duration_seconds",
            Kind::Histogram,
            "How long a request has waited for the database, with waiting for a connection; of requests that have asked it.",
        );
        self.each_endpoint(|labels, totals| {
            let durations = totals.database();
            if durations.count() != 0 {
                out.histogram(labels, &durations);
            }
        });
        out.metric(
            "postern_queries",
            Kind::Counter,
            "How often requests have asked the database.",
        );
        self.each_endpoint(|labels, totals| out.sample(labels, totals.queries()));
    }

    fn write_verdicts(&self, out: &mut Exposition) {
        out.metric(
            "postern_cache_requests",
            Kind::Counter,
            "Requests by what the cache has made of them.",
        );
        self.each_endpoint(|labels, totals| {
            for (status, count) in totals.cache() {
                out.sample(&[labels, &[("status", status)]].concat(), count);
            }
        });
        out.metric(
            "postern_limit_requests",
            Kind::Counter,
            "Requests with limits, by what became of them.",
        );
        self.each_endpoint(|labels, totals| {
            for (result, count) in totals.limits() {
                out.sample(&[labels, &[("result", result)]].concat(), count);
            }
        });
        out.metric(
            "postern_filter_requests",
            Kind::Counter,
            "Requests in which the filter has found an attack.",
        );
        self.each_endpoint(|labels, totals| {
            for (verdict, count) in totals.filter() {
                out.sample(&[labels, &[("verdict", verdict)]].concat(), count);
            }
        });
        out.metric(
            "postern_invalid_requests",
            Kind::Counter,
            "Requests that validation has refused.",
        );
        self.each_endpoint(|labels, totals| out.sample(labels, totals.invalid()));
        out.metric(
            "postern_jwt_requests",
            Kind::Counter,
            "Requests where tokens count, by what became of theirs.",
        );
        self.each_endpoint(|labels, totals| {
            for (result, count) in totals.jwt() {
                out.sample(&[labels, &[("result", result)]].concat(), count);
            }
        });
    }

    fn write_pools(&self, out: &mut Exposition) {
        for (name, gauge, help) in POOL_GAUGES {
            out.metric(name, Kind::Gauge, help);
            for (database, totals) in &self.databases {
                let is_told = match gauge {
                    DatabaseGauge::Listening => totals.gauge(DatabaseGauge::Listeners) != 0,
                    _ => totals.is_there(),
                };
                if is_told {
                    out.sample(&[("database", database)], totals.gauge(gauge));
                }
            }
        }
        for (name, counter, help) in POOL_COUNTERS {
            out.metric(name, Kind::Counter, help);
            for (database, totals) in &self.databases {
                out.sample(&[("database", database)], totals.counter(counter));
            }
        }
        out.metric(
            "postern_pool_wait_seconds",
            Kind::Counter,
            "How long batches have waited for room on a connection.",
        );
        for (database, totals) in &self.databases {
            out.sample(
                &[("database", database)],
                Seconds(totals.counter(DatabaseCounter::WaitUs)),
            );
        }
        out.metric(
            "postern_schema_loaded_timestamp_seconds",
            Kind::Gauge,
            "When the oldest snapshot of the catalogue was loaded that a worker answers from.",
        );
        for (database, totals) in &self.databases {
            if let Some(loaded_s) = totals.oldest_schema_s() {
                out.sample(&[("database", database)], loaded_s);
            }
        }
    }

    fn write_zones(&self, out: &mut Exposition) {
        let limits = || {
            self.zones
                .iter()
                .filter_map(|(name, zone)| Some((*name, zone.limits?)))
        };
        let responses = || {
            self.zones
                .iter()
                .filter_map(|(name, zone)| Some((*name, zone.responses?)))
        };
        out.metric(
            "postern_limit_keys",
            Kind::Gauge,
            "Keys of limits that a zone has room for, about.",
        );
        limits().for_each(|(zone, (_, room))| out.sample(&[("zone", zone)], room));
        out.metric(
            "postern_limit_evictions",
            Kind::Counter,
            "Keys of limits that had to make room for others.",
        );
        limits().for_each(|(zone, (evicted, _))| out.sample(&[("zone", zone)], evicted));
        out.metric("postern_cache_entries", Kind::Gauge, "Entries in the cache.");
        responses().for_each(|(zone, usage)| out.sample(&[("zone", zone)], usage.entries));
        out.metric("postern_cache_bytes", Kind::Gauge, "Bytes that entries take.");
        responses().for_each(|(zone, usage)| out.sample(&[("zone", zone)], usage.bytes));
        out.metric(
            "postern_cache_capacity_bytes",
            Kind::Gauge,
            "Bytes that there are for entries.",
        );
        responses().for_each(|(zone, usage)| out.sample(&[("zone", zone)], usage.capacity));
        out.metric(
            "postern_cache_evictions",
            Kind::Counter,
            "Entries that had to make room for others.",
        );
        responses().for_each(|(zone, usage)| out.sample(&[("zone", zone)], usage.evicted));
    }
}

pub(super) const POOL_GAUGES: [(&str, DatabaseGauge, &str); 8] = [
    (
        "postern_pool_connections",
        DatabaseGauge::Open,
        "Connections that are open.",
    ),
    (
        "postern_pool_idle_connections",
        DatabaseGauge::Idle,
        "Connections without work.",
    ),
    (
        "postern_pool_max_connections",
        DatabaseGauge::Limit,
        "Connections that there may be, of all workers.",
    ),
    (
        "postern_pool_in_flight",
        DatabaseGauge::InFlight,
        "Batches that the database has not answered yet.",
    ),
    (
        "postern_pool_waiting",
        DatabaseGauge::Waiting,
        "Requests that wait for room on a connection.",
    ),
    (
        "postern_database_workers",
        DatabaseGauge::Workers,
        "Workers that answer from the database.",
    ),
    (
        "postern_database_up",
        DatabaseGauge::Up,
        "Those of them that have a connection.",
    ),
    (
        "postern_database_listening",
        DatabaseGauge::Listening,
        "Workers that hear of changes which others make.",
    ),
];

pub(super) const POOL_COUNTERS: [(&str, DatabaseCounter, &str); 10] = [
    (
        "postern_pool_connects",
        DatabaseCounter::Connects,
        "Connections that were made.",
    ),
    (
        "postern_pool_connect_failures",
        DatabaseCounter::ConnectFailures,
        "Attempts to connect that have failed.",
    ),
    (
        "postern_pool_batches",
        DatabaseCounter::Batches,
        "Batches that were sent.",
    ),
    (
        "postern_pool_waits",
        DatabaseCounter::Waits,
        "Batches that had to wait for room on a connection.",
    ),
    (
        "postern_pool_refused",
        DatabaseCounter::Refused,
        "Batches that were refused: no room in time, or the database is down.",
    ),
    (
        "postern_pool_repeats",
        DatabaseCounter::Repeats,
        "Batches that were sent again.",
    ),
    (
        "postern_statement_hits",
        DatabaseCounter::StatementHits,
        "Statements that were known.",
    ),
    (
        "postern_statement_misses",
        DatabaseCounter::StatementMisses,
        "Statements whose text had to be made.",
    ),
    (
        "postern_schema_loads",
        DatabaseCounter::SchemaLoads,
        "Snapshots of the catalogue that were loaded.",
    ),
    (
        "postern_schema_failures",
        DatabaseCounter::SchemaFailures,
        "Snapshots of the catalogue that could not be loaded.",
    ),
];

#[cfg(test)]
mod tests {
    use super::{Exposition, Format, Kind, Report};

    #[test]
    fn labels_are_escaped_and_counters_have_their_suffix() {
        for (format, expected) in [
            (
                Format::Prometheus,
                "# HELP a_total B.\n# TYPE a_total counter\na_total{x=\"\\\\ \\\" \\n ä\",y=\"\"} 7\n",
            ),
            (
                Format::OpenMetrics,
                "# HELP a B.\n# TYPE a counter\na_total{x=\"\\\\ \\\" \\n ä\",y=\"\"} 7\n# EOF\n",
            ),
        ] {
            let mut out = Exposition::new(format);
            out.metric("a", Kind::Counter, "B.");
            out.sample(&[("x", "\\ \" \n ä"), ("y", "")], 7);
            assert_eq!(out.finish(), expected);
        }
    }

    #[test]
    fn a_client_gets_the_format_that_it_names() {
        let prometheus =
            b"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        assert_eq!(Format::accepted(Some(prometheus)), Format::OpenMetrics);
        assert_eq!(Format::accepted(Some(b"text/plain, */*")), Format::Prometheus);
        assert_eq!(Format::accepted(None), Format::Prometheus);
    }

    #[test]
    fn a_report_about_nothing_is_well_formed() {
        let text = Report::default().write(Format::OpenMetrics);
        assert!(
            text.contains("postern_worker_starts_total 0\n") && text.ends_with("# EOF\n"),
            "{text}"
        );
    }
}
