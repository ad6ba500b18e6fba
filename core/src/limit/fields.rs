//! What a response says of the limits that were applied to its request: `X-RateLimit-*`, and `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers-10).

use super::judge::Standing;
use super::policy::Policy;

/// A limit and what is left of it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The limit.
    pub policy: &'a Policy,
    /// What is left.
    pub standing: Standing,
}

/// Which of several limits a client meets first: the one with the fewest requests left, and among these the one for which it has to
/// wait the longest.
pub fn tightest<'a>(shown: impl Iterator<Item = Shown<'a>>) -> Option<Shown<'a>> {
    shown.min_by_key(|limit| {
        (
            limit.standing.remaining,
            std::cmp::Reverse(limit.standing.reset_ms),
        )
    })
}

/// Whole seconds, rounded up: who waits for so long has not come too early.
pub fn seconds(milliseconds: u64) -> u32 {
    u32::try_from(milliseconds.div_ceil(1000)).unwrap_or(u32::MAX)
}

/// Appends an item of `RateLimit-Policy`: `"name";q=100;w=60`.
pub fn write_policy(field: &mut Vec<u8>, policy: &Policy) {
    separate(field);
    field.extend_from_slice(policy.item());
}

/// Appends an item of `RateLimit`: `"name";r=50;t=30`.
pub fn write_standing(field: &mut Vec<u8>, shown: &Shown<'_>) {
    separate(field);
    field.extend_from_slice(shown.policy.name.quoted().as_bytes());
    field.extend_from_slice(b";r=");
    write_number(field, shown.standing.remaining);
    field.extend_from_slice(b";t=");
    write_number(field, seconds(shown.standing.reset_ms));
}

/// Appends a number.
pub fn write_number(field: &mut Vec<u8>, number: u32) {
    field.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn separate(field: &mut Vec<u8>) {
    if !field.is_empty() {
        field.extend_from_slice(b", ");
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, seconds, tightest, write_policy, write_standing};
    use crate::limit::{Policy, Standing};

    fn policy(name: &str, rate: &str) -> Policy {
        Policy::new(name.parse().expect("a name"), rate.parse().expect("a rate"))
    }

    fn shown(policy: &Policy, remaining: u32, reset_ms: u64) -> Shown<'_> {
        Shown {
            policy,
            standing: Standing { remaining, reset_ms },
        }
    }

    #[test]
    fn fields_are_lists_of_named_items() {
        let (minute, day) = (policy("minute", "100r/m"), policy("day", "5000r/d"));
        let mut field = Vec::new();
        write_policy(&mut field, &minute);
        write_policy(&mut field, &day);
        assert_eq!(field, br#""minute";q=100;w=60, "day";q=5000;w=86400"#);
        let mut field = Vec::new();
        write_standing(&mut field, &shown(&minute, 50, 29_001));
        assert_eq!(field, br#""minute";r=50;t=30"#);
    }

    #[test]
    fn the_tightest_has_the_fewest_left() {
        let (minute, day) = (policy("minute", "100r/m"), policy("day", "5000r/d"));
        let name =
            |limits: [Shown<'_>; 2]| tightest(limits.into_iter()).map(|limit| limit.policy.name.to_string());
        assert_eq!(
            name([shown(&minute, 5, 0), shown(&day, 6, 0)]).as_deref(),
            Some("minute")
        );
        assert_eq!(
            name([shown(&minute, 0, 5), shown(&day, 0, 6)]).as_deref(),
            Some("day")
        );
        assert!(tightest(std::iter::empty()).is_none());
    }

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!([0, 1, 1_000, 1_001].map(seconds), [0, 1, 1, 2]);
    }
}
