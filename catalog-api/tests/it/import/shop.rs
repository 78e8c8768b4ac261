//! A litemall shop of any size. Every row follows from its number, so that two runs make the same shop.

use super::tables::{REGION, TABLES};
use crate::harness::stores;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, MySqlPool};
use std::sync::atomic::{AtomicU64, Ordering};

/// A litemall database.
pub(super) struct Litemall {
    pub(super) db: MySqlPool,
    pub(super) name: String,
    pub(super) url: String,
}

static SHOPS: AtomicU64 = AtomicU64::new(0);

/// The password of all its accounts.
pub(super) const PASSWORD: &str = "plum tree 7";

impl Litemall {
    /// An empty one.
    pub(super) async fn new() -> Self {
        let name = format!("litemall_{}", SHOPS.fetch_add(1, Ordering::Relaxed));
        let server =
            MySqlPoolOptions::new().max_connections(1).connect(&stores().url("mysql")).await.unwrap();
        // The name is made of the constant above and a number.
        let create =
            AssertSqlSafe(format!("create database {name} character set utf8mb4 collate utf8mb4_general_ci"));
        sqlx::query(create).execute(&server).await.unwrap();
        server.close().await;
        let url = stores().url(&name);
        let db = MySqlPoolOptions::new().max_connections(2).connect(&url).await.unwrap();
        let shop = Self { db, name, url };
        for (table, columns) in TABLES {
            shop.run(&format!(
                "create table litemall_{table} (id int not null auto_increment primary key, {columns}, \
                 add_time datetime, update_time datetime, deleted tinyint(1) default 0)"
            ))
            .await;
        }
        shop.run(REGION).await;
        shop
    }

    /// A statement; its text is made of constants and numbers.
    pub(super) async fn run(&self, statement: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.db).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// A shop with so many orders, and all that belongs to them.
    pub(super) async fn with(orders: u64) -> Self {
        let shop = Self::new().await;
        shop.fill(orders).await;
        shop
    }

    async fn fill(&self, orders: u64) {
        let users = (orders / 10).max(20);
        let goods = (orders / 50).clamp(12, 10_000);
        self.numbers(orders.max(goods * 2).max(users * 2)).await;
        let hash = bcrypt::hash(PASSWORD, 4).unwrap().replacen("$2b$", "$2a$", 1);
        let filled = |text: &str| {
            let text = text.replace("{orders}", &orders.to_string()).replace("{users}", &users.to_string());
            let text = text.replace("{goods}", &goods.to_string()).replace("{hash}", &hash);
            text.replace("{at}", "date_add('2024-01-01 00:00:00', interval n minute)")
        };
        for statement in STATEMENTS {
            self.run(&filled(statement)).await;
        }
    }

    /// A table of numbers, from 1, made by doubling.
    async fn numbers(&self, count: u64) {
        self.run("create table numbers (n int not null primary key)").await;
        self.run("insert into numbers values (1)").await;
        let mut there = 1;
        while there < count {
            self.run(&format!(
                "insert into numbers select n + {there} from numbers where n + {there} <= {count}"
            ))
            .await;
            there *= 2;
        }
    }
}

const STATEMENTS: &[&str] = &[
    "insert into litemall_role (id, name, `desc`, enabled, add_time) values \
     (1, 'super', 'everything', 1, '2024-01-01 00:00:00'), (2, 'goods', null, 1, '2024-01-01 00:00:00')",
    "insert into litemall_permission (role_id, permission, add_time) values \
     (1, '*', '2024-01-01 00:00:00'), (2, 'admin:brand:list', '2024-01-01 00:00:00'), \
     (2, 'admin:category:list', '2024-01-01 00:00:00')",
    "insert into litemall_permission (role_id, permission, deleted) values (2, 'admin:ad:list', 1)",
    "insert into litemall_admin (id, username, password, role_ids, add_time) values \
     (1, 'boss', '{hash}', '[1]', '2024-01-01 00:00:00'), (2, 'clerk', '{hash}', '[2]', '2024-01-01 00:00:00')",
    "insert into litemall_system (key_name, key_value) values ('litemall_order_unpaid', '45'), \
     ('litemall_mall_name', 'The old shop'), ('litemall_express_freight_value', '9.5')",
    "insert into litemall_notice (id, title, content, admin_id, add_time) \
     select n, concat('notice ', n), '<p>hello</p>', 1, {at} from numbers where n <= 5",
    "insert into litemall_notice_admin (notice_id, notice_title, admin_id, read_time, add_time) \
     select 1 + n div 2, 'notice', 1 + n % 2, if(n % 3 = 0, {at}, null), {at} from numbers where n <= 9",
    "insert into litemall_log (admin, ip, type, action, status, result, comment, add_time, deleted) \
     select 'boss', '10.0.0.1', n % 4, 'log in', n % 2, 'done', if(n % 2 = 0, 'by hand', null), {at}, n = 7 \
     from numbers where n <= 30",
    "insert into litemall_region (pid, name, type, code) values (0, 'Beijing', 1, 110000), \
     (1, 'Beijing', 2, 110100), (2, 'Dongcheng', 3, 110101)",
    "insert into litemall_user (id, username, password, gender, birthday, last_login_time, user_level, nickname, \
     mobile, weixin_openid, session_key, status, add_time, update_time) \
     select n, concat('user', n), '{hash}', n % 3, if(n % 5 = 0, '1990-02-28', null), {at}, n % 3, \
     concat('N', n, ' 长'), concat('139', lpad(n, 8, '0')), if(n % 4 = 0, concat('openid', n), ''), '', 0, {at}, {at} \
     from numbers where n <= {users}",
    // The number of a person who is gone may be somebody else's.
    "insert into litemall_user (username, password, nickname, mobile, add_time, deleted) \
     values ('gone', '{hash}', 'Gone', '13900000001', '2024-01-01 00:00:00', 1)",
    // As they store somebody who came by WeChat.
    "insert into litemall_user (username, password, nickname, weixin_openid, add_time) \
     values ('oAbC', 'oAbC', 'Wei', 'oAbC', '2024-01-01 00:00:00')",
    "insert into litemall_address (name, user_id, province, city, county, address_detail, area_code, postal_code, \
     tel, is_default, add_time) select concat('A', n), n, 'Beijing', 'Beijing', 'Dongcheng', 'Street 1', '110101', \
     null, '13900000000', 1, {at} from numbers where n <= {users}",
    // Of the person who is gone.
    "insert into litemall_address (name, user_id, province, city, county) values ('G', {users} + 1, 'B', 'B', 'D')",
    "insert into litemall_search_history (user_id, keyword, `from`, add_time) \
     select n, 'tea', 'wx', {at} from numbers where n <= {users}",
    "insert into litemall_feedback (user_id, username, mobile, feed_type, content, status, has_picture, pic_urls) \
     select n, concat('user', n), '139', 'praise', 'good', 1, 0, '[]' from numbers where n <= 10",
    "insert into litemall_category (id, name, keywords, `desc`, pid, level, add_time) \
     select n, concat('category ', n), '', '', if(n <= 3, 0, 1 + n % 3), if(n <= 3, 'L1', 'L2'), {at} \
     from numbers where n <= 9",
    "insert into litemall_brand (id, name, `desc`, pic_url, floor_price, add_time) \
     select n, concat('brand ', n), '', '', 9.9, {at} from numbers where n <= 6",
    "insert into litemall_goods (id, goods_sn, name, category_id, brand_id, gallery, keywords, brief, is_on_sale, \
     pic_url, is_new, is_hot, unit, counter_price, retail_price, detail, add_time, update_time) \
     select n, concat('G', n), concat('goods ', n), 4 + n % 6, n % 7, if(n % 5 = 0, null, '[\"/a.png\", \"/b.png\"]'), \
     '', 'brief', n % 10 <> 3, '/a.png', n % 2, n % 3 = 0, 'piece', 19.99 + n % 100, 9.29 + n % 100, '<p>tea</p>', \
     {at}, {at} from numbers where n <= {goods}",
    "insert into litemall_goods_attribute (goods_id, attribute, value, add_time) \
     select n, 'from', 'Fujian', {at} from numbers where n <= {goods}",
    "insert into litemall_goods_specification (goods_id, specification, value, add_time) \
     select n, 'size', 'large', {at} from numbers where n <= {goods}",
    "insert into litemall_goods_product (id, goods_id, specifications, price, number, url, add_time) \
     select n, 1 + (n - 1) % {goods}, '[\"large\"]', 9.29 + n % 100, n % 1000, '', {at} \
     from numbers where n <= 2 * {goods}",
    "insert into litemall_topic (title, subtitle, content, price, goods, add_time) \
     select concat('topic ', n), '', '<p>x</p>', 9.9, '[1, 2]', {at} from numbers where n <= 5",
    "insert into litemall_ad (name, url, position, enabled, start_time, add_time) \
     select concat('ad ', n), '/x.png', 1, 1, {at}, {at} from numbers where n <= 3",
    "insert into litemall_keyword (keyword, is_hot, is_default, add_time) \
     select concat('word ', n), 1, n = 1, {at} from numbers where n <= 7",
    "insert into litemall_issue (question, answer, add_time) values ('Why?', null, '2024-01-01 00:00:00')",
    "insert into litemall_storage (`key`, name, type, size, url, add_time) \
     select concat('key', n, '.png'), 'x.png', 'image/png', n, concat('http://old/wx/storage/fetch/key', n), {at} \
     from numbers where n <= 20",
    "insert into litemall_coupon (id, name, total, discount, min, `limit`, type, status, goods_type, goods_value, \
     code, time_type, days, add_time) values \
     (1, 'five off', 0, 5.00, 99.00, 1, 0, 0, 0, '[]', null, 0, 10, '2024-01-01 00:00:00'), \
     (2, 'by code', 100, 5.50, 0.00, 1, 2, 0, 2, '[\"1\", 2]', 'ABCD', 0, 10, '2024-01-01 00:00:00')",
    ORDERS,
    "insert into litemall_order_goods (order_id, goods_id, goods_name, goods_sn, product_id, number, price, \
     specifications, pic_url, comment, add_time, update_time) \
     select n, 1 + n % {goods}, concat('goods ', 1 + n % {goods}), concat('G', n), 1 + n % {goods}, 1 + n % 3, \
     9.29 + n % 100, '[\"large\"]', '/a.png', if(n % 9 = 8, -1, 0), {at}, {at} from numbers where n <= {orders}",
    "insert into litemall_order_goods (order_id, goods_id, goods_name, goods_sn, product_id, number, price, \
     specifications, pic_url, add_time, update_time) \
     select n, 1 + n % {goods}, 'more', 'G', 1 + n % {goods}, 1, 1.01, '[]', '', {at}, {at} \
     from numbers where n <= {orders}",
    "insert into litemall_aftersale (aftersale_sn, order_id, user_id, type, reason, amount, pictures, comment, \
     status, add_time) select concat('AS', n), n, 1 + n % {users}, n % 3, 'broken', 1.10, '[\"/p.png\"]', '', \
     1 + n % 5, {at} from numbers where n <= {orders} and n % 9 = 7",
    "insert into litemall_coupon_user (user_id, coupon_id, status, used_time, start_time, end_time, order_id, add_time) \
     select 1 + n % {users}, 1, n % 3, if(n % 3 = 1, {at}, null), {at}, date_add({at}, interval 10 day), \
     if(n % 3 = 1, n, null), {at} from numbers where n <= {orders} and n % 4 = 0",
    "insert into litemall_groupon_rules (id, goods_id, goods_name, discount, discount_member, expire_time, status, \
     add_time) values (1, 1, 'goods 1', 2, 3, '2024-06-01 00:00:00', 1, '2024-01-01 00:00:00'), \
     (2, 2, 'goods 2', 1, 2, '2099-01-01 00:00:00', 0, '2024-01-01 00:00:00')",
    "insert into litemall_groupon (id, order_id, groupon_id, rules_id, user_id, creator_user_id, creator_user_time, \
     status, add_time) values (1, 4, 0, 2, 5, 5, '2024-01-02 00:00:00', 2, '2024-01-02 00:00:00'), \
     (2, 5, 1, 2, 6, 5, '2024-01-02 00:00:00', 2, '2024-01-02 00:00:00')",
    // What was ordered stays as a deleted row.
    "insert into litemall_cart (user_id, goods_id, goods_sn, goods_name, product_id, price, number, specifications, \
     checked, pic_url, add_time, deleted) select n, 1 + n % {goods}, 'G', 'goods', 1 + n % {goods}, 9.29, 2, \
     '[\"large\"]', 1, '/a.png', {at}, n % 2 = 0 from numbers where n <= {users}",
    "insert into litemall_collect (user_id, value_id, type, add_time, deleted) \
     select n, 1 + n % 5, n % 2, {at}, n % 7 = 0 from numbers where n <= {users}",
    "insert into litemall_comment (value_id, type, content, admin_content, user_id, has_picture, pic_urls, star, \
     add_time, update_time) select 1 + n % 5, n % 2, 'good', if(n % 3 = 0, 'thanks', ''), n % {users}, 0, null, n % 6, \
     {at}, {at} from numbers where n <= {users}",
    "insert into litemall_footprint (user_id, goods_id, add_time) \
     select n, 1 + n % {goods}, {at} from numbers where n <= {users}",
];

const ORDERS: &str = "insert into litemall_order (id, user_id, order_sn, order_status, aftersale_status, consignee, \
    mobile, address, message, goods_price, freight_price, coupon_price, integral_price, groupon_price, order_price, \
    actual_price, pay_id, pay_time, ship_sn, ship_channel, ship_time, refund_amount, refund_type, refund_content, \
    refund_time, confirm_time, comments, end_time, add_time, update_time, deleted) \
    select n, 1 + n % {users}, concat('20240101', lpad(n, 8, '0')), \
    elt(1 + n % 9, 101, 102, 103, 201, 202, 203, 301, 401, 402), if(n % 9 = 7, 1 + n % 5, 0), concat('Lin ', n), \
    '13900000000', concat('BeijingBeijingDongcheng street ', n), if(n % 4 = 0, '快', ''), \
    (n * 37) % 100000 / 100 + 5, 8, if(n % 4 = 0, 5, 0), 0, 0, (n * 37) % 100000 / 100 + 13 - if(n % 4 = 0, 5, 0), \
    (n * 37) % 100000 / 100 + 13 - if(n % 4 = 0, 5, 0), if(n % 9 >= 3, concat('42000', n), null), \
    if(n % 9 >= 3, date_add({at}, interval 5 minute), null), if(n % 9 >= 6, concat('SF', n), null), \
    if(n % 9 >= 6, 'SF', null), if(n % 9 >= 6, date_add({at}, interval 1 day), null), \
    if(n % 9 = 5, 10.01, null), if(n % 9 = 5, 'wechat', null), if(n % 9 = 5, concat('r', n), null), \
    if(n % 9 = 5, date_add({at}, interval 2 day), null), if(n % 9 >= 7, date_add({at}, interval 7 day), null), \
    if(n % 9 = 7, 2, 0), if(n % 9 in (1, 2, 5), date_add({at}, interval 1 hour), null), {at}, {at}, \
    n % 9 = 1 and n % 2 = 0 from numbers where n <= {orders}";
