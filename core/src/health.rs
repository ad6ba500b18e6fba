//! What health checks answer.

use std::collections::BTreeMap;

use serde::Serialize;

/// The outcome of a check, and of all of them: the worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    #[default]
    Pass,
    /// Requests are answered, but something is not as it should be.
    Warn,
    /// Requests cannot be answered.
    Fail,
}

/// A check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its outcome.
    pub status: Status,
    /// How long ago that was found out, in milliseconds.
    pub age_ms: u64,
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl Check {
    /// A check of just now.
    pub fn now(status: Status, output: Option<String>) -> Self {
        Self {
            status,
            age_ms: 0,
            output,
        }
    }
}

/// The checks of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatabaseHealth {
    /// Whether it answers.
    pub database: Check,
    /// Whether its catalogue is known.
    pub schema: Check,
    /// Whether there is room for requests.
    pub pool: Check,
    /// Whether changes that others make are heard of; `None` where nobody listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<Check>,
}

impl DatabaseHealth {
    fn status(&self) -> Status {
        let always = [&self.database, &self.schema, &self.pool];
        let checks = always.into_iter().chain(&self.listener);
        checks.map(|check| check.status).max().unwrap_or_default()
    }
}

/// Whether requests can be answered.
#[derive(Debug, Default)]
pub struct Readiness {
    databases: Vec<(String, DatabaseHealth)>,
}

impl Readiness {
    /// Adds a database.
    pub fn add(&mut self, name: &str, health: DatabaseHealth) {
        self.databases.push((name.to_owned(), health));
    }

    /// The outcome of all checks.
    pub fn status(&self) -> Status {
        let databases = self.databases.iter();
        databases
            .map(|(_, health)| health.status())
            .max()
            .unwrap_or_default()
    }

    /// The status of the response: 200, or 503 where requests cannot be answered.
    pub fn http_status(&self) -> u16 {
        match self.status() {
            Status::Pass | Status::Warn => 200,
            Status::Fail => 503,
        }
    }

    /// `{"status": …, "checks": {"name": {"database": …, …}}}`
    pub fn to_json(&self) -> Vec<u8> {
        let checks: BTreeMap<&str, &DatabaseHealth> = self
            .databases
            .iter()
            .map(|(name, health)| (&**name, health))
            .collect();
        let body = Body {
            status: self.status(),
            checks,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Body<'b> {
    status: Status,
    checks: BTreeMap<&'b str, &'b DatabaseHealth>,
}

#[cfg(test)]
mod tests {
    use super::{Check, DatabaseHealth, Readiness, Status};

    fn health(database: Status, listener: Option<Status>) -> DatabaseHealth {
        DatabaseHealth {
            database: Check::now(
                database,
                (database == Status::Fail).then(|| "it is away".to_owned()),
            ),
            schema: Check {
                age_ms: 5,
                ..Check::default()
            },
            pool: Check::default(),
            listener: listener.map(|status| Check::now(status, None)),
        }
    }

    #[test]
    fn the_worst_check_is_the_outcome() {
        use Status::{Fail, Pass, Warn};
        for (database, listener, outcome, http) in [
            (Pass, None, Pass, 200),
            (Pass, Some(Pass), Pass, 200),
            (Pass, Some(Warn), Warn, 200),
            (Fail, Some(Warn), Fail, 503),
        ] {
            let mut readiness = Readiness::default();
            readiness.add("a", health(Pass, None));
            readiness.add("b", health(database, listener));
            assert_eq!((readiness.status(), readiness.http_status()), (outcome, http));
        }
        assert_eq!(
            Readiness::default().to_json(),
            br#"{"status":"pass","checks":{}}"#
        );
    }

    #[test]
    fn every_check_is_told_with_its_age() {
        let mut readiness = Readiness::default();
        readiness.add("app", health(Status::Fail, Some(Status::Warn)));
        let text = String::from_utf8(readiness.to_json()).expect("UTF-8");
        assert_eq!(
            text,
            concat!(
                r#"{"status":"fail","checks":{"app":{"database":{"status":"fail","age_ms":0,"output":"it is away"},"#,
                r#""schema":{"status":"pass","age_ms":5},"pool":{"status":"pass","age_ms":0},"listener":{"status":"warn","age_ms":0}}}}"#
            )
        );
    }
}
