//! A PostgreSQL server of the test's own, in a temporary folder, which ends with the test.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A running server. Dropping it stops the server and removes its folder.
pub struct Cluster {
    base: PathBuf,
    programs: PathBuf,
    owner: Owner,
    port: u16,
    server: Option<Child>,
}

/// Whom the server runs as: PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
    switch: bool,
}

impl Cluster {
    /// A server that trusts every local user and every user from 127.0.0.1; the superuser is `postgres`.
    pub fn start() -> Self {
        let (owner, base) = (Owner::find(), unique_folder());
        fs::DirBuilder::new()
            .mode(0o755)
            .create(&base)
            .expect("a folder for the cluster");
        owner.give(&base);
        let mut cluster = Self {
            base,
            programs: programs(),
            owner,
            port: free_port(),
            server: None,
        };
        cluster.run(
            "initdb",
            &[
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "-D",
            ],
        );
        cluster.start_server();
        cluster
    }

    /// One server for all tests of a binary that run at the same time; the last one that holds it stops it.
    pub fn shared(prepare: impl FnOnce(&Self)) -> Arc<Self> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::start());
            prepare(&cluster);
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    /// The folder of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.base
    }

    /// The Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.base.join(format!(".s.PGSQL.{}", self.port))
    }

    /// The port, on 127.0.0.1 and in the name of the socket.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL as the superuser and gives what psql prints, unaligned and without headers.
    pub fn psql(&self, sql: &str) -> String {
        let port = self.port.to_string();
        let output = Command::new(self.programs.join("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "postgres",
                "-d",
                "postgres",
                "-p",
                &port,
            ])
            .arg("-h")
            .arg(&self.base)
            .args(["-c", sql])
            .output()
            .expect("psql runs");
        assert!(
            output.status.success(),
            "{sql}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Writes a file into the data folder that only the server can read.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.data().join(name);
        let mut options = fs::OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path);
        file.and_then(|mut file| file.write_all(content.as_bytes()))
            .expect("a file in the data folder");
        self.owner.give(&path);
    }

    /// Has the server read `pg_hba.conf` and the rest of its configuration again.
    pub fn reload(&self) {
        self.run("pg_ctl", &["reload", "-s", "-D"]);
    }

    /// Stops the server and starts it again.
    pub fn restart(&mut self) {
        self.stop_server();
        self.start_server();
    }

    /// Stops the server; clients lose their connections.
    pub fn stop_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            let stopped = self
                .command("pg_ctl")
                .args(["stop", "-s", "-m", "fast", "-D"])
                .arg(self.data())
                .status();
            if !stopped.is_ok_and(|status| status.success()) {
                drop(server.kill());
            }
            drop(server.wait());
        }
    }

    /// Starts the server and waits until it takes connections.
    pub fn start_server(&mut self) {
        let log = fs::File::create(self.base.join("log")).expect("a log file");
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(&self.base)
            .args(["-p", &self.port.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let server = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.server = Some(server.expect("postgres starts"));
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let (port, base) = (self.port.to_string(), self.base.clone());
        loop {
            let mut probe = self.command("pg_isready");
            probe.args(["-q", "-p", &port, "-h"]).arg(&base);
            if UnixStream::connect(self.socket()).is_ok()
                && probe.status().is_ok_and(|status| status.success())
            {
                return;
            }
            let ended = self
                .server
                .as_mut()
                .and_then(|server| server.try_wait().ok().flatten());
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "PostgreSQL does not start: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.base.join("log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    /// A program of PostgreSQL, run as the owner.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.base);
        if self.owner.switch {
            command.uid(self.owner.uid).gid(self.owner.gid);
        }
        command
    }

    /// Runs a program on the data folder to its end.
    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self
            .command(program)
            .args(arguments)
            .arg(self.data())
            .output()
            .expect(program);
        assert!(
            output.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop_server();
        drop(fs::remove_dir_all(&self.base));
    }
}

impl Owner {
    /// This user, or `postgres` if that is root.
    fn find() -> Self {
        let own = fs::metadata("/proc/self").expect("/proc is mounted");
        if own.uid() != 0 {
            return Self {
                uid: own.uid(),
                gid: own.gid(),
                switch: false,
            };
        }
        let id = |option: &str| -> u32 {
            let output = Command::new("id")
                .args([option, "postgres"])
                .output()
                .expect("id runs");
            String::from_utf8_lossy(&output.stdout)
                .trim()
                .parse()
                .expect("there is a user postgres")
        };
        Self {
            uid: id("-u"),
            gid: id("-g"),
            switch: true,
        }
    }

    fn give(self, path: &Path) {
        if self.switch {
            chown(path, Some(self.uid), Some(self.gid)).expect("root may chown");
        }
    }
}

/// The folder of initdb and postgres: the newest of Debian's, or what `pg_config` of the search path says.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let number = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str()?.parse::<u32>().ok())
    };
    let newest = versions
        .map(|entry| entry.path())
        .max_by_key(number)
        .map(|path| path.join("bin"));
    let configured = || {
        let output = Command::new("pg_config").arg("--bindir").output().ok()?;
        Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
    };
    let found = newest
        .into_iter()
        .chain(configured())
        .find(|folder| folder.join("initdb").exists());
    found.expect("PostgreSQL's server is installed")
}

fn unique_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // Short, as the path of a socket has at most 107 bytes.
    std::env::temp_dir().join(format!("postern-pg-{}-{number}", std::process::id()))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a free port").port()
}

/// Fast rather than durable.
const SETTINGS: [&str; 6] = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=40",
    "shared_buffers=16MB",
];
