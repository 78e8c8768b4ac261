//! What the API description says about the whole: title, and how callers identify themselves.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi};

/// Adds it.
pub fn complete(mut openapi: OpenApi) -> OpenApi {
    openapi.info = InfoBuilder::new()
        .title("Mall API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Answers are `{errno, errmsg, data}` over HTTP 200; errno 0 is success. Members whose value \
             would be null are left out. Money is a decimal number, times are `yyyy-MM-dd HH:mm:ss`.",
        ))
        .build();
    let components = openapi.components.get_or_insert_default();
    for (name, header) in [("shopper", "X-Litemall-Token"), ("staff", "X-Litemall-Admin-Token")] {
        let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(header)));
        components.add_security_scheme(name, key);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    openapi
}
