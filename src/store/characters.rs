//! Whom people speak as.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, QueryResult};

use super::keys::{Made, RequestKey};
use super::sql::{row, rows, run};
use super::{Fault, Store};
use crate::model::text::folded;
use crate::model::{Character, Micros, UserId};

/// A character as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnCharacter {
    pub character: Arc<Character>,
    pub created_at: Micros,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharacterRefusal {
    NotFound,
    NameTaken,
    TooMany,
}

fn own(row: &QueryResult) -> Result<OwnCharacter, Fault> {
    let character = Character { number: row.try_get("", "number")?, name: row.try_get("", "name")? };
    Ok(OwnCharacter { character: Arc::new(character), created_at: Micros(row.try_get("", "created_at")?) })
}

impl Store {
    pub async fn characters_of(&self, owner: UserId, after: i64, limit: u64) -> Result<Vec<OwnCharacter>, Fault> {
        let question = "SELECT number, name, created_at FROM chat_characters \
                        WHERE user_id = $1 AND deleted_at IS NULL AND number > $2 ORDER BY number LIMIT $3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        rows(&self.pool, question, [owner.into(), after.into(), limit.into()]).await?.iter().map(own).collect()
    }

    /// One of somebody's own.
    pub async fn character_of(&self, owner: UserId, number: i64) -> Result<Option<OwnCharacter>, Fault> {
        let question = "SELECT number, name, created_at FROM chat_characters \
                        WHERE user_id = $1 AND number = $2 AND deleted_at IS NULL";
        row(&self.pool, question, [owner.into(), number.into()]).await?.as_ref().map(own).transpose()
    }

    /// Makes a character, or says which one this request made before, by its number.
    pub async fn add_character(
        &self,
        owner: UserId,
        name: &str,
        most: i64,
        key: Option<&RequestKey>,
        now: Micros,
    ) -> Result<Result<Made<OwnCharacter>, CharacterRefusal>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            if let Some(key) = key {
                match self.claim_key(&db, key, now).await? {
                    Made::New(()) => {}
                    Made::Before(number) => return Ok(Ok(Made::Before(number))),
                    Made::Other => return Ok(Ok(Made::Other)),
                }
            }
            // Else two at once would be one too many.
            self.one_at_a_time(&db, &owner.to_string()).await?;
            let counted = "SELECT count(*) AS n FROM chat_characters WHERE user_id = $1 AND deleted_at IS NULL";
            let count = row(&db, counted, [owner.into()]).await?.map(|row| row.try_get::<i64>("", "n")).transpose()?;
            if count.unwrap_or(0) >= most {
                return Ok(Err(CharacterRefusal::TooMany));
            }
            let added = "INSERT INTO chat_characters (user_id, name, folded, created_at) VALUES ($1, $3, $2, $4) \
                         RETURNING number, name, created_at";
            let made = match self.named(&db, owner, name, added, now.0).await? {
                Ok(made) => made,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(key) = key {
                self.note_made(&db, key, &made.character.number.to_string()).await?;
            }
            db.commit().await?;
            Ok(Ok(Made::New(made)))
        })
        .await
    }

    pub async fn rename_character(
        &self,
        owner: UserId,
        number: i64,
        name: &str,
    ) -> Result<Result<OwnCharacter, CharacterRefusal>, Fault> {
        self.as_one(|| async move {
            let db = self.begin_apart().await?;
            let renamed = "UPDATE chat_characters SET name = $3, folded = $2 \
                           WHERE user_id = $1 AND number = $4 AND deleted_at IS NULL RETURNING number, name, created_at";
            let named = self.named(&db, owner, name, renamed, number).await?;
            if named.is_ok() {
                db.commit().await?;
            }
            Ok(named)
        })
        .await
    }

    /// Writes a name, unless another account is called so, or another of the owner's characters.
    async fn named(
        &self,
        db: &impl ConnectionTrait,
        owner: UserId,
        name: &str,
        statement: &str,
        last: i64,
    ) -> Result<Result<OwnCharacter, CharacterRefusal>, Fault> {
        let folded = folded(name);
        if self.bears_name(db, &folded, Some(owner)).await? {
            return Ok(Err(CharacterRefusal::NameTaken));
        }
        match row(db, statement, [owner.into(), folded.into(), name.into(), last.into()]).await {
            Ok(Some(named)) => Ok(Ok(own(&named)?)),
            Ok(None) => Ok(Err(CharacterRefusal::NotFound)),
            Err(fault) if fault.is_conflict() => Ok(Err(CharacterRefusal::NameTaken)),
            Err(fault) => Err(fault),
        }
    }

    /// It can be spoken as no more; what it said keeps its name. Whether there was one.
    pub async fn delete_character(&self, owner: UserId, number: i64, now: Micros) -> Result<bool, Fault> {
        let gone =
            "UPDATE chat_characters SET deleted_at = $3 WHERE user_id = $1 AND number = $2 AND deleted_at IS NULL";
        Ok(run(self.single()?, gone, [owner.into(), number.into(), now.0.into()]).await? == 1)
    }
}
