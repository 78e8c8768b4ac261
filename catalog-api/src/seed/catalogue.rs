//! A shop to look at: brands, two levels of categories, goods with all that belongs to them, topics,
//! banners, keywords and common questions. Made in one transaction, so there is all of it or nothing.

mod pages;
mod text;

use crate::art;
use crate::cache::Subject;
use crate::state::App;
use crate::store::brand::Brand;
use crate::store::category::{Category, FIRST, SECOND};
use crate::store::goods::Goods;
use crate::store::goods_part::Sku;
use crate::store::{brand, category, error_number, goods_write};
use serde_json::json;
use sqlx::MySqlConnection;
use text::{Choice, First, Second, Shop};

/// The number of a unique key that is taken.
const DUPLICATE: u16 = 1062;

/// What the picture of each brand shows, in turn.
const BRAND_MOTIFS: [&str; 8] = ["tin", "bowl", "lamp", "blanket", "rod", "chair", "book", "bottle"];

/// Where goods of the demo sales belong: goods number, category, picture, what their SKUs are chosen by.
const SALE_GOODS: [(&str, &str, &str, &str); 5] = [
    ("TEA-001", "Green tea 绿茶", "tin", "weight"),
    ("CUP-001", "Tea sets 茶具", "cup", "glaze"),
    ("LAMP-001", "Lamps 灯", "lamp", "size"),
    ("BLAN-001", "Blankets 毯", "blanket", "colour"),
    ("ROD-001", "Fishing rods 鱼竿", "rod", "length"),
];

/// Fills the shop, unless it is full.
pub(super) async fn fill(app: &App) -> anyhow::Result<()> {
    let shop = text::shop()?;
    let mut tx = app.db.begin().await?;
    let known: bool = sqlx::query_scalar("select exists(select 1 from category where name = ?)")
        .bind(shop.firsts[0].name)
        .fetch_one(&mut *tx)
        .await?;
    if known {
        return Ok(());
    }
    let brands = brands(&mut tx, &shop).await?;
    let mut made = Vec::new();
    for (number, first) in shop.firsts.iter().enumerate() {
        made.push(first_level(&mut tx, number, first, &brands).await?);
    }
    for (number, (sn, home, motif, choice)) in SALE_GOODS.into_iter().enumerate() {
        sale_goods(&mut tx, sn, home, motif, choice, brands[number]).await?;
    }
    pages::fill(&mut tx, &made).await?;
    tx.commit().await?;
    let all = [Subject::Goods, Subject::Categories, Subject::Brands, Subject::Topics];
    app.cache.changed(&app.redis, &all).await;
    app.cache.changed(&app.redis, &[Subject::Ads, Subject::Keywords, Subject::Issues]).await;
    Ok(())
}

async fn brands(db: &mut MySqlConnection, shop: &Shop) -> sqlx::Result<Vec<u64>> {
    let mut ids = Vec::new();
    for (number, (name, description)) in shop.brands.iter().enumerate() {
        let new = Brand {
            name: (*name).to_owned(),
            description: (*description).to_owned(),
            pic_url: art::brand(BRAND_MOTIFS[number % BRAND_MOTIFS.len()], number),
            floor_price_minor: 1_900 + 1_000 * (number as i64 % 9),
            ..Brand::default()
        };
        ids.push(brand::insert(db, &new).await?);
    }
    Ok(ids)
}

/// A category of the first level, its goods included; the ids of some of them.
async fn first_level(
    db: &mut MySqlConnection,
    number: usize,
    first: &First,
    brands: &[u64],
) -> sqlx::Result<Vec<u64>> {
    let root = Category {
        name: first.name.to_owned(),
        keywords: first.name.replace(' ', ","),
        description: format!("Everything for {}", first.name),
        icon_url: art::icon(first.motif, number * 7),
        pic_url: art::banner(first.motif, number * 7),
        level: FIRST,
        ..Category::default()
    };
    let parent_id = category::insert(db, &root).await?;
    let mut made = Vec::new();
    for (place, second) in first.seconds.iter().enumerate() {
        let below = Category {
            name: second.name.to_owned(),
            keywords: second.name.replace(' ', ","),
            description: second.goods.join(", "),
            parent_id,
            icon_url: art::icon(second.motif, number * 7 + place),
            pic_url: art::goods(second.motif, number * 7 + place),
            level: SECOND,
            ..Category::default()
        };
        let category_id = category::insert(db, &below).await?;
        for (turn, name) in second.goods.iter().enumerate() {
            // Counts all goods of the shop, so that neighbours get different colours.
            let count = (number * first.seconds.len() + place) * second.goods.len() + turn;
            let brand_id = brands[count % brands.len()];
            let place = Place { first, second, category_id, brand_id, count };
            made.extend(one(db, name, &place).await?);
        }
    }
    Ok(made)
}

/// Where new goods stand.
struct Place<'a> {
    first: &'a First,
    second: &'a Second,
    category_id: u64,
    brand_id: u64,
    count: usize,
}

/// Goods with all that belongs to them; nothing when somebody has made goods of this name.
async fn one(db: &mut MySqlConnection, name: &str, place: &Place<'_>) -> sqlx::Result<Option<u64>> {
    let Place { first, second, category_id, brand_id, count } = *place;
    let skus = skus(second, count);
    let lowest = skus.iter().map(|sku| sku.price_minor).min().unwrap_or(second.price_minor);
    let pictures: Vec<String> = (0..3).map(|turn| art::goods(second.motif, count + turn * 333)).collect();
    let goods = Goods {
        goods_sn: format!("D-{:04}", count + 1),
        name: name.to_owned(),
        category_id,
        brand_id,
        gallery: json!(pictures).to_string(),
        keywords: format!("{},{}", second.name.replace(' ', ","), first.name.replace(' ', ",")),
        brief: brief(second, count),
        pic_url: pictures[0].clone(),
        is_new: count % 6 == 0,
        is_hot: count % 7 == 3,
        unit: second.unit.to_owned(),
        counter_price_minor: lowest * 5 / 4 / 100 * 100,
        detail: pages::detail(name, first, second, &pictures),
        ..Goods::default()
    };
    let id = match goods_write::insert(db, &goods, lowest).await {
        Ok(id) => id,
        Err(error) if error_number(&error) == Some(DUPLICATE) => return Ok(None),
        Err(error) => return Err(error),
    };
    goods_write::insert_skus(db, id, &skus).await?;
    let values = second.choices.iter().flat_map(|choice| {
        choice.values.iter().map(|value| (choice.name.to_owned(), (*value).to_owned(), String::new()))
    });
    goods_write::insert_specifications(db, id, &values.collect::<Vec<_>>()).await?;
    let attributes = first.attributes.iter().enumerate().map(|(turn, attribute)| {
        let value = attribute.values[(count + turn) % attribute.values.len()];
        (attribute.name.to_owned(), value.to_owned())
    });
    goods_write::insert_attributes(db, id, &attributes.collect::<Vec<_>>()).await?;
    Ok(Some(id))
}

fn brief(second: &Second, count: usize) -> String {
    let praise = [
        "made in small numbers and looked at twice",
        "what we use at home ourselves",
        "the one that customers come back for",
        "plain, useful, and meant to stay",
        "from people who do one thing well",
    ];
    format!("{}: {}", second.name, praise[count % praise.len()])
}

/// Every combination of the choices, each with a price and some stock.
fn skus(second: &Second, count: usize) -> Vec<Sku> {
    let mut combinations: Vec<(Vec<&str>, i64)> =
        vec![(Vec::new(), second.price_minor * (90 + 10 * (count as i64 % 4)) / 100)];
    for Choice { name, values } in &second.choices {
        // Twice the weight is not twice the price.
        let dearer = if ["weight", "volume", "length"].contains(name) { 60 } else { 0 };
        let longer = combinations.iter().flat_map(|(chosen, price)| {
            values.iter().enumerate().map(move |(step, value)| {
                let chosen = chosen.iter().chain([value]).copied().collect();
                (chosen, price * (100 + dearer * step as i64) / 100)
            })
        });
        combinations = longer.collect();
    }
    let sku = |(turn, (chosen, price)): (usize, (Vec<&str>, i64))| Sku {
        specifications: json!(chosen).to_string(),
        // Whole yuan look tidier.
        price_minor: (price / 100 * 100).max(100),
        stock: 60 + ((count * 37 + turn * 91) % 400) as i64,
        pic_url: art::goods(second.motif, count + turn * 111),
    };
    combinations.into_iter().enumerate().map(sku).collect()
}

/// Puts goods that a demo sale sells where they belong.
async fn sale_goods(
    db: &mut MySqlConnection,
    sn: &str,
    home: &str,
    motif: &str,
    choice: &str,
    brand: u64,
) -> sqlx::Result<()> {
    let known: Option<u64> = sqlx::query_scalar(
        "select id from goods where goods_sn = ? and category_id = 0 and deleted = false order by id limit 1",
    )
    .bind(sn)
    .fetch_optional(&mut *db)
    .await?;
    let Some(id) = known else { return Ok(()) };
    let pictures: Vec<String> = (0..3).map(|turn| art::goods(motif, 500 + turn * 111)).collect();
    sqlx::query(
        "update goods set category_id = (select id from category where name = ? and level = 2 limit 1), \
         brand_id = ?, pic_url = ?, gallery = ?, is_hot = true where id = ?",
    )
    .bind(home)
    .bind(brand)
    .bind(&pictures[0])
    .bind(json!(pictures).to_string())
    .bind(id)
    .execute(&mut *db)
    .await?;
    let skus: Vec<String> = sqlx::query_scalar(
        "select json_unquote(json_extract(specifications, '$[0]')) from sku \
         where goods_id = ? and deleted = false order by id",
    )
    .bind(id)
    .fetch_all(&mut *db)
    .await?;
    let values: Vec<_> = skus.into_iter().map(|value| (choice.to_owned(), value, String::new())).collect();
    goods_write::insert_specifications(db, id, &values).await?;
    goods_write::insert_attributes(db, id, &[("Sold in".to_owned(), "flash sales too".to_owned())]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_a_sku_with_a_price_and_stock() {
        let shop = text::shop().unwrap();
        let shirts =
            &shop.firsts.iter().flat_map(|first| &first.seconds).find(|s| s.motif == "shirt").unwrap();
        let skus = skus(shirts, 5);
        assert_eq!(skus.len(), 9);
        assert!(skus.iter().all(|sku| sku.price_minor >= 100 && sku.stock > 0));
        let different: std::collections::BTreeSet<_> = skus.iter().map(|sku| &sku.specifications).collect();
        assert_eq!(different.len(), 9);
    }

    #[test]
    fn the_shop_is_as_large_as_promised_and_every_picture_exists() {
        let shop = text::shop().unwrap();
        let seconds: Vec<&Second> = shop.firsts.iter().flat_map(|first| &first.seconds).collect();
        assert!(shop.brands.len() >= 40 && shop.firsts.len() >= 9 && seconds.len() >= 60);
        assert!(seconds.iter().map(|second| second.goods.len()).sum::<usize>() >= 240);
        let motifs: Vec<&str> = art::motifs().collect();
        let named = shop.firsts.iter().map(|first| first.motif);
        let named = named.chain(seconds.iter().map(|second| second.motif)).chain(BRAND_MOTIFS);
        for motif in named.chain(SALE_GOODS.map(|(_, _, motif, _)| motif)) {
            assert!(motifs.contains(&motif), "{motif}");
        }
        for (_, home, _, _) in SALE_GOODS {
            assert!(seconds.iter().any(|second| second.name == home), "{home}");
        }
        let mut names: Vec<&str> = seconds.iter().flat_map(|second| second.goods.iter().copied()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "no name twice");
    }
}
