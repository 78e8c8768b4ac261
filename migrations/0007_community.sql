-- What people say and do beside buying, activities, files, figures.

-- Reviews of goods and remarks on topics, each with at most one answer of the shop.
create table comment (
    id bigint unsigned not null auto_increment primary key,
    -- 0 goods, 1 topic
    kind tinyint unsigned not null,
    value_id bigint unsigned not null,
    user_id bigint unsigned not null,
    content varchar(1023) not null default '',
    star tinyint unsigned not null default 1,
    has_picture boolean not null default false,
    pic_urls json not null,
    reply varchar(511) not null default '',
    replied_at datetime(3) null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key comment_value (kind, value_id, deleted, added_at),
    key comment_author (user_id, deleted, added_at),
    key comment_added (deleted, added_at),
    constraint comment_kind check (kind <= 1),
    constraint comment_star check (star <= 5)
);

create table collect (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    -- 0 goods, 1 topic
    kind tinyint unsigned not null,
    value_id bigint unsigned not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    live tinyint generated always as (if(deleted, null, 1)) stored,
    constraint collect_once unique (user_id, kind, value_id, live),
    key collect_owner (user_id, kind, deleted, added_at),
    key collect_value (value_id, deleted, added_at),
    key collect_added (deleted, added_at),
    constraint collect_kind check (kind <= 1)
);

create table footprint (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    goods_id bigint unsigned not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key footprint_owner (user_id, deleted, added_at),
    key footprint_goods (goods_id, deleted, added_at),
    key footprint_added (deleted, added_at)
);

create table feedback (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    username varchar(63) not null default '',
    mobile varchar(20) not null,
    feed_type varchar(63) not null,
    content varchar(1023) not null,
    status tinyint unsigned not null default 1,
    has_picture boolean not null default false,
    pic_urls json not null,
    reply varchar(200) not null default '',
    replied_at datetime(3) null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key feedback_author (user_id, deleted, added_at),
    key feedback_added (deleted, added_at)
);

-- The administrative division, province to county; the id is the administrative code, and 0 is above the
-- provinces.
create table region (
    id int unsigned not null primary key,
    pid int unsigned not null,
    name varchar(120) not null,
    -- 1 province, 2 city, 3 county
    kind tinyint unsigned not null,
    key region_parent (pid),
    constraint region_kind check (kind between 1 and 3)
);

-- Files people uploaded; their bytes are in the object store under `object_key`.
create table storage (
    id bigint unsigned not null auto_increment primary key,
    object_key varchar(63) character set ascii collate ascii_bin not null,
    name varchar(255) not null,
    content_type varchar(31) not null,
    size int unsigned not null,
    url varchar(255) not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    constraint storage_object unique (object_key),
    key storage_added (deleted, added_at)
);

create table bbq_stand (
    id bigint unsigned not null auto_increment primary key,
    name varchar(63) not null,
    pic_url varchar(255) not null default '',
    capacity smallint unsigned not null,
    price_minor bigint not null,
    is_on boolean not null default true,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key bbq_stand_added (deleted, added_at),
    constraint bbq_stand_amounts check (price_minor >= 0 and capacity >= 1)
);

create table bbq_slot (
    id bigint unsigned not null auto_increment primary key,
    stand_id bigint unsigned not null,
    starts_at time not null,
    ends_at time not null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key bbq_slot_stand (stand_id, deleted),
    constraint bbq_slot_stand_exists foreign key (stand_id) references bbq_stand (id),
    constraint bbq_slot_window check (ends_at > starts_at)
);

-- One live booking per stand, date and slot: the unique key decides between simultaneous calls.
create table bbq_booking (
    id bigint unsigned not null auto_increment primary key,
    stand_id bigint unsigned not null,
    slot_id bigint unsigned not null,
    held_on date not null,
    user_id bigint unsigned not null,
    -- Filled in within the transaction that makes the booking.
    order_id bigint unsigned null,
    -- As they were when it was booked.
    starts_at time not null,
    ends_at time not null,
    -- 0 unpaid, 1 valid, 2 ended: its order lapsed, was cancelled or refunded
    state tinyint unsigned not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    live tinyint generated always as (if(state < 2, 1, null)) stored,
    constraint bbq_booking_once unique (stand_id, held_on, slot_id, live),
    constraint bbq_booking_order unique (order_id),
    key bbq_booking_owner (user_id, added_at),
    key bbq_booking_slot (slot_id, live, held_on),
    key bbq_booking_added (added_at),
    constraint bbq_booking_stand foreign key (stand_id) references bbq_stand (id),
    constraint bbq_booking_of_slot foreign key (slot_id) references bbq_slot (id),
    constraint bbq_booking_state check (state <= 2)
);

-- Kind 3 is a booking of a slot.
alter table orders drop constraint orders_known_kind;
alter table orders add constraint orders_known_kind check (kind <= 3);

create table goods_question (
    id bigint unsigned not null auto_increment primary key,
    goods_id bigint unsigned not null,
    user_id bigint unsigned not null,
    question varchar(200) not null,
    answer varchar(1023) not null default '',
    answered_at datetime(3) null,
    hidden boolean not null default false,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key goods_question_goods (goods_id, deleted, hidden, added_at),
    key goods_question_author (user_id, added_at),
    key goods_question_added (deleted, added_at)
);

-- Figures per day, brought up to date by recounting the days in which something has changed. A day is
-- a day of the offset people read times in.
create table stat_user_day (
    day date not null primary key,
    users bigint not null,
    -- Without deleted accounts, for the dashboard.
    live bigint not null
);

create table stat_order_day (
    day date not null primary key,
    -- Received orders only.
    orders bigint not null,
    customers bigint not null,
    amount_minor bigint not null,
    -- All orders that are not deleted, for the dashboard.
    live bigint not null
);

create table stat_goods_day (
    day date not null primary key,
    orders bigint not null,
    products bigint not null,
    amount_minor bigint not null
);

-- How far the figures follow their source.
create table stat_mark (
    subject varchar(15) character set ascii collate ascii_bin not null primary key,
    -- Every row changed before this moment is counted.
    followed_to datetime(3) not null,
    -- The offset the days were cut by.
    offset_s int not null,
    refreshed_at datetime(3) not null default current_timestamp(3)
);

insert into stat_mark (subject, followed_to, offset_s) values
    ('user', '1970-01-01 00:00:01', 0),
    ('order', '1970-01-01 00:00:01', 0),
    ('goods', '1970-01-01 00:00:01', 0);

-- A day is counted by when its rows were added, and recounted when one of them was changed.
alter table shopper add key shopper_stat_added (added_at), add key shopper_stat_updated (updated_at);
alter table orders add key orders_stat_added (added_at), add key orders_stat_updated (updated_at);
alter table order_goods add key order_goods_stat_added (added_at),
    add key order_goods_stat_updated (updated_at);

-- Fishing: what staff sort by and what shoppers own.
alter table fishing_session add key fishing_session_added (deleted, added_at);
alter table ticket add key ticket_owner_added (user_id, added_at), add key ticket_type_live (ticket_type_id, status);
alter table flash_sale add key flash_sale_ticket_type (ticket_type_id);
