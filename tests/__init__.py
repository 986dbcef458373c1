"""Facts about behaviour: real files, real DuckDB, real models, real HTTP."""
