//! `postern_validate_json [depth=n] [members=n] [elements=n] [string=size]`

use postern_core::validate::JsonLimits;

use crate::conf::LocationConf;
use crate::conf::parameters::{invalid_parameter, invalid_value, positive, set_once, split};
use crate::nginx::conf::{Conf, ConfError, Directive, parse_size};

/// The directive.
pub(in crate::conf) struct PosternValidateJson;

const NAME: &str = "postern_validate_json";

/// What the reader of JSON can take.
const MAX_DEPTH: u32 = 127;

impl Directive for PosternValidateJson {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.validate.json.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let (mut depth, mut members, mut elements, mut string) = (None, None, None, None);
        for parameter in cf.arguments()?.into_iter().skip(1) {
            let (name, value) = split(parameter)?;
            let count = || positive(NAME, value).map(u32::from);
            match name {
                "depth" => {
                    let depth_wanted = count()?;
                    if depth_wanted > MAX_DEPTH {
                        return Err(invalid_value(NAME, value));
                    }
                    set_once(&mut depth, parameter, depth_wanted)?;
                }
                "members" => set_once(&mut members, parameter, count()?)?,
                "elements" => set_once(&mut elements, parameter, count()?)?,
                "string" => {
                    let size = parse_size(value).and_then(|size| u32::try_from(size).ok());
                    set_once(
                        &mut string,
                        parameter,
                        size.ok_or_else(|| invalid_value(NAME, value))?,
                    )?;
                }
                _ => return Err(invalid_parameter(parameter)),
            }
        }
        let default = JsonLimits::default();
        conf.validate.json = Some(JsonLimits {
            depth: depth.unwrap_or(default.depth),
            members: members.unwrap_or(default.members),
            elements: elements.unwrap_or(default.elements),
            string_bytes: string.unwrap_or(default.string_bytes),
        });
        Ok(())
    }
}
