"""Column roles: what a column is by its name, and what the words of event kinds mean."""

import re
from typing import Literal

_THINGS = (
    *("item", "movie", "film", "product", "book", "track", "song", "artist", "album", "anime", "game"),
    *("show", "article", "video", "recipe", "joke", "course", "artikel", "produkt", "buch"),
)
_TITLES = (
    *("movietitle", "booktitle", "productname", "itemname", "artistname", "lineitemname", "title"),
    *("url", "pageurl", "pagepath"),
)
# Names without anything but letters and digits; the first that a table has is taken.
NAMES: dict[str, tuple[str, ...]] = {
    "user": (
        *("userid", "user", "uid", "customerid", "customer", "visitorid", "visitor", "memberid", "member"),
        *("clientid", "client", "personid", "accountid", "account", "buyerid", "buyer", "reviewerid"),
        *("reviewer", "profileid", "viewerid", "listenerid", "readerid", "subscriberid", "playerid"),
        *("studentid", "userno", "usernumber", "usernr", "userkey", "customerno", "customernumber"),
        *("customernr", "customerkey", "custid", "kundennummer", "kundennr", "kundenid", "kunde", "nutzer"),
        *("nutzerid", "benutzer", "benutzerid", "username", "login", "email", "useruuid", "cookieid"),
        *("userpseudoid", "idvisitor", "deviceid", "usersession", "sessionid", "session"),
    ),
    "item": (
        *("itemid", "movieid", "filmid", "productid", "isbn", "isbn13", "bookid", "trackid", "songid"),
        *("artistid", "albumid", "animeid", "gameid", "appid", "showid", "articleid", "newsid", "contentid"),
        *("videoid", "recipeid", "businessid", "placeid", "venueid", "jokeid", "courseid", "podcastid"),
        *("asin", "parentasin", "sku", "skuid", "stockcode", "productcode", "productno", "productnumber"),
        *("productkey", "itemno", "itemnumber", "itemcode", "articlenumber", "artikelnummer", "artikelnr"),
        *("artikelid", "produktid", "produktnummer", "filmnummer", "listingid", "offerid", "variantid"),
        *("lineitemsku", "spotifytrackuri", "trackuri", "letterboxduri"),
        *_THINGS,
        *_TITLES,
    ),
    "stars": (
        *("rating", "ratings", "bookrating", "userrating", "stars", "star", "starrating", "score", "overall"),
        *("grade", "vote", "myrating", "ratingscore", "bewertung", "sterne", "note"),
    ),
    "weight": (
        *("weight", "plays", "playcount", "listens", "listencount", "listeningcount", "count", "counts"),
        *("quantity", "qty", "purchases", "purchasecount", "frequency", "freq", "times", "timesplayed"),
        *("nplays", "viewcount", "views", "clicks", "hours", "hoursplayed", "playtime", "watchtime"),
        *("minutes", "anzahl", "menge", "stueck", "scrobbles", "lineitemquantity"),
    ),
    "value": ("value", "val", "preference", "interest", "strength", "feedback"),
    "event": (
        *("event", "eventtype", "eventname", "eventkind", "action", "actiontype", "behavior", "behaviour"),
        *("behaviortype", "behaviourtype", "interaction", "interactiontype", "activity", "kind", "type"),
    ),
    "time": (
        *("timestamp", "time", "datetime", "ts", "date", "createdat", "eventtime", "eventtimestamp"),
        *("eventdate", "ratedat", "watchedat", "ratingtime", "ratingdate", "reviewdate", "unixreviewtime"),
        *("reviewtime", "unixtime", "orderdate", "invoicedate", "purchasedate", "purchasedat", "playedat"),
        *("addedat", "occurredat", "created", "updatedat", "timestampms", "tstamp", "day", "datum"),
        *("zeit", "zeitpunkt", "zeitstempel", "bestelldatum"),
    ),
    "title": (
        *("title", "name", "itemname", "movietitle", "booktitle", "productname", "producttitle"),
        *("artistname", "trackname", "songtitle", "itemtitle", "filmtitle", "originaltitle", "gamename"),
        *("productdisplayname", "titel", "bezeichnung", "label"),
    ),
    "genres": (
        *("genres", "genre", "categories", "category", "categoryname", "categorycode", "maincategory"),
        *("kategorie", "kategorien", "warengruppe"),
    ),
    "year": (
        *("year", "releaseyear", "yearofpublication", "publicationyear", "originalpublicationyear"),
        *("publishyear", "startyear", "movieyear", "jahr", "erscheinungsjahr"),
    ),
    "image": (
        *("image", "imageurl", "imageurll", "imageurlm", "imageurls", "imagelink", "imageaddress", "img"),
        *("imgurl", "poster", "posterurl", "posterpath", "picture", "pictureurl", "thumbnail"),
        *("thumbnailurl", "cover", "coverurl", "coverimage", "bild", "bildurl"),
    ),
    "gender": ("gender", "sex", "geschlecht"),
    "age": ("age", "agegroup", "alter"),
    "occupation": ("occupation", "job", "profession", "beruf"),
}
# Names of things, which give way to their ids.
ITEM_THINGS = {*_THINGS, *_TITLES}
ITEM_IDS = tuple(name for name in NAMES["item"] if name not in _TITLES)
# A table with such a column is about something else than who had what.
OTHER_SUBJECTS = {"tag", "tagid", "tagvalue", "friendid", "friend", "imdbid", "tmdbid", "property"}
# Ids of neither users nor items.
OTHER_IDS = {
    *("transactionid", "orderid", "sessionid", "categoryid", "tagid", "brandid", "eventid", "rowid"),
    *("invoiceid", "reviewid", "ratingid", "storeid", "shopid", "genreid", "countryid", "locationid"),
}
_SUBJECTS = {
    "user": {"user", "customer", "visitor", "member", "client", "account", "listener", "viewer", "reader"},
    "item": {
        *("item", "product", "movie", "film", "book", "track", "song", "artist", "album", "game", "article"),
        *("video", "sku", "asin"),
    },
}
_ID_WORDS = {"id", "uri", "key", "no", "nr", "number", "code", "uuid", "hash", "sku", "asin"}
# Beside a subject, these say that a column has ids of something else, or no ids.
_OTHER_WORDS = {
    *("category", "type", "brand", "group", "status", "country", "parent", "store", "shop", "genre", "tag"),
    *("city", "region", "currency", "price", "session", "order", "event", "transaction", "agent", "position"),
    *("user", "customer", "item", "product", "count", "quantity", "zip", "phone", "postal", "department"),
}
_DEFINITE = ("id", "index", "genre", "price", "brand")
_WORDS: dict[str, float | Literal["negative"]] = dict.fromkeys(
    (
        *("view", "views", "viewed", "click", "clicks", "clicked", "watch", "watched", "play", "played"),
        *("pageview", "productview", "itemview", "detailview", "viewitem", "viewproduct", "pv", "listen"),
        *("listened", "read", "open", "opened", "visit", "visited", "browse", "detail", "productdetail"),
        *("ansicht", "aufruf", "klick"),
    ),
    1.0,
)
_WORDS |= dict.fromkeys(
    (
        *("cart", "addtocart", "addcart", "cartadd", "addedtocart", "basket", "addtobasket", "wishlist"),
        *("addtowishlist", "like", "liked", "likes", "favorite", "favourite", "favorites", "favourites"),
        *("fav", "bookmark", "bookmarked", "save", "saved", "follow", "thumbsup", "warenkorb", "merkliste"),
    ),
    3.0,
)
_WORDS |= dict.fromkeys(
    (
        *("purchase", "purchased", "purchases", "transaction", "buy", "bought", "order", "ordered", "sale"),
        *("checkout", "kauf", "bestellung"),
    ),
    5.0,
)
_WORDS |= dict.fromkeys(
    (
        *("remove", "removed", "removefromcart", "removefrombasket", "removefromwishlist", "refund"),
        *("refunded", "return", "returned", "dislike", "disliked", "unlike", "thumbsdown", "cancel"),
        *("cancelled", "canceled", "retoure", "storno"),
    ),
    "negative",
)


def letters(name: str) -> str:
    """Return a name as names are compared: without case, and without anything but letters and digits."""
    # Of ids that several sites gave to a thing, as in `movie.ids.imdb`, the first is taken.
    return re.sub(r"[\W_]", "", re.sub(r"\.ids\.\w+$", ".id", name.lower()))


def is_known_name(name: str) -> bool:
    """Return whether a text is the name of a column that means something."""
    name = letters(name)
    return name in _DEFINITE or name in OTHER_IDS or any(name in names for names in NAMES.values())


def find(role: str, columns: tuple[str, ...]) -> int | None:
    """Return the place of the column that has a role by its name; None if none has."""
    known = [letters(name) for name in columns]
    return next((known.index(name) for name in NAMES[role] if name in known), None)


def find_by_words(role: str, columns: tuple[str, ...]) -> int | None:
    """Return the only column whose words say that it has ids of users or items; None if not just one has."""
    subjects, found = _SUBJECTS[role], []
    for place, name in enumerate(columns):
        words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
        # One word, as in idvisitor.
        words |= {each for word in words if word.startswith("id") for each in ("id", word[2:])}
        if words & subjects and words & _ID_WORDS and not words & _OTHER_WORDS - subjects:
            found.append(place)
    return found[0] if len(found) == 1 else None


def item_by_elimination(columns: tuple[str, ...]) -> int | None:
    """Return the only column of ids of a kind that is not known, such as restaurantId; None without one."""
    ids = [
        place
        for place, name in enumerate(map(letters, columns))
        if re.fullmatch(r"\w{2,}id", name) and name not in NAMES["user"] and name not in OTHER_IDS
    ]
    return ids[0] if len(ids) == 1 else None


def weight_of_kind(kind: str) -> float | Literal["negative"] | None:
    """Return the weight of a kind of events by its word; None if the word is unknown."""
    return _WORDS.get(letters(kind))


def attribute_name(column: str) -> str:
    """Return the name under which a column is an attribute: a word, as it can stand in an address."""
    return re.sub(r"\W+", "_", column.strip()).strip("_") or "column"
