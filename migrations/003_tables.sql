-- What the application keeps.

set local role app_owner;

create table data.users (
    id uuid primary key default gen_random_uuid(),
    email text not null check (length(email) <= 254 and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    name text not null check (length(name) between 1 and 100),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index users_email_key on data.users (lower(email));

comment on table data.users is 'Who can sign in.';

create table data.resources (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null default data.current_user_id() references data.users (id) on delete cascade,
    name text not null check (length(name) between 1 and 200),
    description text check (length(description) <= 10000),
    status api.resource_status not null default 'draft',
    visibility api.visibility not null default 'private',
    price numeric(12, 2) check (price >= 0),
    quantity integer not null default 0 check (quantity >= 0),
    tags text[] not null default '{}' check (cardinality(tags) <= 32 and array_position(tags, null) is null),
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

comment on table data.resources is 'Things that belong to users.';

-- Pages of a user's own and of all public resources, by id and by age. Each ends in the key, so that a page starts where the
-- last one ended however many rows there are.
create index resources_owner_id on data.resources (owner_id, id);
create index resources_owner_age on data.resources (owner_id, created_at, id);
create index resources_public_id on data.resources (id) where visibility = 'public';
create index resources_public_age on data.resources (created_at, id) where visibility = 'public';

-- When a row was made and last changed is for the database to say, whatever a statement tries to write.
create function data.stamp() returns trigger
    language plpgsql
as $$
begin
    new.updated_at := now();
    if tg_op = 'INSERT' then
        new.created_at := new.updated_at;
    elsif new.id is distinct from old.id then
        raise exception 'the id of a row cannot be changed' using errcode = 'check_violation';
    else
        new.created_at := old.created_at;
    end if;
    return new;
end
$$;

comment on function data.stamp() is 'Sets created_at and updated_at, and holds the id.';

create trigger stamp before insert or update on data.users
    for each row execute function data.stamp();
create trigger stamp before insert or update on data.resources
    for each row execute function data.stamp();
