"""The texts of plans' sections from a file."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.imports import ACCOUNTS
from kam.importing.resource import Column, Key, Record, Stored, register
from kam.models import ImportBatch
from kam.periods import company_today
from plans.models import AccountPlan, Audience, Section, SectionKind
from plans.plan_imports import ACCOUNT_NAMES, OfPlans, year_column
from plans.services.locks import LOCKED_TEXT
from plans.services.sections import WRITTEN

#: Sections that are known by what they are about; of the others a plan may have several.
KINDS = tuple((k, label) for k, label in SectionKind.choices if k != SectionKind.OTHER)


def _lines(text: str) -> str:
    """A text with one kind of line ends, whoever wrote it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


@register
class Sections(OfPlans):
    """Texts of sections, known by what they are about.

    All administrators see an import's preview, and its file is kept: so a section that is kept to
    few is neither compared nor written here, whoever imports.
    """

    name = "sections"
    label = gettext_lazy("Texts of plans")
    help = gettext_lazy(
        "One row for each account, fiscal year and section. The plan is there already; a section that "
        "it lacks is added at its end. Sections that are kept to few are written on the page alone."
    )
    order = 81
    model = Section
    key = ("account", "year", "kind")
    locked = LOCKED_TEXT
    plain = ("kind", "body", "source", "source_on")
    columns = (
        Column(
            "account",
            gettext_lazy("account"),
            "reference",
            required=True,
            path="plan__account__number",
            reference=ACCOUNTS,
            aliases=ACCOUNT_NAMES,
        ),
        year_column("plan__year"),
        Column.of(Section, "kind", choices=KINDS, aliases=("section",)),
        Column.of(Section, "body", aliases=("markdown", "content")),
        Column.of(Section, "source"),
        Column.of(Section, "source_on", aliases=("source date",)),
    )

    def same(self, name: str, stored: Any, wanted: Any) -> bool:
        if name == "body" and isinstance(stored, str) and isinstance(wanted, str):
            return _lines(stored) == _lines(wanted)
        return super().same(name, stored, wanted)

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        held = Section.objects.filter(pk__in=[s.pk for s in stored.values()])
        few = set(held.exclude(audience=Audience.ACCOUNT).values_list("pk", flat=True))
        foreign = self._foreign(records)
        open_to_all = []
        for record in records:
            section = stored.get(record.key)
            if (record.ids["account"], record.values["year"]) in foreign:
                yield record, "account", _("an account whose plan you may edit")
            elif section is not None and section.pk in few:
                # No word of why: the preview's readers need not read the section.
                yield record, "kind", _("a section that may be written by a file")
            else:
                open_to_all.append(record)
        yield from super().refuse(open_to_all, stored)

    def _foreign(self, records: list[Record]) -> set[tuple[int, int]]:
        """The plans that the one who imports may not edit; at the command line there are none."""
        if self.user is None:
            return set()
        plans = {plan.pk: key for key, plan in self._plans(records).items()}
        mine = AccountPlan.objects.editable_by(self.user).filter(pk__in=plans)
        return set(plans.values()) - {plans[pk] for pk in mine.values_list("pk", flat=True)}

    def more(self, plan: AccountPlan, record: Record) -> dict[str, Any]:
        found: dict[str, Any] = {"confirmed_on": company_today()}
        if isinstance(record.values.get("body"), str):
            found["body"] = _lines(record.values["body"])
        return found

    def _touched(self, name: str, fields: list[str]) -> bool:
        """New words are words of today."""
        return bool(WRITTEN.intersection(fields)) if name == "confirmed_on" else name in fields

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        plans = self._plans(records)
        last = Section.objects.filter(plan__in=plans.values()).order_by().values("plan")
        ends = dict(last.annotate(last=Max("position")).values_list("plan", "last"))
        sections = []
        for record in records:
            plan = plans[record.ids["account"], record.values["year"]]
            ends[plan.pk] = ends.get(plan.pk, -1) + 1
            section = Section(plan=plan, position=ends[plan.pk], **self.attributes(plan, record))
            if not section.body:
                section.confirmed_on = None
            sections.append(section)
        Section.objects.bulk_create(sections, batch_size=500)
