# Conditional requests (RFC 9110 section 13), and what they are conditional on: ETag and Last-Modified.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items   { postern_resource app table=api.items max_limit=1000; }
    location /api/books   { postern_resource app table=api.books; }
    location /api/dated   { postern_resource app table=api.books last_modified=published; }
    location /api/notes   { postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE; postern_resource app table=api.notes; }
    location /untagged    { postern_etag off; postern_resource app table=api.books; }
    location = /one       { postern_sql app "select 1"; }
    location = /own       { postern_sql app "select set_config('response.headers', json_build_array(json_build_object('ETag', chr(34) || 'mine' || chr(34)))::text, true); select 1"; }
CONF


run_tests();

__DATA__

=== TEST 1: what is whole has a tag, the same for the same content
--- request eval
["GET /api/books/1?select=id", "HEAD /api/books/1?select=id", "GET /api/books/1?select=id&title=like.*", "GET /api/books/1", "GET /api/books?select=id&limit=1", "GET /one", "GET /untagged/1?select=id", "GET /api/books/99", "GET /own"]
--- error_code eval
[200, 200, 200, 200, 200, 200, 200, 404, 200]
--- response_headers_like eval
["ETag: \"[\\w-]{22}\"\n!Last-Modified", ("ETag: \"[\\w-]{22}\"") x 5, "!ETag", "!ETag", "ETag: \"mine\""]



=== TEST 2: what the client has already is not sent
--- config
    location /api/books {
        postern_resource app table=api.books;
        add_header X-Status $status always;
    }
--- request eval
[("GET /api/books/1?select=id") x 6, "HEAD /api/books/1?select=id", "GET /api/books?select=id&limit=1"]
--- more_headers eval
["If-None-Match: *", "If-None-Match: \"x\", *", "If-None-Match: \"x\"", "If-Match: *", "If-Match: \"x\"", "If-Match: *\nIf-None-Match: *", "If-None-Match: *", "If-None-Match: *"]
--- error_code eval
[304, 200, 200, 200, 412, 304, 304, 304]
--- response_headers_like eval
["ETag: \".*\"\n!Content-Type\n!Content-Length\n!Transfer-Encoding", ("ETag: \".*\"") x 3, "!ETag", ("ETag: \".*\"\n!Content-Type") x 3]
--- response_body_like eval
['^$', ('\{"id":1\}') x 3, 'POSTERN412', '^$', '^$', '^$']



=== TEST 3: dates
--- request eval
[("GET /api/dated/1?select=id") x 4, "GET /api/dated/4?select=id", "GET /api/dated?select=id", "GET /api/books/1?select=id"]
--- more_headers eval
["", "If-Modified-Since: Mon, 15 Jan 2001 00:00:00 GMT", "If-Modified-Since: Sun, 14 Jan 2001 23:59:59 GMT", "If-Unmodified-Since: Sun, 14 Jan 2001 23:59:59 GMT", "If-Modified-Since: Mon, 15 Jan 2001 00:00:00 GMT", "", "If-Modified-Since: Mon, 15 Jan 2091 00:00:00 GMT"]
--- error_code eval
[200, 304, 200, 412, 200, 200, 200]
--- response_headers eval
[("Last-Modified: Mon, 15 Jan 2001 00:00:00 GMT") x 3, "!Last-Modified", ("!Last-Modified") x 3]
--- response_body_like eval
['^\{"id":1\}$', '^$', '^\{"id":1\}$', 'POSTERN412', '^\{"id":4\}$', 'data', 'id']



=== TEST 4: a column that there is not
--- config
    location /api/books { postern_resource app table=api.books last_modified=changed; }
--- request eval
["GET /api/books/1", "GET /api/books?select=id&limit=1"]
--- error_code eval
[400, 200]
--- response_body_like eval
['changed', 'data']



=== TEST 5: a page that is streamed has no tag
--- sql
INSERT INTO api.items (id, name, note) SELECT i, 'big ' || i, repeat('x', 4000) FROM generate_series(10001, 10300) i ON CONFLICT DO NOTHING;
--- request
GET /api/items?id=gt.10000&limit=1000
--- more_headers
If-None-Match: *
--- error_code: 200
--- response_headers
!ETag
--- response_body_like: ^\{"data":\[\{"id":10001,.*\],"next_cursor":null\}$



=== TEST 6: a write that demands another row than there is changes nothing
--- sql
INSERT INTO api.items (id, name) VALUES (500, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before';
--- request eval
[
    qq(PATCH /api/items/500?select=name\n{"name":"after"}), qq(PATCH /api/items/500?select=name\n{"name":"after"}), qq(PUT /api/items/500\n{"name":"after"}),
    "DELETE /api/items/500", "DELETE /api/items/500", "GET /api/items/500?select=name", qq(PATCH /api/items/501\n{"name":"after"}), qq(PATCH /api/items/501\n{"name":"after"}),
]
--- more_headers eval
[
    "Content-Type: application/json\nIf-None-Match: *", "Content-Type: application/json\nIf-Match: \"abc\"", "Content-Type: application/json\nIf-Match: W/\"abc\"",
    "If-Match: \"abc\"", "If-None-Match: *", "", "Content-Type: application/json\nIf-Match: *", "Content-Type: application/json\nIf-None-Match: *",
]
--- error_code eval
[412, 412, 412, 412, 412, 200, 412, 404]
--- response_body_like eval
[('^\{"code":"POSTERN412",.*"hint":"read it again"\}$') x 5, '^\{"name":"before"\}$', 'POSTERN412', 'POSTERN404']



=== TEST 7: and one that demands what there is is made
--- sql
INSERT INTO api.items (id, name) VALUES (502, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before';
--- request eval
[qq(PATCH /api/items/502?select=name\n{"name":"after"}), qq(PUT /api/items/502?select=name\n{"name":"later"}), qq(PATCH /api/items/502?select=name\n{}), "DELETE /api/items/502", "DELETE /api/items/502"]
--- more_headers eval
[("Content-Type: application/json\nIf-Match: *") x 3, "If-Match: *", "If-Match: *"]
--- error_code eval
[200, 200, 200, 204, 412]
--- response_body_like eval
['\{"name":"after"\}', '\{"name":"later"\}', '\{"name":"later"\}', '^$', 'POSTERN412']



=== TEST 8: a row of somebody else is as good as none
--- request eval
[qq(PATCH /api/notes/2\n{"body":"x"}), qq(PATCH /api/notes/99\n{"body":"x"})]
--- more_headers eval
[("Content-Type: application/json\nIf-Match: *\n" . main::bearer({ sub => 'alice', role => 'web_user', exp => time + 300 })) x 2]
--- error_code eval
[412, 412]
--- response_body_like eval
[('POSTERN412') x 2]



=== TEST 9: from the cache as well
--- http_config
    postern_zone edge 1m;
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
--- config
    postern_cache edge ttl=1h;
    location /api/books { postern_resource app table=api.books last_modified=published; }
--- request eval
[("GET /api/books/1?select=id") x 5]
--- more_headers eval
["", "If-None-Match: *", "If-Match: \"x\"", "If-Modified-Since: Mon, 15 Jan 2001 00:00:00 GMT", ""]
--- error_code eval
[200, 304, 412, 304, 200]
--- response_headers_like eval
["Cache-Status: .*stored\nETag: \".*\"", "Cache-Status: .*hit.*\nETag: \".*\"\nVary: Authorization\nCache-Control: private, no-cache\n!Content-Type", "Cache-Status: .*hit.*\n!ETag", "Cache-Status: .*hit.*\nETag: \".*\"", "Cache-Status: .*hit.*\nLast-Modified: Mon, 15 Jan 2001 00:00:00 GMT"]



=== TEST 10: a tag that gzip has made weak is good for reading, and for nothing else
--- config
    gzip on; gzip_types application/json; gzip_min_length 1;
    location /api/books { postern_resource app table=api.books; }
--- request
GET /api/books/1
--- more_headers
Accept-Encoding: gzip
--- response_headers_like
ETag: W/"[\w-]{22}"
Content-Encoding: gzip



=== TEST 11: without tags there is none that could be demanded
--- config
    postern_etag off;
    location /api/items { postern_resource app table=api.items; }
    location /api/dated { postern_resource app table=api.books last_modified=published; }
--- sql
INSERT INTO api.items (id, name) VALUES (503, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before';
--- request eval
[
    ("GET /api/items/503?select=name") x 4, "GET /api/dated/1?select=id",
    qq(PATCH /api/items/503?select=name\n{"name":"after"}), "GET /api/items/503?select=name", qq(PATCH /api/items/503?select=name\n{"name":"after"}),
]
--- more_headers eval
[
    "If-None-Match: \"x\"", "If-None-Match: *", "If-Match: \"x\"", "If-Match: *", "If-Modified-Since: Mon, 15 Jan 2001 00:00:00 GMT",
    "Content-Type: application/json\nIf-Match: \"x\"", "", "Content-Type: application/json\nIf-Match: *",
]
--- error_code eval
[200, 304, 412, 200, 304, 412, 200, 200]
--- response_headers eval
[("!ETag") x 8]
--- response_body_like eval
['before', '^$', 'POSTERN412', 'before', '^$', 'POSTERN412', 'before', 'after']



=== TEST 12: a tag of a script's own is held against as well
--- request eval
[("GET /own") x 5, "HEAD /own"]
--- more_headers eval
["If-None-Match: \"mine\"", "If-None-Match: \"yours\"", "If-Match: \"mine\"", "If-Match: \"yours\"", "If-None-Match: W/\"mine\"", "If-None-Match: \"mine\""]
--- error_code eval
[304, 200, 200, 412, 304, 304]
--- response_headers eval
[("ETag: \"mine\"") x 3, "!ETag", "ETag: W/\"mine\"", "ETag: \"mine\""]



=== TEST 13: and gzip makes it weak
--- config
    gzip on; gzip_types application/json; gzip_min_length 1;
    location = /own { postern_sql app "select set_config('response.headers', json_build_array(json_build_object('etag', chr(34) || 'mine' || chr(34)))::text, true); select 1"; }
--- request
GET /own
--- more_headers
Accept-Encoding: gzip
--- response_headers
ETag: W/"mine"
Content-Encoding: gzip



=== TEST 14: what gzip has made weak is answered weak, or a cache does not find what it has
--- config
    gzip on; gzip_types application/json; gzip_min_length 1;
    location /api/books { postern_resource app table=api.books; }
--- request eval
[("GET /api/books/1?select=id") x 3]
--- more_headers eval
[map { "Accept-Encoding: gzip\nIf-None-Match: $_" } 'W/"t0Dq-cnuv7cnPudL-5XtxA"', '"t0Dq-cnuv7cnPudL-5XtxA", W/"t0Dq-cnuv7cnPudL-5XtxA"', '*']
--- error_code eval
[304, 304, 304]
--- response_headers eval
['ETag: W/"t0Dq-cnuv7cnPudL-5XtxA"', 'ETag: "t0Dq-cnuv7cnPudL-5XtxA"', 'ETag: "t0Dq-cnuv7cnPudL-5XtxA"']



=== TEST 15: a column that has no times, and a time that is none
--- config
    location /api/books { postern_resource app table=api.books last_modified=pages; }
    location /api/dated { postern_resource app table=api.books last_modified=published; }
--- sql
INSERT INTO api.books (id, title, published) VALUES (60, 'Never', 'infinity'), (61, 'Always', '-infinity'), (62, 'To come', '2999-01-01') ON CONFLICT DO NOTHING;
--- request eval
["GET /api/books/1?select=id", "GET /api/dated/60?select=id", "GET /api/dated/61?select=id", "GET /api/dated/62?select=id"]
--- error_code eval
[400, 200, 200, 200]
--- response_headers_like eval
[("!Last-Modified") x 3, "Last-Modified: .* 20\\d\\d .*"]
--- response_body_like eval
['POSTERN211', '60', '61', '62']



=== TEST 16: what is wrong with the request itself comes first
--- config
    location /api/items  { postern_resource app table=api.items; }
    location /api/events { postern_resource app table=api.events key=id; }
--- request eval
[qq(PATCH /api/items/500\n{"nosuch":"x"}), qq(PATCH /api/items/500\n[]), qq(PATCH /api/items/500?select=nosuch\n{}), qq(PATCH /api/events/1\n{"name":"x"}), "DELETE /api/events/1"]
--- more_headers eval
[("Content-Type: application/json\nIf-Match: \"x\"") x 5]
--- error_code eval
[400, 400, 400, 405, 405]
--- response_body_like eval
['PGRST204', 'PGRST102', '42703', 'POSTERN201', 'POSTERN201']



=== TEST 17: a collection is always there, and has no tag to be written under
--- config
    location /api/tokens { postern_resource app table=api.tokens; }
--- request eval
[(qq(POST /api/tokens?select=label\n{"label":"conditional"})) x 3, "GET /api/tokens?label=eq.conditional&select=label", qq(POST /api/tokens?select=label\n{"label":"conditional"})]
--- more_headers eval
[map { "Content-Type: application/json\n$_" } "If-None-Match: *", "If-Match: \"x\"", "If-Match: \"x\"\nIf-None-Match: *", "", "If-Match: *\nIf-None-Match: \"x\""]
--- error_code eval
[412, 412, 412, 200, 201]
--- response_body_like eval
[('POSTERN412') x 3, '"data":\[\]', 'conditional']



=== TEST 18: a row that has not changed but is hidden from the write is not there, with a condition or without
--- sql
INSERT INTO api.items (id, name) VALUES (504, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before';
--- request eval
[(qq(PATCH /api/items/504?select=name&name=eq.other\n{"name":"after"})) x 2, qq(PATCH /api/items/504?select=name&name=eq.before\n{"name":"after"})]
--- more_headers eval
[map { "Content-Type: application/json\n$_" } "", ('If-Match: "XIYpCV4I36vaG5jJ3a4jgw"') x 2]
--- error_code eval
[404, 404, 200]
