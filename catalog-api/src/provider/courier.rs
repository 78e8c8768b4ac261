//! Where a parcel is: asked of a tracking service. What was asked lately is kept in Redis by
//! `orders::tracking`, because such services count calls.

mod kdniao;
mod local;

pub use kdniao::Kdniao;
pub use local::LocalCourier;

use super::outside::Outside;
use super::pay::Call;
use crate::config::{Config, CourierProvider};
use anyhow::Context;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// A tracking service.
pub trait Courier: Send + Sync {
    /// Where a parcel is.
    fn track<'a>(&'a self, parcel: &'a Parcel) -> Call<'a, Track>;
}

/// A parcel.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Code of the courier.
    pub channel: String,
    /// Tracking number.
    pub number: String,
    /// When it was handed over, as far as it is known here.
    pub shipped_at: Option<NaiveDateTime>,
}

/// What a tracking service says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The service's word for where it is: 0 nothing known, 1 picked up, 2 on its way, 3 delivered, 4
    /// a problem.
    pub state: String,
    /// Who was asked, as the service knows the shop.
    pub business_id: String,
    /// Whether the service knows the parcel.
    pub success: bool,
    /// Why it does not.
    pub reason: String,
    /// What happened, oldest first.
    pub steps: Vec<Step>,
}

/// Something that happened to a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where, and what.
    pub station: String,
    /// When, as the service writes it.
    pub at: String,
}

/// The one the settings name; nobody when tracking is not set up.
pub fn service(config: &Config) -> anyhow::Result<Option<Box<dyn Courier>>> {
    Ok(match config.courier_provider() {
        CourierProvider::None => None,
        CourierProvider::Local => {
            let zone = config.time.offset.parse().ok().context("time.offset")?;
            Some(Box::new(LocalCourier::new(zone)))
        }
        CourierProvider::Kdniao => {
            let outside = Outside::new().context("the system's certificates")?;
            Some(Box::new(Kdniao::new(&config.courier, outside)))
        }
    })
}
