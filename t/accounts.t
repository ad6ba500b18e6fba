# The functions of migrations/008_accounts.sql behind HTTP: what is refused, and how. What takes several requests that know of each
# other is in tests/integration/accounts.rs.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

# Section of our own: `--- app_sql`, statements that a superuser runs there before the block.

# A database of its own with the sample application; the suites' roles are those of the cluster.
my $database = "$ENV{TEST_NGINX_DATABASE}_app";
Postern::Fixture::psql('postgres', "CREATE DATABASE $database");
Postern::Fixture::psql($database, 'CREATE SCHEMA postern');
for my $file (grep { !/900_demo/ } sort glob 'migrations/*.sql') {
    Postern::Fixture::psql($database, 'BEGIN;' . Postern::Fixture::read_file($file) . 'COMMIT;');
}
END { local $?; eval { Postern::Fixture::psql('postgres', "DROP DATABASE IF EXISTS $database WITH (FORCE)") } if $ENV{POSTERN_TEST_PG} }
$ENV{TEST_NGINX_APP_DSN} = $ENV{TEST_NGINX_DSN} =~ s/dbname=\S+/dbname=$database/r;

my $http = <<'CONF';
    postern_database accounts { dsn "$TEST_NGINX_APP_DSN"; schemas auth; anonymous_role anonymous; }
CONF
my $server = <<'CONF';
    location = /auth/register {
        postern_sql accounts "select auth.register(:body)" methods=POST;
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE issuer=postern audience=postern;
    }
    location = /auth/login {
        postern_sql accounts "select auth.login(:body)" methods=POST;
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE issuer=postern audience=postern;
    }
    location = /auth/refresh {
        postern_sql accounts "select auth.refresh(auth.refresh_token(:body))" methods=POST;
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE issuer=postern audience=postern;
    }
    location = /auth/logout {
        satisfy any;
        allow   all;
        postern_jwt secret_file=$TEST_NGINX_SECRET_FILE issuer=postern audience=postern;
        postern_sql accounts "select auth.logout(auth.refresh_token(:body))" methods=POST;
    }
    location = /auth/me {
        postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE issuer=postern audience=postern;
        postern_sql accounts "select auth.me()" methods=GET;
    }
CONF
add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => $http);
    $block->set_value(config => $server);
    Postern::Fixture::psql($database, $block->app_sql) if defined $block->app_sql;
});

# JSON bodies, one for each request.
sub main::json { join "\n", 'Content-Type: application/json' }

run_tests();

__DATA__

=== TEST 1: registering: what is missing or wrong
--- request eval
[map { "POST /auth/register\n$_" }
    '{"password":"long enough"}', '{"email":null,"password":"long enough"}', '{"email":"no address","password":"long enough"}',
    '{"email":"@x","password":"long enough"}', '{"email":"a@b@c","password":"long enough"}',
    '{"email":"' . ('a' x 250) . '@x.org","password":"long enough"}',
    '{"email":"a@x.org"}', '{"email":"a@x.org","password":"short"}', '{"email":"a@x.org","password":12345678}',
    '{"email":"a@x.org","password":"' . ('x' x 1001) . '"}',
    '{"email":"a@x.org","password":"long enough","name":"' . ('x' x 101) . '"}',
    '{"email":["a@x.org"],"password":"long enough"}', '[]', '"text"', 'null']
--- more_headers eval
[(main::json()) x 15]
--- error_code eval
[(422) x 15]
--- response_body_like eval
[('"code":"invalid_email"') x 6, ('"code":"invalid_password"') x 2, '"code":"invalid_request"', '"code":"invalid_password"',
 '"code":"invalid_name"', ('"code":"invalid_request"') x 4]



=== TEST 2: what is no JSON, or cannot be kept as text
--- request eval
["POST /auth/register\n{", "POST /auth/register\n" . '{"email":"a\u0000@x.org","password":"long enough"}', "POST /auth/login\nemail=a"]
--- more_headers eval
[main::json(), main::json(), "Content-Type: application/x-www-form-urlencoded"]
--- error_code eval
[400, 400, 415]



=== TEST 3: registering and what follows from it
--- request eval
["POST /auth/register\n" . '{"email":" Carl@x.org ","password":"long enough","role":"app_owner","id":1}',
 "POST /auth/register\n" . '{"email":"carl@X.ORG","password":"other password"}',
 "POST /auth/login\n" . '{"email":"CARL@x.org","password":"long enough"}',
 "POST /auth/login\n" . '{"email":"carl@x.org","password":"Long enough"}',
 "POST /auth/login\n" . '{"email":"carl@x.org"}',
 "POST /auth/login\n" . '{"password":"long enough"}']
--- more_headers eval
[(main::json()) x 6]
--- error_code eval
[201, 409, 200, 401, 401, 401]
--- response_body_like eval
['^\{"access_token":"[\w.-]+","token_type":"Bearer","expires_in":900,"refresh_token":"[\w-]{64}","refresh_expires_in":\d+,"user":\{"id":"[\w-]{36}","email":"Carl@x\.org","name":"Carl","created_at":"[^"]+"\}\}$',
 '"code":"email_taken"', '"email":"Carl@x.org"', ('"code":"invalid_credentials"') x 3]
--- response_headers eval
[("Cache-Control: no-store") x 3, ("Cache-Control: no-store\nWWW-Authenticate: Bearer") x 3]



=== TEST 4: refresh tokens that are none
--- request eval
[map { "POST /auth/refresh\n$_" } '{}', '{"refresh_token":null}', '{"refresh_token":""}', '{"refresh_token":"x"}',
    '{"refresh_token":"' . ('A' x 64) . '"}', '{"refresh_token":"' . ('A' x 63) . '="}', '{"refresh_token":5}',
    '{"refresh_token":"\' or 1=1 --"}']
--- more_headers eval
[(main::json()) x 8]
--- error_code eval
[(401) x 8]
--- response_body eval
[('{"code":"invalid_refresh_token","message":"the refresh token is not valid, or was used before","details":null,"hint":"sign in"}') x 8]



=== TEST 5: logging out is no error if the session has ended, but without any token it is
--- request eval
["POST /auth/logout", "POST /auth/logout\n{}", "POST /auth/logout\n" . '{"refresh_token":"x"}', "POST /auth/logout",
 "POST /auth/logout\n" . '{"refresh_token":"x"}', "POST /auth/logout\n{"]
--- more_headers eval
["X-Nothing: 1", main::json(), main::json(), "Authorization: Bearer x.y.z", main::json() . "\nAuthorization: Bearer x.y.z", main::json()]
--- error_code eval
[401, 401, 204, 401, 204, 400]
--- response_body_like eval
[('"code":"no_session"') x 2, '^$', '"code":"no_session"', '^$', '"code":"invalid_json"']



=== TEST 6: me
--- app_sql
INSERT INTO data.users (id, email, name) VALUES ('00000000-0000-4000-8000-00000000000a', 'm@x.org', 'M') ON CONFLICT DO NOTHING;
--- request eval
[("GET /auth/me") x 5, "POST /auth/me"]
--- more_headers eval
my %good = (sub => '00000000-0000-4000-8000-00000000000a', role => 'user', iss => 'postern', aud => 'postern', exp => time + 60);
[main::bearer({%good}), main::bearer({%good, sid => '00000000-0000-4000-8000-00000000000b'}),
 main::bearer({%good, sub => '00000000-0000-4000-8000-00000000000c'}), main::bearer({%good, role => 'anonymous'}), "X-Nothing: 1",
 main::bearer({%good})]
--- error_code eval
[200, 401, 401, 403, 401, 405]
--- response_body_like eval
['^\{"id":"00000000-0000-4000-8000-00000000000a","email":"m@x.org","name":"M","created_at":"[^"]+"\}$', '"code":"session_ended"',
 '"code":"session_ended"', '42501', 'PGRST302', 'PGRST117']



=== TEST 7: a session that was begun elsewhere goes on with its token, once
--- app_sql
DELETE FROM data.users WHERE email = 's@x.org';
INSERT INTO data.users (id, email, name) VALUES ('00000000-0000-4000-8000-00000000000d', 's@x.org', 'S');
INSERT INTO auth.accounts (user_id, password_hash) VALUES ('00000000-0000-4000-8000-00000000000d', '*');
INSERT INTO auth.sessions (user_id, chain_hash, token_hash, expires_at)
SELECT '00000000-0000-4000-8000-00000000000d', sha256(substr(t, 1, 16)), sha256(t), now() + interval '1 hour'
FROM decode(repeat('41', 48), 'hex') AS t;
--- request eval
[("POST /auth/refresh\n" . '{"refresh_token":"' . ('QUFB' x 16) . '"}') x 2]
--- more_headers eval
[(main::json()) x 2]
--- error_code eval
[200, 401]
--- response_body_like eval
['"refresh_token":"QUFBQUFBQUFBQUFBQUFBQ[\w-]{43}","refresh_expires_in":1209\d\d\d,"user":\{"id":"00000000-0000-4000-8000-00000000000d"', 'invalid_refresh_token']
