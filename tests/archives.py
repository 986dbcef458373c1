"""Small archives in the formats of the real data sets: names, separators, flags, codes and encodings."""

import io
import zipfile


def zipped(folder: str, files: dict[str, bytes]) -> bytes:
    """Return a zip file with these files in a folder, and some that nobody wants."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{folder}/README.txt", b"Read me.\n")
        for name, content in files.items():
            # What lies deeper, or only ends like it, is another file.
            archive.writestr(f"{folder}/old/{name}", b"old\n")
            archive.writestr(f"{folder}/x{name}", b"other\n")
            archive.writestr(f"{folder}/{name}", content)
    return buffer.getvalue()


CSV_RATINGS = (
    b"userId,movieId,rating,timestamp\r\n1,1,4.0,964982703\r\n1,3,0.5,964981247\r\n2,3,5.0,964982224\r\n"
)
CSV_MOVIES = (
    "movieId,title,genres\r\n"
    "1,Toy Story (1995),Adventure|Animation|Children|Comedy|Fantasy\r\n"
    '3,"Misérables, Les (1995)",Drama\r\n'
    "4,Nobody Rates Me (2001),(no genres listed)\r\n"
).encode()

# As dirty as its publisher means it: no user, and a rating that is none; no newline at the end.
DIRTY_RATINGS = b"userId,movieId,rating,timestamp\n1.0,1.0,4.0,1\n,3.0,5.0,2\n3.0,3.0,-8.0,3\n3.0,1.0,3.5,4"
DIRTY_MOVIES = CSV_MOVIES.replace(b"\r\n", b"\n")

FLAGS_TOY_STORY = "0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0"
FLAGS_UNKNOWN = "1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0"
FLAGS_ENDS = "0|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|1"
OF_100K = {
    "u.data": b"196\t242\t3\t881250949\n186\t302\t4\t891717742\n196\t267\t1\t881250950\n",
    "u.item": (
        f"242|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy%20Story|{FLAGS_TOY_STORY}\n"
        f"267|unknown||||{FLAGS_UNKNOWN}\n"
        f'302|Misérables, Les "1" (1995)|01-Jan-1995||http://us.imdb.com/|{FLAGS_ENDS}\n'
    ).encode("latin-1"),
    "u.user": b"186|39|F|executive|00000\n196|49|M|writer|55105\n",
}

OF_1M = {
    "ratings.dat": b"1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n",
    "movies.dat": (
        "661::James and the Giant Peach (1996)::Animation|Children's|Musical\n"
        "1193::Misérables, Les :: 1 (1995)::Drama\n"
    ).encode("latin-1"),
    "users.dat": b"1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::0::55117\n4::F::45::20::02460-1234\n",
}

OF_10M = {
    "ratings.dat": b"1::122::5::838985046\r\n1::185::4.5::838983525\r\n2::122::0.5::868245644\r\n",
    "movies.dat": (
        '122::Great Performances" Cats (1998)::Musical\r\n185::Misérables, Les (1995)::Drama|War\r\n'
    ).encode(),
}

CSV = {"ratings.csv": CSV_RATINGS, "movies.csv": CSV_MOVIES}
DIRTY = {"ratings.csv": DIRTY_RATINGS, "movies.csv": DIRTY_MOVIES}

# What is in each archive, and the folder in it, as they were when they were looked at.
CONTENTS = {
    "latest-small": ("ml-latest-small", CSV),
    "100k": ("ml-100k", OF_100K),
    "1m": ("ml-1m", OF_1M),
    "10m": ("ml-10M100K", OF_10M),
    "25m": ("ml-25m", CSV),
    "32m": ("ml-32m", CSV),
    "dirty-small": ("movielens-small-HEAD", DIRTY),
}
ARCHIVES = {name: zipped(folder, files) for name, (folder, files) in CONTENTS.items()}
