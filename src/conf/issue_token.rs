//! `postern_issue_token secret_file=file [encoding=…] | key_file=file algorithm=name [kid=id] [ttl=time] [issuer=name]
//! [audience=name] [cookie=name] [cookie_path=path] [cookie_domain=domain] [cookie_same_site=strict|lax|none]
//! [cookie_secure=on|off] [body=on|off] [refresh_cookie=name] [refresh_cookie_path=path]`

use std::rc::Rc;
use std::str::FromStr;

use postern_core::auth::{
    Algorithm, CookieConfig, Delivery, Issuer, SameSite, Secret, TokenId, TokenResponse, TokenResponseError,
    token_response,
};
use postern_core::config::{IssuerConfig, SigningKeyMaterial};

use super::jwt::{encoding, read_secret};
use super::parameters::{invalid_parameter, positive_duration_ms, set_once, split, switch};
use super::{LocationConf, files};
use crate::nginx::conf::{Conf, ConfError, Directive};

const NAME: &str = "postern_issue_token";
/// A token cannot be taken back: it should not live long.
const DEFAULT_TTL_S: u32 = 15 * 60;

/// How a location signs tokens.
#[derive(Debug)]
pub(crate) struct IssueTokenSettings {
    issuer: Issuer,
    delivery: Delivery,
}

impl IssueTokenSettings {
    /// The response to what a script has answered; `None` where it is sent as it is.
    pub(crate) fn respond(
        &self,
        answer: &[u8],
        is_success: bool,
        now_s: u64,
        id: &TokenId,
    ) -> Result<Option<TokenResponse>, TokenResponseError> {
        token_response(answer, is_success, &self.issuer, &self.delivery, now_s, id)
    }
}

/// The directive.
pub(super) struct PosternIssueToken;

impl Directive for PosternIssueToken {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.issue_token.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let mut parameters = Parameters::default();
        for word in &words {
            parameters.set(word)?;
        }
        let delivery = parameters.delivery()?;
        let issuer = Issuer::new(&parameters.issuer(cf)?)
            .map_err(|error| ConfError::Message(format!("{error} in \"{NAME}\" directive")))?;
        conf.issue_token = Some(Rc::new(IssueTokenSettings { issuer, delivery }));
        Ok(())
    }
}

/// The parameters as they come: names of files and texts, before anything is read.
#[derive(Default)]
struct Parameters {
    secret_file: Option<String>,
    encoding: Option<postern_core::auth::SecretEncoding>,
    key_file: Option<String>,
    algorithm: Option<Algorithm>,
    key_id: Option<Box<str>>,
    ttl_s: Option<u32>,
    issuer: Option<Box<str>>,
    audience: Option<Box<str>>,
    cookie: Option<Box<str>>,
    cookie_path: Option<Box<str>>,
    cookie_domain: Option<Box<str>>,
    same_site: Option<SameSite>,
    secure: Option<bool>,
    body: Option<bool>,
    refresh_cookie: Option<Box<str>>,
    refresh_cookie_path: Option<Box<str>>,
}

impl Parameters {
    fn set(&mut self, parameter: &str) -> Result<(), ConfError> {
        let (name, value) = split(parameter)?;
        match name {
            "secret_file" => set_once(&mut self.secret_file, parameter, value.into()),
            "encoding" => set_once(&mut self.encoding, parameter, encoding(parameter, value)?),
            "key_file" => set_once(&mut self.key_file, parameter, value.into()),
            "algorithm" => {
                let algorithm = Algorithm::from_str(value).map_err(|_| invalid_parameter(parameter))?;
                set_once(&mut self.algorithm, parameter, algorithm)
            }
            "kid" => set_once(&mut self.key_id, parameter, value.into()),
            "ttl" => set_once(&mut self.ttl_s, parameter, ttl_s(parameter, value)?),
            "issuer" => set_once(&mut self.issuer, parameter, value.into()),
            "audience" => set_once(&mut self.audience, parameter, value.into()),
            "cookie" => set_once(&mut self.cookie, parameter, value.into()),
            "cookie_path" => set_once(&mut self.cookie_path, parameter, value.into()),
            "cookie_domain" => set_once(&mut self.cookie_domain, parameter, value.into()),
            "cookie_same_site" => set_once(&mut self.same_site, parameter, same_site(parameter, value)?),
            "cookie_secure" => set_once(&mut self.secure, parameter, switch(NAME, value)?),
            "body" => set_once(&mut self.body, parameter, switch(NAME, value)?),
            "refresh_cookie" => set_once(&mut self.refresh_cookie, parameter, value.into()),
            "refresh_cookie_path" => set_once(&mut self.refresh_cookie_path, parameter, value.into()),
            _ => Err(invalid_parameter(parameter)),
        }
    }

    fn issuer(self, cf: &mut Conf<'_>) -> Result<IssuerConfig, ConfError> {
        let message = |text: &str| ConfError::Message(format!("{text} in \"{NAME}\" directive"));
        let (key, algorithm) = match (self.secret_file, self.key_file, self.encoding) {
            (Some(path), None, encoding) => {
                let secret: Secret = read_secret(cf, &path, encoding.unwrap_or_default())?;
                (SigningKeyMaterial::Secret(secret), Some(Algorithm::HS256))
            }
            (None, Some(path), None) => {
                let pem = files::read_secret(cf, &path)?;
                (SigningKeyMaterial::PrivateKey(pem), None)
            }
            (None, Some(_), Some(_)) => return Err(message("\"encoding\" is for a secret only")),
            (Some(_), Some(_), _) => return Err(message("both \"secret_file\" and \"key_file\"")),
            (None, None, _) => return Err(message("neither \"secret_file\" nor \"key_file\"")),
        };
        let algorithm = self.algorithm.or(algorithm);
        Ok(IssuerConfig {
            key,
            algorithm: algorithm.ok_or_else(|| message("no \"algorithm\" parameter"))?,
            key_id: self.key_id,
            issuer: self.issuer,
            audience: self.audience,
            ttl_s: self.ttl_s.unwrap_or(DEFAULT_TTL_S),
        })
    }

    fn delivery(&self) -> Result<Delivery, ConfError> {
        let has_attributes = self.cookie_path.is_some()
            || self.cookie_domain.is_some()
            || self.same_site.is_some()
            || self.secure.is_some();
        let has_cookie = self.cookie.is_some() || self.refresh_cookie.is_some();
        let lacks_name = has_attributes && !has_cookie
            || self.cookie_path.is_some() && self.cookie.is_none()
            || self.body.is_some() && self.cookie.is_none()
            || self.refresh_cookie_path.is_some() && self.refresh_cookie.is_none();
        if lacks_name {
            return Err(ConfError::Message(format!(
                "attributes of a cookie without its name in \"{NAME}\" directive"
            )));
        }
        Ok(Delivery {
            cookie: self.cookie_config(self.cookie.as_deref(), self.cookie_path.as_deref())?,
            also_in_body: self.body.unwrap_or_default(),
            refresh_cookie: self.cookie_config(
                self.refresh_cookie.as_deref(),
                self.refresh_cookie_path.as_deref(),
            )?,
        })
    }

    fn cookie_config(
        &self,
        name: Option<&str>,
        path: Option<&str>,
    ) -> Result<Option<CookieConfig>, ConfError> {
        let Some(name) = name else {
            return Ok(None);
        };
        let cookie = CookieConfig {
            name: name.into(),
            path: path.unwrap_or("/").into(),
            domain: self.cookie_domain.clone(),
            same_site: self.same_site.unwrap_or_default(),
            secure: self.secure.unwrap_or(true),
        };
        match cookie.check() {
            Ok(()) => Ok(Some(cookie)),
            Err(fault) => Err(ConfError::Message(format!("{fault} in \"{NAME}\" directive"))),
        }
    }
}

/// Whole seconds, at least one.
fn ttl_s(parameter: &str, value: &str) -> Result<u32, ConfError> {
    match u32::try_from(positive_duration_ms(NAME, value)? / 1000) {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        _ => Err(invalid_parameter(parameter)),
    }
}

fn same_site(parameter: &str, value: &str) -> Result<SameSite, ConfError> {
    match value {
        "strict" => Ok(SameSite::Strict),
        "lax" => Ok(SameSite::Lax),
        "none" => Ok(SameSite::None),
        _ => Err(invalid_parameter(parameter)),
    }
}
