# What PostgreSQL says becomes a status and {"code","message","details","hint"}.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/parents  { postern_resource app table=api.parents; }
    location /api/children { postern_resource app table=api.children; }
    location /api/deferred { postern_resource app table=api.deferred; }
    location /api/raises   { postern_resource app table=api.raises; }
    location /api/divides  { postern_resource app table=api.divides key=id; }
    location /api/naps     { postern_resource app table=api.naps key=id; }
    location /api/writes   { postern_resource app table=api.writes_on_read key=id; }
CONF

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(more_headers => "Content-Type: application/json\n") if !defined $block->more_headers;
});

run_tests();

__DATA__

=== TEST 1: the four members, always, in this order
--- request
POST /api/parents
{"id": 1, "name": "again"}
--- error_code: 409
--- response_headers_like
Content-Type: application/json.*
--- response_body: {"code":"23505","message":"duplicate key value violates unique constraint \"parents_pkey\"","details":"Key (id)=(1) already exists.","hint":null}



=== TEST 2: constraints
--- request eval
[map { "POST /api/children\n$_" }
    '{"id":2,"parent_id":77}', '{"id":3,"parent_id":1,"positive":-1}', '{"id":4}', '{"id":5,"parent_id":1,"short":"abcd"}', '{"id":6,"parent_id":1,"whole":70000}']
--- error_code eval
[409, 400, 400, 400, 400]
--- response_body_like eval
[map { qr/^\{"code":"$_",/ } qw(23503 23514 23502 22001 22003)]



=== TEST 3: a constraint that fails at commit fails the request
--- request eval
[qq(POST /api/deferred\n{"id":1,"parent_id":77}), "GET /api/deferred/1"]
--- error_code eval
[409, 404]
--- response_body_like eval
['"code":"23503"', 'code']



=== TEST 4: and what is pipelined behind it is answered rightly
--- pipelined_requests eval
[qq(POST /api/deferred\n{"id":2,"parent_id":77}), "GET /api/parents/1", qq(POST /api/deferred\n{"id":3,"parent_id":1}), "GET /api/deferred/3"]
--- error_code eval
[409, 200, 201, 200]
--- response_body_like eval
['23503', '"name":"one"', '"id":3', '"parent_id":1']



=== TEST 5: a status of one's own choice
--- request eval
[map { qq(POST /api/raises\n{"id":1,"code":"$_","message":"m $_","detail":"d","hint":"h"}) } qw(PT402 PT404 PT418 PT503)]
--- error_code eval
[402, 404, 418, 503]
--- response_body_like eval
[map { qr/"message":"m $_","details":"d","hint":"h"/ } qw(PT402 PT404 PT418 PT503)]
--- no_error_log
[alert]



=== TEST 6: PTxyz that is no status is a 500
--- request eval
[map { qq(POST /api/raises\n{"id":1,"code":"$_","message":"m"}) } qw(PT999 PTABC)]
--- error_code eval
[500, 500]
--- no_error_log
[alert]



=== TEST 7: SQLSTATEs as PostgREST maps them
--- request eval
[map { qq(POST /api/raises\n{"id":1,"code":"$_","message":"m"}) } qw(P0001 08000 09000 0L000 0P000 23503 23505 25006 25000 28000 2D000 38000 39000 3B000 40000 53000 53400 54000 55000 57014 58000 F0000 HV000 P0002 XX000 42883 42P01 42501 22012 02000)]
--- error_code eval
[400, 503, 500, 403, 403, 409, 409, 405, 500, 403, 500, 500, 500, 500, 500, 503, 500, 500, 500, 500, 500, 500, 500, 500, 500, 404, 404, 401, 400, 400]
--- no_error_log
[alert]



=== TEST 8: a division by zero is the request's fault as PostgREST sees it
--- request
GET /api/divides
--- error_code: 400
--- response_body_like: ^\{"code":"22012","message":"division by zero"



=== TEST 9: a GET writes nothing
--- request
GET /api/writes/1
--- error_code: 405
--- response_body_like: "code":"25006"



=== TEST 10: a statement that takes too long is ended
--- database
query_timeout 300ms;
--- request
GET /api/naps/5000
--- error_code: 500
--- response_body_like: ^\{"code":"57014"
--- no_error_log
[alert]
--- timeout: 4



=== TEST 11: neither SQL nor connection data in an answer
--- request eval
["GET /api/divides", qq(POST /api/children\n{"id":2,"parent_id":77}), qq(POST /api/raises\n{"id":1,"code":"XX000","message":"m"})]
--- error_code eval
[400, 409, 500]
--- response_body_unlike eval
[(qr/SELECT|INSERT|RETURNING|authenticator|postern-pg|data\.divide/) x 3]
--- no_error_log
[alert]



=== TEST 12: no error is for caches, and what is none goes without saying
--- config
    location /api/parents { postern_resource app table=api.parents; }
    location /api/raises  { postern_resource app table=api.raises; }
    location = /arg       { postern_validate_arg a integer; try_files /index.html =404; }
    location = /own       { postern_sql app "select set_config('response.headers', '[{\"Cache-Control\": \"max-age=5\"}]', true), set_config('response.status', '404', true); select 1"; }
    location = /gone      { postern_sql app "select set_config('response.status', '404', true); select 1"; }
--- request eval
[
    "GET /api/parents?cursor=x", "GET /api/parents/4711", "GET /api/parents/1?nothing=eq.1", "PUT /api/parents",
    "GET /api/parents/1", "GET /arg?a=x", "GET /arg", "GET /own", "GET /gone", "HEAD /api/parents/4711",
]
--- error_code eval
[404, 404, 400, 405, 200, 422, 200, 404, 404, 404]
--- response_headers eval
[
    ("Cache-Control: no-store") x 4, "!Cache-Control", "Cache-Control: no-store", "!Cache-Control",
    "Cache-Control: max-age=5", ("Cache-Control: no-store") x 2,
]
