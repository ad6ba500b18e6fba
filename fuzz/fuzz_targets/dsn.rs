//! Whatever stands in a connection string, it is understood or refused, and the password is not shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::config::dsn::{Dsn, password_from_file};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(dsn) = text.parse::<Dsn>() {
        assert!(!dsn.hosts.is_empty() && !dsn.user.is_empty());
        for host in &dsn.hosts {
            drop(password_from_file(data, host, &dsn.dbname, &dsn.user));
        }
    }
});
