//! `postern_jwt`, `postern_jwt_key`, `postern_jwt_require`: which tokens a location wants, and who may come without one.

mod directive;
mod key;
mod remote;
mod require;

use std::cell::{OnceCell, RefCell};
use std::num::NonZeroUsize;
use std::rc::Rc;

use postern_core::auth::{AuthError, Identity, Requirement, VerifiedTokens, Verifier, key_id};
use postern_core::config::JwtConfig;

pub(super) use directive::PosternJwt;
use key::KeySource;
pub(super) use key::PosternJwtKey;
pub(crate) use remote::RemoteKeys;
pub(super) use require::PosternJwtRequire;

use crate::nginx::conf::Level;

/// How many verified tokens a worker remembers for each set of keys and expectations, and how much memory they may take.
const REMEMBERED_TOKENS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
const REMEMBERED_BYTES: usize = 8 << 20;

/// Whether a request needs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JwtMode {
    /// Tokens are not looked at.
    Off,
    /// A request without a token goes on as nobody.
    Optional,
    /// A request without a token is refused.
    On,
    /// As `Optional` where the database of the location has an anonymous role, else as `On`.
    UnlessAnonymous,
}

/// What one level of the configuration says of tokens.
#[derive(Default)]
pub(crate) struct JwtConf {
    mode: Option<JwtMode>,
    expectations: Option<Rc<Expectations>>,
    keys: Vec<KeySource>,
    required: Vec<Requirement>,
    /// What follows from all of it. Levels that add nothing share it, and with it the tokens that were verified.
    settings: OnceCell<Option<Rc<JwtSettings>>>,
}

/// The parameters of `postern_jwt` that are not keys.
#[derive(Debug, Default)]
struct Expectations {
    config: JwtConfig,
    places: TokenPlaces,
}

/// Where a token may be beside the Authorization field.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenPlaces {
    /// The name of a cookie.
    pub(crate) cookie: Option<Box<str>>,
    /// The name of an argument.
    pub(crate) argument: Option<Box<str>>,
}

/// Which tokens a location accepts. Each worker has its copy of the tokens that it has verified.
pub(crate) struct JwtSettings {
    tokens: RefCell<VerifiedTokens>,
    remote: Vec<Rc<RemoteKeys>>,
    places: TokenPlaces,
}

impl JwtConf {
    /// Whether a request needs a token here.
    pub(crate) fn mode(&self) -> JwtMode {
        self.mode.unwrap_or(JwtMode::Off)
    }

    /// What tokens are verified with; `None` without keys.
    pub(crate) fn settings(&self) -> Option<&Rc<JwtSettings>> {
        let settings = self.settings.get_or_init(|| {
            let expectations = self.expectations.clone().unwrap_or_default();
            (!self.keys.is_empty()).then(|| Rc::new(JwtSettings::new(self, &expectations)))
        });
        settings.as_ref()
    }

    /// Keys and requirements are inherited where a level has none of its own, and so are the parameters of `postern_jwt` where it
    /// gives none.
    pub(super) fn merge(&mut self, outer: &Self, level: Level) -> Result<(), String> {
        self.mode = self.mode.or(outer.mode);
        let adds_nothing = self.expectations.is_none() && self.keys.is_empty() && self.required.is_empty();
        if self.expectations.is_none() {
            self.expectations.clone_from(&outer.expectations);
        }
        if self.keys.is_empty() {
            self.keys.clone_from(&outer.keys);
        }
        if self.required.is_empty() {
            self.required.clone_from(&outer.required);
        }
        if adds_nothing {
            self.settings = OnceCell::from(outer.settings().cloned());
        }
        // A server may leave the keys to its locations.
        if level != Level::Server && self.mode() != JwtMode::Off && self.settings().is_none() {
            return Err("no key for \"postern_jwt\" directive".into());
        }
        Ok(())
    }
}

impl JwtSettings {
    fn new(conf: &JwtConf, expectations: &Expectations) -> Self {
        let config = JwtConfig {
            required: conf.required.clone(),
            ..expectations.config.clone()
        };
        let stores = conf.keys.iter().map(|key| Rc::clone(key.store())).collect();
        let verifier = Verifier::new(&config, stores);
        let tokens = VerifiedTokens::new(verifier, REMEMBERED_TOKENS, REMEMBERED_BYTES);
        Self {
            tokens: RefCell::new(tokens),
            remote: conf.keys.iter().filter_map(KeySource::remote).cloned().collect(),
            places: expectations.places.clone(),
        }
    }

    /// The identity in a token.
    pub(crate) fn verify(&self, token: &[u8], now_s: u64) -> Result<Rc<Identity>, AuthError> {
        self.tokens.borrow_mut().verify(token, now_s)
    }

    /// The keys from URLs that a refused token may be waiting for: those that were not fetched yet, or where its `kid` is not
    /// known.
    pub(crate) fn stale_keys(&self, token: &[u8]) -> Vec<Rc<RemoteKeys>> {
        if self.remote.is_empty() {
            return Vec::new();
        }
        let kid = key_id(token);
        let is_stale = |keys: &&Rc<RemoteKeys>| {
            let store = keys.store();
            store.is_empty() || kid.as_deref().is_some_and(|kid| !store.has(kid))
        };
        self.remote.iter().filter(is_stale).cloned().collect()
    }

    /// Where a token may be beside the Authorization field.
    pub(crate) fn places(&self) -> &TokenPlaces {
        &self.places
    }
}
