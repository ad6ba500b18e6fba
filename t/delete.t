# DELETE.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items   { postern_resource app table=api.items; }
    location /api/books   { postern_resource app table=api.books; }
    location /api/parents { postern_resource app table=api.parents; }
CONF

run_tests();

__DATA__

=== TEST 1: 204 and no body; the second time there is nothing
--- request eval
["DELETE /api/items/21", "GET /api/items/21", "DELETE /api/items/21"]
--- error_code eval
[204, 404, 404]
--- response_body_like eval
['^$', 'code', 'code']



=== TEST 2: a 204 carries neither type nor length
--- request
DELETE /api/items/22
--- error_code: 204
--- response_headers
! Content-Type
! Content-Length
! Transfer-Encoding



=== TEST 3: on the collection it is not allowed
--- request
DELETE /api/items
--- error_code: 405



=== TEST 4: a row that others refer to
--- request
DELETE /api/parents/1
--- error_code: 409
--- response_body_like: 23503



=== TEST 5: where the role may not
--- request
DELETE /api/books/1
--- error_code: 401



=== TEST 6: a key that is none
--- request
DELETE /api/items/x
--- error_code: 400



=== TEST 7: a body is ignored
--- request
DELETE /api/items/23
{"anything": 1}
--- error_code: 204



=== TEST 8: over HTTP/2
--- http2
--- request
DELETE /api/items/24
--- error_code: 204



=== TEST 9: the connection is used on after a 204
--- pipelined_requests eval
["DELETE /api/items/25", "GET /api/items/26?select=id"]
--- error_code eval
[204, 200]
--- response_body eval
['', '{"id":26}']
