-- what one value of a weight, or of the sum of several, says: nothing if it is negative
-- `meaning` says whether weights of the same user and movie add up, and whether the logarithm of the sum counts.
-- parameters: $adds_up, $is_logarithmic
create or replace macro confidence_of(weight) as
    case
        when getvariable('meaning').is_logarithmic then log2(1 + greatest(weight, 0))
        else greatest(weight, 0)
    end;

set variable meaning = {'adds_up': cast($adds_up as boolean), 'is_logarithmic': cast($is_logarithmic as boolean)};
