//! Which rows staff write whole, and the statements that do it.

use super::Kind;
use crate::cache::Subject;
use crate::error::{Failure, Refusal};
use crate::store::{ad, brand, category, issue, keyword, topic};
use sqlx::MySqlConnection;

macro_rules! statements_of {
    ($store:ident) => {
        async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Self>> {
            $store::lock(db, id).await
        }

        async fn insert(&self, db: &mut MySqlConnection) -> sqlx::Result<u64> {
            $store::insert(db, self).await
        }

        async fn update(&self, db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
            $store::update(db, id, self).await
        }

        async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
            $store::delete(db, id).await
        }
    };
}

impl Kind for ad::Ad {
    const SUBJECT: Subject = Subject::Ads;
    statements_of!(ad);
}

impl Kind for brand::Brand {
    const SUBJECT: Subject = Subject::Brands;
    statements_of!(brand);
}

impl Kind for issue::Issue {
    const SUBJECT: Subject = Subject::Issues;
    statements_of!(issue);
}

impl Kind for keyword::Keyword {
    const SUBJECT: Subject = Subject::Keywords;
    statements_of!(keyword);
}

impl Kind for topic::Topic {
    const SUBJECT: Subject = Subject::Topics;
    statements_of!(topic);
}

impl Kind for category::Category {
    const SUBJECT: Subject = Subject::Categories;
    statements_of!(category);

    /// There are two levels: a parent is of the first, and what has children stays there.
    async fn check(&self, db: &mut MySqlConnection, id: u64) -> Result<(), Failure> {
        if self.level == category::FIRST {
            return Ok(());
        }
        let parent = category::level(db, self.parent_id).await?;
        if parent != Some(category::FIRST) || self.parent_id == id {
            return Err(Refusal::wrong_because("pid", "is no category of the first level").into());
        }
        if id != 0 && category::has_children(db, id).await? {
            return Err(Refusal::wrong_because("level", "the category has children").into());
        }
        Ok(())
    }
}
