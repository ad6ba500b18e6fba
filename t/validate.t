# postern_validate...: bodies by JSON Schema, arguments, header fields and keys by rules.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

our $schemas = $ENV{TEST_NGINX_FIXTURE_DIR};

for (['book.json', <<'SCHEMA'], ['parts.json', <<'PARTS'], ['text.json', '{"type":"text"}'], ['broken.json', '{'], ['missing.json', '{"$ref":"none.json"}'], ['remote.json', '{"$ref":"http://127.0.0.1:1/x.json"}'])
{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 10},
        "note": {"$ref": "parts.json#/$defs/note"}
    },
    "additionalProperties": false
}
SCHEMA
{"$defs": {"note": {"type": ["string", "null"], "pattern": "^[a-z ]*$"}}}
PARTS
{
    Postern::Fixture::write_file("$schemas/$_->[0]", $_->[1]);
}

default_config(<<'CONF');
    location /api/items {
        postern_validate     body=$TEST_NGINX_FIXTURE_DIR/book.json methods=POST,PUT;
        postern_validate_key integer min=1;
        postern_resource     app table=api.items;
    }
    location /strict {
        postern_validate        body=$TEST_NGINX_FIXTURE_DIR/book.json;
        postern_validate_errors status=400 max=1;
        postern_validate_json   depth=2 members=3 elements=2 string=8;
        postern_resource        app table=api.items;
    }
    location /args {
        postern_validate_arg          limit integer min=1 max=100;
        postern_validate_arg          id uuid required;
        postern_validate_arg          colour enum=red,green;
        postern_validate_arg          code "pattern=[A-Z]{3}[0-9]+";
        postern_validate_arg          tag string max=5 repeated;
        postern_validate_arg          day date;
        postern_validate_unknown_args refuse;
        root $TEST_NGINX_SERVER_ROOT/html;
    }
    location /header {
        postern_validate_header X-Request-Id uuid required;
        postern_validate_header X-Version enum=1,2;
        root $TEST_NGINX_SERVER_ROOT/html;
        location /header/free { postern_validate off; root $TEST_NGINX_SERVER_ROOT/html; }
    }
    location /proxied/ {
        postern_validate body=$TEST_NGINX_FIXTURE_DIR/book.json methods=POST;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream;
    }
    location /upstream { return 200 "$request_method $content_length\n"; }
CONF

our $id = 'id=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

run_tests();

__DATA__

=== TEST 1: a body that fits, and one without a schema for its method
--- request eval
["POST /api/items?select=name,note\n{\"name\":\"a\",\"note\":\"b c\"}", "PATCH /api/items/1?select=name\n{\"name\":\"longer than ten\"}"]
--- more_headers
Content-Type: application/json
--- error_code eval
[201, 200]
--- response_body eval
['{"name":"a","note":"b c"}', '{"name":"longer than ten"}']



=== TEST 2: everything that is wrong is told, and no value repeated
--- request
POST /api/items
{"name":"secret secret","note":"SECRET","other":1}
--- more_headers
Content-Type: application/json
--- error_code: 422
--- response_headers
Content-Type: application/json; charset=utf-8
--- response_body: {"code":"POSTERN381","message":"the body is not valid","details":[{"path":"/name","keyword":"maxLength","message":"the value is longer than 10 characters"},{"path":"/note","keyword":"pattern","message":"the value does not match \"^[a-z ]*$\""},{"path":"","keyword":"additionalProperties","message":"Additional properties are not allowed ('other' was unexpected)"}],"hint":null}



=== TEST 3: what is no JSON, is empty, or repeats a name
--- request eval
["POST /api/items\n{\"name\":", "POST /api/items\n ", "POST /api/items\n{\"name\":\"a\",\"name\":\"b\"}"]
--- more_headers
Content-Type: application/json
--- error_code eval
[400, 400, 400]
--- response_body_like eval
['"POSTERN380".*no JSON at line 1', '"POSTERN380".*empty', '"POSTERN380".*repeated']



=== TEST 4: another media type, none, and a compressed body
--- request eval
[("POST /api/items\n{\"name\":\"a\"}") x 4]
--- more_headers eval
["Content-Type: text/plain", "", "Content-Type: application/json\nContent-Encoding: gzip", "Content-Type: application/vnd.x+json"]
--- error_code eval
[415, 415, 415, 415]
--- response_body_like eval
['"POSTERN384"', '"POSTERN384"', '"POSTERN385"', '"PGRST102"|"code"']



=== TEST 5: the limits of JSON, the status and the number of errors
--- request eval
["POST /strict\n{\"name\":[[1]]}", "POST /strict\n{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", "POST /strict\n{\"name\":[1,2,3]}",
 "POST /strict\n{\"name\":\"more than eight\"}", "POST /strict\n{\"a\":1,\"b\":2}"]
--- more_headers
Content-Type: application/json
--- error_code eval
[400, 400, 400, 400, 400]
--- response_body_like eval
['nested too deeply', 'too many members', 'too many elements', 'string is too long', '"details":\[\{[^{}]*\}\]']



=== TEST 6: the key of a resource
--- request eval
["GET /api/items/1?select=id", "GET /api/items/0", "GET /api/items/1%3B%20drop", "GET /api/items?select=id&limit=1"]
--- error_code eval
[200, 422, 422, 200]
--- response_body_like eval
['^\{"id":1\}$', '"POSTERN386".*"keyword":"minimum"', '"POSTERN386".*"keyword":"type"', '"data"']



=== TEST 7: arguments that fit
--- request eval
["GET /args/index.html?$main::id", "GET /args/index.html?$main::id&limit=100&colour=red&code=ABC1&tag=a&tag=b&day=2024-02-29"]
--- error_code eval
[200, 200]
--- user_files
>>> args/index.html
a page



=== TEST 8: arguments that do not
--- request eval
[map { "GET /args/index.html?$_" } "", "$main::id&limit=101", "$main::id&limit=x", "$main::id&limit=1&limit=2", "$main::id&colour=blue",
    "$main::id&code=ABC", "$main::id&tag=toolong", "$main::id&day=2023-02-29", "$main::id&other=1", "$main::id&limit=%FF"]
--- error_code eval
[(422) x 10]
--- response_body_like eval
[map { "\"POSTERN382\".*\"path\":\"$_->[0]\",\"keyword\":\"$_->[1]\"" } ['id', 'required'], ['limit', 'maximum'], ['limit', 'type'], ['limit', 'repeated'],
    ['colour', 'enum'], ['code', 'pattern'], ['tag', 'maxLength'], ['day', 'type'], ['other', 'additionalProperties'], ['limit', 'encoding']]



=== TEST 9: header fields
--- request eval
[("GET /header/index.html") x 4, "GET /header/free/index.html"]
--- more_headers eval
["X-Request-Id: a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\nx-version: 2", "", "X-Request-Id: 1", "X-Request-Id: a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\nX-Version: 3", ""]
--- error_code eval
[200, 422, 422, 422, 200]
--- response_body_like eval
['a page', '"POSTERN383".*"path":"x-request-id","keyword":"required"', '"keyword":"type"', '"path":"x-version","keyword":"enum"', 'a page']
--- user_files
>>> header/index.html
a page
>>> header/free/index.html
a page



=== TEST 10: an upstream gets the body that was read
--- request eval
["POST /proxied/x\n{\"name\":\"a\"}", "POST /proxied/x\n{\"name\":1}", "GET /proxied/x"]
--- more_headers
Content-Type: application/json
--- error_code eval
[200, 422, 200]
--- response_body_like eval
['^POST 12$', '"POSTERN381"', '^GET $']



=== TEST 11: a body that is buffered in a file
--- request eval
my $note = 'abcdefgh ' x 4000;
my $body = "{\"name\":\"a\",\"note\":\"$note\"}";
["POST /api/items?select=name\n$body", "POST /proxied/x\n$body", "POST /api/items\n" . $body =~ s/abc/ABC/r]
--- more_headers
Content-Type: application/json
--- error_code eval
[201, 200, 422]



=== TEST 12: a schema of an unknown type does not load
--- config
    location /a { postern_validate body=$TEST_NGINX_FIXTURE_DIR/text.json; return 200; }
--- must_die
--- error_log
invalid JSON Schema



=== TEST 13: nor does one that is no JSON
--- config
    location /a { postern_validate body=$TEST_NGINX_FIXTURE_DIR/broken.json; return 200; }
--- must_die
--- error_log
broken.json": EOF



=== TEST 14: nor one that refers to a file that is not there
--- config
    location /a { postern_validate body=$TEST_NGINX_FIXTURE_DIR/missing.json; return 200; }
--- must_die
--- error_log
none.json



=== TEST 15: nor one that refers to the network
--- config
    location /a { postern_validate body=$TEST_NGINX_FIXTURE_DIR/remote.json; return 200; }
--- must_die
--- error_log
is not a file



=== TEST 16: two schemas for one method
--- config
    location /a { postern_validate body=$TEST_NGINX_FIXTURE_DIR/book.json; postern_validate body=$TEST_NGINX_FIXTURE_DIR/book.json methods=POST; return 200; }
--- must_die
--- error_log
"postern_validate" directive is duplicate



=== TEST 17: rules that make no sense
--- config
    location /a { postern_validate_arg x integer min=2 max=1; return 200; }
--- must_die
--- error_log
"min" is greater than "max"



=== TEST 18: a pattern that does not compile
--- config
    location /a { postern_validate_arg x pattern=(; return 200; }
--- must_die
--- error_log
invalid pattern: unclosed group



=== TEST 19: an unknown type
--- config
    location /a { postern_validate_header x text; return 200; }
--- must_die
--- error_log
invalid parameter "text"



=== TEST 20: limits come first: a request that is rejected is not read
--- http_config
postern_zone edge 1m;
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
--- config
    location /api/items {
        postern_limit key=endpoint rate=1r/d;
        postern_validate body=$TEST_NGINX_FIXTURE_DIR/book.json;
        postern_resource app table=api.items;
    }
--- request eval
[("POST /api/items\n{\"other\":1}") x 2]
--- more_headers
Content-Type: application/json
--- error_code eval
[422, 429]



=== TEST 21: a named location that an error leads to has its rules; a page for an error has none
--- config
    location /other   { error_page 404 @content; log_not_found off; root $TEST_NGINX_SERVER_ROOT/none; }
    location @content { postern_validate_arg id integer required; rewrite ^ /upstream break; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT; }
    location /upstream { return 200 "upstream\n"; }
    location /page    { postern_validate_arg id integer required; error_page 422 /invalid.html; root $TEST_NGINX_SERVER_ROOT/html; }
    location /invalid.html { postern_validate_arg id integer required; root $TEST_NGINX_SERVER_ROOT/html; }
--- request eval
["GET /other/x", "GET /other/x?id=1", "GET /page?id=x"]
--- error_code eval
[422, 404, 422]
--- response_body_like eval
['"POSTERN382"', 'upstream', 'a page for it']
--- user_files
>>> invalid.html
a page for it
