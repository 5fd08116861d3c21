use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_rooms")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub kind: Kind,
    pub created_by: Option<Uuid>,
    pub created_at: i64,
    pub last_seq: i64,
    pub last_rev: i64,
    pub last_at: i64,
    pub visible: i64,
    pub updated_at: i64,
    pub archived_at: Option<i64>,
    pub deleted_at: Option<i64>,
    pub slow_mode_seconds: i32,
    pub members: i64,
    pub version: i64,
    pub pair: Option<String>,
    /// As it is searched.
    pub name_lower: String,
    /// Of a deleted room: nothing of it is left.
    pub emptied_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    Main,
    Public,
    Private,
    Guild,
    Direct,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
