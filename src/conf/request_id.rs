//! `postern_request_id field [if=$variable] | off`

use std::rc::Rc;

use super::LocationConf;
use super::parameters::invalid_parameter;
use crate::nginx::complex_value::ComplexValue;
use crate::nginx::conf::{Conf, ConfError, Directive};

/// Whose requests bring a number of their own that counts.
pub(crate) struct RequestIdSettings {
    /// The header field that it is in.
    pub(crate) field: Box<str>,
    /// Whether it counts: neither empty nor `0`. Always, if there is none.
    pub(crate) condition: Option<ComplexValue>,
}

/// What one level of the configuration says of it.
#[derive(Default)]
pub(crate) struct RequestIdConf(Option<Option<Rc<RequestIdSettings>>>);

impl RequestIdConf {
    /// Whose numbers count; `None` if nobody's does.
    pub(crate) fn settings(&self) -> Option<&Rc<RequestIdSettings>> {
        self.0.as_ref()?.as_ref()
    }

    /// Takes from the level above what this one does not say.
    pub(super) fn merge(&mut self, outer: &Self) {
        if self.0.is_none() {
            self.0.clone_from(&outer.0);
        }
    }
}

/// The directive.
pub(super) struct PosternRequestId;

impl Directive for PosternRequestId {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.request_id.0.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let (field, condition) = match words.as_slice() {
            [off] if off == "off" => {
                conf.request_id.0 = Some(None);
                return Ok(());
            }
            [field] => (field, None),
            [field, condition] => {
                let text = condition.strip_prefix("if=").filter(|text| !text.is_empty());
                (field, Some(text.ok_or_else(|| invalid_parameter(condition))?))
            }
            [.., last] => return Err(invalid_parameter(last)),
            [] => return Err(ConfError::Directive(c"has no field")),
        };
        // It would be taken for the word.
        let is_word = field.eq_ignore_ascii_case("off");
        if is_word || !postern_core::request_id::is_field_name(field) {
            return Err(invalid_parameter(field));
        }
        let condition = condition
            .map(|text| ComplexValue::compile(cf, text))
            .transpose()?;
        conf.request_id.0 = Some(Some(Rc::new(RequestIdSettings {
            field: field.to_ascii_lowercase().into(),
            condition,
        })));
        Ok(())
    }
}
