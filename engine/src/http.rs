//! The door: connections, requests, answers. hyper is named here and nowhere else.
//!
//! [`connection`] accepts and bounds, [`route`] is the table of contents, [`decode`] reads what a
//! request says, [`render`] holds the answers, prebuilt where they never change, [`events`] are those that
//! go on, [`board`] is the one that staff look at.
//!
//! Deliberately absent: deciding. Whether a purchase is let in is for the gate.

pub mod board;
pub mod body;
pub mod connection;
pub mod decode;
pub mod events;
mod purchases;
pub mod render;
pub mod route;
mod sales;
mod wire;

use std::net::IpAddr;
use std::time::Duration;

/// Limits of the door.
#[derive(Clone, Debug)]
pub struct DoorLimits {
    /// Connections at once; further ones are closed at once.
    pub connections_max: usize,
    /// Event streams at once; further ones are told to poll.
    pub streams_max: usize,
    /// Time for a request's head, and again for its body.
    pub read_within: Duration,
    /// Largest head in bytes.
    pub head_bytes_max: usize,
    /// Most header fields.
    pub headers_max: usize,
    /// Longest request target in bytes.
    pub target_bytes_max: usize,
    /// Largest body in bytes.
    pub body_bytes_max: usize,
}

/// Whom the door believes.
#[derive(Clone, Debug, Default)]
pub struct DoorTrust {
    /// Origins of pages that may call from a browser.
    pub origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
}
