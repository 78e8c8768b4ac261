//! What the demo mall sells.

use crate::state::App;
use sqlx::MySqlConnection;

/// Ids the sales and the printed lines need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Catalog {
    /// Goods of the demo sale.
    pub(super) goods: u64,
    /// Its SKU.
    pub(super) product: u64,
    /// Goods of the sale that is about to start.
    pub(super) next_goods: u64,
    /// Its SKU.
    pub(super) next_product: u64,
    /// Coupon of flash-sale type.
    pub(super) coupon: u64,
}

struct Item {
    sn: &'static str,
    name: &'static str,
    brief: &'static str,
    unit: &'static str,
    /// What each SKU is called and costs, and how many there are; the first is the cheapest.
    skus: &'static [(&'static str, i64, i64)],
}

const ITEMS: &[Item] = &[
    Item {
        sn: "TEA-001",
        name: "Dragon Well spring tea",
        brief: "picked before the April rain, in a tin of 100 g",
        unit: "tin",
        skus: &[("100 g", 5_900, 5_000), ("250 g", 12_900, 2_000)],
    },
    Item {
        sn: "CUP-001",
        name: "Celadon tea cup",
        brief: "fired twice, each with a glaze of its own",
        unit: "piece",
        skus: &[("sea green", 3_800, 3_000), ("plum", 4_200, 1_000)],
    },
    Item {
        sn: "LAMP-001",
        name: "Paper lantern lamp",
        brief: "a warm light that folds flat",
        unit: "piece",
        skus: &[("small", 12_900, 800), ("large", 18_900, 400)],
    },
    Item {
        sn: "BLAN-001",
        name: "Lambswool blanket",
        brief: "130 × 180 cm, washable",
        unit: "piece",
        skus: &[("oat", 26_900, 600), ("fir", 26_900, 600)],
    },
    Item {
        sn: "ROD-001",
        name: "Travel fishing rod",
        brief: "four pieces, 2.4 m, in a tube",
        unit: "piece",
        skus: &[("2.4 m", 19_900, 500)],
    },
];

/// Goods, the fishing day and the coupon; the first two goods are the ones on sale.
pub(super) async fn catalog(app: &App) -> anyhow::Result<Catalog> {
    let mut tx = app.db.begin().await?;
    let mut first_skus = Vec::new();
    for item in ITEMS {
        first_skus.push(goods(&mut tx, item).await?);
    }
    fishing_day(&mut tx).await?;
    let coupon = coupon(&mut tx).await?;
    tx.commit().await?;
    let ((goods, product), (next_goods, next_product)) = (first_skus[0], first_skus[1]);
    Ok(Catalog { goods, product, next_goods, next_product, coupon })
}

async fn goods(db: &mut MySqlConnection, item: &Item) -> sqlx::Result<(u64, u64)> {
    let known: Option<(u64, u64)> = sqlx::query_as(
        "select g.id, min(s.id) from goods g join sku s on s.goods_id = g.id \
         where g.goods_sn = ? group by g.id order by g.id limit 1",
    )
    .bind(item.sn)
    .fetch_optional(&mut *db)
    .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let lowest = item.skus.iter().map(|(_, price, _)| *price).min().unwrap_or(0);
    let goods = sqlx::query(
        "insert into goods (goods_sn, name, gallery, brief, unit, counter_price_minor, retail_price_minor, \
         is_new, detail) values (?, ?, '[]', ?, ?, ?, ?, true, ?)",
    )
    .bind(item.sn)
    .bind(item.name)
    .bind(item.brief)
    .bind(item.unit)
    .bind(lowest * 12 / 10)
    .bind(lowest)
    .bind(format!("<p>{}: {}.</p>", item.name, item.brief))
    .execute(&mut *db)
    .await?
    .last_insert_id();
    let mut skus = Vec::new();
    for (specification, price_minor, stock) in item.skus {
        let sku =
            sqlx::query("insert into sku (goods_id, specifications, price_minor, stock) values (?, ?, ?, ?)")
                .bind(goods)
                .bind(format!("[\"{specification}\"]"))
                .bind(price_minor)
                .bind(stock)
                .execute(&mut *db)
                .await?;
        skus.push(sku.last_insert_id());
    }
    Ok((goods, skus[0]))
}

const FISHING_DAY: &str = "Morning at Willow Pond";

async fn fishing_day(db: &mut MySqlConnection) -> sqlx::Result<()> {
    let known: Option<u64> = sqlx::query_scalar("select id from fishing_session where name = ? limit 1")
        .bind(FISHING_DAY)
        .fetch_optional(&mut *db)
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let day = sqlx::query(
        "insert into fishing_session (name, place, held_on, starts_at, ends_at) \
         values (?, 'Willow Pond, east bank', date_add(curdate(), interval 30 day), '06:00:00', '11:00:00')",
    )
    .bind(FISHING_DAY)
    .execute(&mut *db)
    .await?
    .last_insert_id();
    for (name, price_minor, stock, limit) in [("bank seat", 6_800_i64, 80, 4), ("boat seat", 15_800, 20, 2)] {
        sqlx::query(
            "insert into ticket_type (fishing_session_id, name, price_minor, stock, per_user_limit) \
             values (?, ?, ?, ?, ?)",
        )
        .bind(day)
        .bind(name)
        .bind(price_minor)
        .bind(stock)
        .bind(limit)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

const COUPON: &str = "Twenty off a hundred";

async fn coupon(db: &mut MySqlConnection) -> sqlx::Result<u64> {
    let known: Option<u64> =
        sqlx::query_scalar("select id from coupon where name = ? and kind = 3 order by id limit 1")
            .bind(COUPON)
            .fetch_optional(&mut *db)
            .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let done = sqlx::query(
        "insert into coupon (name, description, tag, total, stock, discount_minor, min_minor, kind, \
         goods_scope_ids, days) values (?, 'flash sale only', 'flash', 1000, 1000, 2000, 10000, 3, '[]', 30)",
    )
    .bind(COUPON)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}
