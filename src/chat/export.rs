//! Everything of one person as one JSON document, page by page, so that a long life here needs no more
//! memory than a short one.

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Caller, Chat, Refusal, patiently};
use crate::model::{Message, Micros, UserId};
use crate::store::{AuditRow, PARTS};

/// Rows read at a time.
const PAGE: i64 = 500;
/// Pieces that may wait for their reader.
const WAITING: usize = 4;

impl Chat {
    /// The export of the caller. What goes wrong on the way ends it before its last brace, so that half
    /// of it is not taken for the whole.
    pub async fn export(&self, caller: &Caller) -> Result<mpsc::Receiver<Result<String, Refusal>>, Refusal> {
        let person = caller.account()?.id;
        self.export_of(person, Some(person)).await
    }

    /// The same for the command line, where `by` is none.
    pub async fn export_of(
        &self,
        person: UserId,
        by: Option<UserId>,
    ) -> Result<mpsc::Receiver<Result<String, Refusal>>, Refusal> {
        let account = patiently(self.inner.store.account_for_export(person)).await?.ok_or(Refusal::UserNotFound)?;
        let now = self.inner.clock.now();
        let noted = AuditRow { target: Some(person), ..AuditRow::new("user-exported", by, now) };
        patiently(self.inner.store.note_audit(&[noted])).await?;
        let (pieces, reader) = mpsc::channel(WAITING);
        let chat = self.clone();
        tokio::spawn(async move {
            let written = chat.write_export(person, account, now, &pieces).await;
            if let Err(refusal) = written {
                pieces.send(Err(refusal)).await.ok();
            }
        });
        Ok(reader)
    }

    async fn write_export(
        &self,
        person: UserId,
        account: Value,
        now: Micros,
        pieces: &mpsc::Sender<Result<String, Refusal>>,
    ) -> Result<(), Refusal> {
        let gone = |_| Refusal::Failed;
        let profile = patiently(self.inner.store.user(person)).await?.map(|user| user.profile).unwrap_or_default();
        let profile = json!({ "bio": profile.bio, "avatar": profile.avatar, "directFrom": profile.direct_from });
        let head = format!(r#"{{"exportedAt":"{}","account":{account},"profile":{profile}"#, now.to_iso_millis());
        pieces.send(Ok(head)).await.map_err(gone)?;
        for part in PARTS {
            pieces.send(Ok(format!(r#","{}":["#, part.name))).await.map_err(gone)?;
            let (mut place, mut comma) = (None, "");
            loop {
                let (mut rows, last) = patiently(self.inner.store.exported(person, part, place, PAGE, now)).await?;
                if last.is_none() {
                    break;
                }
                if part.name == "files" {
                    rows.iter_mut().for_each(say_where);
                }
                let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
                pieces.send(Ok(format!("{comma}{}", rows.join(",")))).await.map_err(gone)?;
                (place, comma) = (last, ",");
            }
            pieces.send(Ok("]".to_owned())).await.map_err(gone)?;
        }
        pieces.send(Ok(r#","messages":["#.to_owned())).await.map_err(gone)?;
        let mut after = (0, 0);
        loop {
            let messages = patiently(self.inner.store.messages_of(person, after, PAGE)).await?;
            let Some(last) = messages.last() else { break };
            let comma = if after == (0, 0) { "" } else { "," };
            after = (last.room.0, last.seq);
            let shown: Vec<String> = messages.iter().map(|message| shown(message).to_string()).collect();
            pieces.send(Ok(format!("{comma}{}", shown.join(",")))).await.map_err(gone)?;
        }
        pieces.send(Ok("]}".to_owned())).await.map_err(gone)
    }
}

/// By this path its owner fetches a file, with a token: a link would have ended before it is used.
fn say_where(file: &mut Value) {
    let url = file["id"].as_str().map(|id| format!("/api/files/{id}"));
    file["url"] = url.into();
}

fn shown(message: &Message) -> Value {
    json!({
        "id": message.id,
        "roomId": message.room_id,
        "seq": message.seq,
        "type": message.kind.name(),
        "content": message.text,
        "character": message.character.as_ref().map(|character| &character.name),
        "attachment": message.attachment.as_ref().map(|attachment| attachment.id),
        "createdAt": message.created_at.to_iso_millis(),
        "editedAt": message.edited_at.map(Micros::to_iso_millis),
    })
}
