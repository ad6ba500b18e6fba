//! An ErrorResponse or NoticeResponse (PostgreSQL manual, "Error and Notice Message Fields").

use super::frame::Body;

/// What the server said. None of it is shown to a client as it is: `response::error` decides what may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{severity}: {message} (SQLSTATE {code})")]
pub struct ServerError {
    /// `ERROR`, `FATAL` or `PANIC`, never localized (field `V`).
    pub severity: Box<str>,
    /// The SQLSTATE (field `C`).
    pub code: Box<str>,
    /// The primary message (field `M`).
    pub message: Box<str>,
    /// The detail (field `D`).
    pub detail: Option<Box<str>>,
    /// The hint (field `H`).
    pub hint: Option<Box<str>>,
    /// The server's source routine (field `R`), which tells apart errors that share a code.
    pub routine: Option<Box<str>>,
}

impl ServerError {
    /// Takes the bytes after the message's length; `None` if they are not a well-formed list of fields. Texts that are not
    /// UTF-8 (an error before the encoding is agreed on can be in any) are kept as well as is possible.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut body = Body(body);
        let mut error = Self::default();
        let mut localized = None;
        loop {
            match body.u8()? {
                0 => break,
                b'S' => localized = Some(text(&mut body)?),
                b'V' => error.severity = text(&mut body)?,
                b'C' => error.code = text(&mut body)?,
                b'M' => error.message = text(&mut body)?,
                b'D' => error.detail = Some(text(&mut body)?),
                b'H' => error.hint = Some(text(&mut body)?),
                b'R' => error.routine = Some(text(&mut body)?),
                _ => drop(body.string()?),
            }
        }
        // Servers before 9.6 and some poolers send the localized severity only.
        if error.severity.is_empty() {
            error.severity = localized.unwrap_or_default();
        }
        body.is_empty().then_some(error)
    }

    /// Whether the server closes the connection after this error.
    pub fn is_fatal(&self) -> bool {
        matches!(&*self.severity, "FATAL" | "PANIC")
    }

    /// Whether a prepared statement is not (or no longer) what the client believes it to be.
    pub(super) fn is_stale_statement(&self) -> bool {
        match &*self.code {
            // invalid_sql_statement_name: somebody deallocated it, or a pooler chose another server connection.
            "26000" => true,
            // feature_not_supported, "cached plan must not change result type": the schema changed.
            "0A000" => self.routine.as_deref() == Some("RevalidateCachedQuery"),
            _ => false,
        }
    }
}

fn text(body: &mut Body<'_>) -> Option<Box<str>> {
    body.string().map(|value| String::from_utf8_lossy(value).into())
}

#[cfg(test)]
mod tests {
    use super::ServerError;

    #[test]
    fn fields_are_taken_by_their_codes_and_unknown_ones_are_skipped() {
        let body = b"SFEHLER\0VERROR\0C23505\0Mduplicate\0DKey (id)\0HUse another\0nconstraint\0Rfn\0\0";
        let error = ServerError::parse(body).expect("well-formed");
        assert_eq!(
            (&*error.severity, &*error.code, &*error.message),
            ("ERROR", "23505", "duplicate")
        );
        assert_eq!(
            (error.detail.as_deref(), error.hint.as_deref()),
            (Some("Key (id)"), Some("Use another"))
        );
        assert_eq!(error.routine.as_deref(), Some("fn"));
        assert!(!error.is_fatal());
    }

    #[test]
    fn an_old_server_and_another_encoding_are_understood() {
        let error = ServerError::parse(b"SFATAL\0C28P01\0Mpass\xfcort\0\0").expect("well-formed");
        assert!(error.is_fatal());
        assert_eq!(&*error.message, "pass\u{fffd}ort");
    }

    #[test]
    fn malformed_fields_are_refused() {
        for body in [&b""[..], b"S", b"SERROR", b"SERROR\0", b"\0x", b"SERROR\0\0\0"] {
            assert_eq!(ServerError::parse(body), None, "{}", body.escape_ascii());
        }
    }
}
