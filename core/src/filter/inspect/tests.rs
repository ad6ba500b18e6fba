use std::sync::Arc;

use proptest::prelude::*;

use super::super::class::ClassSet;
use super::super::custom::CustomRules;
use super::super::settings::Skip;
use super::*;

const INJECTION: &str = "x' or 'a'='a";

fn findings_with(settings: &FilterSettings, input: &Input<'_>) -> Vec<Finding> {
    let mut scratch = Scratch::default();
    let mut inspection = Inspection::new();
    let mut steps = 0;
    while inspection.step(settings, input, &mut scratch, 512) == Progress::Pending {
        steps += 1;
        assert!(steps < 1_000_000, "the inspection does not end");
    }
    assert_eq!(
        inspection.step(settings, input, &mut scratch, 512),
        Progress::Done
    );
    inspection.findings().to_vec()
}

fn findings(input: &Input<'_>) -> Vec<Finding> {
    findings_with(&FilterSettings::default(), input)
}

fn only(input: &Input<'_>) -> (Place, String, String) {
    let findings = findings(input);
    let finding = findings.first().expect("a finding");
    (finding.place, finding.name.clone(), finding.rule.clone())
}

fn sqli(place: Place, name: &str) -> (Place, String, String) {
    (place, name.to_owned(), "sqli-condition".to_owned())
}

#[test]
fn an_attack_is_found_in_every_place() {
    let encoded = "x%27%20or%20%27a%27%3D%27a";
    let path = format!("/api/items/{encoded}");
    assert_eq!(
        only(&Input {
            path: path.as_bytes(),
            ..Input::default()
        }),
        sqli(Place::PathSegment, "")
    );
    for (args, place, name) in [
        (format!("a=1&q={encoded}"), Place::Argument, "q"),
        (format!("a=1&{encoded}=1"), Place::ArgumentName, INJECTION),
        ("a=1&q=x'+or+'a'='a".to_owned(), Place::Argument, "q"),
        (format!("q={}", encoded.replace('%', "%25")), Place::Argument, "q"),
    ] {
        let input = Input {
            args: args.as_bytes(),
            ..Input::default()
        };
        assert_eq!(only(&input), sqli(place, name), "{args}");
    }
    for (name, value, place, field) in [
        (
            &b"Cookie"[..],
            format!("a=1; sid={encoded}; b=2"),
            Place::Cookie,
            "sid",
        ),
        (b"Cookie", format!("a=1; sid={INJECTION}"), Place::Cookie, "sid"),
        (b"user-agent", INJECTION.to_owned(), Place::Header, "user-agent"),
        (
            b"X-Forwarded-For",
            INJECTION.to_owned(),
            Place::Header,
            "X-Forwarded-For",
        ),
    ] {
        let headers = [(&b"Host"[..], &b"example.org"[..]), (name, value.as_bytes())];
        let input = Input {
            headers: &headers,
            ..Input::default()
        };
        assert_eq!(only(&input), sqli(place, field), "{value}");
    }
}

#[test]
fn an_attack_is_found_in_every_body() {
    let json = "{\"a\":{\"b\":[1,{\"c\":\"x' or \\u0027a'='a\"}]}}";
    let key = "{\"a\":{\"x' or 'a'='a\":1}}";
    let form = "a=1&b=x%27+or+%27a%27%3D%27a";
    let multipart = "--B\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nx' or 'a'='a\r\n--B--\r\n";
    let file =
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x' or 'a'='a\"\r\n\r\nx\r\n--B--\r\n";
    let key_name = "a.x' or 'a'='a";
    for (content_type, body, place, name) in [
        ("application/json", json, Place::Json, "a.b.c"),
        (
            "application/vnd.api+json; charset=utf-8",
            key,
            Place::JsonKey,
            key_name,
        ),
        ("application/x-www-form-urlencoded", form, Place::Field, "b"),
        (
            "multipart/form-data; boundary=\"B\"",
            multipart,
            Place::Field,
            "b",
        ),
        ("multipart/form-data; boundary=B", file, Place::FileName, "f"),
        ("text/csv", INJECTION, Place::Body, ""),
        ("", INJECTION, Place::Body, ""),
    ] {
        let input = Input {
            body: Body::of(content_type.as_bytes(), body.as_bytes()),
            ..Input::default()
        };
        assert_eq!(only(&input), sqli(place, name), "{content_type}");
    }
    assert!(matches!(Body::of(b"image/png", b"x"), Body::None));
    assert!(matches!(Body::of(b"application/json", b""), Body::None));
    assert!(matches!(Body::of(b"image/svg+xml", b"x"), Body::Text(_)));
}

#[test]
fn an_attack_behind_much_text_is_found() {
    let filler = "lorem ipsum dolor sit amet ".repeat(1000);
    for at in [0, WINDOW - 6, WINDOW - OVERLAP, filler.len()] {
        let mut text = filler.clone();
        text.insert_str(at, "<script src=//x.test/a.js></script>");
        let input = Input {
            body: Body::Text(text.as_bytes()),
            ..Input::default()
        };
        let (place, _, rule) = only(&input);
        assert_eq!((place, rule.as_str()), (Place::Body, "xss-tag"), "{at}");
    }
}

#[test]
fn benign_requests_have_no_findings() {
    let headers: [(&[u8], &[u8]); 5] = [
        (b"User-Agent", b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"),
        (b"Referer", b"https://app.example.org/search?q=select%20all&sort=name;asc#top"),
        (b"Cookie", b"_ga=GA1.2.1234567890.1700000000; prefs=%7B%22theme%22%3A%22dark%22%7D; sid=s%3Aabc.def%2Bghi"),
        (b"X-Request-Id", b"7b7e0a5c-2f4d-4f4e-9a55-0f6ad2ed0f3c"),
        (b"X-Forwarded-For", b"203.0.113.7, 10.0.0.1"),
    ];
    let body = r#"{"name":"O'Brien & Sons","text":"It's a union; select what you like, or drop it. <b>Bold</b>, a < b.","price":-1.5e3,
        "tags":["C#","R&D","50% off","..."],"at":"2026-11-21T01:37:01+00:00","md":"Run `ls -la` and see [docs](https://example.org/a?b=c&d=e).",
        "created_at":null,"big":12345678901234567890,"jp":"日本語のテキスト","fr":"L'été, c'est l'amour","code":"if (a && b || c) { return x; }"}"#;
    let input = Input {
        path: b"/api/v1/resources/7b7e0a5c-2f4d-4f4e-9a55-0f6ad2ed0f3c/items.json",
        args: b"select=id,name,owner(id)&name=ilike.*o'brien*&or=(a.eq.1,b.like.*x*)&order=created_at.desc.nullslast&id=in.(1,2,3)&at=gte.2026-01-01T00:00:00%2B02:00",
        headers: &headers,
        body: Body::Json(body.as_bytes()),
    };
    assert_eq!(findings(&input), []);
}

#[test]
fn what_is_skipped_is_not_inspected() {
    let settings = FilterSettings {
        skips: ["code", "$.a.b", "header:x-code", "cookie:c", "/raw/"]
            .iter()
            .filter_map(|text| Skip::parse(text))
            .collect(),
        ..FilterSettings::default()
    };
    let body = r#"{"code":"x' or 'a'='a","a":{"b":["x' or 'a'='a"]},"z":{"code":{"y":"x' or 'a'='a"}}}"#;
    let headers: [(&[u8], &[u8]); 2] = [(b"X-Code", INJECTION.as_bytes()), (b"Cookie", b"c=x' or 'a'='a")];
    let input = Input {
        path: b"/x",
        args: b"code=x'+or+'a'='a",
        headers: &headers,
        body: Body::Json(body.as_bytes()),
    };
    assert_eq!(findings_with(&settings, &input), []);
    assert!(!findings(&input).is_empty());
    let raw = Input {
        path: b"/raw/x",
        args: b"q=x'+or+'a'='a",
        ..Input::default()
    };
    assert_eq!(findings_with(&settings, &raw), []);
}

#[test]
fn classes_and_thresholds_decide() {
    let input = Input {
        args: b"q=x'+or+'a'='a&w=price+and+true",
        ..Input::default()
    };
    let others = FilterSettings {
        classes: ClassSet::NONE.with(Class::Xss),
        ..FilterSettings::default()
    };
    assert_eq!(findings_with(&others, &input), []);
    let high = FilterSettings {
        threshold: 100,
        ..FilterSettings::default()
    };
    assert_eq!(findings_with(&high, &input), []);
    let finding = findings(&input).remove(0);
    assert_eq!((finding.class, finding.score), (Class::Sqli, 10));
    assert_eq!(finding.excerpt.as_deref(), Some("x' or 'a'='a"));
}

#[test]
fn configured_rules_count_with_those_that_are_built_in() {
    let custom = CustomRules::parse("no-wp scanner 5 segment ^wp-\nodd sqli 4 arg (?-u)zz").expect("rules");
    let settings = FilterSettings {
        custom: Some(Arc::new(custom)),
        ..FilterSettings::default()
    };
    let input = Input {
        path: b"/wp-admin",
        args: b"a=zz&b=1%23zz",
        ..Input::default()
    };
    let found = findings_with(&settings, &input);
    let rules: Vec<_> = found
        .iter()
        .map(|finding| (finding.rule.as_str(), finding.name.as_str(), finding.score))
        .collect();
    assert_eq!(rules, [("no-wp", "", 5), ("odd", "b", 7)]);
}

#[test]
fn secrets_are_found_but_not_shown() {
    let input = Input {
        body: Body::Json(br#"{"user":{"password":"hunter2' or 'a'='a"}}"#),
        ..Input::default()
    };
    let finding = findings(&input).remove(0);
    assert_eq!((finding.name.as_str(), finding.excerpt), ("user.password", None));
}

#[test]
fn findings_are_bounded() {
    let args = "q=x'+or+'a'='a&".repeat(1000);
    let input = Input {
        args: args.as_bytes(),
        ..Input::default()
    };
    assert_eq!(findings(&input).len(), FilterSettings::default().max_findings);
}

proptest! {
    #[test]
    fn any_request_is_inspected_alike_in_any_slices(
        path in proptest::collection::vec(any::<u8>(), 0..60),
        args in "[ -~]{0,80}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
        kind in 0..4_u8,
        budget in 1..300_usize,
    ) {
        let headers: [(&[u8], &[u8]); 2] = [(b"Cookie", args.as_bytes()), (b"User-Agent", &path)];
        let input = Input {
            path: &path,
            args: args.as_bytes(),
            headers: &headers,
            body: match kind {
                0 => Body::Json(&body),
                1 => Body::Form(&body),
                2 => Body::Multipart { boundary: b"b", body: &body },
                _ => Body::Text(&body),
            },
        };
        let settings = FilterSettings::default();
        let mut scratch = Scratch::default();
        let mut inspection = Inspection::new();
        while inspection.step(&settings, &input, &mut scratch, budget) == Progress::Pending {}
        let found = findings(&input);
        prop_assert_eq!(inspection.findings(), &found[..]);
        for finding in found {
            prop_assert!(finding.name.len() <= MAX_NAME && finding.name.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            let excerpt = finding.excerpt.unwrap_or_default();
            prop_assert!(excerpt.len() <= super::super::MAX_EXCERPT && excerpt.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        }
    }

    #[test]
    fn words_are_no_attack(words in proptest::collection::vec("[a-z]{1,12}", 1..30)) {
        // Words of SQL can make a statement by chance.
        prop_assume!(!words.iter().any(|word| matches!(word.as_str(), "select" | "union" | "drop" | "or" | "and" | "exec" | "limit")));
        let text = words.join(" ");
        let input = Input { body: Body::Text(text.as_bytes()), ..Input::default() };
        prop_assert_eq!(findings(&input), []);
    }
}
