//! What a response is found by.

use std::cell::RefCell;

use postern_core::cache::{Key, KeyBuilder, Scope};

use super::super::caller::Caller;
use crate::conf::{CacheSettings, CacheZone, Postern};
use crate::nginx::Request;
use crate::worker::Database;

/// What the content of a location depends on, besides the path, the caller and the header fields that are configured.
pub(crate) trait ContentKey {
    /// Everything in the configuration that it depends on.
    fn settings(&self) -> String;
    /// Adds what it takes of the request.
    fn write(&self, key: &mut KeyBuilder, request: &mut Request, caller: &Caller);
}

thread_local! {
    static BUILDER: RefCell<KeyBuilder> = RefCell::new(KeyBuilder::default());
}

/// Makes the key of a request and gives it to `look`. `None` if it cannot have one.
pub(super) fn with<T>(
    request: &mut Request,
    settings: &CacheSettings,
    zone: &CacheZone,
    database: &Database,
    caller: &Caller,
    content: &impl ContentKey,
    look: impl FnOnce(&Key<'_>) -> T,
) -> Option<T> {
    let location = location(request, settings, database, content);
    let schema = database.schema_fingerprint(&zone.generations()?)?;
    let seed = zone.seed()?;
    // A variable of the configuration may be anything: the builder is not borrowed while they are asked.
    let mut key = BUILDER.take();
    match request.written_path() {
        Some(path) => key.begin(path).number(0),
        // The path was rewritten. An encoded one could be the same text, and links lead to the path that the client knows.
        None => key.begin(request.uri()).number(1).part(request.unparsed_path()),
    };
    key.number(location).number(schema);
    write_scope(&mut key, settings, caller);
    for name in &settings.config.vary {
        key.list(request.header_values(name.as_bytes()));
    }
    content.write(&mut key, request, caller);
    let answer = key.finish(seed).map(|key| look(&key));
    BUILDER.set(key);
    answer
}

fn location(
    request: &Request,
    settings: &CacheSettings,
    database: &Database,
    content: &impl ContentKey,
) -> u64 {
    request.location_conf::<Postern>().cache.fingerprint(|| {
        format!(
            "{:?} {:?} {}",
            settings.config,
            database.fingerprint(),
            content.settings()
        )
    })
}

fn write_scope(key: &mut KeyBuilder, settings: &CacheSettings, caller: &Caller) {
    let config = &settings.config;
    let identity = caller.identity.as_deref();
    match config.scope {
        Scope::Public => key.number(0),
        Scope::Role => key.number(1).part(caller.role.as_bytes()),
        Scope::User => {
            key.number(2).part(caller.role.as_bytes());
            match &config.claims {
                None => key.optional(identity.map(|identity| &identity.fingerprint()[..])),
                Some(names) => {
                    let identity = identity.map(|identity| identity.fingerprint_of(names));
                    key.optional(identity.as_ref().map(|identity| &identity[..]))
                }
            }
        }
    };
}
