//! What a request is counted under.

use std::rc::Rc;

use postern_core::auth::Identity;
use postern_core::limit::{AddressKey, Key, Seed, Subject};

use crate::conf::{KeySource, LimitSettings, Postern};
use crate::nginx::Request;

/// The key of a request under a limit. `None` if it has none: variables that are empty are not counted, as for nginx's `limit_req`.
pub(super) fn of(request: &mut Request, limit: &LimitSettings) -> Option<Key> {
    let seed = limit.zone()?.1.seed()?;
    let key = |subject: &Subject<'_>| Key::new(seed, limit.id, subject);
    match &limit.key {
        KeySource::Address => Some(of_address(request, limit, seed)),
        KeySource::User => {
            let identity = request
                .context::<Postern>()
                .and_then(|context| context.identity.as_ref());
            match identity
                .and_then(|identity| Identity::subject(identity))
                .map(Rc::clone)
            {
                Some(user) => Some(key(&Subject::User(user.as_bytes()))),
                None => Some(of_address(request, limit, seed)),
            }
        }
        KeySource::Endpoint => {
            let endpoint = request.location_conf::<Postern>().limit.endpoint();
            Some(key(&Subject::Endpoint(endpoint)))
        }
        KeySource::Variables { text, .. } => match text.evaluate(request)? {
            b"" => None,
            value => Some(key(&Subject::Variables(value))),
        },
    }
}

fn of_address(request: &Request, limit: &LimitSettings, seed: Seed) -> Key {
    let prefix = request.location_conf::<Postern>().limit.ipv6_prefix();
    let address = AddressKey::new(request.client_address(), prefix);
    Key::new(seed, limit.id, &Subject::Address(&address))
}
