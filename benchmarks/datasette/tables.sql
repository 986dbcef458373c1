-- the tables of SQLite: what a row is says the file of rows that is named like the table
-- A user's rows lie together, in the order in which they are shown: a look-up reads one place of the file.
create table recommendations (
    user_id text not null,
    rank integer not null,
    item_id text not null,
    primary key (user_id, rank)
) without rowid;

create table histories (
    user_id text not null,
    position integer not null,
    item_id text not null,
    primary key (user_id, position)
) without rowid;

create table items (
    item_id text not null primary key,
    title text not null,
    genres text not null
) without rowid;
