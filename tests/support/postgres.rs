//! A private PostgreSQL, with the fixtures of the suites in `t/`.
//!
//! initdb and the fixtures take seconds; their result is kept under `build/test` and copied.

use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{TempDir, poll_until, process, project};

/// Settings that make a throw-away server quick to start, quick to write and never heard outside.
const SETTINGS: &str = "
autovacuum = off
fsync = off
full_page_writes = off
listen_addresses = ''
log_min_messages = warning
max_connections = 300
shared_buffers = 32MB
synchronous_commit = off
timezone = UTC
";

/// The superuser always comes in by the socket, so that a test can look at what it does to others.
const TRUST: &str = "local all all trust\n";

/// A running server. It stops and its folder goes with the value.
pub(crate) struct Postgres {
    dir: TempDir,
    server: Option<Child>,
    tcp_port: u16,
}

impl Postgres {
    /// A server that trusts everyone who reaches its socket.
    pub(crate) fn start() -> Self {
        Self::with(TRUST, "")
    }

    /// A server with this pg_hba.conf (after a line for the superuser) and these settings.
    pub(crate) fn with(hba: &str, settings: &str) -> Self {
        let dir = TempDir::new("pg");
        copy_template(&dir.path().join("data"));
        let mut postgres = Self {
            dir,
            server: None,
            tcp_port: super::nginx::free_port(),
        };
        postgres.configure(settings);
        let hba_file = postgres.dir.path().join("data/pg_hba.conf");
        fs::write(hba_file, format!("local all postgres trust\n{hba}")).unwrap();
        give_to_postgres(&postgres.dir);
        postgres.resume();
        postgres
    }

    fn configure(&self, settings: &str) {
        let (socket_dir, port) = (self.dir.path().display(), self.tcp_port);
        let conf = format!("{SETTINGS}unix_socket_directories = '{socket_dir}'\nport = {port}\n{settings}\n");
        fs::write(self.dir.path().join("data/postgresql.conf"), conf).unwrap();
    }

    /// The folder of the unix socket.
    pub(crate) fn socket_dir(&self) -> &Path {
        self.dir.path()
    }

    /// The unix socket itself.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join(format!(".s.PGSQL.{}", self.tcp_port))
    }

    /// The port, also of the unix socket.
    pub(crate) fn port(&self) -> u16 {
        self.tcp_port
    }

    /// A connection string for the authenticator.
    pub(crate) fn dsn(&self) -> String {
        format!(
            "host={} port={} dbname=fixture user=authenticator",
            self.dir.path().display(),
            self.tcp_port
        )
    }

    /// Runs a statement as the superuser and answers its rows, unaligned.
    #[track_caller]
    pub(crate) fn sql(&self, text: &str) -> String {
        psql(self.dir.path(), self.tcp_port, "fixture", text).0
    }

    /// As [`Self::sql`], but answers what the server says besides: notices, a line each.
    #[track_caller]
    pub(crate) fn messages(&self, text: &str) -> String {
        psql(self.dir.path(), self.tcp_port, "fixture", text).1
    }

    /// Makes a database with the sample application, as scripts/migrate.sh does, but without its demonstration.
    #[track_caller]
    pub(crate) fn with_sample_application(&self) {
        self.sql("CREATE DATABASE app");
        let mut files: Vec<_> = fs::read_dir(project().join("migrations"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.ends_with("900_demo.sql"))
            .collect();
        files.sort();
        self.app_sql("CREATE SCHEMA postern");
        for file in files {
            self.app_sql(&format!("BEGIN; {} COMMIT;", fs::read_to_string(file).unwrap()));
        }
    }

    /// Makes the functions and the triggers that tell of changes, and has them watch a table.
    #[track_caller]
    pub(crate) fn watch(&self, table: &str) {
        for file in ["010_changes.sql", "011_reported_changes.sql"] {
            self.sql(&fs::read_to_string(project().join("migrations").join(file)).unwrap());
        }
        self.sql(&format!("SELECT postern.watch('{table}')"));
    }

    /// As [`Self::sql`], in the database of [`Self::with_sample_application`].
    #[track_caller]
    pub(crate) fn app_sql(&self, text: &str) -> String {
        psql(self.dir.path(), self.tcp_port, "app", text).0
    }

    /// Stops the server as `pg_ctl stop -m fast` would: clients are sent away.
    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            process::signal(server.id(), "INT");
            poll_until("PostgreSQL stops", || server.try_wait().unwrap().is_some());
        }
    }

    /// Starts the server, again.
    pub(crate) fn resume(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let mut command = as_postgres(program("postgres"));
        command.arg("-D").arg(self.dir.path().join("data"));
        self.server = Some(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap(),
        );
        poll_until("PostgreSQL answers", || {
            let mut ready = Command::new(program("pg_isready"));
            ready
                .arg("-q")
                .arg("-h")
                .arg(self.dir.path())
                .arg("-p")
                .arg(self.tcp_port.to_string());
            ready.status().unwrap().success()
        });
    }

    /// How many connections the authenticator has.
    pub(crate) fn connections(&self) -> usize {
        self.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'authenticator'")
            .parse()
            .unwrap()
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // A panic may be under way: no further one, and no wait for clients.
            let _ = Command::new("kill")
                .arg("-QUIT")
                .arg(server.id().to_string())
                .status();
            let _ = server.wait();
        }
    }
}

/// The rows, and what was written to standard error.
#[track_caller]
fn psql(socket_dir: &Path, port: u16, database: &str, text: &str) -> (String, String) {
    let mut command = Command::new(program("psql"));
    command.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        "postgres",
        "-d",
        database,
    ]);
    command
        .arg("-h")
        .arg(socket_dir)
        .arg("-p")
        .arg(port.to_string())
        .arg("-c")
        .arg(text);
    let output = process::run(&mut command);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    (text(output.stdout), text(output.stderr))
}

/// A program of the newest PostgreSQL that is installed.
fn program(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("POSTERN_PG_BIN") {
        return Path::new(&folder).join(name);
    }
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions.max_by_key(|entry| {
        entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
    });
    newest.map_or_else(|| name.into(), |entry| entry.path().join("bin").join(name))
}

/// A command that runs as the user postgres where this process is root.
fn as_postgres(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if process::is_root() {
        let (user, group) = process::user("postgres");
        command.uid(user).gid(group);
    }
    command
}

fn give_to_postgres(dir: &TempDir) {
    if process::is_root() {
        process::run(Command::new("chown").args(["-R", "postgres"]).arg(dir.path()));
    }
}

fn copy_template(data: &Path) {
    let cache = project().join("build/test");
    fs::create_dir_all(&cache).unwrap();
    let template = cache.join(format!("cluster-{:016x}", template_key()));
    let lock = fs::File::create(cache.join("cluster.lock")).unwrap();
    lock.lock().unwrap();
    if !template.exists() {
        make_template(&template);
    }
    drop(lock);
    process::run(Command::new("cp").arg("-a").arg(&template).arg(data));
}

/// Changes with everything that the template is made of.
fn template_key() -> u64 {
    let mut hasher = DefaultHasher::new();
    process::run(Command::new(program("initdb")).arg("--version"))
        .stdout
        .hash(&mut hasher);
    SETTINGS.hash(&mut hasher);
    for fixture in fixtures() {
        fs::read(fixture).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}

fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir(project().join("t/fixtures")).unwrap();
    let mut fixtures: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    fixtures.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    fixtures.sort();
    fixtures
}

fn make_template(template: &Path) {
    let dir = TempDir::new("template");
    give_to_postgres(&dir);
    let data = dir.path().join("data");
    let mut initdb = as_postgres(program("initdb"));
    initdb.args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]);
    process::run(initdb.arg("-D").arg(&data));
    let port = super::nginx::free_port();
    let mut postgres = Postgres {
        dir,
        server: None,
        tcp_port: port,
    };
    postgres.configure("");
    postgres.resume();
    psql(postgres.dir.path(), port, "postgres", "CREATE DATABASE fixture");
    for fixture in fixtures() {
        psql(
            postgres.dir.path(),
            port,
            "fixture",
            &fs::read_to_string(fixture).unwrap(),
        );
    }
    postgres.stop();
    let fresh = template.with_extension("new");
    let _ = fs::remove_dir_all(&fresh);
    process::run(Command::new("cp").arg("-a").arg(&data).arg(&fresh));
    fs::rename(&fresh, template).unwrap();
}
