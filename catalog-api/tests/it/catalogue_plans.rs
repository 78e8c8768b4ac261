//! Lists over many rows read few of them: every order and filter the contract allows has an index.

use crate::harness::World;
use catalog_api::extract::Query;
use catalog_api::store::goods::{self, SORT_KEYS, Shelf};
use catalog_api::store::{ad, brand, goods_desk, issue, keyword, search_history, topic};
use sqlx::MySqlPool;
use sqlx::mysql::MySqlPoolOptions;

/// Rows of each table.
const ROWS: u32 = 20_000;
/// Rows a page of ten may cost; the statements read a page, not the table.
const READ_MAX: i64 = 200;

/// Rows the session has read since it was last asked; asking reads the counters, which is `idle`.
async fn rows_read(db: &MySqlPool, idle: i64) -> i64 {
    let counters: Vec<(String, String)> =
        sqlx::query_as("show session status like 'Handler_read%'").fetch_all(db).await.unwrap();
    sqlx::query("flush status").execute(db).await.unwrap();
    let reads = counters.iter().filter(|(name, _)| {
        ["handler_read_next", "handler_read_prev", "handler_read_rnd_next"]
            .contains(&name.to_lowercase().as_str())
    });
    reads.map(|(_, count)| count.parse::<i64>().unwrap()).sum::<i64>() - idle
}

#[tokio::test]
async fn a_page_of_a_long_list_costs_a_page() {
    let world = World::new().await;
    for statement in [
        "insert into category (name, level, parent_id) select concat('c', seq), if(seq <= 10, 1, 2), if(seq <= 10, 0, 1 + seq % 10) from seq_1_to_100",
        "insert into goods (goods_sn, name, gallery, detail, category_id, brand_id, is_new, is_hot, retail_price_minor, added_at) \
         select concat('sn', seq), concat('goods ', seq), '[]', '', 11 + seq % 90, 1 + seq % 40, seq % 6 = 0, seq % 7 = 0, \
         100 + seq * 7919 % 10007, date_sub(now(3), interval seq second) from seq_1_to_20000",
        "insert into brand (name, added_at) select concat('b', seq), date_sub(now(3), interval seq second) from seq_1_to_20000",
        "insert into keyword (word, added_at) select concat('k', seq), date_sub(now(3), interval seq second) from seq_1_to_20000",
        "insert into issue (question, added_at) select concat('q', seq), date_sub(now(3), interval seq second) from seq_1_to_20000",
        "insert into ad (name, added_at) select concat('a', seq), date_sub(now(3), interval seq second) from seq_1_to_20000",
        "insert into topic (title, content, goods_ids, price_minor, added_at) select concat('t', seq), '', '[]', seq * 7919 % 10007, \
         date_sub(now(3), interval seq second) from seq_1_to_20000",
        "insert into search_history (user_id, word, added_at) select 1 + seq % 50, concat('w', seq), \
         date_sub(now(3), interval seq second) from seq_1_to_20000",
    ] {
        sqlx::query(statement).execute(&world.db).await.unwrap();
    }
    let analyze = "analyze table category, goods, brand, keyword, issue, ad, topic, search_history";
    sqlx::query(analyze).fetch_all(&world.db).await.unwrap();
    let db = &MySqlPoolOptions::new().max_connections(1).connect(&world.database_url).await.unwrap();
    rows_read(db, 0).await;
    let idle = rows_read(db, 0).await;

    let shelves = [
        Shelf::default(),
        Shelf { category_id: Some(40), ..Shelf::default() },
        Shelf { brand_id: Some(7), ..Shelf::default() },
        Shelf { is_new: Some(true), ..Shelf::default() },
        Shelf { is_hot: Some(true), ..Shelf::default() },
    ];
    for (number, shelf) in shelves.iter().enumerate() {
        for (word, _) in SORT_KEYS {
            let listing = Query::parse(&format!("sort={word}")).listing_by(SORT_KEYS).unwrap();
            let found = goods::list(db, shelf, listing, listing.rows(1_000).unwrap()).await.unwrap();
            assert_eq!(found.len(), 10);
            let read = rows_read(db, idle).await;
            // A category or a brand has a few hundred goods, which are sorted when they have to be; each
            // is counted once for its key and once for its row.
            let allowed = if shelf.category_id.or(shelf.brand_id).is_some() { 1_100 } else { READ_MAX };
            assert!(read <= allowed, "shelf {number} by {word} read {read} rows");
        }
        let found = goods::newest(db, shelf, 6).await.unwrap();
        assert_eq!(found.len(), 6);
        let read = rows_read(db, idle).await;
        assert!(read <= READ_MAX, "the newest of shelf {number} read {read} rows");
    }
    goods::categories(db).await.unwrap();
    let read = rows_read(db, idle).await;
    assert!(read <= 1_000, "categories with goods read {read} rows");

    for word in ["add_time", "id"] {
        for order in ["asc", "desc"] {
            let listing = Query::parse(&format!("sort={word}&order={order}")).listing().unwrap();
            let rows = listing.rows(ROWS.into()).unwrap();
            let check = async |what: &str, found: usize| {
                assert_eq!(found, 10, "{what}");
                let read = rows_read(db, idle).await;
                assert!(read <= READ_MAX, "{what} by {word} {order} read {read} rows");
            };
            check("goods", goods_desk::list(db, &Default::default(), listing, rows).await.unwrap().len())
                .await;
            check("brands", brand::list(db, &Default::default(), listing, rows).await.unwrap().len()).await;
            check("keywords", keyword::list(db, &Default::default(), listing, rows).await.unwrap().len())
                .await;
            check("issues", issue::list(db, None, listing, rows).await.unwrap().len()).await;
            check("ads", ad::list(db, &Default::default(), listing, rows).await.unwrap().len()).await;
            check("topics", topic::list(db, &Default::default(), listing, rows).await.unwrap().len()).await;
            let filter = search_history::Filter::default();
            check("searches", search_history::list(db, &filter, listing, rows).await.unwrap().len()).await;
        }
    }
    search_history::latest_words(db, 7).await.unwrap();
    let read = rows_read(db, idle).await;
    assert!(read <= 1_500, "the latest words read {read} rows");
}
