# PUT: the whole row gets the body's values; what the body leaves out gets its default.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items     { postern_resource app table=api.items; }
    location /api/generated { postern_resource app table=api.generated; }
CONF

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(more_headers => "Content-Type: application/json\n") if !defined $block->more_headers;
});

run_tests();

__DATA__

=== TEST 1: what is left out goes back to its default
--- sql
UPDATE api.items SET note = 'old', amount = 50, data = '{}' WHERE id = 11;
--- request eval
[qq(PUT /api/items/11\n{"id":11,"name":"whole"}), "GET /api/items/11"]
--- response_body eval
[('{"id":11,"name":"whole","amount":7,"note":null,"data":null,"tags":null}') x 2]



=== TEST 2: the key may be left out
--- request
PUT /api/items/12
{"name": "keyless", "amount": 1}
--- response_body: {"id":12,"name":"keyless","amount":1,"note":null,"data":null,"tags":null}



=== TEST 3: no such row, and none is made
--- request eval
[qq(PUT /api/items/998\n{"name":"x"}), "GET /api/items/998"]
--- error_code eval
[404, 404]



=== TEST 4: a column that must not be null is left out
--- request
PUT /api/items/13
{"amount": 1}
--- error_code: 400
--- response_body_like: 23502



=== TEST 5: a body with another key does not move the row unseen
--- request eval
[qq(PUT /api/items/14\n{"id":15,"name":"other"}), "GET /api/items/14?select=id"]
--- error_code eval
[400, 200]
--- response_body_like eval
['"code":"PGRST115"', '^\{"id":14\}$']



=== TEST 6: unknown columns and lists
--- request eval
[qq(PUT /api/items/16\n{"name":"x","colour":1}), qq(PUT /api/items/16\n[{"name":"x"}]), qq(PUT /api/items/16\n"x")]
--- error_code eval
[400, 400, 400]



=== TEST 7: generated and identity columns are left alone
--- request
PUT /api/generated/1
{"a": 6}
--- response_body: {"id":1,"a":6,"twice":12}



=== TEST 8: on the collection it is not allowed
--- request
PUT /api/items
{"name": "x"}
--- error_code: 405
