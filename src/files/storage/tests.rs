use std::fs;

use futures_util::TryStreamExt;
use tempfile::TempDir;

use super::*;

fn in_a_folder() -> (TempDir, Storage) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::open(&StoragePlace::Folder(folder.path().join("files"))).unwrap();
    (folder, storage)
}

/// Every file below, by its path, however it is called.
fn lying_in(folder: &FilePath) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(lying_in(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

async fn read(storage: &Storage, key: &FileKey, range: Option<Range<u64>>) -> Vec<u8> {
    let stream = storage.read(key, range).await.unwrap().unwrap();
    stream.try_collect::<Vec<Bytes>>().await.unwrap().concat()
}

#[tokio::test]
async fn what_is_put_is_read_whole_and_in_part() {
    let (folder, storage) = in_a_folder();
    for pieces in [1, 20] {
        let key = FileKey::random();
        let piece: Vec<u8> = (0..50_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
        let mut put = storage.put(&key);
        for _ in 0..pieces {
            put.push(piece.clone().into()).await.unwrap();
            assert!(storage.read_whole(&key).await.unwrap().is_none(), "half a file is none");
        }
        let whole = piece.repeat(pieces);
        assert_eq!(put.finish().await.unwrap(), whole.len() as u64);
        assert_eq!(read(&storage, &key, None).await, whole);
        assert_eq!(storage.read_whole(&key).await.unwrap().unwrap(), whole);
        assert_eq!(read(&storage, &key, Some(10..30_000)).await, whole[10..30_000]);
        let last = whole.len() as u64 - 1;
        assert_eq!(read(&storage, &key, Some(last..last + 1)).await, whole[whole.len() - 1..]);
        assert!(folder.path().join("files").join(key.as_str()).is_file());
        storage.remove(&key).await.unwrap();
        storage.remove(&key).await.unwrap();
        assert!(storage.read(&key, None).await.unwrap().is_none());
    }
    assert_eq!(lying_in(folder.path()), [""; 0]);
}

#[tokio::test]
async fn who_goes_away_in_the_middle_leaves_nothing() {
    let (folder, storage) = in_a_folder();
    let mut put = storage.put(&FileKey::random());
    put.push(vec![7; 3 * PIECE_OF_A_FOLDER].into()).await.unwrap();
    assert_eq!(lying_in(folder.path()).len(), 1);
    drop(put);
    while !lying_in(folder.path()).is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_crash_left_of_an_upload_is_removed_with_its_key() {
    let (folder, storage) = in_a_folder();
    let key = FileKey::random();
    let mut put = storage.put(&key);
    put.push(vec![7; 3 * PIECE_OF_A_FOLDER].into()).await.unwrap();
    std::mem::forget(put);
    assert_eq!(lying_in(folder.path()).len(), 1);
    assert!(storage.read(&key, None).await.unwrap().is_none());
    storage.remove(&key).await.unwrap();
    assert_eq!(lying_in(folder.path()), [""; 0]);
}

#[tokio::test]
async fn no_key_leads_out_of_the_folder() {
    let (folder, storage) = in_a_folder();
    fs::write(folder.path().join("secrets.toml"), "hush").unwrap();
    for text in ["../secrets.toml", "a/../../secrets.toml", "/secrets.toml", "..%2Fsecrets.toml"] {
        let key = FileKey::stored(text.to_owned());
        assert!(storage.read_whole(&key).await.unwrap().is_none(), "{text}");
        assert!(storage.remove(&key).await.is_ok());
    }
    assert_eq!(fs::read_to_string(folder.path().join("secrets.toml")).unwrap(), "hush");
}

#[cfg(unix)]
#[test]
fn the_folder_is_ours_alone_and_a_file_is_none() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, storage) = in_a_folder();
    let mode = fs::metadata(folder.path().join("files")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
    drop(storage);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let fault = Storage::open(&StoragePlace::Folder(file.clone())).unwrap_err().to_string();
    assert!(fault.starts_with(&format!("{} cannot be used for files: ", file.display())), "{fault}");
}

#[cfg(not(feature = "s3"))]
#[test]
fn without_s3_it_says_so() {
    let place = StoragePlace::S3 { bucket: "chat".into(), prefix: String::new(), settings: Vec::new() };
    assert!(Storage::open(&place).unwrap_err().to_string().contains("built without S3"));
}
