//! What staff set while the mall runs: the keys of `/admin/config/*`, their defaults and their rules.
//!
//! Read from table `setting` at most a second ago, so that a change counts on every instance within
//! that time, and at once on the one that made it. What an installation is made of (addresses, secrets)
//! is elsewhere, in [`crate::config`].

pub mod change;
pub mod key;

pub use key::{KEYS, Key};

use crate::envelope::Money;
use crate::error::Fault;
use crate::store::setting;
use sqlx::MySqlPool;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How old what is read may be.
const FRESH: Duration = Duration::from_millis(900);

/// The settings as they were last read.
#[derive(Debug, Default)]
pub struct Settings {
    // Held while reading, so that many callers read once.
    last: Mutex<Option<(Instant, Arc<Values>)>>,
}

impl Settings {
    /// The values, not older than a second.
    pub async fn read(&self, db: &MySqlPool) -> Result<Arc<Values>, Fault> {
        let mut last = self.last.lock().await;
        if let Some((at, values)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(values));
        }
        let at = Instant::now();
        let values = Arc::new(Values::of(setting::all(db).await?));
        *last = Some((at, Arc::clone(&values)));
        Ok(values)
    }

    /// The next reader sees what is stored now.
    pub async fn forget(&self) {
        *self.last.lock().await = None;
    }
}

/// All values; what is not stored, or is stored and breaks its rule, has its default.
#[derive(Clone, Debug, Default)]
pub struct Values(HashMap<String, String>);

macro_rules! counts {
    ($($(#[doc = $doc:literal])+ $name:ident = $key:literal,)+) => {
        $($(#[doc = $doc])+ pub fn $name(&self) -> i64 { self.count($key) })+
    };
}

impl Values {
    /// Of stored rows.
    pub fn of(rows: Vec<(String, String)>) -> Self {
        let known = |(name, value): &(String, String)| {
            key::find(name).is_some_and(|key| key.accepts(value).is_some())
        };
        Self(rows.into_iter().filter(known).collect())
    }

    /// The value of a key as text.
    pub fn text(&self, key: &Key) -> &str {
        self.0.get(key.name).map_or(key.default, String::as_str)
    }

    fn named(&self, name: &str) -> &str {
        key::find(name).map_or("", |key| self.text(key))
    }

    fn count(&self, name: &str) -> i64 {
        self.named(name).parse().unwrap_or_default()
    }

    fn money(&self, name: &str) -> Money {
        Money::from_text(self.named(name)).unwrap_or(Money(0))
    }

    counts! {
        /// Home page: new goods.
        home_new_goods = "litemall_wx_index_new",
        /// Home page: hot goods.
        home_hot_goods = "litemall_wx_index_hot",
        /// Home page: brands.
        home_brands = "litemall_wx_index_brand",
        /// Home page: topics.
        home_topics = "litemall_wx_index_topic",
        /// Home page: category floors.
        home_floors = "litemall_wx_catlog_list",
        /// Home page: goods of a floor.
        home_floor_goods = "litemall_wx_catlog_goods",
        /// Minutes until an unpaid order lapses.
        order_unpaid_minutes = "litemall_order_unpaid",
        /// Days until an order counts as received.
        order_unconfirmed_days = "litemall_order_unconfirm",
        /// Days to review what was received.
        order_comment_days = "litemall_order_comment",
    }

    /// Whether share posters are made.
    pub fn makes_posters(&self) -> bool {
        self.named("litemall_wx_share") == "true"
    }

    /// Freight of an order.
    pub fn freight(&self) -> Money {
        self.money("litemall_express_freight_value")
    }

    /// Goods total from which freight is free.
    pub fn freight_free_from(&self) -> Money {
        self.money("litemall_express_freight_min")
    }

    /// Name of the shop.
    pub fn mall_name(&self) -> &str {
        self.named("litemall_mall_name")
    }

    /// Address of the shop.
    pub fn mall_address(&self) -> &str {
        self.named("litemall_mall_address")
    }

    /// Telephone of the shop.
    pub fn mall_phone(&self) -> &str {
        self.named("litemall_mall_phone")
    }

    /// QQ contact of the shop.
    pub fn mall_qq(&self) -> &str {
        self.named("litemall_mall_qq")
    }

    /// Where the shop is, as decimal text.
    pub fn mall_longitude(&self) -> &str {
        self.named("litemall_mall_longitude")
    }

    /// Where the shop is, as decimal text.
    pub fn mall_latitude(&self) -> &str {
        self.named("litemall_mall_latitude")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_stored_or_not_acceptable_has_its_default() {
        let row = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let values = Values::of(vec![
            row("litemall_order_unpaid", "45"),
            row("litemall_order_comment", "soon"),
            row("litemall_express_freight_value", "7.5"),
            row("unknown", "1"),
        ]);
        assert_eq!((values.order_unpaid_minutes(), values.order_comment_days()), (45, 7));
        assert_eq!((values.freight(), values.freight_free_from()), (Money(750), Money(8800)));
        assert_eq!((values.mall_name(), values.makes_posters()), ("litemall", false));
    }
}
