//! The input filter of a running server: what it finds of the project's own corpora, wherever in a request that is, and who is told.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use crate::support::nginx::{Config, Nginx};
use crate::support::{TempDir, poll, poll_until, process, project};

/// A location that anything can be sent to, below any path.
fn config(more: &str) -> Config {
    Config {
        workers: 2,
        http: String::new(),
        server: format!(
            "postern_filter block; {more}
             location /echo {{ proxy_pass http://127.0.0.1:$server_port/alive; }}"
        ),
        listen: "",
        main: "",
        master: true,
    }
}

/// Runs the script that scores the filter.
#[track_caller]
fn score(nginx: &Nginx, corpus: &str, options: &[&str]) {
    let output = Command::new("python3")
        .arg(project().join("scripts/score-filter.py"))
        .arg(format!("http://127.0.0.1:{}/echo", nginx.port()))
        .arg(project().join("tests/corpora").join(corpus))
        .args(options)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn attacks_are_found_in_every_place_and_texts_pass() {
    let nginx = Nginx::start(&config(""));
    let minimum = ["sqli=98", "xss=99", "traversal=98", "rce=98", "else=88"];
    let options: Vec<&str> = minimum.iter().flat_map(|minimum| ["--min", minimum]).collect();
    score(&nginx, "attacks.jsonl", &options);
    score(&nginx, "benign.jsonl", &["--max", "1"]);
    nginx.assert_no_alert();
}

const ATTACK: &str = "/echo?q=1%27%20or%201=1--%20%0a%1b[31m%22%e2%80%a8%ff";

/// The finding in a message, which is one line of JSON in printable ASCII.
fn finding(message: &str) -> serde_json::Value {
    let (_, json) = message.split_once('{').unwrap_or_else(|| panic!("{message}"));
    assert!(
        json.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{message:?}"
    );
    serde_json::from_str(&format!("{{{json}")).unwrap_or_else(|error| panic!("{error}: {message}"))
}

#[test]
fn findings_go_to_syslog() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let log = format!(
        "postern_security_log syslog:server={},facility=local3,severity=crit,tag=api,nohostname;",
        socket.local_addr().unwrap()
    );
    let nginx = Nginx::start(&config(&log));
    let mut buffer = [0; 4096];
    for _ in 0..3 {
        let response = nginx.client().get(ATTACK);
        assert_eq!(response.status, 403);
        let length = socket.recv(&mut buffer).unwrap();
        let message = std::str::from_utf8(&buffer[..length]).unwrap();
        // local3 is 19, crit 2.
        assert!(
            message.starts_with("<154>") && message.contains(" api: {"),
            "{message}"
        );
        let finding = finding(message);
        assert_eq!(finding["class"], "sqli");
        let id = finding["request_id"].as_str().unwrap();
        assert!(id.len() == 32 && response.body.contains(id), "{}", response.body);
    }
    nginx.assert_log_is_clean();
}

#[test]
fn a_syslog_that_is_not_there_stops_nobody() {
    let dir = TempDir::new("syslog");
    let path = dir.path().join("log");
    let nginx = Nginx::start(&config(&format!(
        "postern_security_log syslog:server=unix:{};",
        path.display()
    )));
    for _ in 0..3 {
        assert_eq!(nginx.client().get(ATTACK).status, 403);
    }
    // One that comes later is used, and one that takes nothing is not waited for.
    let socket = UnixDatagram::bind(&path).unwrap();
    process::set_mode(&path, 0o777);
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 4096];
    let message = poll("a message", || {
        assert_eq!(nginx.client().get(ATTACK).status, 403);
        let length = socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    });
    assert_eq!(finding(&message)["class"], "sqli");
    let mut client = nginx.client();
    for _ in 0..2000 {
        assert_eq!(client.get(ATTACK).status, 403);
    }
}

#[test]
fn lines_of_several_workers_are_whole_and_the_file_is_opened_again() {
    let dir = TempDir::new("security");
    process::set_mode(dir.path(), 0o777);
    let path = dir.path().join("log");
    let nginx = Nginx::start(&config(&format!("postern_security_log {};", path.display())));
    let flood = || {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut client = nginx.client();
                    for _ in 0..100 {
                        assert_eq!(client.get(ATTACK).status, 403);
                    }
                });
            }
        });
    };
    flood();
    let moved = dir.path().join("log.1");
    fs::rename(&path, &moved).unwrap();
    nginx.signal("USR1");
    poll_until("the file is there again", || path.exists());
    // Each worker opens it for itself.
    poll_until("every worker has opened it", || {
        nginx.workers().iter().all(|pid| {
            let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
            let mut files = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
            files.any(|file| file == path)
        })
    });
    flood();
    for file in [moved, path] {
        let text = fs::read_to_string(file).unwrap();
        assert_eq!(text.lines().count(), 400);
        for line in text.lines() {
            assert_eq!(finding(line)["action"], "block");
        }
    }
}
