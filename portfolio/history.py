"""By which services archived rows of this app come back.

Old values of single fields go back by the services that the pages' in-place editing names.
"""

from kam.history import restores
from portfolio.models import Criterion, CriterionGroup
from portfolio.services.criteria import restore_criterion, restore_group

restores(CriterionGroup, restore_group)
restores(Criterion, restore_criterion)
