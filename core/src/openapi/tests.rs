use serde_json::{Value, json};

use super::{
    Authentication, Content, Endpoint, Info, LocationKind, PathTemplate, Rules, TokenSchemes, describe,
};
use crate::config::{ResourceConfig, SqlConfig};
use crate::schema_cache::{QualifiedName, SchemaCache, SchemaCacheBuilder};
use crate::sql_endpoint::{BodyType, Methods, ResultShape, Script, ScriptChanges};
use crate::validate::{ArgumentRule, BodySchema, RuleBuilder, ValueType};

fn schema() -> SchemaCache {
    let mut builder = SchemaCacheBuilder::new();
    for row in include_str!("../../tests/golden/schema.jsonl").lines() {
        builder.row(row.as_bytes()).expect("a row of the catalogue");
    }
    builder.finish().expect("all types are there")
}

fn resource(relation: &str, key: Option<&str>) -> ResourceConfig {
    ResourceConfig {
        relation: QualifiedName {
            schema: "api".into(),
            name: relation.into(),
        },
        key: key.map(Into::into),
        last_modified: None,
        default_limit: 20.try_into().expect("positive"),
        max_limit: 1000.try_into().expect("positive"),
        methods: Methods::ALL,
    }
}

fn script(text: &str, methods: &str) -> SqlConfig {
    SqlConfig {
        script: Script::parse(text).expect("a script"),
        methods: Methods::parse(methods).expect("methods"),
        shape: Some(ResultShape::Object),
        read_only: false,
        changes: ScriptChanges::default(),
        body: BodyType::Json,
        max_bytes: 1000,
    }
}

fn endpoint<'a>(path: &'a PathTemplate, content: Content<'a>) -> Endpoint<'a> {
    Endpoint {
        path,
        kind: LocationKind::Prefix,
        summary: None,
        description: None,
        tag: None,
        response: None,
        authentication: Authentication::Optional,
        schemes: TokenSchemes::default(),
        is_limited: false,
        rules: Rules::default(),
        content,
    }
}

fn document(endpoints: &[Endpoint<'_>]) -> Value {
    let info = Info {
        title: "t".into(),
        version: "1".into(),
        description: None,
        server: "/".into(),
    };
    let document: Value = serde_json::from_slice(&describe(&info, endpoints)).expect("JSON");
    check_references(&document, &document);
    document
}

/// Every `$ref` leads to something in the document.
fn check_references(value: &Value, document: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref") {
                let pointer = target.strip_prefix('#').expect("a place in the document");
                assert!(document.pointer(pointer).is_some(), "{target}");
            }
            members
                .values()
                .for_each(|value| check_references(value, document));
        }
        Value::Array(values) => values.iter().for_each(|value| check_references(value, document)),
        _ => {}
    }
}

fn methods(path: &Value) -> Vec<&str> {
    let members = path.as_object().expect("a path").keys();
    members
        .map(String::as_str)
        .filter(|name| *name != "parameters")
        .collect()
}

fn names(parameters: &Value) -> Vec<&str> {
    let parameters = parameters.as_array().expect("parameters").iter();
    parameters.filter_map(|one| one["name"].as_str()).collect()
}

#[test]
fn a_relation_has_what_it_takes() {
    let schema = schema();
    let configs = ["memberships", "note_counts", "notes", "nothing"].map(|name| resource(name, None));
    let paths = ["/a/memberships", "/a/counts", "/a/notes", "/a/nothing"].map(PathTemplate::fixed);
    let endpoints: Vec<_> = configs
        .iter()
        .zip(&paths)
        .map(|(config, path)| {
            endpoint(
                path,
                Content::Resource {
                    config,
                    schema: &schema,
                },
            )
        })
        .collect();
    let document = document(&endpoints);
    let paths = document["paths"].as_object().expect("paths");
    let served: Vec<_> = paths
        .iter()
        .map(|(path, item)| (path.as_str(), methods(item)))
        .collect();
    assert_eq!(
        served,
        [
            // It has no key, and takes nothing.
            ("/a/counts", vec!["get"]),
            ("/a/memberships", vec!["get", "post"]),
            ("/a/memberships/{key}", vec!["delete", "get", "patch", "put"]),
            ("/a/notes", vec!["get", "post"]),
            ("/a/notes/{id}", vec!["delete", "get", "patch", "put"]),
        ]
    );
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["notes"]["properties"]["shouted"]["readOnly"], true);
    assert!(schemas["notes_new"]["properties"]["shouted"].is_null());
    assert_eq!(schemas["notes_new"]["additionalProperties"], false);
    // A default is not needed, and is told where it is a constant.
    assert_eq!(
        schemas["memberships_new"]["required"],
        json!(["team_id", "person_id"])
    );
    assert_eq!(
        schemas["memberships_new"]["properties"]["role"]["default"],
        "member"
    );
    // Text that is stored has no NUL.
    assert_eq!(
        schemas["memberships_new"]["properties"]["role"]["pattern"],
        "^[^\\u0000]*$"
    );
    // The key stands in the path.
    assert!(schemas["memberships_change"]["properties"]["team_id"].is_null());
    assert!(schemas["memberships_change"]["required"].is_null());
    assert_eq!(
        schemas["note_counts"]["properties"]["notes"]["type"],
        json!(["integer", "null"])
    );
}

#[test]
fn members_stay_in_order() {
    let schema = schema();
    let config = resource("memberships", None);
    let path = PathTemplate::fixed("/m");
    let info = Info {
        title: "t".into(),
        version: "1".into(),
        description: None,
        server: "/".into(),
    };
    let text = describe(
        &info,
        &[endpoint(
            &path,
            Content::Resource {
                config: &config,
                schema: &schema,
            },
        )],
    );
    let text = String::from_utf8(text).expect("UTF-8");
    let row = text
        .split_once("\"memberships\":{")
        .expect("the schema of a row")
        .1;
    let places = ["team_id", "person_id", "role", "since"].map(|name| row.find(&format!("\"{name}\":{{")));
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{places:?}"
    );
}

#[test]
fn the_arguments_of_a_list_match_what_is_understood() {
    let schema = schema();
    let config = resource("memberships", None);
    let path = PathTemplate::fixed("/m");
    let document = document(&[endpoint(
        &path,
        Content::Resource {
            config: &config,
            schema: &schema,
        },
    )]);
    let parameters = &document["paths"]["/m"]["get"]["parameters"];
    assert_eq!(
        names(parameters),
        [
            "select",
            "order",
            "limit",
            "cursor",
            "offset",
            "team_id",
            "person_id",
            "role",
            "since",
            "or",
            "and"
        ]
    );
    let matches = |name: &str, value: &str| {
        let found = parameters
            .as_array()
            .expect("parameters")
            .iter()
            .find(|one| one["name"] == name);
        let pattern = found.expect("a parameter")["schema"]["pattern"]
            .as_str()
            .expect("a pattern");
        regex::Regex::new(pattern)
            .expect("a regular expression")
            .is_match(value)
    };
    for (name, good, bad) in [
        (
            "select",
            &["*", "role", "team_id,x:role"][..],
            &["", "nothing", "role,", "x:"][..],
        ),
        (
            "order",
            &["since", "role.desc.nullslast,since"],
            &["", "since.down", ".asc"],
        ),
        (
            "team_id",
            &["eq.1", "not.in.(1,-2)", "is.null"],
            &["1", "eq.", "eq.x", "like.1"],
        ),
        (
            "role",
            &["eq.", "eq.a.b", "ilike.*x*", "wfts.a or b"],
            &["", "x", "like.a\\", "eq"],
        ),
        (
            "since",
            &["gte.2026-01-31", "lt.2024-02-28"],
            &["gte.2026-02-31x", "gte.2026-13-01"],
        ),
        (
            "or",
            &["(team_id.eq.1,role.not.eq.x)"],
            &["()", "team_id.eq.1", "(not.team_id.eq.1)"],
        ),
    ] {
        // 2026-01-31 has a day that not every month has.
        for value in good.iter().filter(|value| !value.contains("-31")) {
            assert!(matches(name, value), "{name}={value}");
        }
        for value in bad {
            assert!(!matches(name, value), "{name}={value}");
        }
    }
}

#[test]
fn a_script_has_the_values_that_it_uses() {
    let config = script(
        "select :arg_q, :arg_q, :header_x_tenant, :cookie_s, :var_id, :claim_sub, :body",
        "GET,POST",
    );
    let path = PathTemplate::of_regex("^/orders/(?<id>[0-9]+)/find$").expect("a template");
    let document = document(&[endpoint(
        &path,
        Content::Sql {
            config: &config,
            issues_token: false,
        },
    )]);
    let item = &document["paths"]["/orders/{id}/find"];
    assert_eq!(methods(item), ["get", "post"]);
    assert_eq!(names(&item["parameters"]), ["id"]);
    assert_eq!(names(&item["get"]["parameters"]), ["q", "x-tenant", "s"]);
    assert!(item["get"]["requestBody"].is_null());
    assert_eq!(
        item["post"]["requestBody"],
        json!({"required": false, "content": {"application/json": {"schema": {}}}})
    );
    assert_eq!(item["get"]["operationId"], "get_orders__id__find");
    assert_eq!(item["get"]["tags"], json!(["orders"]));
}

#[test]
fn rules_and_texts_of_the_configuration_count() {
    let schema = schema();
    let config = resource("memberships", None);
    let limit = RuleBuilder {
        value_type: Some(ValueType::Integer),
        min: Some(1.0),
        max: Some(50.0),
        ..RuleBuilder::default()
    };
    let tenant = RuleBuilder {
        required: true,
        pattern: Some("[a-z]+".into()),
        ..RuleBuilder::default()
    };
    let (limit, tenant) = (limit.build().expect("good"), tenant.build().expect("good"));
    let arguments = [
        ArgumentRule::new("limit", limit, Some("10")).expect("good"),
        ArgumentRule::new("page", tenant.clone(), None).expect("good"),
    ];
    let none = |_: &str| Err("there is no other file".into());
    let body = BodySchema::compile(
        br#"{"properties":{"role":{"maxLength":5}}}"#,
        "/x/role.json",
        none,
    )
    .expect("good");
    let path = PathTemplate::fixed("/m");
    let endpoint = Endpoint {
        summary: Some("Everybody"),
        tag: Some("people"),
        authentication: Authentication::Required,
        schemes: TokenSchemes {
            cookie: Some("session"),
            argument: None,
        },
        is_limited: true,
        rules: Rules {
            arguments: &arguments,
            fields: vec![("x-tenant", &tenant)],
            key: None,
            bodies: vec![("POST", &body)],
            status: Some(422),
        },
        ..endpoint(
            &path,
            Content::Resource {
                config: &config,
                schema: &schema,
            },
        )
    };
    let document = document(&[endpoint]);
    let list = &document["paths"]["/m"]["get"];
    assert_eq!(
        (&list["summary"], &list["tags"][0]),
        (&json!("Everybody"), &json!("people"))
    );
    assert_eq!(list["security"], json!([{"token": []}, {"cookie_session": []}]));
    let parameters = list["parameters"].as_array().expect("parameters");
    let find = |name: &str| parameters.iter().find(|one| one["name"] == name);
    assert_eq!(
        find("limit").expect("the limit")["schema"],
        json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 50, "default": 10})
    );
    // No resource knows it, so that it would be refused.
    assert_eq!(find("page"), None);
    assert_eq!(
        find("x-tenant").expect("the field"),
        &json!({"name": "x-tenant", "in": "header", "required": true,
                "schema": {"type": "string", "pattern": "^(?:[a-z]+)$"}})
    );
    let responses = list["responses"].as_object().expect("responses");
    assert!(
        ["200", "304", "401", "422", "429", "default"]
            .iter()
            .all(|status| responses.contains_key(*status))
    );
    let body = &document["paths"]["/m"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["allOf"][1], json!({"$ref": "#/components/schemas/role"}));
}

#[test]
fn nobody_is_asked_for_a_token_where_none_is_looked_at() {
    let config = script("select 1 as a", "GET");
    let path = PathTemplate::fixed("/one");
    let open = Endpoint {
        authentication: Authentication::None,
        ..endpoint(
            &path,
            Content::Sql {
                config: &config,
                issues_token: true,
            },
        )
    };
    let document = document(&[open]);
    let get = &document["paths"]["/one"]["get"];
    assert!(get["security"].is_null() && get["responses"]["401"].is_null());
    assert!(document["components"]["securitySchemes"].is_null());
    let answer = &get["responses"]["2XX"]["content"]["application/json"]["schema"];
    assert_eq!(answer["properties"]["token_type"]["const"], "Bearer");
}

#[test]
fn only_the_methods_of_the_configuration_are_described() {
    let schema = schema();
    let config = ResourceConfig {
        methods: Methods::parse("GET,PATCH").expect("methods"),
        ..resource("notes", None)
    };
    let path = PathTemplate::fixed("/n");
    let content = Content::Resource {
        config: &config,
        schema: &schema,
    };
    let document = document(&[endpoint(&path, content)]);
    assert_eq!(methods(&document["paths"]["/n"]), ["get"]);
    assert_eq!(methods(&document["paths"]["/n/{id}"]), ["get", "patch"]);
    assert!(document["components"]["schemas"]["notes_new"].is_null());
    // The key has a path of its own.
    assert!(!names(&document["paths"]["/n"]["get"]["parameters"]).contains(&"id"));
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let config = script("select 1 as a", "GET");
    let paths = ["/a-b", "/a_b", "/a/b"].map(PathTemplate::fixed);
    let content = || Content::Sql {
        config: &config,
        issues_token: false,
    };
    let document = document(&paths.each_ref().map(|path| endpoint(path, content())));
    let id = |path: &str| document["paths"][path]["get"]["operationId"].clone();
    assert_eq!(
        [id("/a-b"), id("/a_b"), id("/a/b")],
        ["get_a_b", "get_a_b_2", "get_a_b_3"]
    );
}

#[test]
fn of_two_locations_with_one_path_the_one_that_nginx_takes_is_described() {
    let schema = schema();
    let config = resource("notes", None);
    let one = script("select :var_key as a", "GET");
    let (list, item) = (
        PathTemplate::fixed("/n"),
        PathTemplate::of_regex("^/n/(?<key>[0-9]+)$").expect("a template"),
    );
    let resource = endpoint(
        &list,
        Content::Resource {
            config: &config,
            schema: &schema,
        },
    );
    let regex = Endpoint {
        kind: LocationKind::Regex,
        ..endpoint(
            &item,
            Content::Sql {
                config: &one,
                issues_token: false,
            },
        )
    };
    let document = document(&[resource, regex]);
    let paths = document["paths"].as_object().expect("paths");
    assert_eq!(paths.keys().collect::<Vec<_>>(), ["/n", "/n/{key}"]);
    assert_eq!(methods(&paths["/n/{key}"]), ["get"]);
}

#[test]
fn nothing_is_below_an_exact_location() {
    let schema = schema();
    let config = resource("notes", None);
    let path = PathTemplate::fixed("/n");
    let exact = Endpoint {
        kind: LocationKind::Exact,
        ..endpoint(
            &path,
            Content::Resource {
                config: &config,
                schema: &schema,
            },
        )
    };
    let document = document(&[exact]);
    assert_eq!(document["paths"].as_object().expect("paths").len(), 1);
}

#[test]
fn a_header_field_is_one_parameter() {
    let config = script("select :header_x_tenant as a", "GET");
    let tenant = RuleBuilder {
        required: true,
        ..RuleBuilder::default()
    };
    let tenant = tenant.build().expect("good");
    let path = PathTemplate::fixed("/a");
    let endpoint = Endpoint {
        rules: Rules {
            fields: vec![("x-tenant", &tenant), ("accept", &tenant)],
            ..Rules::default()
        },
        ..endpoint(
            &path,
            Content::Sql {
                config: &config,
                issues_token: false,
            },
        )
    };
    let parameters = &document(&[endpoint])["paths"]["/a"]["get"]["parameters"];
    assert_eq!(names(parameters), ["x-tenant"]);
    assert_eq!(parameters[0]["required"], true);
}

/// A file, and the same relation of two databases.
#[test]
fn schemas_of_one_name_are_told_apart() {
    let schemas = [schema(), schema()];
    let config = resource("notes", None);
    let none = |_: &str| Err("there is no other file".into());
    let body = BodySchema::compile(br#"{"title":"of the file"}"#, "/x/notes.json", none).expect("good");
    let login = script("select :body::json as a", "POST");
    let paths = ["/login", "/one", "/two"].map(PathTemplate::fixed);
    let [login_path, one, two] = &paths;
    let content = |schema| Content::Resource {
        config: &config,
        schema,
    };
    let endpoints = [
        Endpoint {
            rules: Rules {
                bodies: vec![("POST", &body)],
                ..Rules::default()
            },
            ..endpoint(
                login_path,
                Content::Sql {
                    config: &login,
                    issues_token: false,
                },
            )
        },
        endpoint(one, content(&schemas[0])),
        endpoint(two, content(&schemas[1])),
    ];
    let document = document(&endpoints);
    let schema_of = |path: &str| {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"];
        content["schema"]["properties"]["data"]["items"]["$ref"].clone()
    };
    assert_eq!(schema_of("/one"), "#/components/schemas/api.notes");
    assert_eq!(schema_of("/two"), "#/components/schemas/notes_2");
    assert_eq!(document["components"]["schemas"]["notes"]["title"], "of the file");
}

#[test]
fn patterns_are_those_of_javascript_or_told_in_words() {
    let config = script("select :var_id, :arg_name", "GET");
    let path = PathTemplate::of_regex("^/a/(?<id>(?i)[a-f]++)/(?<year>\\d{4}\\z)$").expect("a template");
    let rule = |pattern: &str| {
        let rule = RuleBuilder {
            pattern: Some(pattern.into()),
            ..RuleBuilder::default()
        };
        rule.build().expect("good")
    };
    let (name, field) = (rule("(?i)[a-z]+"), rule("(?P<a>x)"));
    let arguments = [ArgumentRule::new("name", name, None).expect("good")];
    let endpoint = Endpoint {
        rules: Rules {
            arguments: &arguments,
            fields: vec![("x-a", &field)],
            ..Rules::default()
        },
        ..endpoint(
            &path,
            Content::Sql {
                config: &config,
                issues_token: false,
            },
        )
    };
    let document = document(&[endpoint]);
    let item = &document["paths"]["/a/{id}/{year}"];
    let schema = |parameters: &Value, at: usize| parameters[at]["schema"].clone();
    assert_eq!(
        schema(&item["parameters"], 0),
        json!({"type": "string", "description": "It fits the regular expression `^(?:(?i)[a-f]++)$`."})
    );
    assert_eq!(
        schema(&item["parameters"], 1),
        json!({"type": "string", "pattern": "^(?:\\d{4}$)$"})
    );
    let parameters = &item["get"]["parameters"];
    assert_eq!(
        schema(parameters, 0),
        json!({"type": "string", "description": "It fits the regular expression `^(?:(?i)[a-z]+)$`."})
    );
    assert_eq!(
        schema(parameters, 1),
        json!({"type": "string", "pattern": "^(?:(?<a>x))$"})
    );
}

#[test]
fn a_body_that_is_checked_is_described_whatever_the_script_does_with_it() {
    let body = BodySchema::compile(br#"{"type":"object"}"#, "/x/in.json", |_| Err("no file".into()));
    let body = body.expect("good");
    let path = PathTemplate::fixed("/a");
    for text in ["select 1 as a", "select length(:body_bytes) as a"] {
        let config = script(text, "POST,PUT");
        let endpoint = Endpoint {
            rules: Rules {
                bodies: vec![("POST", &body)],
                ..Rules::default()
            },
            ..endpoint(
                &path,
                Content::Sql {
                    config: &config,
                    issues_token: false,
                },
            )
        };
        let item = &document(&[endpoint])["paths"]["/a"];
        assert_eq!(
            item["post"]["requestBody"],
            json!({"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/in"}}}})
        );
        assert_eq!(item["put"]["requestBody"].is_null(), text == "select 1 as a");
        assert_eq!(item["put"]["responses"]["415"].is_null(), text == "select 1 as a");
    }
}
