-- How far a copy of a litemall database has come. A table's row moves in the transaction that writes the
-- rows it counts, so that a copy that was cut off goes on where it was.
create table import_progress (
    source_table varchar(63) character set ascii collate ascii_bin not null primary key,
    -- Where the rows are from: host, port and database.
    source varchar(255) not null,
    -- Everything up to this id was read.
    last_id bigint unsigned not null default 0,
    read_rows bigint unsigned not null default 0,
    copied_rows bigint unsigned not null default 0,
    -- What could not come along, and what is kept nowhere here, such as carts that became orders.
    left_out_rows bigint unsigned not null default 0,
    not_kept_rows bigint unsigned not null default 0,
    finished_at datetime(3) null,
    started_at datetime(3) not null default current_timestamp(3),
    updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3)
);
