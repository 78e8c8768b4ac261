//! What staff do with offers of group buying. The end of an offer is a task of its own, which moves with
//! the offer.

use crate::audit;
use crate::envelope::Zone;
use crate::error::{Failure, Fault, GROUP_GOODS_UNKNOWN, GROUP_RULE_EXISTS, GROUP_RULE_OVER, Refusal};
use crate::extract::Entity;
use crate::state::App;
use crate::store::groupon_rule::{self, ON, RuleRow};
use crate::store::groupon_rule_write::{self, ForGoods, Terms};
use crate::store::retrying;
use serde_json::{Value, json};
use sqlx::MySqlConnection;

/// People a group may need at most.
const MEMBERS_MAX: i64 = 100_000;

/// The terms of an offer, all of which have to be there (401) and acceptable (402).
pub fn terms(body: &Entity, zone: Zone) -> Result<Terms, Refusal> {
    let goods_id = body.required_id("goodsId")?;
    let discount = body.money("discount")?.ok_or_else(|| Refusal::missing("discount"))?;
    let members = body.int("discountMember")?.ok_or_else(|| Refusal::missing("discountMember"))?;
    let expires_at = body.time("expireTime", zone)?.ok_or_else(|| Refusal::missing("expireTime"))?;
    if discount.0 < 0 {
        return Err(Refusal::wrong("discount"));
    }
    if !(2..=MEMBERS_MAX).contains(&members) {
        return Err(Refusal::wrong_because("discountMember", "a group has at least two people"));
    }
    Ok(Terms { goods_id, discount_minor: discount.0, members: members as u32, expires_at })
}

/// Makes an offer; the answer is its row and what the operation log keeps.
pub async fn create(app: &App, terms: &Terms) -> Result<(RuleRow, Value), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let goods = groupon_rule_write::goods(&mut tx, terms.goods_id).await?.ok_or(GROUP_GOODS_UNKNOWN)?;
        fits(&mut tx, terms, &goods).await?;
        let id = groupon_rule_write::insert(&mut tx, terms, &goods).await?.ok_or(GROUP_RULE_EXISTS)?;
        groupon_rule_write::ask_expiry(&mut tx, id).await?;
        let after = written(&mut tx, id).await?;
        let changes = json!({ "after": logged(&after) });
        audit::record(&mut tx, &changes).await?;
        tx.commit().await?;
        Ok((after, changes))
    })
    .await
}

/// Changes an offer that stands; the answer is its row and what the operation log keeps.
pub async fn update(app: &App, id: u64, terms: &Terms) -> Result<(RuleRow, Value), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let found = groupon_rule::lock(&mut tx, id).await?.filter(|rule| !rule.deleted);
        let before = found.ok_or_else(|| Refusal::wrong("id"))?;
        if before.status != ON {
            return Err(GROUP_RULE_OVER.into());
        }
        let goods = groupon_rule_write::goods(&mut tx, terms.goods_id).await?;
        let goods = goods.ok_or_else(|| Refusal::wrong("goodsId"))?;
        fits(&mut tx, terms, &goods).await?;
        groupon_rule_write::update(&mut tx, id, terms, &goods).await?.ok_or(GROUP_RULE_EXISTS)?;
        groupon_rule_write::ask_expiry(&mut tx, id).await?;
        let after = written(&mut tx, id).await?;
        let changes = json!({ "before": logged(&before), "after": logged(&after) });
        audit::record(&mut tx, &changes).await?;
        tx.commit().await?;
        Ok((after, changes))
    })
    .await
}

/// Deletes an offer; its groups run until its time. The answer is what the operation log keeps.
pub async fn delete(app: &App, id: u64) -> Result<Value, Failure> {
    let mut tx = app.db.begin().await?;
    groupon_rule_write::delete(&mut tx, id).await?;
    let before = groupon_rule::lock(&mut tx, id).await?;
    let changes = json!({ "before": before.as_ref().map(logged) });
    audit::record(&mut tx, &changes).await?;
    tx.commit().await?;
    Ok(changes)
}

async fn fits(db: &mut MySqlConnection, terms: &Terms, goods: &ForGoods) -> Result<(), Failure> {
    if goods.lowest_minor.is_some_and(|lowest| terms.discount_minor > lowest) {
        return Err(Refusal::wrong_because("discount", "is more than the goods cost").into());
    }
    if !groupon_rule_write::is_ahead(db, terms.expires_at).await? {
        return Err(Refusal::wrong_because("expireTime", "is over").into());
    }
    Ok(())
}

async fn written(db: &mut MySqlConnection, id: u64) -> Result<RuleRow, Failure> {
    Ok(groupon_rule::find(db, id).await?.ok_or(Fault::Broken("an offer just written is gone"))?)
}

/// What the operation log keeps of an offer.
fn logged(rule: &RuleRow) -> Value {
    json!({
        "id": rule.id, "goods_id": rule.goods_id, "goods_name": rule.goods_name,
        "discount_minor": rule.discount_minor, "members": rule.members,
        "expires_at": rule.expires_at.to_string(), "status": rule.status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_to_be_there_and_a_group_has_two_people() {
        let terms = |text: &str| terms(&Entity::parse(text.as_bytes()).unwrap(), "+08:00".parse().unwrap());
        let whole = r#"{"goodsId":1,"discount":"5","discountMember":"3","expireTime":"2030-01-01 00:00:00"}"#;
        assert_eq!(terms(whole).map(|terms| (terms.discount_minor, terms.members)), Ok((500, 3)));
        for member in ["goodsId", "discount", "discountMember", "expireTime"] {
            let refusal = terms(&whole.replace(&format!("\"{member}\""), "\"other\"")).unwrap_err();
            assert!(refusal.errno == 401 && refusal.errmsg.starts_with(member), "{refusal:?}");
        }
        for (from, to) in [("\"3\"", "1"), ("\"3\"", "-3"), ("\"3\"", "4294967297"), ("\"5\"", "-1")] {
            assert_eq!(terms(&whole.replace(from, to)).unwrap_err().errno, 402, "{from} {to}");
        }
    }
}
