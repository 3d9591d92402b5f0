"""The classification process: propose → decide whether to add → validate → confirm or reject.

Each step locks the nomination and asks again whether it is its turn, so that of two people who decide
at the same moment one decides and the other is told. The limit of key accounts is asked at the
proposal and held at the confirmation (``accounts.services.key_accounts``). Who may take a step is asked
at the edges: ``NominationQuerySet.decided_by`` and ``proposed_by``.
"""

from portfolio.services.nominations.findings import CUTS, findings_of, sentences
from portfolio.services.nominations.process import (
    STAYS,
    accept,
    change,
    confirm,
    propose,
    reject,
    validate,
    withdraw,
)
from portfolio.services.nominations.room import Room, room_for
from portfolio.services.nominations.steps import (
    ACCEPT,
    CONFIRM,
    REJECT,
    STEPS,
    VALIDATE,
    WAITING,
    WITHDRAW,
    NominationRefusal,
    NotItsTurn,
    Step,
)
from portfolio.services.nominations.turns import (
    AHEAD,
    ANOTHER,
    ASKS,
    deciders,
    own,
    proposers,
    remind,
)

__all__ = [
    "ACCEPT",
    "AHEAD",
    "ANOTHER",
    "ASKS",
    "CONFIRM",
    "CUTS",
    "REJECT",
    "STAYS",
    "STEPS",
    "VALIDATE",
    "WAITING",
    "WITHDRAW",
    "NominationRefusal",
    "NotItsTurn",
    "Room",
    "Step",
    "accept",
    "change",
    "confirm",
    "deciders",
    "findings_of",
    "own",
    "propose",
    "proposers",
    "reject",
    "remind",
    "room_for",
    "sentences",
    "validate",
    "withdraw",
]
