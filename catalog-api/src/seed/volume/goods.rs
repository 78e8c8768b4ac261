//! Goods in every category of the second level and of every brand, with two SKUs, a size to choose and two
//! attributes each. One in twenty is off the shelf.

use super::{Span, insert, one_of, spans, state, tell};
use crate::art;
use crate::cache::Subject;
use crate::state::App;
use anyhow::{Context, ensure};
use sqlx::MySqlConnection;

const KINDS: [&str; 16] = [
    "Plain", "Striped", "Folding", "Travel", "Garden", "Winter", "Summer", "Large", "Small", "Soft",
    "Bright", "Quiet", "Classic", "Modern", "Light", "Sturdy",
];
const MATERIALS: [&str; 16] = [
    "oak", "bamboo", "linen", "wool", "cotton", "steel", "glass", "clay", "leather", "paper", "copper",
    "silk", "cork", "stone", "willow", "felt",
];
/// What it is, and the picture of it.
const THINGS: [(&str, &str); 10] = [
    ("bowl", "bowl"),
    ("lamp", "lamp"),
    ("blanket", "blanket"),
    ("chair", "chair"),
    ("book", "book"),
    ("bottle", "bottle"),
    ("tea cup", "cup"),
    ("tin", "tin"),
    ("fishing rod", "rod"),
    ("table", "chair"),
];

/// Cents of the second SKU above the first.
const LARGE_COSTS_MORE: u32 = 1_000;

/// Fills up to so many.
pub(super) async fn fill(app: &App, wanted: u64) -> anyhow::Result<()> {
    let (rows, highest) = state(
        &app.db,
        "select count(*) from goods",
        "select max(goods_sn) from goods where goods_sn like 'VG%'",
    )
    .await
    .context("goods (was the database migrated?)")?;
    let choices = choices(app).await?;
    let mut done = rows;
    for span in spans(rows, highest, wanted) {
        ensure!(!choices.is_empty(), "--goods: there are no categories and brands; `seed` makes some");
        let mut tx = app.db.begin().await?;
        done += batch(&mut tx, span, &choices).await.context("goods")?;
        tx.commit().await?;
        tell("goods", done, wanted);
    }
    if done > rows {
        app.cache.changed(&app.redis, &[Subject::Goods]).await;
    }
    Ok(())
}

/// Where goods can belong, as expressions of their number; nothing when there is nowhere.
async fn choices(app: &App) -> anyhow::Result<Vec<(&'static str, String)>> {
    let categories: Vec<u64> = sqlx::query_scalar(
        "select id from category where level = 2 and deleted = false order by id limit 500",
    )
    .fetch_all(&app.db)
    .await?;
    let brands: Vec<u64> =
        sqlx::query_scalar("select id from brand where deleted = false order by id limit 500")
            .fetch_all(&app.db)
            .await?;
    if categories.is_empty() || brands.is_empty() {
        return Ok(Vec::new());
    }
    let pictures: Vec<String> = THINGS.iter().map(|(_, motif)| art::goods(motif, 7)).collect();
    let things = THINGS.map(|(thing, _)| thing);
    Ok(vec![
        ("kind", one_of(&KINDS, "n")),
        ("material", one_of(&MATERIALS, "(n div 16)")),
        ("thing", one_of(&things, "(n * 7)")),
        ("picture", one_of(&pictures, "(n * 7)")),
        // Factors that share none with the counts in use, so that categories, brands and kinds mix.
        ("category", one_of(&categories, "(n * 2654435761 div 1024)")),
        ("brand", one_of(&brands, "(n * 40503 div 64)")),
    ])
}

async fn batch(db: &mut MySqlConnection, span: Span, choices: &[(&str, String)]) -> anyhow::Result<u64> {
    let added = insert(
        db,
        "insert into goods (goods_sn, name, category_id, brand_id, gallery, keywords, brief, on_sale, pic_url, \
         is_new, is_hot, unit, counter_price_minor, retail_price_minor, detail, added_at, updated_at) \
         select concat('VG', lpad(n, 7, '0')), concat({kind}, ' ', {material}, ' ', {thing}, ' ', n), {category}, \
         {brand}, json_array({picture}), concat({material}, ',', {thing}), concat('made of ', {material}), \
         n % 20 <> 0, {picture}, n % 25 = 1, n % 33 = 1, 'piece', 1490 + n * 7919 % 50000, \
         990 + n * 7919 % 50000, concat('<p>A ', lower({kind}), ' ', {thing} , ' of ', {material}, '.</p>'), \
         date_sub(now(3), interval n * 7919 % 1051200 minute), now(3) from {numbers} order by n",
        span,
        choices,
    )
    .await?;
    let large = LARGE_COSTS_MORE.to_string();
    for text in [
        "insert into sku (goods_id, specifications, price_minor, stock, pic_url) \
         select id, json_array(if(k = 0, 'small', 'large')), retail_price_minor + k * {large}, 500 + n % 500, \
         pic_url from {numbers} join goods on goods_sn = concat('VG', lpad(n, 7, '0')) \
         cross join (select 0 as k union all select 1) both_sizes order by id, k",
        "insert into goods_specification (goods_id, name, value, pic_url) \
         select id, 'size', if(k = 0, 'small', 'large'), pic_url \
         from {numbers} join goods on goods_sn = concat('VG', lpad(n, 7, '0')) \
         cross join (select 0 as k union all select 1) both_sizes order by id, k",
        "insert into goods_attribute (goods_id, name, value) \
         select id, if(k = 0, 'material', 'weight'), \
         if(k = 0, substring_index(keywords, ',', 1), concat(100 + n % 900, ' g')) \
         from {numbers} join goods on goods_sn = concat('VG', lpad(n, 7, '0')) \
         cross join (select 0 as k union all select 1) both_attributes order by id, k",
    ] {
        insert(db, text, span, &[("large", large.clone())]).await?;
    }
    Ok(added)
}

/// Whoever needs goods of ours: the highest number there is.
pub(super) async fn highest(db: &mut MySqlConnection) -> sqlx::Result<u64> {
    let last: Option<String> =
        sqlx::query_scalar("select max(goods_sn) from goods where goods_sn like 'VG%'").fetch_one(db).await?;
    Ok(last.and_then(|name| name.trim_start_matches("VG").parse().ok()).unwrap_or(0))
}
