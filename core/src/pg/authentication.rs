//! Proving who we are, and with SCRAM having the server prove the same (PostgreSQL manual, "Start-up" and "SASL
//! Authentication"). `postgres-protocol` draws the nonce of SCRAM itself; it is the only random number in here.

use bytes::BytesMut;
use postgres_protocol::authentication::{md5_hash, sasl};
use postgres_protocol::message::frontend;

use super::frame::Body;
use super::{ChannelBinding, ProtocolError, Settings};

/// The state of the exchange. A server gets one method only: it cannot ask for SCRAM and then for the password in clear.
pub(super) enum Authentication {
    /// Nothing was asked for yet. Holds the hash of the server's certificate where the connection is encrypted.
    Begun(Option<Vec<u8>>),
    /// A password or its MD5 hash was sent.
    PasswordSent,
    /// The first message of SCRAM was sent.
    ScramBegun(Scram),
    /// The proof was sent; the server's proof has to follow.
    ScramProved(Scram),
    /// The server has proved that it knows the password.
    ScramVerified {
        /// Whether the proof covers the TLS channel.
        bound: bool,
    },
}

/// A SCRAM exchange.
pub(super) struct Scram {
    exchange: sasl::ScramSha256,
    bound: bool,
}

/// What an AuthenticationRequest led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// An answer was put into the output, or the next message is awaited.
    Continue,
    /// The server lets us in.
    Accepted,
}

impl Authentication {
    /// Takes an AuthenticationRequest.
    pub(super) fn request(
        self,
        body: &[u8],
        settings: &Settings,
        output: &mut BytesMut,
    ) -> Result<(Self, Progress), ProtocolError> {
        let mut body = Body(body);
        let code = body.i32().ok_or(MALFORMED)?;
        let next = match (self, code) {
            (state, OK) => {
                state.may_end(settings)?;
                return Ok((state, Progress::Accepted));
            }
            (Self::Begun(_), CLEARTEXT_PASSWORD) => {
                send_password(password_to_send(settings)?, output)?;
                Self::PasswordSent
            }
            (Self::Begun(_), MD5_PASSWORD) => {
                let salt = body.array().ok_or(MALFORMED)?;
                let hash = md5_hash(settings.user.as_bytes(), password_to_send(settings)?, salt);
                send_password(hash.as_bytes(), output)?;
                Self::PasswordSent
            }
            (Self::Begun(end_point), SASL) => {
                let offer = Offer::parse(body)?;
                Self::ScramBegun(Scram::begin(&offer, end_point, settings, output)?)
            }
            (Self::ScramBegun(mut scram), SASL_CONTINUE) => {
                scram.exchange.update(body.0).map_err(scram_error)?;
                frontend::sasl_response(scram.exchange.message(), output).map_err(scram_error)?;
                Self::ScramProved(scram)
            }
            (Self::ScramProved(mut scram), SASL_FINAL) => {
                scram.exchange.finish(body.0).map_err(scram_error)?;
                Self::ScramVerified { bound: scram.bound }
            }
            (_, CLEARTEXT_PASSWORD | MD5_PASSWORD | SASL | SASL_CONTINUE | SASL_FINAL) => {
                return Err(ProtocolError::Unexpected { tag: b'R' });
            }
            (_, code) => return Err(ProtocolError::UnsupportedAuthentication(code)),
        };
        Ok((next, Progress::Continue))
    }

    /// Whether AuthenticationOk is acceptable here. An impostor that does not know the password would send it in place of
    /// the proof that SCRAM owes us.
    fn may_end(&self, settings: &Settings) -> Result<(), ProtocolError> {
        match self {
            Self::ScramBegun(_) | Self::ScramProved(_) => Err(ProtocolError::ScramUnverified),
            Self::ScramVerified { bound: true } => Ok(()),
            _ if settings.channel_binding == ChannelBinding::Require => {
                Err(ProtocolError::ChannelBindingRequired)
            }
            Self::Begun(_) | Self::PasswordSent | Self::ScramVerified { bound: false } => Ok(()),
        }
    }
}

/// The password, where it would leave in clear or as MD5. That must not happen where the operator demands channel binding:
/// who asks may be an impostor.
fn password_to_send(settings: &Settings) -> Result<&[u8], ProtocolError> {
    if settings.channel_binding == ChannelBinding::Require {
        return Err(ProtocolError::ChannelBindingRequired);
    }
    password(settings)
}

fn password(settings: &Settings) -> Result<&[u8], ProtocolError> {
    let password = settings
        .password
        .as_ref()
        .ok_or(ProtocolError::PasswordRequired)?
        .reveal();
    if password.is_empty() {
        Err(ProtocolError::PasswordRequired)
    } else {
        Ok(password)
    }
}

fn send_password(password: &[u8], output: &mut BytesMut) -> Result<(), ProtocolError> {
    frontend::password_message(password, output).map_err(|_| ProtocolError::ZeroByte)
}

/// The mechanisms that the server offers.
struct Offer {
    scram: bool,
    scram_plus: bool,
}

impl Offer {
    fn parse(mut body: Body<'_>) -> Result<Self, ProtocolError> {
        let mut offer = Self {
            scram: false,
            scram_plus: false,
        };
        loop {
            match body.utf8().ok_or(MALFORMED)? {
                "" => break,
                sasl::SCRAM_SHA_256 => offer.scram = true,
                sasl::SCRAM_SHA_256_PLUS => offer.scram_plus = true,
                _ => {}
            }
        }
        if body.is_empty() {
            Ok(offer)
        } else {
            Err(MALFORMED)
        }
    }
}

impl Scram {
    /// Chooses the mechanism and sends the first message.
    fn begin(
        offer: &Offer,
        end_point: Option<Vec<u8>>,
        settings: &Settings,
        output: &mut BytesMut,
    ) -> Result<Self, ProtocolError> {
        let password = password(settings)?;
        let end_point = end_point.filter(|_| settings.channel_binding != ChannelBinding::Disable);
        let (mechanism, binding) = match end_point {
            Some(hash) if offer.scram_plus => (
                sasl::SCRAM_SHA_256_PLUS,
                sasl::ChannelBinding::tls_server_end_point(hash),
            ),
            _ if settings.channel_binding == ChannelBinding::Require => {
                return Err(ProtocolError::ChannelBindingRequired);
            }
            _ if !offer.scram => return Err(ProtocolError::UnsupportedMechanism),
            // Says that we could, so that the server notices when somebody took its better offer away (RFC 5802, 6).
            Some(_) => (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unrequested()),
            None => (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unsupported()),
        };
        let exchange = sasl::ScramSha256::new(password, binding);
        frontend::sasl_initial_response(mechanism, exchange.message(), output).map_err(scram_error)?;
        Ok(Self {
            exchange,
            bound: mechanism == sasl::SCRAM_SHA_256_PLUS,
        })
    }
}

fn scram_error(error: std::io::Error) -> ProtocolError {
    ProtocolError::Scram(error.to_string().into())
}

const MALFORMED: ProtocolError = ProtocolError::Malformed { tag: b'R' };

const OK: i32 = 0;
const CLEARTEXT_PASSWORD: i32 = 3;
const MD5_PASSWORD: i32 = 5;
const SASL: i32 = 10;
const SASL_CONTINUE: i32 = 11;
const SASL_FINAL: i32 = 12;

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{Authentication, Progress};
    use crate::pg::{ChannelBinding, Password, ProtocolError, Settings};

    /// Feeds requests one after the other and gives the outcome of the last with everything that was sent.
    fn exchange(settings: &Settings, end_point: Option<&[u8]>, requests: &[&[u8]]) -> Outcome {
        let mut output = BytesMut::new();
        let mut state = Authentication::Begun(end_point.map(Into::into));
        let mut last = Progress::Continue;
        for body in requests {
            (state, last) = state.request(body, settings, &mut output)?;
        }
        Ok((last, output))
    }

    type Outcome = Result<(Progress, BytesMut), ProtocolError>;

    fn settings(password: &[u8]) -> Settings {
        Settings {
            password: Some(Password::new(password)),
            ..Settings::new("alice", "app")
        }
    }

    const OK: &[u8] = &[0, 0, 0, 0];
    const CLEAR: &[u8] = &[0, 0, 0, 3];
    const SCRAM: &[u8] = b"\0\0\0\x0aSCRAM-SHA-256\0\0";
    const SCRAM_PLUS: &[u8] = b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";

    #[test]
    fn trust_sends_nothing() {
        let (progress, output) = exchange(&Settings::new("alice", "app"), None, &[OK]).expect("accepted");
        assert_eq!((progress, output.len()), (Progress::Accepted, 0));
    }

    #[test]
    fn a_password_goes_in_clear_or_as_md5() {
        let (_, output) = exchange(&settings(b"secret"), None, &[CLEAR, OK]).expect("accepted");
        assert_eq!(&output[..], b"p\0\0\0\x0bsecret\0");
        let (_, output) = exchange(&settings(b"secret"), None, &[b"\0\0\0\x05salt", OK]).expect("accepted");
        // md5(md5("secretalice") || "salt")
        assert_eq!(&output[5..], b"md5986e2194384c07f4fd1df4b1351b3e68\0");
    }

    #[test]
    fn a_missing_or_empty_password_is_an_error_of_its_own() {
        for request in [CLEAR, b"\0\0\0\x05salt", SCRAM] {
            let none = exchange(&Settings::new("alice", "app"), None, &[request]);
            assert_eq!(none.err(), Some(ProtocolError::PasswordRequired));
            assert_eq!(
                exchange(&settings(b""), None, &[request]).err(),
                Some(ProtocolError::PasswordRequired)
            );
        }
        assert_eq!(
            exchange(&settings(b"a\0b"), None, &[CLEAR]).err(),
            Some(ProtocolError::ZeroByte)
        );
    }

    #[test]
    fn ok_before_the_server_signature_is_refused() {
        let early = exchange(&settings(b"secret"), None, &[SCRAM, OK]);
        assert_eq!(early.err(), Some(ProtocolError::ScramUnverified));
    }

    #[test]
    fn a_second_method_is_refused() {
        for second in [CLEAR, b"\0\0\0\x05salt", SCRAM] {
            let changed = exchange(&settings(b"secret"), None, &[SCRAM, second]);
            assert_eq!(changed.err(), Some(ProtocolError::Unexpected { tag: b'R' }));
        }
        let twice = exchange(&settings(b"secret"), None, &[CLEAR, CLEAR]);
        assert_eq!(twice.err(), Some(ProtocolError::Unexpected { tag: b'R' }));
    }

    #[test]
    fn the_mechanism_follows_the_offer_and_the_channel() {
        let first = |end_point, request: &[u8]| {
            let (_, output) = exchange(&settings(b"secret"), end_point, &[request]).expect("begun");
            String::from_utf8_lossy(&output[5..]).into_owned()
        };
        assert!(first(None, SCRAM_PLUS).starts_with("SCRAM-SHA-256\0\0\0\0\x20n,,n=,r="));
        assert!(first(Some(b"hash"), SCRAM).starts_with("SCRAM-SHA-256\0\0\0\0\x20y,,n=,r="));
        assert!(
            first(Some(b"hash"), SCRAM_PLUS)
                .contains("SCRAM-SHA-256-PLUS\0\0\0\0\x35p=tls-server-end-point,,")
        );
    }

    #[test]
    fn required_channel_binding_cannot_be_avoided() {
        let strict = Settings {
            channel_binding: ChannelBinding::Require,
            ..settings(b"secret")
        };
        let attempts: [(Option<&[u8]>, &[u8]); 5] = [
            (Some(b"hash"), OK),
            (Some(b"hash"), CLEAR),
            (Some(b"hash"), b"\0\0\0\x05salt"),
            (Some(b"hash"), SCRAM),
            (None, SCRAM_PLUS),
        ];
        for (end_point, request) in attempts {
            let outcome = exchange(&strict, end_point, &[request]);
            assert_eq!(outcome.err(), Some(ProtocolError::ChannelBindingRequired));
        }
        assert!(exchange(&strict, Some(b"hash"), &[SCRAM_PLUS]).is_ok());
    }

    #[test]
    fn malformed_and_unknown_requests_are_refused() {
        let outcome = |request: &[u8]| exchange(&settings(b"secret"), None, &[request]).err();
        assert_eq!(outcome(b"\0\0\0"), Some(super::MALFORMED));
        assert_eq!(outcome(b"\0\0\0\x05sal"), Some(super::MALFORMED));
        assert_eq!(outcome(b"\0\0\0\x0aSCRAM-SHA-256"), Some(super::MALFORMED));
        assert_eq!(outcome(b"\0\0\0\x0aSCRAM-SHA-256\0\0x"), Some(super::MALFORMED));
        assert_eq!(
            outcome(b"\0\0\0\x0aOTHER\0\0"),
            Some(ProtocolError::UnsupportedMechanism)
        );
        assert_eq!(
            outcome(b"\0\0\0\x07"),
            Some(ProtocolError::UnsupportedAuthentication(7))
        );
        let broken = exchange(&settings(b"secret"), None, &[SCRAM, b"\0\0\0\x0br=x,s=AAAA,i=1"]);
        assert!(matches!(broken.err(), Some(ProtocolError::Scram(_))));
    }
}
