-- Signing up, in and out. Nobody sees these tables: the functions below are all there is, and they work with the rights of a
-- role of their own, which can do what they need and nothing else.
--
-- A session is a chain of refresh tokens, each of which is good once. Only the hashes of the latest one are kept: whoever comes
-- with another of the same chain has a copy of a token that was used already, and that ends the session, for the thief and for
-- the robbed alike.
--
-- The search_path of the functions has pg_temp last: a path that does not name it has it first, for types and tables, and callers
-- can put there what they like.

do $$
begin
    if not exists (select from pg_roles where rolname = 'accounts') then
        create role accounts nologin;
    end if;
end
$$;

grant accounts to current_user;
comment on role accounts is 'Owner of the accounts of the sample application';

create schema auth authorization accounts;
comment on schema auth is 'Accounts and sessions. Not for clients: nginx.conf calls its functions.';
grant usage on schema auth to anonymous, "user";

-- What the functions need of the application: to look users up and to add them.
grant usage on schema data to accounts;
grant select, references, insert (email, name) on data.users to accounts;
create policy accounts on data.users to accounts using (true) with check (true);

-- bcrypt and random bytes. The extension may be there already, in any schema.
create schema if not exists extensions;
create extension if not exists pgcrypto with schema extensions;

do $$
declare
    place text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
                   where e.extname = 'pgcrypto');
begin
    execute format('grant usage on schema %I to accounts', place);
    set local role accounts;

    -- bcrypt looks at 72 bytes of what it is given. Hashed first, a long passphrase counts to its end.
    execute format($f$
        create function auth.bcrypt(password text, salt text) returns text
            language sql immutable strict parallel safe
            return %1$I.crypt(encode(sha256(convert_to(password, 'UTF8')), 'base64'), salt)
    $f$, place);

    -- 2^11 rounds take about a tenth of a second.
    execute format($f$
        create function auth.salt() returns text
            language sql volatile
            return %1$I.gen_salt('bf', 11)
    $f$, place);

    execute format($f$
        create function auth.random(size integer) returns bytea
            language sql volatile strict
            return %1$I.gen_random_bytes(size)
    $f$, place);

    -- The hash that is compared with where there is no account: of a password that nobody has, made with the same effort.
    execute format($f$
        create function auth.nobodys_hash() returns text language sql immutable return %L
    $f$, auth.bcrypt(encode(auth.random(32), 'base64'), auth.salt()));
end
$$;

set local role accounts;

create table auth.accounts (
    user_id uuid primary key references data.users (id) on delete cascade,
    password_hash text not null,
    disabled_at timestamptz,
    created_at timestamptz not null default now()
);

comment on table auth.accounts is 'Users with a password. One that is disabled cannot sign in, nor go on with a session.';

create table auth.sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.accounts (user_id) on delete cascade,
    chain_hash bytea not null unique,
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    used_at timestamptz not null default now(),
    expires_at timestamptz not null
);

create index sessions_user on auth.sessions (user_id, used_at);
create index sessions_expiry on auth.sessions (expires_at);

comment on table auth.sessions is 'Who is signed in: the SHA-256 of the latest refresh token of each session, and of the part that all of its tokens share.';

-- How long a session lasts without being used, and at the most.
create function auth.session_end(created_at timestamptz) returns timestamptz
    language sql stable
    return least(now() + interval '14 days', created_at + interval '90 days');

-- 48 bytes in base64url: 16 that name the chain, and 32 that are new in each token.
create function auth.token_text(token bytea) returns text
    language sql immutable strict
    return translate(encode(token, 'base64'), '+/', '-_');

create function auth.token_bytes(token text) returns bytea
    language sql immutable strict
    return case when token ~ '^[A-Za-z0-9_-]{64}$' then decode(translate(token, '-_', '+/'), 'base64') end;

create function auth.chain_hash(token bytea) returns bytea
    language sql immutable strict
    return sha256(substr(token, 1, 16));

-- Ends a request with an error; nothing of it takes effect.
create function auth.refuse(status integer, code text, message text, hint text default null) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    raise sqlstate 'PGRST' using
        message = json_build_object('code', code, 'message', message, 'hint', hint)::text,
        detail = json_build_object('status', status, 'headers', json_build_object())::text;
end
$$;

-- The body of a request. jsonb, not json, reads all escapes at once. PostgreSQL's own errors would quote the body, and with it a
-- password, in its log: nothing of them is passed on.
create function auth.parse(body text) returns jsonb
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    return body::jsonb;
exception
    when data_exception or program_limit_exceeded then
        perform auth.refuse(400, 'invalid_json', 'the body is not valid JSON');
end
$$;

-- A member of a request that is text; NULL if there is none.
create function auth.text_member(request jsonb, name text) returns text
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    if request is null or jsonb_typeof(request) <> 'object' then
        perform auth.refuse(422, 'invalid_request', 'the body has to be a JSON object');
    end if;
    if jsonb_typeof(request -> name) not in ('string', 'null') then
        perform auth.refuse(422, 'invalid_request', format('"%s" has to be a string', name));
    end if;
    return request ->> name;
end
$$;

-- What a client is told of a user.
create function auth.shown(shown data.users) returns json
    language sql stable
    return (select to_json(u) from (select shown.id, shown.email, shown.name, shown.created_at) u);

-- What postern_issue_token makes a token response of. The claim "sub" is what row-level security looks at, "role" the role of
-- the requests that come with the token, and "sid" the session.
create function auth.token_answer(who data.users, session auth.sessions, token bytea) returns json
    language sql stable
    return json_build_object(
        'claims', json_build_object('sub', who.id, 'role', 'user', 'sid', session.id),
        'refresh_token', auth.token_text(token),
        'refresh_expires_in', floor(extract(epoch from session.expires_at - now()))::bigint,
        'user', auth.shown(who));

-- Sessions that are over are removed by those that begin, a few at a time; and nobody has more than 20.
create function auth.start_session(who data.users) returns json
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    token bytea := auth.random(48);
    session auth.sessions;
begin
    delete from auth.sessions where id in (
        select id from auth.sessions where expires_at < now() order by expires_at limit 10 for update skip locked);
    delete from auth.sessions where id in (
        select id from auth.sessions where user_id = who.id order by used_at desc offset 19);
    insert into auth.sessions (user_id, chain_hash, token_hash, expires_at)
    values (who.id, auth.chain_hash(token), sha256(token), auth.session_end(now()))
    returning * into session;
    return auth.token_answer(who, session, token);
end
$$;

-- POST /auth/register {"email", "password", "name"}. An address that is taken is told: whoever registers has to know.
create function auth.register(body text) returns json
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    request jsonb := auth.parse(body);
    address text := btrim(auth.text_member(request, 'email'));
    password text := auth.text_member(request, 'password');
    called text := coalesce(nullif(btrim(auth.text_member(request, 'name')), ''), left(split_part(address, '@', 1), 100));
    who data.users;
begin
    if address is null or length(address) > 254 or address !~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$' then
        perform auth.refuse(422, 'invalid_email', 'the email address is not valid');
    end if;
    if password is null or length(password) not between 8 and 1000 then
        perform auth.refuse(422, 'invalid_password', 'the password has to have between 8 and 1000 characters');
    end if;
    if length(called) > 100 then
        perform auth.refuse(422, 'invalid_name', 'the name can have up to 100 characters');
    end if;
    insert into data.users (email, name) values (address, called)
    on conflict (lower(email)) do nothing
    returning * into who;
    if who.id is null then
        perform auth.refuse(409, 'email_taken', 'there is an account with this email address', 'sign in');
    end if;
    insert into auth.accounts (user_id, password_hash) values (who.id, auth.bcrypt(password, auth.salt()));
    perform set_config('response.status', '201', true);
    return auth.start_session(who);
end
$$;

-- POST /auth/login {"email", "password"}. One answer and one effort, whether there is no such account or the password is wrong.
create function auth.login(body text) returns json
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    request jsonb := auth.parse(body);
    address text := btrim(auth.text_member(request, 'email'));
    password text := coalesce(auth.text_member(request, 'password'), '');
    who data.users;
    account auth.accounts;
    known text;
    matches boolean;
begin
    select u.* into who from data.users u where lower(u.email) = lower(address);
    select a.* into account from auth.accounts a where a.user_id = who.id;
    known := coalesce(account.password_hash, auth.nobodys_hash());
    -- A statement of its own, so that nothing that is known already can save the effort.
    matches := auth.bcrypt(password, known) = known;
    if not matches or account.user_id is null or account.disabled_at is not null then
        perform auth.refuse(401, 'invalid_credentials', 'the email address or the password is wrong');
    end if;
    return auth.start_session(who);
end
$$;

-- The refresh token in the body of a request, for the two functions below; NULL if there is none.
create function auth.refresh_token(body text) returns text
    language sql security definer
    set search_path = pg_catalog, pg_temp
    return auth.parse(body) ->> 'refresh_token';

-- POST /auth/refresh {"refresh_token"}. The token is replaced in one statement: of two requests with the same one, the second
-- finds another in its place. It answers an error without raising one, as that would undo the end of the session.
create function auth.refresh(refresh_token text) returns json
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    given bytea := auth.token_bytes(refresh_token);
    next bytea := substr(given, 1, 16) || auth.random(32);
    who data.users;
    session auth.sessions;
begin
    update auth.sessions s
    set token_hash = sha256(next), used_at = now(), expires_at = auth.session_end(s.created_at)
    from auth.accounts a
    where s.chain_hash = auth.chain_hash(given) and s.token_hash = sha256(given) and s.expires_at > now()
      and a.user_id = s.user_id and a.disabled_at is null
    returning s.* into session;
    if session.id is null then
        delete from auth.sessions where chain_hash = auth.chain_hash(given);
        perform set_config('response.status', '401', true);
        return json_build_object('claims', null, 'code', 'invalid_refresh_token',
            'message', 'the refresh token is not valid, or was used before', 'details', null, 'hint', 'sign in');
    end if;
    select u.* into who from data.users u where u.id = session.user_id;
    return auth.token_answer(who, session, next);
end
$$;

-- POST /auth/logout {"refresh_token"}, or with an access token: its session. It is no error if that has ended before. Whoever brings
-- neither is told so, and does not take a session for ended that goes on.
create function auth.logout(refresh_token text) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    session_id text := nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sid';
begin
    if refresh_token is null and session_id is null then
        perform auth.refuse(401, 'no_session', 'there is neither a refresh token nor an access token that is good');
    end if;
    delete from auth.sessions where chain_hash = auth.chain_hash(auth.token_bytes(refresh_token));
    delete from auth.sessions where user_id = data.current_user_id() and id::text = session_id;
end
$$;

-- GET /auth/me. The token of a session that has ended is good for other requests until it expires, but not here.
create function auth.me() returns json
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    session_id uuid := (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sid')::uuid;
    answer json;
begin
    select auth.shown(u) into answer from data.users u
    where u.id = data.current_user_id()
      and (session_id is null
           or exists (select from auth.sessions s where s.id = session_id and s.user_id = u.id and s.expires_at > now()));
    if answer is null then
        perform auth.refuse(401, 'session_ended', 'the session has ended', 'sign in');
    end if;
    return answer;
end
$$;

comment on function auth.register(text) is 'Makes an account, and signs its user in.';
comment on function auth.login(text) is 'Signs a user in.';
comment on function auth.refresh_token(text) is 'The refresh token in the body of a request.';
comment on function auth.refresh(text) is 'Goes on with a session: a new access token and a new refresh token for the one given.';
comment on function auth.logout(text) is 'Ends a session.';
comment on function auth.me() is 'The user who asks.';

revoke execute on all functions in schema auth from public;
grant execute on function auth.register(text), auth.login(text), auth.refresh_token(text), auth.refresh(text), auth.logout(text)
    to anonymous, "user";
grant execute on function auth.me() to "user";
