//! Server-Timing (W3C): what the steps of a request have taken, where the location wants that told.

use std::marker::PhantomData;

use super::queries::DatabaseUse;
use crate::conf::{LocationConf, Postern};
use crate::nginx::filter::HeaderFilter;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::{Request, time};

/// A step that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Verifying tokens.
    Auth,
    /// Limits.
    Limit,
    /// The input filter.
    Filter,
    /// Validation.
    Validate,
}

/// What the steps have taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timings([Timing; NAMES.len()]);

/// What a step has taken.
#[derive(Debug, Clone, Copy, Default)]
struct Timing {
    /// In microseconds; `None` if it was not taken, or not to its end.
    took_us: Option<u64>,
    /// Since when it waits for its turn, for keys or for a thread, on the clock of [`time::precise_us`].
    paused_us: Option<u64>,
}

/// The names of the steps, in their order.
const NAMES: [&str; 4] = ["auth", "limit", "filter", "validate"];

/// A handler that may be measured.
pub(crate) trait Measured: Handler {
    /// Which step it is.
    const STEP: Step;
    /// Whether a location wants the step taken at all.
    fn is_wanted(conf: &LocationConf) -> bool;
}

/// A handler that is measured.
pub(crate) struct Timed<H>(PhantomData<H>);

impl<H: Measured> Handler for Timed<H> {
    fn handle(request: &mut Request) -> Verdict {
        let conf = request.location_conf::<Postern>();
        if !conf.server_timing.is_on_or(false) || !H::is_wanted(conf) {
            return H::handle(request);
        }
        let paused_us = timing::<H>(request).and_then(|timing| timing.paused_us.take());
        let began_us = paused_us.unwrap_or_else(time::precise_us);
        let verdict = H::handle(request);
        // Else the request is answered, or may be gone.
        let is_over = matches!(verdict, Verdict::Decline | Verdict::Allow | Verdict::Status(_));
        if (is_over || verdict.is_pause())
            && let Some(timing) = timing::<H>(request)
        {
            if is_over {
                let took_us = time::precise_us().saturating_sub(began_us);
                timing.took_us = Some(timing.took_us.unwrap_or_default() + took_us);
            } else {
                timing.paused_us = Some(began_us);
            }
        }
        verdict
    }
}

fn timing<H: Measured>(request: &mut Request) -> Option<&mut Timing> {
    let context = request.context_or_default::<Postern>()?;
    context.timings.0.get_mut(H::STEP as usize)
}

/// The header filter.
pub(crate) struct ServerTiming;

impl HeaderFilter for ServerTiming {
    fn filter(request: &mut Request) {
        if !request.is_main() || !request.location_conf::<Postern>().server_timing.is_on_or(false) {
            return;
        }
        let used = DatabaseUse::finished(request);
        let Some(context) = request.context::<Postern>() else {
            return;
        };
        let mut metrics = Vec::new();
        let mut add = |name: &str, us: u64| {
            metrics.push(format!("{name};dur={}.{:03}", us / 1000, us % 1000));
        };
        for (name, timing) in NAMES.iter().zip(context.timings.0) {
            if let Some(took_us) = timing.took_us {
                add(name, took_us);
            }
        }
        if let Some(used) = used.filter(|used| used.queries() != 0) {
            add("pool", used.pool_us());
            add("query", used.waited_us().saturating_sub(used.pool_us()));
        }
        if let Some(note) = context.cache {
            metrics.push(format!("cache;desc={}", note.status().name()));
        }
        if !metrics.is_empty() {
            // Without memory for a field nginx has none for the response either.
            request.add_constant_header("Server-Timing", metrics.join(", ").as_bytes());
        }
    }
}
