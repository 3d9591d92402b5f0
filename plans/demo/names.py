"""Invented names, by country: of places that do not exist, trades, legal forms, people."""

#: What comes first in a firm's name.
PLACES: dict[str, tuple[str, ...]] = {
    "NO": (
        "Bremfjord", "Havnøyra", "Storåsvik", "Lysevang", "Tverrelven", "Skarvheim", "Krokholmen",
        "Fonnvik", "Åsgrenda", "Ølensjø", "Rånfoss", "Vedholm", "Sølvtind", "Nordvågen", "Hestnesvik",
        "Grønnskjær", "Myrdalsnes", "Hovdefoss", "Langsundet", "Trollvikåsen", "Brattheim", "Eidsåsen",
        "Kvitnesfjord", "Fagerstrøm", "Sundvær", "Bjørkåsen", "Lauvfjell", "Isvågen", "Rødberget",
        "Stornesset", "Selbusand", "Furuvika", "Ranheia", "Øyerhavn", "Kaldnesvik", "Vindåsen",
        "Heimfjell", "Tussvika", "Ytrefoss", "Gråsteinsvik",
    ),
    "SE": (
        "Granåker", "Älvshyttan", "Björkforsa", "Norrhamra", "Östervik", "Lövstaån", "Kallbäcken",
        "Hällsjö", "Rönnskog", "Sågmyran", "Vallåkra Norra", "Tjärnholm", "Blåbergsåsen", "Finnshyttan",
        "Klarström", "Åviken", "Mossgården", "Skärhult", "Ängsbro", "Stensjöholm", "Grytforsen",
        "Hammarängen", "Lillälven", "Storfallet", "Ljungåsa", "Tallhed", "Myrvallen", "Ekhammar",
        "Nybrofors", "Bruksvallen", "Solåkra", "Vintergatan", "Gässjö", "Västerlöt",
    ),
    "DK": (
        "Østerbjærg", "Rønnemose", "Skovlunden", "Hvidholm", "Ålebæk", "Klitmarken", "Sønderøhavn",
        "Bøgehøj", "Vestersande", "Lyngbakken", "Nørremølle", "Strandkær", "Egedalsminde", "Kærsholm",
        "Havrebjerg Nord", "Mosehuset", "Tværsted", "Fjordager", "Gråbjerg", "Humlegaarden", "Aabyhøjen",
        "Stenkilde", "Møllevang", "Engsøen",
    ),
    "DE": (
        "Hollerstedt", "Wendelbrück", "Grünfelde", "Lübsche Aue", "Kranichsee", "Südermoor", "Eichental",
        "Möwenhafen", "Steinwarder", "Ostermühle", "Weißenfurt",
    ),
    "FI": (
        "Kivisalmi", "Järvenrinne", "Lahnasuo", "Hopeaniemi", "Kuusilahti", "Tervakallio", "Pohjanvirta",
        "Mäntyranta", "Sinikoski", "Korpijoki", "Yläsaari", "Harjunpää", "Louhela", "Vesilinna",
        "Rautalampela", "Käpyharju", "Aaltosalo", "Metsäkoski", "Suvilahdenranta", "Hiidenkivi",
        "Ylämylly", "Pyhäsuo", "Törmälä",
    ),
    "PL": ("Zielonagóra Nowa", "Świetlin", "Brzozówek", "Łękowo"),
}  # fmt: skip

#: Industry → what a firm of it is called in each country.
TRADES: dict[str, dict[str, tuple[str, ...]]] = {
    "Pulp and paper": {
        "NO": ("Treforedling", "Cellulose"), "SE": ("Massa & Papper", "Pappersbruk"),
        "DK": ("Papir",), "DE": ("Papierwerke",), "FI": ("Sellu", "Paperi"), "PL": ("Papier",),
    },
    "Mining and minerals": {
        "NO": ("Gruver", "Mineral"), "SE": ("Gruv", "Mineral"), "DK": ("Råstoffer",),
        "DE": ("Bergbau",), "FI": ("Kaivos", "Mineraali"), "PL": ("Kopalnie",),
    },
    "Chemicals": {
        "NO": ("Kjemi",), "SE": ("Kemi",), "DK": ("Kemi",), "DE": ("Chemie",), "FI": ("Kemia",),
        "PL": ("Chemia",),
    },
    "Food and dairy": {
        "NO": ("Meieri", "Bryggeri"), "SE": ("Mejeri", "Livsmedel"), "DK": ("Mejeri", "Fødevarer"),
        "DE": ("Molkerei",), "FI": ("Meijeri", "Panimo"), "PL": ("Mleczarnia",),
    },
    "Aquaculture": {
        "NO": ("Sjømat", "Lakseoppdrett"), "SE": ("Fiskodling",), "DK": ("Havbrug",),
        "DE": ("Fischzucht",), "FI": ("Kalanviljely",), "PL": ("Ryby",),
    },
    "Water and wastewater": {
        "NO": ("Vann og Avløp", "Vannverk"), "SE": ("Vatten & Avlopp",), "DK": ("Vand & Spildevand",),
        "DE": ("Wasserwerke",), "FI": ("Vesihuolto",), "PL": ("Wodociągi",),
    },
    "Energy and district heating": {
        "NO": ("Fjernvarme", "Kraft"), "SE": ("Fjärrvärme", "Energi"), "DK": ("Fjernvarme",),
        "DE": ("Stadtwerke",), "FI": ("Kaukolämpö", "Energia"), "PL": ("Energia",),
    },
    "Shipyards and offshore": {
        "NO": ("Verft", "Offshore"), "SE": ("Varv",), "DK": ("Skibsværft", "Offshore"),
        "DE": ("Werft",), "FI": ("Telakka",), "PL": ("Stocznia",),
    },
    "Steel and metals": {
        "NO": ("Stål", "Smelteverk"), "SE": ("Stål", "Metallverk"), "DK": ("Stål",),
        "DE": ("Stahl",), "FI": ("Teräs", "Metalli"), "PL": ("Stal",),
    },
    "Pharmaceuticals": {
        "NO": ("Farma",), "SE": ("Läkemedel",), "DK": ("Medico",), "DE": ("Pharma",),
        "FI": ("Lääke",), "PL": ("Farma",),
    },
    "Building materials": {
        "NO": ("Sement",), "SE": ("Cement",), "DK": ("Tegl & Cement",), "DE": ("Zement",),
        "FI": ("Sementti",), "PL": ("Cement",),
    },
}  # fmt: skip

FORMS = {"NO": "AS", "SE": "AB", "DK": "A/S", "DE": "GmbH", "FI": "Oy", "PL": "Sp. z o.o."}
GROUP = "Brukskoncernen i Norrhamra AB"
LONGEST = (
    "Interkommunalt samarbeid for vann- og avløpstjenester i Sølvtind, Ytre Rånfoss og omegn IKS"
)
#: How a group calls its firm in another country.
COUNTRY_WORDS = {
    "NO": "Norge", "SE": "Sverige", "DK": "Danmark", "DE": "Deutschland", "FI": "Suomi",
    "PL": "Polska",
}  # fmt: skip
#: What a plant of a firm is called at home.
UNITS = {
    "NO": ("anlegg {place}", "Avd. {place}"),
    "SE": ("{place}verken", "fabriken i {place}"),
    "DK": ("anlæg {place}", "fabrik {place}"),
    "DE": ("Werk {place}",),
    "FI": ("{place}n tehdas", "yksikkö {place}"),
    "PL": ("zakład {place}",),
}

FIRST_NAMES: dict[str, tuple[str, ...]] = {
    "NO": ("Aslaug", "Bjarte", "Cecilie", "Dagfinn", "Eirik", "Frøydis", "Gunnhild", "Håkon", "Ingvild",
           "Jørgen", "Kjersti", "Leif", "Marit", "Njål", "Oddny", "Pål", "Randi", "Sigurd", "Tone",
           "Vegard", "Åse", "Øystein"),
    "SE": ("Agneta", "Bengt", "Cecilia", "Daniel", "Elsa", "Fredrik", "Gun-Britt", "Håkan", "Ingemar",
           "Jenny", "Kjell", "Linnéa", "Magnus", "Nils-Erik", "Olof", "Pernilla", "Rickard", "Siv",
           "Tomas", "Ulrika", "Åke", "Örjan"),
    "DK": ("Anders", "Bodil", "Claus", "Dorthe", "Erling", "Frederikke", "Grethe", "Henrik", "Inge",
           "Jeppe", "Kirsten", "Lone", "Mads", "Niels", "Pernille", "Søren", "Tove", "Ulrik", "Vibeke",
           "Aage"),
    "DE": ("Annegret", "Bernd", "Claudia", "Dirk", "Elke", "Friedhelm", "Heike", "Jürgen", "Käthe",
           "Lutz", "Monika", "Norbert", "Petra", "Rüdiger", "Silke", "Uwe"),
    "FI": ("Aino", "Eero", "Hannele", "Ilkka", "Jaana", "Kalevi", "Leena", "Markku", "Niina", "Outi",
           "Pertti", "Riitta", "Seppo", "Tuula", "Veikko", "Yrjö", "Äijö"),
    "PL": ("Agnieszka", "Bogdan", "Danuta", "Grzegorz", "Katarzyna", "Łukasz", "Małgorzata", "Paweł"),
}  # fmt: skip
LAST_NAMES: dict[str, tuple[str, ...]] = {
    "NO": ("Aasgrend", "Bjørnevik", "Dybdal", "Enerstad", "Fossnes", "Grønnåsen", "Haukeland", "Indrebø",
           "Kvernmo", "Lillevold", "Myrengen", "Nordgard", "Opheimsli", "Rødningen", "Skjærvold",
           "Tveiterås", "Ulvestad", "Vassbotn", "Ødegårdstuen", "Ås-Martinsen"),
    "SE": ("Alströmer", "Bergåker", "Cederskär", "Djurberg", "Ekvall", "Forsgärde", "Granlöv", "Hedenäs",
           "Isaksdal", "Källmark", "Lindåker", "Mörtberg", "Nordenskog", "Rosenhäger", "Stjärnfält",
           "Törnkvist", "Ullström", "Wikforss", "Åhlander", "Öhrnell"),
    "DK": ("Abildgren", "Bækgaard", "Dalsgård", "Egeskov", "Fuglsang-Højer", "Grønnebæk", "Hedelund",
           "Juulsbjerg", "Kjærulff", "Lundegaard", "Møllebro", "Nørskov", "Ravnholt", "Skovbakke",
           "Thorup", "Vinterberg", "Østermark", "Aagesen"),
    "DE": ("Achternbusch", "Brückner", "Dornseiff", "Eschenbach", "Fürstenau", "Grothe", "Hülsmann",
           "Kröger", "Lindenmeyer", "Möhlmann", "Niebuhr", "Rautenberg", "Schönborn", "Weßling",
           "von der Heydebrand-Lüttwitz"),
    "FI": ("Aholainen", "Haapakoski", "Hiltusjärvi", "Järvisalo", "Kallionpää", "Lehtiranta", "Mäkelin",
           "Niemistö", "Ojalehto", "Pöyhölä", "Rantakylä", "Salmisuo", "Tuomarila", "Uusikallio",
           "Väisälampi", "Yli-Hankala", "Äystölä"),
    "PL": ("Brzeziński", "Dąbkowska", "Jaworek", "Kołodziejska", "Świątek", "Żurawicki"),
}  # fmt: skip

#: Role in the decision → titles of those who have it.
TITLES: dict[str, tuple[str, ...]] = {
    "decider": (
        "Managing Director",
        "Chief Operating Officer",
        "Plant Manager",
        "Technical Director",
    ),
    "approver": ("Chief Financial Officer", "Finance Director", "Chair of the Investment Board"),
    "buyer": ("Head of Procurement", "Strategic Buyer", "Category Manager, Rotating Equipment"),
    "influencer": ("Maintenance Manager", "Chief Engineer", "Head of Sustainability", "Consultant"),
    "user": ("Shift Supervisor", "Process Engineer", "Maintenance Planner"),
    "gatekeeper": ("Executive Assistant", "Head of Document Control"),
    "initiator": ("Project Manager", "Head of Projects", "Reliability Engineer"),
}
