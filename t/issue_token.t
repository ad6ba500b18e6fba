# postern_issue_token: signs what a function has answered.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

# Keys, made once.
my $dir = $ENV{TEST_NGINX_FIXTURE_DIR};
system("openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $dir/rsa.pem 2>/dev/null || openssl genrsa -out $dir/rsa.pem 2048 2>/dev/null") == 0 or die;
system("openssl genrsa -out $dir/rsa1024.pem 1024 2>/dev/null") == 0 or die;
system("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $dir/p256.pem 2>/dev/null") == 0 or die;
system("openssl genpkey -algorithm ed25519 -out $dir/ed25519.pem 2>/dev/null") == 0 or die;
system("openssl pkey -in $dir/$_.pem -pubout -out $dir/$_.pub 2>/dev/null") == 0 or die for qw(rsa p256 ed25519);
Postern::Fixture::write_file("$dir/short", 'too short');

run_tests();

__DATA__

=== TEST 1: a token response
--- config
    location = /token {
        postern_sql app "select api.claims(json_build_object('sub', :arg_sub::text))";
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE issuer=us audience=them ttl=5m kid=k1;
    }
--- request
POST /token?sub=alice
--- response_headers
Cache-Control: no-store
Content-Type: application/json; charset=utf-8
--- response_body_like: ^\{"access_token":"eyJ[\w-]+\.[\w-]+\.[\w-]{43}","token_type":"Bearer","expires_in":300,"user":"u","refresh_token":"r1","refresh_expires_in":60\}$



=== TEST 2: the default lifetime is 15 minutes
--- config
    location = /token { postern_sql app "select '{\"claims\":{}}'::jsonb"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
--- request
GET /token
--- response_headers
!ETag
--- response_body_like: "token_type":"Bearer","expires_in":900\}$



=== TEST 3: an answer without claims, or with an error, is not signed
--- config
    location = /none  { postern_sql app "select '{\"a\" : 1}'::json"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /text  { postern_sql app "select '{\"claims\":{}}'"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /void  { postern_sql app "select api.nothing()"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /error { postern_sql app "select api.answer('403', null, '{\"claims\":{},\"code\":\"no\"}')"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
--- request eval
["GET /none", "GET /text", "GET /void", "GET /error"]
--- error_code eval
[200, 200, 204, 403]
--- response_body eval
['{"a" : 1}', '"{\"claims\":{}}"', '', '{"code":"no"}']
--- response_headers eval
[("Cache-Control: no-store") x 4]



=== TEST 4: errors are not for caches either, whoever answers them
--- http_config
    postern_zone     edge 1m;
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
--- config
    location = /jwt { postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE; postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /sql { postern_sql app "select 1 / 0 + length(:body)" methods=POST; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /max {
        client_max_body_size 1;
        postern_sql app "select :body" methods=POST;
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE;
    }
    location = /limit {
        postern_limit key=ip rate=1r/h;
        postern_sql app "select '{\"claims\":{}}'::json";
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE;
    }
    location = /plain { postern_sql app "select 1"; }
--- request eval
["GET /jwt", "GET /sql", "POST /sql\nx", "POST /sql\n{}", "POST /max\n{}", "GET /limit", "GET /limit", "GET /plain"]
--- more_headers eval
[("X-Nothing: 1") x 3, ("Content-Type: application/json") x 2, ("X-Nothing: 1") x 3]
--- error_code eval
[401, 405, 415, 400, 413, 200, 429, 200]
--- response_headers eval
[("Cache-Control: no-store") x 7, "Cache-Control:"]
--- error_log
client intended to send too large body



=== TEST 5: claims that cannot be signed
--- config
    location = /a { postern_sql app "select json_build_object('claims', :arg_c::json)"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /d { postern_sql app "select '{\"claims\":{},\"claims\":null}'::json"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /b { postern_sql app "select json_build_object('claims', json_build_object('a', repeat('x', 9000)))"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
    location = /c { postern_sql app "select '{\"claims\":{},\"refresh_token\":\"a;b\"}'::json"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE refresh_cookie=r; }
--- request eval
['GET /a?c=1', 'GET /a?c=[]', 'GET /a?c={"a":1,"a":2}', 'GET /d', 'GET /b', 'GET /c']
--- error_code eval
[(500) x 6]
--- response_body_like eval
[('POSTERN363') x 4, 'POSTERN365', 'POSTERN364']
--- error_log
the claims to be signed are not a JSON object



=== TEST 6: cookies
--- config
    location = /token {
        postern_sql app "select api.claims('{\"sub\":\"alice\"}')";
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE cookie=at cookie_same_site=lax cookie_domain=example.org refresh_cookie=rt refresh_cookie_path=/auth;
    }
    location = /both {
        postern_sql app "select api.claims('{\"sub\":\"alice\"}')";
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE cookie=__Host-at body=on;
    }
--- request eval
["GET /token", "GET /both"]
--- response_headers_like eval
["Set-Cookie: at=eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+; Path=/; Domain=example\\.org; Max-Age=900; HttpOnly; Secure; SameSite=Lax.*rt=r1; Path=/auth; Domain=example\\.org; Max-Age=60; HttpOnly; Secure; SameSite=Lax",
 "Set-Cookie: __Host-at=eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Strict"]
--- response_body_like eval
['^\{"expires_in":900,"user":"u","refresh_expires_in":60\}$',
 '^\{"access_token":"eyJ[^"]+","token_type":"Bearer","expires_in":900,"user":"u","refresh_token":"r1","refresh_expires_in":60\}$']



=== TEST 7: claims of null take the cookies away, whatever the status is
--- config
    location = /a { postern_sql app "select api.answer(:arg_s, null, '{\"claims\":null}')"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE cookie=at; }
--- request eval
["GET /a", "GET /a?s=204", "GET /a?s=401"]
--- error_code eval
[200, 204, 401]
--- response_headers eval
[("Set-Cookie: at=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict") x 3]
--- response_body eval
['{}', '', '{}']



=== TEST 8: other algorithms
--- config
    location = /rsa { postern_sql app "select '{\"claims\":{}}'::json"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/rsa.pem algorithm=PS256; }
    location = /ec  { postern_sql app "select '{\"claims\":{}}'::json"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/p256.pem algorithm=ES256; }
    location = /ed  { postern_sql app "select '{\"claims\":{}}'::json"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/ed25519.pem algorithm=EdDSA; }
--- request eval
["GET /rsa", "GET /ec", "GET /ed"]
--- response_body_like eval
['"access_token":"eyJhbGciOiJQUzI1NiIs[\w-]+\.[\w-]+\.[\w-]{342}"', '"access_token":"eyJhbGciOiJFUzI1NiIs[\w-]+\.[\w-]+\.[\w-]{86}"', '"access_token":"eyJhbGciOiJFZERTQSIs[\w-]+\.[\w-]+\.[\w-]{86}"']



=== TEST 9: a location below is not signed unasked
--- config
    location /a {
        postern_sql app "select '{\"claims\":{}}'::json";
        postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE;
        location /a/b { postern_sql app "select '{\"claims\":{}}'::json"; }
    }
--- request
GET /a/b
--- response_body: {"claims":{}}



=== TEST 10: without a key
--- config
    location /a { postern_sql app "select 1"; postern_issue_token ttl=5m; }
--- must_die
--- error_log
[emerg]
neither "secret_file" nor "key_file" in "postern_issue_token" directive



=== TEST 11: two keys
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE key_file=$TEST_NGINX_FIXTURE_DIR/rsa.pem algorithm=RS256; }
--- must_die
--- error_log
[emerg]
both "secret_file" and "key_file"



=== TEST 12: a short secret
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_FIXTURE_DIR/short; }
--- must_die
--- error_log
[emerg]
at least 32 are needed



=== TEST 13: a private key without its algorithm
--- config
    location /a { postern_sql app "select 1"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/rsa.pem; }
--- must_die
--- error_log
[emerg]
no "algorithm" parameter in "postern_issue_token" directive



=== TEST 14: a key of another type
--- config
    location /a { postern_sql app "select 1"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/rsa.pem algorithm=ES256; }
--- must_die
--- error_log
[emerg]
not a private key for ES256



=== TEST 15: another curve
--- config
    location /a { postern_sql app "select 1"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/p256.pem algorithm=ES384; }
--- must_die
--- error_log
[emerg]
not a private key for ES384



=== TEST 16: a public key
--- config
    location /a { postern_sql app "select 1"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/rsa.pub algorithm=RS256; }
--- must_die
--- error_log
[emerg]
not a private key for RS256



=== TEST 17: an RSA key that is too short
--- config
    location /a { postern_sql app "select 1"; postern_issue_token key_file=$TEST_NGINX_FIXTURE_DIR/rsa1024.pem algorithm=RS256; }
--- must_die
--- error_log
[emerg]
not a private key for RS256



=== TEST 18: a secret with an algorithm of private keys
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE algorithm=RS256; }
--- must_die
--- error_log
[emerg]
the algorithm RS256 is none for this type of key



=== TEST 19: an algorithm that does not exist
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE algorithm=none; }
--- must_die
--- error_log
[emerg]
invalid parameter "algorithm=none"



=== TEST 20: without a script
--- config
    location /a { postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
--- must_die
--- error_log
[emerg]
"postern_issue_token" needs "postern_sql" in the same location



=== TEST 21: twice
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE; }
--- must_die
--- error_log
[emerg]
"postern_issue_token" directive is duplicate



=== TEST 22: a lifetime that is none
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE ttl=500ms; }
--- must_die
--- error_log
[emerg]
invalid parameter "ttl=500ms"



=== TEST 23: a cookie that browsers refuse
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE cookie=__Host-a cookie_path=/a; }
--- must_die
--- error_log
[emerg]
"__Host-"



=== TEST 24: a cookie for other sites that is not secure
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE cookie=a cookie_same_site=none cookie_secure=off; }
--- must_die
--- error_log
[emerg]
a cookie for other sites has to be secure



=== TEST 25: attributes without a cookie
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE cookie_path=/a; }
--- must_die
--- error_log
[emerg]
attributes of a cookie without its name



=== TEST 26: a parameter that does not exist
--- config
    location /a { postern_sql app "select 1"; postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE colour=red; }
--- must_die
--- error_log
[emerg]
invalid parameter "colour=red"



=== TEST 27: where it may not stand
--- config
    postern_issue_token secret_file=$TEST_NGINX_SECRET_FILE;
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
"postern_issue_token" directive is not allowed here
