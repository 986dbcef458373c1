-- one row per table macro of a generation: how it is called, and what it returns
select
    function_name || '(' || array_to_string(parameters, ', ') || ')' as call,
    comment
from duckdb_functions()
where function_type = 'table_macro' and database_name = current_database() and not internal
order by function_name;
