-- one row per segment that has a list
create table draft.segments (
    segment varchar not null,
    place integer not null,
    gender varchar,
    age_group varchar,
    occupation varchar,
    attributes json not null,
    users bigint not null
);
comment on table draft.segments is 'One row per segment of users that has a popular list of its own; empty if nothing is known of the users.';
comment on column draft.segments.segment is 'Name of the segment: what its users have in common, as in a query string.';
comment on column draft.segments.place is 'Place in the order from narrow to wide; a user gets the list of the first that the user is in.';
comment on column draft.segments.gender is 'Gender of its users, as in the input; null for any.';
comment on column draft.segments.age_group is 'Age group of its users, in years; null for any.';
comment on column draft.segments.occupation is 'Occupation of its users, as in the input; null for any.';
comment on column draft.segments.attributes is 'What its users have in common: an object by name of the attribute.';
comment on column draft.segments.users is 'How many users with ratings are in it; a segment has at least 50.';
insert into draft.segments
select
    segment,
    place,
    gender,
    age_group,
    occupation,
    cast(attributes as json) as attributes,
    users
from segments_told
order by place;
