-- one row per line of a text file of a MovieLens set, in the order of the file
create macro lines_of(source, encoding_of_source) as table
select line
from read_csv(
    source,
    columns = {'line': 'varchar'},
    auto_detect = false,
    header = false,
    delim = chr(1),
    quote = '',
    escape = '',
    comment = '',
    encoding = encoding_of_source
);
