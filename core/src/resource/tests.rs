use std::num::NonZeroU32;

use super::*;
use crate::api_request::{KeyFault, limits};
use crate::error::Problem;
use crate::schema_cache::QualifiedName;

fn resource() -> ResourceConfig {
    ResourceConfig {
        relation: QualifiedName {
            schema: "api".into(),
            name: "resources".into(),
        },
        key: None,
        last_modified: None,
        default_limit: NonZeroU32::new(20).expect("not zero"),
        max_limit: NonZeroU32::new(100).expect("not zero"),
        methods: Methods::ALL,
    }
}

fn parts<'a>(method: &'a str, tail: &'a str) -> RequestParts<'a> {
    RequestParts {
        method: method.as_bytes(),
        tail: tail.as_bytes(),
        accept: Some(b"application/json"),
        content_type: Some(b"application/json"),
        ..RequestParts::default()
    }
}

fn parse<'a>(parts: &RequestParts<'a>) -> Result<Head<'a>, RequestError> {
    Head::parse(parts, &resource())
}

fn action<'a>(method: &'a str, tail: &'a str, body: Option<&'a str>) -> Result<Action<'a>, RequestError> {
    let head = parse(&parts(method, tail))?;
    assert_eq!(head.needs_body(), body.is_some(), "{method} {tail}");
    Ok(head.into_request(body.map(str::as_bytes))?.action)
}

#[test]
fn methods_do_what_they_should() {
    let key = || Cow::Borrowed("42");
    let body = Some("{}");
    let empty = || Payload::One(Vec::new());
    assert_eq!(action("GET", "", None), Ok(Action::List));
    assert_eq!(action("HEAD", "/", None), Ok(Action::List));
    assert_eq!(action("GET", "/42", None), Ok(Action::Read(key())));
    assert_eq!(action("HEAD", "/42", None), Ok(Action::Read(key())));
    assert_eq!(action("POST", "", body), Ok(Action::Insert(empty())));
    assert_eq!(action("POST", "/", body), Ok(Action::Insert(empty())));
    assert_eq!(action("PUT", "/42", body), Ok(Action::Replace(key(), empty())));
    assert_eq!(action("PATCH", "/42", body), Ok(Action::Update(key(), empty())));
    assert_eq!(action("DELETE", "/42", None), Ok(Action::Delete(key())));
    assert!(matches!(
        action("POST", "", Some("[{},{}]")),
        Ok(Action::Insert(Payload::Many { rows: 2, .. }))
    ));
}

#[test]
fn other_methods_are_told_which_are_served() {
    let collection = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", ""].map(|method| (method, ""));
    let item = ["POST", "OPTIONS", "CONNECT", "GETS"].map(|method| (method, "/1"));
    for (method, tail) in collection.into_iter().chain(item) {
        let allow = if tail.is_empty() {
            "GET, HEAD, POST"
        } else {
            "GET, HEAD, PUT, PATCH, DELETE"
        };
        let error = parse(&parts(method, tail)).expect_err(method);
        assert_eq!(
            error,
            RequestError::MethodNotAllowed { allow: allow.into() },
            "{method} {tail}"
        );
        assert_eq!(error.status(), 405);
    }
}

#[test]
fn a_path_is_all_rows_or_one() {
    for tail in ["/1/2", "/1/", "//", "//1", "x", "x/1", "/1//"] {
        let error = parse(&parts("GET", tail)).expect_err(tail);
        assert_eq!(
            (error.status(), error),
            (404, RequestError::PathNotFound),
            "{tail}"
        );
    }
    for key in ["a b", "é", "+", "%41", "a,b", ".", "-1"] {
        let tail = format!("/{key}");
        assert_eq!(
            action("GET", &tail, None),
            Ok(Action::Read(Cow::Borrowed(key))),
            "{key}"
        );
    }
}

#[test]
fn a_key_may_have_a_slash_that_was_encoded() {
    let read = |tail: &'static str, raw_tail: &'static str| {
        let parts = RequestParts {
            raw_tail: raw_tail.as_bytes(),
            ..parts("GET", tail)
        };
        parse(&parts)
            .and_then(|head| head.into_request(None))
            .map(|request| request.action)
    };
    for (tail, raw_tail) in [
        ("/a/b", "/a%2Fb"),
        ("/a/b c", "/a%2fb%20c"),
        ("//", "/%2F"),
        ("/é/", "/%C3%A9%2f"),
    ] {
        assert_eq!(
            read(tail, raw_tail),
            Ok(Action::Read(Cow::Borrowed(&tail[1..]))),
            "{raw_tail}"
        );
    }
    // The server has merged slashes and resolved dots that belong to the key.
    for (tail, raw_tail, key) in [
        ("/zz", "/%2Fzz", "/zz"),
        ("/other", "/a%2F..%2Fother", "a/../other"),
        ("/a/b", "/a%2F%2Fb", "a//b"),
        ("/", "/q%2F..", "q/.."),
    ] {
        assert_eq!(
            read(tail, raw_tail),
            Ok(Action::Read(Cow::Borrowed(key))),
            "{raw_tail}"
        );
    }
    // The slash was written as one.
    for (tail, raw_tail) in [
        ("/a/b", "/a/b"),
        ("/a/b/c", "/a%2Fb/c"),
        ("/a/b", ""),
        ("/a/b", "a%2Fb"),
    ] {
        assert_eq!(
            read(tail, raw_tail),
            Err(RequestError::PathNotFound),
            "{raw_tail}"
        );
    }
}

#[test]
fn a_key_is_text() {
    let parse = |tail: &'static [u8]| {
        parse(&RequestParts {
            tail,
            ..parts("GET", "")
        })
        .map(drop)
    };
    assert_eq!(
        parse(b"/a\xff"),
        Err(RequestError::InvalidKey(KeyFault::NotUtf8(2)))
    );
    assert_eq!(parse(b"/ab\0"), Err(RequestError::InvalidKey(KeyFault::Nul(3))));
    let long = format!("/{}", "x".repeat(limits::KEY.max + 1));
    assert_eq!(
        action("GET", &long, None),
        Err(RequestError::TooMany(limits::KEY))
    );
}

#[test]
fn media_types_are_checked_before_anything_is_read() {
    let get = RequestParts {
        accept: Some(b"text/html"),
        args: b"%",
        ..parts("GET", "")
    };
    let error = parse(&get).expect_err("html");
    assert_eq!((error.status(), error.code()), (406, "PGRST107"));
    assert!(
        parse(&RequestParts {
            accept: None,
            ..parts("GET", "")
        })
        .is_ok()
    );

    let post = parts("POST", "");
    for content_type in [
        None,
        Some(&b"text/plain"[..]),
        Some(b"application/json; charset=latin1"),
    ] {
        let error = parse(&RequestParts { content_type, ..post }).expect_err("another type");
        assert_eq!((error.status(), error.code()), (415, "PGRST107"));
    }
    let error = parse(&RequestParts {
        content_encoding: Some(b"gzip"),
        ..post
    })
    .expect_err("compressed");
    assert_eq!((error.status(), error.code()), (415, "POSTERN101"));
    assert!(
        parse(&RequestParts {
            content_encoding: Some(b"identity"),
            ..post
        })
        .is_ok()
    );
    // A request without a body has no use for either.
    let get = RequestParts {
        content_type: Some(b"text/plain"),
        content_encoding: Some(b"gzip"),
        ..parts("GET", "")
    };
    assert!(parse(&get).is_ok());
}

#[test]
fn a_limit_is_at_most_the_resource_s() {
    let list = |args: &'static str| {
        parse(&RequestParts {
            args: args.as_bytes(),
            ..parts("GET", "")
        })
        .map(drop)
    };
    assert_eq!(list("limit=100"), Ok(()));
    assert_eq!(list("limit=0"), Ok(()));
    assert_eq!(
        list("limit=101"),
        Err(RequestError::LimitTooLarge { limit: 101, max: 100 })
    );
}

#[test]
fn one_row_takes_one_object() {
    for method in ["PUT", "PATCH"] {
        for body in ["[]", "[{}]", "[{\"a\":1},{\"a\":1}]"] {
            let error = action(method, "/1", Some(body)).expect_err(body);
            assert_eq!(
                error,
                RequestError::Body(BodyError::NotOneObject),
                "{method} {body}"
            );
            assert_eq!((error.status(), error.code()), (400, "PGRST102"));
        }
    }
    let error = parse(&parts("POST", ""))
        .and_then(|head| head.into_request(None))
        .expect_err("no body");
    assert_eq!(error, RequestError::Body(BodyError::Missing));
}

#[test]
fn arguments_are_checked_against_the_method() {
    let refused = [
        ("GET", "/1", "limit=1"),
        ("POST", "", "a=eq.1"),
        ("DELETE", "/1", "select=a"),
        ("PUT", "/1", "order=a"),
    ];
    for (method, tail, args) in refused {
        let error = parse(&RequestParts {
            args: args.as_bytes(),
            ..parts(method, tail)
        })
        .expect_err(args);
        assert!(
            matches!(error, RequestError::NotApplicable { .. }),
            "{method} {args}: {error:?}"
        );
    }
    let patch = RequestParts {
        args: b"version=eq.3&select=id",
        ..parts("PATCH", "/1")
    };
    let request = parse(&patch)
        .and_then(|head| head.into_request(Some(b"{\"a\":1}")))
        .expect("a request");
    assert_eq!((request.filters.len(), request.select.len()), (1, 1));
}
