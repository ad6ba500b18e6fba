//! A description of what is served, in `OpenAPI` 3.1.
//!
//! It is made of the configuration and of the schema cache, and so never behind them. What the configuration of nginx alone decides
//! (`allow`, `limit_except`, …) is not known here.

mod arguments;
mod bundle;
mod column;
mod components;
mod node;
mod operation;
mod path;
mod resource;
mod sql;

use components::Components;
use node::{Members, Node, object};
pub use path::{PathParameter, PathTemplate};
use resource::Resource;

use crate::config::{ResourceConfig, SqlConfig};
use crate::schema_cache::SchemaCache;
use crate::validate::{ArgumentRule, BodySchema, Rule};

/// What is said of the whole (`OpenAPI` 3.1 section 4.8.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The name of the API.
    pub title: Box<str>,
    /// Its version, which is not that of Postern.
    pub version: Box<str>,
    /// What it is for.
    pub description: Option<Box<str>>,
    /// Where it is, as clients see it: a URL, or a path in front of all others.
    pub server: Box<str>,
}

/// A location and what it serves.
pub struct Endpoint<'a> {
    /// Its path.
    pub path: &'a PathTemplate,
    /// What it does, in a line, where the configuration says so.
    pub summary: Option<&'a str>,
    /// More of that.
    pub description: Option<&'a str>,
    /// What it is listed under.
    pub tag: Option<&'a str>,
    /// What it answers, where the configuration says so.
    pub response: Option<&'a BodySchema>,
    /// Whether a token is needed.
    pub authentication: Authentication,
    /// Where tokens are looked for.
    pub schemes: TokenSchemes<'a>,
    /// Whether requests are counted.
    pub is_limited: bool,
    /// What requests must be like.
    pub rules: Rules<'a>,
    /// What answers.
    pub content: Content<'a>,
}

/// What answers requests.
pub enum Content<'a> {
    /// A relation.
    Resource {
        /// Its settings.
        config: &'a ResourceConfig,
        /// The catalogue of its database.
        schema: &'a SchemaCache,
    },
    /// Statements.
    Sql {
        /// Their settings.
        config: &'a SqlConfig,
        /// Whether the answer becomes a token response.
        issues_token: bool,
    },
}

/// Whether a request needs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Tokens are not looked at.
    None,
    /// A request may come without one.
    Optional,
    /// It may not.
    Required,
}

/// Where tokens may be besides the Authorization field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenSchemes<'a> {
    /// The name of a cookie.
    pub cookie: Option<&'a str>,
    /// The name of an argument.
    pub argument: Option<&'a str>,
}

/// What requests must be like.
#[derive(Default)]
pub struct Rules<'a> {
    /// Of the query string.
    pub arguments: &'a [ArgumentRule],
    /// Of the header, by names in lower case.
    pub fields: Vec<(&'a str, &'a Rule)>,
    /// Of the key in the path.
    pub key: Option<&'a Rule>,
    /// Of bodies, by methods.
    pub bodies: Vec<(&'a str, &'a BodySchema)>,
}

impl Rules<'_> {
    /// Whether there is anything that a request could violate.
    fn refuses(&self) -> bool {
        !(self.arguments.is_empty() && self.fields.is_empty() && self.key.is_none() && self.bodies.is_empty())
    }
}

/// Describes these endpoints, as JSON. One whose relation is not there is left out: it answers 404.
pub fn describe(info: &Info, endpoints: &[Endpoint<'_>]) -> Vec<u8> {
    let mut components = Components::default();
    let mut paths = Members::new();
    let mut tags: Vec<(String, Option<String>)> = Vec::new();
    for endpoint in endpoints {
        let (tag, about, served) = match &endpoint.content {
            Content::Resource { config, schema } => {
                let Some(resource) = Resource::new(endpoint, config, schema, &mut components) else {
                    continue;
                };
                let (name, about) = resource.tag();
                let (tag, about) = match endpoint.tag {
                    Some(tag) => (tag.to_owned(), None),
                    None => (name.to_owned(), about.map(str::to_owned)),
                };
                (tag, about, resource.paths(&mut components))
            }
            Content::Sql { config, issues_token } => {
                let node = sql::path(endpoint, config, *issues_token, &mut components);
                let tag = sql::tag(endpoint).to_owned();
                (tag, None, vec![(endpoint.path.text.clone().into(), node)])
            }
        };
        match tags.iter_mut().find(|(name, _)| *name == tag) {
            Some((_, known)) => *known = known.take().or(about),
            None => tags.push((tag, about)),
        }
        // Of two locations with one path in different configurations of it, nginx takes the first.
        for (path, node) in served {
            if paths.iter().all(|(other, _)| *other != path) {
                paths.push((path, node));
            }
        }
    }
    let tags = tags
        .into_iter()
        .map(|(name, about)| object([("name", name.into())]).with_some("description", about));
    let document = object([
        ("openapi", "3.1.0".into()),
        ("info", info_node(info)),
        ("servers", vec![object([("url", (&*info.server).into())])].into()),
        ("tags", tags.collect::<Vec<_>>().into()),
        ("paths", Node::Object(paths)),
        ("components", components.finish()),
    ]);
    serde_json::to_vec(&document).unwrap_or_default()
}

fn info_node(info: &Info) -> Node {
    object([
        ("title", (&*info.title).into()),
        ("version", (&*info.version).into()),
    ])
    .with_some("description", info.description.as_deref())
}

#[cfg(test)]
mod tests;
