"""SQL of a table: how DuckDB reads it in a query, and what it calls its columns."""

from batch.data.inspection.tables_of_folder import Table


def origin_of(table: Table) -> str:
    """Return the files of a table as DuckDB reads them, all values as text."""
    sniffed = table.sniffed
    files = [table.file] if isinstance(table.file, str) else table.file
    names = ", ".join("'" + each.replace("'", "''") + "'" for each in files)
    names = names if len(files) == 1 else f"[{names}]"
    if sniffed.format != "csv":
        return f"read_{sniffed.format}({names})"
    delim = {"\t": "\\t"}.get(sniffed.separator, sniffed.separator)
    options = f"delim = '{delim}', header = {str(sniffed.header).lower()}, all_varchar = true"
    options += "" if sniffed.quote else ", quote = ''"
    encoding = f", encoding = '{sniffed.encoding}'" if sniffed.encoding != "utf-8" else ""
    return f"read_csv({names}, {options}{encoding})"


def name_in_query(table: Table, place: int) -> str:
    """Return how DuckDB calls a column, which of files without a header has names of its own."""
    width = len(str(len(table.labels) - 1))
    return (table.sniffed.header and table.sniffed.names[place]) or f"column{place:0{width}}"
