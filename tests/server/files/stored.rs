//! What is known about files, on both databases.

use community_chat::model::{FileContent, FileId, FileKey, FilePurpose, Micros, UserId};
use community_chat::store::{FileDraft, FilesOf, Store};
use uuid::Uuid;

use super::opened;
use crate::harness::{BOTH, Program};

const HOUR: i64 = 3_600_000_000;

fn draft(owner: UserId, purpose: FilePurpose) -> FileDraft {
    FileDraft { id: Uuid::now_v7(), owner, purpose, key: FileKey::random(), thumbnail: FileKey::random() }
}

fn picture(bytes: i64) -> FileContent {
    FileContent { name: "rose.jpg".into(), media_type: "image/jpeg".into(), bytes, size: Some((256, 200)) }
}

async fn gone(store: &Store, now: i64) -> Vec<FileId> {
    store.gone_files(Micros(now), 100).await.unwrap().into_iter().map(|file| file.id).collect()
}

#[tokio::test]
async fn a_draft_is_nobodys_file_until_it_is_kept_and_gone_after_an_hour() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let store = opened(&program).await;
        let (ann, joe) = (Uuid::now_v7(), Uuid::now_v7());
        let (left, given_up) = (draft(ann, FilePurpose::Avatar), draft(ann, FilePurpose::Message));
        store.draft_file(&left, Micros(0)).await.unwrap();
        store.draft_file(&given_up, Micros(0)).await.unwrap();
        assert_eq!(store.file(left.id).await.unwrap(), None);
        assert!(store.files(&[left.id]).await.unwrap().is_empty());
        assert_eq!(store.bytes_of_files(ann).await.unwrap(), 0);
        assert!(gone(&store, HOUR - 1).await.is_empty());

        store.give_up_draft(given_up.id, joe, Micros(5)).await.unwrap();
        assert!(gone(&store, 5).await.is_empty());
        store.give_up_draft(given_up.id, ann, Micros(5)).await.unwrap();
        let swept = store.gone_files(Micros(5), 100).await.unwrap();
        assert_eq!((swept.len(), &swept[0].keys), (1, &vec![given_up.key.clone(), given_up.thumbnail.clone()]));
        assert_eq!(gone(&store, HOUR).await, [given_up.id, left.id]);
        // Swept already, and kept in mind for what may come yet.
        store.forget_file_later(given_up.id, swept[0].settled_at.unwrap()).await.unwrap();
        assert!(!store.keep_avatar(&given_up, &picture(1), Micros(9)).await.unwrap());
        assert_eq!(gone(&store, HOUR).await, [left.id]);

        // What may be swept at this moment is not kept any more, nor is what somebody else drafted.
        assert!(!store.keep_avatar(&left, &picture(1), Micros(HOUR)).await.unwrap());
        let stolen = FileDraft { owner: joe, ..left.clone() };
        assert!(!store.keep_avatar(&stolen, &picture(1), Micros(1)).await.unwrap());
        store.forget_files(&[left.id, given_up.id]).await.unwrap();
        assert!(gone(&store, i64::MAX).await.is_empty());
    }
}

#[tokio::test]
async fn an_avatar_takes_the_place_of_the_one_before() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let store = opened(&program).await;
        let (ann, joe) = (Uuid::now_v7(), Uuid::now_v7());
        let drafts = [ann, ann, joe].map(|owner| draft(owner, FilePurpose::Avatar));
        for (at, draft) in (1..).zip(&drafts) {
            store.draft_file(draft, Micros(at)).await.unwrap();
            assert!(store.keep_avatar(draft, &picture(1000 * at), Micros(at)).await.unwrap());
            assert!(!store.keep_avatar(draft, &picture(7), Micros(at)).await.unwrap(), "twice");
        }
        let [first, second, other] = drafts;
        let file = store.file(second.id).await.unwrap().unwrap();
        assert_eq!((file.owner, file.content, file.key), (ann, picture(2000), second.key));
        assert_eq!((file.thumbnail, file.message, file.room), (Some(second.thumbnail), None, None));
        assert_eq!(store.file(first.id).await.unwrap(), None);
        assert_eq!(gone(&store, 2).await, [first.id]);
        assert_eq!(store.bytes_of_files(ann).await.unwrap(), 2000);
        assert_eq!(store.files(&[first.id, second.id, other.id, Uuid::nil()]).await.unwrap().len(), 2);

        // One that cannot be removed now is not in the way of others; one that is not gone stays.
        store.forget_file_later(first.id, Micros(50)).await.unwrap();
        store.forget_file_later(second.id, Micros(50)).await.unwrap();
        store.forget_files(&[second.id]).await.unwrap();
        assert_eq!((gone(&store, 49).await, gone(&store, 50).await), (Vec::<FileId>::new(), vec![first.id]));
        assert!(store.file(second.id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn with_an_account_go_its_files_and_drafts_and_nobody_elses() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let store = opened(&program).await;
        let (ann, joe) = (Uuid::now_v7(), Uuid::now_v7());
        let kept = [ann, joe].map(|owner| draft(owner, FilePurpose::Avatar));
        for draft in &kept {
            store.draft_file(draft, Micros(1)).await.unwrap();
            assert!(store.keep_avatar(draft, &picture(10), Micros(1)).await.unwrap());
        }
        let under_way = draft(ann, FilePurpose::Message);
        store.draft_file(&under_way, Micros(1)).await.unwrap();
        assert_eq!(store.files_of(ann, None, 10).await.unwrap().len(), 1);
        assert_eq!(store.files_of(ann, Some(kept[0].id), 10).await.unwrap(), []);

        assert_eq!(store.mark_files_gone(FilesOf::Owner(ann), Micros(9)).await.unwrap(), 2);
        assert_eq!(store.mark_files_gone(FilesOf::Owner(ann), Micros(10)).await.unwrap(), 0);
        let mut swept = gone(&store, 9).await;
        swept.sort();
        assert_eq!(swept, [kept[0].id, under_way.id]);
        assert!(store.file(kept[1].id).await.unwrap().is_some());
        assert_eq!(store.files_of(ann, None, 10).await.unwrap(), []);
    }
}
