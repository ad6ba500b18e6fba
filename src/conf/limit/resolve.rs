//! Limits and zones held against each other, when all of the configuration has been read.

use std::rc::Rc;

use postern_core::limit::Table;

use super::{KeySource, LimitSettings};
use crate::conf::{MainConf, ZoneSettings};

/// A zone for fewer clients is a mistake.
const FEW_CLIENTS: usize = 1000;

/// The numbers of the zones that limits use, in the order of the limits. An error refuses the configuration.
pub(crate) fn zones(main_conf: &MainConf) -> Result<Vec<usize>, String> {
    let limits = main_conf.limits.iter();
    limits.map(|limit| number_of_zone(main_conf, limit)).collect()
}

/// Gives every limit its zone. The answer is what to warn of; an error refuses the configuration.
pub(crate) fn resolve(main_conf: &MainConf) -> Result<Vec<String>, String> {
    for (index, limit) in main_conf.limits.iter().enumerate() {
        let number = number_of_zone(main_conf, limit)?;
        let zone = main_conf.zones.get(number).and_then(|zone| zone.limits());
        let zone = zone.ok_or_else(|| format!("unknown zone in {}", limit.place))?;
        check_namesakes(main_conf.limits.get(..index).unwrap_or_default(), limit, zone)?;
        // A limit is resolved once: each belongs to one configuration.
        let _ = limit.zone.set((number, Rc::clone(zone)));
    }
    Ok(warnings(main_conf))
}

fn number_of_zone(main_conf: &MainConf, limit: &LimitSettings) -> Result<usize, String> {
    let zones = &main_conf.zones;
    match &limit.zone_name {
        Some(name) => main_conf
            .zone_number(name)
            .ok_or_else(|| format!("unknown zone \"{name}\" in {}", limit.place)),
        None if zones.len() == 1 => Ok(0),
        None => {
            let have = if zones.is_empty() {
                "there is no"
            } else {
                "there is more than one"
            };
            Err(format!(
                "no \"zone\" parameter in \"postern_limit\" directive, and {have} \"postern_zone\" in {}",
                limit.place
            ))
        }
    }
}

/// Limits of one name share their counters, which must then mean the same.
fn check_namesakes(
    earlier: &[Rc<LimitSettings>],
    limit: &LimitSettings,
    zone: &Rc<ZoneSettings>,
) -> Result<(), String> {
    let namesake = earlier.iter().find(|other| {
        other.policy.name == limit.policy.name
            && other
                .zone()
                .is_some_and(|(_, other_zone)| Rc::ptr_eq(other_zone, zone))
    });
    match namesake {
        Some(other) if other.policy.rate != limit.policy.rate || other.key_text != limit.key_text => {
            Err(format!(
                "limit \"{}\" has another rate or key in {} than in {}",
                limit.policy.name, limit.place, other.place
            ))
        }
        _ => Ok(()),
    }
}

fn warnings(main_conf: &MainConf) -> Vec<String> {
    let counts_clients = |zone: &Rc<ZoneSettings>| {
        main_conf.limits.iter().any(|limit| {
            !matches!(limit.key, KeySource::Endpoint)
                && limit.zone().is_some_and(|(_, other)| Rc::ptr_eq(other, zone))
        })
    };
    let small = main_conf
        .zones
        .iter()
        .filter_map(|zone| zone.limits())
        .filter(|zone| zone.capacity < FEW_CLIENTS && counts_clients(zone));
    small
        .map(|zone| {
            format!(
                "zone \"{}\" has room for {} keys only, of {} bytes each, in {}",
                zone.name,
                zone.capacity,
                Table::BYTES_PER_KEY,
                zone.place
            )
        })
        .collect()
}
