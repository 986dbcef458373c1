-- one row per row of hidden that parses, values as text; beside it `hidden_lines`, the raw text
alter table source_rows rename to hidden_rows;
alter table source_lines rename to hidden_lines;
