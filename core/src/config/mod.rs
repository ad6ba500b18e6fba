//! Typed settings. Directives (and later other sources) fill them; what is here has been checked as a whole and needs no
//! nginx to be understood.

pub mod dsn;

use std::num::NonZeroU32;

use jsonwebtoken::Algorithm;
use zeroize::Zeroizing;

use crate::auth::{ClaimPath, PublicKey, Requirement, Secret};
use crate::schema_cache::QualifiedName;
use crate::sql_endpoint::{BodyType, Methods, ResultShape, Script, ScriptChanges};

/// A `postern_database` block. Durations are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// The name that other directives use.
    pub name: Box<str>,
    /// Connections per worker.
    pub connections: NonZeroU32,
    /// How many requests may be on their way on one connection at once.
    pub pipeline: NonZeroU32,
    /// How many requests may wait for a connection.
    pub queue: u32,
    /// Until a connection is ready: TCP, TLS and authentication.
    pub connect_timeout_ms: u64,
    /// Until a statement's answer is complete; PostgreSQL's `statement_timeout` is set to the same value.
    pub query_timeout_ms: u64,
    /// How long a request may wait for a connection.
    pub acquire_timeout_ms: u64,
    /// A connection that was not used for so long is closed; 0 keeps it.
    pub idle_timeout_ms: u64,
    /// A connection is replaced after so long; 0 keeps it.
    pub max_lifetime_ms: u64,
    /// Whether statements are prepared and kept (off for PgBouncer in transaction mode).
    pub prepare: bool,
    /// How many prepared statements a connection keeps.
    pub statements: NonZeroU32,
    /// The schemas of the schema cache, and the search path of every request.
    pub schemas: Vec<Box<str>>,
    /// The role of a request without a token; without it such a request is refused.
    pub anonymous_role: Option<Box<str>>,
    /// What of a request PostgreSQL is told.
    pub context: ContextConfig,
    /// Whether changes that are made elsewhere are listened for.
    pub listen: Listen,
}

/// Whether one connection of a node listens for changes that are made elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Listen {
    /// If a cache wants to know.
    #[default]
    AsNeeded,
    /// Always: without a cache the error log tells of them.
    On,
    /// Never.
    Off,
}

/// Which settings `set_config(…, true)` makes before a request's statement, with PostgREST's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextConfig {
    /// `role`
    pub role: bool,
    /// `request.jwt.claims`
    pub claims: bool,
    /// `request.headers`
    pub headers: bool,
    /// `request.cookies`
    pub cookies: bool,
    /// `request.method`
    pub method: bool,
    /// `request.path`
    pub path: bool,
    /// `search_path`
    pub search_path: bool,
}

impl Default for ContextConfig {
    fn default() -> Self {
        Self {
            role: true,
            claims: true,
            headers: true,
            cookies: true,
            method: true,
            path: true,
            search_path: true,
        }
    }
}

/// A `postern_resource` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceConfig {
    /// The relation behind the location.
    pub relation: QualifiedName,
    /// The column that `/:id` is compared with; the primary key otherwise.
    pub key: Option<Box<str>>,
    /// The column that tells when a row was last changed.
    pub last_modified: Option<Box<str>>,
    /// Rows in a page when the client does not say.
    pub default_limit: NonZeroU32,
    /// Rows in a page at most; a larger `limit` is an error.
    pub max_limit: NonZeroU32,
    /// The methods that are served, of those that the relation takes.
    pub methods: Methods,
}

/// A `postern_sql` directive.
#[derive(Debug, Clone)]
pub struct SqlConfig {
    /// The statements.
    pub script: Script,
    /// The methods that are served.
    pub methods: Methods,
    /// What is made of the rows; where it is not said, the number of columns decides.
    pub shape: Option<ResultShape>,
    /// Whether the statements only read, whatever the method is. With GET and HEAD they always do.
    pub read_only: bool,
    /// What the statements change, where they do not only read.
    pub changes: ScriptChanges,
    /// What the body has to be.
    pub body: BodyType,
    /// The longest result, in bytes of JSON.
    pub max_bytes: usize,
}

/// A `postern_issue_token` directive: how tokens are signed.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The key.
    pub key: SigningKeyMaterial,
    /// The algorithm, one for this type of key.
    pub algorithm: Algorithm,
    /// The name of the key, for verifiers that have several.
    pub key_id: Option<Box<str>>,
    /// The claim `iss`.
    pub issuer: Option<Box<str>>,
    /// The claim `aud`.
    pub audience: Option<Box<str>>,
    /// How long a token is good.
    pub ttl_s: u32,
}

/// What tokens are signed with.
#[derive(Clone)]
pub enum SigningKeyMaterial {
    /// A shared secret.
    Secret(Secret),
    /// A private key in PEM (PKCS #8).
    PrivateKey(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for SigningKeyMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(…)",
            Self::PrivateKey(_) => "PrivateKey(…)",
        })
    }
}

/// What is expected of tokens: `postern_jwt` and `postern_jwt_require`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtConfig {
    /// What the claim `iss` must be; not checked where there is none.
    pub issuer: Option<Box<str>>,
    /// What the claim `aud` must be or contain; not checked where there is none.
    pub audience: Option<Box<str>>,
    /// How far the clocks of the issuer and of this machine may be apart.
    pub leeway_s: u32,
    /// Which claim names the role.
    pub role_claim: ClaimPath,
    /// What else the claims must be.
    pub required: Vec<Requirement>,
}

impl Default for JwtConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: None,
            leeway_s: Self::DEFAULT_LEEWAY_S,
            role_claim: ClaimPath::default(),
            required: Vec::new(),
        }
    }
}

impl JwtConfig {
    /// The leeway where nothing else is configured.
    pub const DEFAULT_LEEWAY_S: u32 = 30;
}

/// A key for tokens.
#[derive(Debug, Clone)]
pub struct JwtKeyConfig {
    /// Its name, which a token's `kid` selects; a key without one is tried for every token.
    pub id: Option<Box<str>>,
    /// The key itself.
    pub material: JwtKeyMaterial,
    /// The algorithms that it is limited to, of those that go with its type.
    pub algorithms: Option<Vec<Algorithm>>,
}

/// What a key is made of. It decides which algorithms the key may be used with, whatever a token says.
#[derive(Debug, Clone)]
pub enum JwtKeyMaterial {
    /// A shared secret: HS256, HS384, HS512.
    Secret(Secret),
    /// A public key: RS and PS with RSA, ES256 and ES384 by the curve, EdDSA with Ed25519.
    Public(PublicKey),
}
