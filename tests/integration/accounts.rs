//! Accounts of the sample application, from signing up to signing out.

use std::fs;
use std::sync::Barrier;

use crate::support::http::Response;
use crate::support::nginx::{Config, Nginx};
use crate::support::postgres::Postgres;
use crate::support::{TempDir, poll_until};

/// The sample application, served.
struct App {
    postgres: Postgres,
    nginx: Nginx,
    _secrets: TempDir,
}

const SECRET: &str = "a secret of thirty-two octets or more";

impl App {
    fn start() -> Self {
        Self::with("", "")
    }

    /// `issue` are more parameters of postern_issue_token, `verify` of postern_jwt.
    fn with(issue: &str, verify: &str) -> Self {
        Self::on(Postgres::start(), issue, verify)
    }

    fn on(postgres: Postgres, issue: &str, verify: &str) -> Self {
        postgres.with_sample_application();
        let secrets = TempDir::new("secrets");
        let secret = secrets.path().join("jwt.key");
        fs::write(&secret, SECRET).unwrap();
        let dsn = postgres.dsn().replace("dbname=fixture", "dbname=app");
        let key = format!("secret_file={} issuer=postern audience=postern", secret.display());
        let mut config = Config::new(&dsn, "");
        config.http = format!(
            "postern_database app {{ dsn \"{dsn}\"; schemas api; anonymous_role anonymous; }}
             postern_database accounts {{ dsn \"{dsn}\"; schemas auth; anonymous_role anonymous; }}"
        );
        config.server = format!(
            "location = /auth/register {{
                 postern_sql accounts \"select auth.register(:body)\" methods=POST; postern_issue_token {key} {issue};
             }}
             location = /auth/login {{
                 postern_sql accounts \"select auth.login(:body)\" methods=POST; postern_issue_token {key} {issue};
             }}
             location = /auth/refresh {{
                 postern_sql accounts \"select auth.refresh(coalesce(auth.refresh_token(:body), :cookie_refresh))\" methods=POST;
                 postern_issue_token {key} {issue};
             }}
             location = /auth/logout {{
                 satisfy any; allow all; postern_jwt {key} {verify};
                 postern_sql accounts \"select json_build_object('claims', null)
                                        from auth.logout(coalesce(auth.refresh_token(:body), :cookie_refresh))\" methods=POST;
                 postern_issue_token {key} {issue};
             }}
             location = /auth/me {{
                 postern_jwt on {key} {verify}; postern_sql accounts \"select auth.me()\" methods=GET;
             }}
             location /api/ {{
                 postern_jwt {key} {verify};
                 location /api/resources {{ postern_resource app table=api.resources; }}
                 location /api/users {{ postern_resource app table=api.users; }}
             }}"
        );
        let nginx = Nginx::start(&config);
        poll_until("the schema cache is there", || {
            nginx.client().get("/api/resources").status == 200
        });
        Self {
            postgres,
            nginx,
            _secrets: secrets,
        }
    }

    fn post(&self, target: &str, body: &str) -> Response {
        self.nginx.client().request("POST", target, &[], body)
    }

    fn register(&self, email: &str) -> Tokens {
        let response = self.post("/auth/register", &credentials(email, PASSWORD));
        assert_eq!(response.status, 201, "{}", response.body);
        Tokens::of(&response)
    }

    fn refresh(&self, token: &str) -> Response {
        self.post("/auth/refresh", &format!("{{\"refresh_token\":\"{token}\"}}"))
    }

    fn get(&self, target: &str, access: &str) -> Response {
        let authorization = format!("Bearer {access}");
        self.nginx
            .client()
            .request("GET", target, &[("Authorization", &authorization)], "")
    }

    fn sessions(&self) -> String {
        self.postgres.app_sql("SELECT count(*) FROM auth.sessions")
    }
}

const PASSWORD: &str = "correct horse";

fn credentials(email: &str, password: &str) -> String {
    format!("{{\"email\":\"{email}\",\"password\":\"{password}\",\"name\":\"Ann\"}}")
}

/// What a token response brings.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    #[track_caller]
    fn of(response: &Response) -> Self {
        Self {
            access: member(&response.body, "access_token"),
            refresh: member(&response.body, "refresh_token"),
        }
    }
}

/// A string of a JSON text that has it once and without escapes.
#[track_caller]
fn member(json: &str, name: &str) -> String {
    let start = format!("\"{name}\":\"");
    let (_, rest) = json
        .split_once(&start)
        .unwrap_or_else(|| panic!("{name} in {json}"));
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn the_life_of_an_account() {
    let app = App::start();
    let response = app.post("/auth/register", &credentials("Ann@example.org", PASSWORD));
    assert_eq!(
        (response.status, response.header("cache-control")),
        (201, Some("no-store"))
    );
    assert!(
        response
            .body
            .contains("\"token_type\":\"Bearer\",\"expires_in\":900,"),
        "{}",
        response.body
    );
    let id = member(&response.body, "id");

    // The token is good for the application at once, and for its user's rows.
    let first = Tokens::of(&response);
    let made = app.nginx.client().request(
        "POST",
        "/api/resources",
        &[("Authorization", &format!("Bearer {}", first.access))],
        "{\"name\":\"Spoon\"}",
    );
    assert_eq!((made.status, member(&made.body, "owner_id")), (201, id.clone()));
    let bob = app.register("bob@example.org");
    assert!(
        app.get("/api/resources", &bob.access)
            .body
            .contains("\"data\":[]")
    );
    assert_eq!(
        member(&app.get("/auth/me", &first.access).body, "email"),
        "Ann@example.org"
    );

    // The address is one whatever its case is.
    let again = app.post(
        "/auth/register",
        &credentials("ann@EXAMPLE.org", "another password"),
    );
    assert_eq!(
        (again.status, member(&again.body, "code")),
        (409, "email_taken".into())
    );
    let login = app.post("/auth/login", &credentials("ANN@example.org", PASSWORD));
    assert_eq!((login.status, member(&login.body, "id")), (200, id));
    assert_ne!(Tokens::of(&login), first);

    // Each refresh token is good once, and goes on from the one before it.
    let second = app.refresh(&first.refresh);
    assert_eq!(second.status, 200, "{}", second.body);
    let third = app.refresh(&Tokens::of(&second).refresh);
    assert_eq!(third.status, 200, "{}", third.body);
    assert!(app.get("/auth/me", &Tokens::of(&third).access).status == 200);

    let body = format!("{{\"refresh_token\":\"{}\"}}", Tokens::of(&third).refresh);
    assert_eq!(app.post("/auth/logout", &body).status, 200);
    assert_eq!(app.refresh(&Tokens::of(&third).refresh).status, 401);
    // The other session goes on.
    assert_eq!(app.refresh(&Tokens::of(&login).refresh).status, 200);
    app.nginx.assert_log_is_clean();
}

#[test]
fn a_token_that_was_used_before_ends_the_session() {
    let app = App::start();
    let (stolen, other) = (app.register("a@example.org"), app.register("b@example.org"));
    let next = Tokens::of(&app.refresh(&stolen.refresh));
    let reused = app.refresh(&stolen.refresh);
    assert_eq!(
        (reused.status, member(&reused.body, "code")),
        (401, "invalid_refresh_token".into())
    );
    assert_eq!(reused.header("www-authenticate"), Some("Bearer"));
    assert!(!reused.body.contains("claims"), "{}", reused.body);
    assert_eq!(app.refresh(&next.refresh).status, 401);
    let me = app.get("/auth/me", &next.access);
    assert_eq!(
        (me.status, member(&me.body, "code")),
        (401, "session_ended".into())
    );
    assert_eq!(app.refresh(&other.refresh).status, 200);
    assert_eq!(app.sessions(), "1");
}

#[test]
fn of_many_that_come_with_one_token_one_gets_another() {
    const CLIENTS: usize = 8;
    let app = App::start();
    for round in 0..5 {
        let token = app.register(&format!("user{round}@example.org")).refresh;
        let barrier = Barrier::new(CLIENTS);
        let responses: Vec<Response> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        app.refresh(&token)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let good: Vec<_> = responses
            .iter()
            .filter(|response| response.status == 200)
            .collect();
        assert_eq!(good.len(), 1);
        assert!(
            responses
                .iter()
                .all(|response| matches!(response.status, 200 | 401))
        );
        assert_eq!(app.refresh(&Tokens::of(good[0]).refresh).status, 401);
        assert_eq!(app.sessions(), "0");
    }
    app.nginx.assert_log_is_clean();
}

#[test]
fn of_many_that_register_one_address_one_gets_it() {
    const CLIENTS: usize = 6;
    let app = App::start();
    let barrier = Barrier::new(CLIENTS);
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    app.post("/auth/register", &credentials("one@example.org", PASSWORD))
                        .status
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
}

#[test]
fn sessions_end_with_time_with_the_account_and_with_the_user() {
    let app = App::start();
    let ends = |email: &str, sql: &str| {
        let tokens = app.register(email);
        app.postgres.app_sql(sql);
        let me = app.get("/auth/me", &tokens.access).status;
        (app.refresh(&tokens.refresh).status, me)
    };
    assert_eq!(
        ends("a@example.org", "UPDATE auth.sessions SET expires_at = now()"),
        (401, 401)
    );
    assert_eq!(
        ends("b@example.org", "UPDATE auth.accounts SET disabled_at = now()"),
        (401, 200)
    );
    assert_eq!(ends("c@example.org", "DELETE FROM data.users"), (401, 401));
    let login = app.post("/auth/login", &credentials("b@example.org", PASSWORD));
    assert_eq!(login.status, 401);
    // What is over is removed by those who come later.
    app.register("d@example.org");
    app.postgres
        .app_sql("UPDATE auth.sessions SET expires_at = now() - interval '1 s'");
    app.register("e@example.org");
    assert_eq!(app.sessions(), "1");
}

#[test]
fn a_session_does_not_go_on_for_ever_and_a_user_has_not_too_many() {
    let app = App::start();
    let tokens = app.register("a@example.org");
    app.postgres
        .app_sql("UPDATE auth.sessions SET created_at = now() - interval '89 days'");
    assert_eq!(app.refresh(&tokens.refresh).status, 200);
    let left = "SELECT expires_at - now() < interval '25 hours' FROM auth.sessions";
    assert_eq!(app.postgres.app_sql(left), "t");

    app.postgres.app_sql(
        "INSERT INTO auth.sessions (user_id, chain_hash, token_hash, expires_at, used_at)
         SELECT user_id, sha256(n::text::bytea), sha256('x'), now() + interval '1 day', now() - n * interval '1 min'
         FROM auth.accounts, generate_series(1, 30) n",
    );
    assert_eq!(
        app.post("/auth/login", &credentials("a@example.org", PASSWORD))
            .status,
        200
    );
    assert_eq!(app.sessions(), "20");
    assert_eq!(
        app.postgres
            .app_sql("SELECT max(now() - used_at) < interval '19 min' FROM auth.sessions"),
        "t"
    );
}

#[test]
fn login_does_not_tell_who_has_an_account() {
    let app = App::on(
        Postgres::with("local all all trust\n", "track_functions = 'all'"),
        "",
        "",
    );
    app.register("ann@example.org");
    let mut client = app.nginx.client();
    let mut attempt = |email: &str| {
        let response = client.request("POST", "/auth/login", &[], &credentials(email, "wrong password"));
        assert_eq!(response.status, 401);
        let headers: Vec<_> = response
            .headers
            .iter()
            .filter(|(name, _)| name != "date")
            .cloned()
            .collect();
        (response.body, headers)
    };
    for _ in 0..3 {
        assert_eq!(attempt("ann@example.org"), attempt("nobody@example.org"));
    }
    // Where the time goes is the same as well: bcrypt has run once for the hash of nobody, when the functions were made, once for
    // the registration, and once for each attempt.
    let calls = || {
        app.postgres
            .app_sql("SELECT calls FROM pg_stat_user_functions WHERE funcname = 'crypt'")
    };
    poll_until("the calls are counted", || calls() == "8");
}

#[test]
fn what_is_kept_opens_nothing() {
    let app = App::start();
    let tokens = app.register("ann@example.org");
    let dump = app
        .postgres
        .app_sql("SELECT json_agg(a) FROM auth.accounts a; SELECT json_agg(s) FROM auth.sessions s; SELECT json_agg(l) FROM data.audit_log l");
    assert!(
        !dump.contains(PASSWORD) && !dump.contains(&tokens.refresh),
        "{dump}"
    );
    assert!(dump.contains("\"password_hash\":\"$2a$11$"), "{dump}");
    // The audit log says that a user was added, and nothing of the password.
    assert_eq!(dump.matches("password_hash").count(), 1);
    // Nobody but the functions reads the tables.
    for role in ["anonymous", "\"user\"", "authenticator"] {
        for table in ["auth.accounts", "auth.sessions"] {
            let allowed = format!(
                "SELECT has_table_privilege('{}', '{table}', 'select')",
                role.trim_matches('"')
            );
            assert_eq!(app.postgres.app_sql(&allowed), "f", "{role} {table}");
        }
    }
    let functions = "SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc
                     WHERE pronamespace = 'auth'::regnamespace AND has_function_privilege('anonymous', oid, 'execute')";
    assert_eq!(
        app.postgres.app_sql(functions),
        "login,logout,refresh,refresh_token,register"
    );
}

#[test]
fn a_body_that_cannot_be_read_is_not_quoted_in_the_log() {
    let app = App::start();
    let bodies = [
        r#"{"email":"a@example.org","password":"topsecret\u0000"}"#,
        r#"{"email":"a@example.org","password":"topsecret\ud800"}"#,
        r#"{"email":"a@example.org","password":"topsecret\x"}"#,
        r#"{"email":"a@example.org","password":"topsecret"#,
        r#"{"password":"topsecret","n":1e999999}"#,
        r#"{"refresh_token":"topsecret\u0000"}"#,
        "topsecret",
    ];
    for target in ["/auth/register", "/auth/login", "/auth/refresh", "/auth/logout"] {
        for body in bodies {
            let response = app.post(target, body);
            assert_eq!(
                (response.status, member(&response.body, "code")),
                (400, "invalid_json".into()),
                "{target} {body}"
            );
            assert!(!response.body.contains("topsecret"), "{}", response.body);
        }
    }
    let deep = format!("{{\"password\":\"topsecret\",\"a\":{}", "[".repeat(100_000));
    assert_eq!(app.post("/auth/login", &deep).status, 400);
    let log = app.postgres.log();
    // The errors are there, and nothing of the bodies.
    assert!(log.contains("the body is not valid JSON"), "{log}");
    assert!(!log.contains("topsecret") && !log.contains("JSON data"), "{log}");
}

#[test]
fn types_of_the_caller_do_not_get_into_the_functions() {
    let app = App::start();
    app.register("ann@example.org");
    let unsafe_path = "SELECT string_agg(oid::regprocedure::text, ' ') FROM pg_proc
        WHERE pronamespace::regnamespace::text IN ('auth', 'data', 'api', 'postern')
          AND (prosecdef OR proconfig::text LIKE '%search_path%')
          AND coalesce(proconfig::text, '') NOT LIKE '%\"search_path=pg_catalog, pg_temp\"%'";
    assert_eq!(app.postgres.app_sql(unsafe_path), "");
    let claims = "SELECT set_config('request.jwt.claims', json_build_object('sub', id, 'role', 'user')::text, false) IS NULL
                  FROM data.users";
    let types: String = ["uuid", "text", "json", "jsonb", "bytea"]
        .iter()
        .map(|name| format!("CREATE DOMAIN pg_temp.{name} AS pg_catalog.{name} CHECK (false);"))
        .collect();
    let result = app.postgres.app_sql(&format!(
        "{claims}; SET ROLE \"user\"; {types}
         SELECT auth.me() ->> 'email';
         SELECT auth.refresh('x') ->> 'code';
         SELECT auth.logout(auth.refresh_token('{{\"refresh_token\":\"x\"}}')) IS NULL;
         SELECT auth.login('{{\"email\":\"ann@example.org\",\"password\":\"{PASSWORD}\"}}') -> 'user' ->> 'name'"
    ));
    let lines: Vec<_> = result.lines().map(str::trim).collect();
    assert!(
        lines.starts_with(&["f", "ann@example.org", "invalid_refresh_token"]) && lines.ends_with(&["Ann"]),
        "{result}"
    );
}

#[test]
fn a_long_address_needs_no_name() {
    let app = App::start();
    let body = format!(
        "{{\"email\":\"{}@example.org\",\"password\":\"{PASSWORD}\"}}",
        "a".repeat(200)
    );
    let response = app.post("/auth/register", &body);
    assert_eq!(
        (response.status, member(&response.body, "name")),
        (201, "a".repeat(100))
    );
}

#[test]
fn a_refresh_token_signs_out_whatever_comes_with_it() {
    let app = App::start();
    let mut client = app.nginx.client();
    for authorization in ["Bearer x.y.z", "Bearer", "Basic eDp5", ""] {
        let tokens = app.register(&format!("user{}@example.org", authorization.len()));
        let fields = [("Authorization", authorization)];
        let fields = if authorization.is_empty() {
            &[][..]
        } else {
            &fields[..]
        };
        let body = format!("{{\"refresh_token\":\"{}\"}}", tokens.refresh);
        let response = client.request("POST", "/auth/logout", fields, &body);
        assert_eq!(
            (response.status, response.header("www-authenticate")),
            (200, None),
            "{authorization}: {}",
            response.body
        );
        assert_eq!(app.sessions(), "0", "{authorization}");
    }
    // An access token alone is enough as well; one that is not good is no way to believe that the session has ended.
    let tokens = app.register("last@example.org");
    let mut status = |access: &str| {
        let fields = [("Authorization", access), ("Content-Length", "0")];
        client.request("POST", "/auth/logout", &fields, "").status
    };
    assert_eq!((status("Bearer x.y.z"), app.sessions()), (401, "1".into()));
    let good = format!("Bearer {}", tokens.access);
    assert_eq!((status(&good), app.sessions()), (200, "0".into()));
    assert_eq!(status(&good), 200);
    app.nginx.assert_log_is_clean();
}

#[test]
fn long_passwords_count_to_their_end() {
    let app = App::start();
    let long = "x".repeat(100);
    assert_eq!(
        app.post("/auth/register", &credentials("a@example.org", &long))
            .status,
        201
    );
    let other = format!("{}y", &long[1..]);
    assert_eq!(
        app.post("/auth/login", &credentials("a@example.org", &other))
            .status,
        401
    );
    assert_eq!(
        app.post("/auth/login", &credentials("a@example.org", &long))
            .status,
        200
    );
}

#[test]
fn cookies_carry_a_session_from_login_to_logout() {
    let app = App::with(
        "cookie=access cookie_secure=off refresh_cookie=refresh refresh_cookie_path=/auth",
        "cookie=access",
    );
    let mut client = app.nginx.client();
    let login = client.request(
        "POST",
        "/auth/register",
        &[],
        &credentials("ann@example.org", PASSWORD),
    );
    assert_eq!(login.status, 201, "{}", login.body);
    assert!(
        !login.body.contains("token") && login.body.contains("\"expires_in\":900"),
        "{}",
        login.body
    );
    let cookies = set_cookies(&login);
    assert_eq!(cookies.len(), 2);
    assert!(
        cookies[0].contains("; Path=/; Max-Age=900; HttpOnly; SameSite=Strict"),
        "{cookies:?}"
    );
    assert!(cookies[1].contains("; Path=/auth; Max-Age=1209"), "{cookies:?}");

    let jar = jar(&cookies);
    let me = client.request("GET", "/auth/me", &[("Cookie", &jar)], "");
    assert_eq!((me.status, member(&me.body, "name")), (200, "Ann".into()));
    let users = client.request("GET", "/api/users", &[("Cookie", &jar)], "");
    assert!(users.body.contains("ann@example.org"), "{}", users.body);

    let refreshed = client.request(
        "POST",
        "/auth/refresh",
        &[("Cookie", &jar), ("Content-Length", "0")],
        "",
    );
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let next = self::jar(&set_cookies(&refreshed));
    assert_ne!(next, jar);

    let logout = client.request(
        "POST",
        "/auth/logout",
        &[("Cookie", &next), ("Content-Length", "0")],
        "",
    );
    assert_eq!((logout.status, logout.body.as_str()), (200, "{}"));
    assert!(
        set_cookies(&logout)
            .iter()
            .all(|cookie| cookie.contains("=; ") && cookie.contains("Max-Age=0"))
    );
    let gone = client.request(
        "POST",
        "/auth/refresh",
        &[("Cookie", &next), ("Content-Length", "0")],
        "",
    );
    assert_eq!((gone.status, set_cookies(&gone).len()), (401, 2));
}

fn set_cookies(response: &Response) -> Vec<String> {
    let fields = response.headers.iter().filter(|(name, _)| name == "set-cookie");
    fields.map(|(_, value)| value.clone()).collect()
}

/// What a browser sends back.
fn jar(cookies: &[String]) -> String {
    let pairs: Vec<_> = cookies
        .iter()
        .map(|cookie| cookie.split(';').next().unwrap())
        .collect();
    pairs.join("; ")
}

#[test]
fn logins_hold_nobody_else_up() {
    let app = App::start();
    app.register("ann@example.org");
    std::thread::scope(|scope| {
        let logins: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    app.post("/auth/login", &credentials("ann@example.org", PASSWORD))
                        .status
                })
            })
            .collect();
        let mut client = app.nginx.client();
        let mut reads = 0;
        while !logins.iter().all(|login| login.is_finished()) {
            assert_eq!(client.get("/api/resources?limit=1").status, 200);
            reads += 1;
        }
        // Reads that wait behind logins would be about as many as these.
        assert!(reads > 12, "{reads} reads during 6 logins");
        for login in logins {
            assert_eq!(login.join().unwrap(), 200);
        }
    });
}
