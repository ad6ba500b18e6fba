-- Tells the workers of nginx, which keep a picture of the schema, when it has changed. Only a superuser may watch for that;
-- elsewhere, run `notify postern, 'reload schema'` after a change.

create function postern.schema_changed() returns event_trigger
    language plpgsql
    set search_path = ''
as $$
begin
    -- Several changes in one transaction are one notification: PostgreSQL drops repetitions.
    if tg_event = 'sql_drop' then
        if exists (select from pg_event_trigger_dropped_objects() where not is_temporary) then
            notify postern, 'reload schema';
        end if;
    elsif exists (select from pg_event_trigger_ddl_commands() where schema_name is distinct from 'pg_temp') then
        notify postern, 'reload schema';
    end if;
end
$$;

comment on function postern.schema_changed() is 'Asks for a reload of the schema caches.';

do $$
begin
    if (select rolsuper from pg_roles where rolname = current_user) then
        create event trigger postern_ddl_command_end on ddl_command_end execute function postern.schema_changed();
        create event trigger postern_sql_drop on sql_drop execute function postern.schema_changed();
    end if;
end
$$;
