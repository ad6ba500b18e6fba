//! `postern_jwt`, `postern_jwt_key`, `postern_jwt_require`: which tokens a location wants, and who may come without one.

mod directive;
mod key;
mod remote;
mod require;

use std::cell::{OnceCell, RefCell};
use std::num::NonZeroUsize;
use std::rc::Rc;

use postern_core::auth::{AuthError, ClaimPath, Identity, Requirement, VerifiedTokens, Verifier, key_id};
use postern_core::config::JwtConfig;

pub(super) use directive::PosternJwt;
use key::KeySource;
pub(super) use key::{PosternJwtKey, encoding, read_secret};
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
    /// Whether this level or one above has `postern_jwt`.
    is_set: bool,
    mode: Option<JwtMode>,
    expected: Expected,
    keys: Vec<KeySource>,
    required: Vec<Requirement>,
    /// What follows from all of it. Levels that add nothing share it, and with it the tokens that were verified.
    settings: OnceCell<Option<Rc<JwtSettings>>>,
}

/// The parameters of `postern_jwt` that are not keys.
#[derive(Debug, Clone, Default, PartialEq)]
struct Expected {
    issuer: Option<Box<str>>,
    audience: Option<Box<str>>,
    leeway_s: Option<u32>,
    role_claim: Option<ClaimPath>,
    cookie: Option<Box<str>>,
    argument: Option<Box<str>>,
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

impl Expected {
    fn merge(&mut self, outer: &Self) {
        let outer = outer.clone();
        self.issuer = self.issuer.take().or(outer.issuer);
        self.audience = self.audience.take().or(outer.audience);
        self.leeway_s = self.leeway_s.or(outer.leeway_s);
        self.role_claim = self.role_claim.take().or(outer.role_claim);
        self.cookie = self.cookie.take().or(outer.cookie);
        self.argument = self.argument.take().or(outer.argument);
    }
}

impl JwtConf {
    /// Whether a request needs a token here.
    pub(crate) fn mode(&self) -> JwtMode {
        match self.mode {
            Some(mode) => mode,
            None if self.is_set => JwtMode::UnlessAnonymous,
            None => JwtMode::Off,
        }
    }

    /// What tokens are verified with; `None` without keys.
    pub(crate) fn settings(&self) -> Option<&Rc<JwtSettings>> {
        let settings = self
            .settings
            .get_or_init(|| (!self.keys.is_empty()).then(|| Rc::new(JwtSettings::new(self))));
        settings.as_ref()
    }

    /// The mode and every parameter are inherited where a level does not give them, keys and requirements where it has none.
    pub(super) fn merge(&mut self, outer: &Self, level: Level) -> Result<(), String> {
        let requires = !self.required.is_empty();
        let adds_nothing = self.expected == Expected::default() && self.keys.is_empty() && !requires;
        self.is_set |= outer.is_set;
        self.mode = self.mode.or(outer.mode);
        self.expected.merge(&outer.expected);
        if self.keys.is_empty() {
            self.keys.clone_from(&outer.keys);
        }
        if !requires {
            self.required.clone_from(&outer.required);
        }
        if adds_nothing {
            self.settings = OnceCell::from(outer.settings().cloned());
        }
        if level == Level::Server {
            // It may leave all of it to its locations.
            return Ok(());
        }
        if requires && self.mode() == JwtMode::Off {
            return Err("\"postern_jwt_require\" without \"postern_jwt\"".into());
        }
        // A condition has the keys of what it is in.
        if level == Level::Location && self.mode() != JwtMode::Off && self.settings().is_none() {
            return Err("no key for \"postern_jwt\" directive".into());
        }
        Ok(())
    }
}

impl JwtSettings {
    fn new(conf: &JwtConf) -> Self {
        let expected = conf.expected.clone();
        let config = JwtConfig {
            issuer: expected.issuer,
            audience: expected.audience,
            leeway_s: expected.leeway_s.unwrap_or(JwtConfig::DEFAULT_LEEWAY_S),
            role_claim: expected.role_claim.unwrap_or_default(),
            required: conf.required.clone(),
        };
        let stores = conf.keys.iter().map(|key| Rc::clone(key.store())).collect();
        let verifier = Verifier::new(&config, stores);
        let tokens = VerifiedTokens::new(verifier, REMEMBERED_TOKENS, REMEMBERED_BYTES);
        Self {
            tokens: RefCell::new(tokens),
            remote: conf.keys.iter().filter_map(KeySource::remote).cloned().collect(),
            places: TokenPlaces {
                cookie: expected.cookie,
                argument: expected.argument,
            },
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
