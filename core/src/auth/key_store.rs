//! Keys that may be exchanged while a worker runs.

use std::cell::{Cell, RefCell};
use std::fmt;

use super::error::TokenFault;
use super::key::{Key, UnusableKey};
use super::token::Token;
use crate::config::JwtKeyConfig;

/// The keys of one source: files that were read with the configuration, or a key set that is fetched again and again.
pub struct KeyStore {
    keys: RefCell<Vec<Key>>,
    generation: Cell<u64>,
}

impl KeyStore {
    /// Prepares the keys.
    pub fn new(keys: &[JwtKeyConfig]) -> Result<Self, UnusableKey> {
        Ok(Self {
            keys: RefCell::new(prepare(keys)?),
            generation: Cell::new(0),
        })
    }

    /// Puts other keys in their place: what the old ones have verified does not count any more.
    pub fn replace(&self, keys: &[JwtKeyConfig]) -> Result<(), UnusableKey> {
        self.keys.replace(prepare(keys)?);
        self.generation.set(self.generation.get() + 1);
        Ok(())
    }

    /// Whether a key has this id.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.borrow().iter().any(|key| key.id() == Some(kid))
    }

    /// Whether there is no key (yet).
    pub fn is_empty(&self) -> bool {
        self.keys.borrow().is_empty()
    }

    /// How often the keys were replaced.
    pub(super) fn generation(&self) -> u64 {
        self.generation.get()
    }

    /// Whether one of the keys has made the signature of a token. `kid` selects a key; without it, or where keys have no id,
    /// each key that is meant for the algorithm is tried.
    pub(super) fn verify(&self, token: &Token<'_>) -> Result<(), TokenFault> {
        let keys = self.keys.borrow();
        let candidates = keys.iter().filter(|key| key.answers_to(token.key_id.as_deref()));
        let mut fault = TokenFault::UnknownKey;
        for key in candidates {
            fault = match key.verifier(token.algorithm) {
                Some(verifier) if verifier.verify(token.signed, &token.signature).is_ok() => return Ok(()),
                Some(_) => TokenFault::Signature,
                None => nearer(fault, TokenFault::Algorithm),
            };
        }
        Err(fault)
    }
}

/// Of two faults that keys found, the one that says more: a key that was tried says more than one that was not.
pub(super) fn nearer(one: TokenFault, other: TokenFault) -> TokenFault {
    match (one, other) {
        (TokenFault::UnknownKey, fault) | (fault, TokenFault::UnknownKey) => fault,
        (TokenFault::Signature, _) | (_, TokenFault::Signature) => TokenFault::Signature,
        (fault, _) => fault,
    }
}

fn prepare(keys: &[JwtKeyConfig]) -> Result<Vec<Key>, UnusableKey> {
    keys.iter().map(Key::new).collect()
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("keys", &self.keys.borrow().len())
            .field("generation", &self.generation)
            .finish()
    }
}
