# postern_inflate: compressed bodies, which whatever looks at them sees as they were before.

use lib 't/lib';
use Postern::Fixture;
use IO::Compress::Gzip ();
use IO::Compress::Deflate ();
use Test::Nginx::Socket 'no_plan';

Postern::Fixture::write_file("$ENV{TEST_NGINX_FIXTURE_DIR}/named.json", '{"required":["name"],"properties":{"name":{"maxLength":10}}}');

sub gz { my $text = shift; IO::Compress::Gzip::gzip(\$text, \my $body) or die; return $body }
sub zlib { my $text = shift; IO::Compress::Deflate::deflate(\$text, \my $body) or die; return $body }

default_config(<<'CONF');
    postern_inflate on;
    location /api/items  { postern_resource app table=api.items; }
    location /checked    { postern_validate body=$TEST_NGINX_FIXTURE_DIR/named.json; postern_resource app table=api.items; }
    location /sql        { postern_sql app "select :body::text as body" methods=POST body=any; }
    location /filtered/  { postern_filter block; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream/; }
    location /proxied/   { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream/; }
    location /mirrored/  { mirror /mirror; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream/; }
    location /mirror     { internal; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream/mirror; }
    location /upstream/  {
        postern_inflate off;
        add_header X-Seen "[$content_length|$http_content_encoding|$http_x_after]";
        postern_sql app "select :body::text as body" methods=POST body=any;
    }
    location /small      { postern_inflate on max_size=1k ratio=5; postern_sql app "select length(:body::text)" methods=POST body=any; }
    location /large      { postern_inflate on max_size=8m ratio=2000; client_body_buffer_size 1k; postern_sql app "select length(:body::text)" methods=POST body=any max_size=8m; }
    location /off        { postern_inflate off; postern_resource app table=api.items; }
    location /off/filter { postern_inflate off; postern_filter block; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream/; }
    location /off/detect { postern_inflate off; postern_filter detect; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/count; }
    location /count      { postern_inflate off; return 200 "$content_length $http_content_encoding\n"; }
CONF

our $item = '{"name":"a","note":"b"}';

run_tests();

__DATA__

=== TEST 1: a resource and a script get the body as it was
--- request eval
["POST /api/items?select=name,note\n" . main::gz($main::item), "POST /api/items?select=name,note\n" . main::zlib($main::item), "POST /sql\n" . main::gz("\xc3\xa4 text"), "POST /api/items?select=name\n$main::item"]
--- more_headers eval
["Content-Type: application/json\nContent-Encoding: gzip", "Content-Type: application/json\nContent-Encoding: deflate", "Content-Type: text/plain\nContent-Encoding: X-GZip", "Content-Type: application/json\nContent-Encoding: identity"]
--- error_code eval
[201, 201, 200, 201]
--- response_body eval
[$main::item, $main::item, "\"\xc3\xa4 text\"", '{"name":"a"}']



=== TEST 2: so does a schema
--- request eval
["POST /checked?select=name\n" . main::gz($main::item), "POST /checked\n" . main::gz('{"name":"longer than ten"}'), "POST /checked\n" . main::gz('{"name":')]
--- more_headers
Content-Type: application/json
Content-Encoding: gzip
--- error_code eval
[201, 422, 400]
--- response_body_like eval
['"name":"a"', '"POSTERN381".*"maxLength"', '"POSTERN380"']



=== TEST 3: and the filter
--- request eval
["POST /filtered/x\n" . main::gz("q=1%27%20or%201=1--%20"), "POST /filtered/x\n" . main::gz("q=" . ("abc def " x 10000) . "&r=1%27%20or%201=1--%20"), "POST /filtered/x\n" . main::gz("q=honest")]
--- more_headers
Content-Type: application/x-www-form-urlencoded
Content-Encoding: gzip
--- error_code eval
[403, 413, 200]
--- response_body_like eval
['"POSTERN370"', '"POSTERN388"', 'q=honest']



=== TEST 4: an upstream gets neither the coding nor the old length, and every other field
--- request eval
["POST /proxied/x\n" . main::gz("abc" x 10), "POST /proxied/x\n" . main::gz(""), "POST /mirrored/x\n" . main::gz("abc" x 10), "POST /proxied/x\nplain"]
--- more_headers eval
[("X-Before: 1\nContent-Type: text/plain\nContent-Encoding: gzip\nX-After: 1") x 3, "Content-Type: text/plain\nX-After: 1"]
--- error_code eval
[200, 200, 200, 200]
--- response_headers eval
["X-Seen: [30||1]", "X-Seen: [0||1]", "X-Seen: [30||1]", "X-Seen: [5||1]"]
--- response_body eval
['"' . "abc" x 10 . '"', 'null', '"' . "abc" x 10 . '"', '"plain"']



=== TEST 5: a body in chunks, and one in a file, of many slices
--- request eval
my $text = CORE::join " ", map { $_ * 7919 } 1 .. 300_000;
["POST /large\n" . main::gz($text), "POST /large\n" . main::zlib($text)]
--- more_headers eval
["Content-Type: text/plain\nContent-Encoding: gzip", "Content-Type: text/plain\nContent-Encoding: deflate"]
--- http_config
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
client_max_body_size 8m;
--- response_body eval
my $length = length CORE::join " ", map { $_ * 7919 } 1 .. 300_000;
["$length", "$length"]



=== TEST 6: what gets too large, or is not what it says
--- request eval
["POST /small\n" . main::gz(CORE::join "", 1 .. 200), "POST /small\n" . main::gz("a" x 400), "POST /small\n" . main::gz(CORE::join "", 1 .. 500),
 "POST /sql\n" . substr(main::gz("text" x 100), 0, 20), "POST /sql\nno gzip", "POST /sql\n" . main::gz("a") . main::gz("b"), "POST /sql\n" . main::zlib("a")]
--- more_headers
Content-Type: text/plain
Content-Encoding: gzip
--- error_code eval
[200, 413, 413, 400, 400, 400, 400]
--- response_body_like eval
['^492$', '"POSTERN388"', '"POSTERN388"', ('"POSTERN387"') x 4]



=== TEST 7: other codings, and several, are not taken
--- request eval
[("POST /api/items\n" . main::gz($main::item)) x 4]
--- more_headers eval
["Content-Type: application/json\nContent-Encoding: br", "Content-Type: application/json\nContent-Encoding: gzip, gzip", "Content-Type: application/json\nContent-Encoding: gzip\nContent-Encoding: gzip",
 "Content-Type: application/json\nContent-Encoding: zstd"]
--- error_code eval
[415, 415, 415, 415]



=== TEST 8: without it they are not taken
--- request eval
["POST /off\n" . main::gz($main::item), "POST /off\nx", "POST /off\n$main::item", "POST /upstream/x\n$main::item", "POST /upstream/x\n$main::item"]
--- more_headers eval
[map { "Content-Type: application/json\n$_" } ("Content-Encoding: gzip") x 2, ("Content-Encoding: identity\nContent-Encoding: gzip") x 2, "Content-Encoding: identity\nContent-Encoding: identity"]
--- error_code eval
[415, 415, 415, 415, 200]



=== TEST 9: they are no way around a filter that blocks
--- request eval
["POST /off/filter/x\n" . main::gz("q=1"), "POST /off/filter/x\n" . main::gz("q=1"), "POST /off/filter/x\nq=1", "POST /filtered/x\nq=1"]
--- more_headers eval
["Content-Type: text/plain\nContent-Encoding: gzip", "Content-Type: application/json\nContent-Encoding: identity\nContent-Encoding: br", "Content-Type: text/plain\nContent-Encoding: identity", "Content-Encoding: br"]
--- error_code eval
[415, 415, 200, 415]
--- response_body_like eval
['"POSTERN385"', '"POSTERN385"', '.', '"POSTERN385"']
--- error_log
the filter cannot look at a compressed body



=== TEST 10: one that detects tells that it has not looked
--- request eval
"POST /off/detect/x\n" . main::gz("q=1")
--- more_headers
Content-Type: text/plain
Content-Encoding: gzip
--- response_body_like: ^23 gzip$
--- error_log
the filter cannot look at a compressed body



=== TEST 11: limits by a member of the body see it
--- http_config
postern_zone edge 1m;
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
--- config
    location /login {
        postern_inflate on;
        postern_limit   key=$postern_body_name rate=1r/d;
        postern_sql     app "select :body::json->>'name'" methods=POST;
    }
--- request eval
["POST /login\n{\"name\":\"a\"}", ("POST /login\n" . main::gz('{"name":"a"}')), ("POST /login\n" . main::gz('{"name":"b"}'))]
--- more_headers eval
["Content-Type: application/json", ("Content-Type: application/json\nContent-Encoding: gzip") x 2]
--- error_code eval
[200, 429, 200]



=== TEST 12: wrong values
--- config
    location /a { postern_inflate maybe; return 200; }
--- must_die
--- error_log
invalid value "maybe" in "postern_inflate" directive



=== TEST 13: and wrong limits
--- config
    location /a { postern_inflate on ratio=0; return 200; }
--- must_die
--- error_log
invalid value "0" in "postern_inflate" directive



=== TEST 14: the page of an error is made from the inflated body as well
--- http_config
postern_zone edge 1m;
--- config
    location /limited {
        postern_inflate on;
        postern_filter  block;
        postern_limit   key=$arg_k rate=1r/d;
        error_page      429 /slow;
        proxy_pass      http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location /slow {
        postern_inflate on;
        postern_filter  block;
        proxy_pass      http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location /up { return 200 "$http_content_encoding.\n"; }
--- request eval
["POST /limited?k=1\n" . main::gz('{"name":"a"}'), "POST /limited?k=1\n" . main::gz('{"name":"a"}'), "POST /limited?k=1\n" . main::gz('{"name":"<script>alert(1)</script>"}')]
--- more_headers
Content-Type: application/json
Content-Encoding: gzip
--- error_code eval
[200, 429, 403]
--- response_body eval
[".\n", ".\n", qr/"POSTERN370"/]



=== TEST 15: the page of an error that no filter looks at wants no body
--- config
    location /closed {
        postern_inflate on;
        postern_jwt     on secret_file=$TEST_NGINX_SECRET_FILE;
        error_page      401 /sorry.txt;
        proxy_pass      http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location = /sorry.txt {
        postern_inflate on;
        root            $TEST_NGINX_SERVER_ROOT/html;
    }
--- user_files
>>> sorry.txt
sorry
--- request
POST /closed
this is not what it says
--- more_headers
Content-Encoding: gzip
--- error_code: 401
--- response_body
sorry
