//! `postern_jwt secret_file=file [issuer=name] [audience=name] [leeway=time] | off`

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;

use postern_core::auth::{AuthError, ClaimPath, Identity, Secret, SecretEncoding, VerifiedTokens, Verifier};
use postern_core::config::{JwtConfig, JwtKeyConfig, JwtKeyMaterial};

use super::parameters::{duration_ms, invalid_parameter, set_once, split};
use super::{Inherited, LocationConf, files};
use crate::nginx::conf::{Conf, ConfError, Directive};

/// How many verified tokens a worker remembers for each directive, and how much memory they may take.
const REMEMBERED_TOKENS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
const REMEMBERED_BYTES: usize = 8 << 20;

/// Which tokens a location accepts. Each worker has its copy of the tokens that it has verified.
pub(crate) struct JwtSettings {
    tokens: RefCell<VerifiedTokens>,
}

impl JwtSettings {
    /// The identity in a token.
    pub(crate) fn verify(&self, token: &[u8], now_s: u64) -> Result<Rc<Identity>, AuthError> {
        self.tokens.borrow_mut().verify(token, now_s)
    }
}

/// The directive.
pub(super) struct PosternJwt;

impl Directive for PosternJwt {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.jwt.is_set() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let parameters: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        if parameters == ["off"] {
            conf.jwt = Inherited::Off;
            return Ok(());
        }
        let config = parse(cf, &parameters)?;
        let verifier = Verifier::new(&config).map_err(|error| {
            ConfError::Message(format!("unusable key in \"postern_jwt\" directive: {error}"))
        })?;
        let tokens = VerifiedTokens::new(verifier, REMEMBERED_TOKENS, REMEMBERED_BYTES);
        conf.jwt = Inherited::On(Rc::new(JwtSettings {
            tokens: RefCell::new(tokens),
        }));
        Ok(())
    }
}

fn parse(cf: &mut Conf<'_>, parameters: &[String]) -> Result<JwtConfig, ConfError> {
    let (mut secret, mut issuer, mut audience, mut leeway) = (None, None, None, None);
    for parameter in parameters {
        let (name, value) = split(parameter)?;
        match name {
            "secret_file" => set_once(&mut secret, parameter, read_secret(cf, value)?)?,
            "issuer" => set_once(&mut issuer, parameter, value.into())?,
            "audience" => set_once(&mut audience, parameter, value.into())?,
            "leeway" => set_once(&mut leeway, parameter, leeway_s(value)?)?,
            _ => return Err(invalid_parameter(parameter)),
        }
    }
    let secret = secret.ok_or_else(|| {
        ConfError::Message("no \"secret_file\" parameter in \"postern_jwt\" directive".into())
    })?;
    Ok(JwtConfig {
        keys: vec![JwtKeyConfig {
            id: None,
            material: JwtKeyMaterial::Secret(secret),
        }],
        issuer,
        audience,
        leeway_s: leeway.unwrap_or(JwtConfig::DEFAULT_LEEWAY_S),
        role_claim: ClaimPath::default(),
    })
}

fn leeway_s(value: &str) -> Result<u32, ConfError> {
    let seconds = duration_ms("postern_jwt", value)? / 1000;
    u32::try_from(seconds).map_err(|_| ConfError::Message(format!("invalid leeway \"{value}\"")))
}

fn read_secret(cf: &mut Conf<'_>, path: &str) -> Result<Secret, ConfError> {
    let mut content = files::read_secret(cf, path)?;
    let secret = Secret::parse(&content, SecretEncoding::Raw);
    content.fill(0);
    secret.map_err(|error| ConfError::Message(format!("{error} in \"{path}\"")))
}
