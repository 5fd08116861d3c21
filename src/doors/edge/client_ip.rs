//! Where a request comes from: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::listener::Peer;
use crate::config::TrustedProxies;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

pub async fn mark(State(trusted): State<TrustedProxies>, mut request: Request, next: Next) -> Response {
    if let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() {
        let headers = request.headers().get_all("x-forwarded-for");
        let hops: Vec<&str> = headers.iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).collect();
        let ip = client(peer.ip().to_canonical(), &hops, &trusted);
        request.extensions_mut().insert(ClientIp(ip));
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
