-- What leads to goods, what describes them, and indexes for every way the shop lists them.
-- Money is in minor units. Times are UTC.

-- Goods: a version, so that two people who edit the same goods do not overwrite each other, and one
-- index for each order a list can have.
alter table goods
    add column version int unsigned not null default 0,
    add key goods_sn (goods_sn),
    add key goods_added (deleted, added_at),
    add key goods_shelf_added (deleted, on_sale, added_at),
    add key goods_shelf_price (deleted, on_sale, retail_price_minor),
    add key goods_shelf_name (deleted, on_sale, name),
    add key goods_category_added (category_id, deleted, on_sale, added_at),
    add key goods_category_price (category_id, deleted, on_sale, retail_price_minor),
    add key goods_brand_added (brand_id, deleted, on_sale, added_at),
    add key goods_new_added (is_new, deleted, on_sale, added_at),
    add key goods_hot_added (is_hot, deleted, on_sale, added_at),
    drop key goods_category,
    drop key goods_brand;

-- What a SKU is chosen by: a name such as colour, and one of its values.
create table goods_specification (
    id bigint unsigned not null auto_increment primary key,
    goods_id bigint unsigned not null,
    name varchar(255) not null,
    value varchar(255) not null,
    pic_url varchar(255) not null default '',
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key goods_specification_goods (goods_id, deleted),
    constraint goods_specification_goods_exists foreign key (goods_id) references goods (id)
);

-- What is told about goods: a name such as material, and its value.
create table goods_attribute (
    id bigint unsigned not null auto_increment primary key,
    goods_id bigint unsigned not null,
    name varchar(255) not null,
    value varchar(255) not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key goods_attribute_goods (goods_id, deleted),
    constraint goods_attribute_goods_exists foreign key (goods_id) references goods (id)
);

create table category (
    id bigint unsigned not null auto_increment primary key,
    name varchar(63) not null,
    keywords varchar(1023) not null default '',
    description varchar(255) not null default '',
    -- 0 for the first level
    parent_id bigint unsigned not null default 0,
    icon_url varchar(255) not null default '',
    pic_url varchar(255) not null default '',
    -- 1 or 2
    level tinyint unsigned not null default 1,
    sort_order smallint not null default 50,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key category_parent (parent_id, deleted),
    key category_level (level, deleted),
    constraint category_known_level check (level in (1, 2))
);

create table brand (
    id bigint unsigned not null auto_increment primary key,
    name varchar(255) not null,
    description varchar(255) not null default '',
    pic_url varchar(255) not null default '',
    sort_order smallint not null default 50,
    floor_price_minor bigint not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key brand_added (deleted, added_at),
    constraint brand_floor_price check (floor_price_minor >= 0)
);

create table keyword (
    id bigint unsigned not null auto_increment primary key,
    word varchar(127) not null,
    url varchar(255) not null default '',
    is_hot boolean not null default false,
    is_default boolean not null default false,
    sort_order int not null default 100,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key keyword_added (deleted, added_at)
);

-- What shoppers searched for.
create table search_history (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    word varchar(127) not null,
    source varchar(63) not null default 'wx',
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key search_history_added (deleted, added_at),
    key search_history_owner (user_id, deleted, added_at)
);

create table issue (
    id bigint unsigned not null auto_increment primary key,
    question varchar(255) not null,
    answer varchar(255) not null default '',
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key issue_added (deleted, added_at)
);

create table topic (
    id bigint unsigned not null auto_increment primary key,
    title varchar(255) not null,
    subtitle varchar(255) not null default '',
    content mediumtext not null,
    price_minor bigint not null default 0,
    read_count varchar(255) not null default '1k',
    pic_url varchar(255) not null default '',
    sort_order int not null default 100,
    goods_ids json not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key topic_added (deleted, added_at),
    key topic_price (deleted, price_minor),
    constraint topic_price_known check (price_minor >= 0)
);

create table ad (
    id bigint unsigned not null auto_increment primary key,
    name varchar(63) not null,
    link varchar(255) not null default '',
    url varchar(255) not null default '',
    -- 1 is the home page
    position smallint not null default 1,
    content varchar(255) not null default '',
    starts_at datetime(3) null,
    ends_at datetime(3) null,
    enabled boolean not null default false,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key ad_added (deleted, added_at),
    key ad_shown (position, enabled, deleted)
);
