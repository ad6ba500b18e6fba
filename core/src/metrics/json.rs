//! A report as JSON: what the status page draws. Names are those of the metrics, without `postern_`.

use serde_json::{Map, Value, json};

use super::database::{DatabaseCounter, DatabaseGauge, DatabaseTotals};
use super::endpoint::EndpointTotals;
use super::exposition::{POOL_COUNTERS, POOL_GAUGES, Report, ZoneReport};
use super::failure::LastFailure;
use super::histogram::{BOUNDS_US, Histogram};
use super::registry::Label;

impl Report<'_> {
    /// Writes it as JSON.
    pub fn to_json(&self) -> String {
        let (version, nginx) = self.versions;
        let (workers, starts, crashes) = self.workers;
        let endpoints = self.endpoints.iter();
        let databases = self.databases.iter();
        // One that no worker has any more is not drawn.
        let databases = databases.filter(|(_, totals)| totals.is_there());
        json!({
            "now_ms": self.now_ms,
            "began_s": self.began_s,
            "version": version,
            "nginx": nginx,
            "workers": workers,
            "worker_starts": starts,
            "worker_crashes": crashes,
            "bounds_us": BOUNDS_US,
            "endpoints": endpoints.map(endpoint).collect::<Vec<_>>(),
            "databases": databases.map(database).collect::<Vec<_>>(),
            "zones": self.zones.iter().map(zone).collect::<Vec<_>>(),
            "failures": self.failures.iter().map(failure).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

fn endpoint((server, location, totals): &(String, String, EndpointTotals)) -> Value {
    let mut requests: Map<String, Value> = Map::new();
    for (method, class, count) in totals.requests() {
        let classes = requests.entry(method).or_insert_with(|| json!({}));
        if let Some(classes) = classes.as_object_mut() {
            classes.insert(class.into(), count.into());
        }
    }
    json!({
        "server": server,
        "location": location,
        "requests": requests,
        "duration": histogram(&totals.durations()),
        "database": histogram(&totals.database()),
        "queries": totals.queries(),
        "sent_bytes": totals.sent_bytes(),
        "cache": named(totals.cache()),
        "limit": named(totals.limits()),
        "filter": named(totals.filter()),
        "jwt": named(totals.jwt()),
        "invalid": totals.invalid(),
        "broken": totals.broken(),
    })
}

fn named(counts: impl Iterator<Item = (&'static str, u64)>) -> Map<String, Value> {
    counts.map(|(name, count)| (name.into(), count.into())).collect()
}

fn histogram(histogram: &Histogram) -> Value {
    json!({ "buckets": histogram.buckets(), "sum_us": histogram.sum_us() })
}

fn database((name, totals): &(String, DatabaseTotals)) -> Value {
    let gauges = POOL_GAUGES.iter();
    let gauges = gauges.map(|&(name, gauge, _)| (short(name), totals.gauge(gauge).into()));
    let counters = POOL_COUNTERS.iter();
    let counters = counters.map(|&(name, counter, _)| (short(name), totals.counter(counter).into()));
    let mut members: Map<String, Value> = gauges.chain(counters).collect();
    members.insert("name".into(), name.as_str().into());
    let waited_us = totals.counter(DatabaseCounter::WaitUs);
    members.insert("pool_wait_us".into(), waited_us.into());
    let listeners = totals.gauge(DatabaseGauge::Listeners);
    members.insert("database_listeners".into(), listeners.into());
    members.insert("schema_loaded_s".into(), totals.oldest_schema_s().into());
    members.into()
}

fn short(name: &str) -> String {
    name.trim_start_matches("postern_").into()
}

fn zone((name, report): &(&str, ZoneReport)) -> Value {
    let limits = report
        .limits
        .map(|(evicted, keys)| json!({ "keys": keys, "evictions": evicted }));
    let responses = report.responses.map(|usage| {
        json!({
            "entries": usage.entries,
            "bytes": usage.bytes,
            "capacity_bytes": usage.capacity,
            "evictions": usage.evicted,
        })
    });
    json!({ "name": name, "limits": limits, "responses": responses })
}

fn failure(failure: &LastFailure<Label>) -> Value {
    let (server, location) = match &failure.place {
        Label::Endpoint { server, location } => (server.as_str(), location.as_str()),
        Label::Database(_) => ("", ""),
    };
    json!({
        "time_ms": failure.time_ms,
        "status": failure.status,
        "method": failure.method,
        "code": failure.code,
        "trace_id": failure.trace_id,
        "path": failure.path,
        "server": server,
        "location": location,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use serde_json::{Value, json};

    use crate::metrics::{
        DatabaseCounter, DatabaseGauge, DatabaseTotals, EndpointTotals, Failure, Label, Observation,
        Registry, Report, ZoneReport,
    };

    fn parsed(report: &Report<'_>) -> Value {
        serde_json::from_str(&report.to_json()).expect("JSON")
    }

    #[test]
    fn a_report_about_nothing_is_complete() {
        let report = parsed(&Report::default());
        for list in ["endpoints", "databases", "zones", "failures"] {
            assert_eq!(report[list], json!([]), "{list}");
        }
        assert_eq!(report["bounds_us"].as_array().map(Vec::len), Some(15));
        // The status page names it (`LONGEST_US`).
        assert_eq!(report["bounds_us"][14], 30_000_000);
    }

    #[test]
    fn everything_that_was_counted_is_there() {
        let words: Vec<_> = (0..20_000).map(|_| AtomicU64::new(0)).collect();
        let registry = Registry::new(&words, 1).expect("room");
        let slot = registry.take_slot(7, &|_| true).expect("a slot");
        let label = Label::Endpoint {
            server: "example.org".into(),
            location: "~ \\.json\"$".into(),
        };
        let series = registry.find(&label).expect("room");
        let observation = Observation {
            method: b"GET",
            status: 500,
            duration_us: 700,
            sent_bytes: 100,
            queries: 1,
            database_us: 600,
            cache: None,
            limit: Some(crate::limit::Judgement::Rejected),
            filter: None,
            is_invalid: false,
            is_broken: true,
            jwt: None,
        };
        observation.count(&registry.block(series, slot).expect("a block"));
        let failure = Failure {
            time_ms: 5,
            status: 500,
            method: b"GET",
            code: "XX000",
            trace_id: "",
            path: b"/<img src=x>\xff",
        };
        registry.note_failure(series, slot, &failure);
        let app = registry.find(&Label::Database("app".into())).expect("room");
        let block = registry.block(app, slot).expect("a block");
        block.add_database(DatabaseCounter::Batches, 3);
        block.set_database(DatabaseGauge::Workers, 1);
        let gone = registry.find(&Label::Database("gone".into())).expect("room");
        let report = parsed(&Report {
            versions: ("1", "2"),
            endpoints: vec![(
                "example.org".into(),
                "~ \\.json\"$".into(),
                EndpointTotals::of(&registry, series),
            )],
            databases: [("app", app), ("gone", gone)]
                .map(|(name, series)| (name.into(), DatabaseTotals::of(&registry, series, &[slot])))
                .into(),
            zones: vec![(
                "edge",
                ZoneReport {
                    limits: Some((1, 2)),
                    responses: None,
                },
            )],
            failures: registry.last_failures(),
            ..Report::default()
        });
        let endpoint = &report["endpoints"][0];
        assert_eq!(endpoint["location"], "~ \\.json\"$");
        assert_eq!(
            endpoint["requests"]["GET"],
            json!({"2xx": 0, "3xx": 0, "4xx": 0, "5xx": 1})
        );
        assert_eq!(endpoint["duration"]["buckets"][1], 1);
        assert_eq!(endpoint["database"]["sum_us"], 600);
        assert_eq!(
            (&endpoint["invalid"], &endpoint["broken"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(
            endpoint["limit"],
            json!({"passed": 0, "dry_run": 0, "rejected": 1})
        );
        assert_eq!(report["databases"].as_array().map(Vec::len), Some(1));
        assert_eq!(report["databases"][0]["pool_batches"], 3);
        assert_eq!(report["databases"][0]["database_workers"], 1);
        assert_eq!(report["zones"][0]["limits"], json!({"keys": 2, "evictions": 1}));
        let told = &report["failures"][0];
        assert_eq!(told["path"], "/<img src=x>\u{fffd}");
        assert_eq!(
            (&told["location"], &told["code"]),
            (&endpoint["location"], &json!("XX000"))
        );
    }
}
