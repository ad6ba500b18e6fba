//! nginx with the module: rendered configuration, start, reload, stop.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::http::Client;
use super::{TempDir, poll, poll_until, process, project};

/// The parts of a configuration that tests vary.
pub(crate) struct Config {
    /// `worker_processes`
    pub(crate) workers: usize,
    /// Lines of the `http` block: the databases.
    pub(crate) http: String,
    /// Lines of the `server` block: the locations.
    pub(crate) server: String,
    /// More parameters of `listen`.
    pub(crate) listen: &'static str,
    /// Lines of the outermost block.
    pub(crate) main: &'static str,
    /// Whether there is a master process.
    pub(crate) master: bool,
}

impl Config {
    /// A database `app` with these further lines, and a location for each of the fixtures that the tests use.
    pub(crate) fn new(dsn: &str, database: &str) -> Self {
        Self {
            workers: 1,
            http: format!(
                "postern_database app {{ dsn \"{dsn}\"; schemas api; anonymous_role web_anon; {database} }}"
            ),
            server: LOCATIONS.to_owned(),
            listen: "",
            main: "",
            master: true,
        }
    }

    /// The same with more workers.
    pub(crate) fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }
}

const LOCATIONS: &str = "
    location /api/books    { postern_resource app table=api.books; }
    location /api/children { postern_resource app table=api.children; }
    location /api/context  { postern_resource app table=api.context key=id; }
    location /api/deferred { postern_resource app table=api.deferred; }
    location /api/events   { postern_resource app table=api.events_table; }
    location /api/items    { postern_resource app table=api.items max_limit=1000; }
    location /api/naps     { postern_resource app table=api.naps key=id; }
    location /api/notes    { postern_resource app table=api.notes; }
";

/// A running nginx. It stops and its folder goes with the value.
pub(crate) struct Nginx {
    dir: TempDir,
    child: Child,
    port: u16,
}

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    from_environment("POSTERN_NGINX", "build/nginx")
}

/// The module under test.
pub(crate) fn module() -> PathBuf {
    from_environment("POSTERN_MODULE", "build/ngx_http_postern_module.so")
}

fn from_environment(name: &str, default: &str) -> PathBuf {
    std::env::var_os(name).map_or_else(|| project().join(default), PathBuf::from)
}

/// A port of our own, below those that the kernel gives to clients; the number of this process spreads tests apart.
pub(crate) fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    poll("a free port", || {
        let number = std::process::id()
            .wrapping_mul(97)
            .wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(12_000 + number % 18_000).ok()?;
        TcpListener::bind(("0.0.0.0", port)).ok().map(|_| port)
    })
}

impl Nginx {
    /// Starts and waits until all workers are there and connections are taken.
    #[track_caller]
    pub(crate) fn start(config: &Config) -> Self {
        Self::start_with(&binary(), &module(), config)
    }

    /// As [`Self::start`] with another nginx.
    #[track_caller]
    pub(crate) fn start_with(binary: &Path, module: &Path, config: &Config) -> Self {
        let (dir, port) = (TempDir::new("nginx"), free_port());
        write_config(dir.path(), port, module, config);
        let mut child = command(binary, dir.path()).spawn().unwrap();
        poll_until("nginx takes connections", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("nginx ends with {status}: {}", read_log(dir.path()));
            }
            // The port is open before the master has made its workers.
            let workers = if config.master { config.workers } else { 0 };
            process::children(child.id()).len() >= workers && TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self { dir, child, port }
    }

    /// Starts and waits for a worker without connecting to it: nothing from outside happens to it.
    #[track_caller]
    pub(crate) fn start_quietly(config: &Config) -> Self {
        let (dir, port) = (TempDir::new("nginx"), free_port());
        write_config(dir.path(), port, &module(), config);
        let child = command(&binary(), dir.path()).spawn().unwrap();
        let nginx = Self { dir, child, port };
        poll_until("nginx starts", || {
            nginx.error_log().contains("start worker process ")
        });
        nginx
    }

    /// Starts, and waits until every worker answers a request from the database with 200.
    #[track_caller]
    pub(crate) fn ready(config: &Config) -> Self {
        let nginx = Self::start(config);
        nginx.wait_until_served();
        nginx
    }

    /// Waits for a row of the database, many times in a row: every worker has had its turn then.
    #[track_caller]
    pub(crate) fn wait_until_served(&self) {
        let mut in_a_row = 0;
        poll_until("requests are answered from the database", || {
            let answer = Client::connect(self.port).try_get("/api/books/1?select=id");
            in_a_row = if answer.is_some_and(|response| response.status == 200) {
                in_a_row + 1
            } else {
                0
            };
            in_a_row == 16
        });
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A new connection.
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.port)
    }

    /// The master, or the only process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The workers, those that are on their way out included.
    pub(crate) fn workers(&self) -> Vec<u32> {
        process::children(self.child.id())
    }

    /// Writes a new configuration for the next reload.
    pub(crate) fn rewrite(&self, config: &Config) {
        write_config(self.dir.path(), self.port, &module(), config);
    }

    /// Reloads and waits until workers of the new configuration have started. Old ones may still be finishing.
    #[track_caller]
    pub(crate) fn reload(&self) {
        let before = self.workers();
        process::signal(self.pid(), "HUP");
        poll_until("new workers start", || {
            self.workers().iter().any(|pid| !before.contains(pid))
        });
    }

    /// Sends a signal to the master.
    pub(crate) fn signal(&self, name: &str) {
        process::signal(self.pid(), name);
    }

    /// Waits for the end of the master.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        poll("nginx ends", || self.child.try_wait().unwrap())
    }

    /// The error log as it is.
    pub(crate) fn error_log(&self) -> String {
        read_log(self.dir.path())
    }

    /// Panics if there is a line of level error or worse.
    #[track_caller]
    pub(crate) fn assert_log_is_clean(&self) {
        let log = self.error_log();
        let bad: Vec<&str> = log.lines().filter(|line| is_bad(line)).collect();
        assert!(
            bad.is_empty(),
            "{} bad lines in the error log, first: {:#?}",
            bad.len(),
            &bad[..bad.len().min(10)]
        );
    }

    /// Panics if a process has died or something that must never happen was logged.
    #[track_caller]
    pub(crate) fn assert_no_alert(&self) {
        let log = self.error_log();
        let bad = log.lines().find(|line| {
            ["[alert]", "[emerg]", "panicked"]
                .iter()
                .any(|word| line.contains(word))
        });
        assert_eq!(bad, None);
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.error_log();
            let lines: Vec<&str> = log.lines().filter(|line| !line.contains("[notice]")).collect();
            eprintln!(
                "error log of nginx:\n{}",
                lines[lines.len().saturating_sub(30)..].join("\n")
            );
        }
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let workers = self.workers();
            let _ = Command::new("kill")
                .arg("-TERM")
                .arg(self.child.id().to_string())
                .status();
            let deadline = std::time::Instant::now() + super::PATIENCE;
            while self.child.try_wait().is_ok_and(|status| status.is_none()) {
                if std::time::Instant::now() > deadline {
                    let _ = self.child.kill();
                    for pid in &workers {
                        let _ = Command::new("kill").arg("-KILL").arg(pid.to_string()).status();
                    }
                    let _ = self.child.wait();
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }
}

/// Whether nginx takes a configuration: the outcome of `nginx -t` and what it said.
pub(crate) fn test_config(config: &Config) -> (bool, String) {
    let dir = TempDir::new("nginx");
    write_config(dir.path(), free_port(), &module(), config);
    let output = command(&binary(), dir.path())
        .arg("-t")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn command(binary: &Path, dir: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .arg("-e")
        .arg(dir.join("error.log"))
        .arg("-p")
        .arg(dir)
        .arg("-c")
        .arg(dir.join("nginx.conf"));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn read_log(dir: &Path) -> String {
    fs::read(dir.join("error.log"))
        .map(|log| String::from_utf8_lossy(&log).into_owned())
        .unwrap_or_default()
}

fn is_bad(line: &str) -> bool {
    ["[error]", "[crit]", "[alert]", "[emerg]"]
        .iter()
        .any(|level| line.contains(level))
}

fn write_config(dir: &Path, port: u16, module: &Path, config: &Config) {
    let Config {
        workers,
        http,
        server,
        listen,
        main,
        master,
    } = config;
    let user = if process::is_root() { "user root;" } else { "" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"]
        .map(|name| format!("{name}_temp_path {0}/{name};\n", dir.display()))
        .concat();
    let text = format!(
        "load_module {module};
         daemon off;
         master_process {master};
         worker_processes {workers};
         error_log {dir}/error.log info;
         pid {dir}/nginx.pid;
         {user}
         {main}
         events {{ worker_connections 4096; }}
         http {{
             access_log off;
             {temporary}
             keepalive_requests 1000000;
             {http}
             server {{
                 listen 127.0.0.1:{port}{listen};
                 location /alive {{ return 200 alive; }}
                 {server}
             }}
         }}\n",
        module = module.display(),
        master = if *master { "on" } else { "off" },
        dir = dir.display(),
    );
    fs::write(dir.join("nginx.conf"), text).unwrap();
}
