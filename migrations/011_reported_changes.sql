-- Tells nginx of changes while they are made: see docs/cache.md. Where nginx writes, it has set postern.reports for the transaction: to
-- "on", and the tables that it knows to be changed, a line each. Another table that is changed is reported by a message of the level
-- INFO and the SQLSTATE PN001, once. It comes with the answer of the statement, costs nothing where no trigger fires, and those of
-- deferred triggers come before the end of the commit. The setting postern.changed of 010_changes.sql, which nginx had to ask for, is
-- no more. Other clients see none of this.

create or replace function postern.changed() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    relation text := tg_table_schema || '.' || tg_table_name;
    -- NULL, or empty after an earlier transaction of the session has set it.
    reports text[] := string_to_array(current_setting('postern.reports', true), E'\n');
begin
    -- Lines are what the setting consists of; and a payload has a limit that two names do not reach.
    if strpos(relation, E'\n') > 0 then
        relation := '*';
    end if;
    -- Where one node of nginx is the only reader, it need not be notified of its own writes.
    if coalesce(current_setting('postern.notify', true), '') <> 'off' then
        perform pg_notify('postern_changes', relation);
    end if;
    if reports[1] = 'on' and relation <> all (reports) then
        raise info using errcode = 'PN001', message = relation;
        perform set_config('postern.reports', array_to_string(reports || relation, E'\n'), true);
    end if;
    return null;
end
$$;
