-- one row: the fingerprint of the input of this generation
select fingerprint
from generation;
