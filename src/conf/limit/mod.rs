//! `postern_limit` and what goes with it: which requests a location counts, and what its responses say of that.

mod directive;
mod resolve;
mod settings;

use std::cell::OnceCell;
use std::rc::Rc;

use postern_core::limit::{AddressKey, Policy};

pub(super) use directive::PosternLimit;
pub(super) use resolve::{resolve, zones};
pub(super) use settings::{PosternLimitHeaders, PosternLimitIpv6Prefix, PosternLimitLogLevel};

use super::ZoneSettings;
use crate::nginx::Level;
use crate::nginx::complex_value::ComplexValue;
use crate::nginx::conf::Conf;

/// A limit, the same for all levels that inherit it.
pub(crate) struct LimitSettings {
    /// What it allows.
    pub(crate) policy: Policy,
    /// [`Policy::id`]
    pub(crate) id: u64,
    /// What a request is counted under.
    pub(crate) key: KeySource,
    /// The key as it is written.
    key_text: Box<str>,
    /// The name of its zone; `None` where there is only one.
    zone_name: Option<Box<str>>,
    /// The zone and its number, once all of the configuration has been read.
    zone: OnceCell<(usize, Rc<ZoneSettings>)>,
    /// Where it is written.
    place: String,
}

impl LimitSettings {
    /// Whether the body of a request has to be read before its key is known.
    pub(crate) fn needs_body(&self) -> bool {
        matches!(self.key, KeySource::Variables { needs_body: true, .. })
    }

    /// Whether a request that one of them has counted is counted by the other as well.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let number = |limit: &Self| limit.zone().map(|(number, _)| *number);
        self.id == other.id && number(self) == number(other)
    }

    /// The zone that it is counted in, and the number of that.
    pub(crate) fn zone(&self) -> Option<&(usize, Rc<ZoneSettings>)> {
        self.zone.get()
    }
}

/// Where a limit takes its key from.
pub(crate) enum KeySource {
    /// The client's address.
    Address,
    /// The user, or the address of who is nobody.
    User,
    /// The location.
    Endpoint,
    /// A text with variables.
    Variables {
        /// The text.
        text: ComplexValue,
        /// Whether there is a member of the body among the variables, so that it has to be read first.
        needs_body: bool,
    },
}

/// When a limit is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before anything is known but the address.
    BeforeAuthentication,
    /// Once it is known who asks, and access was granted.
    AfterAuthentication,
}

impl KeySource {
    /// When the key is known.
    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::Address => Stage::BeforeAuthentication,
            Self::User | Self::Endpoint | Self::Variables { .. } => Stage::AfterAuthentication,
        }
    }
}

/// What one level of the configuration says of limits.
#[derive(Default)]
pub(crate) struct LimitConf {
    /// See [`Self::endpoint`].
    endpoint: Vec<u8>,
    limits: Limits,
    fields: Option<Fields>,
    ipv6_prefix: Option<u8>,
    log_level: Option<Level>,
}

/// The limits of a level.
#[derive(Default)]
enum Limits {
    /// Those of the level above.
    #[default]
    Unset,
    /// None.
    Off,
    /// These, and none of the level above.
    On(Rc<Vec<Rc<LimitSettings>>>),
}

/// Which header fields tell of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields {
    /// `X-RateLimit-Limit`, `-Remaining`, `-Reset`
    pub(crate) x_ratelimit: bool,
    /// `RateLimit-Policy`, `RateLimit`
    pub(crate) ietf: bool,
}

impl LimitConf {
    /// What a location is told from all others by, also after a reload: where its server stands, and the locations that lead to it
    /// as they are written, with their modifiers.
    pub(crate) fn endpoint(&self) -> &[u8] {
        &self.endpoint
    }

    /// Notes the block that begins. Conditions (`if`, `limit_except`) are no locations of their own.
    pub(super) fn begin(&mut self, cf: &Conf<'_>) {
        let place = cf.place();
        let words = cf.raw_arguments();
        let own: Vec<&[u8]> = match words.first() {
            Some(&b"server") => vec![b"server", place.as_bytes()],
            Some(&b"location") => words,
            _ => return,
        };
        for word in own {
            // With its length, so that no two lists of words are the same bytes.
            self.endpoint.extend_from_slice(&word.len().to_le_bytes());
            self.endpoint.extend_from_slice(word);
        }
    }

    /// The limits that apply here.
    pub(crate) fn limits(&self) -> Option<&Rc<Vec<Rc<LimitSettings>>>> {
        match &self.limits {
            Limits::Unset | Limits::Off => None,
            Limits::On(limits) => Some(limits),
        }
    }

    /// What responses say of them.
    pub(crate) fn fields(&self) -> Fields {
        self.fields.unwrap_or(Fields {
            x_ratelimit: true,
            ietf: true,
        })
    }

    /// How many bits of an IPv6 address count.
    pub(crate) fn ipv6_prefix(&self) -> u8 {
        self.ipv6_prefix.unwrap_or(AddressKey::DEFAULT_IPV6_PREFIX)
    }

    /// The level of the error log at which a rejection is noted.
    pub(crate) fn log_level(&self) -> Level {
        self.log_level.unwrap_or(Level::Warn)
    }

    /// Takes from the level above what this one does not say.
    pub(super) fn merge(&mut self, outer: &Self) {
        self.endpoint.splice(0..0, outer.endpoint.iter().copied());
        if let Limits::Unset = self.limits {
            self.limits = match &outer.limits {
                Limits::Unset => Limits::Unset,
                Limits::Off => Limits::Off,
                Limits::On(limits) => Limits::On(Rc::clone(limits)),
            };
        }
        self.fields = self.fields.or(outer.fields);
        self.ipv6_prefix = self.ipv6_prefix.or(outer.ipv6_prefix);
        self.log_level = self.log_level.or(outer.log_level);
    }
}
