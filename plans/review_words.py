"""A kept agenda in words, in the reader's language, without what this reader may not see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Contact
from kam.number_text import amount, percent, plain
from kam.templatetags.kam_format import day as day_text
from plans.models import PlanComment, Review, ReviewPerson, Section, SectionKind
from portfolio.models import CellText

TITLES: dict[str, Any] = {
    "decisions": gettext_lazy("Open decisions of last time"),
    "figures": gettext_lazy("Figures of the closed months"),
    "goals": gettext_lazy("Goals behind their pace"),
    "late": gettext_lazy("Late activities"),
    "soon": gettext_lazy("Due in the next 30 days"),
    "done": gettext_lazy("Done since the last review"),
    "scores": gettext_lazy("Changed scores and segments"),
    "contacts": gettext_lazy("New and changed relations"),
    "customer": gettext_lazy("What the customer said"),
    "needs": gettext_lazy("Needs agreed and realised"),
    "facts": gettext_lazy("Facts to confirm anew"),
    "plans": gettext_lazy("The portfolio's plans"),
    "behind": gettext_lazy("Accounts behind their targets"),
    "reviews": gettext_lazy("Reviews that are late"),
}
QUESTIONS: dict[str, Any] = {
    "decisions": gettext_lazy("What keeps us from doing what we decided?"),
    "figures": gettext_lazy("What explains the difference, and what do we do about it?"),
    "goals": gettext_lazy("Is the goal still right? What brings it back on its way?"),
    "late": gettext_lazy("Do it, move it, hand it over, or let it go?"),
    "soon": gettext_lazy("Does everybody have what they need?"),
    "done": gettext_lazy("What did we learn, and how can we do better?"),
    "scores": gettext_lazy("Does our stance still fit the account?"),
    "contacts": gettext_lazy("Whom must we meet, and who does it?"),
    "customer": gettext_lazy("What do we answer?"),
    "needs": gettext_lazy("How do we prove the value?"),
    "facts": gettext_lazy("What has changed, and who finds out?"),
    "plans": gettext_lazy("Which accounts need a plan, and which help?"),
    "behind": gettext_lazy("Where does an hour of ours bring most?"),
    "reviews": gettext_lazy("When do we hold them?"),
}
BEHIND = frozenset({"late", "goals", "behind", "reviews", "facts"})


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One line: what, a few words about it, and whether it is behind."""

    what: str
    words: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class AgendaPart:
    """One screen of the review."""

    name: str
    title: str
    question: str
    rows: tuple[AgendaRow, ...]
    more: int


def present(review: Review, people: Sequence[ReviewPerson]) -> str:
    """Everybody who was there, by name: ours, the customer's contacts, the customer's others."""
    return ", ".join([*(str(row) for row in people), *([review.others] if review.others else [])])


def parts_of(review: Review, user: Any) -> list[AgendaPart]:
    """The kept agenda for this reader (a query each for facts and customers' words, if there are any)."""
    agenda = review.agenda or {}
    currency = agenda.get("currency", "")
    made_on = date.fromisoformat(agenda["made_on"]) if agenda.get("made_on") else None
    shown = []
    for part in agenda.get("parts", []):
        name, rows = part["part"], part["rows"]
        if name not in TITLES:
            continue
        rows = _readable(name, rows, user)
        words = tuple(_row(name, row, currency, made_on) for row in rows)
        if words:
            shown.append(
                AgendaPart(
                    name, str(TITLES[name]), str(QUESTIONS[name]), words, part.get("more", 0)
                )
            )
    return shown


def _readable(name: str, rows: list[Any], user: Any) -> list[Any]:
    """Sections and words about them keep their audience also in an agenda that was kept."""
    seen: Any
    if name == "facts":
        seen = Section.objects.visible_to(user)
    elif name == "customer":
        seen = PlanComment.objects.visible_to(user)
    else:
        return rows
    asked = [row["id"] for row in rows if name == "facts" or row["code"] == "comment"]
    if not asked:
        return rows
    allowed = set(seen.filter(pk__in=asked).values_list("pk", flat=True))
    return [
        row
        for row in rows
        if row["id"] in allowed or (name == "customer" and row["code"] != "comment")
    ]


def _row(name: str, row: Mapping[str, Any], currency: str, made_on: date | None) -> AgendaRow:
    words = WORDS[name](row, currency, made_on)
    what = str(row["title"])
    if name == "facts":
        what = what or str(SectionKind(row["code"]).label)
    elif name in ("figures", "plans"):
        what = what or str(FIGURES[row["code"]])
    elif name == "scores":
        what = f"{what}: {SCORES[row['code']]}" if what else str(SCORES[row["code"]])
    mark = "bad" if name in BEHIND else ""
    if name == "figures" and row["numbers"][2] is not None:
        mark = "good" if Decimal(row["numbers"][2]) >= 1 else "bad"
    return AgendaRow(what, words, mark)


FIGURES: dict[str, Any] = {
    "revenue": gettext_lazy("Revenue"),
    "margin": gettext_lazy("Margin"),
    "bought": gettext_lazy("Bought this year"),
    "unplanned": gettext_lazy("Accounts without a plan"),
    "late": gettext_lazy("Late activities"),
}
SCORES: dict[str, Any] = {
    "cell": gettext_lazy("Cell of the matrix"),
    "profitability": gettext_lazy("Profitability"),
    "potential": gettext_lazy("Potential"),
    "segment": gettext_lazy("Segment"),
}


def _number(row: Mapping[str, Any], at: int) -> Decimal | None:
    numbers = row.get("numbers") or []
    return Decimal(numbers[at]) if at < len(numbers) and numbers[at] is not None else None


def _day(row: Mapping[str, Any]) -> str:
    return str(day_text(date.fromisoformat(row["day"]))) if row.get("day") else ""


def _joined(*words: str) -> str:
    return " · ".join(word for word in words if word)


def _figure(row: Any, currency: str, _made: date | None) -> str:
    actual, target, pace = (_number(row, at) for at in range(3))
    if target is None:
        return f"{amount(actual)} {currency}"
    facts = {
        "actual": amount(actual),
        "target": amount(target),
        "currency": currency,
        "pace": percent(pace) if pace is not None else "–",
    }
    return _("%(actual)s of %(target)s %(currency)s planned to date: %(pace)s") % facts


def _goal(row: Any, _currency: str, _made: date | None) -> str:
    actual, target, attained, expected = (_number(row, at) for at in range(4))
    facts = {
        "target": _plain(target),
        "metric": row["who"],
        "actual": _plain(actual),
        "attained": percent(attained) if attained is not None else "–",
        "expected": percent(expected) if expected is not None else "–",
    }
    if actual is None:
        return _("not measured yet; target %(target)s %(metric)s") % facts
    return (
        _("%(actual)s of %(target)s %(metric)s: %(attained)s of the way, %(expected)s expected")
        % facts
    )


def _plain(number: Decimal | None) -> str:
    if number is None:
        return "–"
    return plain(number, 0 if number == number.to_integral_value() else 2)


def _late(row: Any, _currency: str, made: date | None) -> str:
    if not row.get("day"):
        return row.get("who", "")
    days = (made - date.fromisoformat(row["day"])).days if made else 0
    late = ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days} if days > 0 else ""
    return _joined(row.get("who", ""), _day(row), late)


def _when(row: Any, _currency: str, _made: date | None) -> str:
    return _joined(row.get("who", ""), _day(row))


def _score(row: Any, _currency: str, _made: date | None) -> str:
    if row["code"] in ("profitability", "potential"):
        before, after = (_number(row, at) for at in range(2))
        return f"{_plain(before)} → {_plain(after)}"
    if row["code"] == "cell":
        return f"{_cell(row['before'])} → {_cell(row['after'])}"
    return f"{row['before']} → {row['after']}"


def _cell(cell: str) -> str:
    return str(CellText.Cell(cell).label) if cell in CellText.Cell.values else "–"


def _contact(row: Any, _currency: str, _made: date | None) -> str:
    if row["code"] == "new":
        return _joined(_("new"), row["who"])
    changed = []
    for choices, before, after in zip(
        (Contact.Attitude, Contact.Coverage), row["before"], row["after"], strict=True
    ):
        if before != after:
            changed.append(f"{_choice(choices, before)} → {_choice(choices, after)}")
    return _joined(*changed)


def _choice(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else "–"


def _said(row: Any, _currency: str, _made: date | None) -> str:
    words = {
        "comment": _("said"),
        "confirmed": _("confirmed the goal"),
        "refused": _("did not confirm the goal"),
    }
    return _joined(row["who"], words.get(row["code"], ""), _day(row))


def _need(row: Any, currency: str, _made: date | None) -> str:
    value, realised = _number(row, 0), _number(row, 1)
    if row["code"] == "realised":
        worth = realised if realised is not None else value
        state = _("realised")
    else:
        worth, state = value, _("agreed")
    money = f"{amount(worth)} {currency}" if worth is not None else ""
    return _joined(state, money, row["who"], _day(row))


def _expired(row: Any, _currency: str, _made: date | None) -> str:
    return _("held until %(day)s") % {"day": _day(row)}


def _count(row: Any, _currency: str, _made: date | None) -> str:
    n, of = _number(row, 0), _number(row, 1)
    if row["code"] == "late":
        return _plain(n)
    return _("%(n)s of %(all)s") % {"n": _plain(n), "all": _plain(of)}


def _review(row: Any, currency: str, made: date | None) -> str:
    return _joined(str(Review.Kind(row["code"]).label), _late(row, currency, made))


WORDS: dict[str, Callable[[Any, str, date | None], str]] = {
    "decisions": _late,
    "figures": _figure,
    "goals": _goal,
    "late": _late,
    "soon": _when,
    "done": _when,
    "scores": _score,
    "contacts": _contact,
    "customer": _said,
    "needs": _need,
    "facts": _expired,
    "plans": _count,
    "behind": _figure,
    "reviews": _review,
}
