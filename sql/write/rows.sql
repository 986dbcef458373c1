-- one row: how many rows all tables of the draft have; what DuckDB calls an estimate is exact where nothing was deleted
select sum(estimated_size)::bigint as rows
from duckdb_tables()
where database_name = 'draft';
