-- Append-only twice: a trigger for everybody, and no grant for the role the casino runs as.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a mistake is reversed by a new row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_operation_keeps BEFORE DELETE ON ledger_operation
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_operation_no_truncate BEFORE TRUNCATE ON ledger_operation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_wallet_keeps BEFORE DELETE ON ledger_wallet
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_wallet_no_truncate BEFORE TRUNCATE ON ledger_wallet
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_record_no_truncate BEFORE TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_no_truncate BEFORE TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE ALL ON ledger_entry, ledger_operation, ledger_wallet, ledger_player, audit_record, audit_seal
    FROM casino_app;
GRANT SELECT ON ledger_entry, ledger_operation, ledger_wallet, ledger_player, ledger_posting TO casino_app;
GRANT SELECT, INSERT ON audit_record, audit_seal TO casino_app;
REVOKE ALL ON SEQUENCE ledger_entry_id_seq FROM casino_app;
GRANT SELECT ON SEQUENCE ledger_entry_id_seq TO casino_app;

-- Money moves through these and nothing else.
REVOKE ALL ON FUNCTION ledger_apply, ledger_apply_list, ledger_force, ledger_rollback, ledger_transfer,
    ledger_open_wallet, ledger_lock, ledger_set_blocks, ledger_extend FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_apply, ledger_apply_list, ledger_force, ledger_rollback, ledger_transfer,
    ledger_open_wallet, ledger_lock, ledger_set_blocks, ledger_extend TO casino_app;
