-- one row: whether two generations are from the same input, and which settings and versions differ between them
select
    generation_before.fingerprint = generation_after.fingerprint as is_same_input,
    list_sort(list_filter(
        list_distinct(map_keys(generation_before.settings) || map_keys(generation_after.settings)),
        lambda name: generation_before.settings[name] is distinct from generation_after.settings[name]
    )) as settings,
    list_sort(list_filter(
        list_distinct(map_keys(generation_before.versions) || map_keys(generation_after.versions)),
        lambda name: generation_before.versions[name] is distinct from generation_after.versions[name]
    )) as versions
from before.generation as generation_before
cross join after.generation as generation_after;
