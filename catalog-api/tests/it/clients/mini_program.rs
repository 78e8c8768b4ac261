//! The mini-program inside WeChat. Ids come from page options, so many travel as text.

use super::{Client, demo_shop, is, reads, text_of};
use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use serde_json::{Value, json};

#[tokio::test]
async fn the_mini_program_finds_what_it_reads() {
    let world = demo_shop().await;
    let mut client = Client::shop(&world);
    let goods = window(&mut client).await;
    texts(&mut client, &goods).await;
    account(&mut client).await;
    coupons(&mut client).await;
    let address = addresses(&mut client).await;
    cart(&mut client, &goods).await;
    let order = buying(&mut client, &goods, &address).await;
    received(&mut client, &order).await;
    states(&mut client, &goods, &address).await;
    group(&mut client, &address).await;
    kept(&mut client, &goods).await;
    accounts_of_its_own(&mut client).await;
    client.has_called(69);
    world.finish().await;
}

const BRIEF: &str = "list[]{id:int name:text picUrl:text retailPrice:num}";

/// Home, categories, brands, goods. None of it needs an account.
async fn window(client: &mut Client<'_>) -> Value {
    let home = client.get("home/index").await;
    reads(
        &home,
        "banner[]{url:text link:text} channel[]{id:int name:text iconUrl:text} couponList[]{id:int name:text \
         desc:text tag:text discount:num min:num days:int startTime:time? endTime:time?} \
         newGoodsList[]{id:int name:text brief:text picUrl:text retailPrice:num} \
         hotGoodsList[]{id:int name:text brief:text picUrl:text retailPrice:num} \
         topicList[]{id:int title:text subtitle:text picUrl:text price:num} \
         brandList[]{id:int name:text picUrl:text floorPrice:num} \
         grouponList[]{id:int name:text brief:text picUrl:text retailPrice:num grouponPrice:num \
         grouponMember:int expireTime:time} \
         floorGoodsList[]{id:int name:text goodsList[]{id:int name:text picUrl:text retailPrice:num}}",
    );
    is(&client.get("goods/count").await, "int");
    let about = client.get("home/about").await;
    reads(&about, "name:text address:text phone:text qq:text latitude:text longitude:text");
    for place in ["latitude", "longitude"] {
        assert!(about[place].as_str().unwrap().parse::<f64>().is_ok(), "{about}");
    }
    let catalog = client.get("catalog/index").await;
    let sub =
        "currentCategory{id:int name:text picUrl:text} currentSubCategory[]{id:int name:text picUrl:text}";
    reads(&catalog, "categoryList[]{id:int name:text}");
    reads(&catalog, sub);
    let second = text_of(&catalog["categoryList"][1]["id"]);
    reads(&client.get(&format!("catalog/current?id={second}")).await, sub);
    let family = client.get(&format!("goods/category?id={}", catalog["currentSubCategory"][0]["id"])).await;
    reads(
        &family,
        "brotherCategory[]{id:int name:text} currentCategory{id:int name:text desc:text} \
         parentCategory{id:int name:text}",
    );
    let category = &family["currentCategory"]["id"];
    reads(&client.get(&format!("goods/list?categoryId={category}&page=1&limit=10")).await, BRIEF);
    for filter in ["isHot=true", "isNew=true"] {
        for (sort, order) in [("add_time", "desc"), ("retail_price", "asc"), ("name", "asc")] {
            let query = format!("{filter}&page=1&order={order}&sort={sort}&limit=10&categoryId=0");
            let list = client.get(&format!("goods/list?{query}")).await;
            reads(&list, BRIEF);
            reads(&list, "pages:int filterCategoryList[]{id:int name:text}");
        }
    }
    let brands = client.get("brand/list?page=1&limit=10").await;
    reads(&brands, "list[]{id:int name:text picUrl:text floorPrice:num} pages:int");
    let brand = &brands["list"][0]["id"];
    reads(&client.get(&format!("brand/detail?id={brand}")).await, "name:text desc:text picUrl:text");
    reads(&client.get(&format!("goods/list?brandId={brand}&page=1&limit=10")).await, BRIEF);

    let offered = client.get("groupon/list?page=1&limit=10").await;
    reads(
        &offered,
        "list[]{id:int name:text brief:text picUrl:text retailPrice:num grouponPrice:num grouponMember:int \
         expireTime:time} total:int",
    );
    // Goods that can be bought in a group show the most on their page.
    let goods = client.get(&format!("goods/detail?id={}", offered["list"][0]["id"])).await;
    reads(
        &goods,
        "info{id:int name:text brief:text gallery[]:text picUrl:text counterPrice:num retailPrice:num \
         detail:text} attribute[]{attribute:text value:text} issue[]{question:text answer:text} \
         comment{count:int data[]{addTime:time content:text adminContent:text? nickname:text avatar:text \
         picList:array}} brand{id:int name:text} \
         specificationList[]{name:text valueList[]{id:int value:text}} \
         productList[]{id:int specifications[]:text price:num number:int url:text} userHasCollect:flag \
         share:bool groupon[]{id:int discount:num discountMember:int}",
    );
    reads(&client.get(&format!("goods/related?id={}", goods["info"]["id"])).await, BRIEF);
    goods
}

/// Search, topics, comments, common questions.
async fn texts(client: &mut Client<'_>, goods: &Value) {
    let search = client.get("search/index").await;
    reads(&search, "historyKeywordList:array defaultKeyword{keyword:text} hotKeywordList[]{keyword:text}");
    let words = client.get("search/helper?keyword=t").await;
    is(&words, "array");
    assert!(words.as_array().unwrap().iter().all(Value::is_string) && words[0].is_string(), "{words}");
    let found = client.get("goods/list?keyword=tea&page=1&limit=10&sort=name&order=desc&categoryId=0").await;
    reads(&found, BRIEF);

    let topics = client.get("topic/list?page=1&limit=10").await;
    reads(&topics, "list[]{id:int title:text subtitle:text picUrl:text price:num} total:int");
    let topic = text_of(&topics["list"][0]["id"]);
    let page = client.get(&format!("topic/detail?id={topic}")).await;
    reads(
        &page,
        "topic{id:int title:text subtitle:text picUrl:text content:text} goods[]{id:int name:text brief:text \
         picUrl:text retailPrice:num} userHasCollect:flag",
    );
    reads(&client.get(&format!("topic/related?id={topic}")).await, "list[]{id:int title:text picUrl:text}");
    let goods = &goods["info"]["id"];
    reads(
        &client.get(&format!("comment/count?valueId={goods}&type=0")).await,
        "allCount:int hasPicCount:int",
    );
    let said = client.get(&format!("comment/list?valueId={goods}&type=0&limit=20&page=1&showType=0")).await;
    reads(
        &said,
        "list[]{addTime:time content:text picList:array userInfo{nickName:text avatarUrl:text}} page:int \
         total:int",
    );
    let issues = client.get("issue/list?page=1&limit=10").await;
    reads(&issues, "list[]{question:text answer:text} total:int");
}

/// A phone number as WeChat's client seals it with the key of the local provider's sessions.
fn sealed(number: &str) -> Value {
    let (key, iv) = (b"0123456789abcdef", b"an iv of sixteen");
    let text = json!({ "purePhoneNumber": number, "countryCode": "86" }).to_string();
    let sealer = cbc::Encryptor::<Aes128>::new(key.into(), iv.into());
    let bytes = sealer.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
    json!({ "iv": STANDARD.encode(iv), "encryptedData": STANDARD.encode(bytes) })
}

async fn log_in_by_wechat(client: &mut Client<'_>, code: &str) -> String {
    let profile = json!({ "nickName": "小梅", "avatarUrl": "https://img.example/mei.png", "gender": 2,
        "country": "China", "province": "浙江", "city": "杭州", "language": "zh_CN" });
    let form = json!({ "code": code, "userInfo": profile });
    let session = client.post("auth/login_by_weixin", form).await;
    reads(&session, "token:text userInfo{nickName:text avatarUrl:text}");
    text_of(&session["token"])
}

async fn account(client: &mut Client<'_>) {
    assert_eq!(client.try_get("user/index").await.errno(), 501, "the page opens the log-in");
    client.token = log_in_by_wechat(client, "code-of-mei").await;
    client.post("auth/bindPhone", sealed("13700000011")).await;
    reads(&client.get("user/index").await, "order{unpaid:int unship:int unrecv:int uncomment:int}");
}

async fn coupons(client: &mut Client<'_>) {
    let offered = client.get("coupon/list?page=1&limit=10").await;
    reads(
        &offered,
        "list[]{id:int name:text desc:text tag:text discount:num min:num days:int startTime:time? \
         endTime:time?} total:int",
    );
    for coupon in offered["list"].as_array().unwrap() {
        client.post("coupon/receive", json!({ "couponId": coupon["id"] })).await;
    }
    let again = json!({ "couponId": offered["list"][0]["id"] });
    let refused = client.refused("coupon/receive", again).await;
    assert!([0, 740].contains(&refused), "{refused}");
    client.post("coupon/exchange", json!({ "code": "TEAHOUSE" })).await;
    assert_eq!(client.refused("coupon/exchange", json!({ "code": "NOTHING1" })).await, 742);
    let mine = client.get("coupon/mylist?status=0&page=1&limit=10").await;
    reads(
        &mine,
        "list[]{name:text desc:text tag:text discount:num min:num startTime:time endTime:time} total:int",
    );
}

/// An address that is made, changed and one that goes; the id of what stays.
async fn addresses(client: &mut Client<'_>) -> Value {
    let form = json!({ "id": 0, "name": "梅", "tel": "13700000011", "province": "浙江省", "city": "杭州市",
        "county": "西湖区", "areaCode": "330106", "addressDetail": "湖边路 18 号", "isDefault": 0 });
    let id = client.post("address/save", form.clone()).await;
    is(&id, "int");
    let entity = client.get(&format!("address/detail?id={id}")).await;
    reads(
        &entity,
        "id:int name:text tel:text province:text city:text county:text areaCode:text addressDetail:text \
         isDefault:bool",
    );
    assert_eq!(entity["areaCode"].as_str().unwrap().chars().count(), 6, "it is cut in three");
    let mut changed = form.clone();
    changed["id"] = json!(text_of(&id));
    changed["isDefault"] = json!(true);
    client.post("address/save", changed).await;
    let second = client.post("address/save", form).await;
    client.post("address/delete", json!({ "id": second })).await;
    let rows = client.get("address/list").await;
    reads(&rows, "list[]{id:int name:text tel:text addressDetail:text isDefault:bool} total:int");
    assert_eq!((&rows["total"], &rows["list"][0]["isDefault"]), (&json!(1), &json!(true)));
    id
}

const CART: &str = "cartList[]{id:int goodsId:int productId:int goodsName:text number:int price:num picUrl:text \
    checked:bool specifications[]:text} cartTotal{goodsCount:int goodsAmount:num checkedGoodsCount:int \
    checkedGoodsAmount:num}";

async fn cart(client: &mut Client<'_>, goods: &Value) {
    let (id, sku) = (&goods["info"]["id"], &goods["productList"][0]["id"]);
    let all = client.post("cart/add", json!({ "goodsId": id, "number": 2, "productId": sku })).await;
    assert_eq!(all, 2);
    assert_eq!(client.get("cart/goodscount").await, 2);
    let cart = client.get("cart/index").await;
    reads(&cart, CART);
    reads(&client.post("cart/checked", json!({ "productIds": [sku], "isChecked": 0 })).await, CART);
    let row = &cart["cartList"][0];
    let more = json!({ "productId": sku, "goodsId": id, "number": 3, "id": row["id"] });
    client.post("cart/update", more).await;
    let left = client.post("cart/delete", json!({ "productIds": [sku] })).await;
    reads(
        &left,
        "cartList:array cartTotal{goodsCount:int goodsAmount:num checkedGoodsCount:int checkedGoodsAmount:num}",
    );
    let favourite = json!({ "type": 0, "valueId": id });
    for _ in 0..2 {
        client.post("collect/addordelete", favourite.clone()).await;
    }
}

/// Buys some goods at once, with the best coupon; what submitting answered and the form that was sent.
async fn submit(client: &mut Client<'_>, goods: &Value, address: &Value, groups: [u64; 2]) -> Value {
    let [rule, link] = groups;
    let wanted =
        json!({ "goodsId": goods["info"]["id"], "number": 1, "productId": goods["productList"][0]["id"] });
    let row = client.post("cart/fastadd", wanted).await;
    is(&row, "int");
    let query = format!("cartId={row}&addressId={address}&couponId=0&userCouponId=0&grouponRulesId={rule}");
    let page = client.get(&format!("cart/checkout?{query}")).await;
    reads(
        &page,
        "checkedGoodsList[]{id:int goodsName:text number:int price:num picUrl:text specifications[]:text} \
         checkedAddress{id:int isDefault:bool name:text tel:text addressDetail:text} \
         availableCouponLength:int actualPrice:num couponPrice:num grouponPrice:num freightPrice:num \
         goodsTotalPrice:num orderTotalPrice:num addressId:int cartId:int couponId:int userCouponId:int \
         grouponRulesId:int",
    );
    let form = json!({ "cartId": page["cartId"], "addressId": page["addressId"], "couponId": page["couponId"],
        "userCouponId": page["userCouponId"], "message": "", "grouponRulesId": rule, "grouponLinkId": link });
    let made = client.post("order/submit", form).await;
    reads(&made, "orderId:int grouponLinkId:int payed:bool");
    made
}

const DETAIL: &str = "orderInfo{id:int orderSn:text addTime:time orderStatusText:text consignee:text \
    mobile:text address:text message:text goodsPrice:num couponPrice:num freightPrice:num actualPrice:num \
    aftersaleStatus:int handleOption{cancel:bool delete:bool pay:bool comment:bool confirm:bool refund:bool \
    rebuy:bool aftersale:bool}} orderGoods[]{id:int goodsId:int goodsName:text number:int picUrl:text \
    price:num specifications[]:text comment:int}";

async fn detail(client: &mut Client<'_>, order: &Value) -> Value {
    let page = client.get(&format!("order/detail?orderId={}", text_of(order))).await;
    reads(&page, DETAIL);
    page
}

/// Pays for an order as WeChat's client does.
async fn pay(client: &mut Client<'_>, order: &Value) {
    let words = client.post("order/prepay", json!({ "orderId": text_of(order) })).await;
    reads(&words, "timeStamp:text nonceStr:text packageValue:text signType:text paySign:text");
    let page = detail(client, order).await;
    client.paid(page["orderInfo"]["orderSn"].as_str().unwrap()).await;
}

async fn ship(client: &Client<'_>, order: &Value) {
    let staff = client.world.staff_token("admin123").await;
    let form = json!({ "orderId": order, "shipChannel": "ZTO", "shipSn": "773" });
    client.world.ok(crate::harness::Call::post("/admin/order/ship", form).staff(&staff)).await;
}

/// An order that is paid, sent and received.
async fn buying(client: &mut Client<'_>, goods: &Value, address: &Value) -> Value {
    let at_checkout = client.get("coupon/selectlist?cartId=0&grouponRulesId=0").await;
    reads(
        &at_checkout,
        "list[]{id:int cid:int name:text desc:text tag:text discount:num min:num startTime:time \
         endTime:time available:bool}",
    );
    let order = submit(client, goods, address, [0, 0]).await["orderId"].clone();
    let fresh = detail(client, &order).await;
    assert_eq!(fresh["orderInfo"]["aftersaleStatus"], 0);
    assert_eq!(fresh["orderGoods"][0]["comment"], 0);
    assert!(fresh["orderInfo"].get("expNo").is_none() && fresh["orderInfo"].get("expName").is_none());
    pay(client, &order).await;
    ship(client, &order).await;
    let sent = detail(client, &order).await;
    reads(
        &sent,
        "orderInfo{expNo:text expName:text} expressInfo{Traces[]{AcceptStation:text AcceptTime:text}}",
    );
    client.post("order/confirm", json!({ "orderId": text_of(&order) })).await;
    for kind in [json!("0"), json!(4)] {
        let list = client.get(&format!("order/list?showType={}&page=1&limit=10", text_of(&kind))).await;
        reads(
            &list,
            "list[]{id:int orderSn:text actualPrice:num orderStatusText:text goodsList[]{goodsName:text \
             number:int picUrl:text}} pages:int",
        );
    }
    order
}

/// A review with a picture, then an after-sale.
async fn received(client: &mut Client<'_>, order: &Value) {
    let line = detail(client, order).await["orderGoods"][0]["id"].clone();
    let shown = client.get(&format!("order/goods?ogid={line}")).await;
    reads(&shown, "id:int goodsName:text number:int picUrl:text");
    let picture = client.upload("storage/upload", "tmp_photo.png", false).await;
    let review = json!({ "orderGoodsId": line, "content": "很好 👍", "star": 5, "hasPicture": true,
        "picUrls": [picture["url"]] });
    client.post("order/comment", review).await;

    let info = detail(client, order).await["orderInfo"].clone();
    let price = |member: &str| info[member].as_f64().unwrap();
    // As its script computes it, with what floating point makes of it.
    let amount = price("actualPrice") - price("freightPrice");
    let form = json!({ "orderId": text_of(order), "type": 0, "typeDesc": "未收货退款", "reason": "不想要了",
        "amount": amount, "comment": "", "pictures": [picture["url"]] });
    client.post("aftersale/submit", form).await;
    for status in 1..=4 {
        let list = client.get(&format!("aftersale/list?status={status}&page=1&limit=10")).await;
        if status == 1 {
            reads(
                &list,
                "list[]{aftersale{aftersaleSn:text amount:num orderId:int} goodsList[]{goodsName:text \
                 number:int picUrl:text}} pages:int",
            );
        } else {
            reads(&list, "list:array pages:int");
        }
    }
    let page = client.get(&format!("aftersale/detail?orderId={}", text_of(order))).await;
    reads(
        &page,
        "aftersale{aftersaleSn:text addTime:time type:int reason:text amount:num comment:text status:int \
         pictures[]:text} order{goodsPrice:num freightPrice:num couponPrice:num actualPrice:num} \
         orderGoods[]{goodsName:text number:int picUrl:text price:num specifications[]:text}",
    );
}

/// The other buttons of an order.
async fn states(client: &mut Client<'_>, goods: &Value, address: &Value) {
    let first = submit(client, goods, address, [0, 0]).await["orderId"].clone();
    client.post("order/cancel", json!({ "orderId": text_of(&first) })).await;
    client.post("order/delete", json!({ "orderId": text_of(&first) })).await;
    let second = submit(client, goods, address, [0, 0]).await["orderId"].clone();
    assert_eq!(client.refused("order/refund", json!({ "orderId": text_of(&second) })).await, 725);
    pay(client, &second).await;
    client.post("order/refund", json!({ "orderId": text_of(&second) })).await;
}

/// A group of two people, the second of whom comes by a link.
async fn group(client: &mut Client<'_>, address: &Value) {
    let offered = client.get("groupon/list?page=1&limit=10").await;
    let of_two = offered["list"].as_array().unwrap().iter().find(|it| it["grouponMember"] == 2).unwrap();
    let goods = client.get(&format!("goods/detail?id={}", of_two["id"])).await;
    let rule = goods["groupon"][0]["id"].as_u64().unwrap();
    let opened = submit(client, &goods, address, [rule, 0]).await;
    pay(client, &opened["orderId"]).await;
    let link = opened["grouponLinkId"].as_u64().unwrap();

    let opener = std::mem::take(&mut client.token);
    let led = client.get(&format!("groupon/join?grouponId={link}")).await;
    reads(&led, "groupon{id:int rulesId:int} goods{id:int}");
    client.token = log_in_by_wechat(client, "code-of-a-friend").await;
    let home = json!({ "id": 0, "name": "友", "tel": "13700000012", "province": "浙江省", "city": "杭州市",
        "county": "西湖区", "areaCode": "330106", "addressDetail": "湖边路 19 号", "isDefault": false });
    let home = client.post("address/save", home).await;
    let joined = submit(client, &goods, &home, [rule, link]).await;
    pay(client, &joined["orderId"]).await;
    let mine = client.get("groupon/my?showType=1").await;
    let my = "list[]{id:int orderSn:text actualPrice:num orderStatusText:text creator:text isCreator:bool \
        joinerCount:int groupon{status:int addTime:time} rules{discount:num discountMember:int} \
        goodsList[]{goodsName:text number:int picUrl:text}}";
    reads(&mine, my);
    client.token = opener;
    let mine = client.get("groupon/my?showType=0").await;
    reads(&mine, my);
    let page = client.get(&format!("groupon/detail?grouponId={}", mine["list"][0]["id"])).await;
    reads(
        &page,
        "groupon{status:int} joiners[]{nickname:text avatar:text} orderInfo{goodsPrice:num freightPrice:num \
         actualPrice:num} orderGoods[]{id:int goodsName:text number:int picUrl:text retailPrice:num \
         goodsSpecificationValues[]:text} rules{discountMember:int}",
    );
    assert_eq!((&page["groupon"]["status"], page["joiners"].as_array().unwrap().len()), (&json!(2), 2));
}

/// Favourites, footprints, what was said and searched for.
async fn kept(client: &mut Client<'_>, goods: &Value) {
    let topic = client.get("topic/list?page=1&limit=10").await["list"][0]["id"].clone();
    for (kind, value) in [(0, &goods["info"]["id"]), (1, &topic)] {
        client.post("collect/addordelete", json!({ "type": kind, "valueId": value })).await;
    }
    let favourites = client.get("collect/list?type=0&page=1&limit=10").await;
    reads(&favourites, "list[]{valueId:int name:text brief:text picUrl:text retailPrice:num} pages:int");
    let favourites = client.get("collect/list?type=1&page=1&limit=10").await;
    reads(&favourites, "list[]{valueId:int title:text subtitle:text picUrl:text price:num} pages:int");
    let seen = client.get("footprint/list?page=1&limit=10").await;
    reads(
        &seen,
        "list[]{id:int goodsId:int addTime:time name:text brief:text picUrl:text retailPrice:num} pages:int",
    );
    client.post("footprint/delete", json!({ "id": seen["list"][0]["id"] })).await;

    let comment = json!({ "type": 1, "valueId": text_of(&topic), "content": "好文", "star": 5,
        "hasPicture": false, "picUrls": [] });
    client.post("comment/post", comment).await;
    let said = client.get(&format!("comment/list?valueId={topic}&type=1&limit=20&page=1&showType=0")).await;
    reads(&said, "list[]{addTime:time content:text picList:array userInfo{nickName:text avatarUrl:text}}");
    let feedback = json!({ "mobile": "13700000011", "feedType": "物流状况", "content": "慢",
        "hasPicture": false, "picUrls": [] });
    client.post("feedback/submit", feedback).await;

    client.get("goods/list?keyword=cup&page=1&limit=10&sort=name&order=desc&categoryId=0").await;
    reads(&client.get("search/index").await, "historyKeywordList[]{keyword:text}");
    client.post("search/clearhistory", json!({})).await;
    assert_eq!(client.get("search/index").await["historyKeywordList"], json!([]));
    client.post("auth/logout", json!({})).await;
    assert_eq!(client.try_get("user/index").await.errno(), 501);
}

/// Accounts with a name and a password, made inside WeChat. These calls carry no token.
async fn accounts_of_its_own(client: &mut Client<'_>) {
    client.token = String::new();
    let mobile = "13700000013";
    client.post("auth/regCaptcha", json!({ "mobile": mobile })).await;
    let form = json!({ "username": "meimei", "password": "meimei", "mobile": mobile,
        "code": client.code(mobile).await, "wxCode": "code-of-meimei" });
    let session = client.post("auth/register", form).await;
    reads(&session, "token:text userInfo{nickName:text avatarUrl:text}");
    client.a_minute_passes(mobile).await;
    client.post("auth/regCaptcha", json!({ "mobile": mobile })).await;
    let form = json!({ "mobile": mobile, "code": client.code(mobile).await, "password": "another" });
    client.post("auth/reset", form).await;
    assert_eq!(
        client.refused("auth/login", json!({ "username": "meimei", "password": "meimei" })).await,
        700
    );
    let session = client.post("auth/login", json!({ "username": "meimei", "password": "another" })).await;
    reads(&session, "token:text userInfo{nickName:text avatarUrl:text}");
}
