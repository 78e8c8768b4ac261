//! Codes of orders, payments and after-sales.

use super::Refusal;

/// 620
pub const STAFF_ORDER_STATE: Refusal = Refusal::new(620, "the order's state does not allow this");
/// 621
pub const REFUND_FAILED: Refusal =
    Refusal::new(621, "the payment provider has not confirmed the refund; it is asked again");
/// 622
pub const COMMENT_REPLIED: Refusal = Refusal::new(622, "the review was replied to before");
/// 623
pub const ORDER_NOT_DELETABLE: Refusal = Refusal::new(623, "the order cannot be deleted in this state");
/// 624
pub const ORDER_NOT_PAYABLE: Refusal = Refusal::new(624, "the order does not wait for a payment");
/// 670
pub const AFTERSALE_STATE: Refusal = Refusal::new(670, "the after-sale's state does not allow this");
/// 726
pub const REVIEWED: Refusal = Refusal::new(726, "this was reviewed before");
/// 727
pub const REVIEW_OVER: Refusal = Refusal::new(727, "the time to review this is over");
/// 750
pub const AFTERSALE_ORDER_STATE: Refusal =
    Refusal::new(750, "the order's state does not allow an after-sale");
/// 751
pub const AFTERSALE_AMOUNT: Refusal = Refusal::new(751, "the amount is more than was paid for the goods");
/// 751
pub const AFTERSALE_DONE: Refusal = Refusal::new(751, "an after-sale was accepted before");
/// 752
pub const AFTERSALE_NOT_CANCELLABLE: Refusal = Refusal::new(752, "the after-sale cannot be cancelled now");
