//! `postern_openapi [title=text] [version=text] [description=text] [server=url]` and
//! `postern_describe [summary=text] [description=text] [tag=name] [response=file] | off`

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use postern_core::openapi::{Info, LocationKind, PathTemplate};
use postern_core::validate::BodySchema;

use super::parameters::{invalid_parameter, set_once, split};
use super::validate::compile;
use super::{
    JwtMode, LocationConf, MainConf, Postern, ResourceSettings, SqlSettings, TokenPlaces, ValidateSettings,
};
use crate::nginx::conf::{Conf, ConfError, Directive};
use crate::nginx::phase::ContentHandler;
use crate::phase::Openapi;

/// A location that describes the others.
pub(crate) struct OpenapiSettings {
    /// What it tells of the whole.
    pub(crate) info: Info,
    /// The description that this worker has made last.
    pub(crate) made: RefCell<Option<MadeDescription>>,
}

/// A description, good for as long as nothing changes that it was made of: the configuration does not, while it is served.
#[derive(Clone)]
pub(crate) struct MadeDescription {
    /// Of the catalogues, in the order of the locations.
    pub(crate) fingerprints: Vec<u64>,
    /// The document.
    pub(crate) body: Bytes,
    /// Its entity tag.
    pub(crate) etag: [u8; 24],
}

/// All locations that can be described, in the order of the configuration.
#[derive(Default)]
pub(crate) struct OpenapiMain {
    locations: Vec<Rc<DescribedLocation>>,
}

impl MainConf {
    /// What a server serves, but for what is not to be told.
    pub(crate) fn described(&self, server: &ServerMark) -> Vec<Rc<DescribedLocation>> {
        let locations = self.openapi.locations.iter();
        let is_told = |location: &&Rc<DescribedLocation>| {
            location
                .settings()
                .is_some_and(|settings| settings.server.is(server))
        };
        locations.filter(is_told).cloned().collect()
    }
}

/// What a `server` block is told from all others by: each has memory of its own, wherever it stands in the configuration.
#[derive(Clone)]
pub(crate) struct ServerMark(Rc<()>);

impl ServerMark {
    fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// A location that answers from a database.
pub(crate) struct DescribedLocation {
    /// Its path.
    pub(crate) path: PathTemplate,
    /// How it is chosen.
    pub(crate) kind: LocationKind,
    settings: OnceCell<DescribedSettings>,
}

impl DescribedLocation {
    /// What is set for it, once all levels are known; `None` where it is not to be told.
    pub(crate) fn settings(&self) -> Option<&DescribedSettings> {
        self.settings.get()
    }
}

/// What a description needs to know of a location.
pub(crate) struct DescribedSettings {
    /// The server that it is of.
    server: ServerMark,
    /// What the configuration says of it.
    pub(crate) texts: Texts,
    /// What answers.
    pub(crate) content: DescribedContent,
    /// Whether a request needs a token.
    pub(crate) jwt: JwtMode,
    /// Where tokens may be.
    pub(crate) places: TokenPlaces,
    /// Whether requests are counted.
    pub(crate) is_limited: bool,
    /// What requests must be like.
    pub(crate) validate: Option<Rc<ValidateSettings>>,
}

/// What answers requests.
pub(crate) enum DescribedContent {
    /// `postern_resource`
    Resource(Rc<ResourceSettings>),
    /// `postern_sql`
    Sql {
        /// Its settings.
        settings: Rc<SqlSettings>,
        /// `postern_issue_token`
        issues_token: bool,
    },
}

impl DescribedContent {
    /// The number of the database.
    pub(crate) fn database(&self) -> usize {
        match self {
            Self::Resource(settings) => settings.database,
            Self::Sql { settings, .. } => settings.database,
        }
    }
}

/// What `postern_describe` says.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    /// In a line.
    pub(crate) summary: Option<Box<str>>,
    /// More of it.
    pub(crate) description: Option<Box<str>>,
    /// What it is listed under.
    pub(crate) tag: Option<Rc<str>>,
    /// What a script answers.
    pub(crate) response: Option<Rc<BodySchema>>,
}

/// What one level of the configuration says.
#[derive(Default)]
pub(crate) struct OpenapiConf {
    /// The server; none in `http`.
    server: Option<ServerMark>,
    /// Whether there is a `postern_describe`.
    is_set: bool,
    is_off: bool,
    texts: Texts,
    location: Option<Rc<DescribedLocation>>,
    /// `postern_openapi`
    settings: Option<Rc<OpenapiSettings>>,
}

impl OpenapiConf {
    /// What `postern_openapi` says.
    pub(crate) fn settings(&self) -> Option<&Rc<OpenapiSettings>> {
        self.settings.as_ref()
    }

    /// The server.
    pub(crate) fn server(&self) -> Option<&ServerMark> {
        self.server.as_ref()
    }

    /// Notes the block that begins.
    pub(super) fn begin(&mut self, cf: &Conf<'_>) {
        if let [b"server", ..] = cf.raw_arguments().as_slice() {
            self.server = Some(ServerMark(Rc::default()));
        }
    }

    /// Notes that the location answers from a database. A path that no template can say is left out, and so are named locations, which no
    /// client can ask for.
    pub(super) fn note(&mut self, cf: &mut Conf<'_>) {
        let name = cf.location_name();
        let (path, kind) = match (cf.location_is_prefix(), cf.location_is_exact()) {
            (true, false) => (PathTemplate::of_path(&name), LocationKind::Prefix),
            (true, true) => (PathTemplate::of_path(&name), LocationKind::Exact),
            (false, _) => (PathTemplate::of_regex(&name), LocationKind::Regex),
        };
        if let Some(path) = path {
            let location = Rc::new(DescribedLocation {
                path,
                kind,
                settings: OnceCell::new(),
            });
            self.location = Some(Rc::clone(&location));
            cf.main_conf::<Postern>().openapi.locations.push(location);
        }
    }

    /// A summary is for one location; the rest is inherited.
    pub(super) fn merge(&mut self, outer: &Self) {
        self.server = self.server.take().or_else(|| outer.server.clone());
        self.is_off |= outer.is_off;
        self.texts.tag = self.texts.tag.take().or_else(|| outer.texts.tag.clone());
    }

    /// A condition is no location of its own.
    pub(super) fn merge_condition(&mut self, outer: &Self) {
        self.settings.clone_from(&outer.settings);
    }
}

impl LocationConf {
    /// Everything is known of this location now.
    pub(super) fn settle_description(&self) {
        let conf = &self.openapi;
        let (Some(location), Some(server), false) = (&conf.location, &conf.server, conf.is_off) else {
            return;
        };
        let content = match (&self.resource, &self.sql) {
            (Some(resource), _) => DescribedContent::Resource(Rc::clone(resource)),
            (None, Some(settings)) => DescribedContent::Sql {
                settings: Rc::clone(settings),
                issues_token: self.issue_token.is_some(),
            },
            (None, None) => return,
        };
        let jwt = self.jwt.settings();
        let _ = location.settings.set(DescribedSettings {
            server: server.clone(),
            texts: conf.texts.clone(),
            content,
            jwt: self.jwt.mode(),
            places: jwt.map(|jwt| jwt.places().clone()).unwrap_or_default(),
            is_limited: self.limit.limits().is_some(),
            validate: self.validate.settings().cloned(),
        });
    }
}

/// The directive.
pub(super) struct PosternOpenapi;

impl Directive for PosternOpenapi {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        conf.check_no_content("postern_openapi")?;
        let (mut title, mut version, mut description, mut server) = (None, None, None, None);
        for parameter in cf.arguments()?.into_iter().skip(1) {
            let (name, value) = split(parameter)?;
            let slot = match name {
                "title" => &mut title,
                "version" => &mut version,
                "description" => &mut description,
                "server" => &mut server,
                _ => return Err(invalid_parameter(parameter)),
            };
            set_once(slot, parameter, value.into())?;
        }
        let info = Info {
            title: title.unwrap_or_else(|| "API".into()),
            version: version.unwrap_or_else(|| "1".into()),
            description,
            server: server.unwrap_or_else(|| "/".into()),
        };
        conf.openapi.settings = Some(Rc::new(OpenapiSettings {
            info,
            made: RefCell::default(),
        }));
        cf.set_content_handler(ContentHandler::of::<Openapi>());
        Ok(())
    }
}

/// The directive.
pub(super) struct PosternDescribe;

impl Directive for PosternDescribe {
    type Conf = LocationConf;

    fn set(cf: &mut Conf<'_>, conf: &mut LocationConf) -> Result<(), ConfError> {
        let words: Vec<String> = cf.arguments()?.into_iter().skip(1).map(str::to_owned).collect();
        if std::mem::replace(&mut conf.openapi.is_set, true) {
            return Err(ConfError::Directive(c"is duplicate"));
        }
        if words == ["off"] {
            conf.openapi.is_off = true;
            return Ok(());
        }
        let texts = &mut conf.openapi.texts;
        for word in &words {
            let (name, value) = split(word)?;
            match name {
                // It is inherited.
                "tag" => {
                    set_once(&mut texts.tag, word, value.into())?;
                    continue;
                }
                "summary" => set_once(&mut texts.summary, word, value.into())?,
                "description" => set_once(&mut texts.description, word, value.into())?,
                "response" => set_once(&mut texts.response, word, Rc::new(compile(cf, value)?))?,
                _ => return Err(invalid_parameter(word)),
            }
            if !cf.is_in_location() {
                let message = format!("parameter \"{name}\" is of one location, and is not allowed here");
                return Err(ConfError::Message(message));
            }
        }
        Ok(())
    }
}
