"""What stands in the demo company's plans: texts, goals and activities as a KAM would write them."""

#: Industry → (what moves the customer's market, what they need, what we offer).
MARKETS: dict[str, tuple[str, str, str]] = {
    "Pulp and paper": (
        "Pulp prices are down a tenth since spring; the mill runs at 84 % and holds back investment. Energy "
        "is the largest cost after fibre.",
        "Fewer unplanned stops on the bleaching line: four last year, each about nine hours. Less power per "
        "tonne pumped.",
        "Condition monitoring on the 22 pumps that stop the line, exchange of the six oldest process pumps "
        "for CP 150, one seal standard instead of five.",
    ),
    "Mining and minerals": (
        "A new concentrator is being planned; environmental permits for tailings water are tightened in two "
        "years.",
        "Slurry pumps that live longer than one season, and somebody who answers at night.",
        "SL pumps with rubber lining on a price per tonne moved; spare parts in stock at the site.",
    ),
    "Chemicals": (
        "Demand is flat; two competitors of the customer have closed lines. Safety authorities look at "
        "dosing of hazardous media.",
        "Dosing within one per cent, documented; fewer people in the hazard zone.",
        "Dosera 40 skids with double containment, remote reading, yearly calibration as a service.",
    ),
    "Food and dairy": (
        "Retail presses prices; own brands grow. Two dairies are being merged into one site.",
        "Shorter cleaning times and less product loss at changeover.",
        "Hygienic control valves with position feedback; a study of the cleaning circuits, paid by results.",
    ),
    "Aquaculture": (
        "Closed and semi-closed pens are growing fast; salmon prices are high but move a lot.",
        "Safe water exchange all year, alarms on the phone, service by boat within a day.",
        "Havdyp pumps with soft start, a service agreement with boat included.",
    ),
    "Water and wastewater": (
        "Municipal budgets are set until the end of the strategy period; new requirements on nitrogen come. "
        "Purchases above the threshold go by public tender.",
        "Less clogging in pumping stations, lower energy per cubic metre, proof for the owners.",
        "Havdyp 110 with cutter, Vibra on the 40 worst stations, a report that the municipality can publish.",
    ),
    "Energy and district heating": (
        "Power prices swing by the hour; flexibility pays. The net is being extended to the harbour.",
        "Pumps that follow load without wear, spare capacity in the coldest weeks.",
        "CP 400 with speed control, an agreement on emergency stock before November.",
    ),
    "Shipyards and offshore": (
        "The order book is full for two years; deliveries are the bottleneck, not price.",
        "Deliveries on the agreed day, class documents with the goods.",
        "A fixed slot each week in our assembly, documents in the customer's own portal.",
    ),
    "Steel and metals": (
        "Green steel is invested in, the old line is run down. Buyers are being centralised abroad.",
        "Cooling water without stops through the rebuild; one contract for all sites.",
        "Rented pumps during the rebuild, then a frame agreement over all sites.",
    ),
    "Pharmaceuticals": (
        "Two new products are to be launched; capacity is being doubled in the next 18 months.",
        "Qualified equipment, complete documents, no surprises at inspection.",
        "Dosing skids qualified at our works, one project lead from order to release.",
    ),
    "Building materials": (
        "House building is slow, roads and tunnels are steady. Carbon costs rise each year.",
        "Lower cost per tonne, few but planned stops.",
        "Overhaul instead of new where it holds; butterfly valves from stock.",
    ),
}

SUMMARIES = (
    "Keep the frame agreement, win the {line} at the second site, and get the technical director on our side "
    "before the tender.",
    "We are their number two. With service and {line} we can become the first choice for the next rebuild.",
    "Hold our share while volumes are low; build the relation above procurement.",
    "Grow from products to an agreement: {line} first, then monitoring.",
)
STRATEGIES = (
    "From price per piece to cost per year of operation: measure together at one line, then agree on the "
    "result.",
    "Two levels: their operations with our service people, their management with our CCO twice a year.",
    "Protect what we have by a three-year agreement, then bring in one new line each half-year.",
)
COMPETITORS = (
    "A German pump maker through a local dealer: 8–10 % cheaper on standard pumps, slow on spare parts.",
    "The valve supplier of their engineering partner is specified in new projects: we must be in earlier.",
    "Two local workshops take overhauls at low prices, without documents.",
)
RISKS = (
    "Our contact in procurement leaves in spring. Delivery times of large castings.",
    "If the investment is moved to next year, a third of the target goes with it.",
    "Purchasing may be centralised; we know only one person there.",
)
RETURN_NOTES = (
    "The targets follow last year's sales, but the goals do not say how we get there. Add what the customer "
    "wants to reach, and who of us owns the relation to their finance director.",
    "Good analysis. The activities stop in June: plan the autumn too, and put the review meeting in.",
    "A growth of this size needs a reason: which project carries it, and what if it is postponed?",
)
APPROVE_NOTES = (
    "Agreed. I take the meeting with their managing director.",
    "Good plan. Keep me posted on the tender.",
    "",
    "",
)

#: (whose, goal, metric, baseline, target, how far it has come at this time of the plan: 0–1)
GOALS = (
    ("ours", "Share of wallet in {line}", "% of their purchases in the category", 28, 40, 0.5),
    ("ours", "Second site as a customer", "sites that buy", 1, 2, 0.0),
    (
        "ours",
        "Every decision maker met",
        "members of the DMU with more than brief contact",
        2,
        5,
        0.7,
    ),
    ("ours", "Margin after discounts", "% contribution", 31, 34, 0.6),
    ("ours", "Service agreements signed", "machines under agreement", 12, 40, 0.4),
    ("customer", "Fewer unplanned stops", "stops a year", 9, 4, 0.6),
    ("customer", "Lower energy use", "kWh per 1,000 m³", 410, 360, 0.3),
    ("customer", "Shorter lead time on spare parts", "days from order to site", 12, 5, 0.8),
    ("customer", "Deliveries on the agreed day", "% on time", 88, 97, 0.5),
    ("customer", "One supplier instead of several", "suppliers in the category", 6, 3, 0.34),
)

#: (what, why, the role of the contact)
ACTIVITIES = (
    ("Visit the plant with our service lead", "See the pumps that stopped twice", "influencer"),
    ("Present the energy study", "Shows 11 % less power: the base for the next order", "decider"),
    ("Offer for {line}", "Their budget closes at the end of the month", "buyer"),
    ("Follow up the offer", "Confirm that it has been read and agree on the next step", "buyer"),
    ("Quarterly review with procurement", "Deliveries, complaints, open orders", "buyer"),
    ("Lunch with the finance director", "We do not know how they count payback", "approver"),
    ("Training day for maintenance", "They mount seals wrongly: two claims this year", "user"),
    ("Map who decides in the rebuild", "The project organisation is new", "initiator"),
    ("Agree on emergency stock", "Before the cold season", "influencer"),
    ("Invite to our test bench", "They have not seen the new slurry pump", "user"),
    ("Proposal for a three-year agreement", "The frame agreement ends next year", "decider"),
    ("Meeting of both managements", "Twice a year, as agreed", "decider"),
    ("Reference visit at another customer", "Convince operations by colleagues", "influencer"),
    (
        "Complaint: close and learn",
        "Late delivery in the spring; tell them what we changed",
        "buyer",
    ),
    ("Price list for the new year", "Announce early, with reasons", "buyer"),
    ("Register all machines in Vibra Cloud", "Half of them are missing", "user"),
)
DONE_TITLES = ("Kick-off with the account team", "Targets agreed with the customer")
