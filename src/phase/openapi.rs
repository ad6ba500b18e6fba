//! Content phase of a `postern_openapi` location.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use postern_core::conditional::EntityTag;
use postern_core::error::Error;
use postern_core::openapi::{self, Authentication, Content, Endpoint, Rules, TokenSchemes};
use postern_core::schema_cache::SchemaCache;

use super::reply::{JSON, failure, refuse_writes};
use super::{access, conditional};
use crate::conf::{
    DescribedContent, DescribedLocation, DescribedSettings, JwtMode, MadeDescription, OpenapiSettings,
    Postern,
};
use crate::nginx::Request;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::task::Outcome;
use crate::nginx::together::together;
use crate::worker::{self, Database};

/// The content handler.
pub(crate) struct Openapi;

impl Handler for Openapi {
    fn handle(request: &mut Request) -> Verdict {
        if let Some(refused) = access::refuse_subrequest(request) {
            return refused;
        }
        if let Some(refused) = refuse_writes(request) {
            return refused;
        }
        let conf = &request.location_conf::<Postern>().openapi;
        let (Some(settings), Some(server)) = (conf.settings().map(Rc::clone), conf.server()) else {
            return Verdict::Status(500);
        };
        let locations = request.main_conf::<Postern>().described(server);
        request.suspend(|handle| async move {
            let described = describe(&settings, &locations).await;
            let answer = handle.with(|request| match described {
                Ok(made) => Outcome::Reply(conditional::apply(request, reply(made))),
                Err(error) => failure(request, &error),
            });
            answer.unwrap_or(Outcome::Abort)
        })
    }
}

fn reply(made: MadeDescription) -> Reply {
    Reply {
        status: 200,
        content_type: Some(JSON),
        etag: Some(made.etag),
        headers: vec![("Cache-Control".into(), "no-cache".into())],
        body: Some(made.body),
        ..Reply::default()
    }
}

/// The description, made anew where a catalogue is another one. It waits for catalogues that are not loaded yet: a description without some
/// of it would be taken for the whole.
async fn describe(
    settings: &OpenapiSettings,
    locations: &[Rc<DescribedLocation>],
) -> Result<MadeDescription, Error> {
    let schemas = schemas(locations).await?;
    let mut known = Vec::new();
    for location in locations {
        let Some(settings) = location.settings() else {
            continue;
        };
        let number = settings.content.database();
        let database = worker::database(number).ok_or(Error::Internal)?;
        let schema = match settings.content {
            DescribedContent::Resource(_) => schemas.get(&number).cloned(),
            DescribedContent::Sql { .. } => None,
        };
        known.push((location, settings, database, schema));
    }
    let schemas = known.iter().filter_map(|(.., schema)| schema.as_deref());
    let fingerprints: Vec<u64> = schemas.map(SchemaCache::fingerprint).collect();
    let made = settings.made.borrow().clone();
    if let Some(made) = made.filter(|made| made.fingerprints == fingerprints) {
        return Ok(made);
    }
    let endpoints = known
        .iter()
        .filter_map(|(location, settings, database, schema)| {
            endpoint(location, settings, database, schema.as_deref())
        })
        .collect::<Vec<_>>();
    let body = openapi::describe(&settings.info, &endpoints);
    let made = MadeDescription {
        fingerprints,
        etag: EntityTag::of(&body).to_bytes(),
        body: body.into(),
    };
    settings.made.replace(Some(made.clone()));
    Ok(made)
}

/// The catalogues that resources are described by, by the numbers of their databases, which are waited for side by side.
async fn schemas(locations: &[Rc<DescribedLocation>]) -> Result<BTreeMap<usize, Rc<SchemaCache>>, Error> {
    let contents = locations.iter().filter_map(|location| location.settings());
    let numbers: BTreeSet<usize> = contents
        .filter(|settings| matches!(settings.content, DescribedContent::Resource(_)))
        .map(|settings| settings.content.database())
        .collect();
    let databases = numbers
        .iter()
        .map(|&number| worker::database(number).ok_or(Error::Internal))
        .collect::<Result<Vec<_>, _>>()?;
    let loaded = together(databases.iter().map(|database| database.schema())).await;
    let mut schemas = BTreeMap::new();
    let (mut missing, mut reason) = (Vec::new(), None);
    for ((number, database), schema) in numbers.into_iter().zip(&databases).zip(loaded) {
        match schema {
            Ok(schema) => {
                schemas.insert(number, schema);
            }
            Err(error) => {
                missing.push(database.config().name.clone());
                reason.get_or_insert(error);
            }
        }
    }
    match reason {
        None => Ok(schemas),
        Some(reason) => Err(Error::Missing {
            databases: missing,
            reason,
        }),
    }
}

fn endpoint<'a>(
    location: &'a DescribedLocation,
    settings: &'a DescribedSettings,
    database: &Database,
    schema: Option<&'a SchemaCache>,
) -> Option<Endpoint<'a>> {
    let content = match &settings.content {
        DescribedContent::Resource(resource) => Content::Resource {
            config: &resource.config,
            schema: schema?,
        },
        DescribedContent::Sql {
            settings,
            issues_token,
        } => Content::Sql {
            config: &settings.config,
            issues_token: *issues_token,
        },
    };
    let has_nobody = database.config().anonymous_role.is_some();
    let texts = &settings.texts;
    Some(Endpoint {
        path: &location.path,
        kind: location.kind,
        summary: texts.summary.as_deref(),
        description: texts.description.as_deref(),
        tag: texts.tag.as_deref(),
        response: texts.response.as_deref(),
        authentication: match settings.jwt {
            JwtMode::Off => Authentication::None,
            JwtMode::Optional => Authentication::Optional,
            JwtMode::UnlessAnonymous if has_nobody => Authentication::Optional,
            JwtMode::On | JwtMode::UnlessAnonymous => Authentication::Required,
        },
        schemes: TokenSchemes {
            cookie: settings.places.cookie.as_deref(),
            argument: settings.places.argument.as_deref(),
        },
        is_limited: settings.is_limited,
        rules: rules(settings),
        content,
    })
}

fn rules(settings: &DescribedSettings) -> Rules<'_> {
    let Some(validate) = &settings.validate else {
        return Rules::default();
    };
    Rules {
        arguments: validate.arguments.rules(),
        fields: validate.fields.iter().collect(),
        key: validate.key.as_ref(),
        bodies: validate.bodies().collect(),
        status: Some(validate.errors.status),
    }
}
