//! Key sets behind URLs.

use std::rc::Rc;

use postern_core::auth::{Algorithm, JwksError, JwksSource, KeyStore, parse_jwks};
use postern_core::config::JwtKeyConfig;

use crate::conf::Postern;
use crate::conf::https::{Endpoint, read_endpoint};
use crate::nginx::conf::{Conf, ConfError};
use crate::worker::Refresh;

/// How often a key set is fetched.
const REFRESH_MS: u64 = 10 * 60 * 1000;

/// A key set that workers fetch, each for itself.
pub(crate) struct RemoteKeys {
    endpoint: Endpoint,
    refresh_ms: u64,
    algorithms: Option<Vec<Algorithm>>,
    store: Rc<KeyStore>,
    refresh: Refresh,
}

impl RemoteKeys {
    /// The key set of a URL: the same one for all directives that say the same of it.
    pub(super) fn configure(
        cf: &mut Conf<'_>,
        url: &str,
        trusted_certificate: Option<&str>,
        refresh_ms: Option<u64>,
        algorithms: Option<Vec<Algorithm>>,
    ) -> Result<Rc<Self>, ConfError> {
        if algorithms.as_ref().is_some_and(|only| only.iter().all(is_shared)) {
            return Err(ConfError::Message(
                "a key set behind a URL has no keys for these algorithms".into(),
            ));
        }
        let endpoint = read_endpoint(cf, url, trusted_certificate)?;
        let refresh_ms = refresh_ms.unwrap_or(REFRESH_MS);
        let main_conf = cf.main_conf::<Postern>();
        let known = main_conf.remote_keys.iter().find(|known| {
            known.endpoint == endpoint && known.refresh_ms == refresh_ms && known.algorithms == algorithms
        });
        if let Some(known) = known {
            return Ok(Rc::clone(known));
        }
        let store = KeyStore::new(&[]).map_err(|error| ConfError::Message(error.to_string()))?;
        let keys = Rc::new(Self {
            endpoint,
            refresh_ms,
            algorithms,
            store: Rc::new(store),
            refresh: Refresh::default(),
        });
        main_conf.remote_keys.push(Rc::clone(&keys));
        Ok(keys)
    }

    /// Where they are.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How often they are fetched.
    pub(crate) fn refresh_ms(&self) -> u64 {
        self.refresh_ms
    }

    /// The keys, as they were last fetched.
    pub(crate) fn store(&self) -> &Rc<KeyStore> {
        &self.store
    }

    /// How the fetching goes.
    pub(crate) fn refresh(&self) -> &Refresh {
        &self.refresh
    }

    /// The keys in what was fetched.
    pub(crate) fn parse(&self, text: &[u8]) -> Result<Vec<JwtKeyConfig>, JwksError> {
        Ok(limit(
            parse_jwks(text, JwksSource::Url)?,
            self.algorithms.as_deref(),
        ))
    }
}

/// Whether an algorithm needs a shared secret.
fn is_shared(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

/// Limits the keys of a set to algorithms; those that go with none of them are left out.
pub(super) fn limit(mut keys: Vec<JwtKeyConfig>, algorithms: Option<&[Algorithm]>) -> Vec<JwtKeyConfig> {
    let Some(allowed) = algorithms else {
        return keys;
    };
    for key in &mut keys {
        let narrowed = match &key.algorithms {
            Some(own) => own.iter().copied().filter(|own| allowed.contains(own)).collect(),
            None => allowed.to_vec(),
        };
        key.algorithms = Some(narrowed);
    }
    keys.retain(|key| KeyStore::new(std::slice::from_ref(key)).is_ok());
    keys
}
