# postern_openapi and postern_describe: a description of what is served.

use lib 't/lib';
use Postern::Fixture;
use JSON::PP;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location = /openapi.json { postern_openapi title=Books version=7 "description=All of them." server=https://example.org/; }
    location /api/books      { postern_resource app table=api.books; }
    location = /api/search   {
        postern_describe "summary=Find books" tag=books;
        postern_jwt on "secret_file=$TEST_NGINX_SECRET_FILE";
        postern_validate_arg q required min=2;
        postern_sql app "select :arg_q as q" methods=GET;
    }
    location ~ ^/api/books/(?<isbn>[0-9]+)/cover$ { postern_sql app "select :var_isbn as isbn" methods=GET; }
    location ~ \.php$        { postern_sql app "select 1 as one" methods=GET; }
    location = /exact        { postern_resource app table=api.books methods=GET; }
    location @inside         { postern_sql app "select 1 as one" methods=GET; }
    location = /hidden       { postern_describe off; postern_sql app "select 1 as one" methods=GET; }
CONF

# `--- facts` are lines `place = JSON`, where a place is a JSON Pointer without the escapes, its parts separated by spaces.
add_response_body_check(sub {
    my ($block, $body) = @_;
    my $facts = $block->facts // return;
    my $json = JSON::PP->new->canonical->allow_nonref;
    for my $fact (split /\n/, $facts) {
        my ($place, $expected) = split / = /, $fact, 2;
        my $found = decode_json($body);
        $found = ref $found eq 'ARRAY' ? $found->[$_] : $found->{$_} for split / /, $place;
        is(ref $found eq 'HASH' && $expected =~ /^\[/ ? $json->encode([sort keys %$found]) : $json->encode($found),
            $expected, $block->name . " - $place");
    }
});

run_tests();

__DATA__

=== TEST 1: what a client can ask for is described, and nothing else
--- request
GET /openapi.json
--- response_headers
Content-Type: application/json; charset=utf-8
Cache-Control: no-cache
--- facts
openapi = "3.1.0"
info = ["description","title","version"]
info version = "7"
servers 0 url = "https://example.org/"
paths = ["/api/books","/api/books/{id}","/api/books/{isbn}/cover","/api/search","/exact"]
paths /api/search get summary = "Find books"
paths /api/search get tags 0 = "books"
paths /api/search get security 0 = ["token"]
paths /api/search get parameters 0 schema = ["minLength","type"]
--- no_error_log
[error]
[alert]



=== TEST 2: it has a tag, for who asks again
--- request
HEAD /openapi.json
--- response_headers_like
ETag: ".+"
--- response_body:



=== TEST 3: nothing but GET and HEAD
--- request
POST /openapi.json
--- error_code: 405
--- response_headers
Allow: GET, HEAD



=== TEST 4: TRACE is told what is served
--- raw_request eval
"TRACE /api/books HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
--- error_code: 405
--- response_headers
Allow: GET, HEAD, POST, PUT, PATCH, DELETE



=== TEST 5: only of its own server
--- http_config
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
    server {
        listen unix:other.sock;
        location /other { postern_resource app table=api.books; }
    }
--- config
    location = /openapi.json { postern_openapi; }
    location = /one { postern_sql app "select 1 as one" methods=GET; }
--- request
GET /openapi.json
--- facts
info title = "API"
paths = ["/one"]



=== TEST 6: a database that is away is no database without relations
--- http_config
    postern_database app { dsn "host=127.0.0.1 port=1 dbname=x user=y"; }
--- config
    location = /openapi.json { postern_openapi; }
    location /api/books { postern_resource app table=api.books; }
--- request
GET /openapi.json
--- error_code: 503
--- response_body_like: "code":"PGRST00[02]"
--- error_log
the database is not available



=== TEST 7: a server without locations of ours answers TRACE as nginx does
--- config
    location /x { return 200; }
--- raw_request eval
"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
--- error_code: 405
--- response_headers
!Allow



=== TEST 8: a location has one content handler
--- config
    location = /x { postern_openapi; postern_sql app "select 1"; }
--- must_die
--- error_log
"postern_sql" cannot be used together with "postern_openapi"



=== TEST 9: what is no parameter
--- config
    location = /x { postern_openapi name=x; }
--- must_die
--- error_log
invalid parameter "name=x"



=== TEST 10: what is said twice
--- config
    location = /x { postern_describe summary=a summary=b; }
--- must_die
--- error_log
duplicate parameter "summary"



=== TEST 11: a schema that is none
--- config
    location = /x { postern_describe response=nothing.json; }
--- must_die
--- error_log
cannot read



=== TEST 12: two servers on one line are two
--- http_config
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
    server { listen unix:$TEST_NGINX_SERVER_ROOT/a.sock; location /a { postern_sql app "select 1 as one"; } } server { listen unix:$TEST_NGINX_SERVER_ROOT/b.sock; location = /b.json { postern_openapi; } location /b { postern_sql app "select 1 as one"; } }
--- config
    location = /openapi.json { proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/b.sock:/b.json; }
--- request
GET /openapi.json
--- facts
paths = ["/b"]



=== TEST 13: what is said of a location is said in one line
--- config
    location = /x { postern_describe summary=a; postern_describe description=b; }
--- must_die
--- error_log
"postern_describe" directive is duplicate



=== TEST 14: nothing is said beside "off"
--- config
    location = /x { postern_describe off; postern_describe summary=a; }
--- must_die
--- error_log
"postern_describe" directive is duplicate



=== TEST 15: a condition is not described
--- config
    location = /x { if ($arg_a) { postern_describe summary=a; } }
--- must_die
--- error_log
"postern_describe" directive is not allowed here



=== TEST 16: a summary is of a location
--- config
    postern_describe tag=a summary=b;
--- must_die
--- error_log
parameter "summary" is of one location, and is not allowed here



=== TEST 17: a tag is inherited
--- config
    postern_describe tag=all;
    location = /openapi.json { postern_openapi; }
    location = /one { postern_sql app "select 1 as one" methods=GET; }
    location = /two { postern_describe tag=other; postern_sql app "select 1 as one" methods=GET; }
--- request
GET /openapi.json
--- facts
paths /one get tags = ["all"]
paths /two get tags = ["other"]



=== TEST 18: defaults are told as the database has them
--- config
    location = /openapi.json { postern_openapi; }
    location /api/defaults { postern_resource app table=api.defaults; }
--- request
GET /openapi.json
--- facts
components schemas defaults_new properties floor default = -5
components schemas defaults_new properties ratio default = -1.5
components schemas defaults_new properties debt default = -1
components schemas defaults_new properties wide default = -5000000000
components schemas defaults_new properties word default = "it's"
components schemas defaults_new properties digits default = "-5"
components schemas defaults_new properties tags default = ["a","b"]
components schemas defaults_new properties settings default a = [1]
components schemas defaults_new properties is_open default = true
components schemas defaults_new properties since default = null
components schemas defaults_new properties twice default = null



=== TEST 19: all databases that are missing are named, whichever is there
--- http_config
    postern_database away { dsn "host=127.0.0.1 port=1 dbname=x user=y"; }
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
    postern_database gone { dsn "host=127.0.0.1 port=2 dbname=x user=y"; }
--- config
    location = /openapi.json { postern_openapi; }
    location /api/books { postern_resource app table=api.books; }
    location /away { postern_resource away table=public.a; }
    location /gone { postern_resource gone table=public.a; }
--- request
GET /openapi.json
--- error_code: 503
--- response_headers
Retry-After: 1
--- response_body_like: ^\{"code":"PGRST00[02]","message":"[^"]*","details":"databases \\"away\\", \\"gone\\"","hint":null\}$
--- no_error_log
[alert]
