//! A greeting, for those who look whether the shop is there.

use crate::envelope::{Answer, Envelope, Reply};

/// A greeting.
#[utoipa::path(get, path = "/wx/index/index", tag = "shop: account",
    responses((status = 200, body = Envelope<String>)))]
pub async fn index() -> Answer<&'static str> {
    Ok(Reply::data("hello from the mall"))
}
