//! What the API description says about the whole: title, how callers identify themselves, and names that
//! tools can use.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, Paths, RefOr};

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
    openapi.paths = named(openapi.paths);
    let components = openapi.components.get_or_insert_default();
    for (name, header) in [("shopper", "X-Litemall-Token"), ("staff", "X-Litemall-Admin-Token")] {
        let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(header)));
        components.add_security_scheme(name, key);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    openapi
}

/// The router's `{*rest}` is no template of a description, and handlers of the same name would give
/// operations the same name.
fn named(mut paths: Paths) -> Paths {
    let items = std::mem::take(&mut paths.paths);
    paths.paths = items
        .into_iter()
        .map(|(path, mut item)| {
            let path = path.replace("{*", "{");
            let PathItem { get, post, .. } = &mut item;
            for (method, operation) in [("get", get), ("post", post)] {
                if let Some(operation) = operation {
                    name(operation, method, &path);
                }
            }
            (path, item)
        })
        .collect();
    paths
}

fn name(operation: &mut Operation, method: &str, path: &str) {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> = std::iter::once(method).chain(words).collect();
    operation.operation_id = Some(words.join("_"));
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            parameter.name = parameter.name.trim_start_matches('*').to_owned();
        }
    }
}
