//! No byte of a client's reaches SQL text. Requests with hostile text in every place that takes some are held against requests
//! with harmless text in the same place: the SQL must be the same, or the request refused.
#![expect(clippy::expect_used, reason = "a test ends where it fails")]

mod sql_support;

use postern_core::query;
use postern_core::schema_cache::SchemaCache;
use sql_support::{HOSTILE, RequestText, plan, schema};

/// Places for a value: `{}` takes the text percent-encoded.
const VALUES: &[&str] = &[
    "GET /resources/{}",
    "GET /resources?title=eq.{}",
    "GET /resources?title=not.isdistinct.{}",
    "GET /resources?title=like.{}",
    "GET /resources?title=imatch.{}",
    "GET /resources?tags=cs.{}",
    "GET /resources?title=in.(\"{}\")",
    "GET /resources?title=in.(a,\"{}\",b)",
    "GET /resources?search=fts.{}",
    "GET /resources?or=(title.eq.\"{}\",priority.gt.1)",
    "GET /resources?data->>\"{}\"=eq.1",
    "GET /resources?data->\"{}\"->>x=eq.1",
    "GET /resources?order=data->\"{}\".desc",
    "GET /memberships/{}",
    "DELETE /resources/{}",
];

/// Places for a name. An alias is a key of the answer and no part of the SQL.
const NAMES: &[&str] = &[
    "GET /resources?{}=eq.1",
    "GET /resources?select={}",
    "GET /resources?select=\"{}\"",
    "GET /resources?select=title::{}",
    "GET /resources?select=\"{}\":title",
    "GET /resources?select=data->\"{}\"",
    "GET /resources?select=data->>{}",
    "GET /resources?order={}",
    "GET /resources?order=\"{}\"",
    "GET /resources?order=title.{}",
    "GET /resources?title={}.x",
    "GET /resources?title=is.{}",
    "GET /resources?title=fts({}).x",
    "GET /resources?or=({}.eq.1)",
    "GET /resources?limit={}",
    "GET /resources?offset={}",
    "GET /resources?cursor={}",
];

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Within double quotes of an argument, quotes and backslashes are escaped.
fn escape(place: &str, text: &str) -> String {
    let quoted = place.contains("\"{}\"");
    encode(&if quoted {
        text.replace('\\', "\\\\").replace('"', "\\\"")
    } else {
        text.to_owned()
    })
}

fn request(place: &str, text: &str) -> RequestText {
    let line = place.replace("{}", &escape(place, text)).replace('"', "%22");
    let (method, target) = line.split_once(' ').expect("METHOD /target");
    RequestText {
        method: method.to_owned(),
        target: target.to_owned(),
        ..RequestText::default()
    }
}

fn sql(request: &RequestText, schema: &SchemaCache) -> Option<String> {
    let plan = plan(request, schema).ok()?;
    Some(query::build(plan.statement).statement.sql().to_owned())
}

#[test]
fn a_hostile_value_leaves_the_sql_as_it_is() {
    let schema = schema();
    let mut planned = 0;
    for place in VALUES {
        let harmless = sql(
            &request(
                place,
                if place.contains("memberships") {
                    "1,2"
                } else {
                    "harmless"
                },
            ),
            &schema,
        );
        // Without an id it is the list that is asked for.
        for text in HOSTILE
            .iter()
            .filter(|text| !(text.is_empty() && place.ends_with("/{}")))
        {
            if let Some(sql) = sql(&request(place, text), &schema) {
                assert_eq!(Some(sql), harmless, "{place} {text:?}");
                planned += 1;
            }
        }
    }
    // Most are values like any other; they are not refused for what they look like.
    assert!(planned > VALUES.len() * HOSTILE.len() * 3 / 4, "{planned}");
}

#[test]
fn a_hostile_name_is_refused_or_leaves_the_sql_without_a_trace() {
    let schema = schema();
    let harmless: Vec<_> = ["title", "1", "null", "english", "a", "AAAA", "desc", "eq"]
        .iter()
        .flat_map(|text| {
            NAMES
                .iter()
                .filter_map(|place| sql(&request(place, text), &schema))
        })
        .collect();
    for place in NAMES {
        for text in HOSTILE {
            if let Some(sql) = sql(&request(place, text), &schema) {
                assert!(harmless.contains(&sql), "{place} {text:?}: {sql}");
            }
        }
    }
}

#[test]
fn a_hostile_body_is_refused_or_leaves_the_sql_without_a_trace() {
    let schema = schema();
    let send = |method: &str, target: &str, body: String| {
        let request = RequestText {
            method: method.into(),
            target: target.into(),
            body: Some(body),
            key: None,
        };
        sql(&request, &schema)
    };
    let quote = |text: &str| {
        let mut json = Vec::new();
        postern_core::response::write_json_string(&mut json, text.as_bytes());
        String::from_utf8(json).expect("UTF-8")
    };
    for text in HOSTILE {
        let (hostile, harmless) = (quote(text), quote("x"));
        for (method, target) in [
            ("POST", "/resources"),
            ("PATCH", "/resources/1"),
            ("PUT", "/resources/1"),
        ] {
            for member in ["title", "data", "tags", "status", "id"] {
                let with =
                    |value: &str| send(method, target, format!("{{\"{member}\":{value},\"price\":1}}"));
                let sql = with(&hostile);
                assert!(
                    sql.is_none() && member == "id" || sql == with(&harmless),
                    "{method} {member} {text:?}"
                );
                let nested = with(&format!("[{{{hostile}:{hostile}}}]"));
                assert!(
                    nested.is_none() && member == "id" || nested == with(&format!("[{harmless}]")),
                    "{text:?}"
                );
            }
            assert_eq!(send(method, target, format!("{{{hostile}:1}}")), None, "{text:?}");
        }
        let many = |value: &str| send("POST", "/resources", format!("[{{\"title\":{value}}}]"));
        assert_eq!(many(&hostile), many(&harmless));
        assert_eq!(
            send("POST", "/resources", format!("[{{{hostile}:1}}]")),
            None,
            "{text:?}"
        );
    }
}

/// Names that only the catalogue can bring are quoted, whatever they are.
#[test]
fn hostile_names_of_the_catalogue_stay_between_their_quotes() {
    for name in HOSTILE {
        let quoted = serde_json::to_string(name).expect("JSON");
        let rows = [
            r#"{"type":{"name":"text","base":"text","category":"S","class":"builtin","labels":null}}"#
                .to_owned(),
            format!(
                r#"{{"relation":{{"schema":"api","name":"t","kind":"r","events":28,"comment":null,"columns":
                [["id",1,"text",true,"",null,true,null],[{quoted},2,"text",false,"",null,true,null]],
                "keys":[[true,[1]]],"foreign_keys":[]}}}}"#
            ),
        ];
        let schema = sql_support::schema_of(rows.iter().map(String::as_str));
        let sql = sql(&request("GET /t/{}", "1"), &schema).expect("a good request");
        let column = format!("\"{}\"", name.replace('"', "\"\""));
        assert_eq!(
            sql,
            format!("SELECT \"id\", {column} FROM \"api\".\"t\" WHERE \"id\" = $1")
        );
    }
}
