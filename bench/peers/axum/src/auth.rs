//! Who asks: tokens signed with HS256. Those that were verified are remembered, as Postern does it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::routes::App;

/// As many as a worker of Postern remembers.
const REMEMBERED: u64 = 4096;

/// What a verified token says.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) role: String,
    /// All claims, as the JSON that PostgreSQL is told; shared with the keys of the cache.
    pub(crate) claims: Arc<str>,
    expires_s: u64,
}

pub(crate) struct Verifier {
    key: DecodingKey,
    validation: Validation,
    verified: Cache<Box<str>, Arc<Identity>, ahash::RandomState>,
}

#[derive(Deserialize)]
struct Claims {
    role: String,
    exp: u64,
}

impl Verifier {
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&["bench"]);
        validation.set_audience(&["bench"]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Verifier {
            key: DecodingKey::from_secret(secret),
            validation,
            verified: Cache::builder()
                .max_capacity(REMEMBERED)
                .build_with_hasher(ahash::RandomState::new()),
        }
    }

    fn identity(&self, token: &str) -> Result<Arc<Identity>, Error> {
        if let Some(identity) = self.verified.get(token) {
            return if identity.expires_s > now_s() {
                Ok(identity)
            } else {
                Err(Error::Unauthorized)
            };
        }
        let identity = Arc::new(self.verify(token).ok_or(Error::Unauthorized)?);
        self.verified.insert(token.into(), Arc::clone(&identity));
        Ok(identity)
    }

    fn verify(&self, token: &str) -> Option<Identity> {
        let members = decode::<Map<String, Value>>(token, &self.key, &self.validation)
            .ok()?
            .claims;
        let text = serde_json::to_string(&members).ok()?;
        let Claims { role, exp } = serde_json::from_str(&text).ok()?;
        Some(Identity {
            role,
            claims: text.into(),
            expires_s: exp,
        })
    }
}

/// The caller of a handler that has this argument.
pub(crate) struct Caller(pub(crate) Arc<Identity>);

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(Error::Unauthorized)?;
        app.verifier().identity(token).map(Caller)
    }
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(u64::MAX, |elapsed| elapsed.as_secs())
}
