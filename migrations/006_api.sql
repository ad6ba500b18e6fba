-- What clients see. The views run with the rights of who asks (security_invoker), so that row-level security holds through
-- them; they are simple enough for PostgreSQL to write through.
--
-- Defaults are repeated on the views: an UPDATE … SET column = DEFAULT of a view, which is how a row is replaced, takes the
-- view's default and not the table's.

set local role app_owner;

create view api.resources with (security_invoker = true) as
    select id, owner_id, name, description, status, visibility, price, quantity, tags, metadata, created_at, updated_at
    from data.resources;

alter view api.resources alter column id set default gen_random_uuid();
alter view api.resources alter column owner_id set default data.current_user_id();
alter view api.resources alter column status set default 'draft';
alter view api.resources alter column visibility set default 'private';
alter view api.resources alter column quantity set default 0;
alter view api.resources alter column tags set default '{}';
alter view api.resources alter column metadata set default '{}';
alter view api.resources alter column created_at set default now();
alter view api.resources alter column updated_at set default now();

comment on view api.resources is 'Resources: your own when you have signed in, the public ones otherwise.';
comment on column api.resources.id is 'Identifies the resource; random unless given.';
comment on column api.resources.owner_id is 'The user to whom it belongs; always you.';
comment on column api.resources.name is 'What it is called: 1 to 200 characters.';
comment on column api.resources.description is 'Free text of up to 10000 characters.';
comment on column api.resources.status is 'Where it is in its life: draft, active or archived.';
comment on column api.resources.visibility is 'Who may read it: private or public.';
comment on column api.resources.price is 'The price of one, with two decimals; none if it is not for sale.';
comment on column api.resources.quantity is 'How many there are.';
comment on column api.resources.tags is 'Up to 32 words to find it by.';
comment on column api.resources.metadata is 'Anything else, as a JSON object.';
comment on column api.resources.created_at is 'When it was made. Cannot be written.';
comment on column api.resources.updated_at is 'When it was last changed. Cannot be written.';

create view api.users with (security_invoker = true) as
    select id, email, name, created_at, updated_at
    from data.users;

comment on view api.users is 'You, when you have signed in.';
comment on column api.users.id is 'Identifies the user; the claim "sub" of a token.';
comment on column api.users.email is 'The address to sign in with.';
comment on column api.users.name is 'What others call you: 1 to 100 characters.';
comment on column api.users.created_at is 'When the account was made.';
comment on column api.users.updated_at is 'When the account was last changed.';

create view api.audit_log with (security_invoker = true) as
    select id, at, actor_id, actor_role, action, table_name, row_id, old_row, new_row
    from data.audit_log;

comment on view api.audit_log is 'What you have changed, one line for each row and change.';
comment on column api.audit_log.id is 'Lines are numbered in the order of the changes.';
comment on column api.audit_log.at is 'When the transaction of the change began.';
comment on column api.audit_log.actor_id is 'The user who made the change.';
comment on column api.audit_log.actor_role is 'The database role in which it was made.';
comment on column api.audit_log.action is 'insert, update or delete.';
comment on column api.audit_log.table_name is 'The table of the row.';
comment on column api.audit_log.row_id is 'The id of the row.';
comment on column api.audit_log.old_row is 'The row before; none for an insert.';
comment on column api.audit_log.new_row is 'The row after; none for a delete.';

-- With security_invoker the rights on the table count as well as those on the view.
grant select on api.resources, data.resources to anonymous;
grant select, insert, update, delete on api.resources, data.resources to "user";
grant select, update (name) on api.users, data.users to "user";
grant select on api.audit_log, data.audit_log to "user";
