//! Tokens that were verified already.

use std::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;

use super::error::AuthError;
use super::identity::Identity;
use super::verifier::Verifier;

/// A verifier that remembers the identities of genuine tokens, so that a signature is checked once per token and worker. What is
/// remembered is found by the whole token, is compared byte for byte, belongs to this verifier alone and goes with it; its times
/// are checked on every use. Only genuine tokens are remembered: others cannot push them out.
#[derive(Debug)]
pub struct VerifiedTokens {
    verifier: Verifier,
    identities: LruCache<Box<[u8]>, Rc<Identity>>,
    bytes: usize,
    max_bytes: usize,
    /// The keys that the identities were verified with.
    generation: u64,
}

impl VerifiedTokens {
    /// Remembers at most `capacity` tokens, and so many that they take at most about `max_bytes` of memory.
    pub fn new(verifier: Verifier, capacity: NonZeroUsize, max_bytes: usize) -> Self {
        Self {
            generation: verifier.generation(),
            verifier,
            identities: LruCache::new(capacity),
            bytes: 0,
            max_bytes,
        }
    }

    /// As [`Verifier::verify`].
    pub fn verify(&mut self, token: &[u8], now_s: u64) -> Result<Rc<Identity>, AuthError> {
        self.forget_if_keys_changed();
        if let Some(identity) = self.identities.get(token) {
            let identity = Rc::clone(identity);
            if let Err(error) = self.verifier.check_times(&identity, now_s) {
                self.forget(token);
                return Err(error);
            }
            return Ok(identity);
        }
        let identity = self.verifier.verify(token, now_s)?;
        self.remember(token, &identity);
        Ok(identity)
    }

    /// How many tokens are remembered.
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What a key has verified goes with it.
    fn forget_if_keys_changed(&mut self) {
        let generation = self.verifier.generation();
        if generation != self.generation {
            self.generation = generation;
            self.identities.clear();
            self.bytes = 0;
        }
    }

    fn remember(&mut self, token: &[u8], identity: &Rc<Identity>) {
        let cost = cost(token, identity);
        if cost > self.max_bytes {
            return;
        }
        while self.bytes + cost > self.max_bytes {
            let Some((token, identity)) = self.identities.pop_lru() else {
                break;
            };
            self.release(&token, &identity);
        }
        if let Some((token, identity)) = self.identities.push(token.into(), Rc::clone(identity)) {
            self.release(&token, &identity);
        }
        self.bytes += cost;
    }

    fn forget(&mut self, token: &[u8]) {
        if let Some((token, identity)) = self.identities.pop_entry(token) {
            self.release(&token, &identity);
        }
    }

    fn release(&mut self, token: &[u8], identity: &Identity) {
        self.bytes = self.bytes.saturating_sub(cost(token, identity));
    }
}

/// About what an entry takes.
fn cost(token: &[u8], identity: &Identity) -> usize {
    OVERHEAD + token.len() + 2 * identity.claims_json().len()
}

/// The entry's nodes in the map and the list, the identity and the reference counts, rounded up.
const OVERHEAD: usize = 256;

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::rc::Rc;

    use super::super::test_tokens::{config, key, sign, verifier_of};
    use super::VerifiedTokens;
    use crate::auth::{ClaimFault, KeyStore, TokenFault, Verifier};

    fn tokens(capacity: usize, max_bytes: usize) -> VerifiedTokens {
        VerifiedTokens::new(
            verifier_of(vec![key(None, 1)]),
            NonZeroUsize::new(capacity).expect("not zero"),
            max_bytes,
        )
    }

    #[test]
    fn a_token_is_verified_once() {
        let mut tokens = tokens(10, 1 << 20);
        let token = sign(1, r#"{"sub":"a"}"#);
        let first = tokens.verify(token.as_bytes(), 0).expect("good");
        let second = tokens.verify(token.as_bytes(), 0).expect("good");
        assert!(Rc::ptr_eq(&first, &second));
        assert_eq!(tokens.len(), 1);
    }

    #[test]
    fn times_are_checked_every_time() {
        let mut tokens = tokens(10, 1 << 20);
        let token = sign(1, r#"{"exp":100,"nbf":10}"#);
        assert!(tokens.verify(token.as_bytes(), 99).is_ok());
        assert_eq!(
            tokens.verify(token.as_bytes(), 100),
            Err(ClaimFault::Expired.into())
        );
        assert!(tokens.is_empty() && tokens.bytes() == 0);
        // A clock that was set back.
        assert_eq!(
            tokens.verify(token.as_bytes(), 9),
            Err(ClaimFault::NotYetValid.into())
        );
        assert!(tokens.verify(token.as_bytes(), 10).is_ok());
    }

    #[test]
    fn a_token_that_is_not_genuine_is_not_remembered() {
        let mut tokens = tokens(10, 1 << 20);
        assert_eq!(
            tokens.verify(sign(2, "{}").as_bytes(), 0),
            Err(TokenFault::Signature.into())
        );
        assert!(tokens.is_empty());
        // The same length, the same hash table, one byte less alike.
        let good = sign(1, "{}");
        assert!(tokens.verify(good.as_bytes(), 0).is_ok());
        let mut forged = good.into_bytes();
        let last = forged.len() - 2;
        forged[last] ^= 1;
        assert!(tokens.verify(&forged, 0).is_err());
    }

    #[test]
    fn what_a_key_has_verified_goes_with_it() {
        let keys = Rc::new(KeyStore::new(&[key(None, 1)]).expect("usable keys"));
        let verifier = Verifier::new(&config(), vec![Rc::clone(&keys)]);
        let mut tokens = VerifiedTokens::new(verifier, NonZeroUsize::MIN, 1 << 20);
        let token = sign(1, "{}");
        assert!(tokens.verify(token.as_bytes(), 0).is_ok());
        keys.replace(&[key(None, 2)]).expect("usable keys");
        assert_eq!(
            tokens.verify(token.as_bytes(), 0),
            Err(TokenFault::Signature.into())
        );
        assert!(tokens.is_empty() && tokens.bytes() == 0);
        assert!(tokens.verify(sign(2, "{}").as_bytes(), 0).is_ok());
    }

    #[test]
    fn the_number_is_bounded() {
        let mut tokens = tokens(3, 1 << 20);
        for user in 0..10 {
            tokens
                .verify(sign(1, &format!(r#"{{"sub":"{user}"}}"#)).as_bytes(), 0)
                .expect("good");
        }
        assert_eq!(tokens.len(), 3);
        let bytes = tokens.bytes();
        tokens
            .verify(sign(1, r#"{"sub":"x"}"#).as_bytes(), 0)
            .expect("good");
        assert_eq!(tokens.bytes(), bytes);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut tokens = tokens(1000, 4096);
        for user in 0..100 {
            tokens
                .verify(sign(1, &format!(r#"{{"sub":"{user}"}}"#)).as_bytes(), 0)
                .expect("good");
            assert!(tokens.bytes() <= 4096);
        }
        assert!(tokens.len() > 3);
        let large = sign(1, &format!(r#"{{"sub":"{}"}}"#, "x".repeat(3000)));
        let before = tokens.len();
        assert!(tokens.verify(large.as_bytes(), 0).is_ok());
        assert_eq!(tokens.len(), before);
    }
}
