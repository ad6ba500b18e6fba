//! Content phase of a `postern_openapi` location.

use std::rc::Rc;

use postern_core::api_request::RequestError;
use postern_core::error::Error;
use postern_core::openapi::{self, Authentication, Content, Endpoint, Info, Rules, TokenSchemes};
use postern_core::schema_cache::SchemaCache;

use super::reply::{JSON, failure, refuse};
use super::{access, conditional};
use crate::conf::{DescribedContent, DescribedLocation, DescribedSettings, JwtMode, Postern};
use crate::nginx::Request;
use crate::nginx::output::Reply;
use crate::nginx::phase::{Handler, Verdict};
use crate::nginx::task::Outcome;
use crate::worker::{self, Database};

/// The content handler.
pub(crate) struct Openapi;

impl Handler for Openapi {
    fn handle(request: &mut Request) -> Verdict {
        if !matches!(request.method(), b"GET" | b"HEAD") {
            let allow = "GET, HEAD".into();
            return refuse(request, &RequestError::MethodNotAllowed { allow }.into());
        }
        if let Some(refused) = access::refuse_subrequest(request) {
            return refused;
        }
        let conf = &request.location_conf::<Postern>().openapi;
        let Some(info) = conf.info().map(Rc::clone) else {
            return Verdict::Status(500);
        };
        let locations = request.main_conf::<Postern>().described(conf.server());
        if let Err(code) = request.discard_body() {
            return Verdict::Finished(code);
        }
        request.suspend(|handle| async move {
            let described = describe(&info, &locations).await;
            let answer = handle.with(|request| match described {
                Ok(reply) => Outcome::Reply(conditional::apply(request, reply)),
                Err(error) => failure(request, &error),
            });
            answer.unwrap_or(Outcome::Abort)
        })
    }
}

/// It waits for catalogues that are not loaded yet: a description without some of it would be taken for the whole.
async fn describe(info: &Info, locations: &[Rc<DescribedLocation>]) -> Result<Reply, Error> {
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
    let endpoints = known
        .iter()
        .filter_map(|(location, settings, database, schema)| {
            endpoint(location, settings, database, schema.as_deref())
        })
        .collect::<Vec<_>>();
    Ok(Reply {
        status: 200,
        content_type: Some(JSON),
        headers: vec![("Cache-Control".into(), "no-cache".into())],
        body: Some(openapi::describe(info, &endpoints).into()),
        ..Reply::default()
    })
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
