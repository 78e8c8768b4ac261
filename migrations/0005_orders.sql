-- What comes after an order: requests that may be repeated, payments that were prepared, after-sale, and
-- money that goes back for a reason.

-- The back office's list by time and by state, and the timers' looks at shipped and received orders.
alter table orders add key orders_added (deleted, added_at);
alter table orders add key orders_listed (deleted, status, added_at);
alter table orders add key orders_shipped (status, shipped_at);
alter table orders add key orders_reviewable (comments, confirmed_at);
alter table orders add key orders_owner_added (user_id, deleted, added_at);

-- A submit that carried an Idempotency-Key, and what became of it; repeating it answers the same.
create table order_request (
    user_id bigint unsigned not null,
    request_key varchar(63) character set ascii collate ascii_bin not null,
    -- Of what was asked; the same key with another request is refused.
    request_hash binary(32) not null,
    order_id bigint unsigned not null default 0,
    paid boolean not null default false,
    groupon_id bigint unsigned not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    primary key (user_id, request_key),
    key order_request_added (added_at)
);

-- What the provider was asked to take for an order. One row per amount: the provider knows a request by
-- order and amount, so that a changed price is another request, and the old one can be closed.
create table payment_request (
    id bigint unsigned not null auto_increment primary key,
    order_id bigint unsigned not null,
    amount_minor bigint not null,
    closed boolean not null default false,
    added_at datetime(3) not null default current_timestamp(3),
    constraint payment_request_amount unique (order_id, amount_minor),
    constraint payment_request_positive check (amount_minor >= 0)
);

-- Why money goes back: 0 it was not wanted, 1 the order is refunded, 2 an after-sale is.
alter table refund add column purpose tinyint unsigned not null default 0;
alter table refund add column aftersale_id bigint unsigned null;
alter table refund add key refund_order (order_id);
alter table refund add constraint refund_purpose check (purpose <= 2);

create table aftersale (
    id bigint unsigned not null auto_increment primary key,
    aftersale_sn varchar(63) character set ascii collate ascii_bin not null,
    order_id bigint unsigned not null,
    user_id bigint unsigned not null,
    -- 0 money back, goods never came; 1 money back, goods stay; 2 money back, goods come back
    kind tinyint unsigned not null default 0,
    reason varchar(31) not null default '',
    amount_minor bigint not null,
    pictures json not null,
    comment varchar(511) not null default '',
    -- 1 requested, 2 accepted, 3 refunded, 4 rejected, 5 cancelled by its owner
    status tinyint unsigned not null default 1,
    handled_at datetime(3) null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    live tinyint generated always as (if(deleted, null, 1)) stored,
    constraint aftersale_number unique (aftersale_sn),
    constraint aftersale_of_order unique (order_id, live),
    key aftersale_owner (user_id, deleted, status, added_at),
    key aftersale_listed (deleted, status, added_at),
    key aftersale_added (deleted, added_at),
    constraint aftersale_amount check (amount_minor >= 0),
    constraint aftersale_kind check (kind <= 2),
    constraint aftersale_status check (status between 1 and 5)
);
