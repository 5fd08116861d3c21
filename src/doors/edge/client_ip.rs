//! Where a request comes from, and how: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;

use super::listener::Peer;
use crate::config::TrustedProxies;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// What one visitor has: the whole of an IPv6 network is theirs to choose addresses from.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        }
    }
}

/// Present where the browser speaks TLS, to a proxy in front of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByTls;

pub async fn mark(State(trusted): State<TrustedProxies>, mut request: Request, next: Next) -> Response {
    if let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() {
        let headers = request.headers().get_all("x-forwarded-for");
        let hops: Vec<&str> = headers.iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).collect();
        let ip = client(peer.ip().to_canonical(), &hops, &trusted);
        request.extensions_mut().insert(ClientIp(ip));
        let first = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.split(',').next() == Some("https"));
        let by_tls = request.headers().get("x-forwarded-proto").is_some_and(first);
        if by_tls && trusted.contains(peer.ip().to_canonical()) {
            request.extensions_mut().insert(ByTls);
        }
    }
    next.run(request).await
}

/// The last address that no trusted proxy vouches for: anything before it a stranger can write.
fn client(peer: IpAddr, hops: &[&str], trusted: &TrustedProxies) -> IpAddr {
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !trusted.contains(client) {
            break;
        }
        let Some(address) = address_in(hop.trim()) else { break };
        client = address.to_canonical();
    }
    client
}

/// Some proxies name the port as well.
fn address_in(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port).or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_ipv6_are_one_visitor() {
        let network = |text: &str| ClientIp(text.parse().unwrap()).network();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn only_what_a_trusted_proxy_says_counts() {
        let trusted = crate::config::Config::load(None, [("TRUST_PROXY".to_owned(), "10.0.0.0/8".to_owned())]).unwrap();
        let trusted = trusted.server.trust_proxy;
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let seen = |peer: &str, hops: &[&str]| client(ip(peer), hops, &trusted);
        assert_eq!(
            seen("10.0.0.1", &["6.6.6.6", " 1.2.3.4"]),
            ip("1.2.3.4"),
            "what a stranger wrote before it is nothing"
        );
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "10.0.0.2"]), ip("1.2.3.4"));
        assert_eq!(seen("9.9.9.9", &["1.2.3.4"]), ip("9.9.9.9"), "a stranger vouches for nobody");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4:5678"]), ip("1.2.3.4"));
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:5678"]), ip("2001:db8::1"));
        assert_eq!(seen("10.0.0.1", &["nonsense"]), ip("10.0.0.1"));
    }
}
