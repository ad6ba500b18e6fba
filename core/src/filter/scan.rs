//! Looking at one value, or at a part of a long one: all that readers of it may see, one layer of encoding after the other.

use super::class::ClassSet;
use super::custom::CustomRules;
use super::decode::{Transport, decode_base64, decode_layer};
use super::hits::{Hits, Text};
use super::place::Place;
use super::shape::Shape;
use super::sql::Token;
use super::{address, concat, php, shell, signature, sql, structure, template, traversal, xss};

/// How many layers of encoding are taken away, on top of the one that the place has.
const MAX_LAYERS: usize = 4;

/// A value that is made of nothing but letters, digits and few signs, and is shorter than this, can be no attack: not even one in base64.
const MIN_ENCODED: usize = 12;

/// Memory that inspections share: a worker has one, so that a request allocates nothing.
#[derive(Default)]
pub struct Scratch {
    /// The value, decoded so far.
    text: Vec<u8>,
    /// The value with one layer less.
    next: Vec<u8>,
    /// The value in lower case.
    lower: Vec<u8>,
    tokens: Vec<Token>,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Criteria<'a> {
    pub(super) classes: ClassSet,
    pub(super) threshold: u16,
    pub(super) custom: Option<&'a CustomRules>,
}

/// What was found in a value.
pub(super) struct Match<'a> {
    pub(super) hits: Hits,
    /// The value as it was when it matched.
    pub(super) text: &'a [u8],
}

/// Looks at a value; gives the first of its layers that reaches the threshold.
pub(super) fn scan<'s>(
    raw: &[u8],
    place: Place,
    transport: Transport,
    criteria: Criteria<'_>,
    scratch: &'s mut Scratch,
) -> Option<Match<'s>> {
    let has_custom = criteria.custom.is_some_and(|custom| custom.covers(place));
    let mut shape = Shape::of(raw);
    if is_clean(raw, shape) && !has_custom {
        return None;
    }
    scratch.text.clear();
    if transport.applies_to(shape) {
        transport.decode(raw, &mut scratch.text);
        shape = Shape::of(&scratch.text);
        if is_clean(&scratch.text, shape) && !has_custom {
            return None;
        }
    } else {
        scratch.text.extend_from_slice(raw);
    }
    for _ in 0..=MAX_LAYERS {
        let hits = detect(shape, place, transport, criteria, scratch);
        if hits.reach(criteria.threshold, criteria.classes) {
            return Some(Match {
                hits,
                text: &scratch.text,
            });
        }
        // Base64 may stand in percent-encoding, and have another layer of either kind in it. It comes first, for the sake of its plus signs.
        let is_decoded = decode_base64(&scratch.text, &mut scratch.next)
            || decode_layer(&scratch.text, shape, &mut scratch.next);
        if !is_decoded {
            return None;
        }
        std::mem::swap(&mut scratch.text, &mut scratch.next);
        shape = Shape::of(&scratch.text);
    }
    None
}

/// Whether no attack can be made of these bytes: they are few and plain, and no name that code gives to what is its own or
/// that hides a file.
fn is_clean(text: &[u8], shape: Shape) -> bool {
    shape.is_within(Shape::PLAIN)
        && text.len() < MIN_ENCODED
        && !(shape.has(Shape::UNDERSCORE) && text.starts_with(b"__"))
        && text.first() != Some(&b'.')
}

/// Runs the detectors over one layer.
fn detect(
    shape: Shape,
    place: Place,
    transport: Transport,
    criteria: Criteria<'_>,
    scratch: &mut Scratch,
) -> Hits {
    let mut hits = Hits::default();
    if let Some(custom) = criteria.custom {
        custom.detect(&scratch.text, place, &mut hits);
    }
    scratch.lower.clear();
    scratch.lower.extend_from_slice(&scratch.text);
    scratch.lower.make_ascii_lowercase();
    let text = Text::new(&scratch.lower, shape, place);
    if shape.is_within(Shape::PLAIN) {
        detect_names(&text, &mut hits);
        return hits;
    }
    signature::detect(&text, &mut hits);
    sql::detect(&text, &mut scratch.tokens, &mut hits);
    // Sentences without signs end here.
    if shape.is_within(Shape::PLAIN.or(Shape::SPACE).or(Shape::QUOTE))
        && !text.shape.has(Shape::DOT)
        && text.is_prose
    {
        return hits;
    }
    traversal::detect(&text, &mut hits);
    xss::detect(&text, &mut hits);
    shell::detect(&text, &mut hits);
    template::detect(&text, &mut hits);
    structure::detect(&text, &mut hits);
    concat::detect(&text, &mut hits);
    php::detect(&text, &mut hits);
    if transport != Transport::Address && text.shape.has(Shape::SLASH.or(Shape::BACKSLASH)) {
        address::detect(&text, &mut hits);
    }
    hits
}

/// What can be found in numbers, dates and names: the name of a class or an object, or an object as such.
fn detect_names(text: &Text<'_>, hits: &mut Hits) {
    if !text.shape.has(Shape::LETTER) {
        return;
    }
    if text.shape.has(Shape::DOT.or(Shape::UNDERSCORE).or(Shape::PLUS)) {
        signature::detect(text, hits);
    }
    structure::packed_object(text, hits);
    if text.shape.has(Shape::DIGIT) {
        traversal::digits(text, hits);
    }
}
