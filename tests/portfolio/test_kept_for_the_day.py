"""In a large company the night computes the usual figures, and they hold until the next one."""

from kam.periods import add_months, company_today, company_year, month_of
from portfolio import concentration, matrix, nightly, white_space
from portfolio.services import scoring
from tests.portfolio.conftest import sell


def test_the_nights_figures_hold_until_the_next_night(cast, version, monkeypatch):
    for module, name in (
        (concentration, "LARGE"),
        (white_space, "LARGE"),
        (matrix, "KEPT_FROM"),
    ):
        monkeypatch.setattr(module, name, 1)
    portfolio, year = concentration.Portfolio(cast.management), company_year().year
    scoring.score_night()
    nightly.compute_the_usual()
    first = concentration.kept_year(portfolio, year)
    assert concentration.kept_year(portfolio, year).at == first.at
    sell(cast.foreign, cast.product, add_months(month_of(company_today()), -1), 900)
    assert concentration.kept_year(portfolio, year).at == first.at
    assert white_space.last_white_space(portfolio, company_today()).rows == ()
    scoring.score_night()
    assert concentration.kept_year(portfolio, year).at > first.at
