//! A description of what is served, in `OpenAPI` 3.1.
//!
//! It is made of the configuration and of the schema cache, and so never behind them. What the configuration of nginx alone decides
//! (`allow`, `limit_except`, …) is not known here.

mod arguments;
mod bundle;
mod column;
mod components;
mod default;
mod node;
mod operation;
mod path;
mod pattern;
mod places;
mod resource;
mod sql;

use components::Components;
use node::{Node, object};
pub use path::{LocationKind, PathParameter, PathTemplate};
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
    /// What else may be chosen in its place.
    pub kind: LocationKind,
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
    /// The status that violations are answered with, where there is anything to be violated.
    pub status: Option<u16>,
}

/// Describes these endpoints, as JSON. One whose relation is not there is left out: it answers 404.
pub fn describe(info: &Info, endpoints: &[Endpoint<'_>]) -> Vec<u8> {
    let mut components = Components::default();
    let mut served: Vec<Served> = Vec::new();
    let mut in_order: Vec<(usize, &Endpoint<'_>)> = endpoints.iter().enumerate().collect();
    // Of two locations with one path, nginx chooses by their kinds, and so does what is told.
    in_order.sort_by_key(|(_, endpoint)| endpoint.kind);
    for (place, endpoint) in in_order {
        let is_taken = |path: &str| served.iter().any(|one| blank(&one.path) == blank(path));
        let (tag, paths) = match &endpoint.content {
            Content::Resource { config, schema } => {
                let Some(resource) = Resource::new(endpoint, config, schema, &mut components) else {
                    continue;
                };
                (resource.tag(), resource.paths(is_taken, &mut components))
            }
            Content::Sql { .. } if is_taken(&endpoint.path.text) => continue,
            Content::Sql { config, issues_token } => {
                let node = sql::path(endpoint, config, *issues_token, &mut components);
                let path = endpoint.path.text.clone();
                ((sql::tag(endpoint).to_owned(), None), vec![(path, node)])
            }
        };
        served.extend(paths.into_iter().map(|(path, node)| Served {
            place,
            tag: tag.clone(),
            path,
            node,
        }));
    }
    // As they are written.
    served.sort_by_key(|one| one.place);
    let tags = tags(&served);
    let paths = served.into_iter().map(|one| (one.path.into(), one.node));
    let document = object([
        ("openapi", "3.1.0".into()),
        ("info", info_node(info)),
        ("servers", vec![object([("url", (&*info.server).into())])].into()),
        ("tags", tags.into()),
        ("paths", Node::Object(paths.collect())),
        ("components", components.finish()),
    ]);
    serde_json::to_vec(&document).unwrap_or_default()
}

/// A path with what can be done there.
struct Served {
    /// The number of its endpoint.
    place: usize,
    /// What it is listed under, and what is said of that.
    tag: Tag,
    path: String,
    node: Node,
}

/// A tag and its description.
type Tag = (String, Option<String>);

/// A path without the names of its parameters: two that differ in them are the same (`OpenAPI` 3.1 section 4.8.8.2).
fn blank(path: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| match (part.find('{'), part.rfind('}')) {
            (Some(begin), Some(end)) => {
                let around = [part.get(..begin), Some("{}"), part.get(end + 1..)];
                around.map(Option::unwrap_or_default).concat()
            }
            _ => part.to_owned(),
        });
    parts.collect::<Vec<_>>().join("/")
}

fn tags(served: &[Served]) -> Vec<Node> {
    let mut tags: Vec<(&str, Option<&str>)> = Vec::new();
    for Served {
        tag: (name, about), ..
    } in served
    {
        match tags.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = known.or(about.as_deref()),
            None => tags.push((name, about.as_deref())),
        }
    }
    let tags = tags.into_iter();
    tags.map(|(name, about)| object([("name", name.into())]).with_some("description", about))
        .collect()
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
