//! Goods and everything that leads to them: categories, brands, topics, search, advertisements.

use super::Table;
use crate::access::Kind;
use crate::permission::Need;
use crate::routes::admin;
use crate::routes::wx::{brand, catalog, goods, home, issue, search, topic};
use utoipa_axum::routes;

const MALL: &str = "Mall";
const GOODS: &str = "Goods";
const PROMOTION: &str = "Promotion";
const USERS: &str = "Users";

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    staff(table)
        // Home.
        .shop("F-HOME-INDEX", Need::Open, routes!(home::index))
        .shop("F-HOME-INDEX", Need::Open, routes!(home::about))
        .shop("F-HOME-INDEX", Need::Open, routes!(home::cache))
        // Categories.
        .shop("F-HOME-CATLIST", Need::Open, routes!(catalog::index))
        .shop("F-HOME-CATLIST", Need::Open, routes!(catalog::all))
        .shop("F-HOME-CATLIST", Need::Open, routes!(catalog::current))
        .shop("F-HOME-CATLIST", Need::Open, routes!(catalog::first_level))
        .shop("F-HOME-CATLIST", Need::Open, routes!(catalog::below))
        // Goods.
        .shop("F-GOODS-LIST F-HOME-CATGOODS F-SEARCH-RESULT T-M2-CACHE", Need::Open, routes!(goods::list))
        .shop("F-GOODS-COUNT", Need::Open, routes!(goods::count))
        .shop("F-GOODS-CATINFO", Need::Open, routes!(goods::category))
        .shop("F-GOODS-DETAIL", Need::Open, routes!(goods::detail))
        .shop("F-GOODS-RELATED", Need::Open, routes!(goods::related))
        // Brands, topics, common questions.
        .shop("F-BRAND-LIST", Need::Open, routes!(brand::list))
        .shop("F-BRAND-DETAIL", Need::Open, routes!(brand::detail))
        .shop("F-TOPIC-LIST", Need::Open, routes!(topic::list))
        .shop("F-TOPIC-DETAIL", Need::Open, routes!(topic::detail))
        .shop("F-TOPIC-RELATED", Need::Open, routes!(topic::related))
        .shop("A-FAQ-LIST", Need::Open, routes!(issue::list))
        // Search.
        .shop("F-SEARCH-HOT F-SEARCH-HISTORY", Need::Open, routes!(search::index))
        .shop("F-SEARCH-HELPER", Need::Open, routes!(search::helper))
        .shop("F-SEARCH-HISTORY", Need::Login, routes!(search::clear))
        .shop("F-SEARCH-RESULT", Need::Open, routes!(goods::result))
}

#[rustfmt::skip]
fn staff(table: Table) -> Table {
    use admin::{ad, brand, category, goods, history, issue, keyword, topic};
    table
        .may("A-BRAND-LIST A-BRAND-SEARCH", "admin:brand:list", [MALL, "Brands", "Query"], routes!(brand::list))
        .may("A-BRAND-ADD", "admin:brand:create", [MALL, "Brands", "Add"], routes!(brand::create))
        .may("A-BRAND-LIST", "admin:brand:read", [MALL, "Brands", "Detail"], routes!(brand::read))
        .may("A-BRAND-EDIT", "admin:brand:update", [MALL, "Brands", "Edit"], routes!(brand::update))
        .may("A-BRAND-DELETE", "admin:brand:delete", [MALL, "Brands", "Delete"], routes!(brand::delete))
        .may("A-CAT-LIST", "admin:category:list", [MALL, "Categories", "Query"], routes!(category::list))
        .may("A-CAT-LIST", "admin:category:list", [MALL, "Categories", "Query"], routes!(category::first_level))
        .may("A-CAT-ADD", "admin:category:create", [MALL, "Categories", "Add"], routes!(category::create))
        .may("A-CAT-LIST", "admin:category:read", [MALL, "Categories", "Detail"], routes!(category::read))
        .may("A-CAT-EDIT", "admin:category:update", [MALL, "Categories", "Edit"], routes!(category::update))
        .may("A-CAT-DELETE", "admin:category:delete", [MALL, "Categories", "Delete"], routes!(category::delete))
        .may("A-FAQ-LIST A-FAQ-SEARCH", "admin:issue:list", [MALL, "Common questions", "Query"], routes!(issue::list))
        .may("A-FAQ-ADD", "admin:issue:create", [MALL, "Common questions", "Add"], routes!(issue::create))
        .may("A-FAQ-LIST", "admin:issue:read", [MALL, "Common questions", "Detail"], routes!(issue::read))
        .may("A-FAQ-EDIT", "admin:issue:update", [MALL, "Common questions", "Edit"], routes!(issue::update))
        .may("A-FAQ-DELETE", "admin:issue:delete", [MALL, "Common questions", "Delete"], routes!(issue::delete))
        .may("A-KEYWORD-LIST A-KEYWORD-SEARCH", "admin:keyword:list", [MALL, "Keywords", "Query"], routes!(keyword::list))
        .may("A-KEYWORD-ADD", "admin:keyword:create", [MALL, "Keywords", "Add"], routes!(keyword::create))
        .may("A-KEYWORD-LIST", "admin:keyword:read", [MALL, "Keywords", "Detail"], routes!(keyword::read))
        .may("A-KEYWORD-EDIT", "admin:keyword:update", [MALL, "Keywords", "Edit"], routes!(keyword::update))
        .may("A-KEYWORD-DELETE", "admin:keyword:delete", [MALL, "Keywords", "Delete"], routes!(keyword::delete))
        .may("A-GOODS-LIST A-GOODS-SEARCH", "admin:goods:list", [GOODS, "Goods", "Query"], routes!(goods::list))
        .staff("A-GOODS-ADD", Need::Login, Kind::Ordinary, routes!(goods::choices))
        .may("A-GOODS-EDIT", "admin:goods:update", [GOODS, "Goods", "Edit"], routes!(goods::update))
        .may("A-GOODS-DELETE", "admin:goods:delete", [GOODS, "Goods", "Delete"], routes!(goods::delete))
        .may("A-GOODS-ADD", "admin:goods:create", [GOODS, "Goods", "Put on sale"], routes!(goods::create))
        .may("A-GOODS-DETAIL", "admin:goods:read", [GOODS, "Goods", "Detail"], routes!(goods::detail))
        .may("A-AD-LIST A-AD-SEARCH", "admin:ad:list", [PROMOTION, "Ads", "Query"], routes!(ad::list))
        .may("A-AD-ADD", "admin:ad:create", [PROMOTION, "Ads", "Add"], routes!(ad::create))
        .may("A-AD-LIST", "admin:ad:read", [PROMOTION, "Ads", "Detail"], routes!(ad::read))
        .may("A-AD-EDIT", "admin:ad:update", [PROMOTION, "Ads", "Edit"], routes!(ad::update))
        .may("A-AD-DELETE", "admin:ad:delete", [PROMOTION, "Ads", "Delete"], routes!(ad::delete))
        .may("A-TOPIC-LIST A-TOPIC-SEARCH", "admin:topic:list", [PROMOTION, "Topics", "Query"], routes!(topic::list))
        .may("A-TOPIC-ADD", "admin:topic:create", [PROMOTION, "Topics", "Add"], routes!(topic::create))
        .may("A-TOPIC-DETAIL", "admin:topic:read", [PROMOTION, "Topics", "Detail"], routes!(topic::read))
        .may("A-TOPIC-EDIT", "admin:topic:update", [PROMOTION, "Topics", "Edit"], routes!(topic::update))
        .may("A-TOPIC-DELETE", "admin:topic:delete", [PROMOTION, "Topics", "Delete"], routes!(topic::delete))
        .may("A-TOPIC-DELETE", "admin:topic:batch-delete", [PROMOTION, "Topics", "Batch delete"], routes!(topic::batch_delete))
        .may("A-HIST-LIST A-HIST-SEARCH", "admin:history:list", [USERS, "Search history", "Query"], routes!(history::list))
}
