//! The 34 tables of a litemall database, as far as their columns and types go. Written from what is known of
//! them; every table but the regions also has the times of a row and whether it is deleted.

/// Table and its own columns.
pub(super) const TABLES: &[(&str, &str)] = &[
    (
        "ad",
        "name varchar(63) not null default '', link varchar(255) not null default '', url varchar(255) not null, \
         position tinyint default 1, content varchar(255) default '', start_time datetime, end_time datetime, \
         enabled tinyint(1) default 0",
    ),
    (
        "address",
        "name varchar(63) not null default '', user_id int not null default 0, province varchar(63) not null, \
         city varchar(63) not null, county varchar(63) not null, address_detail varchar(127) not null default '', \
         area_code char(6), postal_code char(6), tel varchar(20) not null default '', \
         is_default tinyint(1) not null default 0",
    ),
    (
        "admin",
        "username varchar(63) not null default '', password varchar(63) not null default '', \
         last_login_ip varchar(63) default '', last_login_time datetime, avatar varchar(255) default '''', \
         role_ids varchar(127) default '[]'",
    ),
    (
        "aftersale",
        "aftersale_sn varchar(63), order_id int not null, user_id int not null, type smallint default 0, \
         reason varchar(31) default '', amount decimal(10,2) default 0.00, pictures varchar(1023) default '[]', \
         comment varchar(511) default '', status smallint default 0, handle_time datetime",
    ),
    (
        "brand",
        "name varchar(255) not null default '', `desc` varchar(255) not null default '', \
         pic_url varchar(255) not null default '', sort_order tinyint default 50, \
         floor_price decimal(10,2) default 0.00",
    ),
    (
        "cart",
        "user_id int, goods_id int, goods_sn varchar(63), goods_name varchar(127), product_id int, \
         price decimal(10,2) default 0.00, number smallint default 0, specifications varchar(1023), \
         checked tinyint(1) default 1, pic_url varchar(255)",
    ),
    (
        "category",
        "name varchar(63) not null default '', keywords varchar(1023) not null default '', \
         `desc` varchar(255) default '', pid int not null default 0, icon_url varchar(255) default '', \
         pic_url varchar(255) default '', level varchar(255) default 'L1', sort_order tinyint default 50",
    ),
    (
        "collect",
        "user_id int not null default 0, value_id int not null default 0, type tinyint not null default 0",
    ),
    (
        "comment",
        "value_id int not null default 0, type tinyint not null default 0, content varchar(1023) default '', \
         admin_content varchar(511) default '', user_id int not null default 0, has_picture tinyint(1) default 0, \
         pic_urls varchar(1023), star smallint default 1",
    ),
    (
        "coupon",
        "name varchar(63) not null, `desc` varchar(127) default '', tag varchar(63) default '', \
         total int not null default 0, discount decimal(10,2) default 0.00, min decimal(10,2) default 0.00, \
         `limit` smallint default 1, type smallint default 0, status smallint default 0, \
         goods_type smallint default 0, goods_value varchar(1023) default '[]', code varchar(63), \
         time_type smallint default 0, days smallint default 0, start_time datetime, end_time datetime",
    ),
    (
        "coupon_user",
        "user_id int not null, coupon_id int not null, status smallint default 0, used_time datetime, \
         start_time datetime, end_time datetime, order_id int",
    ),
    (
        "feedback",
        "user_id int not null default 0, username varchar(63) not null default '', \
         mobile varchar(20) not null default '', feed_type varchar(63) not null default '', \
         content varchar(1023) not null, status int not null default 0, has_picture tinyint(1) default 0, \
         pic_urls varchar(1023)",
    ),
    ("footprint", "user_id int not null default 0, goods_id int not null default 0"),
    (
        "goods",
        "goods_sn varchar(63) not null default '', name varchar(127) not null default '', \
         category_id int default 0, brand_id int default 0, gallery varchar(1023), \
         keywords varchar(255) default '', brief varchar(255) default '', is_on_sale tinyint(1) default 1, \
         sort_order smallint default 100, pic_url varchar(255), share_url varchar(255), \
         is_new tinyint(1) default 0, is_hot tinyint(1) default 0, unit varchar(31) default '', \
         counter_price decimal(10,2) default 0.00, retail_price decimal(10,2) default 100000.00, detail text",
    ),
    (
        "goods_attribute",
        "goods_id int not null default 0, attribute varchar(255) not null, value varchar(255) not null",
    ),
    (
        "goods_product",
        "goods_id int not null default 0, specifications varchar(1023) not null, \
         price decimal(10,2) not null default 0.00, number int not null default 0, url varchar(125)",
    ),
    (
        "goods_specification",
        "goods_id int not null default 0, specification varchar(255) not null default '', \
         value varchar(255) not null default '', pic_url varchar(255) not null default ''",
    ),
    (
        "groupon",
        "order_id int not null, groupon_id int default 0, rules_id int not null, user_id int not null, \
         share_url varchar(255), creator_user_id int not null, creator_user_time datetime, \
         status smallint default 0",
    ),
    (
        "groupon_rules",
        "goods_id int not null, goods_name varchar(127) not null, pic_url varchar(255), \
         discount decimal(63,0) not null, discount_member int not null, expire_time datetime, \
         status smallint default 0",
    ),
    ("issue", "question varchar(255), answer varchar(255)"),
    (
        "keyword",
        "keyword varchar(127) not null default '', url varchar(255) not null default '', \
         is_hot tinyint(1) not null default 0, is_default tinyint(1) not null default 0, \
         sort_order int not null default 100",
    ),
    (
        "log",
        "admin varchar(45), ip varchar(45), type int, action varchar(45), status tinyint(1), \
         result varchar(127), comment varchar(255)",
    ),
    ("notice", "title varchar(63), content varchar(511), admin_id int default 0"),
    ("notice_admin", "notice_id int, notice_title varchar(63), admin_id int, read_time datetime"),
    (
        "order",
        "user_id int not null, order_sn varchar(63) not null, order_status smallint not null, \
         aftersale_status smallint default 0, consignee varchar(63) not null, mobile varchar(63) not null, \
         address varchar(127) not null, message varchar(512) not null default '', \
         goods_price decimal(10,2) not null, freight_price decimal(10,2) not null, \
         coupon_price decimal(10,2) not null, integral_price decimal(10,2) not null, \
         groupon_price decimal(10,2) not null, order_price decimal(10,2) not null, \
         actual_price decimal(10,2) not null, pay_id varchar(63), pay_time datetime, ship_sn varchar(63), \
         ship_channel varchar(63), ship_time datetime, refund_amount decimal(10,2), refund_type varchar(63), \
         refund_content varchar(127), refund_time datetime, confirm_time datetime, comments smallint default 0, \
         end_time datetime",
    ),
    (
        "order_goods",
        "order_id int not null default 0, goods_id int not null default 0, \
         goods_name varchar(127) not null default '', goods_sn varchar(63) not null default '', \
         product_id int not null default 0, number smallint not null default 0, \
         price decimal(10,2) not null default 0.00, specifications varchar(1023) not null, \
         pic_url varchar(255) not null default '', comment int default 0, key order_id (order_id)",
    ),
    ("permission", "role_id int, permission varchar(63)"),
    (
        "role",
        "name varchar(63) not null, `desc` varchar(1023), enabled tinyint(1) default 1, unique key (name)",
    ),
    (
        "search_history",
        "user_id int not null, keyword varchar(63) not null, `from` varchar(63) not null default ''",
    ),
    (
        "storage",
        "`key` varchar(63) not null, name varchar(255) not null, type varchar(20) not null, size int not null, \
         url varchar(255)",
    ),
    ("system", "key_name varchar(255) not null, key_value varchar(255) not null"),
    (
        "topic",
        "title varchar(255) not null default '''', subtitle varchar(255) default '''', content text, \
         price decimal(10,2) default 0.00, read_count varchar(255) default '1k', pic_url varchar(255) default '', \
         sort_order int default 100, goods varchar(1023) default ''",
    ),
    (
        "user",
        "username varchar(63) not null, password varchar(63) not null default '', \
         gender tinyint not null default 0, birthday date, last_login_time datetime, \
         last_login_ip varchar(63) not null default '', user_level tinyint default 0, \
         nickname varchar(63) not null default '', mobile varchar(20) not null default '', \
         avatar varchar(255) not null default '', weixin_openid varchar(63) not null default '', \
         session_key varchar(100) not null default '', status tinyint not null default 0, \
         unique key (username)",
    ),
];

/// The one table without the times of a row.
pub(super) const REGION: &str = "create table litemall_region (id int not null auto_increment primary key, \
     pid int not null default 0, name varchar(120) not null default '', type tinyint not null default 0, \
     code int not null default 0)";
