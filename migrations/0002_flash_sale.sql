-- The ledger of flash sales. Only the engine moves `free`, `put_on_sale` after arming, and
-- `given_back`; catalog-api writes the terms and asks for movements by rows of its own.
--
-- At every commit: free + unpaid + paid + returns not yet booked + dead letters + given_back = put_on_sale.

create table flash_sale (
    id bigint unsigned not null auto_increment primary key,
    name varchar(127) not null,
    -- 0 goods, 1 coupon, 2 ticket
    kind tinyint unsigned not null,
    goods_id bigint unsigned null,
    sku_id bigint unsigned null,
    coupon_id bigint unsigned null,
    ticket_type_id bigint unsigned null,
    pic_url varchar(255) not null default '',
    price_minor bigint not null,
    starts_at datetime(3) not null,
    ends_at datetime(3) not null,
    pay_within_s int unsigned not null default 900,
    per_order_max int unsigned not null default 1,
    per_user_max int unsigned not null default 1,
    cooldown_s int unsigned not null default 0,
    token_ttl_s int unsigned not null default 90,
    token_multiplier int unsigned not null default 5,
    min_user_level tinyint unsigned not null default 0,
    -- contract::ledger::SaleState
    state tinyint unsigned not null default 0,
    -- Raised by every change of the terms above or of the state by staff.
    version int unsigned not null default 1,
    put_on_sale bigint not null,
    free bigint not null,
    given_back bigint not null default 0,
    -- How often the desk was built; orders of an older one that come after the barrier are void.
    generation int unsigned not null default 0,
    -- Newest generation whose barrier was settled.
    settled_generation int unsigned not null default 0,
    -- The generation that is served, and by which Redis; equal to `generation` when the desk is ready.
    desk_generation int unsigned not null default 0,
    desk_identity varchar(63) character set ascii collate ascii_bin not null default '',
    closed_by_staff boolean not null default false,
    report json null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key flash_sale_state (state),
    key flash_sale_goods (goods_id),
    constraint flash_sale_units check (free >= 0 and put_on_sale >= 0 and given_back >= 0),
    constraint flash_sale_price check (price_minor >= 0),
    constraint flash_sale_window check (ends_at > starts_at),
    constraint flash_sale_limits check (per_order_max between 1 and 65535 and per_user_max >= per_order_max
        and per_user_max <= 65535),
    constraint flash_sale_state_known check (state <= 7),
    constraint flash_sale_kind_known check (kind <= 2),
    constraint flash_sale_resource check ((kind = 0 and sku_id is not null and goods_id is not null)
        or (kind = 1 and coupon_id is not null) or (kind = 2 and ticket_type_id is not null))
);

-- One row per token that became an order. The nonce is the token's; the order number is
-- `<sale>-<base 32 of nonce>` and stands in `orders.order_sn` where there is a mall order.
create table flash_order (
    sale_id bigint unsigned not null,
    nonce binary(16) not null,
    user_id bigint unsigned not null,
    units int unsigned not null,
    price_minor bigint not null,
    -- contract::ledger::FlashOrderState
    state tinyint unsigned not null,
    generation int unsigned not null,
    order_id bigint unsigned null,
    body_hash binary(8) not null,
    sequence bigint unsigned not null,
    added_at datetime(3) not null default current_timestamp(3),
    primary key (sale_id, nonce),
    constraint flash_order_mall unique (order_id),
    key flash_order_buyer (sale_id, user_id),
    constraint flash_order_sale foreign key (sale_id) references flash_sale (id),
    constraint flash_order_units check (units >= 1),
    constraint flash_order_state_known check (state <= 2)
);

-- Every movement of a sale's units, once per cause: sum(delta) = free - put_on_sale. A change of
-- `put_on_sale` moves both, so its delta is 0.
create table stock_log (
    id bigint unsigned not null auto_increment primary key,
    sale_id bigint unsigned not null,
    -- contract::ledger::StockCause
    cause tinyint unsigned not null,
    cause_id binary(16) not null,
    delta bigint not null,
    added_at datetime(3) not null default current_timestamp(3),
    constraint stock_log_cause unique (sale_id, cause, cause_id),
    constraint stock_log_sale foreign key (sale_id) references flash_sale (id)
);

-- Units of a lapsed or refunded order on their way back; written by catalog-api in the transaction of
-- the lapse, booked by the engine, applied at the desk, then deleted.
create table stock_return (
    sale_id bigint unsigned not null,
    nonce binary(16) not null,
    user_id bigint unsigned not null,
    units int unsigned not null,
    -- contract::ledger::MovementState: asked or booked
    state tinyint unsigned not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    primary key (sale_id, nonce),
    key stock_return_state (state)
);

-- Units staff add to or take from a sale; written by catalog-api. An increase has already left the
-- resource's own stock, a decrease reaches it when it is booked.
create table stock_change (
    id bigint unsigned not null auto_increment primary key,
    sale_id bigint unsigned not null,
    delta bigint not null,
    -- contract::ledger::MovementState
    state tinyint unsigned not null default 0,
    asked_by varchar(63) not null default '',
    added_at datetime(3) not null default current_timestamp(3),
    key stock_change_sale (sale_id, state),
    key stock_change_state (state),
    constraint stock_change_delta check (delta <> 0)
);

-- Promised orders that could not be settled, with the reason; never dropped, always counted.
create table dead_letter (
    id bigint unsigned not null auto_increment primary key,
    sale_id bigint unsigned not null,
    nonce binary(16) null,
    user_id bigint unsigned null,
    -- Units kept out of `free` on its behalf until it is resolved.
    units int unsigned not null default 0,
    reason varchar(63) not null,
    partition_id int unsigned not null,
    log_offset bigint not null,
    topic_identity varchar(63) character set ascii collate ascii_bin not null,
    bytes mediumblob not null,
    resolved boolean not null default false,
    added_at datetime(3) not null default current_timestamp(3),
    constraint dead_letter_order unique (sale_id, nonce),
    key dead_letter_sale (sale_id),
    key dead_letter_record (topic_identity, partition_id, log_offset)
);

-- How far each partition of the order log is settled; moved by compare-and-set in the transaction
-- that settles. That, not the lease, is the fence.
create table log_position (
    partition_id int unsigned not null primary key,
    topic_identity varchar(63) character set ascii collate ascii_bin not null,
    next_offset bigint not null,
    leader_epoch int not null default -1,
    -- Offset and first nonce of the newest orders record read: what must still stand there.
    witness_offset bigint not null default -1,
    witness binary(16) null,
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3)
);

-- Who does a piece of work that one process is enough for; advice with an end, never a fence.
create table lease (
    name varchar(63) character set ascii collate ascii_bin not null primary key,
    owner varchar(63) character set ascii collate ascii_bin not null,
    held_until datetime(3) not null
);
