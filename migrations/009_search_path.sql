-- A search_path that does not name pg_temp has it first, for types and tables, and callers can put there what they like. The
-- functions of earlier migrations that run with another's rights, or for everybody, look there last.

alter function data.audit() set search_path = pg_catalog, pg_temp;
alter function postern.schema_changed() set search_path = pg_catalog, pg_temp;
