//! Public keys and key sets: every algorithm, rotation, an endpoint that is down.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::support::certificates::{Certificates, openssl};
use crate::support::http::Response;
use crate::support::nginx::{Config, Nginx, test_config};
use crate::support::postgres::Postgres;
use crate::support::{TempDir, poll_until, process};

/// The type of a key, as `openssl genpkey` names it, and what it signs with.
const TYPES: [(&str, &str, &[Algorithm]); 4] = [
    (
        "rsa",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
    ),
    (
        "p256",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        &[Algorithm::ES256],
    ),
    (
        "p384",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        &[Algorithm::ES384],
    ),
    ("ed25519", "-algorithm ED25519", &[Algorithm::EdDSA]),
];

/// A key pair made by openssl.
struct KeyPair {
    private: EncodingKey,
    public_pem: String,
    algorithms: &'static [Algorithm],
}

/// The key pairs of all types; their public keys are in `{name}.pem`.
fn key_pairs(dir: &TempDir) -> Vec<(&'static str, KeyPair)> {
    TYPES
        .iter()
        .map(|(name, options, algorithms)| (*name, key_pair(dir, name, options, algorithms)))
        .collect()
}

fn key_pair(dir: &TempDir, name: &str, options: &str, algorithms: &'static [Algorithm]) -> KeyPair {
    openssl(dir.path(), &format!("genpkey {options} -out {name}.key"));
    openssl(
        dir.path(),
        &format!("pkey -in {name}.key -pubout -out {name}.pem"),
    );
    let private = fs::read(dir.path().join(format!("{name}.key"))).unwrap();
    let private = match algorithms {
        [Algorithm::EdDSA] => EncodingKey::from_ed_pem(&private),
        [_] => EncodingKey::from_ec_pem(&private),
        _ => EncodingKey::from_rsa_pem(&private),
    };
    KeyPair {
        private: private.unwrap(),
        public_pem: fs::read_to_string(dir.path().join(format!("{name}.pem"))).unwrap(),
        algorithms,
    }
}

fn rsa(dir: &TempDir, name: &str) -> KeyPair {
    let (_, options, algorithms) = TYPES[0];
    key_pair(dir, name, options, algorithms)
}

fn token(key: &EncodingKey, algorithm: Algorithm, kid: Option<&str>) -> String {
    // The library has one provider for the process.
    let _ = DEFAULT_PROVIDER.install_default();
    let mut header = json!({"alg": format!("{algorithm:?}"), "typ": "JWT"});
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    let claims = json!({"sub": "alice", "role": "web_user"});
    let signed = [header, claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".");
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), key, algorithm).unwrap();
    format!("{signed}.{signature}")
}

fn jwk(pair: &KeyPair, kid: &str) -> Value {
    let _ = DEFAULT_PROVIDER.install_default();
    let jwk = Jwk::from_encoding_key(&pair.private, pair.algorithms[0]).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk.as_object_mut().unwrap().remove("alg");
    jwk["kid"] = kid.into();
    jwk
}

fn ask(nginx: &Nginx, path: &str, token: &str) -> Response {
    let authorization = format!("Bearer {token}");
    nginx
        .client()
        .request("GET", path, &[("Authorization", &authorization)], "")
}

const WHO: &str = "/api/context/1?select=role";

#[test]
fn every_algorithm_verifies_by_pem_files_and_by_a_key_set() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let pairs = key_pairs(&dir);
    let set: Vec<_> = pairs
        .iter()
        // The library cannot make a JSON Web Key of an Ed25519 private key in this form.
        .filter(|(name, _)| *name != "ed25519")
        .map(|(name, pair)| jwk(pair, name))
        .collect();
    let jwks = dir.path().join("jwks.json");
    fs::write(&jwks, json!({ "keys": set }).to_string()).unwrap();
    let mut config = Config::new(&postgres.dsn(), "");
    for (name, _) in &pairs {
        config.server += &format!(
            "location /{name}/ {{ postern_jwt on key_file={}/{name}.pem; postern_resource app table=api.context key=id; }}",
            dir.path().display()
        );
    }
    config.server += &format!(
        "location /set/ {{ postern_jwt on jwks_file={}; postern_resource app table=api.context key=id; }}",
        jwks.display()
    );
    let nginx = Nginx::ready(&config);
    for (name, pair) in &pairs {
        for algorithm in pair.algorithms {
            let good = token(&pair.private, *algorithm, None);
            for (location, _) in &pairs {
                let status = ask(&nginx, &format!("/{location}/1"), &good).status;
                assert_eq!(
                    status,
                    if location == name { 200 } else { 401 },
                    "{algorithm:?} {location}"
                );
            }
            if *name != "ed25519" {
                let named = token(&pair.private, *algorithm, Some(name));
                assert_eq!(ask(&nginx, "/set/1", &good).status, 200, "{algorithm:?}");
                assert_eq!(ask(&nginx, "/set/1", &named).status, 200, "{algorithm:?}");
            }
        }
        // The public key is no secret to sign with.
        let secret = EncodingKey::from_secret(pair.public_pem.as_bytes());
        let confused = token(&secret, Algorithm::HS256, None);
        assert_eq!(ask(&nginx, &format!("/{name}/1"), &confused).status, 401);
    }
    nginx.assert_log_is_clean();
}

/// A server that publishes a key set.
struct Issuer {
    dir: TempDir,
    nginx: Nginx,
}

impl Issuer {
    fn start(listen: &'static str, certificates: Option<&Certificates>) -> Self {
        let dir = TempDir::new("issuer");
        let tls = certificates.map_or(String::new(), |certificates| {
            let path = certificates.path().display();
            format!("ssl_certificate {path}/server.crt; ssl_certificate_key {path}/server.key;")
        });
        let nginx = Nginx::start(&Config {
            workers: 1,
            http: String::new(),
            server: format!(
                "{tls} location / {{ root {}; }} location /moved {{ return 302 /jwks.json; }}",
                dir.path().display()
            ),
            listen,
            main: "",
            master: true,
        });
        Self { dir, nginx }
    }

    fn publish(&self, keys: &[Value]) {
        self.publish_text(&json!({ "keys": keys }).to_string());
    }

    /// Replaces the file as a whole, so that nobody reads half of it.
    fn publish_text(&self, text: &str) {
        let (new, old) = (self.path("new"), self.path("jwks.json"));
        fs::write(&new, text).unwrap();
        process::set_mode(&new, 0o644);
        fs::rename(new, old).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/jwks.json", self.nginx.port())
    }
}

fn with_key(postgres: &Postgres, key: &str) -> Config {
    let mut config = Config::new(&postgres.dsn(), "");
    config.server += &format!("postern_jwt_key {key}; postern_jwt optional;");
    config
}

#[test]
fn a_key_set_behind_a_url_follows_rotation_at_once_and_outlives_its_endpoint() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let (first, second) = (rsa(&dir, "first"), rsa(&dir, "second"));
    let issuer = Issuer::start("", None);
    issuer.publish(&[jwk(&first, "1")]);
    let nginx = Nginx::ready(&with_key(&postgres, &format!("jwks_url={}", issuer.url())));

    let by_first = token(&first.private, Algorithm::RS256, Some("1"));
    let by_second = token(&second.private, Algorithm::PS384, Some("2"));
    assert_eq!(ask(&nginx, WHO, &by_first).body, "{\"role\":\"web_user\"}");

    issuer.publish(&[jwk(&first, "1"), jwk(&second, "2")]);
    assert_eq!(ask(&nginx, WHO, &by_second).body, "{\"role\":\"web_user\"}");
    assert_eq!(ask(&nginx, WHO, &by_first).status, 200);

    let unknown = token(&second.private, Algorithm::RS256, Some("3"));
    assert_eq!(ask(&nginx, WHO, &unknown).status, 401);

    drop(issuer);
    assert_eq!(ask(&nginx, WHO, &by_first).status, 200);
    assert_eq!(ask(&nginx, WHO, &by_second).status, 200);
    assert_eq!(ask(&nginx, WHO, &unknown).status, 401);
    nginx.assert_no_alert();
}

#[test]
fn what_a_key_has_verified_goes_with_it() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let (first, second) = (rsa(&dir, "first"), rsa(&dir, "second"));
    let issuer = Issuer::start("", None);
    issuer.publish(&[jwk(&first, "1")]);
    let key = format!("jwks_url={} refresh=200ms", issuer.url());
    let nginx = Nginx::ready(&with_key(&postgres, &key));
    let by_first = token(&first.private, Algorithm::RS256, Some("1"));
    assert_eq!(ask(&nginx, WHO, &by_first).status, 200);

    // What is published is no key set for a while: the last good one goes on.
    issuer.publish_text("<html>Sorry</html>");
    poll_until("the broken key set is fetched", || {
        nginx.error_log().contains("not a JSON Web Key Set")
    });
    assert_eq!(ask(&nginx, WHO, &by_first).status, 200);

    issuer.publish(&[jwk(&second, "2")]);
    poll_until("the withdrawn key is forgotten", || {
        ask(&nginx, WHO, &by_first).status == 401
    });
}

#[test]
fn an_issuer_that_withdraws_all_keys_is_obeyed() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let pair = rsa(&dir, "first");
    let issuer = Issuer::start("", None);
    issuer.publish(&[jwk(&pair, "1")]);
    let key = format!("jwks_url={}?secret=query refresh=200ms", issuer.url());
    let nginx = Nginx::ready(&with_key(&postgres, &key));
    let token = token(&pair.private, Algorithm::RS256, Some("1"));
    assert_eq!(ask(&nginx, WHO, &token).status, 200);
    issuer.publish(&[]);
    poll_until("the withdrawn keys are forgotten", || {
        ask(&nginx, WHO, &token).status == 503
    });
    let log = nginx.error_log();
    assert!(log.contains("no usable key in the key set of http://"), "{log}");
    assert!(!log.contains("secret=query"), "{log}");
}

/// It waited for the first event from outside.
#[test]
fn keys_are_fetched_when_a_worker_starts() {
    let issuer = Issuer::start("", None);
    let config = Config {
        workers: 1,
        http: String::new(),
        server: format!("postern_jwt_key jwks_url={};", issuer.url()),
        listen: "",
        main: "",
        master: true,
    };
    let nginx = Nginx::start_quietly(&config);
    poll_until("the keys are asked for", || {
        nginx.error_log().contains("could not be fetched")
    });
}

/// An issuer that takes connections and says nothing, until it is told to.
struct SilentIssuer {
    listener: TcpListener,
}

impl SilentIssuer {
    fn start() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
        }
    }

    fn url(&self) -> String {
        format!("http://{}/jwks.json", self.listener.local_addr().unwrap())
    }

    /// Answers the next request, on whichever connection it comes.
    fn answer(&self, keys: &[Value]) {
        let (mut stream, _) = self.listener.accept().unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).unwrap() > 0);
        let body = json!({ "keys": keys }).to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    }
}

/// A worker that was told to exit did so at once, and cut off the requests that waited for keys.
#[test]
fn a_reload_lets_requests_wait_for_their_keys() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let pair = rsa(&dir, "first");
    let issuer = SilentIssuer::start();
    let nginx = Nginx::ready(&with_key(&postgres, &format!("jwks_url={}", issuer.url())));
    let token = token(&pair.private, Algorithm::RS256, Some("1"));
    let mut client = nginx.client();
    let authorization = format!("Bearer {token}");
    client
        .send("GET", WHO, &[("Authorization", &authorization)], "")
        .unwrap();
    let old = nginx.workers();
    nginx.reload();
    issuer.answer(&[jwk(&pair, "1")]);
    assert_eq!(client.receive("GET").unwrap().body, "{\"role\":\"web_user\"}");
    drop(client);
    issuer.answer(&[jwk(&pair, "1")]);
    poll_until("the old worker exits", || {
        !nginx.workers().iter().any(|pid| old.contains(pid))
    });
    nginx.assert_no_alert();
}

/// The connection of a client that had gone before its request was looked at was kept until the keys came.
#[test]
fn a_client_that_is_gone_already_is_not_waited_for() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let pair = rsa(&dir, "first");
    let issuer = SilentIssuer::start();
    let nginx = Nginx::ready(&with_key(&postgres, &format!("jwks_url={}", issuer.url())));
    let worker = nginx.workers()[0];
    let open_files = || fs::read_dir(format!("/proc/{worker}/fd")).unwrap().count();
    let before = open_files();
    let authorization = format!("Bearer {}", token(&pair.private, Algorithm::RS256, Some("1")));
    for _ in 0..200 {
        let mut client = nginx.client();
        client
            .send("GET", WHO, &[("Authorization", &authorization)], "")
            .unwrap();
        client.abort();
    }
    poll_until("the connections are closed", || open_files() <= before);
    assert!(!nginx.error_log().contains("could not be fetched"));
}

#[test]
fn without_any_keys_a_token_is_answered_503_and_no_token_is_needed_to_be_nobody() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let pair = rsa(&dir, "first");
    let issuer = Issuer::start("", None);
    issuer.publish(&[jwk(&pair, "1")]);
    for (target, reason) in [("nothing", "status 404"), ("moved", "status 302")] {
        let url = issuer.url().replace("jwks.json", target);
        let nginx = Nginx::ready(&with_key(&postgres, &format!("jwks_url={url}")));
        let answer = ask(&nginx, WHO, &token(&pair.private, Algorithm::RS256, None));
        assert_eq!(answer.status, 503, "{target}");
        assert!(answer.body.contains("POSTERN302"), "{}", answer.body);
        assert!(nginx.error_log().contains(reason), "{reason}");
        assert_eq!(nginx.client().get("/api/books/1?select=id").status, 200);
    }
    // Without a path of its own in the URL too.
    let url = format!("http://127.0.0.1:{}", issuer.nginx.port());
    let nginx = Nginx::ready(&with_key(&postgres, &format!("jwks_url={url}")));
    assert_eq!(
        ask(&nginx, WHO, &token(&pair.private, Algorithm::RS256, None)).status,
        503
    );
}

#[test]
fn key_sets_come_over_https_from_the_right_server_only() {
    let postgres = Postgres::start();
    let dir = TempDir::new("keys");
    let pair = rsa(&dir, "first");
    let certificates = Certificates::new();
    let issuer = Issuer::start(" ssl", Some(&certificates));
    issuer.publish(&[jwk(&pair, "1")]);
    let good = token(&pair.private, Algorithm::RS256, Some("1"));
    let port = issuer.nginx.port();
    for (host, root, status) in [
        ("localhost", "ca", 200),
        ("localhost", "other", 503),
        ("127.0.0.1", "ca", 503),
    ] {
        let root = certificates.root(root);
        let key = format!("jwks_url=https://{host}:{port}/jwks.json trusted_certificate={root}");
        let nginx = Nginx::ready(&with_key(&postgres, &key));
        assert_eq!(ask(&nginx, WHO, &good).status, status, "{key}");
        if status == 503 {
            let log = nginx.error_log();
            assert!(log.contains("invalid peer certificate"), "{log}");
        }
    }
}

#[test]
fn files_that_hold_no_usable_key_fail_the_configuration() {
    let dir = TempDir::new("keys");
    openssl(
        dir.path(),
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key",
    );
    openssl(dir.path(), "pkey -in short.key -pubout -out short.pem");
    openssl(
        dir.path(),
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.key",
    );
    openssl(dir.path(), "pkey -in p521.key -pubout -out p521.pem");
    rsa(&dir, "rsa");
    fs::write(dir.path().join("empty.json"), "{\"keys\":[]}").unwrap();
    fs::write(dir.path().join("short.secret"), "too short").unwrap();
    let path = dir.path().display();
    for (parameters, said) in [
        ("key_file={}/short.pem", "RSA key of 1024 bits"),
        ("key_file={}/p521.pem", "unsupported type of public key"),
        ("key_file={}/rsa.key", "private key instead of a public one"),
        ("key_file={}/empty.json", "no public key in PEM"),
        ("key_file={}/none.pem", "cannot read"),
        (
            "key_file={}/rsa.pem algorithms=ES256",
            "cannot be used with the algorithms",
        ),
        (
            "key_file={}/rsa.pem algorithms=none",
            "unknown algorithm \"none\"",
        ),
        (
            "key_file={}/rsa.pem encoding=base64",
            "parameter \"encoding\" does not go with \"key_file\"",
        ),
        (
            "key_file={}/rsa.pem jwks_file={}/empty.json",
            "duplicate parameter \"key\"",
        ),
        ("jwks_file={}/empty.json", "no usable key in the key set"),
        (
            "jwks_file={}/empty.json kid=a",
            "parameter \"kid\" does not go with \"jwks_file\"",
        ),
        (
            "secret_file={}/short.secret",
            "secret has 9 bytes, at least 32 are needed",
        ),
        (
            "secret_file={}/rsa.pem encoding=base64",
            "secret is not valid base64",
        ),
        (
            "jwks_url=http://127.0.0.1/ algorithms=HS256,HS512",
            "has no keys for these algorithms",
        ),
        ("jwks_url=http://127.0.0.1:99999/", "invalid URL"),
        ("jwks_url=http://127.0.0.1:/", "invalid URL"),
        (
            "jwks_url=http://127.0.0.1/ trusted_certificate=ca.pem",
            "invalid URL",
        ),
        ("jwks_url=ftp://127.0.0.1/", "invalid URL"),
        ("jwks_url=http://user@127.0.0.1/", "invalid URL"),
        ("jwks_url=http://127.0.0.1:1/ refresh=0", "invalid value \"0\""),
        ("kid=a", "has no key"),
        ("file=a", "invalid parameter \"file=a\""),
    ] {
        let parameters = parameters.replace("{}", &path.to_string());
        let config = Config {
            workers: 1,
            http: String::new(),
            server: format!("postern_jwt_key {parameters};"),
            listen: "",
            main: "",
            master: true,
        };
        let (accepted, output) = test_config(&config);
        assert!(!accepted && output.contains(said), "{parameters}: {output}");
        assert!(output.contains("nginx.conf:"), "{output}");
    }
}
