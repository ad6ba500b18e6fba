//! `postern_status`

use super::{LocationConf, Postern};
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::phase::ContentHandler;
use crate::phase::Status;

/// Whether a location is the status page.
#[derive(Debug, Clone, Default)]
pub(super) struct StatusConf {
    /// It is.
    pub(super) is_content: bool,
}

/// The directive.
pub(super) struct PosternStatus;

impl Directive for PosternStatus {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.check_no_content("postern_status")?;
        conf.status.is_content = true;
        cf.main_conf::<Postern>().metrics.ask_for();
        cf.set_content_handler(ContentHandler::of::<Status>());
        Ok(())
    }
}
