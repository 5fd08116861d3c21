//! Links that end, since an `<img>` carries no Bearer. A link is good for one reader, whom the server
//! asks about again at each fetch: it proves who asked for it, not that they still may.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::model::{FileId, Micros};

const SECONDS_AN_HOUR: i64 = 3600;

/// Whom a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Avatars, and files of `main-chat` for those who are nobody.
    Anybody,
    Person(Uuid),
}

/// Too late, or not ours: who holds it is told the same.
#[derive(Debug, PartialEq, Eq)]
pub struct LinkEnded;

#[derive(Clone)]
pub struct Links {
    keyed: Hmac<Sha256>,
}

impl Links {
    /// With a key that is derived from the secret, so that no signature here is one of a token.
    pub fn new(secret: &str) -> Self {
        let mut derived = keyed(Sha256::digest(secret).into());
        derived.update(b"community-chat links to files");
        Self { keyed: keyed(derived.finalize().into_bytes().into()) }
    }

    /// The query of a link that is good until `end`, in Unix seconds.
    pub fn sign(&self, file: FileId, end: i64, reader: Reader) -> String {
        let signature = URL_SAFE_NO_PAD.encode(self.over(file, end, reader).finalize().into_bytes());
        let reader = match reader {
            Reader::Anybody => "0".to_owned(),
            Reader::Person(id) => id.to_string(),
        };
        format!("e={end}&u={reader}&s={signature}")
    }

    /// Whose link it is, from the three parts of its query.
    pub fn open(&self, file: FileId, [end, reader, signature]: [&str; 3], now: Micros) -> Result<Reader, LinkEnded> {
        let end: i64 = end.parse().map_err(|_| LinkEnded)?;
        let reader = match reader {
            "0" => Reader::Anybody,
            id => Reader::Person(Uuid::parse_str(id).map_err(|_| LinkEnded)?),
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| LinkEnded)?;
        // Compares in constant time.
        self.over(file, end, reader).verify_slice(&signature).map_err(|_| LinkEnded)?;
        if now.seconds() < end { Ok(reader) } else { Err(LinkEnded) }
    }

    /// The end of the next full hour: the same link for an hour, so that browsers keep what it leads to.
    pub fn end_of_next_hour(now: Micros) -> i64 {
        (now.seconds().div_euclid(SECONDS_AN_HOUR) + 2) * SECONDS_AN_HOUR
    }

    fn over(&self, file: FileId, end: i64, reader: Reader) -> Hmac<Sha256> {
        let (kind, id) = match reader {
            Reader::Anybody => (0, Uuid::nil()),
            Reader::Person(id) => (1, id),
        };
        let mut mac = self.keyed.clone();
        mac.update(file.as_bytes());
        mac.update(&end.to_be_bytes());
        mac.update(&[kind]);
        mac.update(id.as_bytes());
        mac
    }
}

fn keyed(key: [u8; 32]) -> Hmac<Sha256> {
    // A whole block: only other lengths could be refused.
    let mut block = [0; 64];
    block[..32].copy_from_slice(&key);
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_795_240_000_500_000);
    const END: i64 = 1_795_240_600;

    fn parts(query: &str) -> [&str; 3] {
        let values: Vec<&str> = query.split('&').map(|part| &part[2..]).collect();
        values.try_into().unwrap()
    }

    #[test]
    fn a_link_is_good_for_its_file_its_reader_and_its_time() {
        let links = Links::new("secret");
        let (file, ann, joe) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let query = links.sign(file, END, Reader::Person(ann));
        let [end, reader, signature] = parts(&query);
        assert_eq!(links.open(file, [end, reader, signature], NOW), Ok(Reader::Person(ann)));
        let last = Micros(END * 1_000_000 - 1);
        assert_eq!(links.open(file, [end, reader, signature], last), Ok(Reader::Person(ann)));
        assert_eq!(links.open(file, [end, reader, signature], Micros(END * 1_000_000)), Err(LinkEnded));

        for forged in [
            [end, &joe.to_string(), signature],
            [end, "0", signature],
            [end, &Uuid::nil().to_string(), signature],
            ["1795240601", reader, signature],
            ["9999999999999999999999", reader, signature],
            ["-1", reader, signature],
            [end, reader, ""],
            [end, reader, &signature[..42]],
            [end, reader, &format!("{signature}A")],
            [end, reader, "%00"],
            ["", "", ""],
        ] {
            assert_eq!(links.open(file, forged, NOW), Err(LinkEnded), "{forged:?}");
        }
        assert_eq!(links.open(joe, [end, reader, signature], NOW), Err(LinkEnded));
        assert_eq!(Links::new("other").open(file, [end, reader, signature], NOW), Err(LinkEnded));
    }

    #[test]
    fn anybody_is_not_the_person_whose_id_is_nil() {
        let links = Links::new("secret");
        let file = Uuid::from_u128(1);
        let query = links.sign(file, END, Reader::Anybody);
        let [end, reader, signature] = parts(&query);
        assert_eq!(reader, "0");
        assert_eq!(links.open(file, [end, reader, signature], NOW), Ok(Reader::Anybody));
        assert_eq!(links.open(file, [end, &Uuid::nil().to_string(), signature], NOW), Err(LinkEnded));
    }

    #[test]
    fn an_avatar_keeps_its_link_for_an_hour() {
        let hour = |seconds: i64| Links::end_of_next_hour(Micros(seconds * 1_000_000));
        assert_eq!(hour(3600), 3 * 3600);
        assert_eq!(hour(7199), 3 * 3600);
        assert_eq!(hour(7200), 4 * 3600);
    }
}
