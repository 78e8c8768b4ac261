//! What the goods editor sends, and what of it may be accepted.

use crate::catalogue::input::{price, sort_order, texts_column};
use crate::error::Refusal;
use crate::extract::Entity;
use crate::rich_text;
use crate::store::goods::Goods;
use crate::store::goods_part::Sku;
use crate::store::goods_write::NewSpecification;

/// Units of a SKU at most.
pub(super) const STOCK_MAX: i64 = i32::MAX as i64;
/// Pictures of goods at most.
const PICTURES_MAX: usize = 50;
/// SKUs, specifications and attributes of goods at most, each.
const PARTS_MAX: usize = 200;

/// What the editor showed when it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The version of the goods.
    pub version: Option<i64>,
    /// When they were last changed, as people read it.
    pub updated_at: Option<String>,
}

/// A SKU as it was sent.
#[derive(Clone, Debug)]
pub struct Product {
    /// Which one; not looked at when goods are new.
    pub id: Option<i64>,
    /// Values of the specifications, as a column holds them.
    pub specifications: String,
    /// Price.
    pub price_minor: i64,
    /// Units.
    pub stock: i64,
    /// Units the editor showed when it was opened.
    pub stock_seen: Option<i64>,
    /// Picture.
    pub pic_url: Option<String>,
    /// Whether it was edited: its time of change is left empty.
    pub edited: bool,
}

/// A specification as it was sent.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the columns")]
pub struct Specification {
    pub id: Option<i64>,
    pub name: String,
    pub value: String,
    pub pic_url: Option<String>,
    pub edited: bool,
}

/// An attribute as it was sent.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the columns")]
pub struct Attribute {
    pub id: Option<i64>,
    pub name: String,
    pub value: String,
    pub edited: bool,
    pub deleted: bool,
}

/// Everything that was sent.
#[derive(Clone, Debug)]
pub struct Draft {
    goods: Entity,
    /// What the editor showed.
    pub seen: Seen,
    /// SKUs.
    pub products: Vec<Product>,
    /// Specifications.
    pub specifications: Vec<Specification>,
    /// Attributes.
    pub attributes: Vec<Attribute>,
}

impl Draft {
    /// Reads it, in the reference's order of checks.
    pub fn read(body: &Entity) -> Result<Self, Refusal> {
        let goods = body.row("goods")?.ok_or_else(|| Refusal::missing("goods"))?;
        let rows = |name: &str| -> Result<Vec<Entity>, Refusal> {
            let rows = body.rows(name)?.ok_or_else(|| Refusal::missing(name))?;
            if rows.len() > PARTS_MAX { Err(Refusal::wrong(name)) } else { Ok(rows) }
        };
        let (specifications, attributes, products) =
            (rows("specifications")?, rows("attributes")?, rows("products")?);
        goods.required_text_within("name", 127)?;
        goods.required_text_within("goodsSn", 63)?;
        Ok(Self {
            seen: Seen {
                version: goods.int("version")?,
                updated_at: goods.text("updateTime")?.filter(|time| !time.is_empty()),
            },
            attributes: attributes.iter().map(attribute).collect::<Result<_, _>>()?,
            specifications: specifications.iter().map(specification).collect::<Result<_, _>>()?,
            products: products.iter().map(product).collect::<Result<_, _>>()?,
            goods,
        })
    }

    /// The goods' id, for a change.
    pub fn id(&self) -> Result<u64, Refusal> {
        self.goods.required_id("id")
    }

    /// The goods as they will be; members that were left out stay as they are.
    pub fn goods_on(&self, old: Goods) -> Result<Goods, Refusal> {
        if self.products.is_empty() {
            return Err(Refusal::wrong_because("products", "goods have at least one"));
        }
        let body = &self.goods;
        // What is below 0 names nothing, and 0 is none.
        let id = |name: &str| -> Result<Option<u64>, Refusal> {
            body.int(name)?.map(|id| u64::try_from(id).map_err(|_| Refusal::wrong(name))).transpose()
        };
        let gallery = match body.links("gallery")? {
            Some(links) if links.len() > PICTURES_MAX => return Err(Refusal::wrong("gallery")),
            Some(links) => texts_column("gallery", &links, 255)?,
            None => old.gallery,
        };
        let detail = match body.text("detail")? {
            Some(text) => rich_text::cleaned("detail", &text)?,
            None => old.detail,
        };
        Ok(Goods {
            goods_sn: body.required_text_within("goodsSn", 63)?,
            name: body.required_text_within("name", 127)?,
            category_id: id("categoryId")?.unwrap_or(old.category_id),
            brand_id: id("brandId")?.unwrap_or(old.brand_id),
            gallery,
            keywords: body.text_within("keywords", 255)?.unwrap_or(old.keywords),
            brief: body.text_within("brief", 255)?.unwrap_or(old.brief),
            on_sale: body.flag("isOnSale")?.unwrap_or(old.on_sale),
            sort_order: sort_order(body)?.unwrap_or(old.sort_order),
            pic_url: body.link("picUrl")?.unwrap_or(old.pic_url),
            is_new: body.flag("isNew")?.unwrap_or(old.is_new),
            is_hot: body.flag("isHot")?.unwrap_or(old.is_hot),
            unit: body.text_within("unit", 31)?.unwrap_or(old.unit),
            counter_price_minor: price(body, "counterPrice")?.unwrap_or(old.counter_price_minor),
            detail,
        })
    }

    /// The SKUs of new goods.
    pub fn new_skus(&self) -> Vec<Sku> {
        let skus = self.products.iter().map(|product| Sku {
            specifications: product.specifications.clone(),
            price_minor: product.price_minor,
            stock: product.stock,
            pic_url: product.pic_url.clone().unwrap_or_default(),
        });
        skus.collect()
    }

    /// The specifications of new goods.
    pub fn new_specifications(&self) -> Vec<NewSpecification> {
        let new = self.specifications.iter();
        new.map(|row| (row.name.clone(), row.value.clone(), row.pic_url.clone().unwrap_or_default()))
            .collect()
    }

    /// The attributes of new goods.
    pub fn new_attributes(&self) -> Vec<(String, String)> {
        let new = self.attributes.iter().filter(|attribute| !attribute.deleted);
        new.map(|attribute| (attribute.name.clone(), attribute.value.clone())).collect()
    }
}

/// An edited row has its time of change left empty.
fn edited(row: &Entity) -> Result<bool, Refusal> {
    Ok(row.text("updateTime")?.is_none_or(|time| time.trim().is_empty()))
}

fn product(row: &Entity) -> Result<Product, Refusal> {
    let number = row.int("number")?.ok_or_else(|| Refusal::missing("number"))?;
    // The reference answers 401 for a negative number as for a missing one.
    if number < 0 {
        return Err(Refusal::new(401, "number must not be negative"));
    }
    if number > STOCK_MAX {
        return Err(Refusal::wrong("number"));
    }
    let price_minor = price(row, "price")?.ok_or_else(|| Refusal::missing("price"))?;
    let specifications = row.texts("specifications")?.filter(|values| !values.is_empty());
    let specifications = specifications.ok_or_else(|| Refusal::missing("specifications"))?;
    Ok(Product {
        id: row.int("id")?,
        specifications: texts_column("specifications", &specifications, 255)?,
        price_minor,
        stock: number,
        stock_seen: row.int_within("numberAsRead", 0, STOCK_MAX)?,
        pic_url: row.link("url")?,
        edited: edited(row)?,
    })
}

fn specification(row: &Entity) -> Result<Specification, Refusal> {
    Ok(Specification {
        id: row.int("id")?,
        name: row.required_text_within("specification", 255)?,
        value: row.required_text_within("value", 255)?,
        pic_url: row.link("picUrl")?,
        edited: edited(row)?,
    })
}

fn attribute(row: &Entity) -> Result<Attribute, Refusal> {
    Ok(Attribute {
        id: row.int("id")?,
        name: row.required_text_within("attribute", 255)?,
        value: row.required_text_within("value", 255)?,
        edited: edited(row)?,
        deleted: row.flag("deleted")?.unwrap_or(false),
    })
}
