//! The answer of a function that knows who somebody is -> a token response (RFC 6749 section 5.1).
//!
//! The function answers a JSON object. Its member `claims` is what is signed; null takes the cookies away; the other members are
//! passed on.

use super::cookie::{CookieConfig, is_cookie_value};
use super::issuer::{IssueError, Issuer, TokenId};
use super::members::Members;
use crate::response::write_json_string;

/// How tokens reach the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The access token as a cookie.
    pub cookie: Option<CookieConfig>,
    /// The access token in the body as well, where there is a cookie.
    pub also_in_body: bool,
    /// The refresh token as a cookie, and not in the body.
    pub refresh_cookie: Option<CookieConfig>,
}

/// What is sent in the place of the function's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenResponse {
    /// The body.
    pub json: Vec<u8>,
    /// Values of Set-Cookie.
    pub cookies: Vec<String>,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenResponseError {
    /// The claims cannot be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// Readers disagree on which of two members counts.
    #[error("the answer with the claims has a name twice")]
    Repeated,
    /// The refresh token is not a string that a cookie can have.
    #[error("the refresh token cannot be the value of a cookie")]
    RefreshToken,
}

/// Makes the response of what a function has answered. `None` where that is to be sent as it is: it has no claims.
pub fn token_response(
    answer: &[u8],
    is_success: bool,
    issuer: &Issuer,
    delivery: &Delivery,
    now_s: u64,
    id: &TokenId,
) -> Result<Option<TokenResponse>, TokenResponseError> {
    let members = std::str::from_utf8(answer).ok().and_then(Members::parse);
    let Some((members, claims)) =
        members.and_then(|members| members.value("claims").map(|claims| (members, claims)))
    else {
        return Ok(None);
    };
    if members.has_duplicates() {
        return Err(TokenResponseError::Repeated);
    }
    let mut response = Draft::new(&members, delivery);
    if claims == "null" {
        response.clear_cookies();
    } else if is_success {
        let token = issuer.issue(claims, now_s, id)?;
        response.deliver(&token, issuer.ttl_s())?;
    }
    response.pass_on();
    Ok(Some(response.finish()))
}

/// A response in the making.
struct Draft<'a> {
    members: &'a Members<'a>,
    delivery: &'a Delivery,
    json: Vec<u8>,
    cookies: Vec<String>,
}

impl<'a> Draft<'a> {
    fn new(members: &'a Members<'a>, delivery: &'a Delivery) -> Self {
        Self {
            members,
            delivery,
            json: b"{".to_vec(),
            cookies: Vec::new(),
        }
    }

    fn clear_cookies(&mut self) {
        let cookies = [&self.delivery.cookie, &self.delivery.refresh_cookie];
        self.cookies
            .extend(cookies.into_iter().flatten().map(CookieConfig::clear));
    }

    fn deliver(&mut self, token: &str, ttl_s: u32) -> Result<(), TokenResponseError> {
        if let Some(cookie) = &self.delivery.cookie {
            self.cookies.push(cookie.set(token, Some(ttl_s.into())));
        }
        if self.delivery.cookie.is_none() || self.delivery.also_in_body {
            self.begin_member("access_token");
            write_json_string(&mut self.json, token.as_bytes());
            self.begin_member("token_type");
            write_json_string(&mut self.json, b"Bearer");
        }
        self.begin_member("expires_in");
        self.json
            .extend_from_slice(itoa::Buffer::new().format(ttl_s).as_bytes());
        let Some((cookie, token)) = self
            .delivery
            .refresh_cookie
            .as_ref()
            .zip(self.members.value("refresh_token"))
        else {
            return Ok(());
        };
        let token: String = serde_json::from_str(token).map_err(|_| TokenResponseError::RefreshToken)?;
        if !is_cookie_value(&token) {
            return Err(TokenResponseError::RefreshToken);
        }
        let max_age_s = self
            .members
            .value("refresh_expires_in")
            .and_then(|seconds| seconds.parse().ok());
        self.cookies.push(cookie.set(&token, max_age_s));
        Ok(())
    }

    /// The members that say nothing of what is decided here.
    fn pass_on(&mut self) {
        for (name, value) in self.members.iter() {
            let is_ours = match name {
                "claims" | "access_token" | "token_type" | "expires_in" => true,
                "refresh_token" => self.delivery.refresh_cookie.is_some(),
                _ => false,
            };
            if !is_ours {
                self.begin_member(name);
                self.json.extend_from_slice(value.as_bytes());
            }
        }
    }

    fn begin_member(&mut self, name: &str) {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
        write_json_string(&mut self.json, name.as_bytes());
        self.json.push(b':');
    }

    fn finish(mut self) -> TokenResponse {
        self.json.push(b'}');
        TokenResponse {
            json: self.json,
            cookies: self.cookies,
        }
    }
}

#[cfg(test)]
mod tests;
