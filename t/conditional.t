# Conditional requests (RFC 9110, section 13): nginx's own filter must not judge responses that have no validators.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items { postern_resource app table=api.items max_limit=1000; }
    location /api/books { postern_resource app table=api.books; }
CONF

run_tests();

__DATA__

=== TEST 1: a row is answered whatever the condition is
--- request eval
[("GET /api/books/1?select=id") x 4]
--- more_headers eval
["If-None-Match: *", "If-Match: \"abc\"", "If-Modified-Since: Sat, 21 Nov 2026 00:00:00 GMT", "If-Unmodified-Since: Sat, 21 Nov 2015 00:00:00 GMT"]
--- error_code eval
[200, 200, 200, 200]
--- response_body eval
[('{"id":1}') x 4]



=== TEST 2: a page that is streamed is not announced as not modified
--- sql
INSERT INTO api.items (id, name, note) SELECT i, 'big ' || i, repeat('x', 4000) FROM generate_series(10001, 10300) i ON CONFLICT DO NOTHING;
--- request
GET /api/items?id=gt.10000&limit=1000
--- more_headers
If-None-Match: *
--- error_code: 200
--- response_body_like: ^\{"data":\[\{"id":10001,.*\],"next_cursor":null\}$



=== TEST 3: a write that was made is not answered as refused
--- sql
INSERT INTO api.items (id, name) VALUES (500, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before';
--- request eval
[qq(PATCH /api/items/500?select=name\n{"name":"after"}), qq(PATCH /api/items/500?select=name\n{"name":"later"})]
--- more_headers eval
["Content-Type: application/json\nIf-None-Match: *", "Content-Type: application/json\nIf-Match: \"abc\""]
--- error_code eval
[200, 200]
--- response_body eval
['{"name":"after"}', '{"name":"later"}']
