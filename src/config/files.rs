//! Where files lie, and how long a link to one is good.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::parsing::{seconds, text_or_nothing};
use super::sources::{Origin, Sources, complaint};
use super::{ConfigError, Secret};

const FOLDER: &str = "files";

#[derive(Clone, Debug)]
pub struct Files {
    pub storage: StoragePlace,
    pub url_ttl: Duration,
}

#[derive(Clone, Debug)]
pub enum StoragePlace {
    Folder(PathBuf),
    S3 {
        bucket: String,
        /// Without slashes at its ends; may be empty.
        prefix: String,
        /// The variables `AWS_*`.
        settings: Vec<(String, Secret)>,
    },
}

impl Files {
    pub(super) fn read(from: &mut Sources, data_dir: &Path) -> Result<Self, ConfigError> {
        const WEEK: i64 = 7 * 24 * 3600;
        let (url, origin) = from.read_with_origin("files.storage_url", "STORAGE_URL", text_or_nothing)?;
        let storage = if url.is_empty() {
            let folder = data_dir.join(FOLDER);
            from.nothing("files.storage_url", format!("default: the folder {}", folder.display()));
            StoragePlace::Folder(folder)
        } else {
            s3(&url, from).map_err(|rule| refusal(&url, rule, &origin))?
        };
        let url_ttl = from.read("files.file_url_seconds", "FILE_URL_SECONDS", seconds(1..=WEEK))?;
        Ok(Self { storage, url_ttl })
    }
}

fn refusal(url: &str, rule: &str, origin: &Origin) -> ConfigError {
    let shown = super::parsing::shown_in_error(&url.into());
    complaint(
        "files.storage_url",
        origin,
        &format!("is {shown}: s3://bucket/prefix, or nothing for a folder, is needed{rule}"),
    )
}

/// Or the rule that it breaks.
fn s3(url: &str, from: &Sources) -> Result<StoragePlace, &'static str> {
    let rest = url.strip_prefix("s3://").ok_or("")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_end_matches('/');
    let bucket_is_good =
        bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte))
            && bucket.starts_with(|first: char| first.is_ascii_alphanumeric());
    let plain = |step: &str| {
        !matches!(step, "" | "." | "..")
            && step.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let prefix_is_good = prefix.is_empty() || prefix.split('/').all(plain);
    if !(3..=63).contains(&bucket.len()) {
        return Err("; the name of a bucket has 3 to 63 characters");
    }
    if !bucket_is_good {
        return Err(
            "; the name of a bucket has lower-case letters, digits, -, . and _, the first of them a letter or digit",
        );
    }
    if !prefix_is_good {
        return Err("; the steps of a prefix have letters, digits, -, . and _, and are not . or ..");
    }
    let settings = from.variables_of("AWS_");
    Ok(StoragePlace::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned(), settings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::explain::tests::line_of;
    use crate::config::tests::{loaded, refusal};

    #[test]
    fn files_lie_in_a_folder_of_data_dir_unless_said_otherwise() {
        let config = loaded(&[("DATA_DIR", "/srv/chat")]);
        assert!(
            matches!(&config.files.storage, StoragePlace::Folder(folder) if folder == Path::new("/srv/chat/files"))
        );
        assert!(line_of(&config.explain(), "files.storage_url").ends_with("default: the folder /srv/chat/files"));
        assert_eq!(config.files.url_ttl, Duration::from_secs(600));
    }

    #[test]
    fn a_bucket_and_a_prefix_are_an_address() {
        for (url, is) in [
            ("s3://chat-files/a/b/", ("chat-files", "a/b")),
            ("s3://chat-files/", ("chat-files", "")),
            ("s3://chat-files", ("chat-files", "")),
        ] {
            let config = loaded(&[("STORAGE_URL", url), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AW_S", "no")]);
            let StoragePlace::S3 { bucket, prefix, settings } = &config.files.storage else { panic!("{url}") };
            assert_eq!((bucket.as_str(), prefix.as_str()), is);
            assert_eq!(settings, &[("AWS_SECRET_ACCESS_KEY".to_owned(), Secret::new("hush"))]);
            assert!(!format!("{config:?}").contains("hush") && !config.explain().contains("hush"));
        }
    }

    #[test]
    fn what_is_no_storage_is_refused() {
        let characters = "; the name of a bucket has 3 to 63 characters";
        let letters =
            "; the name of a bucket has lower-case letters, digits, -, . and _, the first of them a letter or digit";
        let steps = "; the steps of a prefix have letters, digits, -, . and _, and are not . or ..";
        for (bad, rule) in [
            ("https://x/y", ""),
            ("/srv/files", ""),
            ("s3://", characters),
            ("s3:///a", characters),
            ("s3://b/p", characters),
            ("s3://A b/c", letters),
            ("s3://-chat/c", letters),
            ("s3://chat/../x", steps),
            ("s3://chat/a//b", steps),
            ("s3://chat/?a=b", steps),
        ] {
            let line = format!(
                "STORAGE_URL is \"{bad}\": s3://bucket/prefix, or nothing for a folder, is needed{rule} (from the environment)"
            );
            assert_eq!(refusal(&[("STORAGE_URL", bad)]), line);
        }
        assert!(refusal(&[("FILE_URL_SECONDS", "0")]).contains("seconds, from 1 to 604800, are needed"));
    }
}
