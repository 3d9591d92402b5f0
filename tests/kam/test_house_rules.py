"""What holds for every model, task and edge of the project, also for those not written yet."""

import ast
import inspect
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.db.models import Model

from kam.scoping import ScopedQuerySet

PROJECT = Path(__file__).parents[2]
APPS = ["kam", "accounts", "portfolio", "salesprocess", "plans", "incentives"]

#: Models without audit events, and why.
NOT_AUDITED = {
    "kam.ApiToken": "its whole life stands in its own columns; secrets stay out of history",
    "kam.AuditEntry": "is the trail itself",
    "kam.Notification": "a message, not business data",
    "kam.SavedView": "a person's own filter",
    "kam.Job": "work, not business data; its states stand in its own columns",
    "kam.TaskRun": "the last run of each task, nothing more",
    "kam.ImportMap": "how a file is read; each import keeps the map it used",
    "kam.ImportBatch": "is itself the record of what came in",
    "accounts.SalesFact": "their history is the chain of batches with the kept files",
    "accounts.StaleYear": "derived, set by triggers",
    "accounts.AccountYear": "derived from the facts",
    "accounts.AccountFigures": "derived from the facts and rates",
    "portfolio.DashboardChoice": "a person's own choice of panels",
    "portfolio.ScoringRun": "work of a night; its states stand in its own columns",
    "portfolio.ScoreStage": "the unpublished part of a run",
    "portfolio.AccountScore": "is itself the history: derived from inputs, night by night",
    "portfolio.PortfolioNight": "derived from the scores",
    "portfolio.SegmentPlacement": "is itself the history: derived from scores and overrides",
    "portfolio.NominationStep": "is itself the history of a nomination",
    "plans.PortfolioMonth": "derived from facts and targets",
    "plans.PortfolioCount": "derived from accounts, plans and activities",
    "plans.PortfolioPart": "derived from facts, targets and what accounts are",
    "plans.AccountToDate": "derived from facts and targets",
    "plans.MeasuredGoals": "derived from what goals measure, night by night",
    "plans.StalePortfolio": "derived, set by triggers",
    "plans.AgreedMonth": "derived from versions by triggers",
    "plans.CompanyPart": "derived from the portfolios' parts",
    "plans.CompanyMonth": "derived from the portfolios' months",
    "plans.TeamMonth": "derived from the portfolios' months",
    "plans.StaleCompany": "derived, set by triggers",
    "plans.CalendarFeed": "its whole life stands in its own columns; secrets stay out of history",
    "plans.PlanVersion": "is itself the history: written once, never changed",
    "plans.ShareEvent": "is itself the record of what was done with a link",
    "plans.Presence": "who has a plan open now; gone after a minute",
    "plans.KeptForecast": "is itself the history: kept by the night, never changed",
    "plans.ForecastOutcome": "derived from kept forecasts and facts",
    "plans.Reminder": "what was told to whom; is itself the record",
    "plans.SentReport": "is itself the record of what was made and sent",
}
#: Models without a scoped manager, and why.
NOT_SCOPED = {
    "kam.User": "its manager is made from UserQuerySet, which is scoped",
    "kam.TaskRun": "no person reads it; /readyz does",
    "accounts.StaleYear": "no person reads it",
    "plans.StalePortfolio": "no person reads it",
}


def models() -> list[type[Model]]:
    return [
        model
        for label in APPS
        if apps.is_installed(label)
        for model in apps.get_app_config(label).get_models()
        if not hasattr(model, "pgh_tracked_model")
    ]


@pytest.mark.parametrize("model", models(), ids=lambda m: m._meta.label)
def test_every_model_is_audited(model):
    audited = any(rel.get_accessor_name() == "events" for rel in model._meta.related_objects)
    assert audited != (model._meta.label in NOT_AUDITED)


@pytest.mark.parametrize("model", models(), ids=lambda m: m._meta.label)
def test_every_model_says_who_sees_it(model):
    queryset = model._default_manager.get_queryset()
    if model._meta.label in NOT_SCOPED:
        assert NOT_SCOPED[model._meta.label]
        return
    assert isinstance(queryset, ScopedQuerySet)


def test_people_are_scoped_though_their_manager_is_their_own():
    assert isinstance(apps.get_model("kam.User")._default_manager.all(), ScopedQuerySet)


def test_the_lists_of_exceptions_name_existing_models():
    labels = {model._meta.label for model in models()}
    gone = {
        label
        for label in {*NOT_AUDITED, *NOT_SCOPED}
        if label not in labels and apps.is_installed(label.split(".")[0])
    }
    assert gone == set()


def tasks() -> dict[str, object]:
    current_app.loader.import_default_modules()
    return {n: t for n, t in current_app.tasks.items() if n.split(".")[0] in APPS}


def test_every_task_ends_and_survives_new_arguments():
    assert tasks()
    wrong = [
        name
        for name, task in tasks().items()
        if not task.time_limit
        or task.time_limit > 1800
        or not any(
            p.kind is inspect.Parameter.VAR_KEYWORD
            for p in inspect.signature(task.run).parameters.values()
        )
        or any(
            p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
            for p in inspect.signature(task.run).parameters.values()
        )
    ]
    assert wrong == []


# --- no bare queries at the edges ---------------------------------------------------------------

EDGES = ("views", "api", "forms", "serializers", "filters")
#: Any of these in the chain (or around it) is the scope's own word.
SCOPED = {
    "visible_to",
    "editable_by",
    "figures_visible_to",
    "approvable_by",
    "steered_by",
    "staffed_by",
    "led_by",
    "none",
    "create",
    "model",
}


def edge_files() -> list[Path]:
    return sorted(
        path
        for app in APPS
        for path in (PROJECT / app).rglob("*.py")
        if path.stem.split("_")[-1] in EDGES
        or set(path.relative_to(PROJECT).parts[1:-1]) & set(EDGES)
    )


def bare_queries(source: str) -> list[int]:
    """Lines with ``X.objects`` whose chain of calls never names the scope.

    Allowed: ``queryset = X.objects…`` in a class body (the base class scopes it), an argument of
    ``fetch_visible`` or ``fetch_editable``, and a line (or the one above) that says
    ``# unscoped: why``.
    """
    tree = ast.parse(source)
    lines = source.splitlines()
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager")):
            continue
        names, at = set(), node
        while True:
            above = parents.get(at)
            if isinstance(above, ast.Attribute):
                names.add(above.attr)
            elif isinstance(above, ast.Call) and above.func is not at:
                called = above.func
                names.add(called.attr if isinstance(called, ast.Attribute) else called.id)
                break
            elif isinstance(above, ast.Assign) and isinstance(parents.get(above), ast.ClassDef):
                names |= {t.id for t in above.targets if isinstance(t, ast.Name)} & {"queryset"}
                break
            elif not isinstance(above, ast.Call):
                break
            at = above
        if names & (SCOPED | {"fetch_visible", "fetch_editable", "queryset"}):
            continue
        first, last = node.lineno - 2, getattr(at, "end_lineno", node.lineno)
        if not any("# unscoped:" in line for line in lines[max(first, 0) : last]):
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", edge_files(), ids=lambda p: str(p.relative_to(PROJECT)))
def test_no_edge_reads_rows_past_the_scope(path):
    assert bare_queries(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("rows = Account.objects.all()", [1]),
        ("rows = Account.objects.filter(pk=1).first()", [1]),
        ("x = get(User.objects.get(pk=1))", [1]),
        ("rows = Account.objects.visible_to(user).filter(pk=1)", []),
        ("row = fetch_visible(Account.objects, user, pk=1)", []),
        ("class V:\n    queryset = Account.objects.all()", []),
        ("queryset = Account.objects.all()", [1]),
        ("rows = Account.objects.all()  # unscoped: counted for nobody", []),
    ],
)
def test_the_search_for_bare_queries_finds_them(source, bare):
    assert bare_queries(source) == bare
