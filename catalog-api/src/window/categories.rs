//! Categories as the shop shows them.

use crate::cache::Subject;
use crate::error::{Failure, Refusal};
use crate::replica;
use crate::routes::catalogue::category::Category;
use crate::state::App;
use crate::store::category::{self, CategoryRow, FIRST, SECOND};
use serde::Serialize;
use sqlx::MySqlPool;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A category of the first level with those below it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Current {
    current_category: Option<Category>,
    current_sub_category: Option<Vec<Category>>,
}

/// The first level, and one of it with those below it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogPage {
    category_list: Vec<Category>,
    /// Left out when the id is unknown.
    current_category: Option<Category>,
    current_sub_category: Option<Vec<Category>>,
}

/// Both levels whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeCatalog {
    category_list: Vec<Category>,
    /// What is below each category of the first level, by its id, which is text as every name in JSON.
    #[schema(value_type = BTreeMap<String, Vec<Category>>)]
    all_list: BTreeMap<u64, Vec<Category>>,
    current_category: Option<Category>,
    current_sub_category: Vec<Category>,
}

/// A category with its parent and its siblings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Family {
    current_category: Category,
    parent_category: Option<Category>,
    brother_category: Vec<Category>,
}

async fn kept<T, F>(app: &App, name: &str, load: impl Fn(MySqlPool) -> F) -> Result<Arc<str>, Failure>
where
    T: Serialize,
    F: Future<Output = Result<T, Failure>>,
{
    let load = |moment| replica::read(app, moment, load);
    app.cache.get(&app.redis, &[Subject::Categories], &format!("categories:{name}"), load).await
}

fn shown(app: &App, rows: Vec<CategoryRow>) -> Vec<Category> {
    Category::all(rows, app.zone)
}

/// The first level.
pub async fn first_level(app: &App) -> Result<Arc<str>, Failure> {
    kept(app, "first", |db| async move { Ok(shown(app, category::of_level(&db, FIRST).await?)) }).await
}

/// What is below a category.
pub async fn below(app: &App, id: u64) -> Result<Arc<str>, Failure> {
    kept(app, &format!("below:{id}"), |db| async move { Ok(shown(app, category::children(&db, id).await?)) })
        .await
}

/// The first level, and what is below one of it; without an id below the first.
pub async fn page(app: &App, id: Option<u64>) -> Result<Arc<str>, Failure> {
    kept(app, &format!("page:{id:?}"), |db| async move {
        let first = category::of_level(&db, FIRST).await?;
        let current = match id {
            None => first.first().cloned(),
            Some(id) => category::find(&db, id).await?,
        };
        let below = match &current {
            None => None,
            Some(current) => Some(shown(app, category::children(&db, current.id).await?)),
        };
        Ok(CatalogPage {
            category_list: shown(app, first),
            current_category: current.map(|row| Category::show(row, app.zone)),
            current_sub_category: below,
        })
    })
    .await
}

/// Both levels whole.
pub async fn whole(app: &App) -> Result<Arc<str>, Failure> {
    kept(app, "whole", |db| async move {
        let first = shown(app, category::of_level(&db, FIRST).await?);
        let second = category::of_level(&db, SECOND).await?;
        let mut all: BTreeMap<u64, Vec<Category>> =
            first.iter().map(|category| (category.id, Vec::new())).collect();
        for row in second {
            if let Some(below) = all.get_mut(&row.category.parent_id) {
                below.push(Category::show(row, app.zone));
            }
        }
        let current = first.first().cloned();
        let below = current.as_ref().and_then(|current| all.get(&current.id)).cloned();
        Ok(WholeCatalog {
            category_list: first,
            all_list: all,
            current_category: current,
            current_sub_category: below.unwrap_or_default(),
        })
    })
    .await
}

/// A category and what is below it.
pub async fn current(app: &App, id: u64) -> Result<Arc<str>, Failure> {
    kept(app, &format!("current:{id}"), |db| async move {
        let row = category::find(&db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
        Ok(Current {
            current_category: Some(Category::show(row, app.zone)),
            current_sub_category: Some(shown(app, category::children(&db, id).await?)),
        })
    })
    .await
}

/// A category of the second level among its siblings. One of the first level stands for the first below
/// it, or for itself when there is none.
pub async fn family(app: &App, id: u64) -> Result<Arc<str>, Failure> {
    kept(app, &format!("family:{id}"), |db| async move {
        let row = category::find(&db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
        let (current, parent, brothers) = if row.category.level == FIRST {
            let children = category::children(&db, id).await?;
            (children.first().cloned().unwrap_or_else(|| row.clone()), Some(row), children)
        } else {
            let parent = category::find(&db, row.category.parent_id).await?;
            let brothers = category::children(&db, row.category.parent_id).await?;
            (row, parent, brothers)
        };
        Ok(Family {
            current_category: Category::show(current, app.zone),
            parent_category: parent.map(|row| Category::show(row, app.zone)),
            brother_category: shown(app, brothers),
        })
    })
    .await
}
