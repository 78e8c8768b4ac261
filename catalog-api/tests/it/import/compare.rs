//! Both databases beside each other: how many rows, and member by member.

use super::shop::Litemall;
use crate::harness::World;
use sqlx::AssertSqlSafe;

/// Table there, table here, and which of their rows have to be here.
const ROWS: &[(&str, &str, &str)] = &[
    ("ad", "ad", "true"),
    ("address", "address", "s.user_id not in (select id from litemall_user where deleted = 1)"),
    ("admin", "admin", "true"),
    ("aftersale", "aftersale", "true"),
    ("brand", "brand", "true"),
    ("cart", "cart", "s.deleted = 0"),
    ("category", "category", "true"),
    ("collect", "collect", "true"),
    ("comment", "comment", "true"),
    ("coupon", "coupon", "true"),
    ("coupon_user", "coupon_user", "true"),
    ("feedback", "feedback", "true"),
    ("footprint", "footprint", "true"),
    ("goods", "goods", "true"),
    ("goods_attribute", "goods_attribute", "true"),
    ("goods_product", "sku", "true"),
    ("goods_specification", "goods_specification", "true"),
    ("groupon", "groupon", "true"),
    ("groupon_rules", "groupon_rule", "true"),
    ("issue", "issue", "true"),
    ("keyword", "keyword", "true"),
    ("log", "operation_log", "s.deleted = 0"),
    ("notice", "notice", "true"),
    ("notice_admin", "notice_admin", "true"),
    ("order", "orders", "true"),
    ("order_goods", "order_goods", "true"),
    ("permission", "role_permission", "s.deleted = 0"),
    ("role", "role", "true"),
    ("search_history", "search_history", "true"),
    ("storage", "storage", "true"),
    ("system", "setting", "true"),
    ("topic", "topic", "true"),
    ("user", "shopper", "true"),
];

/// Names there and here.
type Members = &'static [(&'static str, &'static str)];

/// Members that are there under another name, in another unit or at another offset. `~` is the time eight
/// hours before, `*100` an amount in minor units.
const MEMBERS: &[(&str, &str, Members)] = &[
    (
        "order",
        "orders",
        &[
            ("user_id", "user_id"),
            ("order_sn", "order_sn"),
            ("order_status", "status"),
            ("aftersale_status", "aftersale_status"),
            ("consignee", "consignee"),
            ("mobile", "mobile"),
            ("address", "address"),
            ("message", "message"),
            ("goods_price*100", "goods_minor"),
            ("freight_price*100", "freight_minor"),
            ("coupon_price*100", "coupon_minor"),
            ("integral_price*100", "integral_minor"),
            ("groupon_price*100", "groupon_minor"),
            ("order_price*100", "order_minor"),
            ("actual_price*100", "actual_minor"),
            ("pay_id", "pay_id"),
            ("~pay_time", "paid_at"),
            ("ship_sn", "ship_sn"),
            ("ship_channel", "ship_channel"),
            ("~ship_time", "shipped_at"),
            ("refund_amount*100", "refund_minor"),
            ("refund_type", "refund_type"),
            ("refund_content", "refund_content"),
            ("~refund_time", "refunded_at"),
            ("~confirm_time", "confirmed_at"),
            ("comments", "comments"),
            ("~end_time", "ended_at"),
            ("~add_time", "added_at"),
            ("~update_time", "updated_at"),
            ("deleted", "deleted"),
        ],
    ),
    (
        "order_goods",
        "order_goods",
        &[
            ("order_id", "order_id"),
            ("goods_id", "goods_id"),
            ("goods_name", "goods_name"),
            ("goods_sn", "goods_sn"),
            ("product_id", "sku_id"),
            ("number", "quantity"),
            ("price*100", "price_minor"),
            ("specifications", "specifications"),
            ("pic_url", "pic_url"),
            ("comment", "comment_id"),
            ("~add_time", "added_at"),
            ("~update_time", "updated_at"),
            ("deleted", "deleted"),
        ],
    ),
    (
        "goods",
        "goods",
        &[
            ("goods_sn", "goods_sn"),
            ("name", "name"),
            ("category_id", "category_id"),
            ("brand_id", "brand_id"),
            ("is_on_sale", "on_sale"),
            ("is_new", "is_new"),
            ("is_hot", "is_hot"),
            ("counter_price*100", "counter_price_minor"),
            ("retail_price*100", "retail_price_minor"),
            ("detail", "detail"),
            ("json_value(coalesce(s.gallery, '[]'), '$[1]')", "json_value(t.gallery, '$[1]')"),
            ("~add_time", "added_at"),
        ],
    ),
    (
        "goods_product",
        "sku",
        &[
            ("goods_id", "goods_id"),
            ("price*100", "price_minor"),
            ("number", "stock"),
            ("deleted", "deleted"),
        ],
    ),
    (
        "collect",
        "collect",
        &[("user_id", "user_id"), ("value_id", "value_id"), ("type", "kind"), ("deleted", "deleted")],
    ),
    (
        "comment",
        "comment",
        &[("value_id", "value_id"), ("type", "kind"), ("star", "star"), ("admin_content", "reply")],
    ),
    (
        "coupon_user",
        "coupon_user",
        &[
            ("user_id", "user_id"),
            ("status", "status"),
            ("order_id", "order_id"),
            ("~used_time", "used_at"),
            ("~end_time", "ends_at"),
        ],
    ),
    (
        "aftersale",
        "aftersale",
        &[("order_id", "order_id"), ("status", "status"), ("type", "kind"), ("amount*100", "amount_minor")],
    ),
    (
        "groupon_rules",
        "groupon_rule",
        &[("discount*100", "discount_minor"), ("discount_member", "members"), ("~expire_time", "expires_at")],
    ),
];

/// All of it.
pub(super) async fn all_rows(world: &World, old: &Litemall) {
    let mall = world.prefix.as_str();
    let count = async |statement: String| -> i64 {
        let text = statement.clone();
        let counted = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&old.db).await;
        counted.unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    for (theirs, ours, come) in ROWS {
        let there = count(format!("select count(*) from litemall_{theirs} s where {come}")).await;
        let here = count(format!("select count(*) from {mall}.{ours}")).await;
        assert_eq!(there, here, "rows of {theirs}");
        assert!(there > 0, "{theirs} has rows");
    }
    for (theirs, ours, members) in MEMBERS {
        for (member, column) in *members {
            let member = match (member.strip_prefix('~'), member.contains('(')) {
                (Some(time), _) => format!("date_sub(s.{time}, interval 8 hour)"),
                (None, true) => (*member).to_owned(),
                (None, false) => format!("s.{member}"),
            };
            let column = if column.contains('(') { (*column).to_owned() } else { format!("t.{column}") };
            let differ = count(format!(
                "select count(*) from litemall_{theirs} s join {mall}.{ours} t on t.id = s.id \
                 where not ({member} <=> {column})"
            ))
            .await;
            assert_eq!(differ, 0, "{theirs}: {member} is {column}");
        }
    }
    random_orders(world, old).await;
    what_follows(world).await;
}

/// Some orders as they stand in both, read apart from each other.
async fn random_orders(world: &World, old: &Litemall) {
    let there = "select cast(id as unsigned), concat_ws('|', user_id, order_sn, order_status, consignee, address, \
        actual_price, coalesce(pay_time, '-'), coalesce(ship_sn, '-'), coalesce(refund_amount, '-'), add_time, \
        (select group_concat(g.goods_name, g.number, 'x', g.price order by g.id) from litemall_order_goods g \
        where g.order_id = o.id)) from litemall_order o order by rand() limit 50";
    let here = "select concat_ws('|', user_id, order_sn, status, consignee, address, \
        cast(actual_minor / 100 as decimal(10,2)), \
        coalesce(cast(date_add(paid_at, interval 8 hour) as datetime), '-'), coalesce(ship_sn, '-'), \
        coalesce(cast(refund_minor / 100 as decimal(10,2)), '-'), cast(date_add(added_at, interval 8 hour) as datetime), \
        (select group_concat(g.goods_name, g.quantity, 'x', cast(g.price_minor / 100 as decimal(10,2)) order by g.id) \
        from order_goods g where g.order_id = o.id)) from orders o where id = ?";
    let some: Vec<(u64, String)> = sqlx::query_as(there).fetch_all(&old.db).await.unwrap();
    assert!(some.len() >= 20);
    for (id, there) in some {
        let here: String = sqlx::query_scalar(here).bind(id).fetch_one(&world.db).await.unwrap();
        assert_eq!(here, there, "order {id}");
    }
}

/// What is nowhere in theirs and has to be in ours.
async fn what_follows(world: &World) {
    let count = async |statement: &'static str| -> i64 {
        sqlx::query_scalar(statement).fetch_one(&world.db).await.unwrap()
    };
    let unpaid = "select count(*) from orders where pay_by <> date_add(added_at, interval 45 minute)";
    assert_eq!(count(unpaid).await, 0, "the time to pay is the old shop's");
    let paid = "select count(*) from orders o left join payment p on p.order_id = o.id and p.provider = 'wechat' \
        and p.transaction_id = o.pay_id and p.amount_minor = o.actual_minor and p.paid_at = o.paid_at \
        where (o.status in (201, 202, 301, 401, 402)) <> (p.id is not null)";
    assert_eq!(count(paid).await, 0, "what was paid can go back");
    let claimed = "select count(*) from coupon c where claimed <> \
        (select count(*) from coupon_user u where u.coupon_id = c.id)";
    assert_eq!(count(claimed).await, 0, "claims are counted");
    assert_eq!(
        count("select count(*) from due_task where kind = 'groupon_expiry' and subject_id = 2").await,
        1
    );
    assert_eq!(count("select count(*) from stat_mark where followed_to > '1970-01-02'").await, 0);
    let personal = "select count(*) from shopper where deleted and (nickname <> '' or mobile <> '' \
        or password_hash <> '' or username not like 'deleted-%')";
    assert_eq!(count(personal).await, 0, "nothing is left of who is gone");
    assert_eq!(count("select count(*) from shopper where mobile = '13900000001'").await, 1);
    assert_eq!(count("select count(*) from admin where avatar <> ''").await, 0);
    assert_eq!(
        count("select count(*) from comment where (reply <> '') <> (replied_at is not null)").await,
        0
    );
    assert_eq!(count("select count(*) from coupon where goods_scope_ids = '[1,2]'").await, 1);
    let progress = "select count(*) from import_progress where finished_at is null \
        or read_rows <> copied_rows + left_out_rows + not_kept_rows";
    assert_eq!(count(progress).await, 0);
}
