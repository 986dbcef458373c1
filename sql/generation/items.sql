-- one row per movie
create table draft.items (
    item_id varchar not null,
    number integer not null,
    title varchar not null,
    year integer,
    genres varchar [] not null,
    ratings bigint not null,
    mean_rating double,
    popularity double,
    is_hidden boolean not null,
    attributes json not null
);
comment on table draft.items is 'One row per movie of the input, rated or not.';
comment on column draft.items.item_id is 'The movie, as in the input.';
comment on column draft.items.number is 'Number of the movie in the texts of `lookups`, from 1: the more ratings, the lower, so that texts are short.';
comment on column draft.items.title is 'Title with the year of release; the id where the input has no title.';
comment on column draft.items.year is 'Year of release, the first year of a series; null if the title names none.';
comment on column draft.items.genres is 'Genres in the order of the input; empty if none is listed.';
comment on column draft.items.ratings is 'How many users have rated the movie.';
comment on column draft.items.mean_rating is 'Mean of their numbers, such as stars; null without any.';
comment on column draft.items.popularity is 'How much the movie is watched lately, the score of `popular`; null without ratings.';
comment on column draft.items.is_hidden is 'Whether the movie must be shown to nobody, by the file `hidden` or the command `hide`.';
comment on column draft.items.attributes is 'What else the input says of the movie: an object, by name of the attribute; `image` is the address of a picture.';
insert into draft.items
select
    items.item_id,
    items.number,
    items.title,
    items.year,
    items.genres,
    items.ratings,
    items.mean_rating,
    case when items.ratings > 0 then lately.popularity end as popularity,
    items.is_hidden,
    items.attributes
from items
left join lately on items.item_id = lately.item_id
order by items.item_id;
