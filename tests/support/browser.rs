//! Chromium, headless, as chromedriver drives it (W3C WebDriver, and the DevTools protocol by way of it).

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::http::Client;
use super::nginx::free_port;
use super::{TempDir, poll_until};

/// What keeps it from doing anything that no test asks for. Tests may run as root, which its sandbox does not allow, and
/// where there is little shared memory.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser with one window and a profile of its own. It ends with the value.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    #[track_caller]
    pub(crate) fn start() -> Self {
        let (port, profile) = (free_port(), TempDir::new("browser"));
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver (make setup-test installs it): {error}"));
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        poll_until("chromedriver takes connections", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let profile = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments: Vec<&str> = FLAGS.into_iter().chain([&*profile]).collect();
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let session = browser.ask("", &wanted);
        browser.session = format!("/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// One command; the answer is its value.
    #[track_caller]
    fn ask(&self, command: &str, body: &Value) -> Value {
        let target = format!("/session{}{command}", self.session);
        let response = Client::connect(self.port).request("POST", &target, &[], &body.to_string());
        assert_eq!(response.status, 200, "{command} {body}: {}", response.body);
        let mut answer: Value = serde_json::from_str(&response.body).unwrap();
        answer["value"].take()
    }

    /// Goes to a page of this machine and waits until it is loaded.
    #[track_caller]
    pub(crate) fn open(&self, port: u16, target: &str) {
        self.ask(
            "/url",
            &json!({ "url": format!("http://127.0.0.1:{port}{target}") }),
        );
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub(crate) fn value(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        self.ask("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The same as text.
    #[track_caller]
    pub(crate) fn text(&self, expression: &str) -> String {
        match self.value(expression) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// A command of the DevTools protocol.
    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) {
        self.ask(
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        );
    }

    /// What the console has said since it was asked last: errors, and what a policy has kept from running.
    #[track_caller]
    pub(crate) fn console(&self) -> Vec<String> {
        self.log("browser")
    }

    /// The addresses that were asked for since this was asked last.
    #[track_caller]
    pub(crate) fn requested(&self) -> Vec<String> {
        let events = self.log("performance");
        let events = events
            .iter()
            .map(|event| serde_json::from_str::<Value>(event).unwrap());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        sent.map(|event| {
            event["message"]["params"]["request"]["url"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
    }

    fn log(&self, kind: &str) -> Vec<String> {
        let entries = self.ask("/se/log", &json!({ "type": kind }));
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its end is that of the browser as well; a driver that is killed would leave it there.
        if let Some(mut client) = Client::try_connect(self.port) {
            let target = format!("/session{}", self.session);
            if client.send("DELETE", &target, &[], "").is_ok() {
                let _ = client.receive("DELETE");
            }
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
