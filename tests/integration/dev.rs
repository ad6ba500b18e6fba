//! `make dev`: what is changed is taken over, what is wrong is told of, and clients notice nothing of either.
//!
//! It runs in a copy of the project, whose module is "built" by putting the source behind the module under test: that makes another file of
//! it each time, which is what counts here.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::http::Client;
use crate::support::{PATIENCE, TempDir, nginx, poll, poll_until, process, project};

const BUILD: &str = r#"#!/usr/bin/env bash
. "$(dirname "$0")/lib.sh"
if grep -q mistake "$ROOT/src/lib.rs"; then
    echo "error: it does not compile"
    exit 101
fi
mkdir -p "$BUILD_DIR/dev"
cat "$MODULE_UNDER_TEST" "$ROOT/src/lib.rs" >"$BUILD_DIR/dev/$MODULE.new"
mv "$BUILD_DIR/dev/$MODULE.new" "$BUILD_DIR/dev/$MODULE"
"#;

/// The copy, and what serves it.
struct Dev {
    dir: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Dev {
    fn new() -> Self {
        let (dir, port) = (TempDir::new("dev"), nginx::free_port());
        for folder in ["scripts", "migrations", "nginx-conf"] {
            process::run(
                Command::new("cp")
                    .arg("-r")
                    .arg(project().join(folder))
                    .arg(dir.path()),
            );
        }
        for folder in ["src", "core/src", "build"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(nginx::binary(), dir.path().join("build/nginx")).unwrap();
        let dev = Self {
            dir,
            port,
            child: None,
        };
        dev.write("src/lib.rs", "// one");
        dev.write("scripts/build.sh", BUILD);
        dev
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a file in place of another one, as editors do.
    fn write(&self, name: &str, text: &str) {
        let (path, aside) = (self.path(name), self.path(".aside"));
        fs::write(&aside, text).unwrap();
        process::set_mode(&aside, 0o755);
        fs::rename(aside, path).unwrap();
    }

    /// Adds to a file.
    fn add(&self, name: &str, text: &str) {
        let before = fs::read_to_string(self.path(name)).unwrap();
        self.write(name, &format!("{before}\n{text}\n"));
    }

    fn start(&mut self, reset: &str) {
        let output = File::create(self.path("output")).unwrap();
        let mut command = Command::new(self.path("scripts/dev.sh"));
        for name in ["DATABASE_URL", "PGPORT", "ADDRESS", "MIGRATIONS"] {
            command.env_remove(name);
        }
        let child = command
            .env("RUN_DIR", self.path("run"))
            .env("PORT", self.port.to_string())
            .env("RESET", reset)
            .env("MODULE_UNDER_TEST", nginx::module())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn();
        self.child = Some(child.unwrap());
        // The first start makes a cluster, which takes its time on a busy machine.
        let deadline = Instant::now() + 6 * PATIENCE;
        while !self.output().contains("Ctrl-C ends it") {
            assert!(Instant::now() < deadline, "it does not start: {}", self.output());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn output(&self) -> String {
        fs::read_to_string(self.path("output")).unwrap()
    }

    /// What the step said that was taken when this was done.
    #[track_caller]
    fn after(&self, text: &str, change: impl FnOnce()) {
        let before = self.output().len();
        change();
        poll_until(text, || {
            self.output()
                .get(before..)
                .is_some_and(|said| said.contains(text))
        });
    }

    fn get(&self, target: &str) -> (u16, String) {
        let response = Client::try_connect(self.port).and_then(|mut client| client.try_get(target));
        response.map_or((0, String::new()), |response| (response.status, response.body))
    }

    fn master(&self) -> u32 {
        poll("the number of nginx", || {
            fs::read_to_string(self.path("run/nginx/nginx.pid"))
                .ok()?
                .trim()
                .parse()
                .ok()
        })
    }

    /// Whether all workers have the module that was built last.
    fn is_current(&self) -> bool {
        let module = fs::metadata(self.path("build/dev/ngx_http_postern_module.so")).unwrap();
        let workers = process::children(self.master());
        let has_it = |worker: &u32| {
            let maps = fs::read_to_string(format!("/proc/{worker}/maps")).unwrap_or_default();
            maps.lines()
                .any(|line| line.split_whitespace().nth(4) == Some(&module.ino().to_string()))
        };
        !workers.is_empty() && workers.iter().all(has_it)
    }

    /// Ctrl-C, which a terminal sends to the whole group. Nothing that has to do with the copy is there afterwards.
    fn interrupt(&mut self) {
        let child = self.child.as_mut().unwrap();
        let group = format!("-{}", child.id());
        process::run(Command::new("kill").args(["-INT", "--", &group]));
        let status = poll("it ends", || child.try_wait().unwrap());
        self.child = None;
        assert!(status.success(), "{status}");
        assert_eq!(processes_of(self.dir.path()), Vec::<String>::new());
        assert!(!self.path("run/nginx/nginx.pid").exists());
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            eprintln!("{}", self.output());
            process::try_signal(child.id(), "TERM");
            let _ = child.wait();
        }
    }
}

/// Command lines of processes that work in a folder or have it among their arguments.
fn processes_of(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let works_there = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        (works_there || line.contains(folder.to_str()?)).then_some(line)
    });
    lines.collect()
}

/// A client that asks all the time, each time on a connection of its own.
struct Visitor {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(u32, u32)>,
}

impl Visitor {
    fn start(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let is_stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut asked, mut failed) = (0, 0);
            while !is_stopped.load(Ordering::Relaxed) {
                let response =
                    Client::try_connect(port).and_then(|mut client| client.try_get("/api/resources?limit=1"));
                asked += 1;
                failed += u32::from(response.is_none_or(|response| response.status != 200));
                thread::sleep(Duration::from_millis(5));
            }
            (asked, failed)
        });
        Self { stop, thread }
    }

    fn stop(self) -> (u32, u32) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn changes_are_taken_over_and_mistakes_are_not() {
    let mut dev = Dev::new();
    // The visitor is no guest to be limited.
    let sample = fs::read_to_string(dev.path("nginx-conf/sample.conf.in")).unwrap();
    dev.write("nginx-conf/sample.conf.in", &sample.replace("r/m", "r/s"));
    dev.start("");
    let visitor = Visitor::start(dev.port);
    let conf = "nginx-conf/sample-api.conf";

    let master = dev.master();
    dev.add(
        conf,
        r#"location = /api/new  { return 200 "new"; }
        location = /api/slow  { postern_sql app "select pg_sleep(2) is null"; }
        location = /api/fresh { postern_resource app table=api.fresh; }"#,
    );
    poll_until("the configuration is served", || {
        dev.get("/api/new") == (200, "new".into())
    });
    assert_eq!(dev.master(), master);

    let good = fs::read_to_string(dev.path(conf)).unwrap();
    dev.after("unknown directive \"nonsense\"", || dev.add(conf, "nonsense on;"));
    assert_eq!(dev.get("/api/new"), (200, "new".into()));
    dev.after("loading it", || dev.write(conf, &good));

    let migration = "migrations/901_fresh.sql";
    assert_eq!(dev.get("/api/fresh").0, 404);
    dev.write(
        migration,
        "create view api.fresh as select 7 as id; grant select on api.fresh to anonymous;",
    );
    poll_until("the migration is served", || dev.get("/api/fresh").0 == 200);
    dev.after("relation \"nowhere\"", || {
        dev.write("migrations/902_mistake.sql", "select * from nowhere;");
    });
    fs::remove_file(dev.path("migrations/902_mistake.sql")).unwrap();
    dev.after("make dev RESET=1", || {
        dev.add(migration, "-- as it should have been")
    });

    assert!(dev.is_current());
    let mut slow = Client::connect(dev.port);
    slow.send("GET", "/api/slow", &[], "").unwrap();
    dev.write("src/lib.rs", "// two");
    poll_until("the module is served", || {
        dev.master() != master && dev.is_current()
    });
    assert_eq!(slow.receive("GET").unwrap().status, 200);
    dev.after("error: it does not compile", || {
        dev.write("src/lib.rs", "// a mistake")
    });
    dev.after("changing to another nginx", || {
        dev.write("src/lib.rs", "// three")
    });
    poll_until("the module is served", || dev.is_current());

    let (asked, failed) = visitor.stop();
    assert!(
        asked > 100 && failed == 0,
        "{failed} of {asked} requests have failed"
    );
    dev.interrupt();

    // What was edited above is told of at the start as well, or brought about.
    dev.start("1");
    assert!(
        dev.output().contains("making the database anew"),
        "{}",
        dev.output()
    );
    poll_until("the new database is served", || dev.get("/api/fresh").0 == 200);
    dev.interrupt();
}
