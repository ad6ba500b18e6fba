//! The endpoints of the benchmark as one would write them with axum and tokio-postgres, for speed: a runtime of its own for each
//! worker, prepared statements that travel together, rows that are written to JSON from where they were received, and caches in
//! the process.
//!
//! Environment: PORT, WORKERS, POOL (connections of each worker), DSN, SECRET_FILE.

mod auth;
mod database;
mod error;
mod items;
mod routes;

use std::net::SocketAddr;
use std::thread;

use axum::serve::ListenerExt;
use tokio::net::{TcpListener, TcpSocket};

use crate::database::Pool;
use crate::routes::{Shared, router};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let address = SocketAddr::from(([127, 0, 0, 1], number("PORT")?));
    let pool_size = usize::from(number("POOL")?);
    let dsn = variable("DSN")?;
    let shared = Shared::new(std::fs::read(variable("SECRET_FILE")?)?);

    let workers = (0..number("WORKERS")?).map(|_| {
        let (dsn, shared) = (dsn.clone(), shared.clone());
        thread::spawn(move || serve(address, &dsn, pool_size, shared))
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.join().map_err(|_| "a worker has panicked")??;
    }
    Ok(())
}

/// One worker: nothing but the caches is shared with others, so that no request wakes another thread.
fn serve(address: SocketAddr, dsn: &str, pool_size: usize, shared: Shared) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let pool = Pool::new(dsn, pool_size)?;
        let listener = listen(address)?.tap_io(|stream| {
            // Without it, the end of an answer could wait for the client's acknowledgement.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router(pool, shared)).await?;
        Ok(())
    })
}

/// Each worker listens for itself, and the kernel deals connections out.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn variable(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}

fn number(name: &str) -> Result<u16, Failure> {
    variable(name)?
        .parse()
        .map_err(|error| format!("{name}: {error}").into())
}
