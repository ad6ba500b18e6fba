//! `postern_health live | ready [database …]`

use std::rc::Rc;

use super::parameters::invalid_value;
use super::{LocationConf, use_database};
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::phase::ContentHandler;
use crate::phase::Health;

/// What a location tells of the health of this nginx.
#[derive(Debug, Clone)]
pub(crate) enum HealthSettings {
    /// That a worker answers.
    Live,
    /// Whether requests can be answered: by these databases, all of them if none is named.
    Ready(Rc<[usize]>),
}

/// The directive.
pub(super) struct PosternHealth;

impl Directive for PosternHealth {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.check_no_content("postern_health")?;
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        conf.health = match words.split_first() {
            Some((what, [])) if what == "live" => Some(HealthSettings::Live),
            Some((what, names)) if what == "ready" => {
                let numbers = names.iter().map(|name| use_database(cf, name)).collect();
                Some(HealthSettings::Ready(numbers))
            }
            Some((what, [])) => return Err(invalid_value("postern_health", what)),
            _ => {
                return Err(ConfError::Message(
                    "invalid number of arguments in \"postern_health\" directive".into(),
                ));
            }
        };
        cf.set_content_handler(ContentHandler::of::<Health>());
        Ok(())
    }
}
