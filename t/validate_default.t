# postern_validate_arg ... default=: an argument that is absent gets a value, which whatever answers the request sees.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items {
        postern_validate_arg limit integer min=1 max=100 default=1;
        postern_validate_arg order string default=id.desc;
        postern_resource     app table=api.items;
        postern_validate_key integer;
    }
    location /sql {
        postern_validate_arg q "default=a b&c=%";
        add_header  X-Target "$request|$request_uri|$args";
        postern_sql app "select :arg_q as q" methods=GET;
    }
    location /variables {
        postern_validate_arg limit integer default=20;
        try_files $uri @variables;
    }
    location @variables { add_header X-Seen "$arg_limit|$args|$is_args"; root $TEST_NGINX_SERVER_ROOT/html; rewrite ^ /page.txt break; }
    proxy_set_header X-Inner 1;
    location /plain/ {
        if ($http_x_inner) { return 200 "$request_uri\n"; }
        postern_validate_arg limit integer default=20;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT;
    }
    location /with/ {
        postern_validate_arg limit integer default=20;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/plain/upstream/;
    }
    location /var/ {
        postern_validate_arg limit integer default=20;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/plain/upstream$is_args$args;
    }
    location /fallback/ {
        if ($http_x_inner) { return 200 "$request_uri\n"; }
        postern_validate_arg limit integer default=20;
        error_page 404 = @fallback;
        log_not_found off;
        root $TEST_NGINX_SERVER_ROOT/none;
    }
    location @fallback {
        postern_validate_arg limit integer default=20;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT;
    }
CONF

run_tests();

__DATA__

=== TEST 1: a resource reads what is added, and what the client sends comes first
--- request eval
["GET /api/items?select=id", "GET /api/items?select=id&order=id&limit=1", "GET /api/items?select=id&limit=0", "GET /api/items/1?select=id", "DELETE /api/items/77777"]
--- error_code eval
[200, 200, 422, 200, 404]
--- response_body_like eval
['^\{"data":\[\{"id":[2-9]\d*\}\]', '^\{"data":\[\{"id":1\}\]', '"minimum"', '"id":1', '"POSTERN404"']



=== TEST 2: a script gets the value as it was written in the configuration
--- request eval
["GET /sql", "GET /sql?q=x", "GET /sql?q=", "GET /sql?%71=x"]
--- response_body eval
['"a b&c=%"', '"x"', '""', '"x"']



=== TEST 3: variables have it
--- user_files
>>> page.txt
a page
--- request eval
["GET /variables/x", "GET /variables/x?a=1", "GET /variables/x?limit=3", "GET /variables/x?"]
--- response_headers eval
["X-Seen: 20|limit=20|?", "X-Seen: 20|a=1&limit=20|?", "X-Seen: 3|limit=3|?", "X-Seen: 20|limit=20|?"]



=== TEST 4: so has an upstream, with a path in proxy_pass and without one
--- request eval
["GET /plain/up/upstream/x%20y", "GET /plain/upstream/%2e/x?a=%20b", "GET /plain/upstream/x?limit=7", "GET /with/x", "GET /with/x?a=1", "GET /var/x"]
--- response_body eval
["/plain/up/upstream/x%20y?limit=20\n", "/plain/upstream/x?a=%20b&limit=20\n", "/plain/upstream/x?limit=7\n",
 "/plain/upstream/x?limit=20\n", "/plain/upstream/x?a=1&limit=20\n", "/plain/upstream?limit=20\n"]



=== TEST 5: and one behind a named location
--- request
GET /fallback/x?a=1
--- response_body
/fallback/x?a=1&limit=20



=== TEST 6: the line of the request stays what the client has sent
--- request
GET /sql?a=1
--- response_headers
X-Target: GET /sql?a=1 HTTP/1.1|/sql?a=1|a=1&q=a%20b%26c%3D%25



=== TEST 7: the default has to satisfy its rule
--- config
    location /a { postern_validate_arg limit integer max=100 default=101; return 200; }
--- must_die
--- error_log
the default "101" must be at most 100



=== TEST 8: also when it is empty
--- config
    location /a { postern_validate_arg limit integer default=; return 200; }
--- must_die
--- error_log
the default "" must be an integer



=== TEST 9: what has a default is never missing
--- config
    location /a { postern_validate_arg limit required default=1; return 200; }
--- must_die
--- error_log
"default" and "required" exclude each other



=== TEST 10: header fields and keys have no default
--- config
    location /a { postern_validate_header X-A default=1; return 200; }
--- must_die
--- error_log
invalid parameter "default=1"
