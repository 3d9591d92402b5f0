"""Scores as a night leaves them, made by hand: what the pages of the portfolio stand on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from accounts.models import Account
from portfolio.models import AccountScore, CellText, CriteriaVersion, ScoringRun
from tests.conftest import Cast

NIGHT = date(2026, 3, 1)


@dataclass
class Scored:
    """A version, a whole run, and how an account is given a place."""

    version: CriteriaVersion
    run: ScoringRun

    def place(self, account: Account, x: float | None, y: float | None, **more) -> AccountScore:
        """The account's current score at (x, y)."""
        return AccountScore.objects.create(**self.row(account, x, y, **more))

    def row(self, account: Account, x: float | None, y: float | None, **more) -> dict:
        cell = ""
        if x is not None and y is not None:
            cell = ("retain", "nurture", "develop", "all")[(x >= 50) + 2 * (y >= 50)]
        values = {
            "account": account,
            "criteria_version": self.version,
            "owner_id": account.owner_id,
            "first_night": self.run.night,
            "raw": [],
            "as_of": [],
            "values": [],
            "profitability": None if x is None else Decimal(str(x)),
            "potential": None if y is None else Decimal(str(y)),
            "completeness": 100,
            "cell": cell,
            "is_key_account": account.is_key_account,
        }
        return values | more

    @staticmethod
    def cell(name: str) -> CellText:
        return CellText.objects.get_or_create(cell=name)[0]


def scored(_cast: Cast, night: date = NIGHT, name: str = "2026") -> Scored:
    """The night with the active version; made where it is not there yet."""
    version, _made = CriteriaVersion.objects.get_or_create(
        name=name, defaults={"state": "active", "active_from": night}
    )
    run, _made = ScoringRun.objects.get_or_create(
        night=night,
        defaults={
            "criteria_version": version,
            "state": ScoringRun.State.WHOLE,
            "started_at": timezone.now(),
            "finished_at": timezone.now(),
        },
    )
    return Scored(version, run)
