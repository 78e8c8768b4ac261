-- Before an order: the cart, coupons that are claimed, and group buying.

-- How many claims of kinds 0 to 2 were given out; raised by a guarded update, so that of any number of
-- simultaneous callers no one gets a claim beyond `total`. Coupons of flash-sale type count in `stock`.
alter table coupon
    add column claimed int not null default 0,
    add constraint coupon_claimed check (claimed >= 0),
    add key coupon_added (added_at),
    add key coupon_shown (kind, status, added_at),
    add key coupon_ends (status, time_kind, ends_at);

alter table coupon_user
    add key coupon_user_added (added_at),
    add key coupon_user_owner_added (user_id, added_at),
    add key coupon_user_coupon_added (coupon_id, added_at),
    add key coupon_user_ends (status, ends_at),
    add key coupon_user_order (order_id);

-- One row per user and SKU. A cart is no record: what was ordered or taken out is gone, and the order's
-- lines keep the copies.
create table cart (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    goods_id bigint unsigned not null,
    sku_id bigint unsigned not null,
    goods_sn varchar(63) not null,
    goods_name varchar(127) not null,
    price_minor bigint not null,
    quantity int not null,
    specifications json not null,
    checked boolean not null default true,
    pic_url varchar(255) not null default '',
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    constraint cart_sku unique (user_id, sku_id),
    key cart_goods (goods_id),
    constraint cart_amounts check (quantity between 1 and 32767 and price_minor >= 0)
);

-- An order was made and these cart rows went into it; written in the transaction of the order, for
-- other services to follow. `cart_lines` is an array of {skuId, goodsId, quantity}. Ids of transactions that
-- run at the same time may become visible out of order, so a follower reads up to a few seconds ago.
create table cart_event (
    id bigint unsigned not null auto_increment primary key,
    order_id bigint unsigned not null,
    user_id bigint unsigned not null,
    cart_lines json not null,
    added_at datetime(3) not null default current_timestamp(3),
    constraint cart_event_order unique (order_id),
    key cart_event_added (added_at)
);

-- An offer: so much off each unit for everybody, when so many people buy. One offer that is on per goods.
create table groupon_rule (
    id bigint unsigned not null auto_increment primary key,
    goods_id bigint unsigned not null,
    goods_name varchar(127) not null,
    pic_url varchar(255) not null default '',
    discount_minor bigint not null,
    -- People needed, the opener included.
    members int unsigned not null,
    expires_at datetime(3) not null,
    -- 0 on, 1 ended by time, 2 withdrawn by staff
    status tinyint unsigned not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    on_for bigint unsigned generated always as (if(status = 0 and not deleted, goods_id, null)) stored,
    constraint groupon_rule_on unique (on_for),
    key groupon_rule_goods (goods_id),
    key groupon_rule_shown (status, added_at),
    key groupon_rule_added (added_at),
    key groupon_rule_expires (status, expires_at),
    constraint groupon_rule_goods_exists foreign key (goods_id) references goods (id),
    constraint groupon_rule_terms check (discount_minor >= 0 and members >= 2),
    constraint groupon_rule_status check (status <= 2)
);

-- Who takes part in a group, one row per order. The opener's row is the group.
create table groupon (
    id bigint unsigned not null auto_increment primary key,
    order_id bigint unsigned not null,
    -- 0 for the opener, otherwise the opener's row
    groupon_id bigint unsigned not null default 0,
    rule_id bigint unsigned not null,
    user_id bigint unsigned not null,
    share_url varchar(255) not null default '',
    creator_user_id bigint unsigned not null,
    creator_user_at datetime(3) null,
    -- 0 unpaid, 1 running, 2 succeeded, 3 failed
    status tinyint unsigned not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    -- The group in which its owner holds a place; nobody holds two in one group.
    place_in bigint unsigned generated always as
        (if(groupon_id = 0 or status = 3 or deleted, null, groupon_id)) stored,
    constraint groupon_order unique (order_id),
    constraint groupon_place unique (place_in, user_id),
    key groupon_group (groupon_id, status),
    key groupon_rule_records (rule_id, groupon_id, status),
    key groupon_owner (user_id, groupon_id),
    constraint groupon_rule_exists foreign key (rule_id) references groupon_rule (id),
    constraint groupon_status check (status <= 3)
);

-- Coupons whose time is over are marked by a task that comes again and again.
insert into due_task (kind, subject_id, due_at) values ('coupon_expiry', 0, current_timestamp(3));
