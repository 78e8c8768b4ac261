//! The keys: name, default, and what each accepts. The names are the stock front end's.

use crate::envelope::Money;

/// A key.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name, which begins with its group.
    pub name: &'static str,
    /// Its value until somebody sets one.
    pub default: &'static str,
    /// What may be set.
    pub rule: Rule,
}

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A whole number from 0, or from 1, to a largest one.
    Count(i64, i64),
    /// An amount of money.
    Money,
    /// Degrees within so many of zero.
    Degrees(u32),
    /// `true` or `false`.
    Flag,
    /// Any text of at most so many characters.
    Text(usize),
}

const fn key(name: &'static str, default: &'static str, rule: Rule) -> Key {
    Key { name, default, rule }
}

/// Rows one block of the home page shows at most.
const HOME_MAX: i64 = 100;
/// A year, in minutes and in days.
const YEAR_MINUTES: i64 = 366 * 24 * 60;
const YEAR_DAYS: i64 = 366;

/// All keys.
pub const KEYS: &[Key] = &[
    key("litemall_wx_index_new", "6", Rule::Count(0, HOME_MAX)),
    key("litemall_wx_index_hot", "6", Rule::Count(0, HOME_MAX)),
    key("litemall_wx_index_brand", "4", Rule::Count(0, HOME_MAX)),
    key("litemall_wx_index_topic", "4", Rule::Count(0, HOME_MAX)),
    key("litemall_wx_catlog_list", "4", Rule::Count(0, HOME_MAX)),
    key("litemall_wx_catlog_goods", "4", Rule::Count(0, HOME_MAX)),
    key("litemall_wx_share", "false", Rule::Flag),
    key("litemall_express_freight_value", "8", Rule::Money),
    key("litemall_express_freight_min", "88", Rule::Money),
    key("litemall_order_unpaid", "30", Rule::Count(1, YEAR_MINUTES)),
    key("litemall_order_unconfirm", "7", Rule::Count(1, YEAR_DAYS)),
    key("litemall_order_comment", "7", Rule::Count(1, YEAR_DAYS)),
    key("litemall_mall_name", "litemall", Rule::Text(63)),
    key("litemall_mall_address", "上海", Rule::Text(255)),
    key("litemall_mall_phone", "xxx-xxxx-xxxx", Rule::Text(63)),
    key("litemall_mall_qq", "738696120", Rule::Text(63)),
    key("litemall_mall_longitude", "121.587839", Rule::Degrees(180)),
    key("litemall_mall_latitude", "31.201900", Rule::Degrees(90)),
];

/// The key of a name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

impl Key {
    /// The value to store for a text, if the rule allows it: blanks around it are dropped.
    pub fn accepts(&self, value: &str) -> Option<String> {
        let value = value.trim();
        let fits = match self.rule {
            Rule::Count(least, most) => {
                let number = value.parse::<i64>().ok();
                return number.filter(|number| (least..=most).contains(number)).map(|n| n.to_string());
            }
            Rule::Money => Money::from_text(value).is_some_and(|money| (0..=100_000_000).contains(&money.0)),
            Rule::Degrees(most) => {
                let plain = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
                let degrees = value.parse::<f64>().ok().filter(|_| plain && value.len() <= 32);
                degrees.is_some_and(|degrees| degrees.abs() <= f64::from(most))
            }
            Rule::Flag => matches!(value, "true" | "false"),
            Rule::Text(most) => value.chars().count() <= most && !value.chars().any(char::is_control),
        };
        fits.then(|| value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_keeps_its_own_rule_and_fits_the_column() {
        for key in KEYS {
            assert_eq!(key.accepts(key.default).as_deref(), Some(key.default), "{}", key.name);
            assert!(key.name.len() <= 63);
        }
    }

    #[test]
    fn what_a_later_read_could_not_understand_is_not_accepted() {
        let accepts = |name: &str, value: &str| find(name).unwrap().accepts(value);
        for value in ["", "abc", "-1", "1.5", "101", "99999999999999999999"] {
            assert_eq!(accepts("litemall_wx_index_new", value), None, "{value}");
        }
        assert_eq!(accepts("litemall_wx_index_new", " 07 ").as_deref(), Some("7"));
        assert_eq!(accepts("litemall_order_unpaid", "0"), None);
        for value in ["-1", "1.234", "free", "99999999"] {
            assert_eq!(accepts("litemall_express_freight_min", value), None, "{value}");
        }
        for value in ["181", "NaN", "inf", "1e2", "east"] {
            assert_eq!(accepts("litemall_mall_longitude", value), None, "{value}");
        }
        assert_eq!(accepts("litemall_wx_share", "yes"), None);
        assert_eq!(accepts("litemall_mall_name", &"长".repeat(64)), None);
        assert!(accepts("litemall_mall_name", &"长".repeat(63)).is_some());
    }
}
