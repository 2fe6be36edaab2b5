-- What a player has played, from the journal alone, and whether a stake still fits under their limits.

-- Stakes and wins of all cash wallets since a moment (which is out), in p_base, undone ones left out.
-- Whole hours come from limits_play_hour, the hour that the moment cuts and what the follower has not read yet
-- from the entries themselves: one statement, so one snapshot. unvalued: entries that no rate was known for.
CREATE FUNCTION limits_played(p_player bigint, p_base text, p_since timestamptz,
                              OUT staked numeric, OUT won numeric, OUT bets bigint, OUT unvalued bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
WITH mine AS MATERIALIZED (
    SELECT w.id, c.code FROM ledger_wallet w JOIN ledger_currency c ON c.id = w.currency_id
     WHERE w.player_id = p_player AND w.purse = 0
), read AS MATERIALIZED (
    SELECT coalesce((SELECT position FROM ledger_cursor WHERE name = 'play usage'), 0) AS upto
), hours AS MATERIALIZED (
    SELECT h.*, h.hour > p_since AND h.unvalued = 0 AS is_whole
      FROM limits_play_hour h WHERE h.player_id = p_player AND h.hour > p_since - interval '1 hour'
), single AS (
    SELECT e.id, e.partner_id, e.outside_id, e.kind, e.amount, mine.code
      FROM mine JOIN hours h ON h.wallet_id = mine.id AND NOT h.is_whole
      JOIN ledger_entry e ON e.wallet_id = mine.id AND e.id BETWEEN h.first_id AND h.last_id
     WHERE e.kind IN (1, 2) AND e.created_at > p_since
       AND e.created_at >= h.hour AND e.created_at < h.hour + interval '1 hour'
     UNION ALL
    SELECT e.id, e.partner_id, e.outside_id, e.kind, e.amount, mine.code
      FROM mine JOIN ledger_entry e ON e.wallet_id = mine.id AND e.id > (SELECT upto FROM read)
     WHERE e.kind IN (1, 2) AND e.created_at > p_since
), counted AS (
    SELECT s.id, s.kind, s.amount, s.code, 1 AS times FROM single s
      JOIN ledger_operation o ON o.partner_id = s.partner_id AND o.outside_id = s.outside_id
     WHERE o.state <> 3
     UNION ALL
    -- Undone just now, and still in the sum of a whole hour.
    SELECT e.id, e.kind, e.amount, mine.code, -1
      FROM mine JOIN ledger_entry r ON r.wallet_id = mine.id AND r.id > (SELECT upto FROM read) AND r.kind = 3
      JOIN ledger_entry e ON e.id = r.reverses_id AND e.id <= (SELECT upto FROM read)
      JOIN hours h ON h.wallet_id = mine.id AND h.is_whole AND h.hour = date_trunc('hour', e.created_at, 'UTC')
), worth AS (
    SELECT c.kind, c.times, c.amount * CASE WHEN c.code = p_base THEN 1 ELSE (
               SELECT x.value FROM rates_rate x
                WHERE x.code = c.code AND x.base = p_base AND NOT x.for_display_only AND x.entry_from <= c.id
                ORDER BY x.entry_from DESC, x.id DESC LIMIT 1) END AS value
      FROM counted c
), parts AS (
    SELECT staked, won, bets::bigint, 0::bigint AS unvalued FROM hours WHERE is_whole
     UNION ALL
    SELECT CASE WHEN kind = 1 THEN -value * times ELSE 0 END, CASE WHEN kind = 2 THEN value * times ELSE 0 END,
           CASE WHEN kind = 1 THEN times ELSE 0 END, (value IS NULL)::integer
      FROM worth
)
SELECT coalesce(sum(staked), 0), coalesce(sum(won), 0), coalesce(sum(bets), 0)::bigint,
       coalesce(sum(unvalued), 0)::bigint FROM parts
$$;

-- Takes the place of the ledger's own, which knows no limits. The caller holds the wallet's lock; the player's row
-- of limits comes after the wallets, for everybody. Its lock makes bets in several wallets wait for each other, and
-- every statement here sees what was committed before it was had.
CREATE OR REPLACE FUNCTION limits_refusal(p_player bigint, p_currency smallint, p_stake numeric) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    c limits_ceiling; s record; stake numeric; loss numeric; wager numeric; coin text; at timestamptz;
    lengths CONSTANT interval[] := ARRAY[interval '24 hours', interval '168 hours', interval '720 hours'];
BEGIN
    IF p_stake = 0 THEN RETURN NULL; END IF;
    SELECT * INTO c FROM limits_ceiling x WHERE x.player_id = p_player FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'limit_unclear'; END IF;
    -- No rate is written until this bet has committed: it stays worth what it was measured with
    -- (rates.selectors.IN_FORCE_LOCK).
    PERFORM pg_advisory_xact_lock_shared(491261289843);
    SELECT x.code INTO coin FROM ledger_currency x WHERE x.id = p_currency;
    IF coin = c.currency THEN
        stake := p_stake;
    ELSE
        SELECT p_stake * x.value INTO stake FROM rates_rate x
         WHERE x.code = coin AND x.base = c.currency AND NOT x.for_display_only
         ORDER BY x.entry_from DESC, x.id DESC LIMIT 1;
        IF stake IS NULL THEN RETURN 'limit_unclear'; END IF;
    END IF;
    at := clock_timestamp();
    FOR n IN 1 .. 3 LOOP
        loss := (ARRAY[c.loss_day, c.loss_week, c.loss_month])[n];
        wager := (ARRAY[c.wager_day, c.wager_week, c.wager_month])[n];
        CONTINUE WHEN loss IS NULL AND wager IS NULL;
        SELECT * INTO s FROM limits_played(p_player, c.currency, at - lengths[n]);
        IF s.unvalued > 0 THEN RETURN 'limit_unclear'; END IF;
        IF s.staked + stake > wager THEN RETURN 'wager_limit'; END IF;
        IF s.staked - s.won + stake > loss THEN RETURN 'loss_limit'; END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- Gross deposits that reached the cash wallets since a moment (which is out), in p_base.
CREATE FUNCTION limits_paid_in(p_player bigint, p_base text, p_since timestamptz,
                               OUT total numeric, OUT unvalued bigint, OUT first_at timestamptz)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
WITH paid AS (
    SELECT d.entry_id AS id, d.at, d.value FROM limits_deposit_count d
     WHERE d.player_id = p_player AND d.at > p_since
     UNION ALL
    SELECT e.id, e.created_at, NULL
      FROM ledger_wallet w JOIN ledger_entry e ON e.wallet_id = w.id
       AND e.id > coalesce((SELECT position FROM ledger_cursor WHERE name = 'play usage'), 0)
     WHERE w.player_id = p_player AND w.purse = 0 AND e.kind IN (4, 18) AND e.amount > 0 AND e.created_at > p_since
), worth AS (
    SELECT p.at, coalesce(p.value, e.amount * CASE WHEN c.code = p_base THEN 1 ELSE (
               SELECT x.value FROM rates_rate x
                WHERE x.code = c.code AND x.base = p_base AND NOT x.for_display_only AND x.entry_from <= p.id
                ORDER BY x.entry_from DESC, x.id DESC LIMIT 1) END) AS value
      FROM paid p JOIN ledger_entry e ON e.id = p.id
      JOIN ledger_wallet w ON w.id = e.wallet_id JOIN ledger_currency c ON c.id = w.currency_id
)
SELECT coalesce(sum(value), 0), count(*) FILTER (WHERE value IS NULL), min(at) FROM worth
$$;

-- What was set stays as it was set: a limit and a break end, and nothing else about them changes.
CREATE FUNCTION limits_keep_terms() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL
       OR to_jsonb(OLD) - ARRAY['ended_at', 'ended_as', 'return_asked_at', 'return_ready_at']
          <> to_jsonb(NEW) - ARRAY['ended_at', 'ended_as', 'return_asked_at', 'return_ready_at'] THEN
        RAISE EXCEPTION '% keeps what was set: end the row and make another', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER limits_exclusion_keeps BEFORE UPDATE OR DELETE ON limits_exclusion
    FOR EACH ROW EXECUTE FUNCTION limits_keep_terms();
CREATE TRIGGER limits_limit_keeps BEFORE UPDATE OR DELETE ON limits_limit
    FOR EACH ROW EXECUTE FUNCTION limits_keep_terms();
