-- Who changed what. Nobody but the trigger writes the log, and nothing changes a line of it.

set local role app_owner;

create table data.audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor_id uuid,
    actor_role text not null,
    action text not null check (action in ('insert', 'update', 'delete')),
    table_name text not null,
    row_id uuid not null,
    old_row jsonb,
    new_row jsonb
);

create index audit_log_actor on data.audit_log (actor_id, id);
create index audit_log_row on data.audit_log (row_id, id);

comment on table data.audit_log is 'Every change of users and resources, with the row before and after.';

-- SECURITY DEFINER: the roles that cause a line have no right to write one. Inside, current_user is therefore the owner, and
-- the setting "role" tells whom the request runs as ("none" where nobody was chosen).
create function data.audit() returns trigger
    language plpgsql security definer
    set search_path = ''
as $$
begin
    insert into data.audit_log (actor_id, actor_role, action, table_name, row_id, old_row, new_row)
    values (
        data.current_user_id(),
        coalesce(nullif(current_setting('role'), 'none'), session_user),
        lower(tg_op),
        tg_table_name,
        coalesce(new.id, old.id),
        to_jsonb(old),
        to_jsonb(new)
    );
    return null;
end
$$;

revoke execute on function data.audit() from public;
comment on function data.audit() is 'Writes a line of the audit log.';

create trigger audit after insert or update or delete on data.users
    for each row execute function data.audit();
create trigger audit after insert or update or delete on data.resources
    for each row execute function data.audit();
