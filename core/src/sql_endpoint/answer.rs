//! What an endpoint answers: the result of its script under the status that was set.

use super::response_settings::Field;
use super::{Outcome, ResponseSettings, ResultWriter};
use crate::error::Error;

/// A response that is not an error of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers that SQL has set.
    pub headers: Vec<Field>,
    /// JSON; `None` where there is nothing to say. It is not sent where the status allows no content.
    pub json: Option<Vec<u8>>,
}

impl Answer {
    /// Makes the answer of a result, which a script without rows does not have, and of the settings.
    pub fn new(result: Option<ResultWriter>, settings: ResponseSettings) -> Result<Self, Error> {
        let outcome = match result {
            Some(result) => result.finish()?,
            None => Outcome::Void,
        };
        let (status, json) = match (outcome, settings.status) {
            (Outcome::Json(json), status) => (status.unwrap_or(200), Some(json)),
            (Outcome::Void, status) => (status.unwrap_or(204), None),
            (Outcome::NoRow, Some(status)) => (status, None),
            (Outcome::NoRow, None) => return Err(Error::NotFound),
        };
        let mut headers = settings.headers;
        // A 401 says how to authenticate (RFC 9110 section 15.5.2).
        let challenges = |(name, _): &Field| name.eq_ignore_ascii_case("WWW-Authenticate");
        if status == 401 && !headers.iter().any(challenges) {
            headers.push(("WWW-Authenticate".into(), "Bearer".into()));
        }
        Ok(Self {
            status,
            headers,
            json,
        })
    }

    /// Whether a response of this status may have content (RFC 9110 section 6.4.1).
    pub fn may_have_content(&self) -> bool {
        !matches!(self.status, 204 | 205 | 304)
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, ResponseSettings};
    use crate::error::Error;
    use crate::pg::{DataRow, RowDescription};
    use crate::response::test_rows::row;
    use crate::sql_endpoint::ResultWriter;

    /// The result of `select 1`, or of the same without its row.
    fn one(rows: usize) -> Option<ResultWriter> {
        let mut description = vec![0, 1, b'f', 0, 0, 0, 0, 0, 0, 0];
        description.extend_from_slice(&[0, 0, 0, 23, 0, 4, 0xff, 0xff, 0xff, 0xff, 0, 0]);
        let description = RowDescription::parse(&description).expect("well-formed");
        let mut writer = ResultWriter::new(&description, None, 100);
        for _ in 0..rows {
            writer.push(&DataRow::parse(&row(&[Some("1")])).expect("well-formed"));
        }
        Some(writer)
    }

    fn status(status: u16) -> ResponseSettings {
        ResponseSettings {
            status: Some(status),
            headers: Vec::new(),
        }
    }

    fn answer(result: Option<ResultWriter>, settings: ResponseSettings) -> (u16, Option<Vec<u8>>) {
        let answer = Answer::new(result, settings).expect("an answer");
        (answer.status, answer.json)
    }

    #[test]
    fn the_status_is_what_sql_has_set_or_what_fits_the_result() {
        let json = || Some(b"1".to_vec());
        assert_eq!(answer(one(1), ResponseSettings::default()), (200, json()));
        assert_eq!(answer(one(1), status(418)), (418, json()));
        assert_eq!(answer(one(1), status(204)), (204, json()));
        assert_eq!(answer(None, ResponseSettings::default()), (204, None));
        assert_eq!(answer(None, status(202)), (202, None));
        assert_eq!(answer(one(0), status(410)), (410, None));
        assert!(matches!(
            Answer::new(one(0), ResponseSettings::default()),
            Err(Error::NotFound)
        ));
    }

    #[test]
    fn some_statuses_have_no_content() {
        let may = |code| {
            let answer = Answer::new(one(1), status(code)).expect("an answer");
            answer.may_have_content()
        };
        assert!(may(200) && may(404) && !may(204) && !may(205) && !may(304));
    }

    #[test]
    fn a_401_has_a_challenge() {
        let challenges = |settings| Answer::new(one(1), settings).expect("an answer").headers;
        assert_eq!(
            challenges(status(401)),
            [("WWW-Authenticate".into(), "Bearer".into())]
        );
        let own = ResponseSettings {
            headers: vec![("www-authenticate".into(), "Basic".into())],
            ..status(401)
        };
        assert_eq!(challenges(own.clone()), own.headers);
    }
}
