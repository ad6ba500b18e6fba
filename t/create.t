# POST: one row, many rows, what it answers.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items     { postern_resource app table=api.items; }
    location /api/tokens    { postern_resource app table=api.tokens; }
    location /api/slugs     { postern_resource app table=api.slugs; }
    location /api/generated { postern_resource app table=api.generated; }
    location /api/books     { postern_resource app table=api.books; }
CONF

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(more_headers => "Content-Type: application/json\n") if !defined $block->more_headers;
});

run_tests();

__DATA__

=== TEST 1: 201, Location and the row, defaults included
--- request
POST /api/items
{"id": 101, "name": "new", "note": "n"}
--- error_code: 201
--- response_headers_like
Location: (?:http://[^/]+)?/api/items/101
Content-Type: application/json.*
--- response_body: {"id":101,"name":"new","amount":7,"note":"n","data":null,"tags":null}



=== TEST 2: the key is made by the database
--- request
POST /api/items
{"name": "keyless"}
--- error_code: 201
--- response_headers_like
Location: .*/api/items/1\d\d\d
--- response_body_like: ^\{"id":1\d\d\d,"name":"keyless"



=== TEST 3: what was written can be read
--- request eval
[qq(POST /api/items\n{"id":103,"name":"read me","data":{"a":[1,{"b":null}]},"tags":["x","y,z"]}), "GET /api/items/103"]
--- error_code eval
[201, 200]
--- response_body eval
[('{"id":103,"name":"read me","amount":7,"note":null,"data":{"a": [1, {"b": null}]},"tags":["x","y,z"]}') x 2]



=== TEST 4: explicit null, boolean, number and text where text is wanted
--- request eval
[qq(POST /api/items\n{"id":104,"name":"t","note":null}), qq(POST /api/items\n{"id":105,"name":12,"note":true}), qq(POST /api/items\n{"id":"106","name":"as text","amount":"3"})]
--- error_code eval
[201, 201, 201]
--- response_body_like eval
['"note":null', '"name":"12","amount":7,"note":"true"', '"id":106,.*"amount":3']



=== TEST 5: many rows come back as a list
--- request
POST /api/items
[{"id": 110, "name": "a"}, {"id": 111, "name": "b"}]
--- error_code: 201
--- response_body_like: "id":110,"name":"a".*"id":111,"name":"b"



=== TEST 6: many rows are all or nothing
--- request eval
[qq(POST /api/items\n[{"id":120,"name":"a"},{"id":120,"name":"b"}]), "GET /api/items/120"]
--- error_code eval
[409, 404]



=== TEST 7: objects of a list must have the same keys
--- request
POST /api/items
[{"id": 121, "name": "a"}, {"id": 122}]
--- error_code: 400
--- response_body_like: PGRST102



=== TEST 8: an empty list writes nothing
--- request
POST /api/items
[]
--- error_code: 201
--- response_body: []



=== TEST 9: select says what comes back
--- request
POST /api/items?select=id,label:name
{"id": 123, "name": "short"}
--- error_code: 201
--- response_body: {"id":123,"label":"short"}



=== TEST 10: no members: every default
--- request
POST /api/tokens
{}
--- error_code: 201
--- response_headers_like
Location: .*/api/tokens/[0-9a-f]{8}-[0-9a-f-]{27}
--- response_body_like: ^\{"id":"[0-9a-f-]{36}","label":null\}$



=== TEST 11: a key in Location is encoded
--- request
POST /api/slugs
{"slug": "new / one?é", "title": "t"}
--- error_code: 201
--- response_headers_like
Location: .*/api/slugs/new%20%2F%20one%3F%C3%A9



=== TEST 12: unknown column
--- request
POST /api/items
{"name": "x", "colour": "red"}
--- error_code: 400
--- response_body_like: colour



=== TEST 13: not null, wrong type, generated column
--- request eval
[qq(POST /api/items\n{"note":"nameless"}), qq(POST /api/items\n{"name":"x","amount":"many"}), qq(POST /api/generated\n{"a":1,"twice":3}), qq(POST /api/generated\n{"id":5,"a":1}), qq(POST /api/generated\n{"a":4})]
--- error_code_like eval
['^400$', '^400$', '^400$', '^400$', '^201$']
--- response_body_like eval
['23502', '22P02', '(?:428C9|twice)', '(?:428C9|id)', '"a":4,"twice":8']



=== TEST 14: to the path of a row, POST is not allowed
--- request
POST /api/items/1
{"name": "x"}
--- error_code: 405



=== TEST 15: where the role may not write
--- request
POST /api/books
{"id": 50, "title": "x"}
--- error_code: 401
--- response_body_like: 42501



=== TEST 16: text stays text
--- request
POST /api/items
{"id": 130, "name": "'); DROP TABLE api.items; --", "note": "\u00e9\ud834\udd1e \"q\" \\ /"}
--- error_code: 201
--- response_body: {"id":130,"name":"'); DROP TABLE api.items; --","amount":7,"note":"é𝄞 \"q\" \\ /","data":null,"tags":null}



=== TEST 17: over HTTP/2
--- http2
--- request
POST /api/items
{"id": 131, "name": "h2"}
--- error_code: 201
--- response_body_like: "id":131



=== TEST 18: pipelined writes and reads keep their order
--- pipelined_requests eval
[qq(POST /api/items\n{"id":140,"name":"p"}), "GET /api/items/140?select=id", qq(POST /api/items\n{"id":140,"name":"p"}), "GET /api/items/140?select=name"]
--- error_code eval
[201, 200, 409, 200]
--- response_body_like eval
['"id":140', '^\{"id":140\}$', '23505', '^\{"name":"p"\}$']



=== TEST 19: an integer may be written with a fraction of zeros, and with no other
--- request eval
["POST /api/items\n{\"id\": 119.0, \"name\": \"n\"}", "POST /api/items\n{\"id\": 120.5, \"name\": \"n\"}"]
--- error_code eval
[201, 400]
--- response_body_like eval
['"id":119,', '"code":"22P02"']



=== TEST 20: an integer is one in whatever way JSON writes it
--- config
    location /api/counts { postern_resource app table=api.counts; }
--- request eval
[
    qq(POST /api/counts\n{"id": 1e1, "several": [5.0, 2e2, -1], "price": 5.0}),
    qq(POST /api/counts\n[{"id": 11.0, "several": [1e0], "price": 5.0}, {"price": "1", "id": 12, "several": null}]),
    qq(PATCH /api/counts/10\n{"id": 10.0, "several": [[3.0]]}),
    qq(POST /api/counts\n{"id": 13, "several": [5.5]}), qq(POST /api/counts\n{"id": 1e10}),
]
--- error_code eval
[201, 201, 200, 400, 400]
--- response_body_like eval
[
    '^\{"id":10,"several":\[5,200,-1\],"price":5.0\}$',
    '^\[\{"id":11,"several":\[1\],"price":5.0\},\{"id":12,"several":null,"price":1\}\]$',
    '^\{"id":10,"several":\[\[3\]\],"price":5.0\}$', '"code":"22P02"', '"code":"22003"',
]



=== TEST 90: a row that a trigger keeps from being made
--- config
    location /api/refusing { postern_resource app table=api.refusing; }
--- request
POST /api/refusing
{"id": 1}
--- more_headers
Content-Type: application/json
--- error_code: 204
--- response_headers
! Location



=== TEST 91: a row that no path leads to has no Location
--- config
    location /api/text_pairs { postern_resource app table=api.text_pairs; }
--- request eval
[qq(POST /api/text_pairs\n{"a":1,"b":"x"}), qq(POST /api/text_pairs\n{"a":1,"b":"x,y"})]
--- more_headers
Content-Type: application/json
--- error_code eval
[201, 201]
--- response_headers eval
["Location: /api/text_pairs/1,x", "! Location"]
