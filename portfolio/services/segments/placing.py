"""Placing every account in a segment of each scheme.

One statement per scheme over all accounts: nothing is written about an account that stays where it is.
The same rules as in ``portfolio.calc.segments``, which tests hold against each other.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from kam import jobs
from kam.models import Job, User
from kam.periods import company_today
from portfolio.calc.segments import Candidate, Rule, ordered
from portfolio.models import Segment, SegmentRule, SegmentScheme

Subject = SegmentRule.Subject
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
    progress.say(
        ngettext("%(n)d placement is new.", "%(n)d placements are new.", moved) % {"n": moved}
    )


def start_placing(user: User) -> Job:
    """Lets a worker place all accounts by the rules as they are now."""
    return jobs.start("segments", _("Placing accounts in segments"), user)
