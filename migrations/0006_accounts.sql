-- Accounts: what makes a shopper one person, notices for staff, and texts on their way to a phone.

-- A mobile number and a WeChat name belong to one living account.
alter table shopper
    add column live_mobile varchar(20) generated always as (if(deleted or mobile = '', null, mobile)) stored,
    add column live_openid varchar(63) generated always as
        (if(deleted or weixin_openid = '', null, weixin_openid)) stored,
    add constraint shopper_live_mobile unique (live_mobile),
    add constraint shopper_live_openid unique (live_openid),
    add key shopper_added (deleted, added_at),
    add key shopper_mobile (mobile);

alter table address
    add key address_added (deleted, added_at);

alter table operation_log
    add key operation_log_actor (actor);

create table notice (
    id bigint unsigned not null auto_increment primary key,
    title varchar(63) not null,
    content text not null,
    -- The author; 0 is nobody in particular.
    admin_id bigint unsigned not null default 0,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    key notice_added (deleted, added_at)
);

-- A notice in the letter box of a member of staff.
create table notice_admin (
    id bigint unsigned not null auto_increment primary key,
    notice_id bigint unsigned not null,
    notice_title varchar(63) not null,
    admin_id bigint unsigned not null,
    read_at datetime(3) null,
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    deleted boolean not null default false,
    constraint notice_admin_once unique (notice_id, admin_id),
    key notice_admin_box (admin_id, deleted, added_at),
    key notice_admin_unread (admin_id, deleted, read_at),
    constraint notice_admin_notice foreign key (notice_id) references notice (id)
);

-- Texts that were promised in a transaction and are sent after it, until the provider takes them.
create table sms_outbox (
    id bigint unsigned not null auto_increment primary key,
    mobile varchar(20) not null,
    template varchar(31) not null,
    parameters json not null,
    -- What the text is about, so that its state can be listed there.
    subject_kind varchar(31) not null default '',
    subject_id bigint unsigned not null default 0,
    -- 0 queued, 1 sent, 2 given up
    state tinyint unsigned not null default 0,
    attempts int unsigned not null default 0,
    due_at datetime(3) not null,
    provider_id varchar(63) not null default '',
    last_error varchar(255) not null default '',
    added_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
    key sms_outbox_due (state, due_at),
    key sms_outbox_subject (subject_kind, subject_id),
    constraint sms_outbox_state check (state <= 2)
);
