//! Header fields that the database adds to a response.

use crate::names::is_token;

/// Whether a header can be sent as it is: the name is a token, the value has no control character (RFC 9110 section 5), so that
/// text which a function took from a request cannot split the response; and the name is not one that describes the body, which is
/// ours.
pub(crate) fn is_sendable_field(name: &str, value: &str) -> bool {
    is_token(name)
        && value
            .bytes()
            .all(|byte| byte == b'\t' || !byte.is_ascii_control())
        && !RESERVED
            .iter()
            .any(|reserved| name.eq_ignore_ascii_case(reserved))
}

const RESERVED: [&str; 10] = [
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "date",
    "server",
    "trailer",
    "upgrade",
];
