# postern_cache: who is answered from it, with what, and for how long.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    return if defined $block->http_config;
    my $more = $block->database // '';
    $block->set_value(http_config => <<"CONF");
    postern_zone edge 2m;
    postern_database app { dsn "\$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; $more }
CONF
});

default_config(<<'CONF');
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    postern_cache edge ttl=30s;
    location /api/items  { postern_resource app table=api.items; }
    location /api/books  { postern_resource app table=api.books; }
    location /api/notes  { postern_resource app table=api.notes; }
    location /role/books { postern_cache edge ttl=30s scope=role; postern_resource app table=api.books; }
    location /all/notes  { postern_cache edge ttl=30s scope=public; postern_resource app table=api.notes; }
CONF

sub as { my ($sub, %more) = @_; bearer({ sub => $sub, role => 'web_user', exp => time + 300, %more }) }

run_tests();

__DATA__

=== TEST 1: the second one is answered from the cache, and both alike
--- request eval
[("GET /api/books/1?select=id,title") x 2, "HEAD /api/books/1?select=id,title", "GET /api/books/1?select=title,id"]
--- response_headers_like eval
[
    "Cache-Status: postern; fwd=uri-miss; stored\n!Age\nCache-Control: private, no-cache\nVary: Authorization\nContent-Type: application/json; charset=utf-8",
    "Cache-Status: postern; hit; ttl=\\d+\nAge: 0\nCache-Control: private, no-cache\nVary: Authorization\nContent-Type: application/json; charset=utf-8",
    "Cache-Status: postern; hit; ttl=\\d+\nAge: 0\nContent-Length: 34",
    "Cache-Status: postern; fwd=uri-miss; stored",
]
--- response_body eval
[('{"id":1,"title":"The Silent Door"}') x 2, '', '{"title":"The Silent Door","id":1}']



=== TEST 2: the order of arguments has no meaning, unlike the path, the location and the values
--- request eval
["GET /api/books?select=id&limit=2", "GET /api/books?limit=2&select=id", "GET /api/books?limit=3&select=id", "GET /api/books/?limit=2&select=id", "GET /role/books?limit=2&select=id"]
--- response_headers_like eval
[
    "Cache-Status: postern; fwd=uri-miss; stored\nLink: </api/books.*",
    "Cache-Status: postern; hit; ttl=\\d+\nLink: </api/books.*",
    ("Cache-Status: postern; fwd=uri-miss; stored") x 3,
]



=== TEST 3: nobody gets what another one sees
--- request eval
[("GET /api/notes?select=id&id=lt.10") x 7]
--- more_headers eval
[main::as('alice'), main::as('bob'), "", main::as('alice'), main::as('alice', jti => 'other', iat => time), main::as('alice', tenant => 'x'), main::as('alice', role => 'web_limited')]
--- error_code eval
[200, 200, 401, 200, 200, 200, 403]
--- response_headers_like eval
[("Cache-Status: postern; fwd=uri-miss; stored") x 2, "Cache-Status: postern; fwd=uri-miss", ("Cache-Status: postern; hit; ttl=\\d+") x 2, "Cache-Status: postern; fwd=uri-miss; stored", "Cache-Status: postern; fwd=uri-miss"]
--- response_body_like eval
['\[\{"id":1\},\{"id":3\}\]', '\[\{"id":2\}\]', '42501', ('\[\{"id":1\},\{"id":3\}\]') x 3, '42501']



=== TEST 4: those of one role share, where the configuration says so, and all, where it says that
--- request eval
["GET /role/books/1?select=id", "GET /role/books/1?select=id", "GET /role/books/1?select=id", "GET /all/notes/1?select=id", "GET /all/notes/1?select=id", "GET /all/notes/1?select=id"]
--- more_headers eval
[main::as('alice'), main::as('bob'), "", main::as('alice'), main::as('bob'), ""]
--- response_headers_like eval
[
    "Cache-Status: .*miss; stored\nVary: Authorization", "Cache-Status: .*hit; ttl=\\d+", "Cache-Status: .*miss; stored",
    "Cache-Status: .*miss; stored\n!Vary\nCache-Control: no-cache", ("Cache-Status: .*hit; ttl=\\d+") x 2,
]
--- error_code eval
[(200) x 6]



=== TEST 5: a token that is not good gets nothing from it
--- request eval
[("GET /all/notes/3?select=id") x 3]
--- more_headers eval
[main::as('alice'), main::as('alice', exp => time - 300), "Authorization: Bearer x.y.z"]
--- error_code eval
[200, 401, 401]



=== TEST 6: what a client asks of caches
--- request eval
[("GET /api/books/2?select=id") x 8]
--- more_headers eval
["Cache-Control: only-if-cached", "", "Cache-Control: no-cache", "Pragma: no-cache", "Cache-Control: no-store", "Cache-Control: max-age=0", "Cache-Control: min-fresh=60", "Cache-Control: only-if-cached, max-age=10"]
--- error_code eval
[504, (200) x 7]
--- response_headers_like eval
[
    "Cache-Status: postern; fwd=uri-miss", "Cache-Status: postern; fwd=uri-miss; stored",
    ("Cache-Status: postern; fwd=request; stored") x 2, "Cache-Status: postern; fwd=request",
    ("Cache-Status: postern; fwd=stale; stored") x 2, "Cache-Status: postern; hit; ttl=\\d+",
]
--- response_body_like eval
['POSTERN504', ('^\{"id":2\}$') x 7]



=== TEST 7: unless the location does not listen to it
--- config
    location /api/books { postern_cache edge ttl=30s request_control=off; postern_resource app table=api.books; }
--- request eval
[("GET /api/books/2?select=id") x 3]
--- more_headers eval
["Cache-Control: no-store", "Cache-Control: no-cache, only-if-cached", "Pragma: no-cache"]
--- response_headers_like eval
["Cache-Status: .*miss; stored", ("Cache-Status: .*hit; ttl=\\d+") x 2]



=== TEST 8: errors are not kept, and neither is what is too large
--- config
    postern_cache edge ttl=30s max_entry=100;
    location /api/books { postern_resource app table=api.books; }
--- request eval
[("GET /api/books/99") x 2, ("GET /api/books?select=nothing") x 2, ("GET /api/books") x 2, "PUT /api/books", "GET /api/books/1?select=id", "GET /api/books/1?select=id"]
--- error_code eval
[404, 404, 400, 400, 200, 200, 405, 200, 200]
--- response_headers_like eval
[("Cache-Status: postern; fwd=uri-miss") x 6, "!Cache-Status", "Cache-Status: postern; fwd=uri-miss; stored", "Cache-Status: postern; hit; ttl=\\d+"]



=== TEST 9: a write is seen at once
--- sql
INSERT INTO api.items (id, name) VALUES (600, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before';
--- request eval
["GET /api/items/600?select=name", "GET /api/items/600?select=name", qq(PATCH /api/items/600?select=name\n{"name":"after"}), "GET /api/items/600?select=name", "GET /api/items/600?select=name", "DELETE /api/items/600", "GET /api/items/600?select=name"]
--- more_headers
Content-Type: application/json
--- error_code eval
[200, 200, 200, 200, 200, 204, 404]
--- response_body_like eval
[('\{"name":"before"\}') x 2, ('\{"name":"after"\}') x 3, '', 'POSTERN404']
--- response_headers_like eval
["Cache-Status: .*miss; stored", "Cache-Status: .*hit; .*", "!Cache-Status", "Cache-Status: .*fwd=stale; stored", "Cache-Status: .*hit; .*", "!Cache-Status", "Cache-Status: .*fwd=stale"]



=== TEST 10: scripts are kept as well, by their parameters
--- config
    postern_cache edge ttl=30s scope=public;
    location = /sum  { postern_sql app "select :arg_a::int + :arg_b::int"; }
    location = /head { postern_sql app "select :header_x_tenant::text"; }
    location = /late { postern_sql app "select clock_timestamp()"; }
--- request eval
["GET /sum?a=1&b=2", "GET /sum?b=2&a=1", "GET /sum?a=1&b=3", "GET /head", "GET /head", "GET /head", "GET /late", "GET /late"]
--- more_headers eval
[("") x 3, "X-Tenant: a", "X-Tenant: b", "X-Tenant: a", "", ""]
--- response_body_like eval
['^3$', '^3$', '^4$', '^"a"$', '^"b"$', '^"a"$', '', '']
--- response_headers_like eval
["Cache-Status: .*miss; stored", "Cache-Status: .*hit; .*", ("Cache-Status: .*miss; stored") x 3, "Cache-Status: .*hit; .*", "Cache-Status: .*miss; stored", "Cache-Status: .*hit; .*"]



=== TEST 11: but not what is for one client, and fields go with what is
--- config
    postern_cache edge ttl=30s scope=public;
    location = /cookie  { postern_sql app "select set_config('response.headers', '[{\"Set-Cookie\": \"a=b\"}]', true); select 1"; }
    location = /private { postern_sql app "select set_config('response.headers', '[{\"Cache-Control\": \"private\"}]', true); select 1"; }
    location = /status  { postern_sql app "select set_config('response.status', '203', true); select 1"; }
    location = /field   { postern_sql app "select set_config('response.headers', '[{\"X-A\": \"b\"}, {\"Cache-Control\": \"max-age=5\"}]', true); select 1"; }
--- request eval
[("GET /cookie") x 2, ("GET /private") x 2, ("GET /status") x 2, ("GET /field") x 2]
--- error_code eval
[(200) x 4, 203, 203, 200, 200]
--- response_headers_like eval
[("Cache-Status: postern; fwd=uri-miss") x 6, "Cache-Status: .*miss; stored", "Cache-Status: .*hit; .*\nX-A: b\nCache-Control: max-age=5"]



=== TEST 12: header fields that a response depends on
--- config
    location /api/books { postern_cache edge ttl=30s vary=X-Tenant,Accept-Language; postern_resource app table=api.books; }
--- request eval
[("GET /api/books/1?select=id") x 4]
--- more_headers eval
["X-Tenant: a", "X-Tenant: b", "x-tenant: a", "X-Tenant: a\nAccept-Language: de"]
--- response_headers_like eval
["Cache-Status: .*miss; stored\nVary: Authorization, x-tenant, accept-language", "Cache-Status: .*miss; stored", "Cache-Status: .*hit; .*", "Cache-Status: .*miss; stored"]



=== TEST 13: claims that tell users apart
--- config
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    location /api/books { postern_cache edge ttl=30s claims=tenant; postern_resource app table=api.books; }
--- request eval
[("GET /api/books/1?select=id") x 5]
--- more_headers eval
[main::as('alice', tenant => 'a', session => 1), main::as('alice', tenant => 'a', session => 2), main::as('alice', tenant => 'b'), main::as('bob', tenant => 'a'), main::as('alice')]
--- response_headers_like eval
["Cache-Status: .*miss; stored", "Cache-Status: .*hit; .*", ("Cache-Status: .*miss; stored") x 3]



=== TEST 14: only what is asked for several times is kept
--- config
    location /api/books { postern_cache edge ttl=30s min_uses=3; postern_resource app table=api.books; }
--- request eval
[("GET /api/books/1?select=id") x 4]
--- response_headers_like eval
[("Cache-Status: postern; fwd=uri-miss") x 2, "Cache-Status: postern; fwd=uri-miss; stored", "Cache-Status: postern; hit; ttl=\\d+"]



=== TEST 15: what was kept can be purged
--- config
    postern_cache edge ttl=30s scope=public;
    location /api/books { postern_resource app table=api.books; }
    location /api/items { postern_resource app table=api.items; }
    location = /purge   { postern_purge edge; }
--- request eval
[
    "GET /api/books/1?select=id", "GET /api/items/1?select=id",
    "POST /purge?prefix=/api/b", "GET /api/books/1?select=id", "GET /api/items/1?select=id",
    "DELETE /purge?relation=api.items", "GET /api/books/1?select=id", "GET /api/items/1?select=id",
    "PURGE /purge?all", "GET /api/books/1?select=id", "GET /api/items/1?select=id",
    "GET /purge?all", "POST /purge", "POST /purge?prefix=/a&all",
]
--- error_code eval
[(200) x 11, 405, 400, 400]
--- response_body_like eval
[('') x 2, '^\{"purged":1\}$', ('') x 2, '^\{"purged":null\}$', ('') x 2, '^\{"purged":2\}$', ('') x 2, 'PGRST117', ('POSTERN110') x 2]
--- response_headers_like eval
[
    ("Cache-Status: .*miss; stored") x 2, "!Cache-Status", "Cache-Status: .*miss; stored", "Cache-Status: .*hit; .*",
    "!Cache-Status", "Cache-Status: .*hit; .*", "Cache-Status: .*stale; stored", "!Cache-Status", ("Cache-Status: .*miss; stored") x 2,
    "Allow: POST, DELETE, PURGE", "!Allow", "!Allow",
]



=== TEST 16: variables tell of it
--- config
    location /api/books {
        postern_cache    edge ttl=30s;
        postern_resource app table=api.books;
        add_header       X-Cache "$postern_cache_status;$postern_cache_age";
    }
--- request eval
[("GET /api/books/1?select=id") x 2]
--- response_headers eval
["X-Cache: MISS;", "X-Cache: HIT;0"]



=== TEST 17: a zone may hold limits as well, and Cache-Control be another or none
--- config
    postern_cache edge ttl=30s;
    location /api/books { postern_limit key=ip rate=100r/m; postern_cache_control "public, max-age=60"; postern_resource app table=api.books; }
    location /api/items { postern_cache_control off; postern_resource app table=api.items; }
    location /api/notes { postern_cache off; postern_resource app table=api.notes; }
--- request eval
[("GET /api/books/1?select=id") x 2, "GET /api/items/1", "GET /api/notes"]
--- error_code eval
[200, 200, 200, 401]
--- response_headers eval
["RateLimit: \"ip-100r/m\";r=99;t=60\nCache-Control: public, max-age=60", "RateLimit: \"ip-100r/m\";r=98;t=60\nCache-Control: public, max-age=60\nAge: 0", "!Cache-Control\nCache-Status: postern; fwd=uri-miss; stored", "!Cache-Status\nCache-Control: no-store"]



=== TEST 18: an entry is old after its time
--- config
    location /api/books { postern_cache edge ttl=1ms; postern_resource app table=api.books; }
--- request eval
["GET /api/books/1?select=id", "GET /api/books/1?select=id"]
--- response_headers eval
["Cache-Status: postern; fwd=uri-miss; stored", "Cache-Status: postern; fwd=stale; stored"]
--- response_body eval
[('{"id":1}') x 2]



=== TEST 19: a path that was rewritten leads to the same rows, and links to the path that the client knows
--- config
    postern_cache edge ttl=30s;
    location /api/books { postern_resource app table=api.books; }
    rewrite ^/(first|second)/books /api/books last;
--- request eval
["GET /first/books?limit=1&select=id", "GET /second/books?limit=1&select=id", "GET /second/books?select=id&limit=1", "GET /api/books?limit=1&select=id"]
--- response_headers_like eval
["Link: </first/books\\?.*\nCache-Status: .*stored", "Link: </second/books\\?.*\nCache-Status: .*stored", "Link: </second/books\\?.*\nCache-Status: .*hit.*", "Link: </api/books\\?.*\nCache-Status: .*stored"]



=== TEST 20: a token in an argument or a cookie tells users apart like any other
--- config
    postern_cache edge ttl=30s;
    location /arg    { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE argument=token; postern_resource app table=api.notes; }
    location /cookie { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE cookie=token; postern_resource app table=api.notes; }
--- request eval
my ($alice, $bob) = map { Postern::Token::token({ sub => $_, role => 'web_user', exp => time + 300 }) } qw(alice bob);
["GET /arg?select=id&id=lt.10&token=$alice", "GET /arg?select=id&token=$bob&id=lt.10", "GET /arg?token=$alice&select=id&id=lt.10", ("GET /cookie?select=id&id=lt.10") x 3]
--- more_headers eval
my ($alice, $bob) = map { Postern::Token::token({ sub => $_, role => 'web_user', exp => time + 300 }) } qw(alice bob);
[("") x 3, "Cookie: token=$alice", "Cookie: token=$bob", "Cookie: token=$alice"]
--- response_body_like eval
['\[\{"id":1\},\{"id":3\}\]', '\[\{"id":2\}\]', '\[\{"id":1\},\{"id":3\}\]', '\[\{"id":1\},\{"id":3\}\]', '\[\{"id":2\}\]', '\[\{"id":1\},\{"id":3\}\]']
--- response_headers_like eval
[("Cache-Status: .*stored\nVary: Authorization") x 2, "Cache-Status: .*hit.*", ("Cache-Status: .*stored\nVary: Authorization, Cookie") x 2, "Cache-Status: .*hit.*"]



=== TEST 21: what a subrequest asks for is kept for whom it is asked, and says nothing of the response
--- config
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    postern_cache edge ttl=30s;
    location /api/notes { postern_resource app table=api.notes; }
    location /guarded   { postern_jwt off; auth_request /api/notes/1; alias $TEST_NGINX_SERVER_ROOT/html; }
--- request eval
[("GET /guarded/index.html") x 4]
--- more_headers eval
[main::as('alice'), main::as('bob'), main::as('alice'), main::as('bob')]
--- error_code eval
[200, 500, 200, 500]
--- response_headers eval
[("!Cache-Status") x 4]
--- user_files
>>> index.html
a page
--- error_log
auth request unexpected status: 404



=== TEST 22: what is too large to be kept, and what no key is short enough for, is nobody else's either
--- config
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    postern_cache edge ttl=30s;
    location /api/items { postern_resource app table=api.items; }
--- sql
INSERT INTO api.items (id, name, note) SELECT i, 'large ' || i, repeat('x', 4000) FROM generate_series(20001, 20300) i ON CONFLICT DO NOTHING;
--- request eval
["GET /api/items?id=gt.20000&limit=300&select=note", "HEAD /api/items?id=gt.20000&limit=300&select=note", "GET /api/items/1?select=id&name=neq." . "x" x 5000]
--- response_headers_like eval
[
    "Cache-Status: postern; fwd=uri-miss\nCache-Control: private, no-cache\nVary: Authorization\nTransfer-Encoding: chunked",
    "Cache-Status: postern; fwd=.*\nCache-Control: private, no-cache\nVary: Authorization",
    "Cache-Status: postern; fwd=uri-miss\nCache-Control: private, no-cache\nVary: Authorization",
]
--- error_code eval
[200, 200, 200]
