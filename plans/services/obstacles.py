"""What of the plans stands against archiving an account."""

from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.services.accounts import before_archiving
from kam.periods import company_year
from plans.models import AccountPlan


@before_archiving
def open_plan(account: Account) -> str:
    """The first plan of the present or a later year that is neither closed nor archived, named.

    Plans of past years do not stand against it, whatever their state: nobody works on them.
    """
    plans = AccountPlan.objects.active().filter(account=account, year__gte=company_year().year)
    plan = plans.exclude(status=AccountPlan.Status.CLOSED).order_by("year").first()
    if plan is None:
        return ""
    return _("The plan %(plan)s is “%(state)s”. Close or archive it first.") % {
        "plan": f"{account} {company_year(plan.year).label}",
        "state": plan.get_status_display(),
    }
