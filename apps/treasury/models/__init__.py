"""What the house holds, what it corrects, and where its books and a gateway's differ.

Amounts are major units in `numeric(38,18)`, as in the ledger; `money` gives them with a currency.
"""

from apps.treasury.models.adjustments import Adjustment
from apps.treasury.models.breaks import Break, GatewayRecord, Run
from apps.treasury.models.chargebacks import Chargeback
from apps.treasury.models.holdings import HouseWallet, Reading, Threshold, Transfer

__all__ = [
    "Adjustment",
    "Break",
    "Chargeback",
    "GatewayRecord",
    "HouseWallet",
    "Reading",
    "Run",
    "Threshold",
    "Transfer",
]
