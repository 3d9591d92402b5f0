"""The demo company's customers: accounts, their contacts, the teams around them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from plans.demo import company, names

SEED = "tindvik-1"

#: How an account develops, and how often.
SHAPES = {
    "stable": 40,
    "growing": 20,
    "declining": 13,
    "lumpy": 10,
    "new": 8,
    "dying": 6,
    "prospect": 4,
}
KEY_SHAPES = {"stable": 9, "growing": 8, "declining": 4, "lumpy": 3}


@dataclass(slots=True)
class ContactSeed:
    """A person at the customer; ``reports_to`` and the holder are given by position and key."""

    name: str
    title: str
    email: str
    phone: str
    dmu_role: str
    influence: int | None
    attitude: str
    coverage: str
    reports_to: int | None = None
    holder: str = ""
    last_contact_on: date | None = None


@dataclass(slots=True)
class Seat:
    person: str
    function: str
    may_edit: bool = False


@dataclass(slots=True)
class AccountSeed:
    """A customer. ``size``: what they would buy in a normal year, in EUR; ``parent``: its name."""

    number: str
    name: str
    country: str
    industry: str
    owner: str
    is_key: bool
    shape: str
    size: float
    parent: str = ""
    type: str = "customer"
    lifecycle: str = "customer"
    level: str = "territory"
    employees: int | None = None
    customer_revenue: int | None = None
    founded: int | None = None
    website: str = ""
    description: str = ""
    contacts: list[ContactSeed] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)

    @property
    def currency(self) -> str:
        return company.CURRENCIES[self.country]


def rng(*about: object) -> Random:
    """Chance that is the same in every run, for one subject."""
    return Random(":".join(map(str, (SEED, *about))))  # noqa: S311 - no secret


def pick(chance: Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def accounts(today: date) -> list[AccountSeed]:
    """All customers. A parent may stand behind its children."""
    makers = _Names()
    found: list[AccountSeed] = []
    for kam in company.KAMS:
        total, keys = company.PORTFOLIOS[kam.key]
        own: list[AccountSeed] = []
        while len(own) < total:
            is_key = len(own) < keys
            # Key accounts first, then their plants, then the many others.
            heads = [a for a in own if a.is_key or a.size > 250_000]
            chance = rng("kind", kam.key, len(own))
            if not is_key and heads and chance.random() < 0.28:
                own.append(_below(chance.choice(heads), makers, kam.home, kam.key, len(own)))
            else:
                own.append(_account(makers, _country(kam, len(own)), kam.key, is_key, len(own)))
        found += own
    for country, count in company.UNOWNED.items():
        found += [_account(makers, country, "", False, i) for i in range(count)]
    _join_abroad(found)
    _put_group_above(found)
    _lengthen(found)
    for index, account in enumerate(found):
        account.number = f"{account.country}-{10_000 + index * 37}"
    for account in found:
        _finish(account, found, today)
    return found


def _country(kam: company.Person, index: int) -> str:
    return "PL" if kam.key == "antti.kuusilehto" and index == 4 else kam.home


class _Names:
    """Hands out each place once, so that no two firms are called the same."""

    def __init__(self) -> None:
        self._left = {}
        for country, places in names.PLACES.items():
            self._left[country] = list(places)
            rng("places", country).shuffle(self._left[country])
        self._used: set[str] = set()
        self._again: dict[str, int] = {}

    def firm(self, country: str, industry: str, chance: Random) -> str:
        trades = list(names.TRADES[industry][country])
        if self._left[country]:
            place = self._left[country].pop()
        else:  # a second firm of the same place, in another trade
            places = names.PLACES[country]
            at = self._again[country] = self._again.get(country, -1) + 1
            place = places[at % len(places)]
        for trade in [chance.choice(trades), *trades, "Industri", "Invest"]:
            name = f"{place} {trade} {names.FORMS[country]}"
            if name not in self._used:
                break
        self._used.add(name)
        return name

    def unit(self, head: AccountSeed, country: str, chance: Random) -> str:
        brand = head.name.removesuffix(names.FORMS[head.country]).strip()
        if country != head.country:
            form = names.FORMS[country]
            name = f"{brand} {names.COUNTRY_WORDS[country]} {form}"
            if name not in self._used:
                self._used.add(name)
                return name
        while True:
            pattern = chance.choice(names.UNITS[country])
            name = f"{brand}, {pattern.format(place=chance.choice(names.PLACES[country]))}"
            if name not in self._used:
                self._used.add(name)
                return name


def _account(makers: _Names, country: str, owner: str, is_key: bool, index: int) -> AccountSeed:
    chance = rng("account", owner, country, index)
    industry = chance.choice(list(names.TRADES))
    shape = pick(chance, KEY_SHAPES if is_key else SHAPES)
    size = chance.lognormvariate(13.75, 0.45) if is_key else chance.lognormvariate(11.35, 0.95)
    return AccountSeed(
        number="",
        name=makers.firm(country, industry, chance),
        country=country,
        industry=industry,
        owner=owner,
        is_key=is_key,
        shape=shape,
        size=round(size, -2),
    )


def _below(head: AccountSeed, makers: _Names, country: str, owner: str, index: int) -> AccountSeed:
    chance = rng("below", owner, country, index)
    return AccountSeed(
        number="",
        name=makers.unit(head, country, chance),
        country=country,
        industry=head.industry,
        owner=owner,
        is_key=False,
        shape=pick(chance, {"stable": 5, "growing": 2, "declining": 1, "lumpy": 1}),
        size=round(head.size * chance.uniform(0.08, 0.3), -2),
        parent=head.name,
    )


def _join_abroad(found: list[AccountSeed]) -> None:
    """Makes groups of the largest key accounts: firms abroad, kept by other KAMs, belong to them."""
    heads = sorted((a for a in found if a.is_key), key=lambda a: -a.size)[:6]
    for at, head in enumerate(heads):
        others = [
            a
            for a in found
            if a.owner
            and a.country not in (head.country, "PL")
            and not (a.is_key or a.parent or a.size >= head.size / 3)
            and not any(b.parent == a.name for b in found)
        ]
        for child in rng("abroad", at).sample(others, 2):
            name = _abroad_name(head, child.country)
            if all(a.name != name for a in found):
                child.name, child.parent, child.industry = name, head.name, head.industry
        head.level = "global"


def _abroad_name(head: AccountSeed, country: str) -> str:
    brand = head.name.removesuffix(names.FORMS[head.country]).strip()
    return f"{brand} {names.COUNTRY_WORDS[country]} {names.FORMS[country]}"


def _put_group_above(found: list[AccountSeed]) -> None:
    """A holding that buys nothing itself stands above the largest Swedish key account."""
    head = max((a for a in found if a.is_key and a.country == "SE"), key=lambda a: a.size)
    group = next(a for a in found if not a.owner and a.country == "SE")
    group.name, group.type, group.shape = names.GROUP, "group", "stable"
    group.owner, group.industry, group.size = head.owner, head.industry, 0
    head.parent = group.name


def _lengthen(found: list[AccountSeed]) -> None:
    """Somebody is always called longer than a column is wide."""
    account = next(
        a
        for a in found
        if a.owner == "kam"
        and a.industry == "Water and wastewater"
        and not (a.is_key or a.parent)
        and not any(b.parent == a.name for b in found)
    )
    account.name = names.LONGEST


def _finish(account: AccountSeed, found: list[AccountSeed], today: date) -> None:
    """What follows from the rest: level, lifecycle, facts about the firm, people."""
    chance = rng("facts", account.name)
    children = [a for a in found if a.parent == account.name]
    if account.level != "global":
        account.level = (
            "national" if account.is_key
            else "regional" if account.size > 250_000 or children
            else "territory"
        )  # fmt: skip
    account.lifecycle = {
        "prospect": "lead",
        "dying": chance.choice(["former", "dissatisfied"]),
    }.get(account.shape, "core" if account.is_key else "customer")
    if account.is_key and account.shape == "growing":
        account.lifecycle = "ambassador"
    if account.shape == "prospect":
        account.type = "prospect"
    account.employees = max(4, int(account.size / chance.uniform(900, 2600)))
    if account.size > 150_000:
        rate = company.price_level(account.currency)
        account.customer_revenue = int(round(account.size * chance.uniform(70, 240) * rate, -6))
    account.founded = chance.randint(1874, 2014) if chance.random() < 0.8 else None
    if account.is_key:
        account.website = f"https://{account.number.lower()}.example.com"
        account.description = _description(account, children)
    account.contacts = list(_contacts(account, today))
    account.seats = list(_seats(account))


def _description(account: AccountSeed, children: list[AccountSeed]) -> str:
    plants = len(children) + 1
    return (
        f"{account.industry}; {account.employees} people, "
        f"{'one site' if plants == 1 else f'{plants} sites that we deliver to'}. "
        "Frame agreement on rotating equipment, renewed every third year."
    )


def _contacts(account: AccountSeed, today: date) -> Iterator[ContactSeed]:
    chance = rng("contacts", account.name)
    if account.is_key:
        roles = ["decider", "approver", "buyer", "influencer", "user", "initiator", "gatekeeper"]
        roles = roles[: chance.randint(4, 7)]
    else:
        roles = ["buyer", "decider", "user"][: chance.choice([0, 1, 1, 2, 2, 3])]
    warm = {"growing": 2, "stable": 1, "declining": -1, "dying": -2}.get(account.shape, 0)
    for index, role in enumerate(roles):
        first = chance.choice(names.FIRST_NAMES[account.country])
        last = chance.choice(names.LAST_NAMES[account.country])
        mood = warm + chance.randint(-2, 2)
        attitude = (
            "mentor" if mood >= 3 else "supporter" if mood >= 1 else "neutral" if mood >= -1
            else "non_supporter" if mood >= -3 else "opponent"
        )  # fmt: skip
        coverage = chance.choices(
            ["unknown", "none", "brief", "multiple", "in_depth"],
            [1, 1, 4, 5, 3] if account.is_key else [3, 2, 4, 2, 1],
        )[0]
        known = coverage not in ("unknown", "none")
        days = int(chance.triangular(2, 260, 30 if account.is_key else 90))
        yield ContactSeed(
            name=f"{first} {last}",
            title=chance.choice(names.TITLES[role]),
            email=f"{_ascii(first)}.{_ascii(last)}@{account.number.lower()}.example.com",
            phone=_phone(account.country, chance),
            dmu_role=role,
            influence={"decider": 5, "approver": 4, "buyer": 3}.get(role, chance.randint(1, 4))
            if known
            else None,
            attitude=attitude if known else "",
            coverage=coverage,
            reports_to=0 if index and account.is_key else None,
            holder=_holder(account, role, chance) if known else "",
            last_contact_on=today - timedelta(days=days) if known else None,
        )


def _holder(account: AccountSeed, role: str, chance: Random) -> str:
    if account.is_key and role in ("decider", "approver") and chance.random() < 0.4:
        return "management"
    if account.is_key and role == "user":
        return "contributor"
    return account.owner


def _seats(account: AccountSeed) -> Iterator[Seat]:
    """The team around the account. Kari's key accounts are the demo contributor's too."""
    if not account.owner or not (account.is_key or account.size > 300_000):
        return
    chance = rng("seats", account.name)
    if account.is_key:
        colleagues = [
            k.key for k in company.KAMS
            if k.team == company.BY_KEY[account.owner].team and k.key != account.owner
        ]  # fmt: skip
        if chance.random() < 0.4:
            yield Seat(chance.choice(colleagues), "deputy", may_edit=True)
        if chance.random() < 0.5:
            yield Seat(chance.choice(["management", "torbjorn.wallgard"]), "sponsor")
        yield Seat("hanne.skovdal", "project")
    if account.owner == "kam":
        yield Seat("contributor", "specialist", may_edit=account.is_key)
    elif chance.random() < 0.3:
        yield Seat(chance.choice(["ulla.durrwald", "contributor"]), "specialist")
    if account.is_key and chance.random() < 0.5:
        yield Seat("pekka.lehtimaa", "bids")
    if account.is_key and chance.random() < 0.4:
        yield Seat("anna.brannvik", "finance")
    if chance.random() < 0.2:
        yield Seat("geir.tofteng", "operations")


_PLAIN = str.maketrans(
    {
        "å": "a", "ä": "a", "æ": "ae", "ö": "o", "ø": "o", "ü": "u", "ß": "ss", "é": "e", "ł": "l",
        "ś": "s", "ń": "n", "ą": "a", "ż": "z", "ź": "z", "ó": "o", "ę": "e", " ": "-",
    }
)  # fmt: skip


def _ascii(name: str) -> str:
    return name.lower().translate(_PLAIN)


def _phone(country: str, chance: Random) -> str:
    """A number in the country's form; the zeros say that nobody has it."""
    code = {"NO": "47", "SE": "46", "DK": "45", "DE": "49", "FI": "358", "PL": "48"}[country]
    return f"+{code} 00 {chance.randint(10, 99)} {chance.randint(10, 99)} {chance.randint(10, 99)}"
