//! Group buying for staff: offers, and who takes part.

use crate::access::Staff;
use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply};
use crate::extract::{Entity, Query};
use crate::groups::desk;
use crate::routes::catalogue::goods::Goods;
use crate::routes::wx::group_entity::{Groupon, GrouponRules};
use crate::state::App;
use crate::store::groupon::{self, GroupRow};
use crate::store::groupon_rule::{self, Filter};
use crate::store::groupon_view;
use axum::extract::State;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What making or changing an offer sends; clients post whole rows back.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct RuleForm {
    /// Only changing one needs it.
    id: Option<u64>,
    goods_id: u64,
    /// Off each unit.
    discount: Money,
    /// People needed, the opener included; at least 2.
    discount_member: u32,
    expire_time: String,
}

/// What deleting an offer sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct RuleId {
    id: u64,
}

/// A group with everybody in it who has paid.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupRecord {
    groupon: Groupon,
    sub_groupons: Vec<Groupon>,
    rules: GrouponRules,
    /// Left out when the goods are deleted.
    goods: Option<Goods>,
}

/// Offers. Failures: 402.
#[utoipa::path(get, path = "/admin/groupon/list", tag = "staff: group buying",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("goodsId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<GrouponRules>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<GrouponRules>> {
    let listing = query.listing()?;
    let filter = Filter { goods: query.id("goodsId")? };
    let rows = listing.rows(groupon_rule::count(&app.db, filter).await?)?;
    let found = groupon_rule::list(&app.db, filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.iter().map(|rule| GrouponRules::show(rule, app.zone)).collect())))
}

/// Groups, newest first. Failures: 402.
#[utoipa::path(get, path = "/admin/groupon/listRecord", tag = "staff: group buying",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("grouponRuleId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<GroupRecord>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list_record(State(app): State<Arc<App>>, query: Query) -> Answer<Page<GroupRecord>> {
    let listing = query.listing()?;
    let rule = query.id("grouponRuleId")?;
    let rows = listing.rows(groupon::count_openers(&app.db, rule).await?)?;
    let openers = groupon::list_openers(&app.db, rule, rows).await?;

    let ids = |id: fn(&GroupRow) -> u64| openers.iter().map(id).collect::<Vec<u64>>();
    let mut joined: HashMap<u64, Vec<Groupon>> = HashMap::new();
    for participant in groupon::participants(&app.db, &ids(|opener| opener.id)).await? {
        joined.entry(participant.groupon_id).or_default().push(Groupon::show(&participant, app.zone));
    }
    let rules = groupon_rule::of_ids(&app.db, &ids(|opener| opener.rule_id)).await?;
    let goods_ids: Vec<u64> = rules.iter().map(|rule| rule.goods_id).collect();
    let goods = groupon_view::goods(&app.db, &goods_ids).await?;
    let goods: HashMap<u64, _> = goods.into_iter().map(|goods| (goods.id, goods)).collect();
    let rules: HashMap<u64, _> = rules.into_iter().map(|rule| (rule.id, rule)).collect();
    let record = |opener: &GroupRow| {
        let rule = rules.get(&opener.rule_id)?;
        Some(GroupRecord {
            groupon: Groupon::show(opener, app.zone),
            sub_groupons: joined.remove(&opener.id).unwrap_or_default(),
            rules: GrouponRules::show(rule, app.zone),
            goods: goods.get(&rule.goods_id).map(|goods| Goods::show(goods.clone(), app.zone)),
        })
    };
    let list = openers.iter().filter_map(record).collect();
    Ok(Reply::data(rows.page(list)))
}

/// Make an offer. Failures: 401, 402, 650 unknown goods, 651 one stands.
#[utoipa::path(post, path = "/admin/groupon/create", tag = "staff: group buying", request_body = RuleForm,
    responses((status = 200, body = Envelope<GrouponRules>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<GrouponRules> {
    let terms = desk::terms(&body, app.zone)?;
    let (rule, changes) = desk::create(&app, &terms).await?;
    Ok(Reply::data(GrouponRules::show(&rule, app.zone)).changing(changes))
}

/// Change an offer that stands. Failures: 401, 402 unknown offer or goods, 652 it stands no more, 651
/// another one stands for the goods.
#[utoipa::path(post, path = "/admin/groupon/update", tag = "staff: group buying", request_body = RuleForm,
    responses((status = 200, body = Envelope<GrouponRules>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<GrouponRules> {
    let id = body.required_id("id")?;
    let terms = desk::terms(&body, app.zone)?;
    let (rule, changes) = desk::update(&app, id, &terms).await?;
    Ok(Reply::data(GrouponRules::show(&rule, app.zone)).changing(changes))
}

/// Delete an offer; running groups go on until its time. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/groupon/delete", tag = "staff: group buying", request_body = RuleId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    let changes = desk::delete(&app, body.required_id("id")?).await?;
    Ok(Reply::done().changing(changes))
}
