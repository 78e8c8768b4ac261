-- Lists over a million orders.

-- Orders by day and state, so that the total of a list need not count them all. A day is a day of the
-- offset people read times in, and is counted from its rows like the other figures per day. Deleted orders
-- are not among them.
create table stat_state_day (
    day date not null primary key,
    s101 bigint not null,
    s102 bigint not null,
    s103 bigint not null,
    s104 bigint not null,
    s201 bigint not null,
    s202 bigint not null,
    s203 bigint not null,
    s204 bigint not null,
    s301 bigint not null,
    s401 bigint not null,
    s402 bigint not null
);

insert into stat_mark (subject, followed_to, offset_s) values ('state', '1970-01-01 00:00:01', 0);

alter table orders
    -- Which days were changed is read in the index alone.
    add key orders_changed (updated_at, added_at),
    drop key orders_stat_updated,
    -- Some states in the order of their ids.
    add key orders_by_state (deleted, status);

-- What may stand anywhere in a text is looked for in all rows: of an index that has all the list needs, and
-- is a fraction of the table.
alter table goods
    add key goods_search (deleted, on_sale, name, keywords, category_id, brand_id, is_new, is_hot,
        retail_price_minor, added_at);
alter table shopper
    add key shopper_names (deleted, username, added_at),
    add key shopper_nickname (nickname);
alter table address add key address_names (deleted, name, added_at);
alter table search_history add key search_history_words (deleted, word, added_at);
alter table operation_log
    add key operation_log_actors (actor, added_at),
    drop key operation_log_actor;
-- The orders of the shoppers with a nickname.
alter table orders
    add key orders_owner_listed (user_id, deleted, added_at, status),
    drop key orders_owner_added;

-- Totals of what staff list without a filter or by a state are counted in an index.
alter table coupon add key coupon_listed (deleted, kind, status, added_at);
alter table coupon_user add key coupon_user_listed (deleted, status, added_at);
alter table groupon_rule add key groupon_rule_listed (deleted, added_at);
alter table flash_sale
    add key flash_sale_listed (deleted, kind, state, starts_at, ends_at, added_at),
    add key flash_sale_added (deleted, added_at);
alter table fishing_session add key fishing_session_listed (deleted, is_on, held_on, ends_at);
alter table bbq_stand add key bbq_stand_listed (deleted, is_on, added_at);
alter table bbq_booking
    add key bbq_booking_listed (held_on, state, order_id),
    add key bbq_booking_state (state, order_id);
alter table keyword
    add key keyword_hot (is_hot, deleted),
    add key keyword_default (is_default, deleted);
alter table comment add key comment_replied (deleted, replied_at, added_at);
alter table feedback add key feedback_replied (deleted, replied_at, added_at);
alter table goods_question add key goods_question_answered (deleted, answered_at, added_at);
