//! The parameters that the server reports on its own: `server_version`, `in_hot_standby`, `TimeZone`, …

use super::ProtocolError;

/// Names and latest values. There are about fifteen, so a list is faster than a table.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(Box<str>, Box<str>)>);

impl Parameters {
    /// Notes a value.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), ProtocolError> {
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| &**known == name) {
            *old = value.into();
        } else if self.0.len() < MAX_PARAMETERS {
            self.0.push((name.into(), value.into()));
        } else {
            return Err(ProtocolError::TooManyParameters);
        }
        Ok(())
    }

    /// The latest value.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| &**known == name)
            .map(|(_, value)| &**value)
    }
}

/// Far more than any server or extension reports.
const MAX_PARAMETERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::{MAX_PARAMETERS, Parameters};

    #[test]
    fn the_latest_value_counts_and_their_number_is_bounded() {
        let mut parameters = Parameters::default();
        for n in 0..MAX_PARAMETERS {
            assert!(parameters.set(&n.to_string(), "old").is_ok());
        }
        assert!(parameters.set("0", "new").is_ok());
        assert_eq!(parameters.value("0"), Some("new"));
        assert!(parameters.set("one more", "").is_err());
        assert_eq!(parameters.value("one more"), None);
    }
}
