//! A worker that is killed while it has a zone: what it leaves is put into the shared memory, as a debugger would.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;

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
    fn of(pid: u32) -> Self {
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
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
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
