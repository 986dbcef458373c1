-- Which tables are in this file, and what do their columns mean?
-- one row per column: its type, and what it means
select
    tables.table_name,
    tables.comment as table_comment,
    columns.column_name,
    columns.data_type,
    columns.comment as column_comment
from duckdb_tables() as tables
inner join duckdb_columns() as columns
    on
        tables.database_name = columns.database_name
        and tables.schema_name = columns.schema_name
        and tables.table_name = columns.table_name
where tables.database_name = current_database() and not tables.internal
order by tables.table_name, columns.column_index;
