"""Finding games by what people type: whole words, beginnings, and typos.

A title is compared folded: small letters and digits, accents gone (sql/search.sql does the same).
A word that nothing begins with is replaced by the words of our titles that are one or two slips
away; slips are counted here, over the few that share trigrams with it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Case, Expression, F, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Replace

from apps.games.models import Game, SearchEntry
from apps.games.selectors import visible_games

SEARCH_MAX = 60
WORDS_MAX = 6
# With this many direct hits nobody needs guesses below them.
ENOUGH = 8
CANDIDATES_MAX = 60
VARIANTS_MAX = 12
RUN_TOGETHER_MIN = 5
MARKS = re.compile("[\u0300-\u036f'\u2019]")
REST = re.compile(r"[\W_]+")

Hits = QuerySet[SearchEntry, int]

# In order of rank: what a hit has in common with what was typed.
(
    WHOLE,
    BEGINNING,
    WORDS,
    INSIDE,
    BEGINNINGS,
    WITH_STUDIO,
    MEANT,
    ONE_SLIP,
    SLIPS,
    PART,
    RUN_TOGETHER,
) = range(11)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, folded. near, far: for each word, ours that are one or two slips away.

    meant: the text with the nearest of them.
    """

    text: str
    words: tuple[str, ...]
    near: tuple[tuple[str, ...], ...] = ()
    far: tuple[tuple[str, ...], ...] = ()
    meant: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.words


def folded(written: str) -> str:
    """`L'Été, 2nd` -> `lete 2nd`, as `games_folded` in PostgreSQL does."""
    plain = unicodedata.normalize("NFKD", written.replace("\x00", "")).lower()
    return REST.sub(" ", MARKS.sub("", plain)).strip()


def typed(text: str) -> Typed:
    words = folded(text[: SEARCH_MAX * 4])[:SEARCH_MAX].split()[:WORDS_MAX]
    return Typed(" ".join(words), tuple(words))


def search(text: str, country: str | None = None, *, limit: int = SEARCH_MAX) -> list[Game]:
    """The games that fit best: exact, beginning, word, typo; among equals the most played first.

    A handful of queries, mostly two. country: leaves out what is restricted there.
    """
    asked = typed(text)
    if asked.is_empty or limit < 1:
        return []
    found = _shown(_ranked(asked, _direct(asked)), country, limit)
    if len(found) >= min(ENOUGH, limit):
        return found
    asked = with_slips(asked)
    if guesses := _shown(_ranked(asked, Q(words=_meant(asked, asked.far))), country, limit):
        return guesses
    if len(compact := asked.text.replace(" ", "")) >= RUN_TOGETHER_MIN:
        entries = _entries().annotate(
            compact=Replace(F("title"), Value(" "), Value(""), output_field=TextField())
        )
        run_together = entries.filter(compact__contains=compact)
        if found := _shown(_sorted(run_together, Value(RUN_TOGETHER)), country, limit):
            return found
    return _shown(_with_some(asked), country, limit) if len(asked.words) > 1 else []


def matching(text: str, country: str | None = None) -> QuerySet[Game]:
    """All games whose title or studio has a word that begins like each of these; no guesses."""
    asked = typed(text)
    found = visible_games(country)
    return found.none() if asked.is_empty else found.filter(search__words=_direct_query(asked))


def with_slips(asked: Typed) -> Typed:
    """Add what each word may have been meant to be."""
    lookups = [word for word in asked.words if slips_allowed(word)]
    candidates = _candidates(lookups) if lookups else {}
    near: list[tuple[str, ...]] = []
    far: list[tuple[str, ...]] = []
    meant = []
    for word in asked.words:
        allowed = slips_allowed(word)
        # Inside of another word it stands as typed, but nobody begins a word in its middle.
        slips = {
            one: allowed if word in one[1:] else distance(word, one)
            for one in candidates.get(word, [])
        }
        order = sorted(slips, key=lambda one: (slips[one], abs(len(one) - len(word)), one))
        near.append(tuple(one for one in order if slips[one] == 1)[:VARIANTS_MAX])
        far.append(tuple(one for one in order if 1 <= slips[one] <= allowed)[:VARIANTS_MAX])
        meant.append(word if word in slips else next(iter(far[-1]), word))
    return Typed(asked.text, asked.words, tuple(near), tuple(far), " ".join(meant))


def slips_allowed(word: str) -> int:
    """None in two letters, where everything is near everything."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def distance(wanted: str, word: str) -> int:
    """How many slips turn a word into what was typed: a letter more, less, other, or two swapped.

    What was typed may be a beginning: the end of a longer word is free, for half a slip more words
    would be too many, so only from four letters on.
    """
    rows = _distances(wanted, word)
    whole = rows[-1]
    if len(wanted) < 4 or len(word) <= len(wanted):
        return whole
    return min(whole, *rows[len(wanted) - 1 :])


def _distances(wanted: str, word: str) -> list[int]:
    """Slips from `wanted` to each beginning of `word` (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(word) + 1))
    for i, letter in enumerate(wanted, start=1):
        row = [i]
        for j, other in enumerate(word, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == word[j - 2] and wanted[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last


def trigrams(word: str) -> list[str]:
    padded = f"  {word} "
    return sorted({padded[at : at + 3] for at in range(len(word) + 1)})


def _candidates(words: Sequence[str]) -> dict[str, list[str]]:
    """For each word ours that share the largest part of their trigrams with it or have it inside."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH asked AS (
                SELECT word, string_to_array(joined, '|') AS trigrams
                  FROM unnest(%(words)s::text[], %(trigrams)s::text[]) AS a(word, joined))
            SELECT asked.word, near.word
              FROM asked CROSS JOIN LATERAL (
                SELECT w.word
                  FROM games_word w CROSS JOIN LATERAL (
                    SELECT count(*) AS shared FROM unnest(w.trigrams) t(trigram)
                     WHERE t.trigram = ANY (asked.trigrams)) s
                 WHERE w.trigrams && asked.trigrams AND length(w.word) >= length(asked.word) - 2
                 ORDER BY s.shared::numeric
                          / (cardinality(w.trigrams) + cardinality(asked.trigrams) - s.shared) DESC,
                          w.word
                 LIMIT %(most)s) near
            UNION
            SELECT asked.word, inside.word
              FROM asked CROSS JOIN LATERAL (
                SELECT w.word FROM games_word w
                 WHERE w.word LIKE '_%%' || asked.word || '%%' ORDER BY w.word LIMIT %(most)s) inside
            """,
            {
                "words": list(words),
                "trigrams": ["|".join(trigrams(word)) for word in words],
                "most": CANDIDATES_MAX,
            },
        )
        found: dict[str, list[str]] = {}
        for word, other in cursor.fetchall():
            found.setdefault(word, []).append(other)
    return found


def _shown(entries: Hits, country: str | None, limit: int) -> list[Game]:
    """The games of the first entries that may be shown; as many more are read as are hidden."""
    wanted = limit * 2
    while True:
        ids = list(entries[:wanted])
        games = visible_games(country).in_bulk(ids)
        if len(games) >= limit or len(ids) < wanted:
            return [games[one] for one in ids if one in games][:limit]
        wanted *= 4


def _ranked(asked: Typed, matches: Q) -> Hits:
    text = asked.text
    ranks = [
        When(title=text, then=Value(WHOLE)),
        When(title__startswith=text, then=Value(BEGINNING)),
        When(words=_query(asked.words, ":A"), then=Value(WORDS)),
        When(title__contains=f" {text}", then=Value(INSIDE)),
        When(words=_query(asked.words, ":*A"), then=Value(BEGINNINGS)),
        When(words=_query(asked.words, ":*"), then=Value(WITH_STUDIO)),
    ]
    if asked.near:
        ranks += [
            When(title__startswith=asked.meant, then=Value(MEANT)),
            When(words=_meant(asked, asked.near, title_only=True), then=Value(ONE_SLIP)),
            When(words=_meant(asked, asked.far, title_only=True), then=Value(SLIPS)),
        ]
    rank = Case(*ranks, default=Value(PART), output_field=IntegerField())
    return _sorted(_entries().filter(matches), rank)


def _entries() -> QuerySet[SearchEntry]:
    return SearchEntry.objects.all()


def _sorted(entries: QuerySet[SearchEntry], rank: Expression) -> Hits:
    found = entries.annotate(rank=rank).order_by("rank", "-popularity", "title", "pk")
    return found.values_list("pk", flat=True)


def _direct(asked: Typed) -> Q:
    return Q(words=_direct_query(asked))


def _direct_query(asked: Typed) -> SearchQuery:
    return _query(asked.words, ":*")


def _with_some(asked: Typed) -> Hits:
    """Not one title has all the words: those with some, the most words first."""
    pairs = zip(asked.words, asked.far, strict=True)
    # Two letters stand in half of all titles.
    each = [_terms(word, others) for word, others in pairs if len(word) > 2]
    if not each:
        return _entries().none().values_list("pk", flat=True)
    lacking = [Case(When(words=_raw(terms), then=0), default=1) for terms in each]
    return _sorted(
        _entries().filter(words=_raw(" | ".join(each))), sum(lacking[1:], start=lacking[0])
    )


def _query(words: Iterable[str], end: str) -> SearchQuery:
    return _raw(" & ".join(f"'{word}'{end}" for word in words))


def _meant(
    asked: Typed, variants: Sequence[Sequence[str]], *, title_only: bool = False
) -> SearchQuery:
    pairs = zip(asked.words, variants, strict=True)
    weight = "A" if title_only else ""
    return _raw(" & ".join(f"({_terms(word, others, weight)})" for word, others in pairs))


def _terms(word: str, others: Iterable[str], weight: str = "") -> str:
    end = f":{weight}" if weight else ""
    return " | ".join([f"'{word}':*{weight}", *(f"'{other}'{end}" for other in others)])


def _raw(query: str) -> SearchQuery:
    """Folded words are letters and digits only: there is nothing in them to quote."""
    return SearchQuery(query, config="simple", search_type="raw")
