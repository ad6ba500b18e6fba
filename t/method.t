# Which methods a collection and a row have.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items { postern_resource app table=api.items; }
    location /api/read  { postern_resource app table=api.items methods=GET; }
    location /api/added { postern_resource app table=api.items methods=POST,PATCH; }
CONF

run_tests();

__DATA__

=== TEST 1: of a collection
--- request eval
["DELETE /api/items", "PUT /api/items\n{}", "PATCH /api/items\n{}", "PROPFIND /api/items", "TRACE /api/items"]
--- error_code eval
[405, 405, 405, 405, 405]
--- response_headers eval
[("Allow: GET, HEAD, POST") x 4, ""]



=== TEST 2: of a row
--- request eval
["POST /api/items/1\n{}", "MKCOL /api/items/1"]
--- error_code eval
[405, 405]
--- response_headers eval
[("Allow: GET, HEAD, PUT, PATCH, DELETE") x 2]
--- response_body_like eval
['"code":"PGRST117"', '"code":"PGRST117"']



=== TEST 3: a refused method leaves the connection usable
--- pipelined_requests eval
["PATCH /api/items\n{}", "GET /api/items/1?select=id"]
--- error_code eval
[405, 200]
--- response_body_like eval
['PGRST117', '^\{"id":1\}$']



=== TEST 4: some of them only
--- request eval
["GET /api/read/1?select=id", "HEAD /api/read?limit=1", "POST /api/read\n{}", "DELETE /api/read/1", "GET /api/added", "DELETE /api/added/1"]
--- error_code eval
[200, 200, 405, 405, 405, 405]
--- response_headers eval
["", "", "Allow: GET, HEAD", "Allow: GET, HEAD", "Allow: POST", "Allow: PATCH"]



=== TEST 5: methods that are none
--- config
    location /api/items { postern_resource app table=api.items methods=GET,FETCH; }
--- must_die
--- error_log
invalid parameter "methods=GET,FETCH"
