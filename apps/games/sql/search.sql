-- Titles and studios change through many doors: syncs, admin, scripts. What search reads follows them here.

-- "L'Été, 2nd" -> "lete 2nd", whatever the locale of the server. apps/games/search.py folds what people type the same way.
CREATE FUNCTION games_folded(written text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.regexp_replace(
        pg_catalog.lower(pg_catalog.normalize(written, 'NFKD') COLLATE pg_catalog.pg_c_utf8),
        '[\u0300-\u036f''\u2019]', '', 'g'), '[^[:alnum:]]+', ' ', 'g'))
$$;

-- "gold" -> {"  g", " go", gol, old, "ld "}: the beginning of a word counts more than its end.
CREATE FUNCTION games_trigrams(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.array_agg(DISTINCT pg_catalog.substr('  ' || word || ' ', at, 3))
      FROM pg_catalog.generate_series(1, pg_catalog.length(word) + 1) AS at
$$;

CREATE FUNCTION games_search_write(game_ids bigint[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO public.games_search (game_id, title, words, popularity)
    SELECT g.id, f.title,
           pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.simple', f.title), 'A')
           || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.simple', f.studio), 'B'),
           g.popularity
      FROM public.games_game g
      JOIN public.games_studio s ON s.id = g.studio_id
     CROSS JOIN LATERAL (SELECT public.games_folded(g.title) AS title,
                                public.games_folded(s.name) AS studio) f
     WHERE g.id = ANY (game_ids)
        ON CONFLICT (game_id) DO UPDATE
       SET title = EXCLUDED.title, words = EXCLUDED.words, popularity = EXCLUDED.popularity;
    INSERT INTO public.games_word (word, trigrams)
    SELECT x.word, public.games_trigrams(x.word)
      FROM (SELECT DISTINCT pg_catalog.unnest(pg_catalog.tsvector_to_array(e.words)) AS word
              FROM public.games_search e WHERE e.game_id = ANY (game_ids)) x
     WHERE NOT EXISTS (SELECT FROM public.games_word w WHERE w.word = x.word)
     ORDER BY x.word
        ON CONFLICT (word) DO NOTHING;
$$;

CREATE FUNCTION games_search_follow_games() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM public.games_search_write(ARRAY(SELECT id FROM now_there));
    ELSE
        PERFORM public.games_search_write(ARRAY(
            SELECT n.id FROM now_there n JOIN was_there w ON w.id = n.id
             WHERE (n.title, n.studio_id) IS DISTINCT FROM (w.title, w.studio_id)));
        UPDATE public.games_search e SET popularity = n.popularity
          FROM now_there n JOIN was_there w ON w.id = n.id
         WHERE e.game_id = n.id AND n.popularity <> w.popularity;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION games_search_follow_studios() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.games_search_write(ARRAY(
        SELECT g.id FROM public.games_game g
          JOIN now_there n ON n.id = g.studio_id
          JOIN was_there w ON w.id = n.id
         WHERE n.name IS DISTINCT FROM w.name));
    RETURN NULL;
END
$$;

CREATE TRIGGER games_search_insert AFTER INSERT ON games_game
    REFERENCING NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION games_search_follow_games();
CREATE TRIGGER games_search_update AFTER UPDATE ON games_game
    REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION games_search_follow_games();
CREATE TRIGGER games_search_studio AFTER UPDATE ON games_studio
    REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION games_search_follow_studios();

-- Pages keep what they have read under this mark. It changes with the transaction that changes what
-- they show, so nothing that was kept before is found after its commit. A value never comes again.
CREATE FUNCTION games_mark_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.games_mark SET value = pg_catalog.gen_random_uuid();
    RETURN NULL;
END
$$;

CREATE TRIGGER games_mark_game AFTER INSERT OR UPDATE OR DELETE ON games_game
    FOR EACH STATEMENT EXECUTE FUNCTION games_mark_change();
CREATE TRIGGER games_mark_studio AFTER INSERT OR UPDATE OR DELETE ON games_studio
    FOR EACH STATEMENT EXECUTE FUNCTION games_mark_change();
CREATE TRIGGER games_mark_stop AFTER INSERT OR UPDATE OR DELETE ON games_stop
    FOR EACH STATEMENT EXECUTE FUNCTION games_mark_change();
CREATE TRIGGER games_mark_collection AFTER INSERT OR UPDATE OR DELETE ON games_collection
    FOR EACH STATEMENT EXECUTE FUNCTION games_mark_change();
CREATE TRIGGER games_mark_place AFTER INSERT OR UPDATE OR DELETE ON games_collection_game
    FOR EACH STATEMENT EXECUTE FUNCTION games_mark_change();

INSERT INTO games_mark (id, value) VALUES (1, gen_random_uuid());
SELECT games_search_write(ARRAY(SELECT id FROM games_game));
