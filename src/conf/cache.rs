//! `postern_cache`, `postern_cache_control`, and a zone's part for responses.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use postern_core::cache::{self, CacheConfig, FirstLevel, Generations, Scope, Store, Usage};

use super::parameters::{
    duration_ms, invalid_parameter, positive, positive_duration_ms, set_once, split, switch,
};
use super::zone::random_seed;
use super::{LocationConf, MainConf};
use crate::nginx::conf::{Conf, ConfError, Directive, parse_size};
use crate::nginx::shm::{Locked, Shared, Zone};
use crate::worker::Waiting;

/// The cache of a location, the same for all levels that inherit it.
#[derive(Debug)]
pub(crate) struct CacheSettings {
    /// How it caches.
    pub(crate) config: CacheConfig,
    /// The name of its zone.
    zone_name: Box<str>,
    /// The zone, once all of the configuration has been read.
    zone: OnceCell<Rc<CacheZone>>,
    /// Where it is written.
    place: String,
}

impl CacheSettings {
    /// The zone.
    pub(crate) fn zone(&self) -> Option<&Rc<CacheZone>> {
        self.zone.get()
    }
}

/// A zone's part for responses.
pub(crate) struct CacheZone {
    /// The name of the zone.
    pub(crate) name: Box<str>,
    zone: Zone<Responses>,
    seed: OnceCell<[u64; 2]>,
    /// What this worker keeps of it.
    pub(crate) first_level: RefCell<FirstLevel>,
    /// Requests of this worker that wait for a response which another one makes.
    pub(crate) waiting: RefCell<Waiting>,
    /// How often the zone was purged when the first level was last looked at.
    pub(crate) purges_seen: Cell<u64>,
}

impl std::fmt::Debug for CacheZone {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl CacheZone {
    /// The part that has so many bytes.
    pub(super) fn new(name: &str, zone: Zone<Responses>, bytes: usize) -> Self {
        Self {
            name: name.into(),
            zone,
            seed: OnceCell::new(),
            first_level: RefCell::new(FirstLevel::new((bytes / 4).min(MAX_FIRST_LEVEL))),
            waiting: RefCell::default(),
            purges_seen: Cell::new(0),
        }
    }

    /// Waits until nobody else has the store.
    pub(crate) fn lock(&self) -> Option<Locked<'_>> {
        self.zone.lock()
    }

    /// The counters of what has changed.
    pub(crate) fn generations(&self) -> Option<Generations<'_>> {
        Generations::new(self.zone.shared_words()?)
    }

    /// What the store holds.
    pub(crate) fn usage(&self) -> Option<Usage> {
        Store::usage_of(|index| self.zone.peek(index))
    }

    /// The secret of the store's hashes, which never changes.
    pub(crate) fn seed(&self) -> Option<[u64; 2]> {
        match self.seed.get() {
            Some(seed) => Some(*seed),
            None => {
                let seed = Store::seed_of(|index| self.zone.peek(index))?;
                Some(*self.seed.get_or_init(|| seed))
            }
        }
    }
}

/// A store of responses, and the counters that tell which of them are out of date.
pub(super) struct Responses;

impl Shared for Responses {
    const LAYOUT: u64 = Store::LAYOUT_VERSION;

    fn shared_words(words: usize) -> usize {
        Generations::words_of(words)
    }

    fn create(words: &mut [u64]) {
        Store::create(words, random_seed());
    }
}

/// What one level of the configuration says of caching.
#[derive(Default)]
pub(crate) struct CacheConf {
    cache: Cache,
    /// The value of Cache-Control; `None` in it where there is to be none.
    control: Option<Option<Box<str>>>,
    /// See [`CacheConf::vary`].
    vary: OnceCell<Option<Box<str>>>,
    /// See [`CacheConf::fingerprint`].
    fingerprint: OnceCell<u64>,
}

#[derive(Default)]
enum Cache {
    /// That of the level above.
    #[default]
    Unset,
    /// None.
    Off,
    /// This one.
    On(Rc<CacheSettings>),
}

impl CacheConf {
    /// The cache of this location.
    pub(crate) fn settings(&self) -> Option<&Rc<CacheSettings>> {
        match &self.cache {
            Cache::Unset | Cache::Off => None,
            Cache::On(settings) => Some(settings),
        }
    }

    /// The value of Cache-Control for what may be kept, as far as caches of others go.
    pub(crate) fn control(&self) -> Option<&str> {
        match &self.control {
            Some(value) => value.as_deref(),
            None => Some(match self.settings()?.config.scope {
                // Postern knows when a response is out of date, and nobody else does: others may keep it, but have to ask.
                Scope::Public => "no-cache",
                Scope::Role | Scope::User => "private, no-cache",
            }),
        }
    }

    /// The fields of a request that choose the response (RFC 9110 section 12.5.5); tokens may be in cookies as well.
    pub(crate) fn vary(&self, with_cookies: bool) -> Option<&str> {
        let vary = self.vary.get_or_init(|| {
            let config = &self.settings()?.config;
            let who: &[&str] = match (config.scope, with_cookies) {
                (Scope::Public, _) => &[],
                (Scope::Role | Scope::User, false) => &["Authorization"],
                (Scope::Role | Scope::User, true) => &["Authorization", "Cookie"],
            };
            let names = who.iter().copied().chain(config.vary.iter().map(|name| &**name));
            let names: Vec<&str> = names.collect();
            (!names.is_empty()).then(|| names.join(", ").into())
        });
        vary.as_deref()
    }

    /// A hash of everything in the configuration that a response may depend on: a configuration that answers otherwise does not find
    /// what was stored under another one.
    pub(crate) fn fingerprint(&self, all_of_it: impl FnOnce() -> String) -> u64 {
        *self.fingerprint.get_or_init(|| cache::fingerprint(&all_of_it()))
    }

    /// Takes from the level above what this one does not say.
    pub(super) fn merge(&mut self, outer: &Self) {
        if let Cache::Unset = self.cache {
            self.cache = match &outer.cache {
                Cache::Unset => Cache::Unset,
                Cache::Off => Cache::Off,
                Cache::On(settings) => Cache::On(Rc::clone(settings)),
            };
        }
        if self.control.is_none() {
            self.control.clone_from(&outer.control);
        }
    }
}

/// The numbers of the zones that caches use. An error refuses the configuration.
pub(super) fn zones(main_conf: &MainConf) -> Result<Vec<usize>, String> {
    let caches = main_conf.caches.iter();
    caches.map(|cache| number_of_zone(main_conf, cache)).collect()
}

/// Gives every cache its zone.
pub(super) fn resolve(main_conf: &MainConf) -> Result<(), String> {
    for cache in &main_conf.caches {
        let number = number_of_zone(main_conf, cache)?;
        let zone = main_conf.zones.get(number).and_then(|zone| zone.responses());
        let zone = zone.ok_or_else(|| format!("unknown zone in {}", cache.place))?;
        // A cache is resolved once: each belongs to one configuration.
        let _ = cache.zone.set(Rc::clone(zone));
    }
    Ok(())
}

fn number_of_zone(main_conf: &MainConf, cache: &CacheSettings) -> Result<usize, String> {
    let name = &cache.zone_name;
    let number = main_conf.zone_number(name);
    number.ok_or_else(|| format!("unknown zone \"{name}\" in {}", cache.place))
}

/// `postern_cache zone ttl=time [parameter …]`, `postern_cache off`
pub(super) struct PosternCache;

impl Directive for PosternCache {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let Cache::Unset = conf.cache.cache else {
            return Err(ConfError::Directive(c"is duplicate"));
        };
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let Some((zone_name, parameters)) = words.split_first() else {
            return Err(ConfError::Directive(c"has no zone"));
        };
        if zone_name == "off" && parameters.is_empty() {
            conf.cache.cache = Cache::Off;
            return Ok(());
        }
        let settings = Rc::new(CacheSettings {
            config: parse(parameters)?,
            zone_name: zone_name.as_str().into(),
            zone: OnceCell::new(),
            place: cf.place(),
        });
        cf.main_conf::<super::Postern>().caches.push(Rc::clone(&settings));
        conf.cache.cache = Cache::On(settings);
        Ok(())
    }
}

/// The parameters as they come.
#[derive(Default)]
struct Parameters {
    ttl_ms: Option<u64>,
    stale_ms: Option<u64>,
    fallback_ttl_ms: Option<u64>,
    scope: Option<Scope>,
    claims: Option<Vec<Box<str>>>,
    vary: Option<Vec<Box<str>>>,
    depends: Option<Vec<Box<str>>>,
    min_uses: Option<u32>,
    max_entry: Option<usize>,
    lock_timeout_ms: Option<u64>,
    methods: Option<(bool, bool)>,
    request_control: Option<bool>,
}

fn parse(words: &[String]) -> Result<CacheConfig, ConfError> {
    let mut parameters = Parameters::default();
    for word in words {
        parameters.set(word)?;
    }
    parameters.finish()
}

impl Parameters {
    fn set(&mut self, word: &str) -> Result<(), ConfError> {
        const NAME: &str = "postern_cache";
        let (name, value) = split(word)?;
        let invalid = || invalid_parameter(word);
        match name {
            "ttl" => set_once(&mut self.ttl_ms, word, positive_duration_ms(NAME, value)?),
            "stale" => set_once(&mut self.stale_ms, word, duration_ms(NAME, value)?),
            "fallback_ttl" => set_once(&mut self.fallback_ttl_ms, word, duration_ms(NAME, value)?),
            "scope" => set_once(&mut self.scope, word, scope(value).ok_or_else(invalid)?),
            "claims" => set_once(&mut self.claims, word, list(value).ok_or_else(invalid)?),
            "vary" => {
                let names = list(&value.to_ascii_lowercase()).ok_or_else(invalid)?;
                set_once(&mut self.vary, word, names)
            }
            "depends" => {
                let names = list(value).filter(|names| names.iter().all(|name| name.contains('.')));
                set_once(&mut self.depends, word, names.ok_or_else(invalid)?)
            }
            "min_uses" => set_once(&mut self.min_uses, word, positive(NAME, value)?.get()),
            "max_entry" => set_once(&mut self.max_entry, word, parse_size(value).ok_or_else(invalid)?),
            "lock_timeout" => set_once(&mut self.lock_timeout_ms, word, duration_ms(NAME, value)?),
            "methods" => set_once(&mut self.methods, word, methods(value).ok_or_else(invalid)?),
            "request_control" => set_once(&mut self.request_control, word, switch(NAME, value)?),
            _ => Err(invalid()),
        }
    }

    fn finish(self) -> Result<CacheConfig, ConfError> {
        let scope = self.scope.unwrap_or(Scope::User);
        if self.claims.is_some() && scope != Scope::User {
            return Err(ConfError::Message("\"claims\" needs \"scope=user\"".into()));
        }
        let ttl_ms = self.ttl_ms.ok_or_else(|| {
            ConfError::Message("no \"ttl\" parameter in \"postern_cache\" directive".into())
        })?;
        let (get, head) = self.methods.unwrap_or((true, true));
        Ok(CacheConfig {
            ttl_ms,
            stale_ms: self.stale_ms.unwrap_or_default(),
            fallback_ttl_ms: self.fallback_ttl_ms.unwrap_or(DEFAULT_FALLBACK_TTL_MS),
            scope,
            claims: self.claims,
            vary: self.vary.unwrap_or_default(),
            depends: self.depends.unwrap_or_default(),
            get,
            head,
            min_uses: self.min_uses.unwrap_or(1),
            max_entry: self.max_entry.unwrap_or(DEFAULT_MAX_ENTRY),
            lock_timeout_ms: self.lock_timeout_ms.unwrap_or(DEFAULT_LOCK_TIMEOUT_MS),
            request_control: self.request_control.unwrap_or(true),
        })
    }
}

fn scope(value: &str) -> Option<Scope> {
    match value {
        "public" => Some(Scope::Public),
        "role" => Some(Scope::Role),
        "user" => Some(Scope::User),
        _ => None,
    }
}

/// Whether GET and HEAD are cached: nothing else is.
fn methods(value: &str) -> Option<(bool, bool)> {
    match value {
        "GET" => Some((true, false)),
        "HEAD" => Some((false, true)),
        "GET,HEAD" | "HEAD,GET" => Some((true, true)),
        _ => None,
    }
}

/// Names with commas between them.
fn list(value: &str) -> Option<Vec<Box<str>>> {
    let names: Vec<Box<str>> = value.split(',').map(Box::from).collect();
    names.iter().all(|name| !name.is_empty()).then_some(names)
}

/// `postern_cache_control "value" | off`
pub(super) struct PosternCacheControl;

impl Directive for PosternCacheControl {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.cache.control.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words = cf.arguments()?;
        let value = words.get(1).copied().unwrap_or_default();
        let is_field_value = |value: &str| value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        conf.cache.control = match value {
            "off" => Some(None),
            value if !value.is_empty() && is_field_value(value) => Some(Some(value.into())),
            value => return Err(super::parameters::invalid_value("postern_cache_control", value)),
        };
        Ok(())
    }
}

const DEFAULT_FALLBACK_TTL_MS: u64 = 1000;
const DEFAULT_MAX_ENTRY: usize = 256 << 10;
const DEFAULT_LOCK_TIMEOUT_MS: u64 = 5000;

/// What a worker keeps of a zone, at the most.
const MAX_FIRST_LEVEL: usize = 8 << 20;
