# Accept, Content-Type, Content-Encoding and the size of a body.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items { postern_resource app table=api.items; }
    location /api/small { client_max_body_size 50; postern_resource app table=api.items; }
CONF

run_tests();

__DATA__

=== TEST 1: what can be answered
--- request eval
[("GET /api/items/1?select=id") x 6]
--- more_headers eval
["Accept: application/json", "Accept: */*", "Accept: application/*", "Accept: text/html, application/json;q=0.5", "Accept: text/html;q=0.9, */*;q=0.1", "Accept: APPLICATION/JSON"]
--- error_code eval
[(200) x 6]
--- response_body eval
[('{"id":1}') x 6]



=== TEST 2: what cannot
--- request eval
[("GET /api/items/1") x 4]
--- more_headers eval
["Accept: text/html", "Accept: application/json;q=0", "Accept: image/*", "Accept: text/csv, text/plain"]
--- error_code eval
[(406) x 4]



=== TEST 3: bodies that are taken
--- request eval
[map { qq(PATCH /api/items/1?select=note\n{"note":"$_"}) } 1 .. 3]
--- more_headers eval
["Content-Type: application/json", "Content-Type: application/json; charset=utf-8", "Content-Type: Application/JSON;charset=UTF-8"]
--- response_body eval
['{"note":"1"}', '{"note":"2"}', '{"note":"3"}']



=== TEST 4: bodies that are not
--- request eval
[(qq(PATCH /api/items/1\n{"note":"1"})) x 4]
--- more_headers eval
["Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=x", "Content-Type: application/json\nContent-Encoding: gzip"]
--- error_code eval
[(415) x 4]



=== TEST 5: a body without a type
--- request
POST /api/items
{"id": 201, "name": "x"}
--- error_code: 415



=== TEST 6: a body that is too large, announced
--- request eval
"POST /api/small\n" . '{"name":"' . "x" x 100 . '"}'
--- more_headers
Content-Type: application/json
--- error_code: 413
--- response_headers_like
Content-Type: application/json.*
--- response_body_like: ^\{"code":".*","message":".*","details":.*,"hint":.*\}$
--- no_error_log
[alert]



=== TEST 7: a body that is too large, in chunks
--- request eval
"POST /api/small\n40\r\n" . '{"name":"' . "x" x 55 . "\r\n40\r\n" . "x" x 64 . "\r\n2\r\n\"}\r\n0\r\n\r\n"
--- more_headers
Content-Type: application/json
Transfer-Encoding: chunked
--- error_code: 413
--- no_error_log
[alert]



=== TEST 8: Expect: 100-continue
--- request
PATCH /api/items/2?select=note
{"note": "expected"}
--- more_headers
Content-Type: application/json
Expect: 100-continue
--- response_body: {"note":"expected"}
