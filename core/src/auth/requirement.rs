//! What a location demands of the claims of a token.

use serde_json::Number;

use super::ClaimFault;
use super::claim_path::ClaimPath;
use super::json::{Json, Object};

/// A claim that must be there, or be one of several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Where the claim is.
    pub path: ClaimPath,
    /// What it may be; anything but `null` and `false` where nothing is named.
    pub values: Vec<Box<str>>,
    /// How a token without it is refused.
    pub refusal: Refusal,
}

/// How a token that lacks something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 401: it is no good here.
    Unauthorized,
    /// 403: it is good, but its bearer may not do this.
    Forbidden,
}

impl Requirement {
    pub(super) fn check(&self, claims: &Object<'_>) -> Result<(), ClaimFault> {
        let claim = self.path.find(claims);
        let is_met = claim.is_some_and(|claim| {
            if self.values.is_empty() {
                !matches!(claim, Json::Null | Json::Bool(false))
            } else {
                self.values.iter().any(|value| self.is(claim, value))
            }
        });
        match (is_met, self.refusal) {
            (true, _) => Ok(()),
            (false, Refusal::Unauthorized) => Err(ClaimFault::Required),
            (false, Refusal::Forbidden) => Err(ClaimFault::Forbidden),
        }
    }

    /// Whether the claim is the value: an array if one of its elements is, a scope (RFC 8693 section 4.2) if one of its words is.
    fn is(&self, claim: &Json<'_>, value: &str) -> bool {
        match claim {
            Json::String(text) if self.path.is_scope() => text.split(' ').any(|word| word == value),
            Json::String(text) => text == value,
            Json::Bool(truth) => value == if *truth { "true" } else { "false" },
            Json::Number(number) => value.parse().is_ok_and(|value: Number| value == *number),
            Json::Array(elements) => elements.iter().any(|element| {
                // One level: what is deeper is said by the path.
                !matches!(element, Json::Array(_)) && self.is(element, value)
            }),
            Json::Null | Json::Object(_) => false,
        }
    }
}
