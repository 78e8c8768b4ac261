-- How far a copy of this database has come: the one row is counted up all the time while a copy is read.
create table replica_mark (
    id tinyint unsigned not null primary key,
    mark bigint unsigned not null
);
