"""Words that stand for rows: an account's number, a product line's name."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.postgres.search import TrigramSimilarity
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

CHUNK = 2_000  # words or rows in one statement


@dataclass(frozen=True)
class Reference:
    """Where the words of a field are known: ``field`` of ``model``, and among which rows."""

    model: type[models.Model]
    field: str = "name"
    among: Q | None = None
    folded: bool = True  # upper and lower case count the same, as the database has it

    def key(self, word: str) -> str:
        return word.lower() if self.folded else word

    def _among(self) -> models.QuerySet:
        rows = self.model._default_manager.order_by()
        return rows if self.among is None else rows.filter(self.among)

    def _rows(self) -> models.QuerySet:
        found = self._among()
        return found.annotate(_word=Lower(self.field) if self.folded else models.F(self.field))

    def ids(self, keys: Iterable[str]) -> dict[str, int]:
        """The ids of those keys that are known."""
        asked = sorted(keys)
        found: dict[str, int] = {}
        for start in range(0, len(asked), CHUNK):
            rows = self._rows().filter(_word__in=asked[start : start + CHUNK])
            found.update(rows.values_list("_word", "pk"))
        return found

    def near(self, word: str) -> str:
        """The known word most like this one, or nothing. A hint for a person, never taken."""
        names = self._among()
        few = list(names.values_list(self.field, flat=True)[:2001])
        if len(few) <= 2000:
            by_key = {self.key(str(name)): str(name) for name in few if name}
            close = difflib.get_close_matches(self.key(word), by_key, n=1, cutoff=0.6)
            return by_key[close[0]] if close else ""
        best = (
            names.annotate(_like=TrigramSimilarity(self.field, word))
            .filter(_like__gt=0.4)
            .order_by("-_like")
            .values_list(self.field, flat=True)
            .first()
        )
        return str(best or "")
