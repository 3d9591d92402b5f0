"""Our own side of the demo company: people, teams, products, budget rates."""

from dataclasses import dataclass
from decimal import Decimal

NAME = "Tindvik Industrial"
CURRENCY = "EUR"
ACCENT = "#1f5f8b"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of ours. ``team`` is a key of ``TEAMS``; ``home``: the country of their accounts."""

    key: str
    name: str
    role: str
    title: str
    team: str = ""
    home: str = ""
    timezone: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@example.com"


@dataclass(frozen=True, slots=True)
class TeamSeed:
    key: str
    name: str
    parent: str
    leader: str


TEAMS = (
    TeamSeed("group", "Tindvik Industrial", "", "management"),
    TeamSeed("scandinavia", "Scandinavia", "group", "lars-ake.sundhage"),
    TeamSeed("norway", "Norway", "scandinavia", "leader"),
    TeamSeed("sweden", "Sweden", "scandinavia", "birgitta.ekdahl"),
    TeamSeed("denmark", "Denmark and Germany", "scandinavia", "soren.vestrup"),
    TeamSeed("finland", "Finland and Poland", "group", "paivi.rantakallio"),
)

KAM_TITLE = "Key Account Manager"
PEOPLE = (
    Person("admin", "Sølvi Brekkan", "administrator", "Sales systems"),
    Person("management", "Ingrid Falkenhaug", "management", "Chief Commercial Officer", "group"),
    Person("torbjorn.wallgard", "Torbjörn Wallgård", "management", "Chief Executive Officer"),
    Person("lars-ake.sundhage", "Lars-Åke Sundhage", "leader", "Sales Director", "scandinavia"),
    Person("leader", "Håvard Nesbakk", "leader", "KAM leader", "norway"),
    Person("birgitta.ekdahl", "Birgitta Ekdahl-Löwenhielm", "leader", "KAM leader", "sweden"),
    Person("soren.vestrup", "Søren Vestrup", "leader", "KAM leader", "denmark"),
    Person("paivi.rantakallio", "Päivi Rantakallio", "leader", "KAM leader", "finland"),
    Person("kam", "Kari Solheimsvik", "kam", KAM_TITLE, "norway", "NO"),
    Person("oyvind.tangerud", "Øyvind Tangerud", "kam", KAM_TITLE, "norway", "NO"),
    Person("ragnhild.bjornestad", "Ragnhild Bjørnestad", "kam", KAM_TITLE, "norway", "NO"),
    Person("asa.lindhagen", "Åsa Lindhagen", "kam", KAM_TITLE, "sweden", "SE"),
    Person("mattias.oberg", "Mattias Öbergsson", "kam", KAM_TITLE, "sweden", "SE"),
    Person("elin.sjogrund", "Elin Sjögrund", "kam", KAM_TITLE, "sweden", "SE"),
    Person("mette.kjaerbo", "Mette Kjærbo", "kam", KAM_TITLE, "denmark", "DK"),
    Person("rasmus.holmegaard", "Rasmus Holmegaard", "kam", KAM_TITLE, "denmark", "DK"),
    Person("katrin.wendlandt", "Katrin Wendlandt", "kam", KAM_TITLE, "denmark", "DE"),
    Person(
        "jukka.vaisalampi", "Jukka Väisälampi", "kam", KAM_TITLE, "finland", "FI", "Europe/Helsinki"
    ),
    Person(
        "sanna-kaisa.myllymaki", "Sanna-Kaisa Myllymäki", "kam", KAM_TITLE, "finland", "FI",
        "Europe/Helsinki",
    ),
    Person(
        "antti.kuusilehto", "Antti Kuusilehto", "kam", KAM_TITLE, "finland", "FI", "Europe/Helsinki"
    ),
    Person("contributor", "Joakim Ådland", "contributor", "Application Engineer, Pumps"),
    Person("hanne.skovdal", "Hanne Skovdal", "contributor", "Head of Field Service"),
    Person("pekka.lehtimaa", "Pekka Lehtimaa", "contributor", "Bid Manager"),
    Person("anna.brannvik", "Anna Brännvik", "contributor", "Business Controller"),
    Person("geir.tofteng", "Geir Tofteng", "contributor", "Logistics and Operations"),
    Person("ulla.durrwald", "Ulla Dürrwald", "contributor", "Product Specialist, Valves"),
    Person("erp", "ERP interface", "service", "Sends sales facts each night"),
)  # fmt: skip

#: KAM → how many accounts they own, how many of these are key accounts.
PORTFOLIOS = {
    "kam": (22, 4),
    "oyvind.tangerud": (15, 2),
    "ragnhild.bjornestad": (14, 2),
    "asa.lindhagen": (16, 3),
    "mattias.oberg": (15, 2),
    "elin.sjogrund": (14, 2),
    "mette.kjaerbo": (14, 2),
    "rasmus.holmegaard": (13, 1),
    "katrin.wendlandt": (12, 2),
    "jukka.vaisalampi": (12, 2),
    "sanna-kaisa.myllymaki": (11, 1),
    "antti.kuusilehto": (10, 1),
}
#: Country → accounts that nobody owns.
UNOWNED = {"NO": 3, "SE": 3, "DK": 2, "FI": 3, "PL": 1}
CURRENCIES = {"NO": "NOK", "SE": "SEK", "DK": "DKK", "FI": "EUR", "DE": "EUR", "PL": "PLN"}

#: Line → the line above it.
LINES = {
    "Pumps": "",
    "Centrifugal pumps": "Pumps",
    "Dosing pumps": "Pumps",
    "Submersible pumps": "Pumps",
    "Valves": "",
    "Control valves": "Valves",
    "Shut-off valves": "Valves",
    "Seals and spare parts": "",
    "Service": "",
    "Service agreements": "Service",
    "Field service": "Service",
    "Condition monitoring": "",
}


@dataclass(frozen=True, slots=True)
class ProductSeed:
    """``price``: list price in EUR; ``margin``: what is left of the revenue after direct cost."""

    number: str
    name: str
    line: str
    unit: str
    price: int
    margin: float


PRODUCTS = (
    ProductSeed("CP-080", "Tind CP 80 end-suction pump", "Centrifugal pumps", "pcs", 3_400, 0.34),
    ProductSeed("CP-150", "Tind CP 150 process pump", "Centrifugal pumps", "pcs", 9_800, 0.36),
    ProductSeed("CP-400", "Tind CP 400 double-suction pump", "Centrifugal pumps", "pcs", 38_500, 0.31),
    ProductSeed("CP-SL", "Tind SL slurry pump, rubber-lined", "Centrifugal pumps", "pcs", 24_800, 0.38),
    ProductSeed("DP-010", "Dosera 10 metering pump", "Dosing pumps", "pcs", 1_250, 0.45),
    ProductSeed("DP-040", "Dosera 40 metering skid", "Dosing pumps", "pcs", 11_900, 0.41),
    ProductSeed("SP-020", "Havdyp 20 submersible pump", "Submersible pumps", "pcs", 2_150, 0.33),
    ProductSeed("SP-110", "Havdyp 110 sewage pump", "Submersible pumps", "pcs", 14_200, 0.32),
    ProductSeed("CV-050", "Regula 50 control valve", "Control valves", "pcs", 1_850, 0.42),
    ProductSeed("CV-200", "Regula 200 control valve with positioner", "Control valves", "pcs", 7_600, 0.44),
    ProductSeed("SV-100", "Lås 100 gate valve", "Shut-off valves", "pcs", 620, 0.29),
    ProductSeed("SV-300", "Lås 300 butterfly valve", "Shut-off valves", "pcs", 2_300, 0.30),
    ProductSeed("SV-KN", "Lås KN knife gate valve for pulp and slurry", "Shut-off valves", "pcs", 3_900, 0.35),
    ProductSeed("SE-MEC", "Mechanical seal kit", "Seals and spare parts", "kit", 540, 0.56),
    ProductSeed("SE-IMP", "Impeller and wear ring set", "Seals and spare parts", "kit", 1_380, 0.52),
    ProductSeed("SE-BRG", "Bearing unit", "Seals and spare parts", "pcs", 890, 0.48),
    ProductSeed("SA-BAS", "Service agreement Basic", "Service agreements", "month", 450, 0.47),
    ProductSeed("SA-PLU", "Service agreement Plus, 24 hours", "Service agreements", "month", 1_900, 0.44),
    ProductSeed("FS-DAY", "Field service, technician", "Field service", "day", 1_150, 0.37),
    ProductSeed("FS-OVH", "Workshop overhaul", "Field service", "job", 4_700, 0.35),
    ProductSeed("CM-SEN", "Vibra vibration sensor", "Condition monitoring", "pcs", 320, 0.58),
    ProductSeed("CM-SUB", "Vibra Cloud, per machine", "Condition monitoring", "month", 18, 0.74),
)  # fmt: skip

#: What one unit was worth in EUR, from the present year (0) backwards; PLN is missing for this year.
RATES: dict[str, tuple[str | None, ...]] = {
    "NOK": ("0.0855", "0.0848", "0.0862", "0.0885", "0.0930"),
    "SEK": ("0.0890", "0.0872", "0.0878", "0.0870", "0.0935"),
    "DKK": ("0.1340", "0.1340", "0.1341", "0.1342", "0.1344"),
    "PLN": (None, "0.2330", "0.2290", "0.2150", "0.2180"),
}


def rates_of(offset: int) -> dict[str, Decimal]:
    """The budget rates of the year ``offset`` years from now (0, −1, …; 1 takes this year's)."""
    at = max(0, -offset)
    return {
        currency: Decimal(rate)
        for currency, rates in RATES.items()
        if (rate := rates[min(at, len(rates) - 1)]) is not None
    }


def price_level(currency: str) -> float:
    """How many units of a currency the price list takes for one EUR."""
    if currency == CURRENCY:
        return 1.0
    return 1 / float(next(rate for rate in RATES[currency] if rate is not None))


KAMS = tuple(person for person in PEOPLE if person.role == "kam")
BY_KEY = {person.key: person for person in PEOPLE}
