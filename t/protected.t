# A token that is required is required wherever nginx takes a request from.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

our $no_anonymous = 'postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; }';
our %good = (sub => 'alice', role => 'web_user', exp => time + 300);

run_tests();

__DATA__

=== TEST 1: a subrequest has no way around the token
--- http_config eval: $main::no_anonymous
--- config
    location /page { ssi on; default_type text/html; root $TEST_NGINX_SERVER_ROOT/html; }
    location /api/context { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE; postern_resource app table=api.context key=id; }
--- user_files
>>> page.html
[<!--#include virtual="/api/context/1?select=role" -->]
--- request
GET /page.html
--- response_body_unlike: "role"



=== TEST 2: a subrequest is who the client is
--- http_config eval: $main::no_anonymous
--- config
    location /page { ssi on; default_type text/html; root $TEST_NGINX_SERVER_ROOT/html; }
    location /api/context { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE; postern_resource app table=api.context key=id; }
--- user_files
>>> page.html
[<!--#include virtual="/api/context/1?select=role" -->]
--- request
GET /page.html
--- more_headers eval: main::bearer({%main::good})
--- response_body_like: ^\[\{"role":"web_user"\}\]



=== TEST 3: satisfy any lets nobody in without a role
--- http_config eval: $main::no_anonymous
--- config
    location /api/context {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
        postern_resource app table=api.context key=id;
    }
--- request
GET /api/context/1?select=role
--- error_code: 401
--- response_body_like: "code":"PGRST302"



=== TEST 4: the body of a 401 that was overruled is not that of a later error
--- config
    location /files {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
        root $TEST_NGINX_SERVER_ROOT/html;
    }
--- request
GET /files/none
--- error_code: 404
--- response_body_unlike: PGRST302
--- error_log: No such file
--- no_error_log
[alert]



=== TEST 5: an error_page for a 401 is shown
--- config
    error_page 401 /sorry.html;
    location = /sorry.html { root $TEST_NGINX_SERVER_ROOT/html; }
    location /files { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE; root $TEST_NGINX_SERVER_ROOT/html; }
--- user_files
>>> sorry.html
who are you
--- request
GET /files/x
--- error_code: 401
--- response_body
who are you



=== TEST 6: conditions inside a resource's location leave it a resource
--- config
    location /api/iff { if ($arg_x) { set $y 1; } postern_resource app table=api.books; }
    location /api/lim { limit_except GET { allow 127.0.0.1; deny all; } postern_resource app table=api.books; }
--- request eval
["GET /api/iff/1?select=id", "GET /api/iff?id=eq.1&select=id&x=not.is.null", "GET /api/lim/1?select=id", "DELETE /api/lim/77777"]
--- error_code eval
[200, 400, 200, 401]
--- response_body_like eval
['^\{"id":1\}$', '^\{"code":"42703"', '^\{"id":1\}$', '^\{"code":"42501"']
