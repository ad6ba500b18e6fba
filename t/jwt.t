# postern_jwt: who is asking.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE issuer=postern audience=suite leeway=5s;
    location /api/context { postern_resource app table=api.context key=id; }
    location /api/books   { postern_resource app table=api.books; }
    location /api/items   { postern_resource app table=api.items; }
    location /api/closed  { postern_resource app table=api.closed; }
    location /index.html  { root $TEST_NGINX_SERVER_ROOT/html; }
CONF

our %good = (sub => 'alice', role => 'web_user', iss => 'postern', aud => 'suite', exp => time + 300);

run_tests();

__DATA__

=== TEST 1: a good token: its role and its claims
--- request
GET /api/context/1?select=role,sub:claims->>sub,iss:claims->>iss
--- more_headers eval
main::bearer({%main::good})
--- response_body: {"role":"web_user","sub":"alice","iss":"postern"}



=== TEST 2: no token: the anonymous role
--- request
GET /api/context/1?select=role,claims
--- response_body_like: ^\{"role":"web_anon","claims":



=== TEST 3: no token and no anonymous role
--- http_config
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; }
--- request
GET /api/context/1
--- error_code: 401
--- response_headers_like
WWW-Authenticate: Bearer.*
Content-Type: application/json.*
--- response_body_like: ^\{"code":".*","message":".*"



=== TEST 4: tokens that are not good
--- request eval
[("GET /api/context/1") x 12]
--- more_headers eval
[map { "Authorization: Bearer $_" }
    main::token({%main::good, exp => time - 60}),
    main::token({%main::good}, secret => 'another secret of thirty-two octets'),
    main::token({%main::good}, alg => 'none'),
    main::token({%main::good, iss => 'somebody'}),
    main::token({%main::good, aud => 'others'}),
    main::token({%main::good, nbf => time + 120}),
    main::token('not json'),
    main::token({%main::good}, header => {alg => 'RS256'}),
    substr(main::token({%main::good}), 0, -1),
    'x.y.z', 'nonsense', '..']
--- error_code eval
[(401) x 12]
--- response_headers_like eval
[('WWW-Authenticate: Bearer.*error="invalid_token".*') x 12]



=== TEST 5: claims that are missing
--- request eval
[("GET /api/context/1") x 2]
--- more_headers eval
[do { my %c = %main::good; delete $c{iss}; main::bearer({%c}) }, do { my %c = %main::good; delete $c{aud}; main::bearer({%c}) }]
--- error_code eval
[401, 401]



=== TEST 6: leeway
--- request eval
[("GET /api/context/1?select=role") x 3]
--- more_headers eval
[main::bearer({%main::good, exp => time - 2}), main::bearer({%main::good, nbf => time + 3, iat => time + 3}), main::bearer({%main::good, exp => time - 60})]
--- error_code eval
[200, 200, 401]



=== TEST 7: audiences in a list
--- request eval
[("GET /api/context/1?select=role") x 2]
--- more_headers eval
[main::bearer({%main::good, aud => ['others', 'suite']}), main::bearer({%main::good, aud => ['others']})]
--- error_code eval
[200, 401]



=== TEST 8: exp in parts of a second, and exp that is no number
--- request eval
[("GET /api/context/1?select=role") x 3]
--- more_headers eval
[main::bearer({%main::good, exp => time + 100.5}), main::bearer({%main::good, exp => "soon"}), main::bearer({%main::good, exp => -1})]
--- error_code eval
[200, 401, 401]



=== TEST 9: without a role claim it is the anonymous role, with the claims
--- request
GET /api/context/1?select=role,sub:claims->>sub
--- more_headers eval
my %c = %main::good; delete $c{role}; main::bearer({%c})
--- response_body: {"role":"web_anon","sub":"alice"}



=== TEST 10: a role that the authenticator may not become
--- request eval
[("GET /api/context/1") x 3]
--- more_headers eval
[main::bearer({%main::good, role => 'postgres'}), main::bearer({%main::good, role => 'no such role'}), main::bearer({%main::good, role => "web_user'; --"})]
--- error_code eval
[403, 401, 401]
--- response_body_unlike eval
[('"role":') x 3]



=== TEST 11: a role that is no text
--- request eval
[("GET /api/context/1") x 2]
--- more_headers eval
[main::bearer({%main::good, role => 7}), main::bearer({%main::good, role => ['web_user']})]
--- error_code eval
[401, 401]



=== TEST 12: the scheme's name has no case, and other schemes are no token
--- request eval
[("GET /api/context/1?select=role") x 3]
--- more_headers eval
["Authorization: bearer " . main::token({%main::good}), "Authorization: BEARER  " . main::token({%main::good}), "Authorization: Basic YTpi"]
--- error_code_like eval
['^200$', '^200$', '^200$']
--- response_body_like eval
['web_user', 'web_user', 'web_anon']



=== TEST 13: forbidden: 403 with a token, 401 without
--- request eval
["GET /api/closed", "GET /api/closed"]
--- more_headers eval
[main::bearer({%main::good}), "X-Nothing: 1"]
--- error_code eval
[403, 401]
--- response_body_like eval
['"code":"42501"', '"code":"42501"']



=== TEST 14: roles do not leak from one request to the next on a connection
--- database
connections 1;
--- pipelined_requests eval
[("GET /api/context/1?select=role,sub:claims->>sub") x 6]
--- more_headers eval
[main::bearer({%main::good}), "X: 1", main::bearer({%main::good, sub => 'bob', role => 'web_limited'}), "X: 1", "X: 2", main::bearer({%main::good})]
--- response_body eval
['{"role":"web_user","sub":"alice"}', '{"role":"web_anon","sub":null}', '{"role":"web_limited","sub":"bob"}', ('{"role":"web_anon","sub":null}') x 2, '{"role":"web_user","sub":"alice"}']



=== TEST 15: a location without a resource is guarded too
--- request eval
["GET /index.html", "GET /index.html", "GET /index.html"]
--- more_headers eval
[main::bearer({%main::good}), "Authorization: Bearer x.y.z", "X-Nothing: 1"]
--- error_code eval
[200, 401, 401]
--- response_headers_like eval
["", "WWW-Authenticate: Bearer.*\nContent-Type: application/json.*", "WWW-Authenticate: Bearer.*"]



=== TEST 16: off
--- config
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE issuer=postern;
    location /api/context { postern_jwt off; postern_resource app table=api.context key=id; }
--- request
GET /api/context/1?select=role
--- more_headers
Authorization: Bearer x.y.z
--- response_body: {"role":"web_anon"}



=== TEST 17: two Authorization headers
--- raw_request eval
"GET /api/context/1?select=role HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer x\r\n" . main::bearer({%main::good}) . "\r\n\r\n"
--- error_code: 400



=== TEST 18: a token with trailing and leading garbage
--- request eval
[("GET /api/context/1") x 2]
--- more_headers eval
[main::bearer({%main::good}) . "=", main::bearer({%main::good}) . " x"]
--- error_code eval
[401, 401]



=== TEST 19: claims with text of every kind reach PostgreSQL unharmed
--- request
GET /api/context/1?select=sub:claims->>sub,n:claims->n
--- more_headers eval
main::bearer({%main::good, sub => "O'Hara \"x\" \\ \x{e9}\x{20ac}", n => {a => [1, undef]}})
--- response_body: {"sub":"O'Hara \"x\" \\ é€","n":{"a":[1,null]}}
