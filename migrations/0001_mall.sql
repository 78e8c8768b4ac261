-- The beginning of the mall: accounts, goods, orders, coupons, as far as a flash sale touches them.
-- Money is in minor units (cents). Times are UTC. Soft-deleted rows keep their unique keys free by
-- `live`, which is 1 while the row lives and null afterwards.

create table shopper (
    id bigint unsigned not null auto_increment primary key,
    username varchar(63) not null,
    password_hash varchar(255) not null default '',
    gender tinyint unsigned not null default 0,
    birthday date null,
    last_login_at datetime(3) null,
    last_login_ip varchar(63) not null default '',
    level tinyint unsigned not null default 0,
    nickname varchar(63) not null default '',
    mobile varchar(20) not null default '',
    avatar varchar(255) not null default '',
    weixin_openid varchar(63) not null default '',
    weixin_session_key varchar(100) not null default '',
    status tinyint unsigned not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    constraint shopper_username unique (username),
    constraint shopper_level check (level <= 2),
    constraint shopper_gender check (gender <= 2),
    constraint shopper_status check (status <= 2)
);

create table address (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    name varchar(63) not null,
    province varchar(63) not null,
    city varchar(63) not null,
    county varchar(63) not null,
    detail varchar(127) not null default '',
    area_code char(6) not null default '',
    postal_code char(6) not null default '',
    tel varchar(20) not null default '',
    is_default boolean not null default false,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key address_user (user_id, is_default)
);

create table admin (
    id bigint unsigned not null auto_increment primary key,
    username varchar(63) not null,
    password_hash varchar(255) not null,
    last_login_at datetime(3) null,
    last_login_ip varchar(63) not null default '',
    avatar varchar(255) not null default '',
    role_ids json not null,
    must_change_password boolean not null default false,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    live tinyint generated always as (if(deleted, null, 1)) stored,
    constraint admin_username unique (username, live)
);

create table role (
    id bigint unsigned not null auto_increment primary key,
    name varchar(63) not null,
    description varchar(1023) not null default '',
    enabled boolean not null default true,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    live tinyint generated always as (if(deleted, null, 1)) stored,
    constraint role_name unique (name, live)
);

create table role_permission (
    role_id bigint unsigned not null,
    permission varchar(63) not null,
    primary key (role_id, permission),
    constraint role_permission_role foreign key (role_id) references role (id)
);

create table operation_log (
    id bigint unsigned not null auto_increment primary key,
    actor varchar(63) not null,
    ip varchar(63) not null default '',
    kind tinyint unsigned not null default 0,
    action varchar(127) not null,
    succeeded boolean not null,
    result varchar(255) not null default '',
    changes json null,
    added_at datetime(3) not null default current_timestamp(3),
    key operation_log_added (added_at)
);

create table goods (
    id bigint unsigned not null auto_increment primary key,
    goods_sn varchar(63) not null,
    name varchar(127) not null,
    category_id bigint unsigned not null default 0,
    brand_id bigint unsigned not null default 0,
    gallery json not null,
    keywords varchar(255) not null default '',
    brief varchar(255) not null default '',
    on_sale boolean not null default true,
    sort_order smallint not null default 100,
    pic_url varchar(255) not null default '',
    share_url varchar(255) not null default '',
    is_new boolean not null default false,
    is_hot boolean not null default false,
    unit varchar(31) not null default '',
    counter_price_minor bigint not null default 0,
    retail_price_minor bigint not null default 0,
    detail mediumtext not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    live tinyint generated always as (if(deleted, null, 1)) stored,
    constraint goods_name unique (name, live),
    key goods_category (category_id, on_sale),
    key goods_brand (brand_id, on_sale),
    constraint goods_prices check (counter_price_minor >= 0 and retail_price_minor >= 0)
);

create table sku (
    id bigint unsigned not null auto_increment primary key,
    goods_id bigint unsigned not null,
    specifications json not null,
    price_minor bigint not null,
    stock int not null,
    pic_url varchar(255) not null default '',
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key sku_goods (goods_id),
    constraint sku_goods_exists foreign key (goods_id) references goods (id),
    constraint sku_price check (price_minor >= 0),
    constraint sku_stock check (stock >= 0)
);

create table coupon (
    id bigint unsigned not null auto_increment primary key,
    name varchar(63) not null,
    description varchar(127) not null default '',
    tag varchar(63) not null default '',
    total int not null default 0,
    -- Units of a coupon of flash-sale type that no sale holds; the other types count what was claimed.
    stock int not null default 0,
    discount_minor bigint not null default 0,
    min_minor bigint not null default 0,
    per_user_limit smallint not null default 1,
    -- 0 claimable, 1 given on registration, 2 redeemed by code, 3 flash sale only
    kind tinyint unsigned not null default 0,
    status tinyint unsigned not null default 0,
    goods_scope tinyint unsigned not null default 0,
    goods_scope_ids json not null,
    code varchar(63) null,
    time_kind tinyint unsigned not null default 0,
    days smallint unsigned not null default 0,
    starts_at datetime(3) null,
    ends_at datetime(3) null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    live tinyint generated always as (if(deleted, null, 1)) stored,
    constraint coupon_code unique (code, live),
    constraint coupon_amounts check (discount_minor >= 0 and min_minor >= 0 and stock >= 0 and total >= 0),
    constraint coupon_kind check (kind <= 3),
    constraint coupon_status check (status <= 2),
    constraint coupon_time check (time_kind <= 1)
);

create table coupon_user (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    coupon_id bigint unsigned not null,
    status tinyint unsigned not null default 0,
    used_at datetime(3) null,
    starts_at datetime(3) null,
    ends_at datetime(3) null,
    order_id bigint unsigned null,
    -- The flash-sale purchase it was granted for; one purchase grants one coupon per unit.
    flash_sn varchar(63) character set ascii collate ascii_bin null,
    flash_unit smallint unsigned null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key coupon_user_owner (user_id, status),
    key coupon_user_coupon (coupon_id, user_id),
    constraint coupon_user_flash unique (flash_sn, flash_unit),
    constraint coupon_user_status check (status <= 3)
);

create table fishing_session (
    id bigint unsigned not null auto_increment primary key,
    name varchar(63) not null,
    place varchar(127) not null default '',
    pic_url varchar(255) not null default '',
    held_on date not null,
    starts_at time not null,
    ends_at time not null,
    is_on boolean not null default true,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key fishing_session_held (held_on)
);

create table ticket_type (
    id bigint unsigned not null auto_increment primary key,
    fishing_session_id bigint unsigned not null,
    name varchar(63) not null,
    price_minor bigint not null,
    stock int not null,
    per_user_limit smallint not null default 1,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    constraint ticket_type_session foreign key (fishing_session_id) references fishing_session (id),
    constraint ticket_type_amounts check (price_minor >= 0 and stock >= 0)
);

create table orders (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    order_sn varchar(63) character set ascii collate ascii_bin not null,
    -- What it sells: 0 goods, 1 coupon, 2 ticket
    kind tinyint unsigned not null default 0,
    -- The flash sale it was bought in, if it was.
    sale_id bigint unsigned null,
    status smallint unsigned not null,
    aftersale_status tinyint unsigned not null default 0,
    consignee varchar(63) not null,
    mobile varchar(63) not null,
    address varchar(400) not null,
    message varchar(512) not null default '',
    goods_minor bigint not null,
    freight_minor bigint not null default 0,
    coupon_minor bigint not null default 0,
    integral_minor bigint not null default 0,
    groupon_minor bigint not null default 0,
    order_minor bigint not null,
    actual_minor bigint not null,
    pay_by datetime(3) not null,
    pay_id varchar(63) null,
    paid_at datetime(3) null,
    ship_sn varchar(63) null,
    ship_channel varchar(63) null,
    shipped_at datetime(3) null,
    refund_minor bigint null,
    refund_type varchar(63) null,
    refund_content varchar(127) null,
    refunded_at datetime(3) null,
    confirmed_at datetime(3) null,
    comments smallint not null default 0,
    ended_at datetime(3) null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    constraint orders_sn unique (order_sn),
    constraint orders_pay_id unique (pay_id),
    key orders_owner (user_id, status),
    key orders_status (status, pay_by),
    constraint orders_amounts check (goods_minor >= 0 and freight_minor >= 0 and coupon_minor >= 0
        and order_minor >= 0 and actual_minor >= 0),
    constraint orders_known_status check (status in (101, 102, 103, 104, 201, 202, 203, 204, 301, 401, 402)),
    constraint orders_known_kind check (kind <= 2)
);

create table order_goods (
    id bigint unsigned not null auto_increment primary key,
    order_id bigint unsigned not null,
    goods_id bigint unsigned not null default 0,
    goods_name varchar(127) not null,
    goods_sn varchar(63) not null default '',
    sku_id bigint unsigned not null default 0,
    quantity int not null,
    price_minor bigint not null,
    specifications json not null,
    pic_url varchar(255) not null default '',
    comment_id bigint not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key order_goods_order (order_id),
    key order_goods_goods (goods_id),
    constraint order_goods_amounts check (quantity >= 1 and price_minor >= 0)
);

create table ticket (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    order_id bigint unsigned not null,
    ticket_type_id bigint unsigned not null,
    unit smallint unsigned not null,
    -- 0 unpaid, 1 valid, 2 used, 3 refunded or lapsed
    status tinyint unsigned not null default 0,
    code char(32) character set ascii collate ascii_bin not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    constraint ticket_code unique (code),
    constraint ticket_of_order unique (order_id, unit),
    key ticket_owner (user_id),
    constraint ticket_status check (status <= 3)
);

-- Every payment the provider told us of, and what became of it; a notify applies once.
create table payment (
    id bigint unsigned not null auto_increment primary key,
    order_id bigint unsigned not null,
    provider varchar(31) not null,
    transaction_id varchar(63) character set ascii collate ascii_bin not null,
    amount_minor bigint not null,
    -- 0 applied to the order, 1 came too late and is refunded
    outcome tinyint unsigned not null,
    paid_at datetime(3) not null,
    added_at datetime(3) not null default current_timestamp(3),
    constraint payment_transaction unique (provider, transaction_id),
    key payment_order (order_id),
    constraint payment_amount check (amount_minor >= 0)
);

-- Money that goes back; sent to the provider until it says yes.
create table refund (
    id bigint unsigned not null auto_increment primary key,
    order_id bigint unsigned not null,
    payment_id bigint unsigned not null,
    amount_minor bigint not null,
    reason varchar(63) not null,
    -- 0 to be sent, 1 done
    state tinyint unsigned not null default 0,
    attempts int unsigned not null default 0,
    provider_refund_id varchar(63) null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    constraint refund_payment unique (payment_id),
    key refund_state (state),
    constraint refund_amount check (amount_minor >= 0)
);

-- Work that is due at a time; claimed with `for update skip locked`.
create table due_task (
    id bigint unsigned not null auto_increment primary key,
    kind varchar(31) not null,
    subject_id bigint unsigned not null,
    due_at datetime(3) not null,
    attempts int unsigned not null default 0,
    last_error varchar(255) not null default '',
    added_at datetime(3) not null default current_timestamp(3),
    constraint due_task_subject unique (kind, subject_id),
    key due_task_due (due_at)
);

create table setting (
    name varchar(63) not null primary key,
    value varchar(1023) not null,
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3)
);
