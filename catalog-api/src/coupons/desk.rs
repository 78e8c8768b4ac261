//! What staff do with coupons.

use crate::audit;
use crate::envelope::Zone;
use crate::error::{Failure, Fault, Refusal, UPDATE_FAILED};
use crate::extract::Entity;
use crate::random;
use crate::state::App;
use crate::store::coupon::{self, CouponRow, FLASH_SALE};
use crate::store::coupon_write::{self, Terms, has_code};
use crate::store::retrying;
use serde_json::{Value, json};

/// Amounts of a coupon at most, as ten digits hold them.
const AMOUNT_MAX_MINOR: i64 = 9_999_999_999;
/// Small numbers of a coupon at most.
const SMALL_MAX: i64 = 32_767;

/// The terms of a new coupon, or the first member that is missing (401) or cannot be accepted (402).
pub fn new_terms(body: &Entity, zone: Zone) -> Result<Terms, Refusal> {
    let name = body.required_text_within("name", 63)?;
    body.int("type")?.ok_or_else(|| Refusal::missing("type"))?;
    let empty = Terms {
        name,
        description: String::new(),
        tag: String::new(),
        total: 0,
        discount_minor: 0,
        min_minor: 0,
        per_user_limit: 1,
        kind: 0,
        status: 0,
        goods_scope: 0,
        goods_scope_ids: Vec::new(),
        time_kind: 0,
        days: 0,
        starts_at: None,
        ends_at: None,
    };
    changed(body, zone, empty)
}

/// Terms with the members of a body in them.
fn changed(body: &Entity, zone: Zone, old: Terms) -> Result<Terms, Refusal> {
    let amount = |name: &str, old: i64| match body.money(name)? {
        Some(money) if !(0..=AMOUNT_MAX_MINOR).contains(&money.0) => Err(Refusal::wrong(name)),
        money => Ok(money.map_or(old, |money| money.0)),
    };
    // Within its bounds a number fits the column it is cast to.
    let small = |name: &str, max: i64, old: i64| Ok(body.int_within(name, 0, max)?.unwrap_or(old));
    let new = Terms {
        name: body.text_within("name", 63)?.unwrap_or(old.name),
        description: body.text_within("desc", 127)?.unwrap_or(old.description),
        tag: body.text_within("tag", 63)?.unwrap_or(old.tag),
        total: small("total", i32::MAX.into(), old.total.into())? as i32,
        discount_minor: amount("discount", old.discount_minor)?,
        min_minor: amount("min", old.min_minor)?,
        per_user_limit: small("limit", SMALL_MAX, old.per_user_limit.into())? as i16,
        kind: small("type", 3, old.kind.into())? as u8,
        status: small("status", 2, old.status.into())? as u8,
        goods_scope: small("goodsType", 2, old.goods_scope.into())? as u8,
        goods_scope_ids: match body.ints("goodsValue")? {
            None => old.goods_scope_ids,
            Some(ids) => {
                let ids = ids.into_iter().map(u64::try_from).collect::<Result<_, _>>();
                ids.map_err(|_| Refusal::wrong("goodsValue"))?
            }
        },
        time_kind: small("timeType", 1, old.time_kind.into())? as u8,
        days: small("days", SMALL_MAX, old.days.into())? as u16,
        starts_at: body.time("startTime", zone)?.or(old.starts_at),
        ends_at: body.time("endTime", zone)?.or(old.ends_at),
    };
    if new.time_kind == 1 {
        let starts_at = new.starts_at.ok_or_else(|| Refusal::missing("startTime"))?;
        if new.ends_at.ok_or_else(|| Refusal::missing("endTime"))? <= starts_at {
            return Err(Refusal::wrong_because("endTime", "must be after startTime"));
        }
    }
    Ok(new)
}

/// Codes that are tried before a free one must have been found; there are 36^8 of them.
const CODES_TRIED: usize = 8;

/// Eight characters of A–Z and 0–9.
fn fresh_code() -> String {
    const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut code = String::new();
    while code.len() < 8 {
        // 252 is the largest multiple of 36 in a byte: beyond it some letters would come more often.
        let fair = random::bytes::<16>().into_iter().filter(|byte| *byte < 252);
        let left = 8 - code.len();
        code.extend(fair.take(left).map(|byte| LETTERS[usize::from(byte % 36)] as char));
    }
    code
}

/// Makes a coupon; the answer is its row and what the operation log keeps.
pub async fn create(app: &App, terms: &Terms) -> Result<(CouponRow, Value), Failure> {
    // What is sold in flash sales leaves the coupon's stock when a sale is armed.
    let stock = if terms.kind == FLASH_SALE { terms.total } else { 0 };
    for _ in 0..CODES_TRIED {
        let code = has_code(terms.kind).then(fresh_code);
        let mut tx = app.db.begin().await?;
        let Some(id) = coupon_write::insert(&mut tx, terms, code.as_deref(), stock).await? else { continue };
        let row = coupon::find(&mut *tx, id).await?.ok_or(Fault::Broken("a coupon just made is gone"))?;
        let changes = json!({ "after": logged(&row) });
        audit::record(&mut tx, &changes).await?;
        tx.commit().await?;
        return Ok((row, changes));
    }
    Err(Fault::Busy("no free coupon code was found").into())
}

/// Changes a coupon; the answer is its row and what the operation log keeps.
pub async fn update(app: &App, body: &Entity) -> Result<(CouponRow, Value), Failure> {
    body.required_text_within("name", 63)?;
    let id = body.required_id("id")?;
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let before = coupon::lock(&mut tx, id).await?.ok_or(UPDATE_FAILED)?;
        let terms = changed(body, app.zone, terms_of(&before))?;
        let stock = stock_after(&before, &terms)?;
        let code = match has_code(terms.kind) {
            true => before.code.clone().or_else(|| Some(fresh_code())),
            false => None,
        };
        let written = coupon_write::update(&mut tx, id, &terms, code.as_deref(), stock).await?;
        written.ok_or(Fault::Busy("a new coupon code was taken"))?;
        let after = coupon::find(&mut *tx, id).await?.ok_or(Fault::Broken("a locked coupon is gone"))?;
        let changes = json!({ "before": logged(&before), "after": logged(&after) });
        audit::record(&mut tx, &changes).await?;
        tx.commit().await?;
        Ok((after, changes))
    })
    .await
}

/// The own stock of a coupon whose total changes: what sales hold or have sold does not.
fn stock_after(before: &CouponRow, terms: &Terms) -> Result<i32, Refusal> {
    match (before.kind == FLASH_SALE, terms.kind == FLASH_SALE) {
        (false, false) => Ok(before.stock),
        (true, true) => {
            let stock = i64::from(before.stock) + i64::from(terms.total) - i64::from(before.total);
            // A stock between 0 and the total, which fits.
            let stock = i32::try_from(stock).ok().filter(|stock| *stock >= 0);
            stock.ok_or_else(|| Refusal::wrong_because("total", "is below what sales hold"))
        }
        _ => Err(Refusal::wrong_because("type", "cannot change to or from flash sale")),
    }
}

/// Deletes a coupon; the answer is what the operation log keeps.
pub async fn delete(app: &App, id: u64) -> Result<Value, Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let Some(before) = coupon::lock(&mut tx, id).await? else { return Ok(json!({ "id": id })) };
        coupon_write::delete(&mut tx, id).await?;
        let changes = json!({ "before": logged(&before) });
        audit::record(&mut tx, &changes).await?;
        tx.commit().await?;
        Ok(changes)
    })
    .await
}

fn terms_of(row: &CouponRow) -> Terms {
    Terms {
        name: row.name.clone(),
        description: row.description.clone(),
        tag: row.tag.clone(),
        total: row.total,
        discount_minor: row.discount_minor,
        min_minor: row.min_minor,
        per_user_limit: row.per_user_limit,
        kind: row.kind,
        status: row.status,
        goods_scope: row.goods_scope,
        goods_scope_ids: serde_json::from_str(&row.goods_scope_ids).unwrap_or_default(),
        time_kind: row.time_kind,
        days: row.days,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
    }
}

/// What the operation log keeps of a coupon.
fn logged(row: &CouponRow) -> Value {
    json!({
        "id": row.id, "name": row.name, "desc": row.description, "tag": row.tag, "total": row.total,
        "stock": row.stock, "discount_minor": row.discount_minor, "min_minor": row.min_minor,
        "limit": row.per_user_limit, "type": row.kind, "status": row.status, "goods_type": row.goods_scope,
        "goods_value": row.goods_scope_ids, "time_type": row.time_kind, "days": row.days,
        "starts_at": row.starts_at.map(|at| at.to_string()), "ends_at": row.ends_at.map(|at| at.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Result<Terms, Refusal> {
        new_terms(&Entity::parse(text.as_bytes()).unwrap(), "+08:00".parse().unwrap())
    }

    #[test]
    fn what_cannot_be_accepted_is_named() {
        assert!(terms(r#"{"name":"a","type":"0","total":"10","goodsValue":[],"endTime":null}"#).is_ok());
        for (text, errno, member) in [
            (r#"{"type":0}"#, 401, "name"),
            (r#"{"name":"  ","type":0}"#, 401, "name"),
            (r#"{"name":"a"}"#, 401, "type"),
            (r#"{"name":"a","type":4}"#, 402, "type"),
            (r#"{"name":"a","type":0,"discount":-1}"#, 402, "discount"),
            (r#"{"name":"a","type":0,"min":"1e3"}"#, 402, "min"),
            (r#"{"name":"a","type":0,"total":-1}"#, 402, "total"),
            (r#"{"name":"a","type":0,"limit":32768}"#, 402, "limit"),
            (r#"{"name":"a","type":0,"days":-1}"#, 402, "days"),
            (r#"{"name":"a","type":0,"goodsValue":[-1]}"#, 402, "goodsValue"),
            (r#"{"name":"a","type":0,"goodsValue":"1"}"#, 402, "goodsValue"),
            (r#"{"name":"a","type":0,"timeType":1}"#, 401, "startTime"),
            (r#"{"name":"a","type":0,"timeType":1,"startTime":"2025-01-01 00:00:00"}"#, 401, "endTime"),
            (
                r#"{"name":"a","type":0,"timeType":1,"startTime":"2025-01-02 00:00:00","endTime":"2025-01-01 00:00:00"}"#,
                402,
                "endTime",
            ),
        ] {
            let refusal = terms(text).unwrap_err();
            assert_eq!(refusal.errno, errno, "{text}");
            assert!(refusal.errmsg.starts_with(member), "{text}: {}", refusal.errmsg);
        }
    }

    #[test]
    fn codes_are_eight_capitals_and_digits_and_do_not_repeat() {
        let codes: std::collections::BTreeSet<String> = (0..500).map(|_| fresh_code()).collect();
        assert_eq!(codes.len(), 500);
        let fits = |code: &String| {
            code.len() == 8 && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        assert!(codes.iter().all(fits));
    }
}
