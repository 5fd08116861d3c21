//! Where the bytes lie: in a folder, or in S3. Nothing stands under a key before it is whole: a folder's
//! file gets its name, an upload to S3 its end, when the last byte is there. Who may read, and which
//! keys are in use, others know.

#[cfg(test)]
#[cfg(feature = "s3")]
mod s3_tests;
#[cfg(test)]
mod tests;

use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use tokio::io::AsyncWriteExt;

use crate::config::{StoragePlace, make_private_folder};
use crate::model::FileKey;

/// What is written at a time, so much of each upload is in memory.
const PIECE_OF_A_FOLDER: usize = 256 << 10;
/// S3 takes no pieces below 5 MiB, and what is smaller than one in a single request.
#[cfg(feature = "s3")]
const PIECE_OF_S3: usize = 8 << 20;
const PIECES_UNDER_WAY: usize = 2;

#[derive(Debug, thiserror::Error)]
pub enum StorageFault {
    #[error("the storage of files: {0}")]
    Objects(#[from] object_store::Error),
    #[error("the storage of files: {0}")]
    Io(#[from] io::Error),
    #[error("{} cannot be used for files: {cause}", folder.display())]
    Folder { folder: PathBuf, cause: String },
    #[cfg(feature = "s3")]
    #[error("{0} is no setting that S3 is spoken to with")]
    Setting(String),
    #[cfg(not(feature = "s3"))]
    #[error("STORAGE_URL is s3://…, but this program was built without S3 (`cargo build --features s3`)")]
    NoS3,
}

/// A cheap handle.
#[derive(Debug, Clone)]
pub struct Storage {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    folder: Option<PathBuf>,
    piece: usize,
}

impl Storage {
    pub fn open(place: &StoragePlace) -> Result<Self, StorageFault> {
        match place {
            StoragePlace::Folder(folder) => Self::in_folder(folder),
            #[cfg(feature = "s3")]
            StoragePlace::S3 { bucket, prefix, settings } => Self::in_s3(bucket, prefix, settings),
            #[cfg(not(feature = "s3"))]
            StoragePlace::S3 { .. } => Err(StorageFault::NoS3),
        }
    }

    fn in_folder(folder: &FilePath) -> Result<Self, StorageFault> {
        let unusable = |cause: &dyn std::fmt::Display| StorageFault::Folder {
            folder: folder.to_owned(),
            cause: cause.to_string(),
        };
        make_private_folder(folder).map_err(|cause| unusable(&cause))?;
        // A message that was acknowledged keeps its file through a power cut.
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(|cause| unusable(&cause))?.with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            prefix: Path::default(),
            folder: Some(folder.to_owned()),
            piece: PIECE_OF_A_FOLDER,
        })
    }

    #[cfg(feature = "s3")]
    fn in_s3(bucket: &str, prefix: &str, settings: &[(String, crate::config::Secret)]) -> Result<Self, StorageFault> {
        use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
        use object_store::{ClientConfigKey, RetryConfig};
        use std::time::Duration;

        // No limit for a whole answer: a slow reader takes as long as it takes.
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: Duration::from_secs(20),
                ..RetryConfig::default()
            })
            .with_client_options(object_store::ClientOptions::new().with_timeout_disabled())
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ReadTimeout), "15 seconds");
        for (name, value) in settings {
            // What other programs read from the environment (AWS_PROFILE) is passed over.
            if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value.expose());
            }
        }
        let prefix = Path::parse(prefix).map_err(|_| StorageFault::Setting(prefix.to_owned()))?;
        Ok(Self { objects: Arc::new(builder.build()?), prefix, folder: None, piece: PIECE_OF_S3 })
    }

    /// Takes in bytes as they come.
    pub fn put(&self, key: &FileKey) -> Put {
        let writer = BufWriter::with_capacity(self.objects.clone(), self.path(key), self.piece)
            .with_max_concurrency(PIECES_UNDER_WAY);
        Put { writer: Some(writer), bytes: 0 }
    }

    pub async fn put_whole(&self, key: &FileKey, bytes: Bytes) -> Result<(), StorageFault> {
        self.objects.put(&self.path(key), bytes.into()).await?;
        Ok(())
    }

    /// `None` when nothing lies there. A range must be within what lies there.
    pub async fn read(
        &self,
        key: &FileKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, StorageFault>>>, StorageFault> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        match self.objects.get_opts(&self.path(key), options).await {
            Ok(found) => Ok(Some(found.into_stream().map(|piece| piece.map_err(StorageFault::from)).boxed())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// For what is small: a picture to be decoded, a thumbnail.
    pub async fn read_whole(&self, key: &FileKey) -> Result<Option<Bytes>, StorageFault> {
        match self.objects.get(&self.path(key)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// What is gone already is fine. So is what a crash left of an upload.
    pub async fn remove(&self, key: &FileKey) -> Result<(), StorageFault> {
        match self.objects.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(fault) => return Err(fault.into()),
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        match tokio::fs::remove_file(folder.join(unfinished(key))).await {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault.into()),
            _ => Ok(()),
        }
    }

    fn path(&self, key: &FileKey) -> Path {
        let steps = key.as_str().split('/').map(Into::into);
        self.prefix.parts().chain(steps).collect()
    }
}

/// How `LocalFileSystem` calls a file until it is whole: it neither lists nor removes those itself.
fn unfinished(key: &FileKey) -> String {
    format!("{}#1", key.as_str())
}

/// An upload that is under way. Dropped unfinished, it leaves nothing.
pub struct Put {
    writer: Option<BufWriter>,
    bytes: u64,
}

impl Put {
    /// How many came so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Waits while the storage is slower than the sender. After a fault the upload is lost.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), StorageFault> {
        self.bytes += bytes.len() as u64;
        match &mut self.writer {
            Some(writer) => Ok(writer.put(bytes).await?),
            None => Ok(()),
        }
    }

    /// Once this is answered, the bytes lie there for good.
    pub async fn finish(mut self) -> Result<u64, StorageFault> {
        if let Some(mut writer) = self.writer.take() {
            writer.shutdown().await?;
        }
        Ok(self.bytes)
    }
}

impl Drop for Put {
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        // S3 keeps the pieces of an upload, and their price, until it is told.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(fault) = writer.abort().await {
                    tracing::warn!("an upload that was given up may have left pieces in the storage: {fault}");
                }
            });
        }
    }
}
