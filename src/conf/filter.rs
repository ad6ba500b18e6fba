//! `postern_filter`, `postern_filter_skip`, `postern_filter_headers`, `postern_filter_rules`

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use postern_core::filter::{self, Class, ClassSet, CustomRules, FilterSettings, Skip};

use super::parameters::{invalid_parameter, positive, set_once, split};
use super::security_log::SecurityLog;
use super::{LocationConf, files};
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::variable::VariableIndex;

/// What becomes of a request that looks like an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterMode {
    /// Nothing is looked at.
    Off,
    /// It is logged.
    Detect,
    /// It is logged and answered 403.
    Block,
}

/// What one level of the configuration says of the filter.
#[derive(Default)]
pub(crate) struct FilterConf {
    mode: Option<FilterMode>,
    /// The classes and the threshold.
    looked_for: Option<(ClassSet, u16)>,
    skips: Vec<Skip>,
    headers: Vec<Box<str>>,
    custom: Option<Arc<CustomRules>>,
    pub(super) log: Option<SecurityLog>,
    request_id: Option<VariableIndex>,
    filter: OnceCell<Option<Rc<Filter>>>,
}

/// A filter that is ready to be used.
pub(crate) struct Filter {
    /// What is looked for.
    pub(crate) settings: FilterSettings,
    /// What is done with it.
    pub(crate) mode: FilterMode,
    /// Where findings are written; nginx's error log otherwise.
    pub(crate) log: Option<SecurityLog>,
    /// `$postern_request_id`
    pub(crate) request_id: Option<VariableIndex>,
}

impl FilterConf {
    /// The filter of this location; `None` if it is off.
    pub(crate) fn filter(&self) -> Option<&Rc<Filter>> {
        self.filter.get_or_init(|| self.build()).as_ref()
    }

    fn build(&self) -> Option<Rc<Filter>> {
        let mode = self.mode.filter(|mode| *mode != FilterMode::Off)?;
        let default = FilterSettings::default();
        let (classes, threshold) = self.looked_for.unwrap_or((default.classes, default.threshold));
        let settings = FilterSettings {
            classes,
            threshold,
            skips: self.skips.clone(),
            headers: self.headers.clone(),
            custom: self.custom.clone(),
            // One is enough to block; who only detects wants to know more.
            max_findings: if mode == FilterMode::Block {
                1
            } else {
                default.max_findings
            },
        };
        Some(Rc::new(Filter {
            settings,
            mode,
            log: self.log,
            request_id: self.request_id,
        }))
    }

    /// The mode is inherited by itself; each of the rest where a level does not give it.
    pub(super) fn merge(&mut self, outer: &Self) {
        self.mode = self.mode.or(outer.mode);
        self.looked_for = self.looked_for.or(outer.looked_for);
        if self.skips.is_empty() {
            self.skips.clone_from(&outer.skips);
        }
        if self.headers.is_empty() {
            self.headers.clone_from(&outer.headers);
        }
        if self.custom.is_none() {
            self.custom.clone_from(&outer.custom);
        }
        self.log = self.log.or(outer.log);
        self.request_id = self.request_id.or(outer.request_id);
    }
}

/// `postern_filter block | detect | off [class …] [threshold=n]`
pub(super) struct PosternFilter;

impl Directive for PosternFilter {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.filter.mode.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        let Some((mode, parameters)) = words.split_first() else {
            return Err(ConfError::Directive(c"has no mode"));
        };
        let mode = match mode.as_str() {
            "block" => FilterMode::Block,
            "detect" => FilterMode::Detect,
            "off" if parameters.is_empty() => FilterMode::Off,
            _ => return Err(invalid_parameter(mode)),
        };
        conf.filter.mode = Some(mode);
        if mode == FilterMode::Off {
            return Ok(());
        }
        if !filter::prepare() {
            return Err(ConfError::Message(
                "not enough memory for the rules of the filter".into(),
            ));
        }
        conf.filter.request_id = Some(cf.variable("postern_request_id")?);
        if !parameters.is_empty() {
            conf.filter.looked_for = Some(looked_for(parameters)?);
        }
        Ok(())
    }
}

fn looked_for(parameters: &[String]) -> Result<(ClassSet, u16), ConfError> {
    let (mut classes, mut threshold) = (Vec::new(), None);
    for parameter in parameters {
        if let Some(class) = Class::parse(parameter) {
            classes.push(class);
            continue;
        }
        match split(parameter)? {
            ("threshold", value) => {
                let value = positive("postern_filter", value)?.get();
                let value = u16::try_from(value).map_err(|_| invalid_parameter(parameter))?;
                set_once(&mut threshold, parameter, value)?;
            }
            _ => return Err(invalid_parameter(parameter)),
        }
    }
    let classes = if classes.is_empty() {
        ClassSet::ALL
    } else {
        classes.into_iter().collect()
    };
    Ok((classes, threshold.unwrap_or(FilterSettings::default().threshold)))
}

/// `postern_filter_skip name …`
pub(super) struct PosternFilterSkip;

impl Directive for PosternFilterSkip {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        for name in cf.arguments()?.into_iter().skip(1) {
            let skip = Skip::parse(name).ok_or_else(|| invalid_parameter(name))?;
            conf.filter.skips.push(skip);
        }
        Ok(())
    }
}

/// `postern_filter_headers name …`
pub(super) struct PosternFilterHeaders;

impl Directive for PosternFilterHeaders {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if !conf.filter.headers.is_empty() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let names = cf.arguments()?.into_iter().skip(1);
        conf.filter.headers = names.map(|name| name.to_ascii_lowercase().into()).collect();
        Ok(())
    }
}

/// `postern_filter_rules file`
pub(super) struct PosternFilterRules;

impl Directive for PosternFilterRules {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        if conf.filter.custom.is_some() {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        let path = one_word(cf)?;
        let text = files::read(cf, &path)?;
        let text = String::from_utf8(text)
            .map_err(|_| ConfError::Message(format!("file \"{path}\" is not valid UTF-8")))?;
        let rules = CustomRules::parse(&text)
            .map_err(|error| ConfError::Message(format!("{error} in \"{path}\"")))?;
        conf.filter.custom = Some(Arc::new(rules));
        Ok(())
    }
}

pub(super) fn one_word(cf: &mut Conf<'_>) -> Result<String, ConfError> {
    match cf.arguments()?.get(1..) {
        Some([word]) => Ok((*word).to_owned()),
        _ => Err(ConfError::Directive(c"has not one parameter")),
    }
}
