//! `postern_etag on | off`

use super::LocationConf;
use super::parameters::switch;
use crate::nginx::conf::{Conf, ConfError, Directive};

/// Whether responses have entity tags.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EtagConf(Option<bool>);

impl EtagConf {
    /// They do unless it is switched off.
    pub(crate) fn is_on(self) -> bool {
        self.0.unwrap_or(true)
    }

    /// Takes from the level above what this one does not say.
    pub(super) fn merge(&mut self, outer: Self) {
        self.0 = self.0.or(outer.0);
    }
}

/// The directive.
pub(super) struct PosternEtag;

impl Directive for PosternEtag {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.etag.0.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words = cf.arguments()?;
        let value = words.get(1).copied().unwrap_or_default();
        conf.etag = EtagConf(Some(switch("postern_etag", value)?));
        Ok(())
    }
}
