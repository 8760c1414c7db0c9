//! New read models take the place of the live ones.

use sqlx::Connection;

use super::shadow::Shadow;
use crate::database::{Database, StoreError};
use crate::projection::rows::TABLES;

/// All tables in one transaction: nobody sees some of the old rows and some of the new, and a
/// server that takes facts in meanwhile waits.
pub(super) async fn adopt(live: &Database, shadow: &Shadow) -> Result<(), StoreError> {
    let mut connection = live.reader().await?;
    if let Shadow::File(file) = shadow {
        let attach = sqlx::query(ATTACH).bind(file.to_string_lossy().into_owned());
        attach.execute(&mut *connection).await?;
    }
    let mut transaction = connection.begin_with(live.begin_text()).await?;
    if let Shadow::Schema = shadow {
        sqlx::query(LOCK).execute(&mut *transaction).await?;
    }
    for table in TABLES {
        sqlx::query(table.texts.clear).execute(&mut *transaction).await?;
        sqlx::query(table.texts.adopt).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    if let Shadow::File(_) = shadow {
        sqlx::query(DETACH).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Of SQLite: from then on the tables of the file are those of a schema `rebuilt`, too.
const ATTACH: &str = "ATTACH DATABASE $1 AS rebuilt";
const DETACH: &str = "DETACH DATABASE rebuilt";
/// Of PostgreSQL: whoever takes facts in begins with this table. SQLite has one writer anyway.
const LOCK: &str = "LOCK TABLE sale_checkpoints IN EXCLUSIVE MODE";
