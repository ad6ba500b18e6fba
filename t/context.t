# What PostgreSQL is told of a request, seen through a view of its settings.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/context { postern_resource app table=api.context key=id; }
    location /api/log     { postern_resource app table=api.context_log; }
CONF

run_tests();

__DATA__

=== TEST 1: method and path
--- request
GET /api/context/1?select=method,path
--- response_body: {"method":"GET","path":"/api/context/1"}



=== TEST 2: HEAD and POST are called by their names
--- request
POST /api/log?select=method,path
{"label": "x"}
--- more_headers
Content-Type: application/json
--- error_code: 201
--- response_body: {"method":"POST","path":"/api/log"}



=== TEST 3: headers by lower-case names
--- request
GET /api/context/1?select=a:headers->>x-test,b:headers->>host,c:headers->X-Test
--- more_headers
X-Test: Some "thing" \ here
--- response_body: {"a":"Some \"thing\" \\ here","b":"localhost","c":null}



=== TEST 4: headers that come twice are joined
--- request
GET /api/context/1?select=a:headers->>x-many
--- more_headers
X-Many: one
X-Many: two
--- response_body_like: ^\{"a":"(?:one, ?two|two)"\}$



=== TEST 5: header bytes that are no UTF-8 do no harm
--- request eval
"GET /api/context/1?select=a:headers->>x-good"
--- more_headers eval
"X-Bad: caf\xe9\nX-Good: 1"
--- response_body: {"a":"1"}



=== TEST 6: cookies
--- request
GET /api/context/1?select=a:cookies->>a,b:cookies->>b,c:cookies->>c
--- more_headers
Cookie: a=1; b="two" ; c=x=y
--- response_body_like: ^\{"a":"1","b":"\\?"?two\\?"?","c":"x=y"\}$



=== TEST 7: no cookies
--- request
GET /api/context/1?select=cookies
--- response_body_like: ^\{"cookies":(?:null|\{\})\}$



=== TEST 8: the search path is the schemas of the database
--- request
GET /api/context/1?select=search_path
--- response_body_like: ^\{"search_path":"\\?"?api\\?"?(?:, .*)?"\}$



=== TEST 9: several schemas
--- http_config
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api data; anonymous_role web_anon; }
--- request
GET /api/context/1?select=search_path
--- response_body_like: api.*data



=== TEST 10: a read is read-only
--- request
GET /api/context/1?select=read_only
--- response_body: {"read_only":"on"}



=== TEST 11: context off: nothing is told, and the role is that of the connection
--- http_config
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; context off; }
--- request
GET /api/context/1?select=role,headers,method,path
--- response_body_like: ^\{"role":"authenticator","headers":null,"method":(?:null|""),"path":(?:null|"")\}$



=== TEST 12: context with some of it
--- http_config
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; context role method; }
--- request
GET /api/context/1?select=role,headers,method,path
--- response_body_like: ^\{"role":"web_anon","headers":null,"method":"GET","path":(?:null|"")\}$



=== TEST 13: nothing of one request is left for the next on the same connection
--- database
connections 1;
--- pipelined_requests eval
["GET /api/context/1?select=x:headers->>x-mark,c:cookies->>k", "GET /api/context/1?select=x:headers->>x-mark,c:cookies->>k"]
--- more_headers eval
["X-Mark: secret\nCookie: k=v", "X-Other: 1"]
--- response_body eval
['{"x":"secret","c":"v"}', '{"x":null,"c":null}']



=== TEST 14: an escaped path comes decoded or as sent, not broken
--- request
GET /api/context/%31?select=path
--- response_body_like: ^\{"path":"/api/context/(?:1|%31)"\}$



=== TEST 15: without prepared statements it is the same
--- database
prepare off;
--- request eval
[("GET /api/context/1?select=role,method,path,read_only") x 3]
--- response_body eval
[('{"role":"web_anon","method":"GET","path":"/api/context/1","read_only":"on"}') x 3]
