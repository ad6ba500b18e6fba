//! A worker that is killed while it has a zone: what it leaves is put into the shared memory, as a debugger would.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;

use crate::support::http::Client;
use crate::support::nginx::{Config, Nginx};
use crate::support::{poll_until, process};

/// The shared memory of a zone, through one of the workers that have mapped it.
struct Memory {
    file: File,
    /// Where the zone is mapped; nginx's mutex is the first word.
    start: u64,
    /// Where ours begins: the mark that somebody holds the lock, the layout, the length, and then the words.
    region: u64,
}

/// The layout that is written down behind the mark.
const LAYOUT: &[u8; 8] = b"\x01\0stimil";

impl Memory {
    /// The only zone.
    fn of(pid: u32) -> Self {
        Self::of_size(pid, 1 << 20)
    }

    /// The zone of this size.
    fn of_size(pid: u32, size: usize) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(format!("/proc/{pid}/mem"))
            .unwrap();
        for line in maps
            .lines()
            .filter(|line| line.contains("rw-s") && line.contains("/dev/zero"))
        {
            let range = line.split(' ').next().unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
            if end - start != size as u64 {
                continue;
            }
            let mut bytes = vec![0; size];
            if file.read_exact_at(&mut bytes, start).is_err() {
                continue;
            }
            // Pages are aligned, and the layout is the second word of one.
            let page = (0..bytes.len())
                .step_by(4096)
                .find(|page| &bytes[page + 8..page + 16] == LAYOUT);
            if let Some(page) = page {
                let region = start + page as u64;
                return Self { file, start, region };
            }
        }
        panic!("no zone among {maps}");
    }

    fn set(&self, address: u64, value: u64) {
        self.file.write_all_at(&value.to_le_bytes(), address).unwrap();
    }

    fn value(&self, address: u64) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, address).unwrap();
        u64::from_le_bytes(bytes)
    }

    /// Who has the lock: a process, or nobody.
    fn holder(&self) -> u64 {
        self.value(self.start)
    }

    /// How many processes sleep until the lock is free: nginx counts them in the word behind it.
    fn waiting(&self) -> u64 {
        self.value(self.start + 8)
    }

    /// A word of the zone by its index.
    fn word(&self, index: u64) -> u64 {
        self.region + 24 + 8 * index
    }

    /// As if this worker had been stopped in the middle of a change.
    fn interrupt(&self, pid: u32) {
        self.set(self.start, pid.into());
        self.set(self.region, 1);
        // The order of use leads nowhere, and the hash to a place that there is not.
        for index in [3, 4].into_iter().chain(16..1000) {
            self.set(self.word(index), 0x00ff_ffff);
        }
    }
}

#[test]
fn a_worker_that_is_killed_inside_the_lock_leaves_a_zone_that_is_repaired() {
    let nginx = Nginx::start(&Config {
        workers: 2,
        http: "postern_zone edge 1m;".to_owned(),
        server: "location /a { postern_limit key=$arg_k rate=3r/h name=k; alias /nonexistent; }".to_owned(),
        listen: "",
        main: "",
        master: true,
    });
    let status = |key: u32| nginx.client().get(&format!("/a?k={key}")).status;
    for round in 0..3 {
        for key in 0..50 {
            assert_eq!(status(key), 404, "{key} in round {round}");
        }
        let victim = nginx.workers()[0];
        Memory::of(victim).interrupt(victim);
        process::signal(victim, "KILL");
        poll_until("a worker takes its place", || {
            let workers = nginx.workers();
            workers.len() == 2 && !workers.contains(&victim)
        });
    }
    // Everything that was counted still is.
    for key in 0..50 {
        assert_eq!(status(key), 429, "{key}");
    }
    assert_eq!(status(50), 404);
    let repairs = nginx
        .error_log()
        .matches("zone \"edge\" was repaired, a process died while it used it")
        .count();
    assert_eq!(repairs, 3);
}

#[test]
fn the_only_worker_repairs_the_zone_that_its_predecessor_has_left() {
    let nginx = Nginx::start(&Config {
        workers: 1,
        http: "postern_zone edge 1m;".to_owned(),
        server: "location /a { postern_limit key=$arg_k rate=1r/h name=k; alias /nonexistent; }".to_owned(),
        listen: "",
        main: "",
        master: true,
    });
    let status = |key: u32| nginx.client().get(&format!("/a?k={key}")).status;
    for key in 0..20 {
        assert_eq!(status(key), 404, "{key}");
    }
    let victim = nginx.workers()[0];
    Memory::of(victim).interrupt(victim);
    process::signal(victim, "KILL");
    poll_until("a worker takes its place", || {
        let workers = nginx.workers();
        workers.len() == 1 && !workers.contains(&victim)
    });
    for key in 0..20 {
        assert_eq!(status(key), 429, "{key}");
    }
    let log = nginx.error_log();
    assert!(
        log.contains("zone \"edge\" was repaired, a process died while it used it"),
        "{log}"
    );
}

#[test]
fn zones_are_locked_in_an_order_that_no_reload_changes() {
    let config = |zones: &str| {
        Config {
        workers: 1,
        http: zones.to_owned(),
        server: "root /nonexistent;
            location /a { postern_limit zone=a key=ip rate=9r/h name=a; postern_limit zone=b key=ip rate=9r/h name=b; }"
            .to_owned(),
        listen: "",
        main: "",
        master: true,
    }
    };
    for zones in [
        "postern_zone a 1m; postern_zone b 2m;",
        "postern_zone b 2m; postern_zone a 1m;",
    ] {
        let nginx = Nginx::start(&config(zones));
        let worker = nginx.workers()[0];
        let (first, second) = (Memory::of_size(worker, 1 << 20), Memory::of_size(worker, 2 << 20));
        // Somebody has the first lock: whoever waits for it must not have the other meanwhile.
        first.set(first.start, nginx.pid().into());
        let mut client = nginx.client();
        client
            .send_raw("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        poll_until("the worker waits", || first.waiting() == 1);
        assert_eq!(second.holder(), 0, "{zones}");
        // The one who waits has to be woken, which killing does as well.
        first.set(first.start, 0);
        process::signal(worker, "KILL");
    }
}

#[test]
fn a_reload_that_swaps_zones_under_load_stops_nobody() {
    let config = |zones: &str| {
        Config {
        workers: 2,
        http: zones.to_owned(),
        server: "root /nonexistent;
            location /a { postern_limit zone=a key=ip rate=1r/h name=a dry_run; postern_limit zone=b key=ip rate=1r/h name=b dry_run; }"
            .to_owned(),
        listen: "",
        main: "",
        master: true,
    }
    };
    let orders = [
        "postern_zone a 1m; postern_zone b 2m;",
        "postern_zone b 2m; postern_zone a 1m;",
    ];
    let nginx = Nginx::start(&config(orders[0]));
    let (port, is_over) = (nginx.port(), std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(stopped) {
                    if let Some(mut client) = Client::try_connect(port) {
                        while !is_over.load(stopped) {
                            if client.try_get("/a").is_none() {
                                break;
                            }
                        }
                    }
                }
            });
        }
        for round in 1..=6 {
            nginx.rewrite(&config(orders[round % 2]));
            nginx.reload();
        }
        is_over.store(true, stopped);
    });
    poll_until("the old workers go", || nginx.workers().len() == 2);
    assert_eq!(nginx.client().get("/a").status, 404);
    nginx.assert_no_alert();
}
