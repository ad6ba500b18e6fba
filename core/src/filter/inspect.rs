//! Inspecting a request, a slice at a time.
//!
//! An [`Inspection`] holds positions only. Whoever drives it lends it the request at each step, and may let others work in between.

use std::ops::Range;

use super::class::Class;
use super::finding::{Finding, MAX_NAME, excerpt, push_printable};
use super::part::{Found, JsonCursor, MultipartCursor, PairsCursor, Part, PathCursor, Separator};
use super::place::Place;
use super::scan::{Criteria, Match, Scratch, scan};
use super::settings::FilterSettings;
use super::{decode::Transport, hits::RuleName};

/// How much of a value is looked at in one go, in bytes.
const WINDOW: usize = 4096;

/// How much of a window the next one sees again, so that an attack across two is in one of them.
const OVERLAP: usize = 512;

/// What a value costs of the budget on top of its length.
const VALUE_COST: usize = 32;

/// A request, as it came: nothing of it is decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Input<'a> {
    /// The path, without arguments.
    pub path: &'a [u8],
    /// The arguments, without the question mark.
    pub args: &'a [u8],
    /// The header fields, names and values.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// The body.
    pub body: Body<'a>,
}

/// A body and what it is.
#[derive(Clone, Copy, Debug, Default)]
pub enum Body<'a> {
    /// There is none, or it is nothing that attacks are written in: a picture.
    #[default]
    None,
    /// JSON.
    Json(&'a [u8]),
    /// `application/x-www-form-urlencoded`.
    Form(&'a [u8]),
    /// `multipart/form-data`.
    Multipart {
        /// The boundary.
        boundary: &'a [u8],
        /// The body.
        body: &'a [u8],
    },
    /// Any other text: XML, CSV.
    Text(&'a [u8]),
}

impl<'a> Body<'a> {
    /// The kind of a body, by its media type. One without a type, or of one that is not known, is text: the application may look at it.
    pub fn of(content_type: &'a [u8], body: &'a [u8]) -> Self {
        if body.is_empty() {
            return Self::None;
        }
        let media_type = content_type
            .split(|&byte| byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let is = |expected: &[u8]| media_type.eq_ignore_ascii_case(expected);
        let begins = |expected: &[u8]| {
            media_type
                .get(..expected.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(expected))
        };
        let ends = |expected: &[u8]| {
            media_type.len() > expected.len()
                && media_type[media_type.len() - expected.len()..].eq_ignore_ascii_case(expected)
        };
        if is(b"application/json") || ends(b"+json") {
            Self::Json(body)
        } else if is(b"application/x-www-form-urlencoded") {
            Self::Form(body)
        } else if begins(b"multipart/") {
            Self::Multipart {
                boundary: boundary(content_type),
                body,
            }
        } else if is(b"application/octet-stream")
            || begins(b"image/") && !ends(b"+xml")
            || begins(b"audio/")
            || begins(b"video/")
            || begins(b"font/")
        {
            Self::None
        } else {
            Self::Text(body)
        }
    }

    fn bytes(self) -> &'a [u8] {
        match self {
            Self::None => b"",
            Self::Json(body) | Self::Form(body) | Self::Text(body) | Self::Multipart { body, .. } => body,
        }
    }
}

/// The boundary that a media type has; empty if it has none.
fn boundary(content_type: &[u8]) -> &[u8] {
    for parameter in content_type.split(|&byte| byte == b';').skip(1) {
        let parameter = parameter.trim_ascii();
        let Some((name, value)) = parameter.split_at_checked(9) else {
            continue;
        };
        if name.eq_ignore_ascii_case(b"boundary=") {
            let unquoted = value
                .strip_prefix(b"\"")
                .and_then(|value| value.strip_suffix(b"\""));
            return unquoted.unwrap_or(value);
        }
    }
    b""
}

/// Whether an inspection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The budget is used up, and there is more to look at.
    Pending,
    /// All was looked at, or enough was found.
    Done,
}

/// Where in a request an inspection is.
#[derive(Clone, Debug)]
enum Stage {
    Path(PathCursor),
    Args(PairsCursor),
    Header {
        index: usize,
        cookies: Option<PairsCursor>,
    },
    Body(BodyCursor),
    Done,
}

#[derive(Clone, Debug)]
enum BodyCursor {
    Json(JsonCursor),
    Pairs(PairsCursor),
    Multipart(MultipartCursor),
    Text,
    End,
}

/// The inspection of one request.
#[derive(Clone, Debug)]
pub struct Inspection {
    stage: Stage,
    /// The value that is being looked at, and up to where.
    value: Option<(Part, usize)>,
    findings: Vec<Finding>,
}

impl Default for Inspection {
    fn default() -> Self {
        Self::new()
    }
}

impl Inspection {
    /// An inspection that has not begun.
    pub fn new() -> Self {
        Self {
            stage: Stage::Path(PathCursor::default()),
            value: None,
            findings: Vec::new(),
        }
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Looks at about `budget` bytes of the request, which must be the same at every step.
    pub fn step(
        &mut self,
        settings: &FilterSettings,
        input: &Input<'_>,
        scratch: &mut Scratch,
        budget: usize,
    ) -> Progress {
        let mut left = budget.max(1);
        while left > 0 {
            let cost = if self.value.is_some() {
                self.look(settings, input, scratch)
            } else {
                self.advance(settings, input)
            };
            if matches!(self.stage, Stage::Done) {
                return Progress::Done;
            }
            left = left.saturating_sub(cost);
        }
        Progress::Pending
    }

    /// Looks at the next window of the value; gives what it cost.
    fn look(&mut self, settings: &FilterSettings, input: &Input<'_>, scratch: &mut Scratch) -> usize {
        let Some((part, at)) = self.value.take() else {
            return 0;
        };
        let source = self.source(input);
        let end = part.range.end.min(at.saturating_add(WINDOW));
        let window = source.get(at..end).unwrap_or_default();
        let criteria = Criteria {
            classes: settings.classes,
            threshold: settings.threshold,
            custom: settings.custom.as_deref(),
        };
        if let Some(found) = scan(window, part.place, part.transport, criteria, scratch) {
            self.note(settings, input, &part, &found);
            if self.findings.len() >= settings.max_findings {
                self.stage = Stage::Done;
            }
        } else if end < part.range.end {
            self.value = Some((part, end - OVERLAP));
        }
        window.len() + VALUE_COST
    }

    /// Goes to the next value; gives what that cost.
    fn advance(&mut self, settings: &FilterSettings, input: &Input<'_>) -> usize {
        let source = self.source(input);
        let found = match &mut self.stage {
            Stage::Path(_) if !settings.takes_path(input.path) => {
                self.stage = Stage::Done;
                return 1;
            }
            Stage::Path(cursor) => cursor.next_part(source),
            Stage::Args(cursor) => cursor.next_part(source),
            Stage::Header { index, cookies } => next_header(index, cookies, settings, input),
            Stage::Body(cursor) => cursor.next_part(source),
            Stage::Done => return 1,
        };
        match found {
            Found::Part(part) => {
                if self.takes(settings, input, &part) {
                    let start = part.range.start;
                    self.value = Some((part, start));
                }
                VALUE_COST
            }
            Found::More => WINDOW,
            Found::End => {
                self.next_stage(input);
                1
            }
        }
    }

    fn next_stage(&mut self, input: &Input<'_>) {
        self.stage = match &self.stage {
            Stage::Path(_) => Stage::Args(PairsCursor::new(Separator::Arguments)),
            Stage::Args(_) => Stage::Header {
                index: 0,
                cookies: None,
            },
            Stage::Header { .. } => Stage::Body(match input.body {
                Body::None => BodyCursor::End,
                Body::Json(_) => BodyCursor::Json(JsonCursor::default()),
                Body::Form(_) => BodyCursor::Pairs(PairsCursor::new(Separator::Form)),
                Body::Multipart { boundary, .. } => BodyCursor::Multipart(MultipartCursor::new(boundary)),
                Body::Text(_) => BodyCursor::Text,
            }),
            Stage::Body(_) | Stage::Done => Stage::Done,
        };
    }

    /// The bytes that ranges of the present stage are in.
    fn source<'a>(&self, input: &Input<'a>) -> &'a [u8] {
        match &self.stage {
            Stage::Path(_) => input.path,
            Stage::Args(_) => input.args,
            Stage::Header { index, cookies } => {
                let index = if cookies.is_some() {
                    *index
                } else {
                    index.saturating_sub(1)
                };
                input.headers.get(index).map_or(b"", |(_, value)| value)
            }
            Stage::Body(_) => input.body.bytes(),
            Stage::Done => b"",
        }
    }

    /// Whether a value is to be looked at.
    fn takes(&self, settings: &FilterSettings, input: &Input<'_>, part: &Part) -> bool {
        if part.range.is_empty() {
            return false;
        }
        if settings.skips.is_empty() {
            return true;
        }
        let source = self.source(input);
        let name = source.get(part.name.clone()).unwrap_or_default();
        match &self.stage {
            Stage::Body(BodyCursor::Json(cursor)) => settings.takes_member(
                cursor
                    .keys()
                    .iter()
                    .map(|key| source.get(key.clone()).unwrap_or_default()),
            ),
            Stage::Header { .. } => settings.takes_cookie(name),
            Stage::Args(_) | Stage::Body(_) => settings.takes_field(name),
            Stage::Path(_) | Stage::Done => true,
        }
    }

    /// Notes what was found in a value, a finding for each class.
    fn note(&mut self, settings: &FilterSettings, input: &Input<'_>, part: &Part, found: &Match<'_>) {
        let name = self.name(input, part);
        for class in Class::ALL {
            let score = found.hits.score(class);
            if !settings.classes.contains(class)
                || score < settings.threshold
                || self.findings.len() >= settings.max_findings
            {
                continue;
            }
            let (rule, at) = match found.hits.strongest(class) {
                Some((RuleName::BuiltIn(rule), at)) => (rule.id(), at),
                Some((RuleName::Custom(index), at)) => (
                    settings.custom.as_deref().map_or("", |custom| custom.id(index)),
                    at,
                ),
                None => continue,
            };
            let mut printable = String::new();
            push_printable(&mut printable, &name, MAX_NAME);
            self.findings.push(Finding {
                class,
                rule: rule.to_owned(),
                place: part.place,
                name: printable,
                score,
                excerpt: excerpt(&name, found.text, at),
            });
        }
    }

    /// The name of a value: of its field, its header field, or the keys that lead to it.
    fn name(&self, input: &Input<'_>, part: &Part) -> Vec<u8> {
        let source = self.source(input);
        let slice = |range: &Range<usize>| source.get(range.clone()).unwrap_or_default();
        let mut name = Vec::new();
        match &self.stage {
            Stage::Body(BodyCursor::Json(cursor)) => {
                for key in cursor.keys().iter().map(slice).filter(|key| !key.is_empty()) {
                    if !name.is_empty() {
                        name.push(b'.');
                    }
                    Transport::Json.decode(&key[..key.len().min(MAX_NAME)], &mut name);
                }
            }
            Stage::Header { index, cookies: None } => {
                let header = input
                    .headers
                    .get(index.saturating_sub(1))
                    .map_or(&b""[..], |(name, _)| name);
                name.extend_from_slice(header);
            }
            _ => {
                let raw = slice(&part.name);
                part.transport.decode(&raw[..raw.len().min(MAX_NAME)], &mut name);
            }
        }
        name.truncate(MAX_NAME);
        name
    }
}

impl BodyCursor {
    fn next_part(&mut self, body: &[u8]) -> Found {
        match self {
            Self::Json(cursor) => cursor.next_part(body),
            Self::Pairs(cursor) => cursor.next_part(body),
            Self::Multipart(cursor) => cursor.next_part(body),
            Self::Text => {
                *self = Self::End;
                Found::Part(Part {
                    place: Place::Body,
                    transport: Transport::Plain,
                    range: 0..body.len(),
                    name: 0..0,
                })
            }
            Self::End => Found::End,
        }
    }
}

/// The next header field that is looked at, or the next cookie.
fn next_header(
    index: &mut usize,
    cookies: &mut Option<PairsCursor>,
    settings: &FilterSettings,
    input: &Input<'_>,
) -> Found {
    while let Some(&(name, value)) = input.headers.get(*index) {
        if let Some(cursor) = cookies {
            match cursor.next_part(value) {
                Found::End => *cookies = None,
                found => return found,
            }
        } else if name.eq_ignore_ascii_case(b"cookie") {
            *cookies = Some(PairsCursor::new(Separator::Cookies));
            continue;
        } else if settings.takes_header(name) {
            *index += 1;
            return Found::Part(Part {
                place: Place::Header,
                transport: header_transport(name),
                range: 0..value.len(),
                name: 0..0,
            });
        }
        *index += 1;
    }
    Found::End
}

/// Whether a field names where a request comes from.
fn header_transport(name: &[u8]) -> Transport {
    let names_origin = [
        &b"referer"[..],
        b"origin",
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-real-ip",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known));
    if names_origin {
        Transport::Address
    } else {
        Transport::Plain
    }
}

#[cfg(test)]
mod tests;
