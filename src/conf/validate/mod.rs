//! `postern_validate…`: what a request must be like, by level of the configuration.

mod body;
mod json;
mod rule;

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use postern_core::validate::{
    ArgumentRule, ArgumentRules, BodySchema, FieldRules, JsonLimits, Rule, Unknown,
};

pub(super) use body::{PosternValidate, PosternValidateErrors, compile};
pub(super) use json::PosternValidateJson;
pub(super) use rule::{
    PosternValidateArg, PosternValidateHeader, PosternValidateKey, PosternValidateUnknownArgs,
};

use crate::nginx::thread::ThreadPool;

/// What one level of the configuration demands.
#[derive(Default)]
pub(crate) struct ValidateConf {
    /// `postern_validate off`: nothing is inherited.
    is_off: bool,
    bodies: Vec<Rc<BodyRule>>,
    arguments: Vec<ArgumentRule>,
    unknown: Option<Unknown>,
    fields: FieldRules,
    key: Option<Rule>,
    errors: Option<ErrorOptions>,
    json: Option<JsonLimits>,
    settings: OnceCell<Option<Rc<ValidateSettings>>>,
}

/// A schema and the methods whose bodies must fit it.
#[derive(Debug)]
pub(crate) struct BodyRule {
    /// The schema; a thread may hold on to it.
    pub(crate) schema: Arc<BodySchema>,
    /// Who checks large bodies.
    pub(crate) threads: ThreadPool,
    /// The methods, in capital letters.
    methods: Vec<Box<str>>,
}

/// How violations are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorOptions {
    /// 400 or 422.
    pub(crate) status: u16,
    /// How many are told.
    pub(crate) max: usize,
}

impl Default for ErrorOptions {
    fn default() -> Self {
        Self { status: 422, max: 20 }
    }
}

/// All that a location demands.
pub(crate) struct ValidateSettings {
    bodies: Vec<Rc<BodyRule>>,
    /// Of the query string.
    pub(crate) arguments: ArgumentRules,
    /// Of the header.
    pub(crate) fields: FieldRules,
    /// Of the key in the path of a resource.
    pub(crate) key: Option<Rule>,
    /// How violations are answered.
    pub(crate) errors: ErrorOptions,
    /// Of every JSON body that has a schema.
    pub(crate) json: JsonLimits,
}

impl ValidateSettings {
    /// The schemas of bodies, by methods.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (&str, &BodySchema)> {
        let rules = self.bodies.iter();
        rules.flat_map(|rule| rule.methods.iter().map(|method| (&**method, &*rule.schema)))
    }

    /// The rule for bodies of this method.
    pub(crate) fn body_rule(&self, method: &[u8]) -> Option<&Rc<BodyRule>> {
        let is_for = |rule: &&Rc<BodyRule>| rule.methods.iter().any(|name| name.as_bytes() == method);
        self.bodies.iter().find(is_for)
    }
}

impl ValidateConf {
    /// What is demanded here; `None` if nothing is.
    pub(crate) fn settings(&self) -> Option<&Rc<ValidateSettings>> {
        self.settings.get_or_init(|| self.build()).as_ref()
    }

    fn build(&self) -> Option<Rc<ValidateSettings>> {
        let arguments = ArgumentRules::new(self.arguments.clone(), self.unknown.unwrap_or_default());
        let demands_nothing =
            self.bodies.is_empty() && arguments.is_empty() && self.fields.is_empty() && self.key.is_none();
        if demands_nothing {
            return None;
        }
        Some(Rc::new(ValidateSettings {
            bodies: self.bodies.clone(),
            arguments,
            fields: self.fields.clone(),
            key: self.key.clone(),
            errors: self.errors.unwrap_or_default(),
            json: self.json.unwrap_or_default(),
        }))
    }

    /// Each kind of rule is inherited as a whole where a level has none of it.
    pub(super) fn merge(&mut self, outer: &Self) {
        self.errors = self.errors.or(outer.errors);
        self.json = self.json.or(outer.json);
        if self.is_off {
            return;
        }
        if self.bodies.is_empty() {
            self.bodies.clone_from(&outer.bodies);
        }
        if self.arguments.is_empty() && self.unknown.is_none() {
            self.arguments.clone_from(&outer.arguments);
            self.unknown = outer.unknown;
        }
        if self.fields.is_empty() {
            self.fields.clone_from(&outer.fields);
        }
        if self.key.is_none() {
            self.key.clone_from(&outer.key);
        }
    }
}
