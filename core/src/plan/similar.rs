//! The column that a misspelt name was probably meant to be.

use crate::schema_cache::Relation;

/// The column whose name is nearest to `name`, if one is near enough. Only errors come here, and only short names are
/// compared, so that a client cannot make it expensive.
pub(super) fn column(relation: &Relation, name: &str) -> Option<Box<str>> {
    if name.len() > MAX_LENGTH {
        return None;
    }
    let allowed = 1 + name.len() / 5;
    let distances = relation
        .columns
        .iter()
        .filter(|column| column.name.len() <= MAX_LENGTH)
        .map(|column| {
            let distance = distance(name.as_bytes(), column.name.as_bytes());
            (distance, &column.name)
        });
    distances
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, name)| name.clone())
}

/// Levenshtein's distance, in bytes.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let substituted = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = substituted.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

/// PostgreSQL's identifiers have 63 bytes.
const MAX_LENGTH: usize = 63;

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_single_edits() {
        assert_eq!(distance(b"", b""), 0);
        assert_eq!(distance(b"title", b"tilte"), 2);
        assert_eq!(distance(b"name", b"names"), 1);
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"kitten", b"sitting"), 3);
    }
}
