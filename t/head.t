# HEAD answers what GET answers, without the body.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/books { postern_resource app table=api.books; }
CONF

run_tests();

__DATA__

=== TEST 1: of a row
--- request
HEAD /api/books/1?select=id
--- response_headers_like
Content-Type: application/json.*
Content-Length: 8
--- response_body:



=== TEST 2: of a list, with the link to the next page
--- request
HEAD /api/books?select=id&limit=2
--- response_headers_like
Content-Type: application/json.*
Link: <.*cursor=.*>; rel="next"
--- response_body:



=== TEST 3: of a row that is not there
--- request
HEAD /api/books/99
--- error_code: 404
--- response_body:



=== TEST 4: of a bad request
--- request
HEAD /api/books?nope=eq.1
--- error_code: 400
--- response_body:



=== TEST 5: over HTTP/2
--- http2
--- request
HEAD /api/books/1
--- response_headers_like
Content-Type: application/json.*
--- response_body:



=== TEST 6: a kept connection can be used again after it
--- pipelined_requests eval
["GET /api/books/1?select=id", "GET /api/books/2?select=id"]
--- response_body eval
['{"id":1}', '{"id":2}']
