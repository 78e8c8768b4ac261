//! Searching: words to begin with, and what a shopper searched for. The results are a list of goods.

use crate::cache::Subject;
use crate::envelope::{Answer, Envelope, Nothing, Ready, Reply};
use crate::error::{Failure, Refusal};
use crate::extract::caller::Caller;
use crate::extract::{Query, Shopper};
use crate::replica;
use crate::routes::catalogue::keyword::Keyword;
use crate::state::App;
use crate::store::{keyword, search_history};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What the search page begins with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchPage {
    /// Left out when there is none.
    default_keyword: Option<Keyword>,
    hot_keyword_list: Vec<Keyword>,
    /// Put beside what is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    history_keyword_list: Option<Vec<SearchedFor>>,
}

/// A word a shopper searched for.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchedFor {
    keyword: String,
}

/// Words to begin with; a shopper's own ones, the latest first.
#[utoipa::path(get, path = "/wx/search/index", tag = "shop: search",
    responses((status = 200, body = Envelope<SearchPage>)))]
pub async fn index(State(app): State<Arc<App>>, caller: Caller) -> Result<Ready, Failure> {
    let app = &*app;
    let load = |db| async move {
        let hot = keyword::hot(&db).await?;
        Ok(SearchPage {
            default_keyword: keyword::default_one(&db).await?.map(|row| Keyword::show(row, app.zone)),
            hot_keyword_list: hot.into_iter().map(|row| Keyword::show(row, app.zone)).collect(),
            history_keyword_list: None,
        })
    };
    let load = |moment| replica::read(app, moment, load);
    let kept = app.cache.get(&app.redis, &[Subject::Keywords], "search:page", load).await?;
    let words = match caller.known() {
        Some(shopper) => search_history::latest_words(&app.db, shopper.id).await?,
        None => Vec::new(),
    };
    let words: Vec<_> = words.into_iter().map(|keyword| SearchedFor { keyword }).collect();
    Ok(Ready::new(kept).with("historyKeywordList", words)?)
}

/// Keywords that contain a text. Failures: 402.
#[utoipa::path(get, path = "/wx/search/helper", tag = "shop: search",
    params(("keyword" = String, Query), ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Vec<String>>)))]
pub async fn helper(State(app): State<Arc<App>>, query: Query) -> Answer<Vec<String>> {
    let text = query.text_within("keyword", 127)?;
    let text = text.ok_or_else(|| Refusal::wrong_because("keyword", "is missing"))?;
    let rows = query.listing()?.rows(keyword::count_containing(&app.db, text).await?)?;
    Ok(Reply::data(keyword::containing(&app.db, text, rows).await?))
}

/// Forget what the caller searched for. Failures: 501.
#[utoipa::path(post, path = "/wx/search/clearhistory", tag = "shop: search",
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn clear(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<Nothing> {
    search_history::clear(&app.db, shopper.id).await?;
    Ok(Reply::done())
}
