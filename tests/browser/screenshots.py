"""`make screenshots`: pictures for the documents, of what is published in a folder."""

import io
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from batch.generation.output_folder import Output
from batch.report.build import page as report
from tests.browser.chromium import chromium
from tests.servers import serving

FOLDER = Path("docs")
# Enough for flat drawings, and a third of the size.
COLOURS = 192


class Picture(NamedTuple):
    """One picture: its name, the address at the service, and the window; the report has no address."""

    name: str
    address: str | None
    width: int = 1200
    height: int = 800
    scheme: str = "light"


PICTURES = (
    Picture("page-user", "/users/18"),
    Picture("page-new", "/new?liked=1,50,260", scheme="dark"),
    Picture("page-film", "/films/1", 390, 800),
    Picture("page-system", "/system", 1200, 1500),
    Picture("report", None, 1200, 1300),
)


def main(output: Path) -> None:
    """Write every picture, and say how large it is."""
    with tempfile.TemporaryDirectory() as folder, serving(output) as url, chromium() as browser:
        of_report = Path(folder, "report.html")
        of_report.write_text(report(Output(output), Output(output).published().stem), encoding="utf-8")
        for each in PICTURES:
            page = browser.new_page(
                viewport={"width": each.width, "height": each.height},
                color_scheme=each.scheme,  # type: ignore[arg-type]
            )
            page.goto(of_report.as_uri() if each.address is None else url + each.address)
            image = Image.open(io.BytesIO(page.screenshot()))
            file = FOLDER / f"{each.name}.png"
            image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
            print(f"{file}: {file.stat().st_size / 1000:.0f} KB")  # noqa: T201
            page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
