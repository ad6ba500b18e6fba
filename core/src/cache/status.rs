//! What the cache has made of a request: `$postern_cache_status`, and Cache-Status (RFC 9211).

/// What has become of a request, in the words of nginx's `$upstream_cache_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// A stored response was sent.
    Hit,
    /// There was none.
    Miss,
    /// There was one that was too old or out of date.
    Expired,
    /// There was such a one, and its content is still the same.
    Revalidated,
    /// An old one was sent because no new one could be made.
    Stale,
    /// An old one was sent while another request makes a new one.
    Updating,
    /// The cache was not asked.
    Bypass,
}

impl CacheStatus {
    /// As the variable has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Expired => "EXPIRED",
            Self::Revalidated => "REVALIDATED",
            Self::Stale => "STALE",
            Self::Updating => "UPDATING",
            Self::Bypass => "BYPASS",
        }
    }

    /// Whether a stored response was sent.
    pub fn is_stored(self) -> bool {
        matches!(self, Self::Hit | Self::Stale | Self::Updating)
    }
}

/// Why a request was answered from the database, and what became of the response (RFC 9211 section 2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forward {
    /// The response was stored.
    pub stored: bool,
    /// It was made for another request.
    pub collapsed: bool,
}

/// The value of Cache-Status. `ttl_s` is how long a stored response stays fresh; negative once it is not.
pub fn cache_status_field(status: CacheStatus, ttl_s: i64, forward: Forward) -> Vec<u8> {
    let mut field = Vec::with_capacity(48);
    field.extend_from_slice(b"postern; ");
    field.extend_from_slice(match status {
        CacheStatus::Hit | CacheStatus::Stale | CacheStatus::Updating => {
            field.extend_from_slice(b"hit; ttl=");
            field.extend_from_slice(itoa::Buffer::new().format(ttl_s).as_bytes());
            return field;
        }
        CacheStatus::Miss => b"fwd=uri-miss",
        CacheStatus::Expired | CacheStatus::Revalidated => b"fwd=stale",
        CacheStatus::Bypass => b"fwd=request",
    });
    if forward.stored {
        field.extend_from_slice(b"; stored");
    }
    if forward.collapsed {
        field.extend_from_slice(b"; collapsed");
    }
    field
}

#[cfg(test)]
mod tests {
    use super::{CacheStatus, Forward, cache_status_field};

    #[test]
    fn fields_are_those_of_rfc_9211() {
        let none = Forward::default();
        let stored = Forward {
            stored: true,
            collapsed: false,
        };
        let collapsed = Forward {
            stored: false,
            collapsed: true,
        };
        for (status, ttl_s, forward, field) in [
            (CacheStatus::Hit, 25, none, "postern; hit; ttl=25"),
            (CacheStatus::Stale, -3, none, "postern; hit; ttl=-3"),
            (CacheStatus::Miss, 0, stored, "postern; fwd=uri-miss; stored"),
            (
                CacheStatus::Expired,
                0,
                collapsed,
                "postern; fwd=stale; collapsed",
            ),
            (CacheStatus::Bypass, 0, none, "postern; fwd=request"),
        ] {
            assert_eq!(cache_status_field(status, ttl_s, forward), field.as_bytes());
        }
    }
}
