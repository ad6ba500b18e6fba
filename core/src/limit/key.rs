//! Under which key of a table a request is counted.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::address::AddressKey;

/// The secret of a table. Without it nobody can find two keys that count as one, or that make a look-up slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u64; 2]);

/// Who or what a request is counted for.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The client's address.
    Address(&'a AddressKey),
    /// The user: the claim `sub` of the token.
    User(&'a [u8]),
    /// The location: whatever tells it from all others.
    Endpoint(&'a [u8]),
    /// The value of variables.
    Variables(&'a [u8]),
}

/// The key of a window: a hash, so that keys of any length take the same room and no secret is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub(super) words: [u64; 2],
}

impl Key {
    /// The key of a subject under the limit of this number ([`super::Policy::id`]).
    pub fn new(seed: Seed, limit: u64, subject: &Subject<'_>) -> Self {
        let (kind, bytes) = match subject {
            Subject::Address(address) => (0, address.as_bytes()),
            Subject::User(name) => (1, *name),
            Subject::Endpoint(location) => (2, *location),
            Subject::Variables(value) => (3, *value),
        };
        let [first, second] = seed.0;
        let mut hasher = SipHasher13::new_with_keys(first, second);
        // The kind takes the place of two bits of what is a hash already: one word is what this hash takes fastest.
        hasher.write(&(limit << 2 | kind).to_le_bytes());
        hasher.write(bytes);
        let hash = hasher.finish128();
        Self {
            words: [hash.h1, hash.h2],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{AddressKey, Key, Seed, Subject};

    const SEED: Seed = Seed([1, 2]);

    #[test]
    fn kinds_limits_and_seeds_keep_keys_apart() {
        let address = AddressKey::new(Some(IpAddr::from([97, 98, 99, 100])), 64);
        let keys = [
            Key::new(SEED, 1, &Subject::User(b"abcd")),
            Key::new(SEED, 1, &Subject::Variables(b"abcd")),
            Key::new(SEED, 1, &Subject::Address(&address)),
            Key::new(SEED, 2, &Subject::User(b"abcd")),
            Key::new(Seed([1, 3]), 1, &Subject::User(b"abcd")),
            Key::new(SEED, 1, &Subject::Endpoint(b"abcd")),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(index));
        }
        assert_eq!(keys[0], Key::new(SEED, 1, &Subject::User(b"abcd")));
    }
}
