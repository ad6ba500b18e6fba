//! From what a function answers to what a client gets.

use super::{Delivery, TokenResponse, TokenResponseError, token_response};
use crate::auth::{CookieConfig, IssueError, Issuer, SameSite, Secret, SecretEncoding};
use crate::config::{IssuerConfig, SigningKeyMaterial};

fn respond(
    answer: &str,
    is_success: bool,
    delivery: &Delivery,
) -> Result<Option<TokenResponse>, TokenResponseError> {
    let secret = Secret::parse(&[1; 32], SecretEncoding::Raw).expect("long enough");
    let issuer = Issuer::new(&IssuerConfig {
        key: SigningKeyMaterial::Secret(secret),
        algorithm: jsonwebtoken::Algorithm::HS256,
        key_id: None,
        issuer: None,
        audience: None,
        ttl_s: 60,
    })
    .expect("a usable key");
    token_response(
        answer.as_bytes(),
        is_success,
        &issuer,
        delivery,
        1_700_000_000,
        &[0; 16],
    )
}

/// The body, with the token as `TOKEN`, and the cookies likewise.
fn sent(answer: &str, is_success: bool, delivery: &Delivery) -> (String, Vec<String>) {
    let response = respond(answer, is_success, delivery)
        .expect("good")
        .expect("a response");
    let json = String::from_utf8(response.json).expect("UTF-8");
    serde_json::from_str::<serde_json::Value>(&json).expect("JSON");
    let hide = |text: &str| {
        let start = text.find("eyJ");
        let end = start.map(|start| start + text[start..].find(['"', ';']).expect("an end"));
        match start.zip(end) {
            Some((start, end)) => format!("{}TOKEN{}", &text[..start], &text[end..]),
            None => text.to_owned(),
        }
    };
    (
        hide(&json),
        response.cookies.iter().map(|cookie| hide(cookie)).collect(),
    )
}

fn cookie(name: &str, path: &str) -> Option<CookieConfig> {
    Some(CookieConfig {
        name: name.into(),
        path: path.into(),
        domain: None,
        same_site: SameSite::Strict,
        secure: true,
    })
}

const ANSWER: &str =
    r#"{"user": {"id": 1},"claims":{"sub":"u"},"refresh_token":"r-1","expires_in":1,"access_token":"x"}"#;

#[test]
fn a_token_response_is_that_of_oauth_with_what_the_function_adds() {
    let (json, cookies) = sent(ANSWER, true, &Delivery::default());
    assert_eq!(
        json,
        r#"{"access_token":"TOKEN","token_type":"Bearer","expires_in":60,"user":{"id": 1},"refresh_token":"r-1"}"#
    );
    assert!(cookies.is_empty());
}

#[test]
fn cookies_take_the_place_of_the_body() {
    let delivery = Delivery {
        cookie: cookie("at", "/"),
        also_in_body: false,
        refresh_cookie: cookie("rt", "/auth"),
    };
    let (json, cookies) = sent(ANSWER, true, &delivery);
    assert_eq!(json, r#"{"expires_in":60,"user":{"id": 1}}"#);
    assert_eq!(
        cookies,
        [
            "at=TOKEN; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict",
            "rt=r-1; Path=/auth; HttpOnly; Secure; SameSite=Strict"
        ]
    );
    let both = Delivery {
        also_in_body: true,
        ..delivery
    };
    let (json, cookies) = sent(
        r#"{"claims":{},"refresh_token":"r","refresh_expires_in":600}"#,
        true,
        &both,
    );
    assert_eq!(
        json,
        r#"{"access_token":"TOKEN","token_type":"Bearer","expires_in":60,"refresh_expires_in":600}"#
    );
    assert_eq!(
        cookies[1],
        "rt=r; Path=/auth; Max-Age=600; HttpOnly; Secure; SameSite=Strict"
    );
}

#[test]
fn claims_of_null_take_the_cookies_away_whatever_the_status_is() {
    let delivery = Delivery {
        cookie: cookie("at", "/"),
        also_in_body: false,
        refresh_cookie: cookie("rt", "/auth"),
    };
    for is_success in [true, false] {
        let (json, cookies) = sent(r#"{"claims":null,"code":"x"}"#, is_success, &delivery);
        assert_eq!(json, r#"{"code":"x"}"#);
        assert_eq!(cookies.len(), 2);
        assert!(
            cookies
                .iter()
                .all(|cookie| cookie.contains("=; ") && cookie.contains("; Max-Age=0;"))
        );
    }
    assert_eq!(
        sent(r#"{"claims":null}"#, true, &Delivery::default()),
        ("{}".to_owned(), vec![])
    );
}

#[test]
fn nothing_is_signed_for_an_error() {
    assert_eq!(
        sent(ANSWER, false, &Delivery::default()).0,
        r#"{"user":{"id": 1},"refresh_token":"r-1"}"#
    );
}

#[test]
fn an_answer_without_claims_is_sent_as_it_is() {
    for answer in [
        "",
        "1",
        "null",
        "[]",
        "{}",
        r#"{"claim":{}}"#,
        r#"["claims"]"#,
        "{",
    ] {
        assert_eq!(respond(answer, true, &Delivery::default()), Ok(None), "{answer}");
    }
}

#[test]
fn what_cannot_be_signed_or_sent_is_an_error() {
    for answer in [
        r#"{"claims":1}"#,
        r#"{"claims":[]}"#,
        r#"{"claims":{"a":1,"a":2}}"#,
    ] {
        assert_eq!(
            respond(answer, true, &Delivery::default()),
            Err(IssueError::NotAnObject.into()),
            "{answer}"
        );
    }
    let delivery = Delivery {
        refresh_cookie: cookie("rt", "/"),
        ..Delivery::default()
    };
    for token in ["1", r#""a;b""#, r#""a\r\nSet-Cookie: b""#, "null"] {
        let answer = format!(r#"{{"claims":{{}},"refresh_token":{token}}}"#);
        assert_eq!(
            respond(&answer, true, &delivery),
            Err(TokenResponseError::RefreshToken),
            "{token}"
        );
    }
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let delivery = Delivery::default();
    for answer in [
        r#"{"claims":{"sub":"a"},"claims":null}"#,
        r#"{"claims":null,"claims":{"sub":"a"}}"#,
        r#"{"claims":{},"cl\u0061ims":{}}"#,
        r#"{"claims":{},"refresh_token":"a","refresh_token":"b"}"#,
    ] {
        for is_success in [true, false] {
            assert_eq!(
                respond(answer, is_success, &delivery),
                Err(TokenResponseError::Repeated),
                "{answer}"
            );
        }
    }
    // Without claims there is nothing to sign, and the answer is the function's own.
    assert_eq!(respond(r#"{"a":1,"a":2}"#, true, &delivery), Ok(None));
}
