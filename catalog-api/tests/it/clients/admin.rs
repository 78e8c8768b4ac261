//! The admin web app. Its pages list rows, put them into forms, and post whole rows back.

use super::{Client, demo_shop, is, reads, text_of};
use crate::harness::shown;
use serde_json::{Value, json};

#[tokio::test]
async fn the_admin_app_finds_what_it_reads() {
    let world = demo_shop().await;
    let mut client = Client::admin(&world);
    log_in(&mut client).await;
    people(&mut client).await;
    mall(&mut client).await;
    order_desk(&mut client).await;
    aftersales(&mut client).await;
    texts(&mut client).await;
    let goods = goods_pages(&mut client).await;
    promotion(&mut client, &goods).await;
    system(&mut client).await;
    configuration(&mut client).await;
    statistics(&mut client).await;
    notices(&mut client).await;
    log_out(&mut client).await;
    client.has_called(112);
    world.finish().await;
}

/// What every list page sends.
const LQ: &str = "page=1&limit=20&sort=add_time&order=desc";

/// A list page: what it sends beside the usual, and what it reads of a row.
async fn list(client: &mut Client<'_>, path: &str, filters: &str, row: &str) -> Value {
    let page = client.get(&format!("{path}?{LQ}&{filters}")).await;
    reads(&page, &format!("list[]{{{row}}} total:int"));
    page["list"].clone()
}

/// A member of a row, changed as a form field changes it.
fn edited(row: &Value, member: &str, value: Value) -> Value {
    let mut row = row.clone();
    row[member] = value;
    row
}

async fn log_in(client: &mut Client<'_>) {
    is(&client.get("auth/kaptcha").await, "text");
    let wrong = json!({ "username": "admin123", "password": "wrong", "code": "" });
    let refused = client.try_post("auth/login", wrong).await;
    assert!(refused.errno() == 605 && refused.envelope()["data"].is_string(), "a new picture comes along");
    let form = json!({ "username": "admin123", "password": "admin123", "code": "" });
    let session = client.post("auth/login", form).await;
    reads(&session, "token:text");
    client.token = text_of(&session["token"]);
    let info = client.get(&format!("auth/info?token={}", client.token)).await;
    reads(&info, "name:text avatar:text roles[]:text perms[]:text");
    let board = client.get("dashboard").await;
    reads(&board, "userTotal:int goodsTotal:int productTotal:int orderTotal:int");
    is(&client.get("profile/nnotice").await, "int");
}

/// Shoppers and what is theirs. The demo shopper keeps, looks at and says something first.
async fn people(client: &mut Client<'_>) {
    let mut shopper = Client::shop(client.world);
    let session = shopper.post("auth/login", json!({ "username": "user123", "password": "user123" })).await;
    shopper.token = text_of(&session["token"]);
    let found = shopper.get("goods/list?keyword=tea&page=1&limit=10&categoryId=0").await;
    let id = found["list"][0]["id"].clone();
    shopper.get(&format!("goods/detail?id={id}")).await;
    shopper.post("collect/addordelete", json!({ "type": 0, "valueId": id })).await;
    let feedback = json!({ "mobile": "13800000000", "feedType": "商品相关", "content": "很好" });
    shopper.post("feedback/submit", feedback).await;

    let row =
        "id:int nickname:text avatar:text mobile:text gender:int userLevel:int status:int username:text";
    let filters = "username=user123&mobile=";
    let user = list(client, "user/list", filters, row).await[0].clone();
    assert_eq!(client.get(&format!("user/detail?id={}", user["id"])).await["username"], "user123");
    let mut form = edited(&user, "nickname", json!("小林"));
    form["userLevel"] = json!(1);
    client.post("user/update", form).await;
    assert_eq!(list(client, "user/list", filters, row).await[0]["nickname"], "小林");
    let owner = &user["id"];
    list(
        client,
        "address/list",
        &format!("userId={owner}&name="),
        "id:int userId:int name:text tel:text province:text city:text county:text addressDetail:text \
         isDefault:bool",
    )
    .await;
    let filters = format!("userId={owner}&valueId=");
    list(client, "collect/list", &filters, "id:int userId:int valueId:int addTime:time").await;
    let filters = format!("userId={owner}&goodsId={id}");
    list(client, "footprint/list", &filters, "id:int userId:int goodsId:int addTime:time").await;
    let filters = format!("userId={owner}&keyword=tea");
    list(client, "history/list", &filters, "id:int userId:int keyword:text addTime:time").await;
    list(
        client,
        "feedback/list",
        "username=user123&id=",
        "id:int username:text mobile:text feedType:text content:text picUrls:array addTime:time",
    )
    .await;
}

/// Regions, brands, categories.
async fn mall(client: &mut Client<'_>) {
    let regions = client.get("region/list").await;
    reads(
        &regions,
        "list[]{id:int name:text type:int code:int children[]{id:int name:text type:int code:int \
         children[]{id:int name:text type:int code:int}}}",
    );

    let row = "id:int name:text picUrl:text desc:text floorPrice:num";
    let picture = client.upload("storage/create", "logo.png", true).await;
    let form =
        json!({ "name": "Hill & Son", "desc": "since today", "floorPrice": "9.9", "picUrl": picture["url"] });
    let made = client.post("brand/create", form).await;
    reads(&made, row);
    client.post("brand/update", edited(&made, "floorPrice", json!("19.90"))).await;
    let rows = list(client, "brand/list", &format!("id={}&name=", made["id"]), row).await;
    assert_eq!(rows[0]["floorPrice"], 19.9);
    client.post("brand/delete", rows[0].clone()).await;

    let tree = client.get(&format!("category/list?{LQ}")).await;
    reads(
        &tree,
        "list[]{id:int name:text iconUrl:text picUrl:text keywords:text desc:text level:text children[]{id:int \
         name:text iconUrl:text picUrl:text keywords:text desc:text level:text pid:int}} total:int",
    );
    reads(&client.get("category/l1").await, "list[]{value:int label:text}");
    let form = json!({ "name": "Nets", "keywords": "", "level": "L2", "pid": tree["list"][0]["id"], "desc": "",
        "iconUrl": picture["url"], "picUrl": picture["url"] });
    let made = client.post("category/create", form).await;
    client.post("category/update", edited(&made, "desc", json!("for fish"))).await;
    // A node is posted with its children.
    client.post("category/update", tree["list"][0].clone()).await;
    client.post("category/delete", made).await;
}

/// The desk of orders; the demo data has one order in each state that has a button.
async fn order_desk(client: &mut Client<'_>) {
    let all = "nickname=&consignee=&orderSn=&start=&end=&timeArray=";
    let rows = list(
        client,
        "order/list",
        &format!("{all}&orderStatusArray=101&orderStatusArray=201&orderStatusArray=301&orderStatusArray=401"),
        "id:int orderSn:text userName:text addTime:time orderStatus:int orderPrice:num actualPrice:num \
         payTime:time? consignee:text mobile:text shipSn:text? shipChannel:text? userId:int address:text \
         goodsVoList[]{id:int picUrl:text goodsName:text specifications[]:text price:num number:int}",
    )
    .await;
    let in_state = |state: i64| {
        let found = rows.as_array().unwrap().iter().find(|row| row["orderStatus"] == state);
        found.unwrap_or_else(|| panic!("an order in {state}: {rows}")).clone()
    };
    let channels = client.get("order/channel").await;
    reads(&json!({ "channels": channels }), "channels[]{code:text name:text}");
    let page = client.get(&format!("order/detail?id={}", in_state(301)["id"])).await;
    reads(
        &page,
        "order{orderSn:text orderStatus:int message:text consignee:text mobile:text address:text \
         actualPrice:num goodsPrice:num freightPrice:num couponPrice:num integralPrice:num payTime:time \
         shipChannel:text shipSn:text shipTime:time} user{nickname:text} \
         orderGoods[]{goodsName:text goodsSn:text specifications[]:text price:num number:int picUrl:text}",
    );

    // Money that came another way, then sent.
    let unpaid = in_state(101);
    let form = json!({ "orderId": unpaid["id"], "orderSn": unpaid["orderSn"], "oldMoney": unpaid["actualPrice"],
        "newMoney": unpaid["actualPrice"], "goodsList": unpaid["goodsVoList"] });
    client.post("order/pay", form).await;
    let form = json!({ "orderId": unpaid["id"], "shipChannel": channels[0]["code"], "shipSn": "SF-773" });
    client.post("order/ship", form.clone()).await;
    assert_eq!(client.refused("order/ship", form).await, 620);

    // Money that is asked back.
    let paid = in_state(201);
    let mut shopper = Client::shop(client.world);
    let session = shopper.post("auth/login", json!({ "username": "user123", "password": "user123" })).await;
    shopper.token = text_of(&session["token"]);
    shopper.post("order/refund", json!({ "orderId": paid["id"] })).await;
    client.post("order/refund", json!({ "orderId": paid["id"], "refundMoney": paid["actualPrice"] })).await;
    let page = client.get(&format!("order/detail?id={}", paid["id"])).await;
    reads(&page, "order{refundAmount:num refundType:text refundContent:text refundTime:time}");
    let received = client.get(&format!("order/detail?id={}", in_state(401)["id"])).await;
    reads(&received, "order{confirmTime:time}");
    client.post("order/delete", json!({ "orderId": paid["id"] })).await;
}

/// Requests of shoppers. The demo data has one; the received orders get three more.
async fn aftersales(client: &mut Client<'_>) {
    let row = "id:int aftersaleSn:text orderId:int userId:int type:int reason:text amount:num addTime:time \
        updateTime:time handleTime:time? status:int pictures:array";
    let without = row.replace("handleTime:time? ", "");
    let received = client.get(&format!("order/list?{LQ}&orderStatusArray=401")).await["list"].clone();
    let waiting = list(client, "aftersale/list", "aftersaleSn=&orderId=&status=1", &without).await;
    let request = waiting[0].clone();
    client.post("aftersale/recept", request.clone()).await;
    let accepted = list(client, "aftersale/list", "aftersaleSn=&orderId=&status=2", row).await;
    client.post("aftersale/refund", accepted[0].clone()).await;
    list(client, "aftersale/list", "aftersaleSn=&orderId=&status=", row).await;

    let free = received.as_array().unwrap().iter().find(|order| order["id"] != request["orderId"]).unwrap();
    let mut shopper = Client::shop(client.world);
    let session = shopper.post("auth/login", json!({ "username": "user123", "password": "user123" })).await;
    shopper.token = text_of(&session["token"]);
    for (call, batch) in [("batch-reject", true), ("reject", false), ("batch-recept", true)] {
        let form = json!({ "orderId": text_of(&free["id"]), "type": 0, "typeDesc": "", "reason": "不想要了",
            "amount": 1, "comment": "", "pictures": [] });
        shopper.post("aftersale/submit", form).await;
        let query = format!("aftersaleSn=&orderId={}&status=1", free["id"]);
        let row = list(client, "aftersale/list", &query, &without).await[0].clone();
        let body = if batch { json!({ "ids": [row["id"]] }) } else { row };
        client.post(&format!("aftersale/{call}"), body).await;
    }
}

/// Common questions, keywords, reviews.
async fn texts(client: &mut Client<'_>) {
    let row = "id:int question:text answer:text";
    let made = client.post("issue/create", json!({ "question": "Open?", "answer": "Always" })).await;
    reads(&made, row);
    client.post("issue/update", edited(&made, "answer", json!("Nearly always"))).await;
    let rows = list(client, "issue/list", "question=Open", row).await;
    client.post("issue/delete", rows[0].clone()).await;

    let row = "id:int keyword:text url:text isHot:bool isDefault:bool";
    let form = json!({ "keyword": "oolong", "url": "", "isHot": true, "isDefault": false });
    let made = client.post("keyword/create", form).await;
    reads(&made, row);
    client.post("keyword/update", edited(&made, "isHot", json!(false))).await;
    let rows = list(client, "keyword/list", "keyword=oolong&url=", row).await;
    client.post("keyword/delete", rows[0].clone()).await;

    let row = "id:int userId:int valueId:int star:int content:text picUrls:array addTime:time";
    let said = list(client, "comment/list", "userId=&valueId=", row).await;
    let silent =
        said.as_array().unwrap().iter().find(|row| row.get("adminContent").is_none_or(|it| it == ""));
    let reply = json!({ "commentId": silent.unwrap()["id"], "content": "谢谢" });
    client.post("order/reply", reply.clone()).await;
    assert_eq!(client.refused("order/reply", reply).await, 622);
    client.post("comment/delete", said[1].clone()).await;
}

/// Goods: the list, the editor, and what it posts.
async fn goods_pages(client: &mut Client<'_>) -> Value {
    let choice = client.get("goods/catAndBrand").await;
    reads(
        &choice,
        "categoryList[]{value:int label:text children[]{value:int label:text}} brandList[]{value:int label:text}",
    );
    let picture = client.upload("storage/create", "blob", true).await["url"].clone();
    let form = json!({
        "goods": { "goodsSn": "NET-1", "name": "Net of the harbour master", "counterPrice": "99", "isNew": true, "isHot": false,
            "isOnSale": true, "picUrl": picture, "gallery": [picture], "unit": "piece", "keywords": "net,fish",
            "categoryId": choice["categoryList"][0]["children"][0]["value"],
            "brandId": choice["brandList"][0]["value"], "brief": "", "detail": "<p>a net</p>" },
        "specifications": [{ "specification": "size", "value": "small", "picUrl": "" },
            { "specification": "size", "value": "large", "picUrl": "" }],
        "products": [{ "id": 0, "specifications": ["small"], "price": "49.00", "number": "10", "url": "" },
            { "id": 1, "specifications": ["large"], "price": "69.00", "number": "5", "url": "" }],
        "attributes": [{ "attribute": "handle", "value": "ash" }, { "attribute": "weight", "value": "300 g" }],
    });
    client.post("goods/create", form).await;
    let rows = list(
        client,
        "goods/list",
        "goodsId=&goodsSn=NET-1&name=",
        "id:int goodsSn:text name:text picUrl:text detail:text counterPrice:num retailPrice:num isNew:bool \
         isHot:bool isOnSale:bool gallery[]:text brief:text unit:text keywords:text categoryId:int brandId:int",
    )
    .await;
    reads(&client.get("goods/list?limit=0").await, "list[]{id:int name:text} total:int");
    let path = format!("goods/detail?id={}", rows[0]["id"]);
    let page = client.get(&path).await;
    reads(
        &page,
        "goods{id:int goodsSn:text name:text gallery[]:text brandId:int keywords:text categoryId:int \
         isNew:bool isHot:bool isOnSale:bool picUrl:text unit:text counterPrice:num brief:text detail:text} \
         specifications[]{id:int specification:text value:text picUrl:text updateTime:time} \
         products[]{id:int specifications[]:text price:num number:int url:text updateTime:time} \
         attributes[]{id:int attribute:text value:text updateTime:time deleted:bool} categoryIds[]:int",
    );
    let mut form = page.clone();
    form["goods"]["keywords"] = Value::Null;
    form["goods"]["brandId"] = Value::Null;
    form["products"][0]["price"] = json!("39.00");
    form["products"][0]["updateTime"] = json!("");
    form["attributes"][0]["value"] = json!("oak");
    form["attributes"][0]["updateTime"] = json!("");
    form["attributes"][1]["deleted"] = json!(true);
    form["attributes"].as_array_mut().unwrap().push(json!({ "attribute": "mesh", "value": "silk" }));
    client.post("goods/update", form).await;
    let after = client.get(&path).await;
    assert_eq!((&after["goods"]["retailPrice"], &after["products"][0]["price"]), (&json!(39), &json!(39)));
    let values = |page: &Value| {
        let mut values: Vec<String> =
            page["attributes"].as_array().unwrap().iter().map(|it| text_of(&it["value"])).collect();
        values.sort();
        values
    };
    assert_eq!(values(&after), ["oak", "silk"]);
    let mut second = page.clone();
    second["goods"]["name"] = json!("Another net");
    second["goods"]["goodsSn"] = json!("NET-2");
    client.post("goods/create", second).await;
    let rows = client.get(&format!("goods/list?{LQ}&goodsSn=NET-2")).await;
    client.post("goods/delete", rows["list"][0].clone()).await;
    after["goods"].clone()
}

/// Ads, coupons, topics, group buying.
async fn promotion(client: &mut Client<'_>, goods: &Value) {
    let picture = goods["picUrl"].clone();
    let row = "id:int name:text content:text url:text position:int link:text enabled:bool";
    let form = json!({ "name": "Nets", "content": "in stock", "url": picture, "link": goods["id"], "position": 1,
        "enabled": true });
    let made = client.post("ad/create", form).await;
    reads(&made, row);
    client.post("ad/update", edited(&made, "enabled", json!(false))).await;
    let rows = list(client, "ad/list", "name=Nets&content=", row).await;
    client.post("ad/delete", rows[0].clone()).await;

    coupons(client, goods).await;

    let page = client.get("goods/list?page=1&limit=5&goodsSn=&name=&sort=add_time&order=desc").await;
    reads(&page, "list[]{id:int name:text picUrl:text brief:text} total:int");
    let form = json!({ "title": "At the pond", "subtitle": "in May", "picUrl": picture, "content": "<p>fish</p>",
        "price": "39", "readCount": "1k", "goods": [goods["id"]] });
    client.post("topic/create", form.clone()).await;
    client.post("topic/create", form).await;
    let row = "id:int title:text subtitle:text picUrl:text content:text price:num readCount:text";
    let rows = client.get("topic/list?page=1&limit=20&title=pond&subtitle=&sort=price&order=asc").await;
    reads(&rows, &format!("list[]{{{row}}} total:int"));
    let (first, second) = (&rows["list"][0], &rows["list"][1]);
    let page = client.get(&format!("topic/read?id={}", first["id"])).await;
    reads(&page, "topic{goods[]:int} goodsList[]{id:int picUrl:text name:text brief:text}");
    client.post("topic/update", edited(&page["topic"], "title", json!("At the lake"))).await;
    client.post("topic/delete", first.clone()).await;
    client.post("topic/batch-delete", json!({ "ids": [second["id"]] })).await;

    let form = json!({ "goodsId": text_of(&goods["id"]), "discount": "5", "discountMember": "2", "expireTime": shown(86_400) });
    let made = client.post("groupon/create", form).await;
    let row = "id:int goodsId:int goodsName:text picUrl:text discount:num discountMember:int status:int \
        expireTime:time";
    reads(&made, row);
    client.post("groupon/update", edited(&made, "discountMember", json!("3"))).await;
    let rows = list(client, "groupon/list", &format!("goodsId={}", goods["id"]), row).await;
    group_records(client, &rows[0], goods).await;
    client.post("groupon/delete", rows[0].clone()).await;
}

/// Two people buy in a group, and staff look at it.
async fn group_records(client: &mut Client<'_>, rule: &Value, goods: &Value) {
    let page = client.get(&format!("goods/detail?id={}", goods["id"])).await;
    let mut link = json!(0);
    for name in ["buyer01", "buyer02"] {
        let mut shopper = Client::shop(client.world);
        let session = shopper.post("auth/login", json!({ "username": name, "password": name })).await;
        shopper.token = text_of(&session["token"]);
        let home = shopper.get("address/list").await["list"][0]["id"].clone();
        let wanted = json!({ "goodsId": goods["id"], "productId": page["products"][0]["id"], "number": 1 });
        let row = shopper.post("cart/fastadd", wanted).await;
        let form = json!({ "cartId": row, "addressId": home, "couponId": 0, "userCouponId": 0, "message": "",
            "grouponRulesId": rule["id"], "grouponLinkId": link });
        let order = shopper.post("order/submit", form).await;
        link = order["grouponLinkId"].clone();
        let page = shopper.get(&format!("order/detail?orderId={}", order["orderId"])).await;
        shopper.paid(page["orderInfo"]["orderSn"].as_str().unwrap()).await;
    }
    list(
        client,
        "groupon/listRecord",
        &format!("grouponRuleId={}", rule["id"]),
        "groupon{orderId:int userId:int shareUrl:text} subGroupons[]{orderId:int userId:int} \
         rules{discount:num discountMember:int addTime:time expireTime:time}",
    )
    .await;
}

async fn coupons(client: &mut Client<'_>, goods: &Value) {
    let form = json!({ "name": "Five off nets", "desc": "", "tag": "nets", "min": "30", "discount": "5",
        "limit": "1", "type": "0", "total": "100", "status": 0, "timeType": 1, "days": "0",
        "startTime": shown(-60), "endTime": shown(86_400), "goodsType": 2, "goodsValue": [goods["id"]] });
    let made = client.post("coupon/create", form).await;
    let row = "id:int name:text desc:text tag:text min:num discount:num limit:int goodsType:int \
        goodsValue[]:int type:int total:int status:int timeType:int days:int startTime:time endTime:time";
    reads(&made, row);
    let by_code = json!({ "name": "By code", "desc": "", "tag": "", "min": "0", "discount": "1", "limit": "1",
        "type": 2, "total": "0", "status": 0, "timeType": 0, "days": "7", "startTime": null, "endTime": null,
        "goodsType": 0, "goodsValue": [] });
    let by_code = client.post("coupon/create", by_code).await;
    let mut form = edited(&made, "discount", json!("6"));
    form["daysType"] = json!(0);
    client.post("coupon/update", form).await;
    list(client, "coupon/list", "name=Five%20off%20nets&type=&status=", row).await;
    let page = client.get(&format!("coupon/read?id={}", by_code["id"])).await;
    reads(
        &page,
        "name:text desc:text tag:text type:int min:num discount:num limit:int status:int goodsType:int \
         timeType:int days:int code:text total:int",
    );
    let mut shopper = Client::shop(client.world);
    let session = shopper.post("auth/login", json!({ "username": "user123", "password": "user123" })).await;
    shopper.token = text_of(&session["token"]);
    shopper.post("coupon/receive", json!({ "couponId": made["id"] })).await;
    let query = format!("couponId={}&userId=&status=", made["id"]);
    list(client, "coupon/listuser", &query, "id:int userId:int addTime:time status:int").await;
    client.post("coupon/delete", by_code).await;
}

/// Administrators, roles, files, the operation log.
async fn system(client: &mut Client<'_>) {
    let options = client.get("role/options").await;
    reads(&options, "list[]{value:int label:text}");
    let row = "id:int username:text avatar:text roleIds[]:int";
    let form = json!({ "username": "keeper", "password": "keeper-1", "avatar": "", "roleIds": [options["list"][0]["value"]] });
    let made = client.post("admin/create", form).await;
    reads(&made, "id:int username:text roleIds[]:int");
    client.post("admin/update", edited(&made, "password", json!("keeper-1"))).await;
    let rows = list(client, "admin/list", "username=keeper", row).await;
    client.post("admin/delete", rows[0].clone()).await;

    let made = client.post("role/create", json!({ "name": "pond keeper", "desc": "keeps the pond" })).await;
    reads(&made, "id:int name:text desc:text");
    client.post("role/update", edited(&made, "desc", json!("keeps ponds"))).await;
    let rows = list(client, "role/list", "name=pond", "id:int name:text desc:text").await;
    let tree = client.get(&format!("role/permissions?roleId={}", rows[0]["id"])).await;
    reads(
        &tree,
        "systemPermissions[]{id:text label:text children[]{id:text label:text children[]{id:text label:text \
         api:text}}} assignedPermissions:array",
    );
    assert!(tree.get("curPermissions").is_none(), "who may do everything has nothing switched off");
    let leaf = &tree["systemPermissions"][0]["children"][0]["children"][0];
    assert!(leaf.get("children").is_none(), "three levels, no more: {leaf}");
    let form = json!({ "roleId": rows[0]["id"], "permissions": [leaf["id"]] });
    client.post("role/permissions", form).await;
    let tree = client.get(&format!("role/permissions?roleId={}", rows[0]["id"])).await;
    assert_eq!(tree["assignedPermissions"], json!([leaf["id"]]));
    client.post("role/delete", rows[0].clone()).await;

    let row = "id:int key:text name:text type:text size:int url:text";
    let made = client.upload("storage/create", "pond.png", true).await;
    reads(&made, row);
    client.post("storage/update", edited(&made, "name", json!("lake.png"))).await;
    let rows = list(client, "storage/list", "key=&name=lake", row).await;
    client.post("storage/delete", rows[0].clone()).await;

    list(
        client,
        "log/list",
        "name=admin123",
        "admin:text ip:text addTime:time type:int action:text status:bool result:text? comment:text?",
    )
    .await;
}

async fn configuration(client: &mut Client<'_>) {
    for (path, members) in [
        (
            "config/mall",
            "litemall_mall_name:text litemall_mall_address:text litemall_mall_longitude:text \
             litemall_mall_latitude:text litemall_mall_phone:text litemall_mall_qq:text",
        ),
        ("config/express", "litemall_express_freight_min:text litemall_express_freight_value:text"),
        (
            "config/order",
            "litemall_order_unpaid:text litemall_order_unconfirm:text litemall_order_comment:text",
        ),
        (
            "config/wx",
            "litemall_wx_index_new:text litemall_wx_index_hot:text litemall_wx_index_brand:text \
             litemall_wx_index_topic:text litemall_wx_catlog_list:text litemall_wx_catlog_goods:text \
             litemall_wx_share:text",
        ),
    ] {
        let page = client.get(path).await;
        reads(&page, members);
        let mut form = page.clone();
        if path == "config/wx" {
            form["litemall_wx_share"] = json!(true);
        }
        client.post(path, form).await;
    }
    assert_eq!(client.get("config/wx").await["litemall_wx_share"], "true", "it is compared with the text");
}

async fn statistics(client: &mut Client<'_>) {
    let figures = client.get("stat/user").await;
    reads(&figures, "columns[]:text rows[]{day:day users:int}");
    let figures = client.get("stat/order").await;
    reads(&figures, "columns[]:text rows[]{day:day orders:int customers:int amount:num pcr:num}");
    let figures = client.get("stat/goods").await;
    reads(&figures, "columns[]:text rows[]{day:day orders:int products:int amount:num}");
}

/// Notices: the page that writes them, and the profile page that reads them.
async fn notices(client: &mut Client<'_>) {
    let row = "id:int title:text content:text addTime:time adminId:int";
    for title in ["Closed on Monday", "Open again", "Lost: a net"] {
        let form = json!({ "title": title, "content": "<p>dear all</p>" });
        reads(&client.post("notice/create", form).await, "id:int title:text content:text");
    }
    let rows = list(client, "notice/list", "title=&content=", row).await;
    client.post("notice/update", edited(&rows[0], "title", json!("Found: a net"))).await;
    client.post("notice/delete", rows[0].clone()).await;
    assert_eq!(client.get("profile/nnotice").await, 2);

    let own = "id:int noticeTitle:text addTime:time readTime:time?";
    let unread = "id:int noticeTitle:text addTime:time noticeId:int";
    let mine = list(client, "profile/lsnotice", "title=&type=unread", unread).await;
    let page = client.post("profile/catnotice", mine[0].clone()).await;
    reads(&page, "title:text content:text time:time admin:text");
    list(client, "profile/lsnotice", "title=&type=all", own).await;
    client.post("profile/bcatnotice", json!({ "ids": [mine[1]["id"]] })).await;
    list(client, "profile/lsnotice", "title=&type=read", own).await;
    client.post("profile/brmnotice", json!({ "ids": [mine[1]["id"]] })).await;
    let rows = client.get(&format!("notice/list?{LQ}&title=&content=")).await;
    client.post("notice/batch-delete", json!({ "ids": [rows["list"][0]["id"]] })).await;
}

async fn log_out(client: &mut Client<'_>) {
    let form = json!({ "oldPassword": "admin123", "newPassword": "admin124", "newPassword2": "admin124" });
    client.post("profile/password", form).await;
    // Another password may end the session that set it.
    let form = json!({ "username": "admin123", "password": "admin124", "code": "" });
    client.token = text_of(&client.post("auth/login", form).await["token"]);
    client.post("auth/logout", Value::Null).await;
    assert_eq!(client.try_get("dashboard").await.errno(), 501, "the page loads again");
}
