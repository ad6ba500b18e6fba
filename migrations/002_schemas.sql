-- api is what clients see; data is where it is kept. Clients' roles cannot even name what is in data (no USAGE): they reach
-- its tables through the views of api only.

create schema api authorization app_owner;
create schema data authorization app_owner;

comment on schema api is 'A sample application: resources that belong to users.';
comment on schema data is 'The tables behind the schema api.';

grant usage on schema api to anonymous, "user";

set local role app_owner;

-- In api, because a statement that writes a value of these types has to name them.
create type api.resource_status as enum ('draft', 'active', 'archived');
create type api.visibility as enum ('private', 'public');

comment on type api.resource_status is 'Where a resource is in its life.';
comment on type api.visibility is 'Who may read a resource: its owner, or everybody.';

-- A single SELECT without SET or SECURITY DEFINER: the planner puts it in the place of the call. Settings that were made for
-- a transaction leave an empty string behind, hence nullif.
create function data.current_user_id() returns uuid
    language sql stable parallel safe
    return (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid;

comment on function data.current_user_id() is 'The user of the request: the claim "sub" of its token, or NULL.';
