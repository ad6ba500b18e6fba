-- Which rows a role gets to see and to change. A policy that is not there denies.
--
-- The user is asked for in a subquery: it is evaluated once for a statement instead of once for a row, and an index on the
-- owner can be used with its result.

set local role app_owner;

alter table data.users enable row level security;
alter table data.resources enable row level security;
alter table data.audit_log enable row level security;

create policy own on data.users to "user"
    using (id = (select data.current_user_id()));

create policy own on data.resources to "user"
    using (owner_id = (select data.current_user_id()))
    with check (owner_id = (select data.current_user_id()));

create policy public on data.resources for select to anonymous
    using (visibility = 'public');

create policy own on data.audit_log for select to "user"
    using (actor_id = (select data.current_user_id()));
