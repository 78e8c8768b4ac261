//! What there is, on one page.

use crate::place::Place;
use crate::state::State;
use std::fmt::Write;

/// The text.
pub(super) fn render(place: &Place, state: &State, detached: bool) -> String {
    let value = |key: &str| state.env.get(key).map_or("", String::as_str);
    let mut text = String::from("\nThe mall is up.\n\n");
    line(&mut text, "shop", &format!("{}/shop/", value("CATALOG_URL")), "the buyers' pages");
    line(
        &mut text,
        "board",
        &format!("{}/shop/board.html", value("CATALOG_URL")),
        "a sale as staff watch it",
    );
    for (name, key, what) in [
        ("mall API", "CATALOG_URL", "/wx and /admin; documentation at /docs"),
        ("  private", "CATALOG_PRIVATE_URL", "/livez /readyz /metrics /dev/…"),
        ("flash sales", "ENGINE_URL", "/seckill/v1/sales"),
        ("  private", "ENGINE_PRIVATE_URL", "/livez /readyz /metrics"),
    ] {
        line(&mut text, name, value(key), what);
    }
    line(&mut text, "ledger", &masked(value("DATABASE_URL")), "MariaDB or MySQL");
    line(&mut text, "desk", &masked(value("REDIS_URL")), "Redis");
    let log = match value("KAFKA_BROKERS") {
        "embedded" => "inside of the engine, forgotten at its end; `--broker kafka` runs a real one",
        _ => "Apache Kafka",
    };
    line(&mut text, "order log", value("KAFKA_BROKERS"), log);
    let accounts = [("staff", "STAFF"), ("shopper", "SHOPPER")];
    for (name, key) in accounts {
        let account = format!("{} / {}", value(&format!("{key}_USER")), value(&format!("{key}_PASSWORD")));
        line(&mut text, name, &account, "");
    }
    let sales =
        [("open", "DEMO_SALE_ID"), ("upcoming", "DEMO_UPCOMING_SALE_ID"), ("coupon", "DEMO_COUPON_SALE_ID")];
    let sales = sales.map(|(name, key)| format!("{} {name}", value(key))).join(", ");
    line(&mut text, "sales", &sales, "");
    let dev = place.shown(&place.dev);
    let _ = write!(text, "\n  logs       {dev}/*.log\n  addresses  . {dev}/env\n");
    text += "\nNext: cargo xtask demo        a crowd of 2,000 fights for 100 units, then the books\n";
    text += if detached {
        "      cargo xtask down        stops what was started\n"
    } else {
        "      Ctrl-C                  stops what was started\n"
    };
    text
}

fn line(text: &mut String, name: &str, value: &str, what: &str) {
    let line = format!("  {name:<12}{value:<42}  {what}");
    let _ = writeln!(text, "{}", line.trim_end());
}

/// The address without its password; the file has it.
fn masked(url: &str) -> String {
    match url.split_once("://").zip(url.rsplit_once('@')) {
        Some(((scheme, rest), (_, host))) => {
            let user = rest.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}:…@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        assert_eq!(masked("mysql://mall:s3@cret@127.0.0.1:3306/mall"), "mysql://mall:…@127.0.0.1:3306/mall");
        assert_eq!(masked("redis://127.0.0.1:6379/0"), "redis://127.0.0.1:6379/0");
    }
}
