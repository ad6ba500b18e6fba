//! Why a request does not parse.

/// A request that cannot be understood whatever the schema is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The method is not served here; `allow` is the value of the Allow header.
    #[error("method is not allowed")]
    MethodNotAllowed {
        /// Comma-separated methods.
        allow: Box<str>,
    },
}
