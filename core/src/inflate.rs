//! Request bodies with a content coding (RFC 9110 section 8.4): what they are coded with, and inflating them.
//!
//! An [`Inflater`] works a slice at a time, so that whoever drives it may serve others in between, and never makes more than its limits
//! allow, whatever a body claims of itself.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::error::Problem;

/// What a body is coded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// With nothing: it is as it is.
    Identity,
    /// `gzip` (RFC 1952).
    Gzip,
    /// `deflate`, which is zlib's format (RFC 1950).
    Deflate,
    /// With something else, or several things.
    Other,
}

impl Coding {
    /// The coding that the values of all `Content-Encoding` fields tell of.
    pub fn of<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut coding = Self::Identity;
        for element in fields.flat_map(|value| value.split(|&byte| byte == b',')) {
            let element = element.trim_ascii();
            let is = |name: &str| element.eq_ignore_ascii_case(name.as_bytes());
            if element.is_empty() || is("identity") {
                continue;
            }
            coding = match coding {
                Self::Identity if is("gzip") || is("x-gzip") => Self::Gzip,
                Self::Identity if is("deflate") => Self::Deflate,
                _ => Self::Other,
            };
        }
        coding
    }
}

/// How large a body may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InflateLimits {
    /// How many times its size.
    pub ratio: u32,
    /// At most, in bytes.
    pub max_bytes: usize,
}

impl Default for InflateLimits {
    /// JSON gets to a tenth, rarely to a thirtieth; a bomb to a thousandth.
    fn default() -> Self {
        Self {
            ratio: 100,
            max_bytes: 1 << 20,
        }
    }
}

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// It is coded with something that is not taken here.
    #[error("a compressed body is not taken")]
    Coding,
    /// It does not follow its format, ends early, or does not end where the format does.
    #[error("the body is not what its Content-Encoding says")]
    Corrupt,
    /// It gets larger than it may.
    #[error("the body is too large when it is inflated")]
    Size,
}

impl Problem for InflateError {
    fn status(&self) -> u16 {
        match self {
            Self::Coding => 415,
            Self::Corrupt => 400,
            Self::Size => 413,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Coding => "POSTERN385",
            Self::Corrupt => "POSTERN387",
            Self::Size => "POSTERN388",
        }
    }
}

/// Whether inflating goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more.
    Pending,
    /// The body is whole.
    Done,
}

/// How much is read in one slice: blocks that say as little as they can take the longest, and none is shorter than a few bytes.
const INPUT_SLICE: usize = 2048;

/// How much is written in one slice.
const OUTPUT_SLICE: usize = 64 << 10;

/// How much room is made at once.
const MAX_RESERVED: usize = 8 << 20;

/// The end of a gzip member: a checksum and a length (RFC 1952 section 2.3.1).
const TRAILER: usize = 8;

/// A body that is being inflated.
pub struct Inflater {
    decompress: Decompress,
    /// Of what was written, where the format is gzip.
    checksum: Option<Crc>,
    /// How much of the body was read.
    at: usize,
    slice: Box<[u8]>,
    inflated: Vec<u8>,
    limit: usize,
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl Inflater {
    /// Begins with a body.
    pub fn new(coding: Coding, body: &[u8], limits: &InflateLimits) -> Result<Self, InflateError> {
        let (has_zlib_header, checksum, at) = match coding {
            Coding::Gzip => (
                false,
                Some(Crc::new()),
                gzip_header(body).ok_or(InflateError::Corrupt)?,
            ),
            Coding::Deflate => (true, None, 0),
            Coding::Identity | Coding::Other => return Err(InflateError::Coding),
        };
        let times = usize::try_from(limits.ratio).unwrap_or(usize::MAX);
        let limit = limits.max_bytes.min(body.len().saturating_mul(times));
        let mut inflated = Vec::new();
        // Memory that is never written costs nothing; growing would copy megabytes within one slice. Where there is none, it may still grow.
        let _ = inflated.try_reserve_exact(limit.min(MAX_RESERVED));
        Ok(Self {
            decompress: Decompress::new(has_zlib_header),
            checksum,
            at,
            slice: vec![0; OUTPUT_SLICE].into(),
            inflated,
            limit,
        })
    }

    /// Reads a slice of the body, which must be the same at every step.
    pub fn step(&mut self, body: &[u8]) -> Result<Progress, InflateError> {
        let rest = body.get(self.at..).unwrap_or_default();
        let input = rest.get(..INPUT_SLICE).unwrap_or(rest);
        let (read_before, written_before) = (self.decompress.total_in(), self.decompress.total_out());
        let status = self
            .decompress
            .decompress(input, &mut self.slice, FlushDecompress::None)
            .map_err(|_| InflateError::Corrupt)?;
        let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or_default();
        let read = count(self.decompress.total_in(), read_before);
        let written = count(self.decompress.total_out(), written_before);
        let written = self.slice.get(..written).unwrap_or_default();
        if self.inflated.len() + written.len() > self.limit {
            return Err(InflateError::Size);
        }
        self.at += read;
        self.inflated.extend_from_slice(written);
        if let Some(checksum) = &mut self.checksum {
            checksum.update(written);
        }
        match status {
            Status::StreamEnd => self.check_end(body).map(|()| Progress::Done),
            // It wants more than there is.
            _ if read == 0 && written.is_empty() => Err(InflateError::Corrupt),
            _ => Ok(Progress::Pending),
        }
    }

    /// What follows the data is its checksum and nothing else: what a second reader could take for more is no part of a body.
    fn check_end(&self, body: &[u8]) -> Result<(), InflateError> {
        let rest = body.get(self.at..).unwrap_or_default();
        let is_right = match &self.checksum {
            // zlib's checksum was read with the data.
            None => rest.is_empty(),
            Some(checksum) => {
                let sum = checksum.sum().to_le_bytes();
                let length = checksum.amount().to_le_bytes();
                rest.len() == TRAILER && rest.starts_with(&sum) && rest.ends_with(&length)
            }
        };
        is_right.then_some(()).ok_or(InflateError::Corrupt)
    }

    /// What was inflated.
    pub fn into_body(mut self) -> Vec<u8> {
        self.inflated.shrink_to_fit();
        self.inflated
    }
}

/// The length of a gzip header (RFC 1952 section 2.3).
fn gzip_header(body: &[u8]) -> Option<usize> {
    let [0x1f, 0x8b, 8, flags, ..] = *body else {
        return None;
    };
    let [_, has_checksum, has_extra, has_name, has_comment, reserved @ ..] =
        [0, 1, 2, 3, 4, 5, 6, 7].map(|bit| flags >> bit & 1 != 0);
    if reserved.contains(&true) {
        return None;
    }
    let mut at = 10;
    if has_extra {
        let length = body.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes(length.try_into().ok()?));
    }
    for is_there in [has_name, has_comment] {
        if is_there {
            at += memchr::memchr(0, body.get(at..)?)? + 1;
        }
    }
    if has_checksum {
        at += 2;
    }
    (at <= body.len()).then_some(at)
}

#[cfg(test)]
mod tests;
