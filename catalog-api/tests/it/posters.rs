//! Share posters: made where staff switched them on, for goods and for groups, and never in the way of an
//! edit or a payment.

use crate::harness::{Call, Goods, World, shown};
use serde_json::{Value, json};

async fn switch(world: &World, staff: &str, on: bool) {
    let form = json!({ "litemall_wx_share": on });
    world.ok(Call::post("/admin/config/wx", form).staff(staff)).await;
}

/// A file of ours by its address, which names the listener of the settings.
async fn fetched(world: &World, url: &str) -> (u16, Option<image::DynamicImage>) {
    let path = url.split_once("/wx/").map(|(_, path)| format!("/wx/{path}")).unwrap();
    let answer = world.call(Call::get(&path)).await;
    (answer.status, image::load_from_memory(&answer.bytes).ok())
}

fn form(picture: &Value) -> Value {
    json!({ "goods": { "goodsSn": "N-1", "name": "net", "picUrl": picture, "isOnSale": true },
        "specifications": [], "attributes": [],
        "products": [{ "specifications": ["one"], "price": 40, "number": 9 }] })
}

#[tokio::test]
async fn goods_get_a_poster_and_a_new_one_when_they_are_edited() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(30, 30, image::Rgb([200, 0, 0]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    let upload = Call::file("/admin/storage/create", "net.png", &bytes.into_inner()).staff(&staff);
    let picture = world.ok(upload).await["url"].clone();
    switch(&world, &staff, true).await;
    world.ok(Call::post("/admin/goods/create", form(&picture)).staff(&staff)).await;
    let id =
        world.ok(Call::get("/admin/goods/list?goodsSn=N-1").staff(&staff)).await["list"][0]["id"].clone();
    let read = format!("/admin/goods/detail?id={id}");
    let mut edit = world.ok(Call::get(&read).staff(&staff)).await;
    let page = async || world.ok(Call::get(&format!("/wx/goods/detail?id={id}"))).await;
    world.until("there is a poster", async || page().await["shareImage"].is_string()).await;
    let first = page().await["shareImage"].as_str().unwrap().to_owned();
    assert_eq!((&page().await["share"], &page().await["info"]["shareUrl"]), (&json!(true), &json!(first)));
    let (status, poster) = fetched(&world, &first).await;
    let poster = poster.unwrap().to_rgb8();
    assert_eq!((status, poster.dimensions()), (200, (600, 860)));
    assert!(poster.get_pixel(300, 300).0[0] > 150, "the goods are on it");

    // It is nobody's edit: what staff had open before it was made can be saved.
    edit["goods"]["brief"] = json!("for ponds");
    world.ok(Call::post("/admin/goods/update", edit.clone()).staff(&staff)).await;
    world.until("there is another", async || page().await["shareImage"] != json!(first)).await;
    assert_eq!(fetched(&world, &first).await.0, 404, "the one before it is gone");
    let second = page().await["shareImage"].clone();

    // Switched off, goods keep the poster they have.
    switch(&world, &staff, false).await;
    let edit = world.ok(Call::get(&read).staff(&staff)).await;
    world.ok(Call::post("/admin/goods/update", edit).staff(&staff)).await;
    assert_eq!((&page().await["shareImage"], &page().await["share"]), (&second, &json!(false)));
    let asked = "select count(*) from due_task where kind = 'goods_poster' and subject_id > ?";
    assert_eq!(world.number(asked, 0).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_group_that_was_opened_has_a_poster_its_members_share() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    switch(&world, &staff, true).await;
    let tea: Goods = world.goods("tea", 9).await;
    let offer = json!({ "goodsId": tea.id, "discount": 5, "discountMember": 3, "expireTime": shown(3_600) });
    let rule = world.ok(Call::post("/admin/groupon/create", offer).staff(&staff)).await["id"].clone();
    let mut link = json!(0);
    for (name, kind) in [("lin", 0), ("mei", 1)] {
        let person = world.person(name).await;
        let row = world.in_cart(person.id, tea, 1).await;
        let mut form = person.order_form();
        (form["cartId"], form["grouponRulesId"], form["grouponLinkId"]) =
            (json!(row), rule.clone(), link.clone());
        let made = world.ok(Call::post("/wx/order/submit", form).shop(&person.token)).await;
        link = made["grouponLinkId"].clone();
        let detail = Call::get(&format!("/wx/order/detail?orderId={}", made["orderId"])).shop(&person.token);
        let sn = world.ok(detail).await["orderInfo"]["orderSn"].as_str().unwrap().to_owned();
        Call::post(&format!("/dev/pay/{sn}"), Value::Null).send(world.private).await.unwrap();
        let mine = || Call::get(&format!("/wx/groupon/my?showType={kind}")).shop(&person.token);
        let url = async || world.ok(mine()).await["list"][0]["groupon"]["shareUrl"].clone();
        world
            .until("the group has a poster", async || {
                url().await.as_str().is_some_and(|url| url.ends_with(".jpg"))
            })
            .await;
        assert_eq!(fetched(&world, url().await.as_str().unwrap()).await.0, 200);
    }
    world.finish().await;
}
