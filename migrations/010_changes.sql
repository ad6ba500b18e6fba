-- Tells of changes, so that what nginx has cached of a table is dropped whoever changes it: see docs/cache.md. A table that is
-- watched has a trigger for each statement, which
--
--   * notifies the channel postern_changes, with schema.table as the payload: for the listener of every node of nginx. PostgreSQL
--     sends a payload once for each transaction, when it is committed;
--   * adds schema.table to the setting postern.changed, a line for each: nginx reads it at the end of its own transactions, and
--     knows what triggers and functions have written before it answers.
--
-- What is here may be used without the rest of the sample application: copy all but the last statement.

create schema if not exists postern;

-- Runs with the rights of whoever writes, which need none for this. pg_temp is looked at last: a caller could put types of its own
-- there.
create function postern.changed() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    relation text := tg_table_schema || '.' || tg_table_name;
    -- NULL, or empty after an earlier transaction of the session has set it.
    known text := coalesce(current_setting('postern.changed', true), '');
begin
    -- Lines are what the setting consists of; and a payload has a limit that two names do not reach.
    if strpos(relation, E'\n') > 0 then
        relation := '*';
    end if;
    -- Where one node of nginx is the only reader, it need not be notified of its own writes.
    if coalesce(current_setting('postern.notify', true), '') <> 'off' then
        perform pg_notify('postern_changes', relation);
    end if;
    if known = '' then
        perform set_config('postern.changed', relation, true);
    elsif relation <> all (string_to_array(known, E'\n')) then
        perform set_config('postern.changed', known || E'\n' || relation, true);
    end if;
    return null;
end
$$;

comment on function postern.changed() is 'Tells that a table may have changed.';

-- A table with all that inherits from it. Triggers for a statement fire for the table that it names, and for no other.
create function postern.family(relation regclass) returns setof regclass
    language sql stable
    set search_path = pg_catalog, pg_temp
begin atomic
    with recursive member (oid) as (
        select relation::oid
        union
        select i.inhrelid from pg_inherits i join member m on i.inhparent = m.oid
    )
    select m.oid::regclass
    from member m join pg_class c on c.oid = m.oid
    where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't';
end;

comment on function postern.family(regclass) is 'A table, its partitions and what else inherits from it.';

create function postern.watch(relation regclass) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    member regclass;
    -- A foreign table cannot be watched for TRUNCATE.
    events text;
begin
    if relation not in (select postern.family(relation)) then
        raise exception '% is not a table that can be watched', relation
            using errcode = 'wrong_object_type',
                  hint = 'Watch the tables behind a view; after REFRESH MATERIALIZED VIEW, notify postern_changes.';
    end if;
    -- Those that are watched already are left alone: a trigger is made under a lock that stops writes.
    for member, events in
        select f.f, case when c.relkind = 'f' then '' else ' or truncate' end
        from postern.family(relation) as f (f) join pg_class c on c.oid = f.f
        where not exists (select from pg_trigger t where t.tgrelid = f.f and t.tgname = 'postern_changed')
    loop
        execute format('create trigger postern_changed after insert or update or delete%s on %s '
                       'for each statement execute function postern.changed()', events, member);
    end loop;
end
$$;

comment on function postern.watch(regclass) is 'Has a table, with its partitions, tell of changes.';

create function postern.unwatch(relation regclass) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    member regclass;
begin
    for member in
        select f.f from postern.family(relation) as f (f)
        join pg_trigger t on t.tgrelid = f.f and t.tgname = 'postern_changed'
    loop
        execute format('drop trigger postern_changed on %s', member);
    end loop;
end
$$;

comment on function postern.unwatch(regclass) is 'Has a table, with its partitions, tell of changes no more.';

create table postern.watched_schemas (
    name name primary key
);

comment on table postern.watched_schemas is 'Schemas whose tables tell of changes, also those that are still to come.';

create function postern.watch_schema(schema name) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    insert into postern.watched_schemas values (schema) on conflict do nothing;
    perform postern.watch(c.oid)
    from pg_class c
    where c.relnamespace = format('%I', schema)::regnamespace and c.relkind in ('r', 'p', 'f');
end
$$;

comment on function postern.watch_schema(name) is 'Has all tables of a schema tell of changes.';

create function postern.unwatch_schema(schema name) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    delete from postern.watched_schemas where name = schema;
    perform postern.unwatch(c.oid)
    from pg_class c
    where c.relnamespace = format('%I', schema)::regnamespace and c.relkind in ('r', 'p', 'f');
end
$$;

comment on function postern.unwatch_schema(name) is 'Has the tables of a schema tell of changes no more.';

-- New tables of a watched schema, and new partitions of a watched table wherever they are. With the rights of its owner: whoever
-- makes a table need not have any on this schema.
create function postern.watch_new() returns event_trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform postern.watch(c.oid)
    from (select distinct objid from pg_event_trigger_ddl_commands() where classid = 'pg_class'::regclass) as made
    join pg_class c on c.oid = made.objid
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
      and (n.nspname in (select name from postern.watched_schemas)
           or exists (select from pg_trigger t
                      where t.tgname = 'postern_changed'
                        and (t.tgrelid = c.oid
                             or t.tgrelid in (select i.inhparent from pg_inherits i where i.inhrelid = c.oid))));
end
$$;

comment on function postern.watch_new() is 'Has new tables of watched schemas tell of changes.';

-- Only a superuser may watch for new tables; elsewhere, run postern.watch_schema(…) again when there are some.
do $$
begin
    if (select rolsuper from pg_roles where rolname = current_user) then
        create event trigger postern_watch_new on ddl_command_end
            when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE FOREIGN TABLE',
                         'IMPORT FOREIGN SCHEMA')
            execute function postern.watch_new();
    end if;
end
$$;

do $$
begin
    perform postern.watch_schema('data');
end
$$;
