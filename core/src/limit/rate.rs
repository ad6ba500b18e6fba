//! `100r/m`: how many requests in which time.

use std::fmt;
use std::str::FromStr;

use super::window::RUNS;

/// How many requests are admitted in any window of a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    requests: u32,
    window_s: u32,
    granule_ms: u64,
}

impl Rate {
    /// More is not counted: a window keeps its counts in 24 bits.
    pub const MAX_REQUESTS: u32 = 10_000_000;
    /// 31 days.
    pub const MAX_WINDOW_S: u32 = 31 * 86_400;

    /// `requests` in any `window_s` seconds.
    pub fn new(requests: u32, window_s: u32) -> Result<Self, InvalidRate> {
        if requests == 0 || window_s == 0 {
            return Err(InvalidRate::Zero);
        }
        if requests > Self::MAX_REQUESTS {
            return Err(InvalidRate::TooManyRequests);
        }
        if window_s > Self::MAX_WINDOW_S {
            return Err(InvalidRate::WindowTooLong);
        }
        let mut rate = Self {
            requests,
            window_s,
            granule_ms: 1,
        };
        if requests as usize > RUNS {
            rate.granule_ms = rate.window_ms().div_ceil(RUNS as u64 - 1);
        }
        Ok(rate)
    }

    /// The number of requests.
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// The length of the window in seconds.
    pub fn window_s(&self) -> u32 {
        self.window_s
    }

    /// The length of the window in milliseconds.
    pub fn window_ms(&self) -> u64 {
        u64::from(self.window_s) * 1000
    }

    /// Requests that fall into the same slice of this length are remembered together. It is a millisecond where every request
    /// has a place of its own, and at most a sixtieth of the window where there are too many for that.
    pub(super) fn granule_ms(&self) -> u64 {
        self.granule_ms
    }
}

/// `<requests>r/[<number>]<unit>`, with `s`, `m`, `h` or `d` as the unit.
impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let (requests, window) = text.split_once("r/").ok_or(InvalidRate::Syntax)?;
        let unit_s = match window.bytes().last() {
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 3_600,
            Some(b'd') => 86_400,
            _ => return Err(InvalidRate::Syntax),
        };
        let units = match window.get(..window.len() - 1) {
            Some("") => 1,
            Some(number) => digits(number, InvalidRate::WindowTooLong)?,
            None => return Err(InvalidRate::Syntax),
        };
        let window_s = units.checked_mul(unit_s).ok_or(InvalidRate::WindowTooLong)?;
        Self::new(digits(requests, InvalidRate::TooManyRequests)?, window_s)
    }
}

/// Nothing but digits: `u32::from_str` would take a sign.
fn digits(text: &str, too_large: InvalidRate) -> Result<u32, InvalidRate> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidRate::Syntax);
    }
    text.parse().map_err(|_| too_large)
}

/// As nginx's own limits write it, in the longest unit that fits.
impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit_s, unit) = [(86_400, 'd'), (3_600, 'h'), (60, 'm')]
            .into_iter()
            .find(|(unit_s, _)| self.window_s.is_multiple_of(*unit_s))
            .unwrap_or((1, 's'));
        match self.window_s / unit_s {
            1 => write!(formatter, "{}r/{unit}", self.requests),
            units => write!(formatter, "{}r/{units}{unit}", self.requests),
        }
    }
}

/// Why a rate is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRate {
    /// It is not written as a rate.
    #[error("it must be written as \"100r/m\", \"5r/10s\", …")]
    Syntax,
    /// Nothing in no time.
    #[error("it must not be zero")]
    Zero,
    /// See [`Rate::MAX_REQUESTS`].
    #[error("it must not be more than 10000000 requests")]
    TooManyRequests,
    /// See [`Rate::MAX_WINDOW_S`].
    #[error("it must not be over more than 31 days")]
    WindowTooLong,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{InvalidRate, Rate};

    fn parse(text: &str) -> Result<(u32, u32), InvalidRate> {
        text.parse::<Rate>()
            .map(|rate| (rate.requests(), rate.window_s()))
    }

    #[test]
    fn units_and_multiples_of_them() {
        assert_eq!(parse("100r/m"), Ok((100, 60)));
        assert_eq!(parse("1r/s"), Ok((1, 1)));
        assert_eq!(parse("5r/10s"), Ok((5, 10)));
        assert_eq!(parse("7r/2h"), Ok((7, 7_200)));
        assert_eq!(parse("10000000r/31d"), Ok((10_000_000, 31 * 86_400)));
    }

    #[test]
    fn what_is_no_rate() {
        for text in [
            "", "r/m", "100", "100/m", "100r/", "100r/10", "100r/w", "100r/M", "+5r/m", "-5r/m", "5 r/m",
            "5r/ m", "5r/+1m", "5.5r/m", "0x5r/m", "5r/m ", "5r/ms", "٥r/m", "5r/é",
        ] {
            assert_eq!(parse(text), Err(InvalidRate::Syntax), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_little_or_too_much() {
        assert_eq!(parse("0r/m"), Err(InvalidRate::Zero));
        assert_eq!(parse("5r/0m"), Err(InvalidRate::Zero));
        assert_eq!(parse("10000001r/m"), Err(InvalidRate::TooManyRequests));
        assert_eq!(parse("99999999999r/m"), Err(InvalidRate::TooManyRequests));
        assert_eq!(parse("5r/32d"), Err(InvalidRate::WindowTooLong));
        assert_eq!(parse("5r/4294967295d"), Err(InvalidRate::WindowTooLong));
        assert_eq!(parse("5r/99999999999s"), Err(InvalidRate::WindowTooLong));
    }

    #[test]
    fn large_limits_have_at_least_sixty_slices() {
        for (requests, window_s) in [(65, 1), (100, 60), (1_000_000, 86_400), (10_000_000, 31 * 86_400)] {
            let rate = Rate::new(requests, window_s).expect("a rate");
            let slices = rate.window_ms() / rate.granule_ms();
            assert!((60..=63).contains(&slices), "{rate}: {slices}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,20}") {
            let read = text.parse::<Rate>().map(|rate| rate.requests());
            prop_assert!(read.is_err() || text.starts_with(|first: char| first.is_ascii_digit()));
        }

        #[test]
        fn what_is_written_is_read_back(requests in 1..=Rate::MAX_REQUESTS, window_s in 1..=Rate::MAX_WINDOW_S) {
            let rate = Rate::new(requests, window_s).expect("a rate");
            prop_assert_eq!(rate.to_string().parse::<Rate>(), Ok(rate));
        }
    }
}
