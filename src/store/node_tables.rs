//! Whether the tables that a Node app made are such that this server can work on them. Asked of
//! PostgreSQL's own catalogue: `information_schema` hides what one has no rights on.

use super::sql::{row, rows};
use super::{Fault, OpenError, Store};
use crate::config::DatabaseKind;

/// Columns and the types that fit them.
type Shape = &'static [(&'static str, &'static [&'static str])];

const UUID: &[&str] = &["uuid"];
const TEXT: &[&str] = &["varchar", "text", "bpchar", "citext"];
const TIME: &[&str] = &["timestamptz"];
const NUMBER: &[&str] = &["int4"];

const USERS: Shape = &[
    ("id", UUID),
    ("userid", TEXT),
    ("name", TEXT),
    ("dob", &["date"]),
    ("gender", &["enum_Users_gender"]),
    ("email", TEXT),
    ("password", TEXT),
    ("role", &["enum_Users_role"]),
    ("status", &["enum_Users_status"]),
    ("failed_login_attempts", NUMBER),
    ("last_seen", TIME),
    ("community_rating", NUMBER),
    ("createdAt", TIME),
    ("updatedAt", TIME),
];

const CHATS: Shape = &[
    ("id", UUID),
    ("user_id", UUID),
    ("message", TEXT),
    ("edited_at", TIME),
    ("is_deleted", &["bool"]),
    ("created_at", TIME),
    ("updated_at", TIME),
];

/// Of `"CommunityChats"`: filled where it is there.
const ROOM_ID: (&str, &[&str]) = ("room_id", UUID);

const COLUMNS: &str = r#"SELECT CAST(a.attname AS text) AS name, CAST(t.typname AS text) AS kind,
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS must_be_given
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE n.nspname = current_schema() AND CAST(c.relname AS text) = $1 ORDER BY a.attnum"#;

const ID_IS_UNIQUE: &str = r#"EXISTS (SELECT 1 FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = '"Users"'::regclass AND i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = 1 AND a.attname = 'id')"#;

struct Column {
    name: String,
    kind: String,
    /// Not null, and without a default.
    must_be_given: bool,
}

/// A table that is there.
pub(super) struct NodeTable {
    name: &'static str,
    columns: Vec<Column>,
    /// Of those that [`RIGHTS`] lists.
    rights: Vec<&'static str>,
}

const RIGHTS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "TRIGGER", "REFERENCES"];

impl NodeTable {
    pub(super) fn may(&self, right: &str) -> bool {
        self.rights.contains(&right)
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|there| there.name == column)
    }

    fn grant(&self, needed: &[&'static str]) -> Option<String> {
        let missing: Vec<_> = needed.iter().copied().filter(|right| !self.may(right)).collect();
        let grant =
            || format!("this database user lacks a right: GRANT {} ON \"{}\" is needed", missing.join(", "), self.name);
        (!missing.is_empty()).then(grant)
    }

    fn optional(&self) -> Shape {
        if self.name == "CommunityChats" { &[ROOM_ID] } else { &[] }
    }

    fn misfits(&self, shape: Shape) -> Vec<String> {
        let table = self.name;
        let mut said = Vec::new();
        for (name, fitting) in shape.iter().chain(self.optional()) {
            match self.columns.iter().find(|column| column.name == *name) {
                None if self.optional().iter().any(|(optional, _)| optional == name) => {}
                None => said.push(format!("the table \"{table}\" has no column \"{name}\"")),
                Some(column) if fitting.contains(&column.kind.as_str()) => {}
                Some(column) => {
                    let needed = fitting.first().copied().unwrap_or_default();
                    said.push(format!("\"{table}\".\"{name}\" is of the type {}: {needed} is needed", column.kind));
                }
            }
        }
        said
    }

    /// Columns that we do not know and would have to fill.
    fn unknown(&self, shape: Shape) -> impl Iterator<Item = String> {
        let known = |column: &&Column| shape.iter().chain(self.optional()).any(|(name, _)| *name == column.name);
        let unknown = self.columns.iter().filter(|column| column.must_be_given).filter(move |column| !known(column));
        unknown.map(|column| format!("\"{}\".\"{}\" must be given in every new row", self.name, column.name))
    }
}

/// Those that are there.
pub(super) struct NodeTables {
    pub(super) users: Option<NodeTable>,
    pub(super) chats: Option<NodeTable>,
}

impl NodeTables {
    /// Why this server cannot work on them.
    fn obstacles(&self) -> Vec<String> {
        let mut said = Vec::new();
        if let Some(users) = &self.users {
            said.extend(users.misfits(USERS));
            let needed: &[_] = if self.chats.is_none() { &["SELECT", "REFERENCES"] } else { &["SELECT"] };
            said.extend(users.grant(needed));
        }
        if let Some(chats) = &self.chats {
            said.extend(chats.misfits(CHATS));
            said.extend(chats.unknown(CHATS).map(|column| format!("{column}: it needs a default")));
            said.extend(chats.grant(&["SELECT", "INSERT", "UPDATE"]));
        }
        said
    }

    /// Not needed, but worth knowing.
    pub(super) fn remarks(&self) -> Vec<String> {
        let there = || self.users.iter().chain(&self.chats);
        let mut said = Vec::new();
        if there().next().is_none() {
            said.push("there are no tables of a Node app here: they will be made".to_owned());
        }
        if let Some(users) = &self.users {
            if let Some(grant) = users.grant(&["INSERT", "UPDATE"]) {
                said.push(format!("sign-up and log-in at this server will not work: {grant}"));
            }
            said.extend(users.unknown(USERS).map(|column| format!("sign-up at this server will not work: {column}")));
        }
        if there().any(|table| !table.may("TRIGGER")) {
            said.push("no right to make triggers: what Node writes will be looked for every second instead".to_owned());
        }
        said
    }
}

impl Store {
    pub(super) async fn node_tables(&self) -> Result<NodeTables, Fault> {
        Ok(NodeTables { users: self.node_table("Users").await?, chats: self.node_table("CommunityChats").await? })
    }

    async fn node_table(&self, name: &'static str) -> Result<Option<NodeTable>, Fault> {
        let mut columns = Vec::new();
        for row in rows(&self.writer, COLUMNS, [name.into()]).await? {
            columns.push(Column {
                name: row.try_get("", "name")?,
                kind: row.try_get("", "kind")?,
                must_be_given: row.try_get("", "must_be_given")?,
            });
        }
        if columns.is_empty() {
            return Ok(None);
        }
        let mut rights = Vec::new();
        for right in RIGHTS {
            if self.holds(&format!("has_table_privilege('\"{name}\"', '{right}')")).await? {
                rights.push(right);
            }
        }
        Ok(Some(NodeTable { name, columns, rights }))
    }

    async fn holds(&self, condition: &str) -> Result<bool, Fault> {
        let answer = row(&self.writer, &format!("SELECT COALESCE({condition}, false) AS holds"), []).await?;
        Ok(answer.map(|row| row.try_get("", "holds")).transpose()?.unwrap_or(false))
    }

    /// Why this server cannot work on this database, in words, one a line.
    pub(super) async fn obstacles(&self, tables: &NodeTables) -> Result<Vec<String>, Fault> {
        let mut said = tables.obstacles();
        if tables.users.is_some() && tables.chats.is_none() && !self.holds(ID_IS_UNIQUE).await? {
            said.push("\"Users\".\"id\" is not unique: a primary key is needed".to_owned());
        }
        let is_prepared = self.migration_status().await?.iter().all(|step| step.applied);
        if !is_prepared && !self.holds("has_schema_privilege(current_schema(), 'CREATE')").await? {
            said.push("this database user may not make tables: GRANT CREATE ON SCHEMA is needed".to_owned());
        }
        Ok(said)
    }

    /// To be asked before any table of ours is made: half an adoption helps nobody.
    pub async fn must_fit(&self) -> Result<(), OpenError> {
        if self.kind == DatabaseKind::Sqlite {
            return Ok(());
        }
        let asked = async { self.obstacles(&self.node_tables().await?).await };
        let obstacles = asked.await.map_err(|fault| OpenError::Fault { place: self.place(), fault })?;
        if obstacles.is_empty() { Ok(()) } else { Err(OpenError::Unfit(obstacles.join("; "))) }
    }
}
