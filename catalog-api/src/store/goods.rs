//! Goods as the shop finds them. `goods_desk` reads for staff, `goods_write` changes.
//!
//! A keyword may stand anywhere, so that every goods has to be looked at: in `goods_search`, an index of all
//! that a search asks for, which is a tenth of the table.

use crate::extract::listing::{Listing, Rows, SortKey};
use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// What the shop's lists can be sorted by.
pub const SORT_KEYS: &[SortKey] =
    &[("add_time", "added_at"), ("retail_price", "retail_price_minor"), ("name", "name")];

/// What staff write.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Goods {
    pub goods_sn: String,
    pub name: String,
    pub category_id: u64,
    pub brand_id: u64,
    /// A JSON array of text.
    pub gallery: String,
    pub keywords: String,
    pub brief: String,
    pub on_sale: bool,
    pub sort_order: i16,
    pub pic_url: String,
    pub is_new: bool,
    pub is_hot: bool,
    pub unit: String,
    pub counter_price_minor: i64,
    pub detail: String,
}

impl Default for Goods {
    fn default() -> Self {
        let empty = String::new;
        Self {
            goods_sn: empty(),
            name: empty(),
            category_id: 0,
            brand_id: 0,
            gallery: "[]".to_owned(),
            keywords: empty(),
            brief: empty(),
            on_sale: true,
            sort_order: 100,
            pic_url: empty(),
            is_new: false,
            is_hot: false,
            unit: empty(),
            counter_price_minor: 0,
            detail: empty(),
        }
    }
}

/// A row of `goods`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct GoodsRow {
    pub id: u64,
    #[sqlx(flatten)]
    pub goods: Goods,
    pub retail_price_minor: i64,
    pub share_url: String,
    pub version: u32,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_goods {
    ($tail:literal) => {
        concat!(
            "select id, goods_sn, name, category_id, brand_id, cast(gallery as char) as gallery, keywords, brief, \
             on_sale, sort_order, pic_url, is_new, is_hot, unit, counter_price_minor, detail, retail_price_minor, \
             share_url, version, added_at, updated_at from goods ",
            $tail
        )
    };
}
pub(super) use select_goods;

/// Goods that are not deleted, on sale or not.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<GoodsRow>> {
    sqlx::query_as(select_goods!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// The same, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<GoodsRow>> {
    sqlx::query_as(select_goods!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Goods as lists show them.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct BriefRow {
    pub id: u64,
    pub name: String,
    pub brief: String,
    pub pic_url: String,
    pub is_hot: bool,
    pub is_new: bool,
    pub counter_price_minor: i64,
    pub retail_price_minor: i64,
}

const SELECT_BRIEF: &str = "select goods.id as id, goods.name as name, goods.brief, goods.pic_url, goods.is_hot, \
     goods.is_new, goods.counter_price_minor, goods.retail_price_minor from goods ";

/// What the shop's lists may be narrowed by. Only goods on sale are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    /// Category of the second level.
    pub category_id: Option<u64>,
    /// Brand.
    pub brand_id: Option<u64>,
    /// Contained in the name or in the keywords.
    pub keyword: Option<String>,
    /// New arrivals, or the others.
    pub is_new: Option<bool>,
    /// Hot goods, or the others.
    pub is_hot: Option<bool>,
}

impl Shelf {
    fn narrow(&self, query: &mut QueryBuilder<MySql>) {
        query.push(" goods.deleted = false and goods.on_sale = true");
        if let Some(category) = self.category_id {
            query.push(" and goods.category_id = ").push_bind(category);
        }
        if let Some(brand) = self.brand_id {
            query.push(" and goods.brand_id = ").push_bind(brand);
        }
        if let Some(is_new) = self.is_new {
            query.push(" and goods.is_new = ").push_bind(is_new);
        }
        if let Some(is_hot) = self.is_hot {
            query.push(" and goods.is_hot = ").push_bind(is_hot);
        }
        if let Some(keyword) = &self.keyword {
            let pattern = super::anywhere(keyword);
            query.push(" and (goods.name like ").push_bind(pattern.clone());
            query.push(" escape '!' or goods.keywords like ").push_bind(pattern).push(" escape '!')");
        }
    }

    /// Where the goods are looked for.
    fn goods(&self) -> &'static str {
        if self.keyword.is_some() { "goods force index (goods_search)" } else { "goods" }
    }

    /// Whether it is narrowed by anything but a category.
    pub fn is_narrowed(&self) -> bool {
        self.everywhere() != Self::default()
    }

    /// The same shelf in every category.
    pub fn everywhere(&self) -> Self {
        Self { category_id: None, ..self.clone() }
    }
}

/// How many goods stand on a shelf.
pub async fn count(db: &MySqlPool, shelf: &Shelf) -> sqlx::Result<i64> {
    let mut query = QueryBuilder::new("select count(*) from ");
    query.push(shelf.goods()).push(" where");
    shelf.narrow(&mut query);
    query.build_query_scalar().fetch_one(db).await
}

/// How many goods of a shelf are in each category that has some.
pub async fn tally(db: &MySqlPool, shelf: &Shelf) -> sqlx::Result<Vec<(u64, i64)>> {
    let mut query = QueryBuilder::new("select goods.category_id, count(*) from ");
    query.push(shelf.goods()).push(" where");
    shelf.narrow(&mut query);
    query.push(" group by goods.category_id");
    query.build_query_as().fetch_all(db).await
}

/// Some of the goods on a shelf.
pub async fn list(
    db: &MySqlPool,
    shelf: &Shelf,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<BriefRow>> {
    let mut query = QueryBuilder::new("select goods.id as id from ");
    query.push(shelf.goods()).push(" where");
    shelf.narrow(&mut query);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db).await?;
    Ok(super::in_order_of(&ids, of_ids(db, &ids).await?, |goods| goods.id))
}

/// The newest goods of a shelf.
pub async fn newest(db: &MySqlPool, shelf: &Shelf, limit: i64) -> sqlx::Result<Vec<BriefRow>> {
    let mut query = QueryBuilder::new(SELECT_BRIEF);
    query.push("where");
    shelf.narrow(&mut query);
    query.push(" order by goods.added_at desc, goods.id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

/// Categories of the second level that have goods. One of each is looked up; for `exists` MariaDB would read
/// the index of all goods.
pub async fn categories(db: &MySqlPool) -> sqlx::Result<Vec<super::category::CategoryRow>> {
    sqlx::query_as(
        "select id, name, keywords, description, parent_id, icon_url, pic_url, level, sort_order, added_at, \
         updated_at from category where level = 2 and deleted = false and (select goods.id from goods \
         where goods.category_id = category.id and goods.deleted = false and goods.on_sale = true limit 1) \
         is not null order by id limit 10000",
    )
    .fetch_all(db)
    .await
}

/// The newest goods below a category of the first level.
pub async fn newest_below(db: &MySqlPool, parent: u64, limit: i64) -> sqlx::Result<Vec<BriefRow>> {
    let mut query = QueryBuilder::new(SELECT_BRIEF);
    query.push(
        "join category on category.id = goods.category_id and category.deleted = false \
         where goods.deleted = false and goods.on_sale = true and category.parent_id = ",
    );
    query.push_bind(parent).push(" order by goods.added_at desc, goods.id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

/// Those of some goods that are on sale.
pub async fn of_ids(db: &MySqlPool, ids: &[u64]) -> sqlx::Result<Vec<BriefRow>> {
    let mut query = QueryBuilder::new(SELECT_BRIEF);
    query.push("where goods.deleted = false and goods.on_sale = true and goods.id in (");
    super::push_ids(&mut query, ids);
    query.push(")");
    query.build_query_as().fetch_all(db).await
}
