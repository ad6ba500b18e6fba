//! `postern_jwt_key secret_file=file | key_file=file | jwks_file=file | jwks_url=url [kid=id] [algorithms=names] …`

use std::rc::Rc;

use postern_core::auth::{
    Algorithm, JwksSource, KeyStore, PublicKey, Secret, SecretEncoding, UnusableKey, parse_jwks,
};
use postern_core::config::{JwtKeyConfig, JwtKeyMaterial};

use super::super::files;
use super::remote::{RemoteKeys, limit};
use crate::conf::LocationConf;
use crate::conf::parameters::{invalid_parameter, positive_duration_ms, set_once, split};
use crate::nginx::conf::{Conf, ConfError, Directive};

/// Where keys come from.
#[derive(Clone)]
pub(in crate::conf) enum KeySource {
    /// Files, read with the configuration.
    Files(Rc<KeyStore>),
    /// A URL.
    Url(Rc<RemoteKeys>),
}

impl KeySource {
    pub(super) fn store(&self) -> &Rc<KeyStore> {
        match self {
            Self::Files(store) => store,
            Self::Url(remote) => remote.store(),
        }
    }

    pub(super) fn remote(&self) -> Option<&Rc<RemoteKeys>> {
        match self {
            Self::Files(_) => None,
            Self::Url(remote) => Some(remote),
        }
    }
}

/// The directive.
pub(in crate::conf) struct PosternJwtKey;

impl Directive for PosternJwtKey {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let parameters: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let mut options = KeyOptions::default();
        let mut source = None;
        for parameter in &parameters {
            let (name, value) = split(parameter)?;
            if !options.set(parameter, name, value)? {
                set_once(&mut source, "key=", (parameter, name, value))?;
            }
        }
        let Some((parameter, name, value)) = source else {
            return Err(ConfError::Directive(c"has no key"));
        };
        let Some(key) = options.source(cf, name, value)? else {
            return Err(invalid_parameter(parameter));
        };
        conf.jwt.keys.push(key);
        Ok(())
    }
}

/// What is said of a key beside where it is.
#[derive(Default)]
pub(super) struct KeyOptions {
    id: Option<Box<str>>,
    algorithms: Option<Vec<Algorithm>>,
    encoding: Option<SecretEncoding>,
    refresh_ms: Option<u64>,
    trusted_certificate: Option<String>,
}

impl KeyOptions {
    /// Sets an option; whether the parameter is one.
    fn set(&mut self, parameter: &str, name: &str, value: &str) -> Result<bool, ConfError> {
        match name {
            "kid" => set_once(&mut self.id, parameter, value.into())?,
            "algorithms" => set_once(&mut self.algorithms, parameter, algorithms(value)?)?,
            "encoding" => set_once(&mut self.encoding, parameter, encoding(parameter, value)?)?,
            "refresh" => {
                let refresh_ms = positive_duration_ms("postern_jwt_key", value)?;
                set_once(&mut self.refresh_ms, parameter, refresh_ms)?;
            }
            "trusted_certificate" => set_once(&mut self.trusted_certificate, parameter, value.into())?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The keys that a parameter names; `None` if it is none of those that do.
    pub(super) fn source(
        &self,
        cf: &mut Conf<'_>,
        name: &str,
        value: &str,
    ) -> Result<Option<KeySource>, ConfError> {
        self.check_applicable(name)?;
        let keys = match name {
            "secret_file" => {
                let secret = read_secret(cf, value, self.encoding.unwrap_or_default())?;
                vec![self.key(JwtKeyMaterial::Secret(secret))]
            }
            "key_file" => {
                let key =
                    PublicKey::from_pem(&files::read(cf, value)?).map_err(|error| in_file(error, value))?;
                vec![self.key(JwtKeyMaterial::Public(key))]
            }
            "jwks_file" => {
                let text = files::read(cf, value)?;
                let keys = parse_jwks(&text, JwksSource::File).map_err(|error| in_file(error, value))?;
                if keys
                    .iter()
                    .any(|key| matches!(key.material, JwtKeyMaterial::Secret(_)))
                {
                    files::warn_if_public(cf, value)?;
                }
                let keys = limit(keys, self.algorithms.as_deref());
                if keys.is_empty() {
                    return Err(in_file("no usable key in the key set", value));
                }
                keys
            }
            "jwks_url" => {
                let trusted = self.trusted_certificate.as_deref();
                let remote =
                    RemoteKeys::configure(cf, value, trusted, self.refresh_ms, self.algorithms.clone())?;
                return Ok(Some(KeySource::Url(remote)));
            }
            _ => return Ok(None),
        };
        let store = KeyStore::new(&keys).map_err(|error: UnusableKey| in_file(error, value))?;
        Ok(Some(KeySource::Files(Rc::new(store))))
    }

    fn key(&self, material: JwtKeyMaterial) -> JwtKeyConfig {
        JwtKeyConfig {
            id: self.id.clone(),
            material,
            algorithms: self.algorithms.clone(),
        }
    }

    /// An option that means nothing for this kind of key is a mistake.
    fn check_applicable(&self, name: &str) -> Result<(), ConfError> {
        let is_set = name.starts_with("jwks_");
        let misplaced = [
            ("kid", self.id.is_some() && is_set),
            ("encoding", self.encoding.is_some() && name != "secret_file"),
            ("refresh", self.refresh_ms.is_some() && name != "jwks_url"),
            (
                "trusted_certificate",
                self.trusted_certificate.is_some() && name != "jwks_url",
            ),
        ];
        match misplaced.iter().find(|(_, misplaced)| *misplaced) {
            Some((option, _)) => Err(ConfError::Message(format!(
                "parameter \"{option}\" does not go with \"{name}\""
            ))),
            None => Ok(()),
        }
    }
}

/// `HS256,RS256`
fn algorithms(value: &str) -> Result<Vec<Algorithm>, ConfError> {
    value
        .split(',')
        .map(|name| {
            name.parse()
                .map_err(|_| ConfError::Message(format!("unknown algorithm \"{name}\"")))
        })
        .collect()
}

pub(in crate::conf) fn encoding(parameter: &str, value: &str) -> Result<SecretEncoding, ConfError> {
    match value {
        "raw" => Ok(SecretEncoding::Raw),
        "base64" => Ok(SecretEncoding::Base64),
        "base64url" => Ok(SecretEncoding::Base64Url),
        _ => Err(invalid_parameter(parameter)),
    }
}

pub(in crate::conf) fn read_secret(
    cf: &mut Conf<'_>,
    path: &str,
    encoding: SecretEncoding,
) -> Result<Secret, ConfError> {
    let content = files::read_secret(cf, path)?;
    Secret::parse(&content, encoding).map_err(|error| in_file(error, path))
}

fn in_file(error: impl std::fmt::Display, path: &str) -> ConfError {
    ConfError::Message(format!("{error} in \"{path}\""))
}
