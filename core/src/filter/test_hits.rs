//! What a detector finds, for its tests.

use super::hits::{Hits, Text};
use super::place::Place;

use super::shape::Shape;

/// The rules that match a text in a place.
pub(super) fn hits_in(text: &str, place: Place, detect: impl FnOnce(&Text<'_>, &mut Hits)) -> Hits {
    let mut hits = Hits::default();
    let bytes = text.as_bytes();
    detect(&Text::new(bytes, Shape::of(bytes), place), &mut hits);
    hits
}
