//! The administrative division, loaded with the schema.

use crate::harness::{Call, World};
use serde_json::{Value, json};

#[tokio::test]
async fn the_division_is_there_from_province_to_county() {
    let world = World::new().await;
    world.staff("clerk", &[]).await;
    let clerk = world.staff_token("clerk").await;
    let provinces = world.ok(Call::get("/wx/region/list")).await;
    assert_eq!(provinces.as_array().unwrap().len(), 34);
    let zhejiang = provinces.as_array().unwrap().iter().find(|row| row["name"] == "浙江省").unwrap();
    assert_eq!(
        (&zhejiang["code"], &zhejiang["type"], &zhejiang["pid"]),
        (&json!(330_000), &json!(1), &json!(0))
    );
    let below = async |pid: &Value| {
        let rows = world.ok(Call::get(&format!("/wx/region/list?pid={pid}"))).await;
        rows.as_array().unwrap().clone()
    };
    let cities = below(&zhejiang["id"]).await;
    let hangzhou = cities.iter().find(|row| row["name"] == "杭州市").unwrap();
    let counties = below(&hangzhou["id"]).await;
    assert!(counties.iter().any(|row| row["code"] == 330_106 && row["name"] == "西湖区" && row["type"] == 3));
    for (pid, rows) in [("999999", 0), ("-1", 0), ("0", 34), ("", 34), ("undefined", 34)] {
        let list = world.ok(Call::get(&format!("/wx/region/list?pid={pid}"))).await;
        assert_eq!(list.as_array().unwrap().len(), rows, "{pid}");
    }
    assert_eq!(world.call(Call::get("/wx/region/list?pid=x")).await.errno(), 402);

    let clist =
        async |query: &str| world.call(Call::get(&format!("/admin/region/clist{query}")).staff(&clerk)).await;
    let list = clist("?id=330000").await.data();
    assert_eq!((&list["total"], &list["pages"]), (&json!(cities.len()), &json!(1)));
    assert_eq!(clist("").await.errno(), 402);
    let tree = world.ok(Call::get("/admin/region/list").staff(&clerk)).await;
    let provinces = tree["list"].as_array().unwrap();
    let children = |row: &Value| row["children"].as_array().unwrap().clone();
    let cities: Vec<Value> = provinces.iter().flat_map(children).collect();
    let counties: Vec<Value> = cities.iter().flat_map(children).collect();
    assert_eq!((provinces.len(), cities.len(), counties.len()), (34, 344, 3_311));
    assert_eq!(tree["total"], 34);
    assert!(counties.iter().all(|row| row.get("children").is_none() && row["code"].is_u64()));
    assert_eq!(world.call(Call::get("/admin/region/list")).await.errno(), 501);
}
