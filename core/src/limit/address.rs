//! Which addresses count as one client.

use std::net::IpAddr;

/// A client's address as a limit sees it. IPv6 gives every customer a network of their own, often a /64 and more addresses than any
/// table could hold: only its first bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressKey {
    octets: [u8; 16],
    length: usize,
}

impl AddressKey {
    /// What counts of an IPv6 address if nothing else is said.
    pub const DEFAULT_IPV6_PREFIX: u8 = 64;

    /// `None` is a client without an address (a Unix-domain socket). IPv4 inside IPv6 (RFC 4291, section 2.5.5.2) is IPv4.
    pub fn new(address: Option<IpAddr>, ipv6_prefix: u8) -> Self {
        let mut octets = [0; 16];
        let length = match address.map(|address| address.to_canonical()) {
            None => 0,
            Some(IpAddr::V4(address)) => {
                octets[..4].copy_from_slice(&address.octets());
                4
            }
            Some(IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(ipv6_prefix.min(128)))
                    .unwrap_or(0);
                octets = (address.to_bits() & mask).to_be_bytes();
                16
            }
        };
        Self { octets, length }
    }

    /// The bytes that tell it from others.
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or(&self.octets)
    }
}

#[cfg(test)]
mod tests {
    use super::AddressKey;

    fn key(address: &str, prefix: u8) -> AddressKey {
        AddressKey::new(Some(address.parse().expect("an address")), prefix)
    }

    #[test]
    fn ipv6_counts_by_its_prefix() {
        assert_eq!(key("2001:db8:1:2::1", 64), key("2001:db8:1:2:ffff::9", 64));
        assert_ne!(key("2001:db8:1:2::1", 64), key("2001:db8:1:3::1", 64));
        assert_eq!(key("2001:db8:1:2::1", 48), key("2001:db8:1:3::1", 48));
        assert_ne!(key("2001:db8::1", 128), key("2001:db8::2", 128));
        assert_eq!(key("2001:db8::1", 0), key("fe80::2", 0));
    }

    #[test]
    fn ipv4_counts_whole_however_it_is_written() {
        assert_ne!(key("192.0.2.1", 64), key("192.0.2.2", 64));
        assert_eq!(key("::ffff:192.0.2.1", 64), key("192.0.2.1", 64));
        assert_ne!(key("::ffff:192.0.2.1", 64), key("::ffff:192.0.2.2", 64));
    }

    #[test]
    fn a_client_without_an_address_is_one_client() {
        assert_eq!(AddressKey::new(None, 64).as_bytes(), b"");
        assert_ne!(AddressKey::new(None, 64), key("::", 64));
    }
}
