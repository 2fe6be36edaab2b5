"""What is staked in rounds that are not over, as a relation other statements read from.

`games_round` follows the journal by seconds. What its follower has not read yet is added from the
journal itself, so in one snapshot a stake is in its wallet or in here, never in both or neither.
"""

from apps.games.followers import Rounds
from apps.games.models import Round
from apps.ledger.models import Kind

# Rows (wallet_id, stake), a wallet once. An undone bet gives its stake back. A stake counts whole,
# whatever its round has paid so far, and however old the round is: only its end frees it.
SQL = f"""
WITH newer AS (
    SELECT partner_id, wallet_id, round_ref, bool_or(closes_round) AS is_closed,
           -coalesce(sum(amount) FILTER (
               WHERE kind = {Kind.BET.value}
                  OR (kind = {Kind.ROLLBACK.value} AND amount > 0)), 0) AS stake
      FROM ledger_entry
     WHERE id > coalesce((SELECT position FROM ledger_cursor WHERE name = '{Rounds.name}'), 0)
       AND kind IN ({Kind.BET.value}, {Kind.WIN.value}, {Kind.ROLLBACK.value})
       AND round_ref IS NOT NULL
     GROUP BY 1, 2, 3
), open AS (
    SELECT partner_id, wallet_id, round_ref, stake FROM games_round
     WHERE state = '{Round.State.OPEN.value}'
), both_of_them AS (
    SELECT partner_id, wallet_id, round_ref, coalesce(o.stake, 0) + coalesce(n.stake, 0) AS stake
      FROM open o FULL JOIN newer n USING (partner_id, wallet_id, round_ref)
     WHERE n.is_closed IS NOT TRUE
       -- What is said of a round after its end reopens nothing.
       AND (o.round_ref IS NOT NULL OR NOT EXISTS (
            SELECT FROM games_round r WHERE r.partner_id = n.partner_id
               AND r.wallet_id = n.wallet_id AND r.round_ref = n.round_ref))
)
SELECT b.wallet_id, sum(b.stake) AS stake FROM both_of_them b
 WHERE b.stake > 0
   AND NOT EXISTS (SELECT FROM games_round_finish f WHERE f.partner_id = b.partner_id
                      AND f.wallet_id = b.wallet_id AND f.round_ref = b.round_ref)
 GROUP BY b.wallet_id
"""
