"""Who lives in the demo, and what they have done. All of them have the data folder's one password."""

from dataclasses import dataclass
from datetime import date

# Change it when the seed changes: folders seeded by an older one are seeded again.
SEED_VERSION = "7"


@dataclass(frozen=True)
class DemoDeposit:
    """riskscore: what the gateway says of where it came from; empty is its usual word."""

    rail: str
    amount: str
    riskscore: str = ""


@dataclass(frozen=True)
class DemoCardDeposit:
    currency: str
    amount: str
    method: str = "creditcard"


@dataclass(frozen=True)
class DemoRounds:
    """game: which slot, counted in the order of identifiers."""

    currency: str
    stake: str
    count: int
    game: int


@dataclass(frozen=True)
class DemoWithdrawal:
    rail: str
    amount: str
    address: str
    is_approved: bool = False


@dataclass(frozen=True)
class DemoAddress:
    rail: str
    address: str
    label: str


@dataclass(frozen=True)
class DemoExchange:
    sold: str
    amount: str
    bought: str


@dataclass(frozen=True)
class DemoVault:
    currency: str
    amount: str


@dataclass(frozen=True)
class DemoPlayer:
    email: str
    name: str
    born_on: date
    country: str
    about: str
    deposits: tuple[DemoDeposit, ...] = ()
    card_deposits: tuple[DemoCardDeposit, ...] = ()
    rounds: tuple[DemoRounds, ...] = ()
    withdrawals: tuple[DemoWithdrawal, ...] = ()
    exchanges: tuple[DemoExchange, ...] = ()
    vault: tuple[DemoVault, ...] = ()
    rank: int = 0
    kyc_level: int = 0
    addresses: tuple[DemoAddress, ...] = ()
    # Where they were: hours ago, and from which address; at last on this machine.
    places: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class DemoOperator:
    email: str
    role: str
    about: str


@dataclass(frozen=True)
class DemoHouseWallet:
    name: str
    currency: str
    temperature: str
    amount: str
    address: str = ""


# The addresses are the examples of BIP 173 and EIP 55; nobody is paid anything in a demo.
PLAYERS = (
    DemoPlayer(
        email="player@demo.test",
        name="Marlow",
        born_on=date(1991, 4, 17),
        country="PT",
        about="money in five currencies, a vault, a history, a withdrawal that waits",
        deposits=(
            DemoDeposit("BTC", "0.12"),
            DemoDeposit("ETH", "0.75"),
            DemoDeposit("USDTT", "500"),
        ),
        card_deposits=(DemoCardDeposit("EUR", "250.00"),),
        rounds=(
            DemoRounds("BTC", "0.00005", 12, game=3),
            DemoRounds("ETH", "0.001", 8, game=40),
            DemoRounds("USDT", "1", 10, game=111),
        ),
        withdrawals=(
            DemoWithdrawal("BTC", "0.04", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            DemoWithdrawal(
                "ETH", "0.2", "0x52908400098527886E0F7030069857D2E4169EE7", is_approved=True
            ),
        ),
        exchanges=(DemoExchange("BTC", "0.01", "EUR"), DemoExchange("USDT", "150", "DOGE")),
        vault=(DemoVault("ETH", "0.1"), DemoVault("EUR", "200.00")),
        rank=3,
        kyc_level=2,
        addresses=(
            DemoAddress("BTC", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "Hardware wallet"),
        ),
        # Lisbon, a VPN, Osaka within an hour, and back on this machine.
        places=(
            (30, "81.193.10.1"),
            (5, "198.51.100.7"),
            (4, "133.1.0.1"),
            (3, "81.193.10.1"),
            (2, "127.0.0.1"),
        ),
    ),
    DemoPlayer(
        email="regular@demo.test",
        name="Juniper",
        born_on=date(1986, 11, 2),
        country="CA",
        about="plays litecoin, within limits of her own",
        deposits=(DemoDeposit("LTC", "4"),),
        rounds=(DemoRounds("LTC", "0.01", 15, game=222),),
    ),
    DemoPlayer(
        email="resting@demo.test",
        name="Wren",
        born_on=date(1989, 8, 14),
        country="PT",
        about="has excluded herself from play, with money that she can withdraw",
        deposits=(DemoDeposit("LTC", "1"),),
    ),
    DemoPlayer(
        email="newcomer@demo.test",
        name="Okapi",
        born_on=date(2000, 1, 30),
        country="BR",
        about="has just registered: no money yet",
    ),
)
# Three accounts, one evening, one wallet: what the monitoring rules are for.
RING_ADDRESS = DemoAddress("LTC", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9", "My wallet")
RING = (
    DemoPlayer(
        email="bramble@demo.test",
        name="Bramble",
        born_on=date(1995, 6, 3),
        country="PT",
        about="the first of three accounts with one wallet: paid in and wants it out unplayed",
        deposits=(DemoDeposit("LTC", "5"),),
        withdrawals=(DemoWithdrawal("LTC", "4", RING_ADDRESS.address),),
        kyc_level=1,
        addresses=(RING_ADDRESS,),
    ),
    DemoPlayer(
        email="thistle@demo.test",
        name="Thistle",
        born_on=date(1996, 9, 21),
        country="PT",
        about="the second of them",
        deposits=(DemoDeposit("LTC", "3"),),
        kyc_level=1,
        addresses=(RING_ADDRESS,),
    ),
    DemoPlayer(
        email="sedge@demo.test",
        name="Sedge",
        born_on=date(1994, 2, 8),
        country="ES",
        about="the third of them, whose deposit came from a risky address and is held",
        deposits=(DemoDeposit("LTC", "2", riskscore="0.86"),),
        kyc_level=1,
        addresses=(RING_ADDRESS,),
    ),
)
# At every stage of verification (apps/demo/verification.py).
APPLICANTS = (
    DemoPlayer(
        email="larkspur@demo.test",
        name="Larkspur",
        born_on=date(1988, 3, 9),
        country="PT",
        about="has handed in everything for level 2 and waits",
    ),
    DemoPlayer(
        email="fennel@demo.test",
        name="Fennel",
        born_on=date(1993, 8, 21),
        country="SE",
        about="has to take one picture again",
    ),
    DemoPlayer(
        email="sorrel@demo.test",
        name="Sorrel",
        born_on=date(1979, 12, 4),
        country="PT",
        about="level 2; source of funds waits for a second reviewer",
    ),
    DemoPlayer(
        email="yarrow@demo.test",
        name="Yarrow",
        born_on=date(1988, 3, 9),
        country="PT",
        about="looks like the person of another account",
    ),
    DemoPlayer(
        email="teasel@demo.test",
        name="Teasel",
        born_on=date(1971, 6, 30),
        country="PL",
        about="looks like somebody on the invented watch list",
    ),
)
OPERATORS = (
    DemoOperator("support@demo.test", "support", "reads players and their timeline"),
    DemoOperator("payments@demo.test", "payments", "works payments, proposes what finance decides"),
    DemoOperator("finance@demo.test", "finance", "decides withdrawals and corrections"),
    DemoOperator(
        "games@demo.test", "game_manager", "runs the lobby: partners, shelves, stops, returns"
    ),
    DemoOperator(
        "compliance@demo.test", "compliance", "alerts, cases, reports of suspicion, breaches"
    ),
    DemoOperator("kyc@demo.test", "kyc", "verification, alerts and cases, signs high ones first"),
    DemoOperator("rg@demo.test", "rg", "looks after players who may be harmed by play"),
    DemoOperator("marketing@demo.test", "marketing", "shelves of the lobby, nothing of a player"),
    DemoOperator("auditor@demo.test", "auditor", "reads everything, has it verified, does nothing"),
    DemoOperator(
        "administrator@demo.test", "administrator", "also games, staff, callbacks, audit log"
    ),
)
SHELF = "Returns the most"
SHELF_GAMES = 16
# What the house keeps away from the gateways, against what it owes.
HOUSE_WALLETS = (
    DemoHouseWallet(
        "Vault",
        "BTC",
        "cold",
        "0.06",
        "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
    ),
    DemoHouseWallet("Signers", "BTC", "warm", "0.02"),
    DemoHouseWallet("Vault", "ETH", "cold", "0.4", "0x8617E340B3D01FA5F11F306F4090FD50E238070D"),
    DemoHouseWallet("Vault", "USDT", "cold", "400"),
    DemoHouseWallet("Vault", "LTC", "cold", "3"),
)
# An order that waits for its second person: currency, amount, to which wallet.
SWEEP = ("BTC", "0.05", "Vault")
# What the gateway held of it from the start nobody has explained yet.
COIN_NOT_EXPLAINED = "DOGE"
