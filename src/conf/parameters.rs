//! Parameters of directives: `name=value`, numbers, durations, switches. Messages are in nginx's words.

use std::num::NonZeroU32;

use crate::nginx::conf::{ConfError, parse_duration_ms};

/// Takes `name=value` apart.
pub(super) fn split(parameter: &str) -> Result<(&str, &str), ConfError> {
    match parameter.split_once('=') {
        Some((name, value)) if !value.is_empty() => Ok((name, value)),
        _ => Err(invalid_parameter(parameter)),
    }
}

/// Sets what may be set once.
pub(super) fn set_once<T>(slot: &mut Option<T>, parameter: &str, value: T) -> Result<(), ConfError> {
    if slot.is_some() {
        let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
        return Err(ConfError::Message(format!("duplicate parameter \"{name}\"")));
    }
    *slot = Some(value);
    Ok(())
}

/// `invalid parameter "x"`
pub(super) fn invalid_parameter(parameter: &str) -> ConfError {
    ConfError::Message(format!("invalid parameter \"{parameter}\""))
}

/// `invalid value "x" in "name" directive`
pub(super) fn invalid_value(name: &str, value: &str) -> ConfError {
    ConfError::Message(format!("invalid value \"{value}\" in \"{name}\" directive"))
}

/// A positive number.
pub(super) fn positive(name: &str, value: &str) -> Result<NonZeroU32, ConfError> {
    value.parse().map_err(|_| invalid_value(name, value))
}

/// A number that may be 0.
pub(super) fn number(name: &str, value: &str) -> Result<u32, ConfError> {
    value.parse().map_err(|_| invalid_value(name, value))
}

/// A duration that may be 0, in milliseconds.
pub(super) fn duration_ms(name: &str, value: &str) -> Result<u64, ConfError> {
    parse_duration_ms(value).ok_or_else(|| invalid_value(name, value))
}

/// A duration that may not be 0, in milliseconds.
pub(super) fn positive_duration_ms(name: &str, value: &str) -> Result<u64, ConfError> {
    match duration_ms(name, value)? {
        0 => Err(invalid_value(name, value)),
        duration_ms => Ok(duration_ms),
    }
}

/// `on` or `off`
pub(super) fn switch(name: &str, value: &str) -> Result<bool, ConfError> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(ConfError::Message(format!(
            "invalid value \"{value}\" in \"{name}\" directive, it must be \"on\" or \"off\""
        ))),
    }
}
