//! Group buying for shoppers: offers, and the groups one is in. Opening and joining a group is
//! submitting an order.

use super::group_entity::{Groupon, GrouponGoods, GrouponRules};
use crate::envelope::{Answer, Envelope, Money, Page, Reply, Zone};
use crate::error::{Failure, ORDER_UNKNOWN, Refusal};
use crate::extract::{Query, Shopper};
use crate::routes::catalogue::goods::Goods;
use crate::routes::order_entity::{ExpressInfo, HandleOption, status_text};
use crate::state::App;
use crate::store::goods;
use crate::store::groupon::{self, GroupRow};
use crate::store::groupon_rule::{self, OfferFilter, RuleRow};
use crate::store::groupon_view::{self, OrderOf, Person};
use crate::store::order::{self, LineRow, OrderRow};
use axum::extract::State;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// The offer that a link leads to.
#[derive(Debug, Serialize, ToSchema)]
pub struct JoinPage {
    groupon: Groupon,
    goods: Goods,
}

/// One of the groups of a shopper, in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MyGroup {
    /// The record.
    id: u64,
    groupon: Groupon,
    rules: GrouponRules,
    /// The opener's nickname.
    creator: String,
    is_creator: bool,
    /// People who have paid, the opener counted.
    joiner_count: usize,
    order_id: u64,
    order_sn: String,
    actual_price: Money,
    order_status_text: &'static str,
    goods_list: Vec<GroupLineBrief>,
}

/// A line of an order of a group, in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupLineBrief {
    id: u64,
    goods_name: String,
    number: i32,
    pic_url: String,
}

/// The groups of a shopper; all of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyGroups {
    total: usize,
    list: Vec<MyGroup>,
}

/// One of the groups of a shopper.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupDetail {
    order_info: GroupOrderInfo,
    order_goods: Vec<GroupLine>,
    /// Courier tracking; left out unless the order is shipped and tracking is set up.
    express_info: Option<ExpressInfo>,
    /// The opener's record.
    link_groupon_id: u64,
    creator: Face,
    /// The opener first, then those who have paid.
    joiners: Vec<Face>,
    groupon: Groupon,
    rules: GrouponRules,
}

/// The order of a group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupOrderInfo {
    id: u64,
    order_sn: String,
    add_time: String,
    consignee: String,
    mobile: String,
    address: String,
    goods_price: Money,
    freight_price: Money,
    actual_price: Money,
    order_status_text: &'static str,
    handle_option: HandleOption,
    /// Courier; left out before shipping.
    exp_code: Option<String>,
    exp_no: Option<String>,
}

/// A line of an order of a group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupLine {
    id: u64,
    order_id: u64,
    goods_id: u64,
    goods_name: String,
    number: i32,
    retail_price: Money,
    pic_url: String,
    goods_specification_values: Vec<String>,
}

/// Somebody in a group.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Face {
    nickname: String,
    avatar: String,
}

/// Goods that can be bought in a group. Failures: 402.
#[utoipa::path(get, path = "/wx/groupon/list", tag = "shop: group buying",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("keyword" = Option<String>, Query),
        ("categoryId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<GrouponGoods>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<GrouponGoods>> {
    let listing = query.listing()?;
    let filter = OfferFilter {
        keyword: query.text("keyword").map(str::to_owned),
        // 0 is any, as in the list of goods.
        category: query.id("categoryId")?.filter(|id| *id > 0),
    };
    let rows = listing.rows(groupon_rule::count_offers(&app.db, &filter).await?)?;
    let found = groupon_rule::list_offers(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|offer| GrouponGoods::show(offer, app.zone)).collect())))
}

/// What a link leads to, of any record of a group. Failures: 402 unknown, or its goods are gone.
#[utoipa::path(get, path = "/wx/groupon/join", tag = "shop: group buying", params(("grouponId" = i64, Query)),
    responses((status = 200, body = Envelope<JoinPage>)))]
pub async fn join(State(app): State<Arc<App>>, query: Query) -> Answer<JoinPage> {
    let unknown = || Refusal::wrong("grouponId");
    let record = groupon::find(&app.db, query.required_id("grouponId")?).await?.ok_or_else(unknown)?;
    let rule = groupon_rule::find(&app.db, record.rule_id).await?.ok_or_else(unknown)?;
    let goods = goods::find(&app.db, rule.goods_id).await?.ok_or_else(unknown)?;
    Ok(Reply::data(JoinPage {
        groupon: Groupon::show(&record, app.zone),
        goods: Goods::show(goods, app.zone),
    }))
}

/// Own groups that were paid: `showType` 0 opened by oneself, otherwise joined. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/groupon/my", tag = "shop: group buying",
    params(("showType" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<MyGroups>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn my(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<MyGroups> {
    let opened = query.int("showType")?.unwrap_or(0) == 0;
    let owner = shopper?.id;
    let records = groupon::of_user(&app.db, owner, opened).await?;
    let list = Beside::read(&app, owner, &records).await?.groups(&records, owner, app.zone);
    Ok(Reply::data(MyGroups { total: list.len(), list }))
}

/// What is shown beside some records, read in one statement each.
struct Beside {
    rules: HashMap<u64, RuleRow>,
    people: HashMap<u64, Person>,
    /// Paid participants of each group.
    paid: HashMap<u64, usize>,
    orders: HashMap<u64, OrderOf>,
    lines: HashMap<u64, Vec<LineRow>>,
}

impl Beside {
    async fn read(app: &App, owner: u64, records: &[GroupRow]) -> Result<Self, Failure> {
        let ids = |id: fn(&GroupRow) -> u64| records.iter().map(id).collect::<Vec<u64>>();
        let rules = groupon_rule::of_ids(&app.db, &ids(|record| record.rule_id)).await?;
        let people = groupon_view::people(&app.db, &ids(|record| record.creator_user_id)).await?;
        let orders = groupon_view::orders(&app.db, owner, &ids(|record| record.order_id)).await?;
        let of_orders: Vec<u64> = orders.iter().map(|order| order.id).collect();
        let mut lines: HashMap<u64, Vec<LineRow>> = HashMap::new();
        for line in order::lines(&app.db, &of_orders).await? {
            lines.entry(line.order_id).or_default().push(line);
        }
        let mut paid: HashMap<u64, usize> = HashMap::new();
        for participant in groupon::participants(&app.db, &ids(GroupRow::group)).await? {
            *paid.entry(participant.groupon_id).or_default() += 1;
        }
        Ok(Self {
            rules: rules.into_iter().map(|rule| (rule.id, rule)).collect(),
            people: people.into_iter().map(|person| (person.id, person)).collect(),
            orders: orders.into_iter().map(|order| (order.id, order)).collect(),
            paid,
            lines,
        })
    }

    /// A record whose order its owner has deleted is left out.
    fn groups(&self, records: &[GroupRow], owner: u64, zone: Zone) -> Vec<MyGroup> {
        let group = |record: &GroupRow| {
            let (order, rule) = (self.orders.get(&record.order_id)?, self.rules.get(&record.rule_id)?);
            let lines = self.lines.get(&order.id).into_iter().flatten();
            Some(MyGroup {
                id: record.id,
                groupon: Groupon::show(record, zone),
                rules: GrouponRules::show(rule, zone),
                creator: self.people.get(&record.creator_user_id).map(|it| it.nickname.clone())?,
                is_creator: record.creator_user_id == owner,
                joiner_count: self.paid.get(&record.group()).copied().unwrap_or(0) + 1,
                order_id: order.id,
                order_sn: order.order_sn.clone(),
                actual_price: Money(order.actual_minor),
                order_status_text: status_text(order.status),
                goods_list: lines.map(line_brief).collect(),
            })
        };
        records.iter().filter_map(group).collect()
    }
}

fn line_brief(line: &LineRow) -> GroupLineBrief {
    GroupLineBrief {
        id: line.id,
        goods_name: line.goods_name.clone(),
        number: line.quantity,
        pic_url: line.pic_url.clone(),
    }
}

/// One of the own groups. Failures: 402, 501, 402 not own, 720 its order is gone.
#[utoipa::path(get, path = "/wx/groupon/detail", tag = "shop: group buying",
    params(("grouponId" = i64, Query)),
    responses((status = 200, body = Envelope<GroupDetail>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn detail(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<GroupDetail> {
    let id = query.required_id("grouponId")?;
    let owner = shopper?.id;
    let found = groupon::find_own(&app.db, id, owner).await?;
    let record = found.ok_or_else(|| Refusal::wrong("grouponId"))?;
    // Of a rule that was deleted the group still tells.
    let rule = groupon_rule::of_ids(&app.db, &[record.rule_id]).await?.pop();
    let rule = rule.ok_or_else(|| Refusal::wrong("grouponId"))?;
    let order = order::find(&app.db, record.order_id, owner).await?.ok_or(ORDER_UNKNOWN)?;
    let lines = order::lines(&app.db, &[order.id]).await?;
    let participants = groupon::participants(&app.db, &[record.group()]).await?;
    let faces = faces(&app, &record, &participants).await?;
    Ok(Reply::data(GroupDetail {
        express_info: super::order::express_info(&app, &order).await,
        order_info: order_info(order, app.zone),
        order_goods: lines.into_iter().map(line).collect(),
        link_groupon_id: record.group(),
        creator: faces.first().cloned().unwrap_or_default(),
        joiners: faces,
        groupon: Groupon::show(&record, app.zone),
        rules: GrouponRules::show(&rule, app.zone),
    }))
}

/// The opener's face and those of the participants.
async fn faces(app: &App, record: &GroupRow, participants: &[GroupRow]) -> Result<Vec<Face>, Failure> {
    let ids: Vec<u64> = std::iter::once(record.creator_user_id)
        .chain(participants.iter().map(|participant| participant.user_id))
        .collect();
    let people = groupon_view::people(&app.db, &ids).await?;
    let people: HashMap<u64, Person> = people.into_iter().map(|person| (person.id, person)).collect();
    let face = |id: &u64| {
        let person = people.get(id);
        person.map(|it| Face { nickname: it.nickname.clone(), avatar: it.avatar.clone() }).unwrap_or_default()
    };
    Ok(ids.iter().map(face).collect())
}

fn order_info(order: OrderRow, zone: Zone) -> GroupOrderInfo {
    GroupOrderInfo {
        id: order.id,
        add_time: zone.show(order.added_at),
        goods_price: Money(order.goods_minor),
        freight_price: Money(order.freight_minor),
        actual_price: Money(order.actual_minor),
        order_status_text: status_text(order.status),
        handle_option: HandleOption::of(order.status),
        exp_code: order.ship_channel,
        exp_no: order.ship_sn,
        order_sn: order.order_sn,
        consignee: order.consignee,
        mobile: order.mobile,
        address: order.address,
    }
}

fn line(line: LineRow) -> GroupLine {
    GroupLine {
        id: line.id,
        order_id: line.order_id,
        goods_id: line.goods_id,
        number: line.quantity,
        retail_price: Money(line.price_minor),
        goods_specification_values: serde_json::from_str(&line.specifications).unwrap_or_default(),
        goods_name: line.goods_name,
        pic_url: line.pic_url,
    }
}
