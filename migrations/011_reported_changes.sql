-- Tells nginx of changes while they are made: see docs/cache.md. Where nginx writes, it has set postern.reports for the transaction, and
-- each table that is changed is reported by a message of the level INFO and the SQLSTATE PN001. It comes with the answer of the
-- statement, costs nothing where no trigger fires, and those of deferred triggers come before the end of the commit. The setting
-- postern.changed of 010_changes.sql, which nginx had to ask for, is no more. Other clients see none of this.

create or replace function postern.changed() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    relation text := tg_table_schema || '.' || tg_table_name;
    -- What this transaction has reported, a line for each. NULL, or empty after an earlier transaction of the session has set it.
    reported text[] := string_to_array(nullif(current_setting('postern.reported', true), ''), E'\n');
begin
    -- Lines are what the setting consists of; and a payload has a limit that two names do not reach.
    if strpos(relation, E'\n') > 0 then
        relation := '*';
    end if;
    -- Where one node of nginx is the only reader, it need not be notified of its own writes.
    if coalesce(current_setting('postern.notify', true), '') <> 'off' then
        perform pg_notify('postern_changes', relation);
    end if;
    if current_setting('postern.reports', true) = 'on' and relation <> all (coalesce(reported, '{}')) then
        raise info using errcode = 'PN001', message = relation;
        perform set_config('postern.reported', array_to_string(reported || relation, E'\n'), true);
    end if;
    return null;
end
$$;
