//! The mobile web shop. What it keeps of a checkout lies in the browser's storage and travels as text.

use super::{Client, demo_shop, is, reads, text_of};
use serde_json::{Value, json};

#[tokio::test]
async fn the_mobile_shop_finds_what_it_reads() {
    let world = demo_shop().await;
    let mut client = Client::shop(&world);
    let goods = window(&mut client).await;
    account(&mut client).await;
    addresses(&mut client).await;
    collecting(&mut client, &goods).await;
    let order = buying(&mut client, &goods).await;
    orders(&mut client, &order).await;
    paying_inside_wechat(&mut client, &goods).await;
    leaving(&mut client).await;
    client.has_called(49);
    world.finish().await;
}

/// Looking around without an account; goods that are for sale, as their page shows them.
async fn window(client: &mut Client<'_>) -> Value {
    let home = client.get("home/index").await;
    reads(
        &home,
        "banner[]{url:text} channel[]{id:int name:text iconUrl:text} \
         couponList[]{id:int name:text desc:text tag:text discount:num days:int} \
         grouponList[]{id:int name:text brief:text picUrl:text retailPrice:num grouponPrice:num \
         grouponMember:int grouponDiscount:num} brandList[]{id:int name:text picUrl:text} \
         newGoodsList[]{id:int name:text picUrl:text retailPrice:num} \
         hotGoodsList[]{id:int name:text brief:text picUrl:text counterPrice:num retailPrice:num} \
         topicList[]{id:int title:text subtitle:text picUrl:text}",
    );
    let channel = &home["channel"][0]["id"];
    let family = client.get(&format!("goods/category?id={channel}")).await;
    reads(
        &family,
        "currentCategory{id:int name:text desc:text} parentCategory{id:int} brotherCategory[]{id:int name:text}",
    );
    let (category, brand) = (&family["currentCategory"]["id"], &home["brandList"][0]["id"]);
    for filter in [
        format!("categoryId={category}"),
        "keyword=tea&categoryId=0".to_owned(),
        "isHot=true".to_owned(),
        "isNew=true".to_owned(),
        format!("brandId={brand}"),
    ] {
        let list = client.get(&format!("goods/list?page=1&limit=10&{filter}")).await;
        reads(
            &list,
            "list[]{id:int name:text brief:text picUrl:text counterPrice:num retailPrice:num} \
             page:int limit:int pages:int",
        );
    }
    let goods = client.get(&format!("goods/detail?id={}", home["hotGoodsList"][0]["id"])).await;
    reads(
        &goods,
        "info{id:int name:text brief:text gallery[]:text picUrl:text counterPrice:num retailPrice:num \
         detail:text} userHasCollect:flag attribute[]{attribute:text value:text} \
         specificationList[]{name:text valueList[]{id:int value:text picUrl:text}} \
         productList[]{id:int specifications[]:text price:num number:int}",
    );
    is(&client.get("cart/goodscount").await, "int");

    let catalog = client.get("catalog/index").await;
    reads(
        &catalog,
        "categoryList[]{id:int name:text} currentCategory{id:int picUrl:text desc:text} \
         currentSubCategory[]{id:int name:text picUrl:text}",
    );
    let current = client.get(&format!("catalog/current?id={}", catalog["categoryList"][1]["id"])).await;
    reads(
        &current,
        "currentCategory{id:int picUrl:text desc:text} currentSubCategory[]{id:int name:text picUrl:text}",
    );
    let brands = client.get("brand/list?page=1&limit=10").await;
    reads(&brands, "list[]{id:int name:text picUrl:text floorPrice:num desc:text} page:int pages:int");
    let of_brand = client.get(&format!("brand/detail?id={brand}")).await;
    reads(&of_brand, "name:text picUrl:text desc:text");
    let groups = client.get("groupon/list?page=1&limit=10").await;
    reads(
        &groups,
        "list[]{id:int name:text brief:text picUrl:text retailPrice:num counterPrice:num grouponMember:int \
         grouponDiscount:num} page:int pages:int",
    );
    let topics = client.get("topic/list?page=1&limit=10").await;
    reads(&topics, "list[]{id:int title:text subtitle:text picUrl:text readCount:text} page:int pages:int");
    let topic = &topics["list"][0]["id"];
    let page = client.get(&format!("topic/detail?id={topic}")).await;
    reads(&page, "topic{content:text} goods[]{id:int name:text picUrl:text retailPrice:num}");
    is(&client.get(&format!("topic/related?id={topic}")).await, "object");
    reads(&client.get("issue/list").await, "list[]{question:text answer:text}");
    goods
}

/// Becoming a customer, and logging in. The mobile page decides by the look of an account how it is named.
async fn account(client: &mut Client<'_>) {
    let mobile = "13700000001";
    client.post("auth/regCaptcha", json!({ "mobile": mobile })).await;
    assert_eq!(client.refused("auth/regCaptcha", json!({ "mobile": mobile })).await, 702);
    let form = json!({ "code": client.code(mobile).await, "username": "newcomer", "password": "newcomer",
        "repeatPassword": "newcomer", "mobile": mobile });
    client.post("auth/register", form).await;
    let known = "13800000000";
    client.post("auth/regCaptcha", json!({ "mobile": known })).await;
    let form = json!({ "code": client.code(known).await, "username": "another", "password": "another",
        "repeatPassword": "another", "mobile": known });
    assert_eq!(client.refused("auth/register", form).await, 705, "the page goes to the log-in");

    assert_eq!(client.try_get("user/index").await.errno(), 501, "the page goes to the log-in");
    let by_number = json!({ "mobile": known, "password": "user123" });
    assert_eq!(client.refused("auth/login", by_number).await, 401);
    let session = client.post("auth/login", json!({ "username": "user123", "password": "user123" })).await;
    reads(&session, "token:text userInfo{nickName:text avatarUrl:text}");
    client.token = text_of(&session["token"]);
    reads(&client.get("user/index").await, "order{unpaid:int unship:int unrecv:int uncomment:int}");
    reads(&client.get("auth/info").await, "avatar:text nickName:text gender:int mobile:text");
    client.post("auth/profile", json!({ "nickname": "小林" })).await;
    assert_eq!(client.get("auth/info").await["nickName"], "小林");
    let feedback = json!({ "mobile": known, "feedType": "商品相关", "content": "很好" });
    client.post("feedback/submit", feedback).await;
}

/// The address form; the area list is the client's own.
async fn addresses(client: &mut Client<'_>) {
    let list = "list[]{id:int name:text tel:text province:text city:text county:text addressDetail:text}";
    reads(&client.get("address/list").await, list);
    // A new page that is loaded again asks for this one.
    assert_eq!(client.try_get("address/detail?id=-1").await.errno(), 402);
    let form = json!({ "name": "林", "tel": "13700000001", "province": "浙江省", "city": "杭州市",
        "county": "西湖区", "country": "", "areaCode": "330106", "postalCode": "310000",
        "addressDetail": "湖边路 18 号", "isDefault": false });
    client.post("address/save", form).await;
    let rows = client.get("address/list").await;
    let at = rows["list"].as_array().unwrap().iter().find(|row| row["name"] == "林").unwrap();
    let entity = client.get(&format!("address/detail?id={}", at["id"])).await;
    reads(
        &entity,
        "id:int name:text tel:text province:text city:text county:text areaCode:text postalCode:text \
         addressDetail:text isDefault:bool",
    );
    assert_eq!((&entity["areaCode"], &entity["postalCode"]), (&json!("330106"), &json!("310000")));
    // The form gives back whatever the entity had.
    let mut form = entity.clone();
    form["addressDetail"] = json!("湖边路 20 号");
    form["country"] = json!("");
    client.post("address/save", form).await;
    client.post("address/delete", json!({ "id": at["id"] })).await;
    assert_eq!(client.get("address/list").await["total"], 1);
}

/// Favourites and coupons.
async fn collecting(client: &mut Client<'_>, goods: &Value) {
    let id = &goods["info"]["id"];
    client.post("collect/addordelete", json!({ "type": 0, "valueId": text_of(id) })).await;
    assert_eq!(client.get(&format!("goods/detail?id={id}")).await["userHasCollect"], 1);
    let kept = client.get("collect/list?type=0&page=1&limit=10").await;
    reads(&kept, "list[]{valueId:int name:text brief:text picUrl:text retailPrice:num} page:int pages:int");
    let offered = client.get("home/index").await;
    for coupon in offered["couponList"].as_array().unwrap() {
        client.post("coupon/receive", json!({ "couponId": coupon["id"] })).await;
    }
    let mine = client.get("coupon/mylist?status=0&page=1&limit=10").await;
    reads(&mine, "list[]{name:text desc:text tag:text discount:num endTime:time} page:int pages:int");
    for status in [1, 2] {
        let none = client.get(&format!("coupon/mylist?status={status}&page=1&limit=10")).await;
        reads(&none, "list:array page:int pages:int");
    }
}

/// From the page of goods to an order; its id.
async fn buying(client: &mut Client<'_>, goods: &Value) -> Value {
    let (id, sku) = (&goods["info"]["id"], &goods["productList"][0]["id"]);
    let wanted = json!({ "goodsId": id, "productId": sku, "number": 2 });
    client.post("cart/add", wanted.clone()).await;
    assert_eq!(client.get("cart/goodscount").await, 2);
    let cart = client.get("cart/index").await;
    reads(
        &cart,
        "cartList[]{id:int goodsId:int productId:int goodsName:text price:num number:int picUrl:text \
         checked:bool specifications[]:text addTime:time}",
    );
    let row = &cart["cartList"][0];
    let more = json!({ "id": row["id"], "goodsId": id, "productId": sku, "number": 3 });
    client.post("cart/update", more).await;
    for flag in [0, 1] {
        client.post("cart/checked", json!({ "productIds": [sku], "isChecked": flag })).await;
        assert_eq!(client.get("cart/index").await["cartList"][0]["checked"], flag == 1);
    }
    // Nothing was chosen yet, so what is asked for is the text of zero.
    let whole = checkout(client, "0", "0", "0", "0").await;
    assert_eq!(whole["checkedGoodsList"][0]["number"], 3);
    let left = client.post("cart/delete", json!({ "productIds": [sku] })).await;
    reads(&left, "cartList:array");

    let row = client.post("cart/fastadd", wanted).await;
    is(&row, "int");
    let row = text_of(&row);
    let first = checkout(client, &row, "0", "0", "0").await;
    let kept = |member: &str| text_of(&first[member]);
    let usable = client.get(&format!("coupon/selectlist?cartId={row}&grouponRulesId=0")).await;
    reads(
        &usable,
        "list[]{id:int cid:int name:text desc:text min:num discount:num startTime:time endTime:time \
         available:bool}",
    );
    let (coupon, claim) = (kept("couponId"), kept("userCouponId"));
    let again = checkout(client, &kept("cartId"), &kept("addressId"), &coupon, &claim).await;
    assert_eq!(again["actualPrice"], first["actualPrice"], "what was kept is what is sent");
    let form = json!({ "addressId": kept("addressId"), "cartId": kept("cartId"), "couponId": coupon,
        "userCouponId": claim, "grouponLinkId": 0, "grouponRulesId": 0, "message": "轻放" });
    let made = client.post("order/submit", form).await;
    reads(&made, "orderId:int");
    // What was never put into the storage is null, or the text of it.
    client.post("cart/add", json!({ "goodsId": id, "productId": sku, "number": 1 })).await;
    let form = json!({ "addressId": kept("addressId"), "cartId": null, "couponId": "undefined",
        "userCouponId": null, "grouponLinkId": 0, "grouponRulesId": 0, "message": "" });
    reads(&client.post("order/submit", form).await, "orderId:int");
    made["orderId"].clone()
}

async fn checkout(client: &mut Client<'_>, cart: &str, address: &str, coupon: &str, claim: &str) -> Value {
    let query =
        format!("cartId={cart}&addressId={address}&couponId={coupon}&userCouponId={claim}&grouponRulesId=0");
    let page = client.get(&format!("cart/checkout?{query}")).await;
    reads(
        &page,
        "checkedGoodsList[]{id:int goodsName:text number:int price:num picUrl:text specifications[]:text} \
         checkedAddress{name:text tel:text addressDetail:text} availableCouponLength:int actualPrice:num \
         couponPrice:num grouponPrice:num freightPrice:num goodsTotalPrice:num orderTotalPrice:num \
         addressId:int cartId:int couponId:int userCouponId:int",
    );
    page
}

const DETAIL: &str = "orderInfo{id:int orderSn:text actualPrice:num goodsPrice:num freightPrice:num \
    consignee:text mobile:text address:text addTime:time handleOption{cancel:bool delete:bool pay:bool \
    comment:bool confirm:bool refund:bool rebuy:bool aftersale:bool}} orderGoods[]{id:int goodsName:text \
    number:int price:num picUrl:text}";

/// Orders in every state the demo shop has; each button of their page.
async fn orders(client: &mut Client<'_>, order: &Value) {
    let detail = client.get(&format!("order/detail?orderId={order}")).await;
    reads(&detail, DETAIL);
    assert!(detail["orderInfo"].get("expNo").is_none(), "not sent yet, so the member is not there");
    let link = client.post("order/h5pay", json!({ "orderId": order })).await;
    reads(&link, "mwebUrl:text");
    for kind in 0..=4 {
        let list = client.get(&format!("order/list?showType={kind}&page=1&limit=10")).await;
        reads(
            &list,
            "list[]{id:int orderSn:text orderStatusText:text actualPrice:num handleOption{cancel:bool \
             pay:bool refund:bool confirm:bool delete:bool comment:bool} goodsList[]{goodsName:text \
             number:int picUrl:text specifications[]:text}} page:int pages:int",
        );
    }
    assert_eq!(client.refused("order/delete", json!({ "orderId": order })).await, 725, "the page's fault");
    client.post("order/cancel", json!({ "orderId": order })).await;
    client.post("order/delete", json!({ "orderId": order })).await;

    let waiting = client.get("order/list?showType=2&page=1&limit=10").await;
    client.post("order/refund", json!({ "orderId": waiting["list"][0]["id"] })).await;
    let sent = client.get("order/list?showType=3&page=1&limit=10").await;
    let id = &sent["list"][0]["id"];
    let detail = client.get(&format!("order/detail?orderId={id}")).await;
    reads(&detail, DETAIL);
    reads(
        &detail,
        "orderInfo{expCode:text expNo:text} expressInfo{Traces[]{AcceptStation:text AcceptTime:text}}",
    );
    client.post("order/confirm", json!({ "orderId": id })).await;
}

/// Inside WeChat the account has an openid, and its client is given what it needs to pay.
async fn paying_inside_wechat(client: &mut Client<'_>, goods: &Value) {
    let before = std::mem::take(&mut client.token);
    let session = client.post("auth/login", json!({ "username": "buyer01", "password": "buyer01" })).await;
    client.token = text_of(&session["token"]);
    let wanted =
        json!({ "goodsId": goods["info"]["id"], "productId": goods["productList"][0]["id"], "number": 1 });
    let row = text_of(&client.post("cart/fastadd", wanted).await);
    let page = checkout(client, &row, "0", "0", "0").await;
    let form = json!({ "addressId": text_of(&page["addressId"]), "cartId": row, "couponId": "0",
        "userCouponId": "0", "grouponLinkId": 0, "grouponRulesId": 0, "message": "" });
    let order = client.post("order/submit", form).await;
    let words = client.post("order/prepay", json!({ "orderId": order["orderId"] })).await;
    reads(&words, "appId:text timeStamp:text nonceStr:text packageValue:text paySign:text");
    client.token = before;
}

/// Another password, which ends every session, and the way out.
async fn leaving(client: &mut Client<'_>) {
    let mobile = "13700000001";
    let session = client.post("auth/login", json!({ "username": "newcomer", "password": "newcomer" })).await;
    client.token = text_of(&session["token"]);
    client.a_minute_passes(mobile).await;
    client.post("auth/captcha", json!({ "mobile": mobile, "type": "change-password" })).await;
    let form = json!({ "password": "newer-one", "mobile": mobile, "code": client.code(mobile).await });
    client.post("auth/reset", form).await;
    let session = client.post("auth/login", json!({ "username": "newcomer", "password": "newer-one" })).await;
    client.token = text_of(&session["token"]);
    client.post("auth/captcha", json!({ "mobile": "13700000002", "type": "bind-mobile" })).await;
    client.post("auth/logout", Value::Null).await;
    assert_eq!(client.try_get("auth/info").await.errno(), 501);
}
