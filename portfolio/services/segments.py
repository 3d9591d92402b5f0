"""Segments: schemes and their rules, segments by hand, and placing every account.

Placing is one statement per scheme over all accounts: nothing is written about an account that stays
where it is. The same rules as in ``portfolio.calc.segments``, which tests hold against each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from kam import editing, history, jobs
from kam.forms import violation
from kam.models import Job, User
from kam.periods import company_today
from portfolio.calc.segments import Candidate, Rule, ordered
from portfolio.models import (
    Segment,
    SegmentOverride,
    SegmentRule,
    SegmentScheme,
)

Subject = SegmentRule.Subject
#: How long a segment by hand may last.
LONGEST = timedelta(days=366 * 2)
LEVELS = (
    Account.Level.TERRITORY,
    Account.Level.REGIONAL,
    Account.Level.NATIONAL,
    Account.Level.GLOBAL,
)
_LEVEL = " ".join(f"WHEN '{level.value}' THEN {n}" for n, level in enumerate(LEVELS, 1))
#: Subject → the column that holds its value, of the account as it is and its current score.
COLUMNS: Mapping[str, str] = {
    **{name: f"s.{name}" for name in Subject.values},
    Subject.KEY_ACCOUNT.value: "a.is_key_account::int",
    Subject.LEVEL.value: f"CASE a.level {_LEVEL} END",
}


# --- placing --------------------------------------------------------------------------------------
def candidates_of(scheme: SegmentScheme) -> list[Candidate]:
    """The scheme's segments in use with their rules in use, in order (two queries)."""
    segments = Segment.objects.active().filter(scheme=scheme)
    rules: dict[int, list[Rule]] = {segment.pk: [] for segment in segments}
    for rule in SegmentRule.objects.active().filter(segment__in=list(rules)):
        rules[rule.segment_id].append(Rule(rule.subject, rule.at_least, rule.below))
    return ordered(Candidate(s.pk, s.rank, tuple(rules[s.pk])) for s in segments)


def place_accounts(
    night: date, *, schemes: Iterable[SegmentScheme] | None = None, account: int | None = None
) -> int:
    """Places all accounts in use (or one) for ``night``; returns how many were placed anew.

    A segment by hand that has not run out wins. Every scheme in use is placed; what an archived scheme
    or segment held ends. Run it again for the same night and it changes nothing.
    """
    if schemes is None:
        schemes = SegmentScheme.objects.all()
    with transaction.atomic():
        with connection.cursor() as cursor:  # the night and a segment by hand, one after the other
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('portfolio.segments'))")
        return sum(_place(scheme, night, account) for scheme in schemes)


def _place(scheme: SegmentScheme, night: date, account: int | None) -> int:
    taken, values = _first_that_holds([] if scheme.archived_at else candidates_of(scheme))
    one = "" if account is None else "AND a.id = %(account)s"
    mine = "" if account is None else "AND p.account_id = %(account)s"
    usable = "false" if scheme.archived_at else "true"
    sql = f"""
        WITH wanted AS MATERIALIZED (
            SELECT a.id AS account_id,
                   coalesce(o.segment_id, {taken}) AS segment_id,
                   o.segment_id IS NOT NULL AS by_hand
              FROM accounts_account a
              LEFT JOIN portfolio_accountscore s ON s.account_id = a.id AND s.last_night IS NULL
              LEFT JOIN (
                   SELECT o.account_id, o.segment_id
                     FROM portfolio_segmentoverride o
                     JOIN portfolio_segment g ON g.id = o.segment_id AND g.archived_at IS NULL
                    WHERE o.scheme_id = %(scheme)s AND o.archived_at IS NULL
                      AND o.expires_on >= %(night)s AND {usable}
                   ) o ON o.account_id = a.id
             WHERE a.archived_at IS NULL {one}
        ), over AS (
            SELECT p.id, p.first_night
              FROM portfolio_segmentplacement p
              LEFT JOIN wanted w ON w.account_id = p.account_id
             WHERE p.scheme_id = %(scheme)s AND p.last_night IS NULL {mine}
               AND (w.segment_id IS DISTINCT FROM p.segment_id
                    OR w.by_hand IS DISTINCT FROM p.by_hand)
        ), ended AS (
            UPDATE portfolio_segmentplacement p
               SET last_night = %(night)s::date - 1
              FROM over WHERE over.id = p.id AND over.first_night < %(night)s
            RETURNING p.id
        ), undone AS (
            DELETE FROM portfolio_segmentplacement p
             USING over WHERE over.id = p.id AND over.first_night >= %(night)s
            RETURNING p.id
        ), gone AS MATERIALIZED (
            -- Counted before the first new row: it may only come where the old one has ended.
            SELECT (SELECT count(*) FROM ended) + (SELECT count(*) FROM undone) AS n
        )
        INSERT INTO portfolio_segmentplacement
               (account_id, scheme_id, segment_id, by_hand, first_night)
        SELECT w.account_id, %(scheme)s, w.segment_id, w.by_hand, %(night)s
          FROM gone CROSS JOIN wanted w
          LEFT JOIN portfolio_segmentplacement p
                 ON p.account_id = w.account_id AND p.scheme_id = %(scheme)s
                AND p.last_night IS NULL
         WHERE gone.n >= 0 AND w.segment_id IS NOT NULL
           AND (p.id IS NULL OR p.segment_id <> w.segment_id OR p.by_hand <> w.by_hand)
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"scheme": scheme.pk, "night": night, "account": account, **values})
        return cursor.rowcount


def _first_that_holds(candidates: Iterable[Candidate]) -> tuple[str, dict[str, Any]]:
    """The SQL that gives an account's segment by the rules, and the values in it."""
    whens: list[str] = []
    values: dict[str, Any] = {}
    for candidate in candidates:
        parts = []
        for rule in candidate.rules:
            column = COLUMNS[rule.subject]
            for sign, threshold in ((">=", rule.at_least), ("<", rule.below)):
                if threshold is not None:
                    name = f"v{len(values)}"
                    values[name] = threshold
                    parts.append(f"({column}) {sign} %({name})s")
        name = f"v{len(values)}"
        values[name] = candidate.key
        whens.append(f"WHEN {' AND '.join(parts) or 'true'} THEN %({name})s::bigint")
    return (f"CASE {' '.join(whens)} END" if whens else "NULL::bigint"), values


@jobs.kind("segments")
def _work(progress: jobs.Progress) -> None:
    """Places all accounts anew, scheme by scheme, as a job with its progress."""
    schemes = list(SegmentScheme.objects.all())
    moved = 0
    for done, scheme in enumerate(schemes):
        progress.step(done, len(schemes))
        moved += place_accounts(company_today(), schemes=[scheme])
    progress.say(_("%(n)d placements are new.") % {"n": moved})


def start_placing(user: User) -> Job:
    """Lets a worker place all accounts by the rules as they are now."""
    return jobs.start("segments", _("Placing accounts in segments"), user)


# --- schemes and their rules ----------------------------------------------------------------------
Thresholds = Mapping[str, tuple[Decimal | None, Decimal | None]]


def create_scheme(*, name: str, description: str = "") -> SegmentScheme:
    """A scheme without segments. Raises ``ValidationError`` by field."""
    scheme = SegmentScheme(name=name.strip(), description=description)
    return _saved(scheme)


def change_scheme(
    row: SegmentScheme,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> SegmentScheme:
    """Saves a scheme's name or description."""
    return editing.save_fields(row, changes, base_version=base_version, overwrite=overwrite)


def archive_scheme(row: SegmentScheme) -> SegmentScheme:
    """Takes a scheme out of use; its placements end at once and stay as history."""
    with transaction.atomic():
        saved = editing.archive(row)
        place_accounts(company_today(), schemes=[saved])
    return saved


def restore_scheme(row: SegmentScheme) -> SegmentScheme:
    """Brings a scheme back; accounts are placed with the next night, or by the button."""
    return editing.restore(row)


def create_segment(
    scheme: SegmentScheme, *, name: str, rank: int, rules: Thresholds | None = None
) -> Segment:
    """One more segment with its rules (subject → at least, below)."""
    with transaction.atomic():
        segment = _saved(Segment(scheme=scheme, name=name.strip(), rank=rank))
        _set_rules(segment, rules or {})
    return segment


class RulesChanged(ValidationError):  # noqa: N818
    """Somebody else changed the segment's rules since they were read. Nothing was saved."""


class RuleExists(ValidationError):  # noqa: N818
    """The segment has a rule in use on this subject already."""


def rules_version(segment: Segment) -> str:
    """Stands for all rules of the segment as they are now: another one once one of them changes."""
    rows = segment.rules.order_by("pk").values_list("pk", "version")
    return "-".join(["rules", *(f"{pk}.{version}" for pk, version in rows)])


def change_segment(
    row: Segment,
    changes: Mapping[str, Any],
    *,
    rules: Thresholds | None = None,
    base_rules: str | None = None,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Segment:
    """Saves name and rank, and, where they are given, all of the segment's rules at once.

    ``base_rules`` is the ``rules_version`` that the person saw; ``None`` means the rules as they are
    now. Raises ``EditConflict``, ``RulesChanged`` and ``ValidationError`` (nothing saved).
    """
    try:
        with transaction.atomic():
            saved = editing.save_fields(
                row, changes, base_version=base_version, overwrite=overwrite
            )
            # The segment's row is locked by now: its rules change one after the other.
            if base_rules is not None and base_rules != rules_version(saved):
                raise RulesChanged(
                    _(
                        "Somebody else changed the rules of this segment meanwhile. Nothing is saved "
                        "yet: compare, then save again."
                    )
                )
            if rules is not None:
                _set_rules(saved, rules)
    except IntegrityError as error:
        raise violation(error, Segment) from error
    return saved


def archive_segment(row: Segment) -> Segment:
    """Takes a segment out of its scheme; its accounts are placed anew with the next night."""
    return editing.archive(row)


def restore_segment(row: Segment) -> Segment:
    """Brings a segment back, if its name and rank are still free."""
    return editing.restore(row)


def _set_rules(segment: Segment, rules: Thresholds) -> None:
    """The segment has exactly these rules; a rule that is not among them is archived."""
    held = {rule.subject: rule for rule in segment.rules.select_for_update(of=("self",))}
    for subject, (at_least, below) in rules.items():
        if at_least is None and below is None:
            continue
        set_rule(segment, subject, at_least, below, held=held.get(subject))
    for subject, rule in held.items():
        if rule.archived_at is None and not any(
            edge is not None for edge in rules.get(subject, (None, None))
        ):
            editing.archive(rule)


def set_rule(
    segment: Segment,
    subject: str,
    at_least: Decimal | None,
    below: Decimal | None,
    *,
    held: SegmentRule | None = None,
) -> SegmentRule:
    """The segment's rule on this subject: made, changed, or taken into use again.

    Raises ``ValidationError`` where nothing can be both at least and below.
    """
    if at_least is not None and below is not None and below <= at_least:
        raise ValidationError(
            {
                "below": _("%(subject)s: nothing is at least %(low)s and below %(high)s.")
                % {"subject": Subject(subject).label, "low": at_least, "high": below}
            }
        )
    held = held or SegmentRule.objects.filter(segment=segment, subject=subject).first()
    if held is None:
        return _saved(SegmentRule(segment=segment, subject=subject, at_least=at_least, below=below))
    changes = {"at_least": at_least, "below": below, "archived_at": None}
    return editing.save_fields(held, changes, base_version=None)


@transaction.atomic
def add_rule(
    segment: Segment, subject: str, at_least: Decimal | None, below: Decimal | None
) -> SegmentRule:
    """A rule on a subject on which the segment has none in use; ``RuleExists`` where it has one."""
    Segment.objects.select_for_update(of=("self",), no_key=True).get(pk=segment.pk)
    held = SegmentRule.objects.filter(segment=segment, subject=subject).first()
    if held is not None and held.archived_at is None:
        raise RuleExists(_("The segment has a rule on this subject already."))
    return set_rule(segment, subject, at_least, below, held=held)


def _saved(row: Any) -> Any:
    row.full_clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise violation(error, type(row)) from error
    row.refresh_from_db()
    return row


# --- by hand --------------------------------------------------------------------------------------
def set_override(
    account: Account, segment: Segment, by: User | None, *, reason: str, expires_on: date
) -> SegmentOverride:
    """Puts an account into a segment by hand, until a date, and places it at once.

    One that is there already gives way to the new one. Raises ``ValidationError`` by field.
    """
    today = company_today()
    _check_expiry(expires_on, today)
    if account.archived_at is not None:
        raise ValidationError(_("%(name)s is archived. Restore it first.") % {"name": account})
    if segment.archived_at is not None or segment.scheme.archived_at is not None:
        raise ValidationError({"segment": _("%(name)s is archived.") % {"name": segment}})
    with transaction.atomic():
        Account.objects.select_for_update(of=("self",), no_key=True).get(pk=account.pk)
        held = SegmentOverride.objects.active().filter(account=account, scheme=segment.scheme)
        for row in held:
            editing.archive(row)
        override = SegmentOverride(
            account=account,
            scheme=segment.scheme,
            segment=segment,
            author=by,
            reason=reason.strip(),
            expires_on=expires_on,
        )
        override = _saved(override)
        place_accounts(today, schemes=[segment.scheme], account=account.pk)
    return override


def change_override(
    row: SegmentOverride,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> SegmentOverride:
    """Saves another segment of the same scheme, reason or date, and places the account at once."""
    today = company_today()
    segment = changes.get("segment")
    if segment is not None and segment.scheme_id != row.scheme_id:
        raise ValidationError({"segment": _("Choose a segment of the same scheme.")})
    if segment is not None and segment.archived_at is not None:
        raise ValidationError({"segment": _("%(name)s is archived.") % {"name": segment}})
    if changes.get("expires_on") is not None:
        _check_expiry(changes["expires_on"], today)
    with transaction.atomic():
        saved = editing.save_fields(row, changes, base_version=base_version, overwrite=overwrite)
        place_accounts(today, schemes=[saved.scheme], account=saved.account_id)
    return saved


def end_override(row: SegmentOverride) -> SegmentOverride:
    """The rules decide about the account again, at once."""
    with transaction.atomic():
        saved = editing.archive(row)
        place_accounts(company_today(), schemes=[saved.scheme], account=saved.account_id)
    return saved


def restore_override(row: SegmentOverride) -> SegmentOverride:
    """A segment by hand that was ended counts again, if its time has not run out."""
    _check_expiry(row.expires_on, company_today())
    with transaction.atomic():
        saved = editing.restore(row)
        place_accounts(company_today(), schemes=[saved.scheme], account=saved.account_id)
    return saved


def _check_expiry(day: date, today: date) -> None:
    if day < today:
        raise ValidationError({"expires_on": _("This day has passed.")})
    if day > today + LONGEST:
        raise ValidationError(
            {"expires_on": _("A segment by hand ends within two years: say when to look again.")}
        )


# --- ready schemes --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReadySegment:
    name: Any
    rules: Thresholds


@dataclass(frozen=True, slots=True)
class ReadyScheme:
    """A scheme to begin with; its names are put in the language of whoever takes it."""

    name: Any
    description: Any
    segments: tuple[ReadySegment, ...]


def _from(**floors: int) -> Thresholds:
    return {subject: (Decimal(floor), None) for subject, floor in floors.items()}


READY: tuple[ReadyScheme, ...] = (
    ReadyScheme(
        gettext_lazy("Segment 1–3"),
        gettext_lazy("By profitability and potential: 1 has both, 2 has one of them, 3 the rest."),
        (
            ReadySegment(gettext_lazy("Segment 1"), _from(profitability=50, potential=50)),
            ReadySegment(gettext_lazy("Segment 2, potential"), _from(potential=50)),
            ReadySegment(gettext_lazy("Segment 2, profitability"), _from(profitability=50)),
            ReadySegment(gettext_lazy("Segment 3"), {}),
        ),
    ),
    ReadyScheme(
        gettext_lazy("A–D"),
        gettext_lazy("By revenue of the last twelve months."),
        (
            ReadySegment("A", _from(revenue=1_000_000)),
            ReadySegment("B", _from(revenue=250_000)),
            ReadySegment("C", _from(revenue=50_000)),
            ReadySegment("D", {}),
        ),
    ),
    ReadyScheme(
        gettext_lazy("Key account level"),
        gettext_lazy("Key accounts from territory to global; other accounts stand outside."),
        tuple(
            ReadySegment(
                level.label, {"is_key_account": (Decimal(1), None), "level": (Decimal(n), None)}
            )
            for n, level in reversed(list(enumerate(LEVELS, 1)))
        ),
    ),
)


@transaction.atomic
def create_ready() -> list[SegmentScheme]:
    """Makes those ready schemes whose name is not taken yet; returns the new ones."""
    taken = set(SegmentScheme.objects.values_list("name", flat=True))
    made = []
    for ready in READY:
        if str(ready.name) in taken:
            continue
        scheme = create_scheme(name=str(ready.name), description=str(ready.description))
        for rank, segment in enumerate(ready.segments, 1):
            create_segment(scheme, name=str(segment.name), rank=rank, rules=segment.rules)
        made.append(scheme)
    return made


history.restores(SegmentScheme, restore_scheme)
history.restores(Segment, restore_segment)
history.restores(SegmentOverride, restore_override)

__all__ = [
    "READY",
    "RuleExists",
    "RulesChanged",
    "add_rule",
    "archive_scheme",
    "archive_segment",
    "candidates_of",
    "change_override",
    "change_scheme",
    "change_segment",
    "create_ready",
    "create_scheme",
    "create_segment",
    "end_override",
    "place_accounts",
    "restore_override",
    "restore_scheme",
    "restore_segment",
    "rules_version",
    "set_override",
    "set_rule",
    "start_placing",
]
