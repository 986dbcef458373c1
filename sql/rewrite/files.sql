-- one row per input file of a generation: what was read from it
create or replace temp view files_of_kept as
select
    file,
    content
from kept.input_files;
