//! Reviewing a line of a received order.

use crate::error::order::{REVIEW_OVER, REVIEWED};
use crate::error::{Failure, ORDER_STATE, Refusal};
use crate::state::App;
use crate::store::comment::{self, NewComment};
use crate::store::{order, order_state, order_write, retrying};
use contract::ledger::order_status::{AUTO_RECEIVED, RECEIVED};

/// What an owner says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Review {
    pub line: u64,
    pub content: String,
    pub star: Option<i64>,
    pub pic_urls: Vec<String>,
}

/// Reviews a line, once.
pub async fn post(app: &App, owner: u64, review: &Review) -> Result<(), Failure> {
    let unknown = || Refusal::wrong("orderGoodsId");
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let line = order::line(&mut tx, review.line).await?.ok_or_else(unknown)?;
        let locked = order_state::lock_own(&mut tx, line.order_id, owner).await?.ok_or_else(unknown)?;
        if ![RECEIVED, AUTO_RECEIVED].contains(&locked.status) {
            return Err(ORDER_STATE.into());
        }
        // Read again: the line was not locked before its order was.
        match order::comment_of_line(&mut tx, line.id).await? {
            Some(0) => {}
            Some(-1) => return Err(REVIEW_OVER.into()),
            _ => return Err(REVIEWED.into()),
        }
        let star = review.star.filter(|star| (0..=5).contains(star)).ok_or_else(|| Refusal::wrong("star"))?;
        let new = NewComment {
            kind: comment::ON_GOODS,
            value_id: line.goods_id,
            user_id: owner,
            content: &review.content,
            star: star as u8,
            pic_urls: &review.pic_urls,
        };
        let comment = comment::insert(&mut tx, &new).await?;
        if !order_write::line_reviewed(&mut tx, line.id, comment).await? {
            return Err(REVIEWED.into());
        }
        order_write::one_review_less(&mut tx, locked.id).await?;
        Ok(tx.commit().await?)
    })
    .await
}
