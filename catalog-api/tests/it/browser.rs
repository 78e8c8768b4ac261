//! The buyers' pages in a real browser, over a real engine: what a buyer sees and presses, from the list to
//! the paid order, and what becomes of a purchase when something gets in its way.
//!
//! Where there is no Chromium nothing can be looked at; `cargo xtask test` says so.

mod access;
mod board;
mod chromium;
mod house;

use crate::harness::Call;
use access::nobody_is_shut_out;
use chromium::Tab;
use house::{House, Spec, eventually};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The button can be pressed.
const CAN_BUY: &str =
    "document.querySelector('#buy:not([hidden])')?.getAttribute('aria-disabled') === 'false'";
const HELD: &str = "document.body.dataset.phase === 'held'";
const PAID: &str = "document.body.dataset.phase === 'paid'";

/// Every request went to this origin, and no script, policy or answer complained.
fn clean(tab: &Tab, house: &House, network: bool) {
    let origin = format!("http://{}/", house.world.public);
    let requests = tab.requests();
    assert!(requests.len() > 5, "{requests:?}");
    for request in &requests {
        let url = request.split_once(' ').unwrap().1;
        assert!(url.starts_with(&origin) || url == "about:blank", "{url} is elsewhere");
    }
    assert_eq!(tab.complaints(network), [""; 0]);
}

fn orders_sent(tab: &Tab) -> usize {
    tab.requests()
        .iter()
        .filter(|request| request.starts_with("POST ") && request.ends_with("/orders"))
        .count()
}

/// The number of the order a tab shows.
async fn order_sn(tab: &Tab, sale: u64) -> String {
    let kept = tab.is(&format!("JSON.parse(localStorage.getItem('mall.purchase.{sale}'))?.sn ?? ''")).await;
    kept.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_signs_in_clicks_twice_gets_one_order_and_pays_for_it() {
    let Some(house) = House::open().await else { return };
    // A name that would be a script, if it were not text.
    let name = "<img src=x onerror=alert(1)> & Söhne";
    let sale = house.sale(Spec { name, ..Spec::default() }).await;
    house.world.shopper("lin", "").await;
    let tab = house.browser.tab().await;

    tab.open(&house.page("")).await;
    tab.until("document.querySelector('.card[data-state=open] .state').textContent.includes('10 of 10')")
        .await;
    assert_eq!(tab.text(".card h2").await, name);
    tab.click(".card", 1).await;
    tab.until("document.querySelector('#sign-in:not([hidden])') && document.body.dataset.state === 'open'")
        .await;
    assert_eq!(tab.text("h1").await, name);
    tab.click("#sign-in", 1).await;
    // From here on with the keyboard alone.
    tab.until("document.activeElement?.id === 'name'").await;
    tab.write("lin").await;
    tab.key("Tab").await;
    tab.write("lin").await;
    tab.key("Enter").await;
    tab.until(CAN_BUY).await;

    // Grey from the click to the answer, whatever is pressed.
    tab.hold(&format!("/sales/{sale}/token"), "Request").await;
    tab.click("#buy", 2).await;
    tab.held().await;
    assert_eq!(tab.is("document.querySelector('#buy').getAttribute('aria-disabled')").await, "true");
    let colour = "getComputedStyle(document.querySelector('#buy')).backgroundColor";
    assert_ne!(tab.is(colour).await, "rgb(200, 16, 46)", "it looks grey");
    tab.click("#buy", 2).await;
    tab.let_go().await;
    tab.until(HELD).await;
    assert_eq!(orders_sent(&tab), 1);
    assert_eq!(house.orders(sale).await, 1);
    assert!(tab.text("#status").await.starts_with("Yours until "), "{}", tab.text("#status").await);
    assert_eq!(tab.text("#buy").await, "Pay ¥9.90");

    // To the provider and back, by keyboard.
    tab.is("document.querySelector('#buy').focus()").await;
    tab.key("Enter").await;
    tab.until("document.title === 'Local payment' && document.readyState === 'complete'").await;
    tab.click("button", 1).await;
    tab.until(PAID).await;
    assert_eq!(tab.text("#status").await, "Paid. It is yours!");
    tab.open(&house.page("orders.html")).await;
    tab.until("document.querySelector('.order strong')?.textContent === 'Paid'").await;
    clean(&tab, &house, true);
    house.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_is_cut_or_reloaded_in_the_middle_ends_with_the_same_order() {
    let Some(mut house) = House::open().await else { return };
    let sale = house.sale(Spec { units: 5, ..Spec::default() }).await;
    let page = house.page(&format!("sale.html?id={sale}"));

    // Reloaded while the answer is on its way: the order exists, the page does not know.
    let tab = house.buyer("reloads").await;
    tab.open(&page).await;
    tab.until(CAN_BUY).await;
    tab.hold(&format!("/sales/{sale}/orders"), "Response").await;
    tab.click("#buy", 1).await;
    tab.held().await;
    eventually("the order is in the ledger", async || house.orders(sale).await == 1).await;
    tab.let_go().await;
    tab.open(&page).await;
    tab.until(HELD).await;
    assert_eq!(house.orders(sale).await, 1, "it is the same order");
    let sn = order_sn(&tab, sale).await;
    tab.open(&page).await;
    tab.until(HELD).await;
    assert_eq!(order_sn(&tab, sale).await, sn);

    // Two tabs of one browser show one purchase.
    let beside = house.browser.tab_beside(&tab).await;
    beside.open(&page).await;
    beside.until(HELD).await;
    assert_eq!(order_sn(&beside, sale).await, sn);

    // Cut after the click: said in plain words, asked again with the same token.
    let cut = house.buyer("cut").await;
    cut.open(&page).await;
    cut.until(CAN_BUY).await;
    cut.hold(&format!("/sales/{sale}/orders"), "Response").await;
    cut.click("#buy", 1).await;
    let held = cut.held().await;
    cut.cut(&held).await;
    cut.until("document.querySelector('#status').textContent.includes('you will not get two')").await;
    cut.let_go().await;
    cut.until(HELD).await;
    assert_eq!(house.orders(sale).await, 2);

    // The engine dies between the click and the answer, and comes back.
    let unlucky = house.buyer("unlucky").await;
    unlucky.open(&page).await;
    unlucky.until(CAN_BUY).await;
    unlucky.hold(&format!("/sales/{sale}/orders"), "Request").await;
    unlucky.click("#buy", 1).await;
    unlucky.held().await;
    house.kill_engine();
    unlucky.let_go().await;
    unlucky.until("document.querySelector('#detail').textContent.startsWith('Trying again')").await;
    assert_eq!(unlucky.is("document.querySelector('#buy').getAttribute('aria-disabled')").await, "true");
    house.start_engine().await;
    unlucky.until_within(Duration::from_secs(60), HELD).await;
    assert_eq!(house.orders(sale).await, 3);
    for tab in [&tab, &beside, &cut, &unlucky] {
        clean(tab, &house, false);
    }
    house.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countdown_starts_on_the_second_whatever_the_clock_of_the_computer_says() {
    let Some(house) = House::open().await else { return };
    let tabs = [(house.buyer("early").await, -1), (house.buyer("late").await, 1)];
    let sale = house.sale(Spec { starts_in_ms: 6000, ..Spec::default() }).await;
    let starts_at = house
        .world
        .number("select cast(unix_timestamp(starts_at) * 1000 as signed) from flash_sale where id = ?", sale)
        .await;
    for (tab, hours) in &tabs {
        // The page's clock is an hour off; the moment the button is released is taken by the right one.
        let shift = hours * 3_600_000;
        tab.before_pages(&format!(
            "(() => {{ const real = Date; const now = () => real.now() + ({shift}); \
             window.Date = class extends real {{ constructor(...a) {{ if (a.length) super(...a); else super(now()); }} \
             static now() {{ return now(); }} }}; \
             const look = () => {{ const b = document.querySelector('#buy:not([hidden])'); \
             if (b?.getAttribute('aria-disabled') === 'false') window.releasedAt ??= real.now(); \
             else setTimeout(look, 5); }}; look(); }})()"
        ))
        .await;
        tab.open(&house.page(&format!("sale.html?id={sale}"))).await;
        tab.until("/^00:00:0[1-6]$/.test(document.querySelector('#countdown').textContent)").await;
        assert_eq!(tab.text("#buy").await, "Not yet");
    }
    for (tab, _) in &tabs {
        tab.until("window.releasedAt").await;
        let late_ms = tab.is("window.releasedAt").await.as_i64().unwrap() - starts_at;
        println!("released {late_ms} ms after the start");
        assert!((-50..1000).contains(&late_ms), "{late_ms} ms");
        tab.click("#buy", 1).await;
        tab.until(HELD).await;
        clean(tab, &house, true);
    }
    house.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_fight_for_the_last_unit_and_the_loser_gets_the_one_that_comes_back() {
    let Some(house) = House::open().await else { return };
    let sale = house.sale(Spec { units: 1, ..Spec::default() }).await;
    let page = house.page(&format!("sale.html?id={sale}"));
    let tabs = [house.buyer("first").await, house.buyer("second").await];
    for tab in &tabs {
        tab.open(&page).await;
        tab.until(CAN_BUY).await;
    }
    // Both are held at the door, and let in together.
    for tab in &tabs {
        tab.hold(&format!("/sales/{sale}/orders"), "Request").await;
        tab.click("#buy", 1).await;
        tab.held().await;
    }
    tokio::join!(tabs[0].let_go(), tabs[1].let_go());
    for tab in &tabs {
        tab.until(&format!(
            "{HELD} || document.querySelector('#status').textContent.startsWith('Everything is sold')"
        ))
        .await;
    }
    let won = [tabs[0].is(HELD).await == true, tabs[1].is(HELD).await == true];
    assert_ne!(won[0], won[1], "one has it, the other is told");
    assert_eq!(house.orders(sale).await, 1);
    let (winner, loser) = if won[0] { (&tabs[0], &tabs[1]) } else { (&tabs[1], &tabs[0]) };
    loser.until("document.querySelector('#buy').textContent === 'Sold out'").await;
    assert_eq!(loser.is("document.querySelector('#buy').getAttribute('aria-disabled')").await, "true");

    // The winner gives it back under My orders; the loser's page says so by itself.
    winner.before_pages("window.confirm = () => true").await;
    winner.open(&house.page("orders.html")).await;
    winner.until("document.querySelector('.order .quiet')").await;
    winner.click(".order .quiet", 1).await;
    winner.until("document.querySelector('.order strong')?.textContent === 'Cancelled'").await;
    loser.until("document.querySelector('#status').textContent === 'One came back! Be quick.'").await;
    loser.click("#buy", 1).await;
    loser.until(HELD).await;
    winner.open(&page).await;
    winner.until("document.body.dataset.phase === 'lapsed'").await;
    for tab in &tabs {
        clean(tab, &house, false);
    }
    house.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storms_are_waited_out_and_a_page_without_its_script_or_its_sale_says_so() {
    let Some(house) = House::open().await else { return };
    let sale = house.sale(Spec::default()).await;
    let page = house.page(&format!("sale.html?id={sale}"));
    let tab = house.buyer("patient").await;
    // Without a stream the page looks for itself.
    tab.ask("Network.setBlockedURLs", json!({ "urls": ["*/sales/*/events"] })).await;
    tab.open(&page).await;
    tab.until(CAN_BUY).await;
    let polled = |tab: &Tab| tab.requests().iter().filter(|request| request.ends_with("/state")).count();
    eventually("the page polls", async || polled(&tab) >= 2).await;

    // What the server says about when to come again is kept, and shown.
    tab.hold(&format!("/sales/{sale}/token"), "Request").await;
    tab.click("#buy", 1).await;
    let mut refused = None;
    for (status, code, wait_s, told) in [
        (503, "busy", 2, "The shop is very busy."),
        (429, "too_many_requests", 1, "Many people want it."),
        (503, "recovering", 1, "The sale is being prepared."),
    ] {
        let held = tab.held().await;
        let waited = refused.replace(std::time::Instant::now()).map(|since| since.elapsed());
        assert!(waited.is_none_or(|waited| waited > Duration::from_millis(1700)), "{waited:?} before {code}");
        tab.refuse(&held, status, code, wait_s).await;
        tab.until(&format!("document.querySelector('#status').textContent.startsWith('{told}')")).await;
        tab.until("/^Trying again/.test(document.querySelector('#detail').textContent)").await;
        assert_eq!(tab.is("document.querySelector('#buy').getAttribute('aria-disabled')").await, "true");
    }
    tab.let_go().await;
    tab.until(HELD).await;
    assert_eq!(house.orders(sale).await, 1);
    clean(&tab, &house, false);

    // A tab that was open all the time sees its sale end.
    let short = house.sale(Spec { ends_in_ms: 6000, ..Spec::default() }).await;
    let old = house.buyer("old").await;
    old.open(&house.page(&format!("sale.html?id={short}"))).await;
    old.until("document.querySelector('#status').textContent === 'This sale is over.'").await;
    assert_eq!(old.is("document.querySelector('#buy').hidden").await, true);
    old.open(&house.page("sale.html?id=999999")).await;
    old.until("document.body.innerText.includes('There is no such sale')").await;

    // Without its script a page says so by itself.
    let bare = house.browser.tab().await;
    bare.ask("Network.setBlockedURLs", json!({ "urls": ["*/sale.js"] })).await;
    bare.open(&page).await;
    bare.until("getComputedStyle(document.querySelector('#not-loaded')).visibility === 'visible'").await;
    assert!(bare.text("#not-loaded").await.contains("needs a script that did not load"));
    house.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_cached_for_as_long_as_they_are_true_and_reach_nothing_else() {
    use crate::harness::World;
    let world = World::new().await;
    let page = world.call(Call::get("/shop/sale.html")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["cache-control"], "no-cache");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let tag = page.headers["etag"].to_str().unwrap();
    let again = world.call(Call::get("/shop/sale.html").header("if-none-match", tag)).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let script = page.text.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let asset = world.call(Call::get(&format!("/shop/{script}"))).await;
    assert_eq!(asset.status, 200);
    assert_eq!(asset.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(asset.headers["content-type"], "text/javascript; charset=utf-8");
    // While one version follows another, the other one's names lead to ours, and are not kept.
    let other = world.call(Call::get("/shop/assets/0123456789abcdef/sale.js")).await;
    assert_eq!(other.status, 200);
    assert_eq!(other.headers["cache-control"], "no-store");
    for nothing in ["/shop/secret.html", "/shop/assets/x/secret.js", "/shop/../Cargo.toml", "/shop/%2e%2e/x"]
    {
        assert_eq!(world.call(Call::get(nothing)).await.status, 404, "{nothing}");
    }
    // What a web server is given is the same.
    let folder = std::env::temp_dir().join(format!("catalog-it-pages-{}", std::process::id()));
    assert!(world.command(&["pages", folder.to_str().unwrap()]).status().unwrap().success());
    assert_eq!(std::fs::read_to_string(folder.join("sale.html")).unwrap(), page.text);
    assert_eq!(std::fs::read_to_string(folder.join(script)).unwrap(), asset.text);
    std::fs::remove_dir_all(folder).unwrap();
}

/// What a page costs whoever serves it, once a browser has been there: the page itself, unchanged, and one
/// stream. Everything else it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_looked_at_again_during_a_sale_costs_next_to_nothing() {
    let Some(house) = House::open().await else { return };
    let sale = house.sale(Spec { units: 100, ..Spec::default() }).await;
    let page = house.page(&format!("sale.html?id={sale}"));
    let tab = house.buyer("lin").await;
    let mut costs = Vec::new();
    for _ in 0..3 {
        let mark = tab.mark();
        tab.open(&page).await;
        tab.until(CAN_BUY).await;
        tab.until("[...document.images].every((image) => image.complete)").await;
        let fetched = tab.fetched(mark);
        costs.push((fetched.len(), fetched.iter().map(|(_, bytes)| bytes).sum::<u64>(), fetched));
    }
    let ((first, first_bytes, _), (again, again_bytes, fetched)) = (&costs[0], &costs[2]);
    println!("first: {first} requests, {first_bytes} bytes; again: {again} requests, {again_bytes} bytes");
    let asked: Vec<&str> = fetched.iter().map(|(url, _)| url.rsplit('/').next().unwrap()).collect();
    assert_eq!(asked, [format!("sale.html?id={sale}"), "events".into()], "{fetched:?}");
    assert!(*again_bytes < 2000 && again_bytes * 10 < *first_bytes, "{costs:?}");
    clean(&tab, &house, true);
    house.finish().await;
}

/// Where pictures for the documents go, when a folder for them is named.
fn pictures() -> Option<PathBuf> {
    let folder = std::env::var_os("SHOP_PICTURES")?;
    let fonts = std::process::Command::new("fc-list").arg(":lang=zh").output();
    let has_one = fonts.is_ok_and(|fonts| !fonts.stdout.is_empty());
    assert!(has_one, "pictures want a Chinese font, such as fonts-wqy-microhei with fontconfig");
    Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(folder))
}

/// Looks at a page as it is now on a phone and at a desk: it fits, shuts nobody out, and is pictured.
async fn look(tab: &Tab, name: &str, [phone, desk]: [(u32, u32); 2]) {
    for (size, (width, height)) in [("phone", phone), ("desk", desk)] {
        tab.size(width, height, size == "phone").await;
        tab.until("[...document.images].every((image) => image.complete)").await;
        let wide = tab.is("document.documentElement.scrollWidth - innerWidth").await;
        assert_eq!(wide, 0, "{name} fits a {size}");
        if let Some(folder) = pictures() {
            tab.picture(&folder.join(format!("{name}-{size}.png"))).await;
        }
        nobody_is_shut_out(tab, &format!("{name} on a {size}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone_and_a_desk() {
    let Some(house) = House::open().await else { return };
    let open = house.sale(Spec { name: "Spring tea · 明前龙井", units: 100, ..Spec::default() }).await;
    let soon = house.sale(Spec { name: "Porcelain cup", starts_in_ms: 754_000, ..Spec::default() }).await;
    let few = house.sale(Spec { name: "Bamboo tray", units: 3, ..Spec::default() }).await;
    // What cannot be had any more is paler, but can be read.
    let gone = house.sale(Spec { name: "Bamboo ladle", units: 1, ..Spec::default() }).await;
    house.sell(gone, "early").await;
    for (sale, picture) in [(open, "kettle-3"), (soon, "cup-7"), (few, "bowl-11"), (gone, "cup-9")] {
        let sql = "update flash_sale set pic_url = ?, version = version + 1 where id = ?";
        let address = format!("/wx/art/{picture}.png");
        sqlx::query(sql).bind(address).bind(sale).execute(&house.world.db).await.unwrap();
    }
    let tab = house.buyer("lin").await;
    let look = async |name: &str| look(&tab, name, [(390, 780), (1200, 800)]).await;
    tab.open(&house.page("")).await;
    tab.until(
        "document.querySelectorAll('.card').length === 4 && document.querySelector('.card[data-state=gone]')",
    )
    .await;
    look("sales").await;
    tab.open(&house.page(&format!("sale.html?id={soon}"))).await;
    tab.until("document.body.dataset.state === 'soon'").await;
    look("sale-soon").await;
    tab.open(&house.page(&format!("sale.html?id={open}"))).await;
    tab.until(CAN_BUY).await;
    look("sale-open").await;
    tab.click("#buy", 1).await;
    tab.until(HELD).await;
    look("sale-yours").await;
    tab.open(&house.page("orders.html")).await;
    tab.until("document.querySelector('.order')").await;
    look("orders").await;
    // In the other language nothing is left in this one.
    tab.is("localStorage.setItem('mall.language', 'zh')").await;
    tab.open(&house.page(&format!("sale.html?id={open}"))).await;
    tab.until(HELD).await;
    assert_eq!(tab.is("document.documentElement.lang").await, "zh");
    assert!(tab.text("#status").await.starts_with("为您保留到"), "{}", tab.text("#status").await);
    look("sale-yours-zh").await;
    tab.is("localStorage.removeItem('mall.session')").await;
    tab.open(&house.page("sign-in.html")).await;
    tab.until("document.querySelector('#password')").await;
    look("sign-in").await;
    clean(&tab, &house, true);
    house.finish().await;
}
