"""Stars on another scale: what the file says of them."""

from pathlib import Path

from tests.cleaned import STARS
from tests.conftest import WriteInput, publish, select
from tests.films import RATINGS


def test_a_published_file_knows_its_scale_and_how_stars_are_spread_over_it(
    write_input: WriteInput, tmp_path: Path
) -> None:
    rows = [line.split(",") for line in RATINGS.splitlines()]
    doubled = [",".join([user, item, str(2 * float(stars)), at]) for user, item, stars, at in rows[1:]]
    spec = STARS.replace('column = "rating"', 'column = "rating"\nscale = [1, 10]')
    data = write_input("\n".join([",".join(rows[0]), *doubled]) + "\n", spec=spec)
    file = publish(data, tmp_path / "output").file
    assert select(file, "select scale, noun from generation") == [([1.0, 10.0], ["movie", "movies"])]
    # Who likes a movie gave it 10, who does not 2.
    assert select(file, "select stars, likes from item_stats where item_id = '7'") == [
        ([0, 4, 0, 0, 0, 0, 0, 0, 0, 18], 18)
    ]
    assert select(file, "select distinct weight from histories where rating = 10") == [(1.0,)]
    assert select(file, "select distinct weight from histories where rating = 2") == [(0.0,)]
