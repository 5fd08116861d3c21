//! Triggers on Node's two tables (PostgreSQL) that note who else wrote what. They lock and number
//! nothing: Node's transactions must never wait for us. Plain row triggers without column lists or
//! WHEN, since those would stop Sequelize's `sync({ alter: true })`.

use sea_orm_migration::prelude::*;

/// The channel that tells a server to look into `chat_foreign`.
pub const CHANNEL: &str = "community_chat_foreign";

/// Set to `on` inside our own transactions, so that the triggers pass them over.
pub const OWN_WRITER: &str = "community_chat.own_writer";

/// SECURITY DEFINER: Node's database user need not know of our tables.
const INSTALL: &str = r#"
CREATE OR REPLACE FUNCTION chat_note_foreign() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF current_setting('community_chat.own_writer', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        EXECUTE format('INSERT INTO %I.chat_foreign (source, row_id) VALUES ($1, $2)', TG_TABLE_SCHEMA) USING TG_TABLE_NAME, NEW.id;
    END IF;
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.id <> NEW.id) THEN
        EXECUTE format('INSERT INTO %I.chat_foreign (source, row_id) VALUES ($1, $2)', TG_TABLE_SCHEMA) USING TG_TABLE_NAME, OLD.id;
    END IF;
    NOTIFY community_chat_foreign;
    RETURN NULL;
END $$
"#;

const TABLES: [&str; 2] = ["Users", "CommunityChats"];

/// Makes the triggers where they are missing. Needs the right to do so on Node's tables.
pub async fn install(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared(INSTALL).await?;
    for table in TABLES {
        db.execute_unprepared(&format!(
            "CREATE OR REPLACE TRIGGER chat_note_foreign AFTER INSERT OR UPDATE OR DELETE ON \"{table}\" \
             FOR EACH ROW EXECUTE FUNCTION chat_note_foreign()"
        ))
        .await?;
    }
    Ok(())
}

/// Whether both triggers stand.
pub async fn installed(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let statement = sea_orm_migration::sea_orm::Statement::from_string(
        db.get_database_backend(),
        "SELECT 1 FROM pg_trigger WHERE tgname = 'chat_note_foreign' AND tgenabled <> 'D' \
         AND tgrelid IN ('\"Users\"'::regclass, '\"CommunityChats\"'::regclass)",
    );
    Ok(db.query_all_raw(statement).await?.len() == TABLES.len())
}

pub async fn remove(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    for table in TABLES {
        db.execute_unprepared(&format!("DROP TRIGGER IF EXISTS chat_note_foreign ON \"{table}\"")).await?;
    }
    db.execute_unprepared("DROP FUNCTION IF EXISTS chat_note_foreign()").await?;
    Ok(())
}
