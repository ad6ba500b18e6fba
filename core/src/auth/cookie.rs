//! Cookies that carry tokens (RFC 6265): never shown to scripts.

use crate::names::is_token;

/// The cookie's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieConfig {
    /// Its name.
    pub name: Box<str>,
    /// The paths that it is sent to.
    pub path: Box<str>,
    /// The domain, with all below it; the host alone where there is none.
    pub domain: Option<Box<str>>,
    /// Whether other sites can cause it to be sent.
    pub same_site: SameSite,
    /// Whether it is sent over TLS only.
    pub secure: bool,
}

/// `SameSite`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Never from another site.
    #[default]
    Strict,
    /// When a link of another site is followed.
    Lax,
    /// Always.
    None,
}

/// Why browsers would refuse the cookie, or take it for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CookieFault {
    /// The name is no token.
    #[error("invalid cookie name")]
    Name,
    /// The path does not begin with a slash, or cannot be written.
    #[error("invalid cookie path")]
    Path,
    /// The domain cannot be written.
    #[error("invalid cookie domain")]
    Domain,
    /// The prefix of the name promises what the attributes do not keep.
    #[error(
        "a cookie with the prefix \"__Secure-\" has to be secure, one with \"__Host-\" has the path \"/\" and no domain as well"
    )]
    Prefix,
    /// `SameSite=None` without `Secure`
    #[error("a cookie for other sites has to be secure")]
    Insecure,
}

impl CookieConfig {
    /// Checks that the attributes go together.
    pub fn check(&self) -> Result<(), CookieFault> {
        if !is_token(&self.name) {
            return Err(CookieFault::Name);
        }
        let is_attribute = |byte: u8| byte.is_ascii_graphic() && byte != b';' && byte != b',';
        if !self.path.starts_with('/') || !self.path.bytes().all(is_attribute) {
            return Err(CookieFault::Path);
        }
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if self
            .domain
            .as_ref()
            .is_some_and(|domain| domain.is_empty() || !domain.bytes().all(is_host))
        {
            return Err(CookieFault::Domain);
        }
        let has_prefix = |prefix: &str| {
            self.name
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let for_host = self.secure && &*self.path == "/" && self.domain.is_none();
        if has_prefix("__Secure-") && !self.secure || has_prefix("__Host-") && !for_host {
            return Err(CookieFault::Prefix);
        }
        if self.same_site == SameSite::None && !self.secure {
            return Err(CookieFault::Insecure);
        }
        Ok(())
    }

    /// The Set-Cookie field that gives it a value; until the browser ends where there is no `max_age_s`.
    pub fn set(&self, value: &str, max_age_s: Option<u64>) -> String {
        let mut field = format!("{}={value}; Path={}", self.name, self.path);
        if let Some(domain) = &self.domain {
            field.push_str("; Domain=");
            field.push_str(domain);
        }
        if let Some(max_age_s) = max_age_s {
            field.push_str("; Max-Age=");
            field.push_str(itoa::Buffer::new().format(max_age_s));
        }
        field.push_str("; HttpOnly");
        if self.secure {
            field.push_str("; Secure");
        }
        field.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        field
    }

    /// The Set-Cookie field that takes it away.
    pub fn clear(&self) -> String {
        self.set("", Some(0))
    }
}

/// Whether a text can be the value of a cookie as it is (RFC 6265 section 4.1.1).
pub(super) fn is_cookie_value(text: &str) -> bool {
    let is_octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    text.bytes().all(is_octet)
}

#[cfg(test)]
mod tests {
    use super::{CookieConfig, CookieFault, SameSite, is_cookie_value};

    fn cookie() -> CookieConfig {
        CookieConfig {
            name: "token".into(),
            path: "/".into(),
            domain: None,
            same_site: SameSite::Strict,
            secure: true,
        }
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_and_other_sites() {
        assert_eq!(
            cookie().set("a.b", Some(900)),
            "token=a.b; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Strict"
        );
        let other = CookieConfig {
            path: "/auth".into(),
            domain: Some("example.org".into()),
            same_site: SameSite::Lax,
            secure: false,
            ..cookie()
        };
        assert_eq!(
            other.set("x", None),
            "token=x; Path=/auth; Domain=example.org; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            cookie().clear(),
            "token=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"
        );
    }

    #[test]
    fn attributes_that_do_not_go_together_are_refused() {
        type Change = fn(&mut CookieConfig);
        let cases: [(Change, CookieFault); 11] = [
            (|cookie| cookie.name = "".into(), CookieFault::Name),
            (|cookie| cookie.name = "a b".into(), CookieFault::Name),
            (|cookie| cookie.name = "a=b".into(), CookieFault::Name),
            (|cookie| cookie.path = "".into(), CookieFault::Path),
            (|cookie| cookie.path = "auth".into(), CookieFault::Path),
            (|cookie| cookie.path = "/;Domain=x".into(), CookieFault::Path),
            (|cookie| cookie.domain = Some("a b".into()), CookieFault::Domain),
            (
                |cookie| (cookie.name, cookie.secure) = ("__Secure-a".into(), false),
                CookieFault::Prefix,
            ),
            (
                |cookie| (cookie.name, cookie.path) = ("__Host-a".into(), "/a".into()),
                CookieFault::Prefix,
            ),
            (
                |cookie| (cookie.name, cookie.domain) = ("__host-a".into(), Some("a".into())),
                CookieFault::Prefix,
            ),
            (
                |cookie| (cookie.same_site, cookie.secure) = (SameSite::None, false),
                CookieFault::Insecure,
            ),
        ];
        for (change, fault) in cases {
            let mut changed = cookie();
            change(&mut changed);
            assert_eq!(changed.check(), Err(fault), "{changed:?}");
        }
        let host = CookieConfig {
            name: "__Host-a".into(),
            ..cookie()
        };
        assert_eq!(host.check(), Ok(()));
    }

    #[test]
    fn values_are_visible_ascii() {
        assert!(is_cookie_value("aZ09-_.=/+") && is_cookie_value(""));
        for text in ["a b", "a;b", "a,b", "a\"", "a\\", "é", "a\r\n"] {
            assert!(!is_cookie_value(text), "{text}");
        }
    }
}
