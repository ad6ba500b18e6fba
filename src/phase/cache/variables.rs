//! `$postern_cache_status` and `$postern_cache_age`

use std::borrow::Cow;

use crate::conf::Postern;
use crate::nginx::Request;
use crate::nginx::variable::Variable;

/// `$postern_cache_status`: what the cache has made of the request.
pub(crate) struct CacheStatusVariable;

/// `$postern_cache_age`: the age of a stored response, in seconds.
pub(crate) struct CacheAge;

impl Variable for CacheStatusVariable {
    const NAME: &'static str = "postern_cache_status";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let note = request.context::<Postern>()?.cache?;
        Some(Cow::Borrowed(note.status.name().as_bytes()))
    }
}

impl Variable for CacheAge {
    const NAME: &'static str = "postern_cache_age";

    fn value(request: &mut Request, _rest: &[u8]) -> Option<Cow<'static, [u8]>> {
        let note = request.context::<Postern>()?.cache?;
        note.status
            .is_stored()
            .then(|| Cow::Owned(note.age_s.to_string().into_bytes()))
    }
}
