# Row-level security decides what a request sees and changes.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    location /api/notes { postern_resource app table=api.notes; }
CONF

sub as { "Content-Type: application/json\n" . bearer({ sub => $_[0], role => 'web_user', exp => time + 300 }) }

run_tests();

__DATA__

=== TEST 1: each sees their own rows
--- request eval
[("GET /api/notes?select=id&id=lt.10") x 3]
--- more_headers eval
[main::as('alice'), main::as('bob'), main::as('carol')]
--- response_body eval
['{"data":[{"id":1},{"id":3}],"next_cursor":null}', '{"data":[{"id":2}],"next_cursor":null}', '{"data":[],"next_cursor":null}']



=== TEST 2: a row of somebody else is not there, whatever the method
--- request eval
["GET /api/notes/1", qq(PATCH /api/notes/1\n{"body":"mine"}), qq(PUT /api/notes/1\n{"owner":"bob","body":"mine"}), "DELETE /api/notes/1", "HEAD /api/notes/1"]
--- more_headers eval
[(main::as('bob')) x 5]
--- error_code eval
[404, 404, 404, 404, 404]



=== TEST 3: a new row belongs to who makes it
--- request eval
[qq(POST /api/notes\n{"id":10,"body":"b"}), "GET /api/notes/10", "GET /api/notes/10"]
--- more_headers eval
[main::as('bob'), main::as('bob'), main::as('alice')]
--- error_code eval
[201, 200, 404]
--- response_body_like eval
['"owner":"bob"', '"owner":"bob"', 'code']



=== TEST 4: a row cannot be made for or given to somebody else
--- request eval
[qq(POST /api/notes\n{"id":11,"owner":"alice"}), qq(PATCH /api/notes/2\n{"owner":"alice"})]
--- more_headers eval
[main::as('bob'), main::as('bob')]
--- error_code eval
[403, 403]
--- response_body_like eval
['42501', '42501']



=== TEST 5: without a token there is nothing to see
--- request
GET /api/notes
--- error_code: 401



=== TEST 6: users take turns on one connection and never see each other's rows
--- database
connections 1;
--- pipelined_requests eval
[("GET /api/notes?select=id&id=lt.10") x 8]
--- more_headers eval
[(main::as('alice'), main::as('bob')) x 4]
--- response_body eval
[('{"data":[{"id":1},{"id":3}],"next_cursor":null}', '{"data":[{"id":2}],"next_cursor":null}') x 4]
