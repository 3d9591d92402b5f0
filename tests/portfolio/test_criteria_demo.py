"""The demo company's criteria can be made and are sound."""

from datetime import date

from kam.audit import source
from portfolio.criteria import comparison_of
from portfolio.demo.criteria import make_criteria
from portfolio.models import CriteriaVersion, Criterion
from portfolio.services import criteria


def test_the_demo_has_three_sound_versions(cast):
    with source("command", user=cast.administrator.pk):
        made = make_criteria(date(2026, 5, 15))
    assert {key: version.state for key, version in made.items()} == {
        "archived": "archived", "active": "active", "draft": "draft",
    }  # fmt: skip
    assert made["archived"].active_to == made["active"].active_from == date(2025, 3, 1)
    for version in made.values():
        assert criteria.faults(version) == []
    assert CriteriaVersion.objects.count() == 3
    assert len(set(made["active"].groups.values_list("axis", flat=True))) == 7
    codes = Criterion.objects.filter(group__criteria_version=made["draft"]).values("code")
    assert len(codes) == 30
    groups = comparison_of(made["draft"], "potential", None)
    assert [sheet.result.weighing.consistent for sheet in groups.sheets] == [True, True, False]
