# PATCH: the members of the body, and nothing else, get new values.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items     { postern_resource app table=api.items; }
    location /api/generated { postern_resource app table=api.generated; }
    location /api/books     { postern_resource app table=api.books; }
CONF

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(more_headers => "Content-Type: application/json\n") if !defined $block->more_headers;
});

run_tests();

__DATA__

=== TEST 1: part of a row
--- request eval
[qq(PATCH /api/items/1\n{"note":"changed"}), "GET /api/items/1?select=id,name,amount,note"]
--- response_body eval
['{"id":1,"name":"item 1","amount":7,"note":"changed","data":null,"tags":null}', '{"id":1,"name":"item 1","amount":7,"note":"changed"}']



=== TEST 2: null is a value
--- sql
UPDATE api.items SET note = 'x' WHERE id = 2;
--- request
PATCH /api/items/2
{"note": null}
--- response_body_like: "note":null



=== TEST 3: no such row
--- request
PATCH /api/items/999
{"note": "x"}
--- error_code: 404



=== TEST 4: nothing to change
--- request
PATCH /api/items/3
{}
--- error_code: 200



=== TEST 5: unknown column, generated column, wrong type, list
--- request eval
[qq(PATCH /api/items/4\n{"colour":"x"}), qq(PATCH /api/generated/1\n{"twice":5}), qq(PATCH /api/items/4\n{"amount":"x"}), qq(PATCH /api/items/4\n[{"amount":1}]), qq(PATCH /api/items/x\n{"amount":1})]
--- error_code eval
[400, 400, 400, 400, 400]



=== TEST 6: a generated column follows
--- request
PATCH /api/generated/1
{"a": 5}
--- response_body: {"id":1,"a":5,"twice":10}



=== TEST 7: on the collection it is not allowed
--- request
PATCH /api/items
{"note": "all"}
--- error_code: 405
--- response_headers_like
Allow: (?!.*PATCH).*POST.*



=== TEST 8: where the role may not
--- request
PATCH /api/books/1
{"title": "x"}
--- error_code: 401



=== TEST 9: select says what comes back
--- request
PATCH /api/items/5?select=amount
{"amount": 9}
--- response_body: {"amount":9}



=== TEST 10: json and arrays are replaced whole
--- request
PATCH /api/items/6?select=data,tags
{"data": [1, "two"], "tags": []}
--- response_body: {"data":[1, "two"],"tags":[]}



=== TEST 11: over HTTP/2
--- http2
--- request
PATCH /api/items/7?select=note
{"note": "h2"}
--- response_body: {"note":"h2"}
