"""How many key accounts there may be: held wherever an account becomes one, whatever the way.

An app above says the limits (``limits_from``). Every write that may make a key account runs inside
``held()``: it takes one lock for the whole company before any row is locked, counts, and counts again
at the end. What adds no key account is never refused, also where the limit was lowered since.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import ngettext

from accounts.models import Account
from kam.models import User

#: Fields of an account by whose change a key account may be added to somebody's.
COUNTED_FIELDS = frozenset({"is_key_account", "owner"})


@dataclass(frozen=True, slots=True)
class Limits:
    """At most this many key accounts in use; ``None`` is no limit."""

    company: int | None = None
    per_owner: int | None = None

    def __bool__(self) -> bool:
        return self.company is not None or self.per_owner is not None


class LimitReached(ValidationError):  # noqa: N818 - a verdict, not a defect
    """One key account too many. The text is meant for the reader."""


_sources: list[Callable[[], Limits]] = []
_inside: ContextVar[bool] = ContextVar("key_accounts_held", default=False)


def limits_from(source: Callable[[], Limits]) -> Callable[[], Limits]:
    """Registers where the limits stand; the last one registered counts."""
    _sources.append(source)
    return source


def limits() -> Limits:
    """The limits in force (one query where an app above keeps them)."""
    return _sources[-1]() if _sources else Limits()


def counts() -> Counter[int | None]:
    """Key accounts in use by owner (``None``: nobody's); one query over a partial index."""
    rows = Account.objects.active().filter(is_key_account=True).order_by()
    return Counter(dict(rows.values_list("owner").annotate(n=Count("pk"))))


def lock() -> None:
    """Waits for whoever else is making key accounts; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accounts.key_accounts'))")


def touches(changes: Mapping[str, Any]) -> bool:
    """Whether these changes may add a key account to the company's or to somebody's."""
    return bool(changes.get("is_key_account")) or changes.get("owner") is not None


@dataclass(frozen=True, slots=True)
class Held:
    """The limits and what was there before; ``check`` says whether what is there now may be."""

    limits: Limits
    before: Counter[int | None]

    @classmethod
    def begin(cls) -> "Held":
        """Takes the lock and counts, where there is a limit. Call it inside a transaction."""
        found = limits()
        if not found:
            return cls(found, Counter())
        lock()
        return cls(found, counts())

    def check(self) -> None:
        """Raises ``LimitReached`` where a limit is exceeded that was not, or further than before."""
        if not self.limits:
            return
        now = counts()
        most = self.limits.company
        if most is not None and now.total() > max(most, self.before.total()):
            raise LimitReached({"is_key_account": company_text(most)})
        most = self.limits.per_owner
        if most is None:
            return
        for owner, count in now.items():
            if owner is not None and count > max(most, self.before[owner]):
                name = str(User.objects.filter(pk=owner).first() or "")
                raise LimitReached({"is_key_account": owner_text(most, name)})


def company_text(most: int) -> str:
    """What is said where the company's limit is reached."""
    return ngettext(
        "The company has at most %(n)d key account, and has it. "
        "Propose it instead, and name the key account that leaves.",
        "The company has at most %(n)d key accounts, and has them. "
        "Propose it instead, and name the key account that leaves.",
        most,
    ) % {"n": most}


def owner_text(most: int, name: str) -> str:
    """What is said where a KAM's limit is reached."""
    return ngettext(
        "A KAM has at most %(n)d key account, and %(name)s has it. "
        "Propose it instead, and name the key account that leaves.",
        "A KAM has at most %(n)d key accounts, and %(name)s has them. "
        "Propose it instead, and name the key account that leaves.",
        most,
    ) % {"n": most, "name": name}


@contextmanager
def held(*, when: bool = True) -> Iterator[None]:
    """A transaction at whose end the limits hold; the outermost block counts, so that one key account
    may leave and another come. Raises ``LimitReached``."""
    if not when or _inside.get():
        with transaction.atomic():
            yield
        return
    token = _inside.set(True)
    try:
        with transaction.atomic():
            before = Held.begin()
            yield
            before.check()
    finally:
        _inside.reset(token)
