//! What came in a body, and what of it may be written. Members that are not named here are not staff's to
//! set, and members that are left out stay as they are.

use crate::envelope::Zone;
use crate::error::Refusal;
use crate::extract::Entity;
use crate::extract::fields::ELEMENTS_MAX;
use crate::rich_text;
use crate::store::ad::Ad;
use crate::store::brand::Brand;
use crate::store::category::{Category, FIRST, SECOND};
use crate::store::issue::Issue;
use crate::store::keyword::Keyword;
use crate::store::topic::Topic;
use serde_json::json;

/// The largest price: eight digits before the point.
pub const PRICE_MINOR_MAX: i64 = 9_999_999_999;

/// A price; 402 for one that is negative or too large.
pub fn price(body: &Entity, name: &str) -> Result<Option<i64>, Refusal> {
    match body.money(name)? {
        Some(price) if !(0..=PRICE_MINOR_MAX).contains(&price.0) => Err(Refusal::wrong(name)),
        other => Ok(other.map(|price| price.0)),
    }
}

/// The order of display.
pub fn sort_order(body: &Entity) -> Result<Option<i16>, Refusal> {
    let order = body.int_within("sortOrder", i16::MIN.into(), i16::MAX.into())?;
    Ok(order.and_then(|order| i16::try_from(order).ok()))
}

/// A brand.
pub fn brand(body: &Entity, old: Brand) -> Result<Brand, Refusal> {
    Ok(Brand {
        name: body.required_text_within("name", 255)?,
        description: body.required_text_within("desc", 255)?,
        floor_price_minor: price(body, "floorPrice")?.ok_or_else(|| Refusal::missing("floorPrice"))?,
        pic_url: body.link("picUrl")?.unwrap_or(old.pic_url),
        sort_order: sort_order(body)?.unwrap_or(old.sort_order),
    })
}

/// A category.
pub fn category(body: &Entity, old: Category) -> Result<Category, Refusal> {
    let name = body.required_text_within("name", 63)?;
    let level = match body.required_text_within("level", 255)?.as_str() {
        "L1" => FIRST,
        "L2" => SECOND,
        _ => return Err(Refusal::wrong("level")),
    };
    Ok(Category {
        name,
        level,
        parent_id: if level == FIRST { 0 } else { body.required_id("pid")? },
        keywords: body.text_within("keywords", 1023)?.unwrap_or(old.keywords),
        description: body.text_within("desc", 255)?.unwrap_or(old.description),
        icon_url: body.link("iconUrl")?.unwrap_or(old.icon_url),
        pic_url: body.link("picUrl")?.unwrap_or(old.pic_url),
        sort_order: sort_order(body)?.unwrap_or(old.sort_order),
    })
}

/// A keyword.
pub fn keyword(body: &Entity, old: Keyword) -> Result<Keyword, Refusal> {
    let order = body.int_within("sortOrder", i32::MIN.into(), i32::MAX.into())?;
    Ok(Keyword {
        word: body.required_text_within("keyword", 127)?,
        url: body.link("url")?.unwrap_or(old.url),
        is_hot: body.flag("isHot")?.unwrap_or(old.is_hot),
        is_default: body.flag("isDefault")?.unwrap_or(old.is_default),
        sort_order: order.and_then(|order| i32::try_from(order).ok()).unwrap_or(old.sort_order),
    })
}

/// A common question.
pub fn issue(body: &Entity) -> Result<Issue, Refusal> {
    Ok(Issue {
        question: body.required_text_within("question", 255)?,
        answer: body.required_text_within("answer", 255)?,
    })
}

/// An advertisement.
pub fn ad(body: &Entity, zone: Zone, old: Ad) -> Result<Ad, Refusal> {
    let name = body.required_text_within("name", 63)?;
    let content = body.required_text_within("content", 255)?;
    let position = body.int_within("position", 0, 127)?.and_then(|position| i16::try_from(position).ok());
    Ok(Ad {
        name,
        content,
        position: position.unwrap_or(old.position),
        link: body.link("link")?.unwrap_or(old.link),
        url: body.link("url")?.unwrap_or(old.url),
        starts_at: body.time("startTime", zone)?.or(old.starts_at),
        ends_at: body.time("endTime", zone)?.or(old.ends_at),
        enabled: body.flag("enabled")?.unwrap_or(old.enabled),
    })
}

/// A topic.
pub fn topic(body: &Entity, old: Topic) -> Result<Topic, Refusal> {
    let title = body.required_text_within("title", 255)?;
    let content = body.text("content")?.filter(|text| !text.trim().is_empty());
    let content = rich_text::cleaned("content", &content.ok_or_else(|| Refusal::missing("content"))?)?;
    let price_minor = price(body, "price")?.ok_or_else(|| Refusal::missing("price"))?;
    let order = body.int_within("sortOrder", i32::MIN.into(), i32::MAX.into())?;
    Ok(Topic {
        title,
        content,
        price_minor,
        subtitle: body.text_within("subtitle", 255)?.unwrap_or(old.subtitle),
        read_count: body.text_within("readCount", 255)?.unwrap_or(old.read_count),
        pic_url: body.link("picUrl")?.unwrap_or(old.pic_url),
        sort_order: order.and_then(|order| i32::try_from(order).ok()).unwrap_or(old.sort_order),
        goods_ids: match body.ints("goods")? {
            Some(ids) if ids.iter().any(|id| *id < 1) => return Err(Refusal::wrong("goods")),
            Some(ids) => json!(ids).to_string(),
            None => old.goods_ids,
        },
    })
}

/// A list of texts as a column holds it, each of at most so many characters.
pub fn texts_column(name: &str, texts: &[String], chars_max: usize) -> Result<String, Refusal> {
    if texts.len() > ELEMENTS_MAX || texts.iter().any(|text| text.chars().count() > chars_max) {
        return Err(Refusal::wrong(name));
    }
    Ok(json!(texts).to_string())
}
