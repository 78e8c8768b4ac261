//! What can come instead of an answer: a refusal, which is an outcome with a code of the mall's
//! contract, or a fault, which is the outside world failing and always answers errno 502.

pub mod order;

use serde_json::Value;
use std::borrow::Cow;

/// A refusal: code, text for people, and for a failed staff log-in a new captcha image.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The code clients look at.
    pub errno: i32,
    /// The text clients show.
    pub errmsg: Cow<'static, str>,
    /// Only errno 605 to 607 carry data.
    pub data: Option<Value>,
}

impl Refusal {
    /// A refusal with a constant text.
    pub const fn new(errno: i32, errmsg: &'static str) -> Self {
        Self { errno, errmsg: Cow::Borrowed(errmsg), data: None }
    }

    /// 401: a member that has to be there is not.
    pub fn missing(member: &str) -> Self {
        Self { errno: 401, errmsg: format!("{member} is missing").into(), data: None }
    }

    /// 402: a member's value cannot be accepted.
    pub fn wrong(member: &str) -> Self {
        Self { errno: 402, errmsg: format!("{member} is not acceptable").into(), data: None }
    }

    /// 402 with the reason.
    pub fn wrong_because(member: &str, reason: &str) -> Self {
        Self { errno: 402, errmsg: format!("{member}: {reason}").into(), data: None }
    }

    /// 681: a member that cannot be changed now.
    pub fn not_changeable(member: &str) -> Self {
        Self { errno: 681, errmsg: format!("{member} cannot be changed in this state").into(), data: None }
    }

    /// The same refusal with data.
    pub fn with(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}

/// 501
pub const LOGIN_REQUIRED: Refusal = Refusal::new(501, "please log in");
/// 502
pub const INTERNAL: Refusal = Refusal::new(502, "the system is busy, please try again");
/// 503
pub const NOT_SUPPORTED: Refusal = Refusal::new(503, "not supported");
/// 504
pub const CHANGED_MEANWHILE: Refusal = Refusal::new(504, "changed by somebody else meanwhile");
/// 505
pub const UPDATE_FAILED: Refusal = Refusal::new(505, "nothing was updated");
/// 506
pub const NO_PERMISSION: Refusal = Refusal::new(506, "no permission");
/// 506
pub const PASSWORD_TO_CHANGE: Refusal = Refusal::new(506, "please change your password first");
/// 601
pub const STAFF_NAME_MALFORMED: Refusal =
    Refusal::new(601, "a name has 6 to 20 letters, digits, underscores or Chinese characters");
/// 602
pub const STAFF_PASSWORD_SHORT: Refusal = Refusal::new(602, "a password has at least 6 characters");
/// 602
pub const STAFF_PASSWORD_SAME: Refusal = Refusal::new(602, "the new password must not be the old one");
/// 602
pub const STAFF_NAME_TAKEN: Refusal = Refusal::new(602, "the name is taken");
/// 604
pub const STAFF_IS_ONESELF: Refusal = Refusal::new(604, "nobody deletes their own account");
/// 605
pub const STAFF_LOGIN_WRONG: Refusal = Refusal::new(605, "account or password is wrong");
/// 606
pub const CAPTCHA_WRONG: Refusal = Refusal::new(606, "the code is wrong");
/// 607
pub const CAPTCHA_MISSING: Refusal = Refusal::new(607, "please enter the code");
/// 611
pub const GOODS_NAME_TAKEN: Refusal = Refusal::new(611, "there are goods of this name");
/// 640
pub const ROLE_NAME_TAKEN: Refusal = Refusal::new(640, "the role's name is taken");
/// 641
pub const ROLE_IS_SUPER: Refusal = Refusal::new(641, "a role that may do everything is not changed");
/// 642
pub const ROLE_IS_HELD: Refusal = Refusal::new(642, "the role is held by somebody");
/// 660
pub const NOTICE_WAS_READ: Refusal = Refusal::new(660, "the notice was read already");
/// 680
pub const TOO_LITTLE_STOCK: Refusal = Refusal::new(680, "not enough free stock");
/// 682
pub const TOO_LITTLE_FREE: Refusal = Refusal::new(682, "fewer units are free than are to be taken away");
/// 683
pub const SALE_HAS_ORDERS: Refusal = Refusal::new(683, "the sale has orders or is open");
/// 683
pub const SALE_ENDED: Refusal = Refusal::new(683, "the sale has ended");
/// 683
pub const SALE_NOT_OPEN: Refusal = Refusal::new(683, "the sale is not open");
/// 685
pub const TICKETS_SOLD: Refusal = Refusal::new(685, "more tickets are sold than that");
/// 686
pub const TICKETS_LIVE: Refusal = Refusal::new(686, "there are live tickets or a flash sale of them");
/// 687
pub const SLOTS_OVERLAP: Refusal = Refusal::new(687, "slots overlap");
/// 688
pub const BOOKINGS_LIVE: Refusal = Refusal::new(688, "there are live bookings");
/// 690
pub const REPLIED_ALREADY: Refusal = Refusal::new(690, "there is a reply already");
/// 684
pub const COUPON_UNFIT: Refusal =
    Refusal::new(684, "the coupon is not for flash sales, expired or withdrawn");
/// 689
pub const UNFINISHED_ORDERS: Refusal = Refusal::new(689, "the user has unfinished orders");
/// -1
pub const WEIXIN_REFUSED: Refusal = Refusal::new(-1, "the WeChat log-in was refused");
/// 700
pub const SHOP_LOGIN_WRONG: Refusal = Refusal::new(700, "account or password is wrong");
/// 701
pub const SMS_NOT_SET_UP: Refusal = Refusal::new(701, "text messages are not set up");
/// 702
pub const CODE_TOO_SOON: Refusal = Refusal::new(702, "a code was sent already, please wait a little");
/// 703
pub const CODE_WRONG: Refusal = Refusal::new(703, "the code is wrong or expired");
/// 704
pub const NAME_TAKEN: Refusal = Refusal::new(704, "the name is taken");
/// 705
pub const MOBILE_TAKEN: Refusal = Refusal::new(705, "the mobile number is registered already");
/// 706
pub const MOBILE_UNKNOWN: Refusal = Refusal::new(706, "the mobile number is not registered");
/// 707
pub const MOBILE_MALFORMED: Refusal = Refusal::new(707, "this is no mobile number");
/// 709
pub const OPENID_TAKEN: Refusal = Refusal::new(709, "the WeChat account belongs to somebody already");
/// 708
pub const NO_OPENID: Refusal = Refusal::new(708, "the account has no openid");
/// 650
pub const GROUP_GOODS_UNKNOWN: Refusal = Refusal::new(650, "no such goods");
/// 651
pub const GROUP_RULE_EXISTS: Refusal = Refusal::new(651, "an offer for these goods stands already");
/// 652
pub const GROUP_RULE_OVER: Refusal = Refusal::new(652, "the offer does not stand any more");
/// 710
pub const GOODS_OFF_SHELF: Refusal = Refusal::new(710, "the goods are not on the shelf");
/// 710, as an update of the cart says it
pub const CART_TOO_LITTLE_STOCK: Refusal = Refusal::new(710, "there are not that many");
/// 711
pub const OUT_OF_STOCK: Refusal = Refusal::new(711, "there are not that many");
/// 720
pub const ORDER_UNKNOWN: Refusal = Refusal::new(720, "no such order");
/// 724
pub const PREPAY_FAILED: Refusal = Refusal::new(724, "the payment could not be prepared");
/// 725
pub const ORDER_STATE: Refusal = Refusal::new(725, "the order's state does not allow this");
/// 780
pub const TICKETS_SOLD_OUT: Refusal = Refusal::new(780, "not enough tickets are left");
/// 781
pub const TICKETS_LIMIT: Refusal = Refusal::new(781, "more tickets than one person may hold");
/// 782
pub const SESSION_OVER: Refusal = Refusal::new(782, "the session is over or not on");
/// 785
pub const SLOT_TAKEN: Refusal = Refusal::new(785, "the slot is taken");
/// 786
pub const STAND_OFF: Refusal = Refusal::new(786, "the stand cannot be booked");
/// 790
pub const TOO_MANY_QUESTIONS: Refusal = Refusal::new(790, "too many questions within an hour");

/// 730
pub const GROUP_RULE_EXPIRED: Refusal = Refusal::new(730, "the time of the group offer is over");
/// 731
pub const GROUP_RULE_WITHDRAWN: Refusal = Refusal::new(731, "the group offer was taken back");
/// 732
pub const GROUP_FULL: Refusal = Refusal::new(732, "the group is full");
/// 733
pub const GROUP_JOINED: Refusal = Refusal::new(733, "you are in this group already");
/// 740
pub const COUPON_SOLD_OUT: Refusal = Refusal::new(740, "all of these coupons are claimed");
/// 740
pub const COUPON_USER_LIMIT: Refusal = Refusal::new(740, "you have claimed as many as one may have");
/// 740
pub const COUPON_WITHDRAWN: Refusal = Refusal::new(740, "the coupon was withdrawn");
/// 741
pub const COUPON_NOT_THIS_WAY: Refusal = Refusal::new(741, "the coupon is over, or not claimed this way");
/// 742
pub const COUPON_CODE_WRONG: Refusal = Refusal::new(742, "no coupon has this code");

/// The outside world failed. Answered as errno 502 and logged once, where it becomes an answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// MySQL or MariaDB.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A Redis command.
    #[error("redis")]
    Redis(#[from] redis::RedisError),
    /// No Redis connection.
    #[error("redis connection")]
    RedisPool(#[from] deadpool_redis::PoolError),
    /// Our own bound was reached.
    #[error("{0}")]
    Busy(&'static str),
    /// A provider did not do what it was asked.
    #[error("provider: {0}")]
    Provider(String),
    /// The store for uploaded files.
    #[error("object store")]
    Objects(#[from] object_store::Error),
    /// The call that was filling the cache for several callers failed; its cause in one line.
    #[error("a shared read failed: {0}")]
    SharedRead(String),
    /// An answer could not be written as JSON.
    #[error("json")]
    Json(#[from] serde_json::Error),
    /// Rows of the ledger contradict each other; the transaction was rolled back.
    #[error("rows contradict each other: {0}")]
    Broken(&'static str),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// An outcome, never logged.
    Refused(Refusal),
    /// Logged, and answered as errno 502.
    Fault(Fault),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E: Into<Fault>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl Failure {
    /// Whether the database gave the transaction up for another one; repeating it is right.
    pub fn lost_a_lock(&self) -> bool {
        // 1213 deadlock, 1205 lock wait timeout, 1020 row changed since it was read.
        matches!(self, Self::Fault(Fault::Database(error))
            if matches!(crate::store::error_number(error), Some(1213 | 1205 | 1020)))
    }
}
