//! Share posters of goods and of groups: what they show, and where they are.

use sqlx::{FromRow, MySqlConnection};

/// What a poster is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Goods.
    Goods,
    /// A group, by its opener's record.
    Group,
}

/// What is known of a subject.
#[derive(Clone, Debug, FromRow)]
pub struct PosterRow {
    /// The goods' picture.
    pub pic_url: String,
    /// The poster there is; empty for none.
    pub share_url: String,
}

/// A subject, if it is still there.
pub async fn read(db: &mut MySqlConnection, of: Subject, id: u64) -> sqlx::Result<Option<PosterRow>> {
    sqlx::query_as(match of {
        Subject::Goods => "select pic_url, share_url from goods where id = ? and deleted = false",
        Subject::Group => {
            "select r.pic_url, g.share_url from groupon g join groupon_rule r on r.id = g.rule_id \
             where g.id = ? and g.deleted = false"
        }
    })
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Notes where a poster is. It is nobody's edit, so neither the version nor the time of change moves. Those
/// who joined a group show its poster as well.
pub async fn set(db: &mut MySqlConnection, of: Subject, id: u64, url: &str) -> sqlx::Result<()> {
    match of {
        Subject::Goods => {
            sqlx::query("update goods set share_url = ?, updated_at = updated_at where id = ?")
                .bind(url)
                .bind(id)
                .execute(db)
                .await?;
        }
        Subject::Group => {
            sqlx::query(
                "update groupon set share_url = ?, updated_at = updated_at where id = ? or groupon_id = ?",
            )
            .bind(url)
            .bind(id)
            .bind(id)
            .execute(db)
            .await?;
        }
    }
    Ok(())
}
