# Resources behind nginx's own machinery: internal redirects, subrequests, rewrites, inheritance.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: a rewrite leads to a resource
--- config
    rewrite ^/old/(\d+)$ /api/books/$1?select=id last;
    location /api/books { postern_resource app table=api.books; }
--- request
GET /old/2
--- response_body: {"id":2}



=== TEST 2: try_files falls back to a resource
--- config
    location /try { try_files /nothing /api/books/3; }
    location /api/books { postern_resource app table=api.books; }
--- request
GET /try
--- response_body_like: ^\{"id":3,



=== TEST 3: error_page leads to a resource
--- config
    error_page 404 = /api/books/1;
    location = /missing { return 404; }
    location /api/books { postern_resource app table=api.books; }
--- request
GET /missing?select=id
--- error_code_like: ^200$
--- response_body_like: ^\{"id":1



=== TEST 4: error_page does not replace the answer of a resource
--- config
    error_page 404 /sorry;
    location = /sorry { return 200 "sorry"; }
    location /api/books { postern_resource app table=api.books; }
--- request
GET /api/books/99
--- error_code: 404
--- response_body_like: ^\{"code"



=== TEST 5: a named location leads on to a resource
--- config
    location /named { try_files /nothing @books; }
    location @books { rewrite ^ /api/books/2?select=id last; }
    location /api/books { postern_resource app table=api.books; }
--- request
GET /named
--- response_body: {"id":2}



=== TEST 6: auth_request answered by a resource
--- skip_eval: 4: `$ENV{TEST_NGINX_BINARY} -V 2>&1` !~ /http_auth_request_module/
--- config
    location /guarded { auth_request /api/books/1; return 200 "in"; }
    location /closed { auth_request /api/books/99; root html; }
    location /api/books { internal; postern_resource app table=api.books; }
--- request eval
["GET /guarded", "GET /closed"]
--- error_code_like eval
['^200$', '^(?:403|500)$']
--- no_error_log
[alert]



=== TEST 7: database and token settings are inherited
--- config
    location /api {
        location /api/books { postern_resource app table=api.books; }
        location /api/items { postern_resource app table=api.items default_limit=1; }
    }
--- request eval
["GET /api/books/1?select=id", "GET /api/items?select=id"]
--- response_body_like eval
['^\{"id":1\}$', '^\{"data":\[\{"id":1\}\],"next_cursor":"']



=== TEST 8: a resource is not inherited by a location inside
--- config
    location /api/books { postern_resource app table=api.books; location /api/books/plain { return 200 "plain"; } }
--- request
GET /api/books/plain
--- response_body: plain



=== TEST 9: a location that ends in a slash
--- config
    location /books/ { postern_resource app table=api.books; }
--- request eval
["GET /books/1?select=id", "GET /books/?select=id&id=eq.2"]
--- response_body eval
['{"id":1}', '{"data":[{"id":2}],"next_cursor":null}']



=== TEST 10: a prefix is not a path
--- config
    location /api/books { postern_resource app table=api.books; }
--- request
GET /api/booksellers
--- error_code: 404



=== TEST 11: two servers, two databases
--- http_config
    postern_database one { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
    postern_database two { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_limited; }
--- config
    location /one { postern_resource one table=api.context key=id; }
    location /two { postern_resource two table=api.context key=id; }
--- request eval
["GET /one/1?select=role", "GET /two/1?select=role"]
--- response_body eval
['{"role":"web_anon"}', '{"role":"web_limited"}']



=== TEST 12: add_header and access rules of nginx apply
--- config
    location /api/books { add_header X-Edge yes always; postern_resource app table=api.books; }
    location /denied { deny all; postern_resource app table=api.books; }
--- request eval
["GET /api/books/1?select=id", "GET /api/books/99", "GET /denied/1"]
--- error_code eval
[200, 404, 403]
--- response_headers eval
["X-Edge: yes", "X-Edge: yes", "! X-Edge"]
--- no_error_log
[alert]



=== TEST 13: gzip
--- config
    gzip on; gzip_types application/json; gzip_min_length 1;
    location /api/events { postern_resource app table=api.events key=id default_limit=20; }
--- request
GET /api/events
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- response_body_like: ^\x1f\x8b
