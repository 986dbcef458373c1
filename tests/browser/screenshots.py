"""`make screenshots`: pictures for the documents, of what is published in a folder."""

import io
import sys
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tests.browser.chromium import chromium
from tests.commands import serving

FOLDER = Path("docs")
# Enough for flat drawings, and a third of the size.
COLOURS = 192


class Picture(NamedTuple):
    """One picture: its name, the address at the service or of a file, and the window."""

    name: str
    address: str
    width: int = 1200
    height: int = 800
    scheme: str = "light"


PICTURES = (
    Picture("page-user", "/users/18"),
    Picture("page-new", "/new?liked=1,50,260", scheme="dark"),
    Picture("page-film", "/films/1", 390, 800),
    Picture("page-system", "/system", 1200, 1500),
)


def main(output: Path) -> None:
    """Write every picture, and say how large it is."""
    with serving(output) as url, chromium() as browser:
        for each in PICTURES:
            page = browser.new_page(
                viewport={"width": each.width, "height": each.height},
                color_scheme=each.scheme,  # type: ignore[arg-type]
            )
            page.goto(url + each.address if each.address.startswith("/") else each.address)
            image = Image.open(io.BytesIO(page.screenshot()))
            file = FOLDER / f"{each.name}.png"
            image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
            print(f"{file}: {file.stat().st_size / 1000:.0f} KB")  # noqa: T201
            page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
