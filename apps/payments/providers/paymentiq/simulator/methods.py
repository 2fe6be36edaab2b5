"""The vendor's payment methods, by direction, currency and the payer's country (alpha-3)."""

from dataclasses import dataclass

SEPA = frozenset(
    [
        "AUT",
        "BEL",
        "BGR",
        "CHE",
        "CYP",
        "CZE",
        "DEU",
        "DNK",
        "ESP",
        "EST",
        "FIN",
        "FRA",
        "GRC",
        "HRV",
        "HUN",
        "IRL",
        "ISL",
        "ITA",
        "LIE",
        "LTU",
        "LUX",
        "LVA",
        "MLT",
        "NLD",
        "NOR",
        "POL",
        "PRT",
        "ROU",
        "SVK",
        "SVN",
        "SWE",
    ]
)
STERLING = frozenset(["GBR", "GGY", "GIB", "IMN", "JEY"])
AMERICAS = frozenset(["BRA", "CAN", "MEX", "PAN", "USA"])
DECIMALS = {"JPY": 0}
SMALLEST = {"EUR": "10", "USD": "10", "GBP": "10", "JPY": "1500"}


@dataclass(frozen=True)
class Method:
    """code: in addresses. name: the first part of `txName`. step: what the payer has to do."""

    code: str
    label: str
    name: str
    provider: str
    step: str
    account: str
    # currency -> countries; None: everywhere
    where: tuple[tuple[str, frozenset[str] | None], ...]

    def serves(self, currency: str, country: str) -> bool:
        places = dict(self.where)
        if currency not in places:
            return False
        countries = places[currency]
        return countries is None or country in countries


METHODS = {
    method.code: method
    for method in (
        Method(
            "creditcard",
            "Card",
            "Creditcard",
            "BamboraGa",
            "3-D Secure: your bank asks whether it is you.",
            "411812******2410",
            (("EUR", None), ("USD", None), ("GBP", None), ("JPY", None)),
        ),
        Method(
            "bankiban",
            "Bank transfer",
            "BankIBAN",
            "Trustly",
            "Your bank: confirm the transfer.",
            "DE89********3000",
            (("EUR", SEPA), ("GBP", STERLING), ("USD", AMERICAS)),
        ),
        Method(
            "neteller",
            "E-wallet",
            "Neteller",
            "Neteller",
            "Your wallet: sign in and confirm.",
            "a****@example.com",
            (("EUR", None), ("USD", None), ("GBP", None), ("JPY", None)),
        ),
    )
}


def offered(currency: str, country: str) -> list[Method]:
    return [one for one in METHODS.values() if one.serves(currency, country)]


def decimals(currency: str) -> int:
    return DECIMALS.get(currency, 2)
