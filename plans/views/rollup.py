"""The roll-up's pages: company, team, portfolio, account, and the lines that a total consists of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import SalesFact
from kam.listing import Key, key_page
from kam.models import Company
from kam.number_text import amount, percent, short, signed, signed_percent
from kam.periods import FiscalYear, company_today, company_year
from kam.scoping import principal
from plans import rollups
from plans.calc import ZERO, change
from plans.lines import fact_lines, target_lines
from plans.models import AccountPlan, TargetMonth
from plans.rollup_pictures import bullet_of, message_of, months_of, trend_of
from plans.rollup_scope import WITH_ID, Scope, scope_of
from plans.rollup_text import definitions, freshness_words
from plans.rollups import Counts, Figures, Node, Part
from plans.rollups.along import LINES

#: Accounts on a page: each row draws its bar, and a page stays light.
ACCOUNTS_SHOWN = 25
BY_NAME = (Key("name"), Key("id"))
STATUS_KIND = {"draft": "draft", "submitted": "active", "returned": "warn",
    "approved": "good", "active": "good", "amending": "warn"}  # fmt: skip


def asked_year(request: HttpRequest) -> FiscalYear:
    """The fiscal year of ``?year=``; the present one without."""
    text = request.GET.get("year", "")
    if not text:
        return company_year()
    if not (len(text) == 4 and text.isascii() and text.isdigit() and 1990 <= int(text) <= 2100):
        raise BadRequest(_("A year is a number such as 2026."))
    return company_year(int(text))


def address(level: str, pk: int | None, year: FiscalYear) -> str:
    """The page of one level in one year."""
    name = "plans:rollup_" + level if level != "own" else "plans:rollup"
    return reverse(name, args=[] if pk is None else [pk]) + f"?year={year.year}"


def lines_address(
    level: str, pk: int | None, year: FiscalYear, show: str = "sales", month: date | None = None
) -> str:
    """The lines that a level's total consists of."""
    args = [level] if pk is None else [level, pk]
    extra = f"&month={month:%Y-%m}" if month else ""
    return reverse("plans:rollup_lines", args=args) + f"?year={year.year}&show={show}{extra}"


def level_plan_address(level: str, pk: int | None, year: FiscalYear) -> str:
    """The panel of the level's own plan; empty for what has none."""
    if level not in ("company", "team", "kam"):
        return ""
    args = [level] if pk is None else [level, pk]
    return reverse("plans:level_panel", args=args) + f"?year={year.year}"


def other_lines(level: str, pk: int | None, year: FiscalYear) -> list[tuple[Any, str]]:
    """The same figures along other lines, and how good the forecasts were: (name, address)."""
    if level not in ("company", "own", "team", "kam"):
        return []
    rest = [level] if pk is None else [level, pk]
    found = [
        (word, reverse("plans:along", args=[line, *rest]) + f"?year={year.year}")
        for line, word in LINES.items()
    ]
    return [*found, (_("Forecast accuracy"), reverse("plans:accuracy", args=rest))]


@login_required
@require_safe
def rollup(request: HttpRequest) -> HttpResponse:
    """The person's own top: the company, their teams, or their portfolio."""
    scope, year = scope_of(request.user), asked_year(request)
    if scope.sees_all:
        return redirect(address("company", None, year))
    person = principal(request.user)
    node = scope.node("own", None, year, company_today())
    teams = [part for part in node.parts if part.kind == "team"]
    if not teams:
        return redirect(address("kam", person.pk, year))  # type: ignore[union-attr]
    if len(node.parts) == 1:
        return redirect(address("team", teams[0].pk, year))
    return _node_page(request, node, year)


@login_required
@require_safe
def company(request: HttpRequest) -> HttpResponse:
    """The whole company: top teams, people outside the teams, accounts without an owner."""
    return _level(request, "company", None)


@login_required
@require_safe
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One team: its sub-teams and members."""
    return _level(request, "team", pk)


def _level(request: HttpRequest, level: str, pk: int | None) -> HttpResponse:
    year = asked_year(request)
    node = scope_of(request.user).node(level, pk, year, company_today())
    return _node_page(request, node, year)


def _node_page(request: HttpRequest, node: Node, year: FiscalYear) -> HttpResponse:
    rows = [
        {
            "part": part,
            "label": label_of(part),
            "url": address(part.kind, part.pk, year),
            "bullet": bullet_of(part.figures.year),
            "trend": trend_of(part.figures.year),
            "missing": part.figures.missing,
        }
        for part in node.parts
    ]
    return render(request, "plans/rollup/node.html", node_context(node, year) | {"rows": rows})


@login_required
@require_safe
def kam(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's portfolio, account by account."""
    return _portfolio(request, "kam", pk)


@login_required
@require_safe
def unowned(request: HttpRequest) -> HttpResponse:
    """The accounts that nobody owns."""
    return _portfolio(request, "unowned", None)


def _portfolio(request: HttpRequest, level: str, pk: int | None) -> HttpResponse:
    year, today, scope = asked_year(request), company_today(), scope_of(request.user)
    node, team_of = _portfolio_node(scope, level, pk, year, today)
    # The owner was asked for in the scope; what they own is seen by whoever may open their figures.
    accounts = scope.accounts().filter(owner=pk) if pk else scope.accounts().unowned()
    only = request.GET.get("plan", "")
    found = rollups.with_plans(accounts, year, today)
    if only == "none":
        found = found.filter(plan_id__isnull=True)
    page = key_page(
        found,
        BY_NAME,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=ACCOUNTS_SHOWN,
    )
    sheet = rollups.Sheet(year, year.closed_months(today), node.rates)
    states = dict(AccountPlan.Status.choices)
    rows = [
        {
            "part": part,
            "bullet": bullet_of(part.figures.year),
            "status": states.get(part.plan_status),
            "status_kind": STATUS_KIND.get(part.plan_status, ""),
            "url": address("account", part.account.pk, year),
        }
        for part in rollups.account_parts(page.rows, sheet)
    ]
    context = node_context(node, year, team_of=team_of)
    return render(
        request,
        "plans/rollup/portfolio.html",
        context | {"rows": rows, "page": page, "only": only},
    )


def _portfolio_node(
    scope: Scope, level: str, pk: int | None, year: FiscalYear, today: date
) -> tuple[Node, Any]:
    if level == "unowned":
        return scope.node("unowned", None, year, today), None
    owner = scope.owner(pk)
    shows_team = scope.sees_all or owner.pk != principal(scope.user).pk  # type: ignore[union-attr]
    return rollups.portfolio(owner, year, today), owner.team if shows_team else None


@login_required
@require_safe
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """An account's own figures, and apart from them the sum with its subsidiaries."""
    year, today, scope = asked_year(request), company_today(), scope_of(request.user)
    found = rollups.with_plans(scope.accounts().select_related("owner"), year, today)
    row = found.filter(pk=pk or 0).first()
    if row is None:
        raise Http404
    tree = rollups.account_tree(row, scope.accounts(), year, today)
    below = [
        {
            "account": child,
            "figures": figures,
            "bullet": bullet_of(figures.year),
            "trend": trend_of(figures.year),
            "depth": len(child.path) - len(row.path),
            "url": address("account", child.pk, year),
        }
        for child, figures in tree.below
    ]
    crumbs = [{"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"}]
    if row.owner and scope.owners.filter(pk=row.owner.pk).exists():
        crumbs.append({"label": row.owner.name, "url": address("kam", row.owner.pk, year)})
    counts = Counts(
        1, int(row.is_key_account), int(row.plan_id is not None), 0,
        row.open_activities or 0, row.late_activities or 0,
    )  # fmt: skip
    return render(
        request,
        "plans/rollup/account.html",
        {
            "account": row,
            "tree": tree,
            "below": below,
            "crumbs": crumbs,
            "figures": key_figures(tree.own, counts, tree.currency, "account", pk, year),
            "together": tree.together,
            "months": months_of(
                tree.own.year, lambda month: lines_address("account", pk, year, month=month)
            ),
            "message": message_of(tree.own.year),
            "missing": tree.own.missing,
            "missing_below": tree.together.missing,
            "currency": tree.currency,
            "definitions": definitions(tree.own, counts, tree.currency, year),
            **years_context(year),
            "lines_url": lines_address("account", pk, year),
            "target_lines_url": lines_address("account", pk, year, "targets"),
        },
    )


@login_required
@require_safe
def lines(request: HttpRequest, level: str, pk: int | None = None) -> HttpResponse:
    """The rows of a total: account, product, month, amount, rate, source, date, who."""
    if (level in WITH_ID) != (pk is not None):
        raise Http404
    year, today, scope = asked_year(request), company_today(), scope_of(request.user)
    show = "targets" if request.GET.get("show") == "targets" else "sales"
    month = _asked_month(request, year)
    if level == "account":
        row = scope.accounts().filter(pk=pk or 0).first()
        if row is None:
            raise Http404
        accounts, label = scope.accounts().filter(pk=pk or 0), row.name
        sheet = rollups.fill_accounts(rollups.sheet_for(year, today), [row.pk])
        total = sheet.total()
    else:
        accounts, owners = scope.accounts_of(level, pk)
        total, sheet = rollups.sums(
            owners, year, today,
            unowned=level in ("company", "unowned"), whole=level == "company",
        )  # fmt: skip
        if level == "company":
            accounts = None
        label = {
            "company": Company.current().name,
            "own": _("My teams"),
            "unowned": _("Accounts without an owner"),
        }.get(level) or _name_of(scope, level, pk)
    ways: dict[str, Any] = {"after": request.GET.get("after"), "before": request.GET.get("before")}
    rates = sheet.rates[year.year]
    if show == "sales":
        facts = SalesFact.objects.visible_to(request.user)
        page = fact_lines(facts, accounts, year, rates, month=month, **ways)
    else:
        targets = TargetMonth.objects.visible_to(request.user)
        page = target_lines(targets, accounts, year, rates, month=month, **ways)
    months = [m for m in total.year.months if month in (None, m.month)]
    measure = "actual" if show == "sales" else "target"
    return render(
        request,
        "plans/rollup/lines.html",
        {
            "label": label,
            "level": level,
            "show": show,
            "month": month,
            "page": page,
            "total": sum((getattr(m, measure) for m in months), start=ZERO),
            "total_margin": sum((getattr(m, f"{measure}_margin") for m in months), start=ZERO),
            "missing": [m for m in total.missing if (m.measure, m.year) == (measure, year.year)]
            if month is None
            else [],
            "currency": sheet.currency,
            "back_url": address(level, pk, year),
            "tabs": [
                {
                    "label": _("Sales"),
                    "url": lines_address(level, pk, year, "sales", month),
                    "current": show == "sales",
                },
                {
                    "label": _("Targets"),
                    "url": lines_address(level, pk, year, "targets", month),
                    "current": show == "targets",
                },
            ],
            "month_links": [
                (formats.date_format(m, "M Y"), lines_address(level, pk, year, show, m), m == month)
                for m in year.months()
            ],
            "all_url": lines_address(level, pk, year, show),
            "crumbs": [
                {"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"},
                {"label": label, "url": address(level, pk, year)},
            ],
            **years_context(year),
        },
    )


def _name_of(scope: Scope, level: str, pk: int | None) -> str:
    people = scope.teams if level == "team" else scope.owners
    return people.filter(pk=pk or 0).values_list("name", flat=True).get()


def _asked_month(request: HttpRequest, year: FiscalYear) -> date | None:
    text = request.GET.get("month", "")
    if not text:
        return None
    for month in year.months():
        if f"{month:%Y-%m}" == text:
            return month
    raise BadRequest(_("The month does not lie in the year."))


# --- what the pages show --------------------------------------------------------------------------


def label_of(part: Part | Node) -> str:
    """The name of a part; accounts without an owner have a name of their own."""
    return _("Accounts without an owner") if part.kind == "unowned" else part.label


def years_context(year: FiscalYear) -> dict[str, Any]:
    """The year in force and the ways to its neighbours."""
    return {
        "year": year,
        "last_year": year.shifted(-1),
        "year_before": year.year - 1 if year.year > 1990 else None,
        "year_after": year.year + 1 if year.year < 2100 else None,
    }


def node_context(node: Node, year: FiscalYear, team_of: Any = None) -> dict[str, Any]:
    """What every level's page shows of itself."""
    top = {"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"}
    crumbs = [] if node.kind in ("company", "own") else [top]
    crumbs += [{"label": name, "url": address("team", pk, year)} for pk, name in node.above]
    if team_of is not None:
        crumbs.append({"label": team_of.name, "url": address("team", team_of.pk, year)})
    level, pk = node.kind, node.pk
    return {
        "node": node,
        "heading": label_of(node),
        "crumbs": crumbs,
        "currency": node.currency,
        "figures": key_figures(node.figures, node.counts, node.currency, level, pk, year),
        "months": months_of(
            node.figures.year, lambda month: lines_address(level, pk, year, month=month)
        ),
        "message": message_of(node.figures.year),
        "missing": node.figures.missing,
        "freshness": freshness_words(node),
        "definitions": definitions(node.figures, node.counts, node.currency, year),
        "lines_url": lines_address(level, pk, year),
        "target_lines_url": lines_address(level, pk, year, "targets"),
        "pdf_url": reverse("plans:rollup_pdf", args=[level] if pk is None else [level, pk])
        + f"?year={year.year}",
        "xlsx_url": reverse("plans:rollup_xlsx", args=[level] if pk is None else [level, pk])
        + f"?year={year.year}",
        "management_url": reverse("plans:management_pdf") + f"?year={year.year}"
        if level in ("company", "own")
        else "",
        "level_plan_url": level_plan_address(level, pk, year),
        "other_lines": other_lines(level, pk, year),
        **years_context(year),
    }


def key_figures(
    figures: Figures, counts: Counts, currency: str, level: str, pk: int | None, year: FiscalYear
) -> list[dict[str, Any]]:
    """The row of key figures, each with its way to the reason."""
    now = figures.year
    growth = change(now.closed_actual, figures.last_to_date)
    return [
        {
            "label": _("Target"),
            "value": _room(now.target) if now.target else None,
            "unit": currency,
            "note": _("last year %(amount)s") % {"amount": amount(figures.last.actual)}
            if figures.last.actual
            else "",
            "why": "#why-target",
            "url": lines_address(level, pk, year, "targets"),
        },
        {
            "label": _("Actual"),
            "value": _room(now.actual),
            "unit": currency,
            "note": _("%(change)s against last year to date") % {"change": signed_percent(growth)}
            if growth is not None
            else "",
            "note_kind": _kind(growth),
            "why": "#why-actual",
            "url": lines_address(level, pk, year),
        },
        {
            "label": _("Forecast"),
            "value": _room(now.forecast) if now.forecast else None,
            "unit": currency,
            "note": _("%(share)s of the target") % {"share": percent(now.forecast_attainment)}
            if now.forecast_attainment is not None
            else "",
            "why": "#why-forecast",
        },
        {
            "label": _("Attainment"),
            "value": percent(now.attainment) if now.attainment is not None else None,
            "note": _("gap %(amount)s") % {"amount": signed(now.gap)}
            if now.gap is not None
            else "",
            "why": "#why-attainment",
        },
        {
            "label": _("Pace"),
            "value": percent(now.pace) if now.pace is not None else None,
            "note": _pace_words(now.pace),
            "note_kind": _kind(None if now.pace is None else now.pace - 1),
            "why": "#why-pace",
        },
        {
            "label": _("Margin"),
            "value": percent(now.margin_ratio, 1) if now.margin_ratio is not None else None,
            "note": f"{amount(now.actual_margin)} {currency}" if now.actual else "",
            "why": "#why-margin",
        },
        *(
            [
                {
                    "label": _("Accounts with a plan"),
                    "value": percent(counts.coverage) if counts.accounts else None,
                    "note": _("%(n)s of %(all)s without a plan")
                    % {"n": amount(counts.unplanned), "all": amount(counts.accounts)},
                    "note_kind": "warn" if counts.unplanned else "",
                    "why": "#why-coverage",
                }
            ]
            if level != "account"
            else []
        ),
        {
            "label": _("Open activities"),
            "value": amount(counts.open_activities),
            "note": ngettext("%(n)s late", "%(n)s late", counts.late_activities)
            % {"n": amount(counts.late_activities)},
            "note_kind": "bad" if counts.late_activities else "",
            "why": "#why-activities",
        },
    ]


def _room(value: Decimal) -> str:
    """An amount that has room in a key figure; the exact one stands among the reasons."""
    return short(value) if abs(value) >= 10_000_000 else amount(value)


def _kind(value: Any) -> str:
    if value is None or value == 0:
        return "muted"
    return "pos" if value > 0 else "neg"


def _pace_words(pace: Any) -> str:
    if pace is None:
        return _("no month with a target is over")
    if pace >= 1:
        return _("on or ahead of the plan")
    return _("behind the plan")
