//! Whether a stored response will do for a request (RFC 9111 section 4.2).

use super::control::RequestControl;
use super::generations::{DatabaseId, Generations};
use super::settings::CacheConfig;
use super::store::{Lifetime, Stored};

/// What a stored response is held against.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'j> {
    /// The time, in milliseconds of the clock that lifetimes are counted in.
    pub now_ms: u64,
    /// What has changed.
    pub generations: Generations<'j>,
    /// The database that it was read from.
    pub database: DatabaseId,
    /// Whether changes that are made elsewhere should be heard of.
    pub listens: bool,
    /// The settings.
    pub config: &'j CacheConfig,
    /// What the client asks.
    pub control: RequestControl,
}

impl Judge<'_> {
    /// Whether it can be sent as it is.
    pub fn is_good(&self, stored: &Stored) -> bool {
        self.is_fresh(&stored.lifetime) && stored.record.dependencies.are_current(&self.generations)
    }

    /// Whether it is fresh, if nothing has changed.
    pub fn is_fresh(&self, lifetime: &Lifetime) -> bool {
        let age_ms = self.age_ms(lifetime);
        let left_ms = self.fresh_until_ms(lifetime).saturating_sub(self.now_ms);
        left_ms > 0
            && self
                .control
                .max_age_s
                .is_none_or(|seconds| age_ms < seconds.saturating_mul(1000))
            && self
                .control
                .min_fresh_s
                .is_none_or(|seconds| left_ms >= seconds.saturating_mul(1000))
    }

    /// How long ago it was made.
    pub fn age_ms(&self, lifetime: &Lifetime) -> u64 {
        self.now_ms.saturating_sub(lifetime.stored_ms)
    }

    /// For how many more seconds it is fresh; negative once it is not.
    pub fn ttl_s(&self, lifetime: &Lifetime) -> i64 {
        let seconds = |ms: u64| i64::try_from(ms / 1000).unwrap_or(i64::MAX);
        let fresh_until_ms = self.fresh_until_ms(lifetime);
        match fresh_until_ms.checked_sub(self.now_ms) {
            Some(left_ms) => seconds(left_ms),
            None => -seconds(self.now_ms - fresh_until_ms),
        }
    }

    /// Whether the client wants nothing that is older than it says.
    pub fn is_particular(&self) -> bool {
        self.control.max_age_s.is_some() || self.control.min_fresh_s.is_some()
    }

    /// While nobody hears of changes that are made elsewhere, a response is not trusted for long.
    fn fresh_until_ms(&self, lifetime: &Lifetime) -> u64 {
        let hears = || {
            let heard_ms = self.generations.heard_ms(self.database);
            heard_ms.is_some_and(|heard_ms| self.now_ms.saturating_sub(heard_ms) < HEARD_FOR_MS)
        };
        if !self.listens || hears() {
            lifetime.fresh_until_ms
        } else {
            let limit_ms = lifetime.stored_ms.saturating_add(self.config.fallback_ttl_ms);
            lifetime.fresh_until_ms.min(limit_ms)
        }
    }
}

/// Whoever listens says so every half second; after so long nobody does.
pub const HEARD_FOR_MS: u64 = 1500;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::super::Scope;
    use super::*;

    const LIFETIME: Lifetime = Lifetime {
        stored_ms: 10_000,
        fresh_until_ms: 40_000,
        stale_until_ms: 50_000,
    };

    fn config() -> CacheConfig {
        CacheConfig {
            ttl_ms: 30_000,
            stale_ms: 10_000,
            fallback_ttl_ms: 1000,
            scope: Scope::User,
            claims: None,
            vary: Vec::new(),
            depends: Vec::new(),
            get: true,
            head: true,
            min_uses: 1,
            max_entry: 1000,
            lock_timeout_ms: 1000,
            request_control: true,
        }
    }

    fn with<T>(judge: impl FnOnce(Judge<'_>) -> T) -> T {
        let words: Vec<_> = (0..Generations::words_of(0)).map(|_| AtomicU64::new(0)).collect();
        judge(Judge {
            now_ms: 10_000,
            generations: Generations::new(&words).expect("counters"),
            database: DatabaseId::of("app"),
            listens: false,
            config: &config(),
            control: RequestControl::default(),
        })
    }

    #[test]
    fn a_response_is_fresh_until_its_time_is_over() {
        with(|judge| {
            let at = |now_ms| Judge { now_ms, ..judge };
            assert!(at(39_999).is_fresh(&LIFETIME));
            assert!(!at(40_000).is_fresh(&LIFETIME));
            assert_eq!(at(10_000).ttl_s(&LIFETIME), 30);
            assert_eq!(at(42_500).ttl_s(&LIFETIME), -2);
            assert_eq!(at(12_345).age_ms(&LIFETIME), 2345);
        });
    }

    #[test]
    fn while_nobody_listens_it_is_not_for_long() {
        with(|judge| {
            let at = |now_ms| Judge {
                now_ms,
                listens: true,
                ..judge
            };
            assert!(at(10_999).is_fresh(&LIFETIME));
            assert!(!at(11_000).is_fresh(&LIFETIME));
            judge.generations.set_heard(judge.database, 20_000);
            assert!(at(21_499).is_fresh(&LIFETIME));
            assert!(!at(21_500).is_fresh(&LIFETIME));
        });
    }

    #[test]
    fn a_client_may_want_it_fresher() {
        with(|judge| {
            let at = |now_ms, max_age_s, min_fresh_s| Judge {
                now_ms,
                control: RequestControl {
                    max_age_s,
                    min_fresh_s,
                    ..RequestControl::default()
                },
                ..judge
            };
            assert!(at(14_999, Some(5), None).is_fresh(&LIFETIME));
            assert!(!at(15_000, Some(5), None).is_fresh(&LIFETIME));
            assert!(!at(10_000, Some(0), None).is_fresh(&LIFETIME));
            assert!(at(35_000, None, Some(5)).is_fresh(&LIFETIME));
            assert!(!at(35_001, None, Some(5)).is_fresh(&LIFETIME));
            assert!(!at(10_000, None, Some(u64::MAX)).is_fresh(&LIFETIME));
        });
    }
}
