"""Words of which a large inventory's names and texts are made."""

NAMES = (
    "Ada", "Amir", "Bea", "Carlos", "Dana", "Elif", "Emeka", "Greta", "Hana", "Ida", "Jonas", "Kofi", "Lena",
    "Mara", "Nils", "Olga", "Priya", "Sven",
)  # fmt: skip
SURNAMES = (
    "Abel", "Berg", "Costa", "Diallo", "Eriksen", "Fischer", "Garcia", "Haas", "Jansen", "Kaya", "Lund", "Meyer",
    "Novak", "Okafor",
)  # fmt: skip
UNITS = ("Retail lending", "Mortgages", "Cards", "Corporate lending", "Treasury", "Insurance", "Payments", "Markets")
FIELDS = (
    "Mortgage",
    "Card",
    "Overdraft",
    "Leasing",
    "Deposit",
    "Payment",
    "Claims",
    "Trading",
    "Collections",
    "Broker",
)
SUBJECTS = (
    "Default", "Churn", "Fraud", "Prepayment", "Arrears", "Conversion", "Severity", "Loss given default", "Exposure",
    "Affordability", "Income", "Property value", "Money laundering", "Cash demand", "Call volume", "Next best offer",
)  # fmt: skip
PLACES = ("Austria", "Belgium", "Denmark", "France", "Germany", "Italy", "Norway", "Poland", "Spain", "Sweden")
PURPOSES = (
    "Ranks applicants by the probability that they fall into arrears within twelve months.",
    "Decides which transactions an analyst looks at before they are paid out.",
    "Forecasts how much cash each branch needs on the next working day.",
    "Estimates the share of exposure that is lost after a default.",
    "Orders the list of customers whom the collections desk calls first.",
    "Proposes a limit that a person confirms or lowers.",
    "Says which claims are settled without an inspection of the damage.",
    "Values residential property between two appraisals.",
)
LIMITS = (
    "Knows no customers with less than three months of history.",
    "Trained before the rise of interest rates; drifts with unemployment.",
    "Seasonal peaks in December are underestimated by about a tenth.",
    "Self-employed applicants are few in the training data.",
    "Calibration was poor in rural regions and for the youngest group.",
    "Addresses abroad are treated as missing.",
    "Retrained on four more months of transactions with chargebacks.",
    "Columns of the credit bureau arrive a day late at weekends.",
)
NEVER = (
    "Never for pricing, marketing or the length of a contract.",
    "Never for legal persons or joint accounts.",
    "Never without a person who can overrule it.",
    "Never outside the country whose data it was trained on.",
    "Never for employees of the bank.",
    "Never to close an account.",
)
_OF = (
    "balance",
    "income",
    "limit",
    "payments",
    "arrears",
    "utilisation",
    "inquiries",
    "age",
    "tenure",
    "fees",
    "region",
)
_OVER = ("last_month", "3m", "6m", "12m", "24m", "max", "min", "mean", "trend", "count", "ratio", "missing")
_AT = ("account", "customer", "household", "merchant", "branch", "bureau")
COLUMNS = tuple(f"{at}_{of}_{over}" for at in _AT for of in _OF for over in _OVER)
