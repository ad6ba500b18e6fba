//! Lifecycles and faults: a real nginx with the module, a real PostgreSQL, real clients.
//!
//! `POSTERN_NGINX` and `POSTERN_MODULE` name what is tested (`build/nginx` and `build/ngx_http_postern_module.so`
//! otherwise). One binary holds all tests, so that it is linked once.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

mod support;

mod integration {
    mod accounts;
    mod authentication;
    mod cache;
    mod changes;
    mod conditional;
    mod database_faults;
    mod dev;
    mod filter;
    mod health;
    mod jwt_keys;
    mod large_pages;
    mod lifecycle;
    mod limit;
    mod limit_faults;
    mod listener;
    mod load;
    mod metrics;
    mod pool;
    mod round_trip;
    mod schema;
    mod sql;
    mod status;
    mod validate;
}
