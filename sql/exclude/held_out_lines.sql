-- one row per line of ratings or users that is excluded, since its user is forgotten; empty until one is found
create table held_out_lines (
    file varchar,
    line bigint,
    is_rating boolean
);
