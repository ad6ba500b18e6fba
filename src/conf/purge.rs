//! `postern_purge zone`

use std::cell::OnceCell;
use std::rc::Rc;

use super::{CacheZone, LocationConf, MainConf, Postern};
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::phase::ContentHandler;
use crate::phase::Purge;

/// A location that purges a cache.
#[derive(Debug)]
pub(crate) struct PurgeSettings {
    zone_name: Box<str>,
    zone: OnceCell<Rc<CacheZone>>,
    place: String,
}

impl PurgeSettings {
    /// The zone, once all of the configuration has been read.
    pub(crate) fn zone(&self) -> Option<&Rc<CacheZone>> {
        self.zone.get()
    }
}

/// The directive.
pub(super) struct PosternPurge;

impl Directive for PosternPurge {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.check_no_content("postern_purge")?;
        let settings = Rc::new(PurgeSettings {
            zone_name: cf.arguments()?.get(1).copied().unwrap_or_default().into(),
            zone: OnceCell::new(),
            place: cf.place(),
        });
        cf.main_conf::<Postern>().purges.push(Rc::clone(&settings));
        conf.purge = Some(settings);
        cf.set_content_handler(ContentHandler::of::<Purge>());
        Ok(())
    }
}

/// Finds the zones. An error refuses the configuration.
pub(super) fn resolve(main_conf: &MainConf) -> Result<(), String> {
    for purge in &main_conf.purges {
        let name = &purge.zone_name;
        let number = main_conf
            .zone_number(name)
            .ok_or_else(|| format!("unknown zone \"{name}\" in {}", purge.place))?;
        let zone = main_conf.zones.get(number).and_then(|zone| zone.responses());
        let zone = zone.ok_or_else(|| format!("zone \"{name}\" has no responses in {}", purge.place))?;
        let _ = purge.zone.set(Rc::clone(zone));
    }
    Ok(())
}
