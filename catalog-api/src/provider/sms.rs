//! Texts to phones: what they say and who sends them. One-time codes are in [`crate::sms_code`], texts
//! that are promised in a transaction in [`crate::texts`].

pub mod aliyun;
pub mod local;
pub mod tencent;

use super::outside::Outside;
use super::pay::Call;
use crate::config::{Config, SmsProvider};
use anyhow::Context;
use deadpool_redis::Pool;

/// Somebody who sends texts.
pub trait Sms: Send + Sync {
    /// The name in logs.
    fn name(&self) -> &'static str;

    /// Sends a text and returns the vendor's id of it.
    fn send<'a>(&'a self, message: &'a Message) -> Call<'a, String>;
}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// To whom.
    pub mobile: String,
    /// What it is about.
    pub template: Template,
    /// What stands in it, in the template's order.
    pub parameters: Vec<(String, String)>,
}

/// What a text is about. Vendors want it in words they have approved, so a text is a name and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// A one-time code.
    Code,
    /// An order was paid.
    Paid,
    /// An order was shipped.
    Shipped,
    /// An order was refunded.
    Refunded,
    /// Staff reply to feedback.
    FeedbackReply,
}

impl Template {
    const ALL: [Self; 5] = [Self::Code, Self::Paid, Self::Shipped, Self::Refunded, Self::FeedbackReply];

    /// Its name with us.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Refunded => "refunded",
            Self::FeedbackReply => "feedback_reply",
        }
    }

    /// The template of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name() == name)
    }
}

impl Message {
    /// A one-time code.
    pub fn code(mobile: &str, code: &str) -> Self {
        Self::new(mobile, Template::Code, &[("code", code)])
    }

    /// An order was paid; only the last six digits of its number are sent.
    pub fn paid(mobile: &str, order_sn: &str) -> Self {
        Self::new(mobile, Template::Paid, &[("sn", last_six(order_sn))])
    }

    /// An order was shipped.
    pub fn shipped(mobile: &str, channel: &str, ship_sn: &str) -> Self {
        Self::new(mobile, Template::Shipped, &[("channel", channel), ("sn", ship_sn)])
    }

    /// An order was refunded; only the last six digits of its number are sent.
    pub fn refunded(mobile: &str, order_sn: &str) -> Self {
        Self::new(mobile, Template::Refunded, &[("sn", last_six(order_sn))])
    }

    /// Staff reply to feedback.
    pub fn feedback_reply(mobile: &str, content: &str) -> Self {
        Self::new(mobile, Template::FeedbackReply, &[("content", content)])
    }

    fn new(mobile: &str, template: Template, parameters: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { mobile: mobile.to_owned(), template, parameters: parameters.iter().map(owned).collect() }
    }
}

fn last_six(order_sn: &str) -> &str {
    let start = order_sn.char_indices().rev().nth(5).map_or(0, |(at, _)| at);
    &order_sn[start..]
}

/// Whether this is a mobile number: 1 and ten more digits.
pub fn is_mobile(text: &str) -> bool {
    text.len() == 11 && text.starts_with('1') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The sender the settings name; nobody when texts are not set up.
pub fn sender(config: &Config, redis: &Pool) -> anyhow::Result<Option<Box<dyn Sms>>> {
    let outside = || Outside::new().context("the system's certificates");
    Ok(match config.sms_provider() {
        SmsProvider::None => None,
        SmsProvider::Local => Some(Box::new(local::LocalSms::new(redis.clone(), &config.redis.prefix))),
        SmsProvider::Aliyun => Some(Box::new(aliyun::Aliyun::new(&config.sms, outside()?))),
        SmsProvider::Tencent => Some(Box::new(tencent::Tencent::new(&config.sms, outside()?))),
    })
}

/// The vendor's name of a template, if the settings have one.
fn vendor_template(config: &crate::config::Sms, template: Template) -> Option<&str> {
    let templates = &config.templates;
    let name = match template {
        Template::Code => &templates.code,
        Template::Paid => &templates.paid,
        Template::Shipped => &templates.shipped,
        Template::Refunded => &templates.refunded,
        Template::FeedbackReply => &templates.feedback_reply,
    };
    Some(name.as_str()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_an_order_number_is_sent() {
        let message = Message::paid("13800000000", "20251111000042");
        assert_eq!(message.parameters, [("sn".to_owned(), "000042".to_owned())]);
        assert_eq!((last_six("42"), last_six("订单号订单号一")), ("42", "单号订单号一"));
        for template in Template::ALL {
            assert_eq!(Template::from_name(template.name()), Some(template));
        }
    }

    #[test]
    fn a_mobile_number_is_eleven_digits() {
        assert!(is_mobile("13800000000"));
        for text in ["", "1380000000", "138000000000", "23800000000", "1380000000x", "１3800000000"] {
            assert!(!is_mobile(text), "{text}");
        }
    }
}
