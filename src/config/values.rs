//! Values that the standard library has no type for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use toml::Value;

use super::parsing::LARGEST_LIMIT;

/// A text that no log and no error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    Token,
    TrustUserId,
}

impl AuthMode {
    pub(super) const NAMES: &'static [(&'static str, Self)] =
        &[("token", Self::Token), ("trust-user-id", Self::TrustUserId)];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordHash {
    /// bcrypt on a database that Node made, argon2id on our own.
    Auto,
    Bcrypt,
    Argon2id,
}

impl PasswordHash {
    pub(super) const NAMES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("bcrypt", Self::Bcrypt), ("argon2id", Self::Argon2id)];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentFilter {
    Off,
    Mask,
    Reject,
}

impl ContentFilter {
    pub(super) const NAMES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("mask", Self::Mask), ("reject", Self::Reject)];
}

/// Limits of single roles; 0 is none at all. Without one the limit of everybody holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessagesByRole {
    pub guest: Option<u32>,
    pub user: Option<u32>,
    pub support: Option<u32>,
    pub admin: Option<u32>,
}

impl MessagesByRole {
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let read = || {
            let mut limits = Self::default();
            for entry in texts(value)? {
                let (role, limit) = entry.split_once('=')?;
                let place = match role.trim() {
                    "guest" => &mut limits.guest,
                    "user" => &mut limits.user,
                    "support" => &mut limits.support,
                    "admin" => &mut limits.admin,
                    _ => return None,
                };
                let limit = limit.trim().parse().ok().filter(|limit| *limit <= LARGEST_LIMIT)?;
                // Said twice, it is not clear which is meant.
                if place.replace(limit).is_some() {
                    return None;
                }
            }
            Some(limits)
        };
        read().ok_or_else(|| {
            "a number for each of guest, user, support, admin, such as guest=10,admin=0 (0 for off), is needed"
                .to_owned()
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    pub(super) const NAMES: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

/// Which web pages may use the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    Any,
    /// As browsers send them: lower case, no path, no slash at the end.
    Listed(Vec<String>),
}

impl CorsOrigins {
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let written = texts(value).unwrap_or_else(|| vec![String::new()]);
        if written == ["*"] {
            return Ok(Self::Any);
        }
        let origins: Option<Vec<_>> = written.iter().map(|text| origin(text)).collect();
        origins
            .filter(|origins| !origins.is_empty())
            .map(Self::Listed)
            .ok_or_else(|| "origins such as https://chat.example (no path), or * alone, are needed".to_owned())
    }

    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(origins) => origins.iter().any(|o| o.eq_ignore_ascii_case(origin)),
        }
    }
}

pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn origin(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let (scheme, host) = text.split_once("://")?;
    let scheme_is_good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    let host_is_good = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
    (scheme_is_good && host_is_good).then_some(text)
}

/// Whose X-Forwarded-For counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<AddressRange>);

impl TrustedProxies {
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let ranges: Option<Vec<_>> =
            texts(value).and_then(|texts| texts.iter().map(|text| AddressRange::parse(text)).collect());
        ranges.map(Self).ok_or_else(|| "addresses or networks such as 10.0.0.0/8 are needed".to_owned())
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A network such as 10.0.0.0/8, or one address. An IPv4 address in IPv6 clothes
/// (`::ffff:10.0.0.1`, as a dual-stack socket reports it) counts as the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

impl AddressRange {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text.trim(), None),
        };
        let written: IpAddr = address.parse().ok()?;
        let network = written.to_canonical();
        let bits = bits_of(network);
        let prefix = match prefix {
            None => bits,
            Some(prefix) if written == network => prefix,
            Some(prefix) => prefix.checked_sub(128 - bits)?,
        };
        (prefix <= bits).then(|| Self { network: masked(network, prefix), prefix })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        bits_of(address) == bits_of(self.network) && masked(address, self.prefix) == self.network
    }
}

fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let host_bits = u32::from(bits_of(address) - prefix);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, address: &str) -> bool {
        AddressRange::parse(range).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_others() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(contains("10.1.2.3/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("127.0.0.1", "127.0.0.1"));
        assert!(!contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("::/0", "2001:db9::1"));
        assert!(!contains("::/0", "10.0.0.1"));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address() {
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(contains("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(contains("::ffff:10.0.0.0/104", "10.9.9.9"));
        assert!(!contains("::ffff:10.0.0.0/104", "11.9.9.9"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "proxy", "10.0.0.0/33", "::/129", "10.0.0.0/", "10/8", "1.2.3.4/-1"] {
            assert_eq!(AddressRange::parse(text), None, "{text}");
        }
        assert_eq!(AddressRange::parse("::ffff:10.0.0.0/8"), None);
    }

    #[test]
    fn a_secret_shows_nothing() {
        let secret = Secret::new("tell nobody");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
    }

    #[test]
    fn origins_are_listed_as_browsers_send_them() {
        let listed = Value::Array(vec!["https://Chat.Example/".into(), "http://[::1]:5173".into()]);
        let origins = CorsOrigins::parse(&listed).unwrap();
        assert!(origins.allows("https://chat.example"));
        assert!(origins.allows("http://[::1]:5173"));
        assert!(!origins.allows("https://chat.example.evil"));
        assert!(!origins.allows("null"));
        for bad in ["chat.example", "https://", "https://a/b", "null", "https://a b", "*"] {
            let list = Value::Array(vec!["https://ok.example".into(), bad.into()]);
            assert!(CorsOrigins::parse(&list).is_err(), "{bad}");
        }
    }
}
