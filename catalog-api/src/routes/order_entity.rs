//! An order, its lines and its tracking as both sides show them.

use crate::config::Courier;
use crate::envelope::{Money, Zone};
use crate::provider::courier::{Parcel, Track};
use crate::store::order::LineRow;
use crate::store::order_desk::OrderWhole;
use serde::Serialize;
use utoipa::ToSchema;

/// An order with all its members; what is not known yet is left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    id: u64,
    user_id: u64,
    order_sn: String,
    /// 0 goods, 1 coupon, 2 ticket, 3 booking
    kind: u8,
    sale_id: Option<u64>,
    order_status: u16,
    aftersale_status: u8,
    consignee: String,
    mobile: String,
    address: String,
    message: String,
    goods_price: Money,
    freight_price: Money,
    coupon_price: Money,
    integral_price: Money,
    groupon_price: Money,
    order_price: Money,
    actual_price: Money,
    pay_id: Option<String>,
    pay_time: Option<String>,
    ship_sn: Option<String>,
    ship_channel: Option<String>,
    ship_time: Option<String>,
    refund_amount: Option<Money>,
    refund_type: Option<String>,
    refund_content: Option<String>,
    refund_time: Option<String>,
    confirm_time: Option<String>,
    comments: i16,
    end_time: Option<String>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Order {
    /// Of a row.
    pub fn show(row: OrderWhole, zone: Zone) -> Self {
        let shown = |time: Option<chrono::NaiveDateTime>| time.map(|time| zone.show(time));
        Self {
            pay_time: shown(row.paid_at),
            ship_time: shown(row.shipped_at),
            refund_time: shown(row.refunded_at),
            confirm_time: shown(row.confirmed_at),
            end_time: shown(row.ended_at),
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            id: row.id,
            user_id: row.user_id,
            order_sn: row.order_sn,
            kind: row.kind,
            sale_id: row.sale_id,
            order_status: row.status,
            aftersale_status: row.aftersale_status,
            consignee: row.consignee,
            mobile: row.mobile,
            address: row.address,
            message: row.message,
            goods_price: Money(row.goods_minor),
            freight_price: Money(row.freight_minor),
            coupon_price: Money(row.coupon_minor),
            integral_price: Money(row.integral_minor),
            groupon_price: Money(row.groupon_minor),
            order_price: Money(row.order_minor),
            actual_price: Money(row.actual_minor),
            pay_id: row.pay_id,
            ship_sn: row.ship_sn,
            ship_channel: row.ship_channel,
            refund_amount: row.refund_minor.map(Money),
            refund_type: row.refund_type,
            refund_content: row.refund_content,
            comments: row.comments,
            deleted: row.deleted,
        }
    }
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderGoods {
    id: u64,
    order_id: u64,
    goods_id: u64,
    goods_name: String,
    goods_sn: String,
    product_id: u64,
    number: i32,
    price: Money,
    specifications: Vec<String>,
    pic_url: String,
    /// 0 can be reviewed, -1 the time for it is over, otherwise the review.
    comment: i64,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl OrderGoods {
    /// Of a row.
    pub fn show(line: LineRow, zone: Zone) -> Self {
        Self {
            id: line.id,
            order_id: line.order_id,
            goods_id: line.goods_id,
            product_id: line.sku_id,
            number: line.quantity,
            price: Money(line.price_minor),
            specifications: texts(&line.specifications),
            comment: line.comment_id,
            add_time: zone.show(line.added_at),
            update_time: zone.show(line.updated_at),
            deleted: false,
            goods_name: line.goods_name,
            goods_sn: line.goods_sn,
            pic_url: line.pic_url,
        }
    }
}

/// A JSON array of text; always an array, because the clients join it.
pub fn texts(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Which buttons an order has; all eight are always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "named as the buttons are")]
pub struct HandleOption {
    pub cancel: bool,
    pub delete: bool,
    pub pay: bool,
    pub comment: bool,
    pub confirm: bool,
    pub refund: bool,
    pub rebuy: bool,
    pub aftersale: bool,
}

impl HandleOption {
    /// Of an order in a state.
    pub fn of(status: u16) -> Self {
        let none = Self::default();
        match status {
            101 => Self { cancel: true, pay: true, ..none },
            102 | 103 | 203 => Self { delete: true, ..none },
            201 => Self { refund: true, ..none },
            301 => Self { confirm: true, ..none },
            401 | 402 => Self { delete: true, comment: true, rebuy: true, aftersale: true, ..none },
            _ => none,
        }
    }
}

/// What people read of a state.
pub fn status_text(status: u16) -> &'static str {
    match status {
        101 => "unpaid",
        102 => "cancelled",
        103 => "cancelled (system)",
        104 => "cancelled (shop)",
        201 => "paid",
        202 => "cancelled, refund pending",
        203 => "refunded",
        204 => "group purchase timed out",
        301 => "shipped",
        401 => "received",
        402 => "received (system)",
        _ => "unknown",
    }
}

/// Where a parcel is, with the names the tracking services use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ExpressInfo {
    logistic_code: String,
    shipper_code: String,
    traces: Vec<Trace>,
    /// 0 nothing known, 1 picked up, 2 on its way, 3 delivered, 4 a problem
    state: String,
    #[serde(rename = "EBusinessID")]
    business_id: String,
    success: bool,
    reason: String,
    #[serde(rename = "shipperName")]
    shipper_name: String,
}

/// Something that happened to a parcel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Trace {
    accept_station: String,
    accept_time: String,
}

impl ExpressInfo {
    /// Of what was said about a parcel.
    pub fn show(parcel: Parcel, track: Track, couriers: &Courier) -> Self {
        let step = |step: crate::provider::courier::Step| Trace {
            accept_station: step.station,
            accept_time: step.at,
        };
        Self {
            shipper_name: couriers.name_of(&parcel.channel).unwrap_or(&parcel.channel).to_owned(),
            logistic_code: parcel.number,
            shipper_code: parcel.channel,
            traces: track.steps.into_iter().map(step).collect(),
            state: track.state,
            business_id: track.business_id,
            success: track.success,
            reason: track.reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buttons_follow_the_table() {
        let shown = |status| {
            let Ok(serde_json::Value::Object(options)) = serde_json::to_value(HandleOption::of(status))
            else {
                panic!("an object")
            };
            assert_eq!(options.len(), 8);
            options.into_iter().filter(|(_, on)| *on == true).map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(shown(101), ["cancel", "pay"]);
        assert_eq!(shown(103), ["delete"]);
        assert_eq!(shown(201), ["refund"]);
        assert_eq!(shown(202), Vec::<String>::new());
        assert_eq!(shown(301), ["confirm"]);
        assert_eq!(shown(401), ["aftersale", "comment", "delete", "rebuy"]);
    }

    #[test]
    fn tracking_has_the_names_of_the_tracking_services() {
        let parcel = Parcel { channel: "ZTO".into(), number: "7".into(), shipped_at: None };
        let step = crate::provider::courier::Step { station: "here".into(), at: "now".into() };
        let track = Track { steps: vec![step], success: true, ..Track::default() };
        let couriers = Courier {
            provider: Some(crate::config::CourierProvider::None),
            endpoint: String::new(),
            business_id: String::new(),
            api_key: serde_json::from_str("\"\"").unwrap(),
            request_type: String::new(),
            channels: Vec::new(),
        };
        let shown = serde_json::to_value(ExpressInfo::show(parcel, track, &couriers)).unwrap();
        assert_eq!(shown["Traces"][0], serde_json::json!({ "AcceptStation": "here", "AcceptTime": "now" }));
        for member in
            ["LogisticCode", "ShipperCode", "State", "EBusinessID", "Success", "Reason", "shipperName"]
        {
            assert!(shown.get(member).is_some(), "{member}");
        }
    }
}
