-- Who works with the database. Roles belong to the whole cluster: one that is there already, for another database, is used
-- as it is.
--
--   authenticator  nginx logs in as this role, and as no other. It has no rights of its own (NOINHERIT) and takes, for each
--                  request, the role that the request's token names.
--   anonymous      the role of a request without a token.
--   "user"         the role of somebody who has signed in.
--   app_owner      owns what the migrations make, so that no function with its owner's rights has a superuser's.
--
-- The password of authenticator is not written here: scripts/migrate.sh sets it.

do $$
declare
    name text;
begin
    foreach name in array array['anonymous', 'user', 'app_owner'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
    end loop;
    if not exists (select from pg_roles where rolname = 'authenticator') then
        create role authenticator login noinherit;
    end if;
end
$$;

grant anonymous, "user" to authenticator;

-- Whoever migrates creates objects in the name of app_owner.
grant app_owner to current_user;

comment on role authenticator is 'What nginx logs in as';
comment on role anonymous is 'Requests without a token';
comment on role "user" is 'Requests of somebody who has signed in';
comment on role app_owner is 'Owner of the sample application';
