-- one row per table of a generation, and whether its rows are of users; what others are made from comes first
select
    duckdb_tables.table_name,
    bool_or(duckdb_columns.column_name = 'user_id') as is_of_users
from duckdb_tables()
inner join duckdb_columns() using (database_name, schema_name, table_name)
where duckdb_tables.database_name = 'kept'
group by duckdb_tables.table_name
order by
    case duckdb_tables.table_name
        when 'items' then 1
        when 'recommendations' then 2
        when 'generation' then 4
        when 'rows_by_rule' then 4
        when 'viewers' then 4
        else 3
    end,
    duckdb_tables.table_name;
