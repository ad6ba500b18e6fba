//! `postern_metrics` and `postern_metrics_zone size`

use std::cell::OnceCell;
use std::ptr::NonNull;
use std::rc::Rc;

use nginx_sys::ngx_conf_t;
use postern_core::metrics::{Registry, Series};

use super::parameters::invalid_value;
use super::{LocationConf, MainConf, Postern};
use crate::nginx::conf::{Conf, ConfError, Directive, parse_size};
use crate::nginx::phase::ContentHandler;
use crate::nginx::process;
use crate::nginx::shm::{self, Shared, Zone};
use crate::phase::Metrics;

/// What the configuration as a whole says of metrics.
#[derive(Default)]
pub(crate) struct MetricsMain {
    /// Somebody asks for them: only then anything is counted.
    is_asked_for: bool,
    /// Some locations do not want the paths of their requests told.
    pub(super) hides_paths: bool,
    bytes: Option<usize>,
    zone: OnceCell<Rc<MetricsZone>>,
}

impl MetricsMain {
    /// Somebody asks.
    pub(super) fn ask_for(&mut self) {
        self.is_asked_for = true;
    }

    /// Where they are counted, once all of the configuration has been read; `None` if nobody asks.
    pub(crate) fn zone(&self) -> Option<&Rc<MetricsZone>> {
        self.zone.get()
    }

    /// Has nginx make the memory.
    pub(super) fn allocate(&self, cf: NonNull<ngx_conf_t>) -> Result<(), String> {
        if self.is_asked_for {
            let zone = Zone::add(cf, "postern metrics", self.bytes.unwrap_or(DEFAULT_BYTES))?;
            let slots = (2 * process::cpus()).clamp(MIN_SLOTS, MAX_SLOTS);
            let _ = self.zone.set(Rc::new(MetricsZone { zone, slots }));
        }
        Ok(())
    }
}

/// Room for about 270 locations and databases on a machine with 8 cores.
const DEFAULT_BYTES: usize = 4 << 20;

/// Workers that a reload has told to end count on beside the new ones.
const MIN_SLOTS: usize = 8;
const MAX_SLOTS: usize = 64;

/// The memory that metrics are counted in.
pub(crate) struct MetricsZone {
    zone: Zone<Counted>,
    slots: usize,
}

impl MetricsZone {
    /// What is counted in it.
    pub(crate) fn registry(&self) -> Option<Registry<'_>> {
        Registry::new(self.zone.shared_words()?, self.slots)
    }
}

struct Counted;

impl Shared for Counted {
    const LAYOUT: u64 = u64::from_be_bytes(*b"metric\0\x03");

    /// All of them.
    fn shared_words(words: usize) -> usize {
        words
    }

    fn create(_words: &mut [u64]) {}
}

/// What a location is counted as.
#[derive(Default)]
pub(crate) struct MetricsConf {
    /// It tells metrics.
    pub(super) is_content: bool,
    /// The location as it is written: `/api/`, `= /login`, `~* \.json$`, `@fallback`; empty outside of all of them.
    location: Box<str>,
    /// Its series, once a request has ended in it; `None` in it if there is no room for one.
    pub(crate) series: OnceCell<Option<Series>>,
}

impl MetricsConf {
    /// Notes the block that begins.
    pub(super) fn begin(&mut self, cf: &Conf<'_>) {
        if let [b"location", words @ ..] = cf.raw_arguments().as_slice() {
            self.location = String::from_utf8_lossy(&words.join(&b' ')).into();
        }
    }

    /// A condition (`if`, `limit_except`) is no location of its own.
    pub(super) fn merge_condition(&mut self, outer: &Self) {
        self.is_content = outer.is_content;
        self.location.clone_from(&outer.location);
    }

    /// The location as it is written.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }
}

/// The directive.
pub(super) struct PosternMetrics;

impl Directive for PosternMetrics {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.check_no_content("postern_metrics")?;
        conf.metrics.is_content = true;
        cf.main_conf::<Postern>().metrics.ask_for();
        cf.set_content_handler(ContentHandler::of::<Metrics>());
        Ok(())
    }
}

/// The directive.
pub(super) struct PosternMetricsZone;

impl Directive for PosternMetricsZone {
    type Conf = MainConf;

    fn set(cf: &mut Conf<'_>, conf: &mut MainConf) -> Result<(), ConfError> {
        let size = cf.arguments()?.get(1).copied().unwrap_or_default();
        let bytes = parse_size(size).filter(|&bytes| bytes >= shm::min_size());
        let bytes = bytes.ok_or_else(|| invalid_value("postern_metrics_zone", size))?;
        match conf.metrics.bytes.replace(bytes) {
            None => Ok(()),
            Some(_) => Err(ConfError::Directive(c"is duplicate")),
        }
    }
}
