"""What the visitor sees and posts, and a link whose day is over."""

import re
from datetime import timedelta

from kam.periods import company_today
from plans.models import PlanShare


def page(issued) -> str:
    return f"/joint/{issued.token}/"


def text_of(response) -> str:
    return response.content.decode()


def goal_form(visitor, issued) -> dict[str, str]:
    """What the visitor would post for the page's first goal."""
    html = text_of(visitor.get(page(issued)))
    form = html[html.index(f"{page(issued)}goal/") :]
    return {
        "key": re.search(r'name="key" value="(\d+)"', form)[1],
        "state": re.search(r'name="state" value="(\w+)"', form)[1],
    }


def expire(issued):
    PlanShare.objects.update(expires_on=company_today() - timedelta(days=1))
