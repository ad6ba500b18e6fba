//! Trace context (W3C Recommendation "Trace Context", level 1): which trace a request is part of.

/// The part of a trace that a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    trace_id: [u8; ID],
    span_id: [u8; SPAN],
    flags: u8,
    goes_on: bool,
}

/// How many random bytes a trace takes.
pub const RANDOM_BYTES: usize = ID + SPAN;

impl Trace {
    /// Goes on with the trace of a client, by the values of its `traceparent` fields, or begins one. Several fields, and what does not
    /// follow the format, begin a new one (section 3.2.2 and 4.3). The request is a span of its own.
    pub fn begin<'f>(mut fields: impl Iterator<Item = &'f [u8]>, random: [u8; RANDOM_BYTES]) -> Self {
        let (trace_id, span_id) = split(random);
        let parent = match (fields.next(), fields.next()) {
            (Some(field), None) => parse(field),
            _ => None,
        };
        let goes_on = parent.is_some();
        let (trace_id, flags) = parent.unwrap_or((or_one(trace_id), 0));
        Self {
            trace_id,
            span_id: or_one(span_id),
            flags,
            goes_on,
        }
    }

    /// Whether it is the client's. To one that begins here the client's `tracestate` does not belong, and must not be passed on (section
    /// 3.3.1.5 and 4.3).
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// The trace, in 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        hex(&self.trace_id)
    }

    /// The value of `traceparent` for whoever the request asks.
    pub fn traceparent(&self) -> String {
        format!(
            "00-{}-{}-{:02x}",
            hex(&self.trace_id),
            hex(&self.span_id),
            self.flags
        )
    }
}

fn split(random: [u8; RANDOM_BYTES]) -> ([u8; ID], [u8; SPAN]) {
    let (mut trace_id, mut span_id) = ([0; ID], [0; SPAN]);
    let (first, second) = random.split_at(ID);
    trace_id.copy_from_slice(first);
    span_id.copy_from_slice(second);
    (trace_id, span_id)
}

/// All zero is no identifier.
fn or_one<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id == [0; N]
        && let Some(last) = id.last_mut()
    {
        *last = 1;
    }
    id
}

/// The trace and its flags. Of later versions what this one knows is taken (section 3.2.2); of the flags, `sampled` and `random`.
fn parse(field: &[u8]) -> Option<([u8; ID], u8)> {
    let field = field.trim_ascii();
    let (version, rest) = part::<1>(field)?;
    let (trace_id, rest) = part::<ID>(rest.strip_prefix(b"-")?)?;
    let (span_id, rest) = part::<SPAN>(rest.strip_prefix(b"-")?)?;
    let (flags, rest) = part::<1>(rest.strip_prefix(b"-")?)?;
    let ends_well = match version {
        [0] => rest.is_empty(),
        [0xff] => false,
        _ => rest.is_empty() || rest.starts_with(b"-"),
    };
    (ends_well && trace_id != [0; ID] && span_id != [0; SPAN]).then_some((trace_id, flags[0] & KNOWN_FLAGS))
}

/// Bytes in hexadecimal digits, which are in lower case.
fn part<const N: usize>(text: &[u8]) -> Option<([u8; N], &[u8])> {
    let (digits, rest) = text.split_at_checked(2 * N)?;
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let [high, low] = *pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some((bytes, rest))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

const ID: usize = 16;
const SPAN: usize = 8;

/// `sampled`, and `random` of level 2.
const KNOWN_FLAGS: u8 = 0b11;

#[cfg(test)]
mod tests {
    use super::{RANDOM_BYTES, Trace};

    const RANDOM: [u8; RANDOM_BYTES] = [0xa5; RANDOM_BYTES];

    fn begin(fields: &[&str]) -> String {
        Trace::begin(fields.iter().map(|field| field.as_bytes()), RANDOM).traceparent()
    }

    #[test]
    fn a_client_s_trace_goes_on_with_a_span_of_our_own() {
        for (given, flags) in [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "01"),
            (" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00 ", "00"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff", "03"),
            (
                "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes",
                "01",
            ),
        ] {
            assert!(Trace::begin(std::iter::once(given.as_bytes()), RANDOM).goes_on());
            let expected = format!("00-0af7651916cd43dd8448eb211c80319c-a5a5a5a5a5a5a5a5-{flags}");
            assert_eq!(begin(&[given]), expected, "{given}");
        }
    }

    #[test]
    fn what_does_not_follow_the_format_begins_a_new_one() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for given in [
            &[][..],
            &[""],
            &[good, good],
            &["00-00000000000000000000000000000000-b7ad6b7169203331-01"],
            &["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"],
            &["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
            &["00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"],
            &["cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"],
            &["00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01"],
            &["00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
            &["00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01"],
        ] {
            let trace = Trace::begin(given.iter().map(|field| field.as_bytes()), RANDOM);
            assert!(!trace.goes_on(), "{given:?}");
            assert_eq!(
                begin(given),
                format!("00-{}-{}-00", "a5".repeat(16), "a5".repeat(8)),
                "{given:?}"
            );
        }
    }

    #[test]
    fn an_identifier_is_never_zero() {
        let trace = Trace::begin(std::iter::empty(), [0; RANDOM_BYTES]);
        assert_eq!(
            trace.traceparent(),
            "00-00000000000000000000000000000001-0000000000000001-00"
        );
        assert_eq!(trace.trace_id(), "00000000000000000000000000000001");
    }
}
