//! What people say and do beside buying; activities; files; figures.

use super::Table;
use crate::access::Kind;
use crate::permission::Need;
use crate::routes::admin;
use crate::routes::wx::{bbq, collect, comment, feedback, fishing, footprint, qa, region, storage};
use utoipa_axum::routes;

const GOODS: &str = "Goods";
const COMMENTS: &str = "Comments";
const QUESTIONS: &str = "Questions and answers";
const USERS: &str = "Users";
const FEEDBACK: &str = "Feedback";
const ACTIVITIES: &str = "Activities";
const FISHING: &str = "Fishing";
const BARBECUE: &str = "Barbecue";
const SYSTEM: &str = "System";
const STORAGE: &str = "Object storage";
const STATISTICS: &str = "Statistics";

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    activities(table)
        // What people say.
        .shop("F-COMMENT-LIST", Need::Login, routes!(comment::post))
        .shop("F-COMMENT-COUNT", Need::Open, routes!(comment::count))
        .shop("F-COMMENT-LIST", Need::Open, routes!(comment::list))
        .may("A-COMMENT-REPLIED A-COMMENT-UNREPLIED A-COMMENT-SEARCH", "admin:comment:list", [GOODS, COMMENTS, "Query"], routes!(admin::comment::list))
        .may("A-COMMENT-DELETE", "admin:comment:delete", [GOODS, COMMENTS, "Delete"], routes!(admin::comment::delete))
        .shop("F-QA-ASK", Need::Login, routes!(qa::ask))
        .shop("F-QA-LIST", Need::Open, routes!(qa::list))
        .may("A-QA-LIST", "admin:qa:list", [GOODS, QUESTIONS, "Query"], routes!(admin::qa::list))
        .may("A-QA-LIST", "admin:qa:answer", [GOODS, QUESTIONS, "Answer"], routes!(admin::qa::answer))
        .may("A-QA-LIST", "admin:qa:hide", [GOODS, QUESTIONS, "Hide"], routes!(admin::qa::hide))
        .may("A-QA-LIST", "admin:qa:delete", [GOODS, QUESTIONS, "Delete"], routes!(admin::qa::delete))
        .shop("F-ME-FEEDBACK", Need::Login, routes!(feedback::submit))
        .may("A-FEED-REPLIED A-FEED-UNREPLIED", "admin:feedback:list", [USERS, FEEDBACK, "Query"], routes!(admin::feedback::list))
        .may("A-FEED-SMS", "admin:feedback:reply", [USERS, FEEDBACK, "Reply by text message"], routes!(admin::feedback::reply))
        // What people look at and keep.
        .shop("F-COLL-LIST", Need::Login, routes!(collect::list))
        .shop("F-COLL-TOGGLE", Need::Login, routes!(collect::toggle))
        .may("A-COLL-LIST A-COLL-SEARCH", "admin:collect:list", [USERS, "Favourites", "Query"], routes!(admin::collect::list))
        .shop("F-ME-FOOTLIST", Need::Login, routes!(footprint::list))
        .shop("F-ME-FOOTDEL", Need::Login, routes!(footprint::delete))
        .may("A-FOOT-LIST A-FOOT-SEARCH", "admin:footprint:list", [USERS, "Footprints", "Query"], routes!(admin::footprint::list))
        // Regions.
        .shop("F-ADDR-REGION", Need::Open, routes!(region::list))
        .staff("A-REGION-LIST", Need::Login, Kind::Ordinary, routes!(admin::region::list))
        .staff("A-REGION-LIST", Need::Login, Kind::Ordinary, routes!(admin::region::clist))
        // Files.
        .shop("T-M2-OSS", Need::Open, routes!(storage::upload))
        .shop("T-M2-OSS", Need::Open, routes!(storage::fetch))
        .shop("T-M2-OSS", Need::Open, routes!(storage::download))
        .may("A-STORE-LIST A-STORE-SEARCH", "admin:storage:list", [SYSTEM, STORAGE, "Query"], routes!(admin::storage::list))
        .may("A-STORE-ADD", "admin:storage:create", [SYSTEM, STORAGE, "Upload"], routes!(admin::storage::create))
        .may("A-STORE-LIST", "admin:storage:read", [SYSTEM, STORAGE, "Detail"], routes!(admin::storage::read))
        .may("A-STORE-EDIT", "admin:storage:update", [SYSTEM, STORAGE, "Edit"], routes!(admin::storage::update))
        .may("A-STORE-DELETE", "admin:storage:delete", [SYSTEM, STORAGE, "Delete"], routes!(admin::storage::delete))
        // Figures.
        .staff("A-DASH", Need::Login, Kind::Ordinary, routes!(admin::dashboard::dashboard))
        .may("A-STAT-USER T-M2-STATS", "admin:stat:user", [STATISTICS, "Users", "Query"], routes!(admin::stat::user))
        .may("A-STAT-ORDER T-M2-STATS", "admin:stat:order", [STATISTICS, "Orders", "Query"], routes!(admin::stat::order))
        .may("A-STAT-GOODS T-M2-STATS", "admin:stat:goods", [STATISTICS, "Goods", "Query"], routes!(admin::stat::goods))
}

#[rustfmt::skip]
fn activities(table: Table) -> Table {
    table
        // Fishing.
        .shop("F-FISH-BUY", Need::Open, routes!(fishing::list))
        .shop("F-FISH-BUY", Need::Open, routes!(fishing::detail))
        .sensitive("F-FISH-BUY", Need::Login, routes!(fishing::buy))
        .shop("F-FISH-BUY", Need::Login, routes!(fishing::my))
        .may("A-FISH-LIST A-FISH-SEARCH", "admin:fishing:list", [ACTIVITIES, FISHING, "Query"], routes!(admin::fishing::list))
        .may("A-FISH-LIST", "admin:fishing:read", [ACTIVITIES, FISHING, "Detail"], routes!(admin::fishing::read))
        .may("A-FISH-ADD", "admin:fishing:create", [ACTIVITIES, FISHING, "Add"], routes!(admin::fishing::create))
        .may("A-FISH-EDIT", "admin:fishing:update", [ACTIVITIES, FISHING, "Edit"], routes!(admin::fishing::update))
        .may("A-FISH-DELETE", "admin:fishing:delete", [ACTIVITIES, FISHING, "Delete"], routes!(admin::fishing::delete))
        // Barbecue stands.
        .shop("F-BBQ-BOOK", Need::Open, routes!(bbq::slots))
        .sensitive("F-BBQ-BOOK", Need::Login, routes!(bbq::book))
        .shop("F-BBQ-BOOK", Need::Login, routes!(bbq::my))
        .may("A-BBQ-LIST A-BBQ-SEARCH", "admin:bbq:list", [ACTIVITIES, BARBECUE, "Query"], routes!(admin::bbq::list))
        .may("A-BBQ-LIST", "admin:bbq:read", [ACTIVITIES, BARBECUE, "Detail"], routes!(admin::bbq::read))
        .may("A-BBQ-ADD", "admin:bbq:create", [ACTIVITIES, BARBECUE, "Add"], routes!(admin::bbq::create))
        .may("A-BBQ-EDIT", "admin:bbq:update", [ACTIVITIES, BARBECUE, "Edit"], routes!(admin::bbq::update))
        .may("A-BBQ-DELETE", "admin:bbq:delete", [ACTIVITIES, BARBECUE, "Delete"], routes!(admin::bbq::delete))
        .may("A-BBQ-LIST", "admin:bbq:list", [ACTIVITIES, BARBECUE, "Bookings"], routes!(admin::bbq::bookings))
}
