"""By which services archived rows of this app come back.

Old values of single fields go back by the services that the pages' in-place editing names.
"""

from kam.history import restores
from plans.models import (
    AccountPlan,
    Activity,
    ActivityPerson,
    Goal,
    GoalStep,
    LevelGoal,
    Need,
    PlanShare,
    Strategy,
    Target,
    ValueProposition,
)
from plans.services.activities import restore_activity, restore_person
from plans.services.goals import restore_goal, restore_step, restore_strategy
from plans.services.levels import restore_level_goal
from plans.services.needs import restore_need, restore_proposition
from plans.services.plans import restore_plan
from plans.services.sharing import never_restored
from plans.services.targets import restore_target

restores(AccountPlan, restore_plan)
restores(Target, restore_target)
restores(Goal, restore_goal)
restores(LevelGoal, restore_level_goal)
restores(Activity, restore_activity)
restores(PlanShare, never_restored)
restores(Need, restore_need)
restores(ValueProposition, restore_proposition)
restores(GoalStep, restore_step)
restores(Strategy, restore_strategy)
restores(ActivityPerson, restore_person)
