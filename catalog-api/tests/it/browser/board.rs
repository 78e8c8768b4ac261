//! The board of staff over a real engine: a sale as it goes on, books that stop balancing, an engine that is
//! away, the two buttons, and who may see any of it.

use super::access::nobody_is_shut_out;
use super::chromium::Tab;
use super::house::{House, Spec, eventually};
use super::{clean, house, look};
use contract::ids::SaleId;
use contract::keys::DeskKeys;
use redis::AsyncCommands as _;
use std::time::Duration;

/// The keeper counts every few seconds, and the board looks every two.
const A_COUNT: Duration = Duration::from_secs(40);

/// Logs staff in through the form, by keyboard.
async fn log_in(tab: &Tab, name: &str, password: &str) {
    tab.until("document.activeElement?.id === 'username'").await;
    tab.is("document.querySelector('#username').value = ''").await;
    tab.write(name).await;
    tab.key("Tab").await;
    tab.write(password).await;
    tab.key("Enter").await;
}

async fn canvas(tab: &Tab, chart: &str) -> String {
    let drawn = tab.is(&format!("document.querySelector('#{chart} canvas').toDataURL()")).await;
    drawn.as_str().unwrap().to_owned()
}

fn figure(id: &str, value: &str) -> String {
    format!("document.querySelector('#{id}').textContent === '{value}'")
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_watch_a_sale_go_on_and_are_asked_twice_before_they_change_one() {
    let Some(mut house) = House::open().await else { return };
    let sale = house.sale(Spec { units: 12, ..Spec::default() }).await;
    let soon = house.sale(Spec { name: "Porcelain cup", starts_in_ms: 900_000, ..Spec::default() }).await;
    house.world.staff("watcher", &["admin:seckill:read"]).await;
    house
        .world
        .staff("chief", &["admin:seckill:read", "admin:seckill:force-start", "admin:seckill:close"])
        .await;
    let tab = house.browser.tab().await;
    tab.open(&house.page(&format!("board.html?id={sale}"))).await;
    log_in(&tab, "watcher", "wrong").await;
    tab.until("document.querySelector('#status').textContent.startsWith('This name and password')").await;
    tab.is("document.querySelector('#username').focus()").await;
    log_in(&tab, "watcher", "watcher").await;

    // The curve falls with every order, and the books know where the units are.
    tab.until_within(A_COUNT, &figure("left", "12")).await;
    tab.until_within(A_COUNT, "document.querySelector('#stock canvas')").await;
    tab.until_within(A_COUNT, "document.querySelector('#books tr.gap.even')").await;
    tab.until("document.querySelector('#binding').textContent.startsWith('Nothing binds')").await;
    let before = canvas(&tab, "stock").await;
    for buyer in ["ann", "bob", "cho", "dai"] {
        house.sell(sale, buyer).await;
    }
    tab.until_within(A_COUNT, &figure("left", "8")).await;
    let row = |label: &str, units: u32| {
        format!(
            "[...document.querySelectorAll('#books tr')].some((row) => row.textContent === '{label}{units}')"
        )
    };
    tab.until_within(A_COUNT, &row("In unpaid orders", 4)).await;
    tab.until_within(A_COUNT, &row("Free at the desk", 8)).await;
    assert_ne!(canvas(&tab, "stock").await, before, "the curve moved");
    for chart in ["answers", "stages"] {
        let legend = tab.text(&format!("#{chart} .legend")).await;
        let wanted = if chart == "answers" { "order accepted" } else { "settle (MySQL)" };
        assert!(legend.contains(wanted), "{chart}: {legend}");
    }
    assert_eq!(tab.is("document.querySelectorAll('.canvas canvas').length").await, 5);
    assert!(tab.text("#engines").await.contains("answers"));
    assert_eq!(tab.text(".alarms").await, "");
    look(&tab, "board", [(390, 1900), (1440, 1560)]).await;
    assert_eq!(tab.is("document.querySelectorAll('.actions button:not([hidden])').length").await, 0);

    // An engine that is away is said to be, and is seen again.
    house.kill_engine();
    tab.until_within(A_COUNT, "document.querySelector('.engine-alarm')").await;
    house.start_engine().await;
    tab.until_within(A_COUNT, "!document.querySelector('.engine-alarm')").await;
    tab.until_within(A_COUNT, &figure("left", "8")).await;
    clean(&tab, &house, true);

    // The chief has buttons. Pressed once, they ask; left alone, nothing happens.
    let chief = house.browser.tab().await;
    chief.open(&house.page(&format!("board.html?id={soon}"))).await;
    log_in(&chief, "chief", "chief").await;
    chief.until_within(A_COUNT, "document.querySelector('#start:not([hidden])')").await;
    let state = async |sale| house.state(sale).await["state"].as_str().unwrap_or_default().to_owned();
    chief.click("#start", 1).await;
    chief.until("document.querySelector('dialog[open]')").await;
    assert_eq!(chief.text("#question").await, "Start “Porcelain cup” now?");
    assert_eq!(chief.is("document.activeElement.id").await, "no", "Enter alone changes nothing");
    nobody_is_shut_out(&chief, "the second question").await;
    chief.key("Enter").await;
    chief.until("!document.querySelector('dialog')").await;
    assert_eq!(changes(&chief), 0);
    assert_eq!(state(soon).await, "armed");
    chief.click("#start", 1).await;
    chief.until("document.querySelector('dialog[open]')").await;
    chief.click("#yes", 1).await;
    eventually("the sale is open", async || state(soon).await == "open").await;
    chief.until_within(A_COUNT, &figure("state", "Open")).await;
    assert_eq!(changes(&chief), 1);
    chief.click("#close", 1).await;
    chief.until("document.querySelector('dialog[open]')").await;
    assert_eq!(state(soon).await, "open", "it only asks");
    chief.click("#yes", 1).await;
    eventually("the sale is over", async || !["open", "closing"].contains(&&*state(soon).await)).await;
    chief.until_within(A_COUNT, "document.querySelector('#close').hidden").await;
    assert_eq!(changes(&chief), 2);
    clean(&chief, &house, true);
    house.finish().await;
}

/// Calls that would change a sale.
fn changes(tab: &Tab) -> usize {
    let posts = |request: &&String| request.starts_with("POST ") && request.contains("/admin/seckill/");
    tab.requests().iter().filter(posts).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_from_nowhere_is_a_red_line_until_it_is_mended() {
    let Some(house) = House::open().await else { return };
    let sale = house.sale(Spec { units: 5, ..Spec::default() }).await;
    house.world.staff("watcher", &["admin:seckill:read"]).await;
    house.world.staff("clerk", &["admin:seckill:list", "admin:order:read"]).await;

    // Who may not read sales sees nothing of one.
    let clerk = house.browser.tab().await;
    clerk.open(&house.page(&format!("board.html?id={sale}"))).await;
    log_in(&clerk, "clerk", "clerk").await;
    clerk
        .until("document.querySelector('#status')?.textContent.startsWith('Your account may not read')")
        .await;
    assert_eq!(clerk.is("document.querySelectorAll('.tile, .chart, .actions button').length").await, 0);
    clean(&clerk, &house, true);
    // A buyer's session opens nothing either.
    let buyer = house.buyer("lin").await;
    buyer.open(&house.page(&format!("board.html?id={sale}"))).await;
    buyer.until("document.activeElement?.id === 'username'").await;
    log_in(&buyer, "lin", "lin").await;
    buyer.until("document.querySelector('#status').textContent.startsWith('This name and password')").await;

    let tab = house.browser.tab().await;
    tab.open(&house.page(&format!("board.html?id={sale}"))).await;
    log_in(&tab, "watcher", "watcher").await;
    tab.until_within(A_COUNT, "document.querySelector('#books tr.gap.even')").await;
    tab.until(&figure("gap", "0")).await;
    let keys = DeskKeys::new(&house.world.prefix, SaleId(sale));
    let mut desk = house.world.redis.clone();
    let _: i64 = desk.hincr(&keys.terms, "free", 1).await.unwrap();
    tab.until_within(A_COUNT, "document.querySelector('#books tr.gap.bad')").await;
    assert_eq!(tab.text("#books tr.gap").await, "In no term: the gap1");
    let red = tab.is("getComputedStyle(document.querySelector('#books tr.gap td')).backgroundColor").await;
    assert_eq!(red, "rgb(200, 16, 46)");
    assert!(tab.text(".gap-alarm").await.starts_with("The books do not balance: one unit "));
    assert_eq!(tab.is("document.querySelector('.alarms').getAttribute('role')").await, "alert");
    look(&tab, "board-gap", [(390, 900), (1440, 1560)]).await;
    // The keeper rebuilds the desk from the ledger, and the line is green again.
    tab.until_within(house::PATIENCE, "document.querySelector('#books tr.gap.even')").await;
    tab.until_within(A_COUNT, "!document.querySelector('.gap-alarm')").await;
    clean(&tab, &house, true);
    house.finish().await;
}
