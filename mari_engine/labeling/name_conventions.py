"""Naming conventions of features: which words name whose value, and in which order.

Collected from the public data sets and libraries that are listed with their features in
`tests/mari_engine/labeling/feature_names.tsv` (Criteo, Avazu, Ali-CCP, Taobao, KuaiRec, MovieLens,
Tenrec, Amazon, Outbrain, H&M, the RecSys Challenge 2020, deepctr, torch-rechub, FuxiCTR, RecBole,
EasyRec and others). A convention is *certain* only where none of them uses it otherwise; many are
not: `customer` is the buyer at H&M and the advertiser at Taobao, `item_id_list` is the user's
history in RecBole, `engaged_with_user_id` is the tweet's author.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mari_engine.types import Role

USER = {"member", "msno", "reviewer", "uid", "uids", "user", "users", "usr", "viewer", "visitor"}
"""Words for the person whom the candidates are ranked for."""
ITEM = {
    "ad", "adgroup", "ads", "adv", "article", "asin", "board", "book", "business", "campaign",
    "cand", "candidate", "candidates", "creative", "dish", "doc", "document", "film", "goods",
    "hotel", "iid", "item", "items", "job", "listing", "live", "movie", "news", "photo", "pin",
    "poi", "product", "products", "restaurant", "room", "sku", "song", "spu", "track", "tweet",
    "vid", "video", "videos",
}  # fmt: skip
"""Words for what is ranked."""
CONTEXT = {"context", "ctx"}
USER_ATTRIBUTES = {
    "account", "age", "buyer", "career", "education", "gender", "guest", "income", "interest",
    "interests", "marital", "occupation", "profile", "purchases", "reader", "residence", "sex",
    "zip", "zipcode",
}  # fmt: skip
ITEM_ATTRIBUTES = {
    "advertiser", "artist", "author", "brand", "brands", "bgm", "cat", "cate", "categories",
    "category", "caption", "company", "creator", "d", "feed", "genre", "genres", "host", "isbn",
    "merchant", "music", "note", "owner", "post", "poster", "price", "prices", "prod", "prop",
    "publish", "publisher", "release", "seller", "shop", "singer", "stars", "store", "tag", "tags",
    "target", "title", "topic", "upload", "uploader", "venue",
}  # fmt: skip
CONTEXT_ATTRIBUTES = {
    "channel", "city", "country", "date", "day", "device", "geo", "hour", "ip", "lang", "language",
    "locale", "location", "month", "network", "os", "page", "platform", "q", "query", "region",
    "request", "scene", "search", "session", "srch", "time", "timestamp", "week", "weekday",
}  # fmt: skip
COMPARISONS = {
    "affinity", "also", "cos", "cosine", "cross", "crossed", "ctr", "cvr", "delta", "diff",
    "difference",
    "dist", "distance", "dot", "hit", "hits", "interact", "interaction", "lookup", "match",
    "matched", "matches", "overlap", "rank", "rate", "rated", "rating", "ratings", "ratio",
    "relevance", "relevant", "review", "reviews", "score", "seen", "sim", "similar", "similarity",
    "together", "vote", "votes",
}  # fmt: skip
"""Words for what is computed of two things, of which one is as a rule the candidate."""
COUNTS = {"avg", "cnt", "count", "counts", "days", "freq", "interval", "mean", "num", "total"}
LINKS = {"by", "for", "from", "of", "per", "to", "with", "x"}
"""Words that put a user into relation: `seen_by_user`, `engaged_with_user_id`."""
OTHER_USERS = {
    "artist", "author", "cand", "candidate", "creator", "followee", "friend", "host", "neighbor",
    "owner", "poster", "publisher", "recommended", "seller", "target", "uploader",
}  # fmt: skip
"""Users who are ranked, or who made what is ranked."""
CROWDS = {
    "buyers", "customers", "fans", "followers", "friends", "likers", "listeners", "neighbors",
    "purchasers", "raters", "readers", "reviewers", "shoppers", "subscribers", "users", "viewers",
    "visitors", "watchers",
}  # fmt: skip
"""Persons who did something with what is ranked: `recent_buyers`, `users_bought_last_week`."""
PERSONS = {
    "applicant", "audience", "buyer", "client", "consumer", "customer", "guest", "learner",
    "listener", "lover", "passenger", "patient", "player", "reader", "renter", "rider", "seeker",
    "shopper", "student", "tenant", "traveler", "watcher",
}  # fmt: skip
"""The user, behind a word for what is ranked: `job_seeker_id`."""
HISTORY = {"behavior", "behaviors", "behaviour", "behaviours", "hist", "history"}
"""Words that mean the user's past wherever they come first."""
PAST = {
    "bought", "cart", "click", "clicked", "clicks", "favorite", "favorites", "favourite", "his",
    "last", "liked", "past", "preferred", "purchased", "recent", "recently", "seq", "sequence",
    "sess", "viewed", "visited", "watched",
}  # fmt: skip
"""Words that mean it as a rule: `last_n_items`, but `last_click_interval`."""
LISTS = {"len", "length", "list", "lists", "lengths"}
_SEVERAL = HISTORY | LISTS | {
    "ads", "brands", "categories", "genres", "ids", "items", "last", "past", "products", "recent",
    "recently", "seq", "sequence", "sess", "tags", "videos",
}  # fmt: skip
"""Words that tell a history (`user_clicked_items`) from a flag (`user_clicked_item`)."""
_DEEDS = PAST - _SEVERAL
_RANKED = {"cand", "candidate", "candidates"}
OF_PERSONS = {
    "activation", "active", "activity", "adr", "agent", "birth", "birthday", "birthdate", "born",
    "children", "cluster", "cohort", "constellation", "degree", "email", "experience", "follower",
    "group", "household", "industry", "is", "jobroles", "jobs", "life", "lifecycle", "lifetime",
    "ltv", "mobile", "name", "new", "phone", "plan", "postal", "pref", "preference", "preferences",
    "prefs", "premium", "province", "register", "registered", "registration", "segment", "signup",
    "skill", "skills", "stage", "starrating", "state", "status", "student", "style", "subscription",
    "tenure", "tier", "timezone", "usd", "vip", "year", "zone",
}  # fmt: skip
"""What a person has, beside `USER_ATTRIBUTES`. Behind `user` any other word leaves doubt, since
`user_rating` is the film's, `user_same_city` a comparison, and `viewer_follows` is of the author.
"""
OF_REQUESTS = {"date", "switch", "year", "weather", "season", "holiday", "app", "browser", "tab"}
"""What only a request has, beside `CONTEXT_ATTRIBUTES`: `ctx_position` is the candidate's."""
NOT_OF_ITEMS = {
    "account", "autoplay", "blocker", "budget", "checkin", "checkout", "consent", "device",
    "enabled", "exchange", "fixed", "free", "frequency", "held", "impressions", "interest",
    "interests", "inview", "load", "mask", "night", "nights", "per", "seen", "shown", "today",
    "tolerance", "tracking", "owned", "pref", "preference",
    "preferences", "prefs", "query", "read", "request", "search", "session", "slot", "srch",
    "subscribed", "subscriber", "subscription", "taste", "trip", "unit", "verified",
}  # fmt: skip
"""Words of the request or the person behind one for what is ranked: `ad_slot_id`, `news_read`."""
_ALSO_ELSE = {"board", "business", "campaign", "job", "live", "pin", "room"}
"""Words for what is ranked only with an id (`job_id`): `job` and `pin_code` are a person's."""
_EXACTLY = {"emb", "embed", "embedding", "id", "ids", "vec", "vector"}
_PLAIN = {
    "batch", "bucket", "code", "dense", "dict", "emb", "embed", "embedding", "embeddings",
    "encoded", "fea", "feat", "feats", "feature", "features", "gather", "hash", "id", "ids", "idx",
    "index", "input", "inputs", "key", "layer", "level", "linear", "lookup", "mask", "model",
    "module", "n", "net", "ph", "sparse", "table", "tables", "tower", "type", "value", "values",
    "varlen", "vec", "vector", "weight", "weights",
}  # fmt: skip
"""Words that say nothing of whose the value is."""
_MODULES = {"call", "deep", "dnn", "fields", "fm", "mlp", "network", "partitioned", "stateful"}
"""Words of modules that say nothing of the features in them, either."""
_LOOKUP = re.compile("embedding_lookup")  # an operator of TensorFlow, and no comparison
_SECOND = re.compile(r"(user|uid|user_?id)_?2($|_?id)", re.IGNORECASE)
_INITIALS = {"u": Role.USER, "c": Role.CONTEXT, "i": Role.ITEM, "ui": Role.CROSS}


@dataclass(frozen=True)
class NameReading:
    """What a name says: a role, whether no known convention says otherwise, and the words."""

    role: Role
    certain: bool
    likely: bool
    """The convention holds in most data sets; else it is a guess."""
    why: str


def read_convention(name: str) -> NameReading | None:
    """Return the role that a feature's name says, or None for one that says nothing.

    A name with words of both sides (`user_brand_ctr`, `hist_item_overlap`) is never certain, and is
    read as per candidate: a wrong *candidate* costs speed, a wrong *user* correctness.
    """
    words = split_words(_LOOKUP.sub("embedding", _without_scopes(name)))
    while len(words) > 1 and words[0] in _PLAIN:
        words = words[1:]
    kinds = set(words)
    if not words:
        return None
    if kinds & USER:
        return _one_of_two(name, _read_user(words, kinds))
    if kinds & (HISTORY | PAST):
        return _read_history(words, kinds)
    if kinds & CONTEXT:
        known = OF_REQUESTS | CONTEXT | CONTEXT_ATTRIBUTES | USER_ATTRIBUTES | _PLAIN
        alone = kinds <= CONTEXT | _PLAIN  # of a bandit's arm
        first = words[0] in CONTEXT and kinds <= known and not alone
        return _reading(Role.CONTEXT, words, CONTEXT, certain=first)
    if kinds & ITEM:
        return _read_item(words, kinds)
    return _read_attribute(words, kinds)


def _without_scopes(name: str) -> str:
    """Return the name without its outer modules, up to one that may say whose the value is."""
    scopes = re.split(r"[/.]", name)
    while len(scopes) > 1 and set(split_words(scopes[0])) <= _PLAIN | _MODULES:
        scopes = scopes[1:]
    return ".".join(scopes)


def _one_of_two(name: str, reading: NameReading) -> NameReading:
    """Return the reading in doubt where it is a second user's: of two friends, or of two sides."""
    if not _SECOND.search(name):
        return reading
    return replace(reading, certain=False, likely=False, why=f"{reading.why}, of two")


def _read_user(words: list[str], kinds: set[str]) -> NameReading:
    """Read a name that holds a word for the user."""
    item = _first(words, ITEM | ITEM_ATTRIBUTES)
    relation = _first(words, COMPARISONS | LINKS | OTHER_USERS)
    past = kinds & (HISTORY | PAST)
    named = _first(words, USER)
    if relation is not None:
        text = f"names the user ({named!r}) beside {relation!r}: it may differ by candidate"
        return NameReading(Role.CROSS, certain=False, likely=False, why=text)
    if item is not None and not past:
        text = f"names both sides ({named!r} and {item!r})"
        return NameReading(Role.CROSS, certain=False, likely=False, why=text)
    if words[0] not in USER:
        text = f"says {named!r} after {words[0]!r}"
        side = Role.CROSS if kinds & COUNTS else Role.USER
        return NameReading(side, certain=False, likely=False, why=text)
    if past and item is not None and words.index(item) < min(words.index(w) for w in past):
        text = f"names both sides ({named!r} and {item!r})"
        return NameReading(Role.CROSS, certain=False, likely=False, why=text)
    known = OF_PERSONS | USER | USER_ATTRIBUTES | CONTEXT_ATTRIBUTES | _PLAIN
    if kinds & _SEVERAL:
        known = known | HISTORY | PAST | ITEM | ITEM_ATTRIBUTES | LISTS
    known = known - CROWDS  # `users`: one of each request, or those of an item
    return _reading(Role.USER, words, USER, certain=kinds <= known and not kinds & COUNTS)


def _read_history(words: list[str], kinds: set[str]) -> NameReading:
    """Read a name that holds a word for the user's past."""
    found = _first(words, HISTORY | PAST)
    if kinds & (COMPARISONS | COUNTS | LINKS | CROWDS):
        other = _first(words, COMPARISONS | COUNTS | LINKS | CROWDS)
        text = f"says {found!r} beside {other!r}: it may differ by candidate"
        return NameReading(Role.CROSS, certain=False, likely=False, why=text)
    if words[0] not in HISTORY | PAST:
        text = f"says {found!r} after {words[0]!r}: the user's history, or the candidate's"
        return NameReading(Role.CROSS, certain=False, likely=False, why=text)
    rest = set(words[1:])
    known = HISTORY | PAST | ITEM | ITEM_ATTRIBUTES | LISTS | _PLAIN
    known -= {"price", "prices", "publish", "release", "stars", "target", "upload"} | _RANKED
    alone = rest and rest <= _DEEDS | {"type"}  # `behavior_type`, `history_clicks`
    of_item = _is_before(words, ITEM | ITEM_ATTRIBUTES, _DEEDS)  # `hist_item_clicks`
    certain = words[0] in HISTORY and rest <= known and not alone and not of_item
    text = f"says {found!r}: a history is the user's"
    return NameReading(Role.USER, certain=certain, likely=True, why=text)


def _read_item(words: list[str], kinds: set[str]) -> NameReading:
    """Read a name that holds a word for what is ranked."""
    listed = _first(words, LISTS | {"items", "products", "videos", "session"})
    first = words[0] in ITEM or words[0] in ("neg", "target")
    if words[0] in _ALSO_ELSE:
        first = bool(kinds & _EXACTLY)
    elif words[0] == "book":  # `book_date`: when one books
        first = not kinds & CONTEXT_ATTRIBUTES
    many = len(words) == 2 and words[1] in COUNTS  # `item_count`: how many there are
    first = first and not many and not kinds & (CONTEXT | NOT_OF_ITEMS | PERSONS)
    if listed is not None and not kinds & {"candidates"}:
        text = f"says {_first(words, ITEM)!r} and {listed!r}: the candidate's, or a history"
        return NameReading(Role.ITEM, certain=False, likely=False, why=text)
    return _reading(Role.ITEM, words, ITEM, certain=first)


def _read_attribute(words: list[str], kinds: set[str]) -> NameReading | None:
    """Read a name without a word for a side: by what is usually an attribute of one."""
    tables = (
        (Role.CROSS, {"cross", "crossed"}),
        (Role.ITEM, ITEM_ATTRIBUTES),
        (Role.CROSS, COMPARISONS | {"seen"}),
        (Role.USER, USER_ATTRIBUTES),
        (Role.CONTEXT, CONTEXT_ATTRIBUTES),
    )
    for role, table in tables:
        if kinds & table:
            sure = role == Role.CROSS and words[0] in ("cross", "crossed")
            sure = sure and not kinds & (USER_ATTRIBUTES | CONTEXT_ATTRIBUTES)
            return _reading(role, words, table, certain=sure)
    if len(words) > 1 and words[0] in _INITIALS:
        text = f"begins with {words[0]!r}"
        return NameReading(_INITIALS[words[0]], certain=False, likely=False, why=text)
    return None


def _reading(role: Role, words: list[str], table: set[str], *, certain: bool) -> NameReading:
    text = f"says {_first(words, table)!r}"
    return NameReading(role, certain=certain, likely=certain, why=text)


def _is_before(words: list[str], table: set[str], others: set[str]) -> bool:
    """Return True where a word of one table stands before one of another."""
    found = _first(words, table)
    return found is not None and not others.isdisjoint(words[words.index(found) :])


def _first(words: list[str], table: set[str]) -> str | None:
    return next((word for word in words if word in table), None)


def split_words(name: str) -> list[str]:
    """Return the words of an identifier in lower case; an id is parted from its stem.

    >>> split_words("hist_itemIds2")
    ['hist', 'item', 'ids']
    >>> split_words("adid")
    ['ad', 'id']
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name[:200])
    spaced = re.sub(r"([A-Z])([A-Z][a-z])", r"\1 \2", spaced)
    out = []
    for word in re.findall(r"[A-Za-z]+", spaced):
        lower = word.lower()
        match = re.fullmatch(r"(\w+?)(ids?)", lower)
        stem = match[1] if match else ""
        known = USER | ITEM | ITEM_ATTRIBUTES | USER_ATTRIBUTES | CONTEXT_ATTRIBUTES
        out += [stem, match[2]] if match and stem in known - {"u", "i", "d", "q"} else [lower]
    return out
