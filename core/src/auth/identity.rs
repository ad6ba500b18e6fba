//! Who a request comes from, as a genuine token says.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use aws_lc_rs::digest::{self, SHA256};
use serde_json::value::RawValue;

use super::ClaimFault;
use super::claim_path::ClaimPath;
use super::json::{Json, Object};
use super::requirement::Requirement;
use crate::names::is_written_as;

/// The identity in a genuine token. Whether its times are right is asked anew for every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    claims_json: Box<str>,
    claims_have_role: bool,
    role: Option<Rc<str>>,
    subject: Option<Rc<str>>,
    times: Times,
    fingerprint: OnceCell<Fingerprint>,
}

/// What tells identities apart, as short as a hash.
pub type Fingerprint = [u8; 32];

impl Identity {
    /// Reads the payload of a genuine token.
    pub(super) fn parse(payload: Vec<u8>, expected: &Expected) -> Result<Self, ClaimFault> {
        let payload = String::from_utf8(payload).map_err(|_| ClaimFault::Malformed)?;
        let claims = Object::parse(&payload).ok_or(ClaimFault::Malformed)?;
        let times = Times::of(&claims)?;
        expected.check(&claims)?;
        let role = role(expected.role_claim.find(&claims))?;
        let subject = string(claims.member("sub"))?.map(Rc::from);
        let named = claims.member("role");
        let claims_have_role =
            matches!((named, &role), (Some(Json::String(named)), Some(role)) if **named == **role);
        let claims_json = match named {
            Some(_) if !claims_have_role => without_role(&payload).ok_or(ClaimFault::Malformed)?,
            _ => payload,
        }
        .into();
        Ok(Self {
            claims_json,
            claims_have_role,
            role,
            subject,
            times,
            fingerprint: OnceCell::new(),
        })
    }

    /// The payload as it was signed, but for a claim `role` that is not the role of this identity (because another claim is
    /// configured to be that): it is left out, so that nothing in the database takes it for the role.
    pub fn claims_json(&self) -> &str {
        &self.claims_json
    }

    /// Whether the claims have [`Identity::role`] as `role`. If not, they have no `role` at all.
    pub fn claims_have_role(&self) -> bool {
        self.claims_have_role
    }

    /// The role to be taken on in PostgreSQL; `None` where the token names none.
    pub fn role(&self) -> Option<&Rc<str>> {
        self.role.as_ref()
    }

    /// The claim `sub`: the user.
    pub fn subject(&self) -> Option<&Rc<str>> {
        self.subject.as_ref()
    }

    /// A claim by its name as nginx writes it: in lower case, and with `_` for what is neither a letter nor a digit. A string as it
    /// is, anything else as JSON.
    pub fn claim(&self, name: &str) -> Option<String> {
        let claims = members(&self.claims_json)?;
        let value = claims.get(name).or_else(|| {
            let mut others = claims.iter();
            others.find_map(|(other, value)| is_written_as(other, name).then_some(value))
        })?;
        let text = serde_json::from_str(value.get());
        Some(text.unwrap_or_else(|_| value.get().to_owned()))
    }

    /// A claim by its very name: a string as it is, anything else as JSON. One that is null is not there.
    pub fn exact_claim(&self, name: &str) -> Option<String> {
        let claims = members(&self.claims_json)?;
        let json = claims.get(name)?.get();
        let text = serde_json::from_str(json);
        (json != "null").then(|| text.unwrap_or_else(|_| json.to_owned()))
    }

    /// A hash of all that the token says of its bearer: of the role, and of every claim but those that are about the token itself
    /// (`exp`, `nbf`, `iat`, `jti`). Whoever has the same one is the same to the database.
    pub fn fingerprint(&self) -> &Fingerprint {
        self.fingerprint.get_or_init(|| {
            let claims = members(&self.claims_json).unwrap_or_default();
            let claims = claims
                .iter()
                .filter(|(name, _)| !matches!(&***name, "exp" | "nbf" | "iat" | "jti"));
            fingerprint(
                self.role.as_deref(),
                claims.map(|(name, value)| (&**name, value.get())),
            )
        })
    }

    /// The same of the role, the subject and these claims only.
    pub fn fingerprint_of(&self, names: &[Box<str>]) -> Fingerprint {
        let claims = members(&self.claims_json).unwrap_or_default();
        let names = std::iter::once("sub").chain(names.iter().map(|name| &**name));
        let claims = names.filter_map(|name| claims.get(name).map(|value| (name, value.get())));
        fingerprint(self.role.as_deref(), claims)
    }

    /// The claim `exp`, in whole seconds of Unix time.
    pub fn expires_at_s(&self) -> Option<i64> {
        self.times.expires_at
    }

    /// Whether the times of the token are right at `now_s`, seconds of Unix time, give or take `leeway_s`.
    pub(super) fn check_times(&self, now_s: u64, leeway_s: u32) -> Result<(), ClaimFault> {
        let now = i64::try_from(now_s).unwrap_or(i64::MAX);
        let leeway = i64::from(leeway_s);
        let (earlier, later) = (now.saturating_sub(leeway), now.saturating_add(leeway));
        // "The current date and time must be before the expiration", and for the others "after or equal" (RFC 7519 section 4.1).
        if self.times.expires_at.is_some_and(|time| earlier >= time) {
            return Err(ClaimFault::Expired);
        }
        if self.times.not_before.is_some_and(|time| later < time) {
            return Err(ClaimFault::NotYetValid);
        }
        if self.times.issued_at.is_some_and(|time| later < time) {
            return Err(ClaimFault::IssuedInFuture);
        }
        Ok(())
    }
}

/// What a token must say to be accepted, and where its role is.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) issuer: Option<Box<str>>,
    pub(super) audience: Option<Box<str>>,
    pub(super) role_claim: ClaimPath,
    pub(super) required: Vec<Requirement>,
}

impl Expected {
    fn check(&self, claims: &Object<'_>) -> Result<(), ClaimFault> {
        let issuer = string(claims.member("iss"))?;
        if self.issuer.is_some() && issuer != self.issuer.as_deref() {
            return Err(ClaimFault::Issuer);
        }
        let mut audiences = audiences(claims.member("aud"))?;
        match self.audience.as_deref() {
            Some(audience) if !audiences.any(|other| other == audience) => Err(ClaimFault::Audience),
            _ => self
                .required
                .iter()
                .try_for_each(|requirement| requirement.check(claims)),
        }
    }
}

/// Seconds of Unix time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Times {
    expires_at: Option<i64>,
    not_before: Option<i64>,
    issued_at: Option<i64>,
}

impl Times {
    /// Fractions of a second are rounded to the side that accepts less.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float saturates, and the end of time is far enough"
    )]
    fn of(claims: &Object<'_>) -> Result<Self, ClaimFault> {
        let time = |name: &str| match claims.member(name) {
            None => Ok(None),
            Some(Json::Number(seconds)) => Ok(seconds.as_f64()),
            Some(_) => Err(ClaimFault::NotANumber),
        };
        Ok(Self {
            expires_at: time("exp")?.map(|seconds| seconds.floor() as i64),
            not_before: time("nbf")?.map(|seconds| seconds.ceil() as i64),
            issued_at: time("iat")?.map(|seconds| seconds.ceil() as i64),
        })
    }
}

fn string<'c>(claim: Option<&'c Json<'_>>) -> Result<Option<&'c str>, ClaimFault> {
    match claim {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(ClaimFault::NotAString),
    }
}

/// `aud` is a string or an array of strings (RFC 7519 section 4.1.3).
fn audiences<'c>(claim: Option<&'c Json<'_>>) -> Result<impl Iterator<Item = &'c str> + use<'c>, ClaimFault> {
    let values = match claim {
        None => &[],
        Some(Json::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
    };
    if values.iter().any(|value| !matches!(value, Json::String(_))) {
        return Err(ClaimFault::NotAString);
    }
    Ok(values.iter().filter_map(|value| match value {
        Json::String(text) => Some(text.as_ref()),
        _ => None,
    }))
}

/// A role's name. `none` is refused: to PostgreSQL it is not a name but means the role that the connection logged in as. NUL
/// cannot be sent to it at all.
fn role(claim: Option<&Json<'_>>) -> Result<Option<Rc<str>>, ClaimFault> {
    match claim {
        None => Ok(None),
        Some(Json::String(role)) if !role.is_empty() && role != "none" && !role.contains('\0') => {
            Ok(Some(Rc::from(role.as_ref())))
        }
        Some(_) => Err(ClaimFault::Role),
    }
}

fn members(claims: &str) -> Option<BTreeMap<Cow<'_, str>, &RawValue>> {
    serde_json::from_str(claims).ok()
}

/// Every part has its length before it, so that none can be taken for two.
fn fingerprint<'c>(role: Option<&str>, claims: impl Iterator<Item = (&'c str, &'c str)>) -> Fingerprint {
    let mut context = digest::Context::new(&SHA256);
    let mut update = |part: &str| {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    };
    update(if role.is_some() { "role" } else { "" });
    update(role.unwrap_or_default());
    for (name, value) in claims {
        update(name);
        update(value);
    }
    let digest = context.finish();
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest.as_ref());
    fingerprint
}

fn without_role(payload: &str) -> Option<String> {
    let mut claims = members(payload)?;
    claims.remove("role");
    serde_json::to_string(&claims).ok()
}

#[cfg(test)]
mod tests {
    use super::{ClaimFault, Expected, Identity};
    use crate::auth::{Refusal, Requirement};

    fn expected() -> Expected {
        Expected {
            issuer: None,
            audience: None,
            role_claim: "role".parse().expect("a path"),
            required: Vec::new(),
        }
    }

    fn parse(claims: &str) -> Result<Identity, ClaimFault> {
        Identity::parse(claims.as_bytes().to_vec(), &expected())
    }

    #[test]
    fn an_identity_is_the_claims_as_they_were_signed() {
        let claims = "{ \"sub\":\"u1\",\"role\":\"app_user\",\n\"x\":[1.0]}";
        let identity = parse(claims).expect("good");
        assert_eq!(identity.claims_json(), claims);
        assert_eq!(
            (
                identity.role().map(AsRef::as_ref),
                identity.subject().map(AsRef::as_ref)
            ),
            (Some("app_user"), Some("u1"))
        );
        let nobody = parse("{}").expect("good");
        assert_eq!(
            (nobody.role(), nobody.subject(), nobody.expires_at_s()),
            (None, None, None)
        );
    }

    #[test]
    fn a_claim_named_role_that_is_not_the_role_is_left_out() {
        let with = |claims: &str| {
            let expected = Expected {
                role_claim: "app.role".parse().expect("a path"),
                ..expected()
            };
            Identity::parse(claims.as_bytes().to_vec(), &expected).expect("good")
        };
        let cases = [
            (
                r#"{"role":"admin","n":1.50,"app":{"role":"web"}}"#,
                r#"{"app":{"role":"web"},"n":1.50}"#,
                false,
            ),
            (r#"{"role":"admin"}"#, "{}", false),
            (
                r#"{"role":"web", "app":{"role":"web"}}"#,
                r#"{"role":"web", "app":{"role":"web"}}"#,
                true,
            ),
            (r#"{ "app":{"role":"web"}}"#, r#"{ "app":{"role":"web"}}"#, false),
        ];
        for (claims, kept, have_role) in cases {
            let identity = with(claims);
            assert_eq!(
                (identity.claims_json(), identity.claims_have_role()),
                (kept, have_role)
            );
        }
    }

    #[test]
    fn claims_of_the_wrong_type_are_refused() {
        let cases = [
            (r#"{"exp":"1700000000"}"#, ClaimFault::NotANumber),
            (r#"{"nbf":null}"#, ClaimFault::NotANumber),
            (r#"{"iat":[1]}"#, ClaimFault::NotANumber),
            (r#"{"exp":1e999}"#, ClaimFault::Malformed),
            (r#"{"iss":1}"#, ClaimFault::NotAString),
            (r#"{"sub":1}"#, ClaimFault::NotAString),
            (r#"{"aud":1}"#, ClaimFault::NotAString),
            (r#"{"aud":["a",1]}"#, ClaimFault::NotAString),
            (r#"{"role":1}"#, ClaimFault::Role),
            (r#"{"role":null}"#, ClaimFault::Role),
            (r#"{"role":""}"#, ClaimFault::Role),
            (r#"{"role":"none"}"#, ClaimFault::Role),
            (r#"{"role":"a\u0000b"}"#, ClaimFault::Role),
            (r#"{"role":"a","role":"b"}"#, ClaimFault::Malformed),
            (r#"["role"]"#, ClaimFault::Malformed),
            ("", ClaimFault::Malformed),
        ];
        for (claims, fault) in cases {
            assert_eq!(parse(claims), Err(fault), "{claims}");
        }
        assert_eq!(
            Identity::parse(b"{\"a\":\"\xff\"}".to_vec(), &expected()),
            Err(ClaimFault::Malformed)
        );
    }

    #[test]
    fn claims_are_found_by_their_names_and_by_those_that_nginx_can_write() {
        let claims =
            r#"{"plan":"p\"1","Team-ID":[1, 2],"team_id":null,"admin":true,"tenantId":"t","a.b":1.50}"#;
        let identity = parse(claims).expect("good");
        let claim = |name| identity.claim(name);
        assert_eq!(claim("plan").as_deref(), Some("p\"1"));
        assert_eq!(claim("team_id").as_deref(), Some("null"));
        assert_eq!(claim("admin").as_deref(), Some("true"));
        assert_eq!(claim("tenantid").as_deref(), Some("t"));
        assert_eq!(claim("a_b").as_deref(), Some("1.50"));
        assert_eq!(claim("other"), None);
    }

    #[test]
    fn a_claim_has_one_name_exactly() {
        let identity = parse(r#"{"Plan":"p","n":1.50,"list":["a", 1],"nothing":null}"#).expect("good");
        let claim = |name| identity.exact_claim(name);
        assert_eq!(claim("Plan").as_deref(), Some("p"));
        assert_eq!(claim("n").as_deref(), Some("1.50"));
        assert_eq!(claim("list").as_deref(), Some(r#"["a", 1]"#));
        assert_eq!(
            (claim("plan"), claim("nothing"), claim("other")),
            (None, None, None)
        );
    }

    #[test]
    fn identities_have_one_fingerprint_if_they_are_the_same_to_the_database() {
        let of = |claims: &str| *parse(claims).expect("good").fingerprint();
        let claims = r#"{"sub":"u1","role":"web","tenant":"a","exp":100}"#;
        // Another token of the same bearer.
        let renewed = r#"{"jti":"x","role":"web","sub":"u1","tenant":"a","exp":200,"iat":5,"nbf":5}"#;
        assert_eq!(of(claims), of(renewed));
        for other in [
            r#"{"sub":"u2","role":"web","tenant":"a"}"#,
            r#"{"sub":"u1","role":"other","tenant":"a"}"#,
            r#"{"sub":"u1","role":"web","tenant":"b"}"#,
            r#"{"sub":"u1","role":"web","tenant":["a"]}"#,
            r#"{"sub":"u1","role":"web","tenant":"a","more":null}"#,
            r#"{"sub":"u1","role":"web","tenan":"ta"}"#,
            r#"{"sub":"u1","role":"web"}"#,
            r#"{"sub":"u1","tenant":"a"}"#,
        ] {
            assert_ne!(of(claims), of(other), "{other}");
        }
    }

    #[test]
    fn a_fingerprint_of_some_claims_has_role_and_subject_as_well() {
        let of = |claims: &str, names: &[&str]| {
            let names: Vec<Box<str>> = names.iter().map(|&name| name.into()).collect();
            parse(claims).expect("good").fingerprint_of(&names)
        };
        let claims = r#"{"sub":"u1","role":"web","tenant":"a","x":1}"#;
        let other_x = r#"{"sub":"u1","role":"web","tenant":"a","x":2}"#;
        assert_eq!(of(claims, &["tenant"]), of(other_x, &["tenant"]));
        assert_eq!(of(claims, &[]), of(other_x, &[]));
        assert_ne!(of(claims, &["x"]), of(other_x, &["x"]));
        for other in [
            r#"{"sub":"u2","role":"web","tenant":"a","x":1}"#,
            r#"{"sub":"u1","role":"other","tenant":"a","x":1}"#,
            r#"{"sub":"u1","role":"web","tenant":"b","x":1}"#,
            r#"{"sub":"u1","role":"web","x":1}"#,
        ] {
            assert_ne!(of(claims, &["tenant"]), of(other, &["tenant"]), "{other}");
        }
    }

    #[test]
    fn times_are_compared_with_leeway() {
        let at = |claims: &str, now, leeway| parse(claims).expect("good").check_times(now, leeway);
        assert_eq!(at(r#"{"exp":100}"#, 99, 0), Ok(()));
        assert_eq!(at(r#"{"exp":100}"#, 100, 0), Err(ClaimFault::Expired));
        assert_eq!(at(r#"{"exp":100}"#, 129, 30), Ok(()));
        assert_eq!(at(r#"{"exp":100}"#, 130, 30), Err(ClaimFault::Expired));
        assert_eq!(at(r#"{"exp":100.9}"#, 100, 0), Err(ClaimFault::Expired));
        assert_eq!(at(r#"{"exp":-1}"#, 0, 0), Err(ClaimFault::Expired));
        assert_eq!(at(r#"{"exp":1e300}"#, u64::MAX, 0), Err(ClaimFault::Expired));
        assert_eq!(at(r#"{"exp":1e300}"#, 1 << 60, 30), Ok(()));
        assert_eq!(at(r#"{"nbf":100}"#, 100, 0), Ok(()));
        assert_eq!(at(r#"{"nbf":100}"#, 99, 0), Err(ClaimFault::NotYetValid));
        assert_eq!(at(r#"{"nbf":100.1}"#, 100, 0), Err(ClaimFault::NotYetValid));
        assert_eq!(at(r#"{"nbf":100}"#, 70, 30), Ok(()));
        assert_eq!(at(r#"{"iat":100}"#, 69, 30), Err(ClaimFault::IssuedInFuture));
        assert_eq!(at("{}", 0, 0), Ok(()));
    }

    #[test]
    fn required_claims_must_be_there_or_have_a_value() {
        let check = |path: &str, values: &[&str], claims: &str| {
            let requirement = Requirement {
                path: path.parse().expect("a path"),
                values: values.iter().map(|&value| value.into()).collect(),
                refusal: Refusal::Unauthorized,
            };
            let expected = Expected {
                required: vec![requirement],
                ..expected()
            };
            Identity::parse(claims.as_bytes().to_vec(), &expected).is_ok()
        };
        let claims = r#"{"large":1234567890123456789,"tenant":"acme","scope":"read write","groups":["a","b",3],"n":5,"yes":true,"no":false,
            "nothing":null,"app":{"scope":"read write"}}"#;
        for (path, values) in [
            ("tenant", &[][..]),
            ("tenant", &["other", "acme"]),
            ("scope", &["write"]),
            ("groups", &["b"]),
            ("groups", &["3"]),
            ("n", &["5"]),
            ("large", &["1234567890123456789"]),
            ("yes", &[]),
            ("no", &["false"]),
            ("app.scope", &["read write"]),
        ] {
            assert!(check(path, values, claims), "{path} {values:?}");
        }
        for (path, values) in [
            ("missing", &[][..]),
            ("nothing", &[]),
            ("no", &[]),
            ("tenant", &["acm", "acmee", "ACME"]),
            ("scope", &["writ", "read write"]),
            ("groups", &["c"]),
            ("n", &["5x", ""]),
            // The same as a double.
            ("large", &["1234567890123456889", "1234567890123456800"]),
            ("app.scope", &["read"]),
            ("app", &["read"]),
        ] {
            assert!(!check(path, values, claims), "{path} {values:?}");
        }
    }

    #[test]
    fn issuer_and_audience_must_be_there_when_they_are_expected() {
        let with = |claims: &str| {
            let expected = Expected {
                issuer: Some("me".into()),
                audience: Some("api".into()),
                ..expected()
            };
            Identity::parse(claims.as_bytes().to_vec(), &expected).map(|_| ())
        };
        assert_eq!(with(r#"{"iss":"me","aud":"api"}"#), Ok(()));
        assert_eq!(with(r#"{"iss":"me","aud":["x","api"]}"#), Ok(()));
        assert_eq!(with(r#"{"aud":"api"}"#), Err(ClaimFault::Issuer));
        assert_eq!(with(r#"{"iss":"me2","aud":"api"}"#), Err(ClaimFault::Issuer));
        assert_eq!(with(r#"{"iss":"me"}"#), Err(ClaimFault::Audience));
        assert_eq!(with(r#"{"iss":"me","aud":[]}"#), Err(ClaimFault::Audience));
        assert_eq!(with(r#"{"iss":"me","aud":"api2"}"#), Err(ClaimFault::Audience));
    }
}
