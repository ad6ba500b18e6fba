//! Content phase of a `postern_openapi` location.

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
    let mut known = Vec::new();
    for location in locations {
        let Some(settings) = location.settings() else {
            continue;
        };
        let database = worker::database(settings.content.database()).ok_or(Error::Internal)?;
        let schema = match settings.content {
            DescribedContent::Resource(_) => Some(database.schema().await?),
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
