# GET and HEAD of one row.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/books      { postern_resource app table=api.books; }
    location /api/by-title   { postern_resource app table=api.books key=title; }
    location /api/slugs      { postern_resource app table=api.slugs; }
    location /api/tokens     { postern_resource app table=api.tokens; }
    location /api/codes      { postern_resource app table=api.hidden_key key=code; }
    location /api/pairs      { postern_resource app table=api.pairs; }
    location /api/no-key     { postern_resource app table=api.events; }
    location /api/closed     { postern_resource app table=api.closed; }
    location /api/absent     { postern_resource app table=api.absent; }
    location /api/secrets    { postern_resource app table=hidden.secrets; }
    location /api/naps       { postern_resource app table=api.naps key=id; }
CONF

run_tests();

__DATA__

=== TEST 1: the row of a key is one JSON object, as PostgreSQL writes it
--- request
GET /api/books/1
--- response_body: {"id":1,"title":"The Silent Door","author":"Ada Vale","pages":120,"price":10.50,"tags":["mystery","night"],"details":{"lang": "en", "size": {"h": 20, "w": 10}, "marks": [1, 2, 3]},"available":true,"published":"2001-01-15","words":"'door':3 'silent':2"}
--- response_headers_like
Content-Type: application/json(?:; ?charset=utf-8)?
Content-Length: \d+



=== TEST 2: NULLs are null
--- request
GET /api/books/4?select=id,author,pages,price,details,available,published
--- response_body: {"id":4,"author":null,"pages":null,"price":null,"details":null,"available":null,"published":null}



=== TEST 3: select picks columns, renames, casts and follows paths
--- request
GET /api/books/1?select=nr:id,title,details->size->>w,third:details->marks->2,last:details->marks->-1,pages::text,cost:price::integer
--- response_body: {"nr":1,"title":"The Silent Door","w":"10","third":3,"last":3,"pages":"120","cost":11}



=== TEST 4: no such row
--- request
GET /api/books/999
--- error_code: 404
--- response_headers_like
Content-Type: application/json.*
--- response_body_like: ^\{"code":"[^"]+","message":"[^"]+","details":.*,"hint":.*\}$



=== TEST 5: a key that is not of the column's type is the client's mistake
--- request eval
["GET /api/books/abc", "GET /api/books/1.5", "GET /api/books/99999999999", "GET /api/tokens/1", "GET /api/books/1%20or%201=1"]
--- error_code eval
[400, 400, 400, 400, 400]
--- response_body_like eval
[('"code":"22') x 5]



=== TEST 6: text keys are decoded once, and only once
--- request eval
["GET /api/slugs/plain", "GET /api/slugs/with%20space", "GET /api/slugs/%C3%BCn%C3%AFcode", "GET /api/slugs/%2541"]
--- response_body eval
['{"slug":"plain","title":"A"}', '{"slug":"with space","title":"B"}', '{"slug":"ünïcode","title":"D"}', '{"slug":"%41","title":"E"}']



=== TEST 7: a slash in a key, escaped
--- request
GET /api/slugs/a%2Fb
--- response_body: {"slug":"a/b","title":"C"}



=== TEST 8: a key that no text can be
--- request eval
["GET /api/slugs/a%00b", "GET /api/slugs/%ff"]
--- error_code_like eval
["^400\$", "^400\$"]



=== TEST 9: the key can be another column
--- request
GET /api/by-title/The%20Silent%20Door?select=id
--- response_body: {"id":1}



=== TEST 10: uuid keys
--- request
GET /api/tokens/11111111-1111-1111-1111-111111111111
--- response_body: {"id":"11111111-1111-1111-1111-111111111111","label":"first"}



=== TEST 11: a view has no primary key, the directive names one
--- request
GET /api/codes/2
--- response_body: {"code":2,"title":"Rivers and Bridges"}



=== TEST 12: deeper paths are no rows
--- request eval
["GET /api/books/1/title", "GET /api/books/1/2/3"]
--- error_code eval
[404, 404]



=== TEST 13: what PostgreSQL forbids to an anonymous role is 401
--- request
GET /api/closed/1
--- error_code: 401
--- response_headers_like
WWW-Authenticate: Bearer.*
--- response_body_like: "code":"42501"



=== TEST 14: a relation that does not exist or is in no schema of the database
--- request eval
["GET /api/absent/1", "GET /api/secrets/1"]
--- error_code eval
[404, 404]
--- response_body_unlike eval
["do not show", "do not show"]
--- no_error_log
[alert]



=== TEST 15: an unknown column
--- request eval
["GET /api/books/1?select=nope", "GET /api/books/1?select=id,title,id2"]
--- error_code eval
[400, 400]
--- response_body_like eval
["nope", "id2"]



=== TEST 16: a key of several columns
--- request eval
["GET /api/pairs/1,2", "GET /api/pairs/1,3", "GET /api/pairs/1", "GET /api/pairs/1,2,3"]
--- error_code eval
[200, 404, 400, 400]
--- response_body_like eval
['^\{"a":1,"b":2,"label":"y"\}$', '"code"', '"code"', '"code"']



=== TEST 17: rows without a key
--- request eval
["GET /api/no-key/1", "GET /api/no-key?select=id&order=id&limit=1"]
--- error_code eval
[404, 200]



=== TEST 18: a filter beside the key may hide the row
--- request eval
["GET /api/books/1?select=id&available=is.true", "GET /api/books/1?select=id&available=is.false"]
--- error_code_like eval
['^200$', '^404$']



=== TEST 19: awkward text comes back as JSON
--- request
GET /api/books/5?select=title,author,tags
--- response_body: {"title":"Quoted \"Word\", (x)","author":"Cyd, O'Hara","tags":["a,b","c d"]}



=== TEST 20: a row is the same for HTTP/1.0, without chunks
--- request
GET /api/books/1?select=id HTTP/1.0
--- response_headers
! Transfer-Encoding
--- response_body: {"id":1}



=== TEST 21: over HTTP/2
--- http2
--- request
GET /api/books/2?select=id,title
--- response_body: {"id":2,"title":"Rivers and Bridges"}



=== TEST 22: pipelined requests are answered in order
--- pipelined_requests eval
["GET /api/books/1?select=id", "GET /api/naps/100", "GET /api/books/999", "GET /api/books/3?select=id"]
--- error_code eval
[200, 200, 404, 200]
--- response_body_like eval
['^\{"id":1\}$', '^\{"id":100,"slept":100\}$', 'code', '^\{"id":3\}$']



=== TEST 90: a key is never that of another path
--- config
    location /api/paths { postern_resource app table=api.paths; }
--- raw_request eval
[map { "GET /api/paths/$_?select=title HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" } "%2Fzz", "zz", "a%2F..%2Fother", "other", "a%2F%2Fb", "q%2F.."]
--- error_code eval
[200, 200, 200, 200, 200, 404]
--- response_body_like eval
['"slash"', '"plain"', '"dots"', '"other"', '"double"', 'POSTERN404']
