# postern_jwt, postern_jwt_key, postern_jwt_require: who needs a token, where it may be, and what it must say.

use lib 't/lib';
use Postern::Fixture;
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::Nginx::Socket 'no_plan';

our $long = join '', map { chr } 0 .. 63;

for (['one', 'the first secret of at least 32 octets'], ['two', "the second secret of at least 32 octets\n"],
    ['base64', encode_base64($long, '') . "\n"], ['base64url', encode_base64url($long)])
{
    Postern::Fixture::write_file("$ENV{TEST_NGINX_FIXTURE_DIR}/$_->[0]", $_->[1]);
}

our %alice = (sub => 'alice', role => 'web_user');

sub signed { my ($secret, %options) = @_; 'Authorization: Bearer ' . token({%alice}, secret => $secret, %options) }

default_config(<<'CONF');
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE cookie=session argument=access_token;
    add_header X-User "[$postern_user]" always;
    location /api/context  { postern_resource app table=api.context key=id; }
    location /needed       { postern_jwt on; postern_resource app table=api.context key=id; }
    location /optional     { postern_jwt optional; postern_resource app table=api.context key=id; }
    location /open         { postern_jwt off; postern_resource app table=api.context key=id; }
    location /page/on/     { postern_jwt on; alias $TEST_NGINX_SERVER_ROOT/html/; }
    location /page/maybe/  { postern_jwt optional; alias $TEST_NGINX_SERVER_ROOT/html/; }
    location /plan         { postern_jwt_require plan gold platinum; postern_resource app table=api.context key=id; }
    location /tenant {
        postern_jwt_require '."https://example.org/tenant".id' error=403;
        postern_resource app table=api.context key=id;
        location /tenant/inner { postern_jwt optional; postern_resource app table=api.context key=id; }
    }
    location /scope        { postern_jwt_require scope write error=403; postern_jwt_require email_verified error=401;
                             postern_resource app table=api.context key=id; }
    location /claim        { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE 'role_claim=."https://example.org/app".roles[1]';
                             postern_resource app table=api.context key=id; }
CONF

run_tests();

__DATA__

=== TEST 1: without a token: on refuses it, whatever the database would allow
--- request
GET /needed/1?select=role
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer
--- response_body_like: ^\{"code":"PGRST302"



=== TEST 2: without a token: optional goes on as nobody
--- request
GET /optional/1?select=role
--- response_body: {"role":"web_anon"}



=== TEST 3: optional looks at a token that comes all the same
--- request
GET /optional/1?select=role
--- more_headers eval: main::bearer({%main::alice, exp => 1})
--- error_code: 401
--- response_headers_like
WWW-Authenticate: Bearer error="invalid_token".*



=== TEST 4: with a token, on and optional are one
--- request eval
["GET /needed/1?select=role", "GET /optional/1?select=role", "GET /page/on/index.html", "GET /page/maybe/index.html"]
--- more_headers eval
[(main::bearer({%main::alice})) x 4]
--- response_body eval
['{"role":"web_user"}', '{"role":"web_user"}', "a page\n", "a page\n"]
--- response_headers eval
[("X-User: [alice]") x 4]
--- user_files
>>> index.html
a page



=== TEST 5: off does not look at a token
--- request
GET /open/1?select=role
--- more_headers
Authorization: Bearer nonsense
--- response_body: {"role":"web_anon"}



=== TEST 6: pages that are not ours
--- request eval
["GET /page/on/index.html", "GET /page/maybe/index.html"]
--- error_code eval
[401, 200]
--- user_files
>>> index.html
a page



=== TEST 7: a token in a cookie and in an argument
--- request eval
["GET /needed/1?select=role", "GET /needed/1?select=role", "GET /page/on/index.html?a=b&access_token=" . main::token({%main::alice})]
--- more_headers eval
["Cookie: a=b; session=" . main::token({%main::alice}), "Cookie: sessions=x; xsession=y", ""]
--- error_code eval
[200, 401, 200]
--- user_files
>>> index.html
a page



=== TEST 8: the header comes first, then the cookie
--- request
GET /page/on/index.html?access_token=nonsense
--- more_headers eval
main::bearer({%main::alice, sub => 'header'}) . "\nCookie: session=nonsense"
--- response_headers
X-User: [header]
--- user_files
>>> index.html
a page



=== TEST 9: a bad token in a cookie is a bad token
--- request
GET /optional/1
--- more_headers
Cookie: session=nonsense
--- error_code: 401
--- response_body_like: ^\{"code":"PGRST301"



=== TEST 10: a repeated argument
--- request eval
"GET /page/on/index.html?access_token=a&access_token=b"
--- error_code: 400
--- response_body_like: "POSTERN300"



=== TEST 11: a required claim and its values
--- request eval
[("GET /plan/1?select=role") x 5]
--- more_headers eval
[map { main::bearer({%main::alice, %$_}) } {plan => 'gold'}, {plan => ['silver', 'platinum']}, {plan => 'silver'}, {}, {plan => {gold => 1}}]
--- error_code eval
[200, 200, 401, 401, 401]
--- response_headers_like eval
['Content-Type: application/json.*', 'Content-Type: application/json.*', ('WWW-Authenticate: Bearer error="invalid_token", error_description="the token lacks a required claim"') x 3]



=== TEST 12: a claim deep down, and 403 where it is asked for
--- request eval
[("GET /tenant/1?select=role") x 3]
--- more_headers eval
[map { main::bearer({%main::alice, 'https://example.org/tenant' => $_}) } {id => 7}, {id => undef}, 'id']
--- error_code eval
[200, 403, 403]
--- response_body_like eval
['"web_user"', '"POSTERN301"', '"POSTERN301"']
--- response_headers_like eval
['Content-Type: application/json.*', ('WWW-Authenticate: Bearer error="insufficient_scope".*') x 2]



=== TEST 13: requirements are inherited, and concern tokens: nobody is asked for none
--- request eval
[("GET /tenant/inner/1?select=role") x 2]
--- more_headers eval
["", main::bearer({%main::alice})]
--- error_code eval
[200, 403]



=== TEST 14: several requirements all hold
--- request eval
[("GET /scope/1?select=role") x 4]
--- more_headers eval
[map { main::bearer({%main::alice, %$_}) }
    {scope => 'read write', email_verified => JSON::PP::true()}, {scope => 'read', email_verified => JSON::PP::true()},
    {scope => 'write', email_verified => JSON::PP::false()}, {scope => 'writes', email_verified => JSON::PP::true()}]
--- error_code eval
[200, 403, 401, 403]



=== TEST 15: the role is where the path says, and nowhere else
--- request eval
[("GET /claim/1?select=role,claim:claims->>role") x 3]
--- more_headers eval
[map { main::bearer({sub => 'a', role => 'postgres', 'https://example.org/app' => $_}) } {roles => ['x', 'web_user']}, {roles => ['web_user']}, {roles => ['x', 5]}]
--- error_code eval
[200, 200, 401]
--- response_body_like eval
['^\{"role":"web_user","claim":"web_user"\}$', '^\{"role":"web_anon","claim":"web_anon"\}$', '"PGRST303"']



=== TEST 16: every algorithm of a secret's family
--- request eval
[("GET /needed/1?select=role") x 3]
--- more_headers eval
[map { main::bearer({%main::alice}, alg => $_) } qw(HS256 HS384 HS512)]
--- error_code eval
[200, 200, 200]



=== TEST 17: a secret that is limited to an algorithm
--- config
    postern_jwt on;
    postern_jwt_key secret_file=$TEST_NGINX_SECRET_FILE algorithms=HS384,HS512;
    location /api/context { postern_resource app table=api.context key=id; }
--- request eval
[("GET /api/context/1?select=role") x 3]
--- more_headers eval
[map { main::bearer({%main::alice}, alg => $_) } qw(HS256 HS384 HS512)]
--- error_code eval
[401, 200, 200]



=== TEST 18: several secrets: kid selects, without it each is tried
--- config
    postern_jwt on;
    postern_jwt_key secret_file=$TEST_NGINX_FIXTURE_DIR/one kid=1;
    postern_jwt_key secret_file=$TEST_NGINX_FIXTURE_DIR/two kid=2;
    location /api/context { postern_resource app table=api.context key=id; }
--- request eval
[("GET /api/context/1?select=role") x 6]
--- more_headers eval
my ($one, $two) = ('the first secret of at least 32 octets', 'the second secret of at least 32 octets');
[main::signed($one), main::signed($two),
 map { main::signed($_->[0], header => {alg => 'HS256', kid => $_->[1]}) } [$one, '1'], [$two, '2'], [$one, '2'], [$one, '3']]
--- error_code eval
[200, 200, 200, 200, 401, 401]



=== TEST 19: secrets in base64 and base64url
--- config
    location /base64    { postern_jwt on; postern_jwt_key secret_file=$TEST_NGINX_FIXTURE_DIR/base64 encoding=base64; postern_resource app table=api.context key=id; }
    location /base64url { postern_jwt on; postern_jwt_key secret_file=$TEST_NGINX_FIXTURE_DIR/base64url encoding=base64url; postern_resource app table=api.context key=id; }
    location /raw       { postern_jwt on secret_file=$TEST_NGINX_FIXTURE_DIR/base64url; postern_resource app table=api.context key=id; }
--- request eval
["GET /base64/1", "GET /base64url/1", "GET /raw/1"]
--- more_headers eval
[(main::signed($main::long)) x 3]
--- error_code eval
[200, 200, 401]



=== TEST 20: keys of an inner level take the place of the outer ones
--- config
    postern_jwt on secret_file=$TEST_NGINX_FIXTURE_DIR/one issuer=me;
    location /outer { postern_resource app table=api.context key=id; }
    location /inner { postern_jwt_key secret_file=$TEST_NGINX_FIXTURE_DIR/two; postern_resource app table=api.context key=id; }
--- request eval
[map { ("GET /outer/1", "GET /inner/1") } 1 .. 2]
--- more_headers eval
[map { my $secret = $_; map { 'Authorization: Bearer ' . main::token({%main::alice, iss => 'me'}, secret => $secret) } 1 .. 2 }
    'the first secret of at least 32 octets', 'the second secret of at least 32 octets']
--- error_code eval
[200, 401, 401, 200]



=== TEST 21: expectations are inherited with them
--- config
    postern_jwt on secret_file=$TEST_NGINX_FIXTURE_DIR/one issuer=me;
    location /inner { postern_jwt_key secret_file=$TEST_NGINX_FIXTURE_DIR/two; postern_resource app table=api.context key=id; }
--- request
GET /inner/1
--- more_headers eval: main::signed('the second secret of at least 32 octets')
--- error_code: 401
--- response_body_like: "PGRST303"



=== TEST 22: a level that gives a parameter keeps the others and the mode
--- config
    postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE issuer=me audience=app;
    location /audience { postern_jwt audience=other; postern_resource app table=api.context key=id; }
    location /leeway   { postern_jwt leeway=60s; postern_resource app table=api.context key=id; }
    location /mode     { postern_jwt optional; postern_resource app table=api.context key=id; }
--- request eval
["GET /audience/1", "GET /audience/1", "GET /audience/1", "GET /leeway/1", "GET /leeway/1", "GET /leeway/1", "GET /mode/1", "GET /mode/1"]
--- more_headers eval
my $token = sub { main::bearer({%main::alice, @_}) };
["", $token->(iss => 'evil', aud => 'other'), $token->(iss => 'me', aud => 'other'),
 "", $token->(), $token->(iss => 'me', aud => 'app', exp => time - 20),
 "", $token->(iss => 'me')]
--- error_code eval
[401, 401, 200, 401, 401, 200, 200, 401]



=== TEST 23: an argument with a token is no condition, and is not in the link to the next page
--- request eval
"GET /api/books?select=id&limit=1&access_token=" . main::token({%main::alice}) . "&order=id"
--- config
    postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE argument=access_token;
    location /api/books { postern_resource app table=api.books; }
--- response_headers_like
Link: </api/books\?select=id&limit=1&order=id&cursor=[^&]+>; rel="next"



=== TEST 24: a claim with a line break is not found: it would make two header fields of one
--- config
    postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE;
    add_header X-Name "[$postern_claim_name]" always;
    add_header X-User "[$postern_user]" always;
    location /page/ { alias $TEST_NGINX_SERVER_ROOT/html/; }
--- request
GET /page/index.html
--- more_headers eval: main::bearer({sub => "a\r\nX-Evil: 1", name => "b\nX-Evil: 1"})
--- response_headers
X-Name: []
X-User: []
X-Evil:
--- user_files
>>> index.html
a page



=== TEST 25: numbers are compared to the last digit
--- config
    postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE;
    postern_jwt_require account 1234567890123456789;
    location /page/ { alias $TEST_NGINX_SERVER_ROOT/html/; }
--- request eval
[("GET /page/index.html") x 2]
--- more_headers eval
[map { main::bearer("{\"account\":$_}") } '1234567890123456789', '1234567890123456889']
--- error_code eval
[200, 401]
--- user_files
>>> index.html
a page



=== TEST 26: requirements that nothing checks
--- config
    location /a { postern_jwt_key secret_file=$TEST_NGINX_SECRET_FILE; postern_jwt_require role admin; return 200; }
--- must_die
--- error_log
"postern_jwt_require" without "postern_jwt"



=== TEST 27: an error that leads to another guarded location asks once
--- config
    location /a { postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE; error_page 401 = @other; root /nonexistent; }
    location @other { postern_jwt on secret_file=$TEST_NGINX_FIXTURE_DIR/one; root /nonexistent; }
--- request
GET /a
--- error_code: 401
--- raw_response_headers_unlike: WWW-Authenticate:.*WWW-Authenticate:
