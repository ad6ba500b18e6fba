//! Requests that a limit refuses.

use std::borrow::Cow;

use crate::error::Problem;

/// Why a limit refuses a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There were as many requests as are allowed.
    #[error("rate limit exceeded")]
    Exceeded {
        /// The limit's name.
        name: Box<str>,
        /// How many requests it allows …
        requests: u32,
        /// … in so many seconds.
        window_s: u32,
        /// When the next one is allowed.
        retry_after_s: u32,
    },
    /// There is no room to count another client, and none that is counted may be forgotten (`on_full=deny`).
    #[error("too many clients are being counted")]
    NoRoom {
        /// When the first place becomes free.
        retry_after_s: u32,
    },
}

impl LimitError {
    /// When it is worth coming again, in seconds.
    pub fn retry_after_s(&self) -> u32 {
        match self {
            Self::Exceeded { retry_after_s, .. } | Self::NoRoom { retry_after_s } => *retry_after_s,
        }
    }
}

impl Problem for LimitError {
    fn status(&self) -> u16 {
        match self {
            Self::Exceeded { .. } => 429,
            Self::NoRoom { .. } => 503,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Exceeded { .. } => "POSTERN350",
            Self::NoRoom { .. } => "POSTERN351",
        }
    }

    fn details(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Exceeded {
                name,
                requests,
                window_s,
                ..
            } => {
                let (requests, window) = (count(*requests, "request"), count(*window_s, "second"));
                Some(format!("the limit \"{name}\" allows {requests} in {window}").into())
            }
            Self::NoRoom { .. } => None,
        }
    }

    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(format!("try again in {}", count(self.retry_after_s(), "second")).into())
    }
}

fn count(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
