# postern_limit: how many requests are allowed, and what responses say of that.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => 'postern_zone edge 1m;') if !defined $block->http_config;
});

our %claims = (sub => 'alice', role => 'web_user');

run_tests();

__DATA__

=== TEST 1: as many as are allowed, and then 429
--- config
    location /t { postern_limit key=ip rate=3r/m; return 204; try_files /nothing =404; }
    location /a { postern_limit key=ip rate=3r/m name=a; try_files /index.html =404; }
--- request eval
[("GET /a") x 5]
--- error_code eval
[200, 200, 200, 429, 429]
--- response_headers eval
[
    "X-RateLimit-Limit: 3\nX-RateLimit-Remaining: 2\nX-RateLimit-Reset: 60\nRateLimit-Policy: \"a\";q=3;w=60\nRateLimit: \"a\";r=2;t=60\n!Retry-After",
    "X-RateLimit-Limit: 3\nX-RateLimit-Remaining: 1\nRateLimit: \"a\";r=1;t=60\n!Retry-After",
    "X-RateLimit-Limit: 3\nX-RateLimit-Remaining: 0\nRateLimit: \"a\";r=0;t=60\n!Retry-After",
    ("X-RateLimit-Limit: 3\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 60\nRateLimit-Policy: \"a\";q=3;w=60\nRateLimit: \"a\";r=0;t=60\nRetry-After: 60\nContent-Type: application/json; charset=utf-8") x 2,
]
--- response_body_like eval
[("") x 3, ('^\{"code":"POSTERN350","message":"rate limit exceeded","details":"the limit \\\\"a\\\\" allows 3 requests in 60 seconds","hint":"try again in 60 seconds"\}$') x 2]
--- error_log
postern: limiting requests, by "a", retry after 60 s



=== TEST 2: only the older fields
--- config
    postern_limit_headers x-ratelimit;
    location /a { postern_limit key=ip rate=1r/m; try_files /index.html =404; }
--- request eval
[("GET /a") x 2]
--- error_code eval
[200, 429]
--- response_headers eval
["X-RateLimit-Limit: 1\nX-RateLimit-Remaining: 0\n!RateLimit\n!RateLimit-Policy", "X-RateLimit-Limit: 1\n!RateLimit\nRetry-After: 60"]



=== TEST 3: only the newer fields
--- config
    postern_limit_headers ietf;
    location /a { postern_limit key=ip rate=1r/m; try_files /index.html =404; }
--- request eval
[("GET /a") x 2]
--- error_code eval
[200, 429]
--- response_headers eval
["!X-RateLimit-Limit\n!X-RateLimit-Remaining\n!X-RateLimit-Reset\nRateLimit: \"ip-1r/m\";r=0;t=60", "!X-RateLimit-Limit\nRateLimit: \"ip-1r/m\";r=0;t=60\nRetry-After: 60"]



=== TEST 4: no fields but Retry-After
--- config
    postern_limit_headers off;
    location /a { postern_limit key=ip rate=1r/m; try_files /index.html =404; }
--- request eval
[("GET /a") x 2]
--- error_code eval
[200, 429]
--- response_headers eval
["!X-RateLimit-Limit\n!RateLimit\n!Retry-After", "!X-RateLimit-Limit\n!RateLimit\nRetry-After: 60"]



=== TEST 5: addresses behind a proxy count for themselves, also where a location trusts it
--- config
    location /a {
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Forwarded-For;
        postern_limit key=ip rate=1r/m;
        try_files /index.html =404;
    }
--- request eval
[("GET /a") x 5]
--- more_headers eval
[map {; "X-Forwarded-For: $_" } qw(192.0.2.1 192.0.2.1 192.0.2.2 192.0.2.2 192.0.2.3)]
--- error_code eval
[200, 429, 200, 429, 200]



=== TEST 6: IPv6 counts by networks of 64 bits
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    location /a { postern_limit key=ip rate=1r/m; try_files /index.html =404; }
--- request eval
[("GET /a") x 5]
--- more_headers eval
[map {; "X-Forwarded-For: $_" } qw(2001:db8::1 2001:db8::ffff:1 2001:db8:0:1::1 ::ffff:192.0.2.1 192.0.2.1)]
--- error_code eval
[200, 429, 200, 200, 429]



=== TEST 7: or by another prefix
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    postern_limit_ipv6_prefix 48;
    location /a { postern_limit key=ip rate=1r/m name=a; try_files /index.html =404; }
    location /b { postern_limit key=ip rate=1r/m name=b; postern_limit_ipv6_prefix 128; try_files /index.html =404; }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /b", "GET /b", "GET /b"]
--- more_headers eval
[map {; "X-Forwarded-For: $_" } qw(2001:db8:1::1 2001:db8:1:ff::1 2001:db8:2::1 2001:db8:1::1 2001:db8:1::2 2001:db8:1::1)]
--- error_code eval
[200, 429, 200, 200, 200, 429]



=== TEST 8: users count by the subject of their token, and who has none by the address
--- config
    postern_jwt optional secret_file=$TEST_NGINX_SECRET_FILE;
    location /a { postern_limit key=user rate=1r/m; try_files /index.html =404; }
--- request eval
[("GET /a") x 6]
--- more_headers eval
[main::bearer({%main::claims}), main::bearer({%main::claims}), main::bearer({%main::claims, sub => 'bob'}), '', '', main::bearer({%main::claims, sub => 'bob', extra => 1})]
--- error_code eval
[200, 429, 200, 200, 429, 429]



=== TEST 9: an endpoint counts everybody, each location for itself
--- config
    postern_limit key=endpoint rate=2r/m;
    location /a { try_files /index.html =404; }
    location /b { try_files /index.html =404; }
    location /c { return 200 "not limited, as it is answered before"; }
--- request eval
["GET /a", "GET /a/1", "POST /a/2", "GET /a/3", "GET /b", "GET /c"]
--- error_code eval
[200, 200, 429, 429, 200, 200]



=== TEST 10: any variables; an empty key is not counted
--- config
    location /a { postern_limit key=$http_x_key rate=1r/m name=key; try_files /index.html =404; }
--- request eval
[("GET /a") x 5]
--- more_headers eval
["X-Key: one", "X-Key: one", "X-Key: two", "", ""]
--- error_code eval
[200, 429, 200, 200, 200]
--- response_headers eval
[("X-RateLimit-Limit: 1") x 3, ("!X-RateLimit-Limit") x 2]



=== TEST 11: variables of ours are known by then
--- config
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    location /a { postern_limit key=$postern_user$request_method rate=1r/m; try_files /index.html =404; }
--- request eval
["GET /a", "GET /a", "HEAD /a", "GET /a"]
--- more_headers eval
[(main::bearer({%main::claims})) x 3, main::bearer({%main::claims, sub => 'bob'})]
--- error_code eval
[200, 429, 200, 200]



=== TEST 12: methods
--- config
    location /w { postern_limit key=ip rate=1r/m methods=write; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/u; }
    location /g { postern_limit key=ip rate=1r/m methods=GET,PUT; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/u; }
    location /u { return 200 "u"; }
--- request eval
["GET /w", "GET /w", "POST /w", "DELETE /w", "GET /w", "HEAD /g", "GET /g", "PUT /g", "POST /g"]
--- error_code eval
[200, 200, 200, 429, 200, 200, 429, 429, 200]
--- response_headers eval
[("!X-RateLimit-Limit") x 2, ("RateLimit-Policy: \"ip-write-1r/m\";q=1;w=60") x 2, "!X-RateLimit-Limit", ("RateLimit-Policy: \"ip-GET,PUT-1r/m\";q=1;w=60") x 3, "!X-RateLimit-Limit"]



=== TEST 13: what one limit rejects costs the others nothing
--- config
    postern_limit key=ip rate=4r/m name=ip;
    postern_limit key=$http_x_key rate=1r/m name=key;
    postern_limit key=endpoint rate=50r/m name=all;
    location /a { try_files /index.html =404; }
--- request eval
[("GET /a") x 8]
--- more_headers eval
["X-Key: 1", "X-Key: 1", "X-Key: 1", "X-Key: 1", "X-Key: 2", "X-Key: 3", "X-Key: 4", "X-Key: 5"]
--- error_code eval
[200, 429, 429, 429, 200, 200, 200, 429]
--- response_headers eval
[
    'RateLimit: "ip";r=3;t=60, "key";r=0;t=60, "all";r=49;t=60',
    ('RateLimit: "ip";r=3;t=60, "key";r=0;t=60, "all";r=49;t=60') x 3,
    'RateLimit: "ip";r=2;t=60, "key";r=0;t=60, "all";r=48;t=60',
    'RateLimit: "ip";r=1;t=60, "key";r=0;t=60, "all";r=47;t=60',
    'RateLimit: "ip";r=0;t=60, "key";r=0;t=60, "all";r=46;t=60',
    'RateLimit: "ip";r=0;t=60',
]



=== TEST 14: guessing tokens is limited by the address
--- config
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    postern_limit key=ip rate=3r/m name=ip;
    postern_limit key=user rate=50r/m name=user;
    location /a { try_files /index.html =404; }
--- request eval
[("GET /a") x 4]
--- more_headers eval
["Authorization: Bearer x.y.z", main::bearer({%main::claims, exp => 1}), main::bearer({%main::claims}), main::bearer({%main::claims})]
--- error_code eval
[401, 401, 200, 429]
--- response_headers eval
['X-RateLimit-Remaining: 2', 'X-RateLimit-Remaining: 1', 'RateLimit: "ip";r=0;t=60, "user";r=49;t=60', 'X-RateLimit-Remaining: 0']



=== TEST 15: a dry run rejects nothing, and tells only the operator
--- config
    add_header X-Status "[$postern_limit_status]" always;
    location /a { postern_limit key=ip rate=1r/m dry_run; try_files /index.html =404; }
--- request eval
[("GET /a") x 3]
--- error_code eval
[200, 200, 200]
--- response_headers eval
["X-Status: [passed]\n!X-RateLimit-Limit\n!RateLimit", ("X-Status: [dry-run]\n!X-RateLimit-Limit\n!Retry-After") x 2]
--- error_log
limiting requests, dry run, by "ip-1r/m"



=== TEST 16: a dry run beside a limit that is enforced
--- config
    add_header X-Status "[$postern_limit_status|$postern_limit_remaining]" always;
    postern_limit key=ip rate=1r/m dry_run;
    postern_limit key=ip rate=2r/m;
    location /a { try_files /index.html =404; }
--- request eval
[("GET /a") x 3]
--- error_code eval
[200, 200, 429]
--- response_headers eval
["X-Status: [passed|0]\nX-RateLimit-Remaining: 1", "X-Status: [dry-run|0]\nX-RateLimit-Remaining: 0", "X-Status: [rejected|0]"]



=== TEST 17: an inner level replaces the limits of the outer one
--- config
    postern_limit key=ip rate=1r/m name=outer;
    location /outer { try_files /index.html =404; }
    location /inner { postern_limit key=ip rate=2r/m name=inner; try_files /index.html =404; }
    location /none  { postern_limit off; add_header X-Status "[$postern_limit_status]"; try_files /index.html =404; }
--- request eval
["GET /outer", "GET /outer", "GET /inner", "GET /inner", "GET /inner", "GET /none", "GET /none"]
--- error_code eval
[200, 429, 200, 200, 429, 200, 200]
--- response_headers eval
[(q[RateLimit-Policy: "outer";q=1;w=60]) x 2, (q[RateLimit-Policy: "inner";q=2;w=60]) x 3, ("!X-RateLimit-Limit\nX-Status: []") x 2]



=== TEST 18: a limit of the same name is the same limit
--- config
    location /a { postern_limit key=ip rate=2r/m; try_files /index.html =404; }
    location /b { postern_limit key=ip rate=2r/m; try_files /index.html =404; }
    location /c { postern_limit key=ip rate=2r/m name=c; try_files /index.html =404; }
--- request eval
["GET /a", "GET /b", "GET /a", "GET /c"]
--- error_code eval
[200, 200, 429, 200]



=== TEST 19: subrequests and internal redirects count once
--- config
    postern_limit key=ip rate=3r/m name=ip;
    postern_limit key=endpoint rate=3r/m name=all;
    location /a { try_files /nothing /b; }
    location /b { try_files /nothing @c; }
    location @c { error_page 404 = /index.html; try_files /nothing =404; }
    location = /index.html { }
--- request eval
[("GET /a") x 4]
--- error_code eval
[200, 200, 200, 429]
--- response_headers eval
[(map {; qq[RateLimit: "ip";r=$_;t=60, "all";r=$_;t=60] } 2, 1, 0), 'RateLimit: "ip";r=0;t=60']



=== TEST 20: subrequests are not counted
--- config
    postern_limit key=ip rate=2r/m name=ip;
    postern_limit key=endpoint rate=2r/m name=all;
    location /a { ssi on; try_files /page.html =404; }
    location /b { try_files /part.html =404; }
--- user_files
>>> page.html
<!--# include virtual="/b" --><!--# include virtual="/b" --><!--# include virtual="/b" -->
>>> part.html
part
--- request eval
[("GET /a") x 2, "GET /b"]
--- error_code eval
[200, 200, 429]
--- response_body_like eval
[('^(part\s*){3}$') x 2, "POSTERN350"]



=== TEST 21: limits that an internal redirect leads to apply as well
--- config
    location /a { postern_limit key=ip rate=5r/m name=a; try_files /nothing /b; }
    location /b { internal; postern_limit key=ip rate=1r/m name=b; try_files /index.html =404; }
    location /free { try_files /nothing /b; }
--- request eval
["GET /a", "GET /a", "GET /free"]
--- error_code eval
[200, 429, 429]
--- response_headers eval
['RateLimit: "a";r=4;t=60, "b";r=0;t=60', 'RateLimit: "a";r=4;t=60, "b";r=0;t=60', 'RateLimit: "b";r=0;t=60']



=== TEST 22: error_page for 429 is answered, and counts nothing
--- config
    postern_limit key=ip rate=1r/m name=ip;
    postern_limit key=endpoint rate=5r/m name=all;
    error_page 429 /slow.html;
    location /a { try_files /index.html =404; }
--- user_files
>>> slow.html
slow down
--- request eval
["GET /a", "GET /a", "GET /slow.html"]
--- error_code eval
[200, 429, 429]
--- response_body_like eval
["", "^slow down", "^slow down"]
--- response_headers eval
["!Retry-After", ("Retry-After: 60\nX-RateLimit-Remaining: 0") x 2]



=== TEST 23: neither does one that changes the status
--- config
    postern_limit key=ip rate=1r/m name=ip;
    postern_limit key=endpoint rate=5r/m name=all;
    error_page 429 = /slow.html;
    location /a { try_files /index.html =404; }
    location = /slow.html { }
--- user_files
>>> slow.html
slow down
--- request eval
["GET /a", "GET /a"]
--- error_code eval
[200, 200]
--- response_body_like eval
["", "^slow down"]
--- response_headers eval
['RateLimit: "ip";r=0;t=60, "all";r=4;t=60', "Retry-After: 60\nRateLimit: \"ip\";r=0;t=60"]



=== TEST 24: error_page counts by the limits that have not counted the request
--- config
    postern_limit key=ip rate=5r/m name=ip;
    postern_limit key=endpoint rate=5r/m name=all;
    location /a { error_page 403 /sorry.html; deny all; }
    location /sorry.html { }
--- user_files
>>> sorry.html
sorry
--- request eval
[("GET /a") x 2]
--- error_code eval
[403, 403]
--- response_headers eval
['RateLimit: "ip";r=4;t=60, "all";r=4;t=60', 'RateLimit: "ip";r=3;t=60, "all";r=3;t=60']
--- error_log
access forbidden by rule



=== TEST 25: every response tells of the limits
--- config
    postern_limit key=ip rate=100r/m name=ip;
    location /missing  { try_files /nothing =404; }
    location /redirect { return 301 /a; }
    location /static   { client_max_body_size 10; try_files /index.html =404; }
    location /proxied  { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream; }
    location /upstream { postern_limit off; return 200 "upstream"; }
    location /broken   { proxy_pass http://127.0.0.1:1; }
    location /denied   { deny all; }
    location /locked   { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE; }
--- request eval
["GET /missing", "GET /redirect", "GET /static", "HEAD /static", "GET /proxied", "GET /broken", "GET /denied", "GET /locked", "POST /static
aaaaaaaaaaaaaaaaaaaaaaa"]
--- error_code eval
[404, 301, 200, 200, 200, 502, 403, 401, 413]
--- response_headers eval
[map {; "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: $_\nRateLimit-Policy: \"ip\";q=100;w=60" } 99, 99, 98, 97, 96, 95, 94, 93, 93]
--- error_log
[error]



=== TEST 26: 304 and partial content
--- config
    location /a { postern_limit key=ip rate=100r/m name=ip; if_modified_since before; try_files /index.html =404; }
--- request eval
[("GET /a") x 2]
--- more_headers eval
["If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT", "Range: bytes=0-1"]
--- error_code eval
[304, 206]
--- response_headers eval
["X-RateLimit-Remaining: 99", "X-RateLimit-Remaining: 98"]



=== TEST 27: satisfy any: whoever grants access, the limits come after
--- config
    location /a {
        satisfy any;
        allow 127.0.0.1;
        deny all;
        postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
        postern_limit key=user rate=1r/m;
        try_files /index.html =404;
    }
--- request eval
[("GET /a") x 4]
--- more_headers eval
["", "", main::bearer({%main::claims}), main::bearer({%main::claims})]
--- error_code eval
[200, 429, 200, 429]



=== TEST 28: a full zone forgets the key that was not used for the longest time
--- http_config
postern_zone edge 32k;
--- config
    location /a { postern_limit key=$http_x_key rate=2r/m name=key; try_files /index.html =404; }
--- request eval
[("GET /a") x 204]
--- more_headers eval
[(map {; "X-Key: $_", "X-Key: steady" } 1 .. 100), ("X-Key: steady") x 2, "X-Key: 1", "X-Key: 100"]
--- error_code eval
[(200, 200) x 2, (200, 429) x 98, 429, 429, 200, 200]
--- response_headers eval
[("X-RateLimit-Limit: 2") x 202, "X-RateLimit-Remaining: 1", "X-RateLimit-Remaining: 0"]
--- error_log
zone "edge" is too small: 1 keys were forgotten while they were counted



=== TEST 29: or refuses keys that are new, with on_full=deny
--- http_config
postern_zone edge 32k;
--- config
    location /a { postern_limit key=$http_x_key rate=2r/m name=key on_full=deny; try_files /index.html =404; }
--- request eval
[("GET /a") x 102]
--- more_headers eval
[(map {; "X-Key: $_" } 1 .. 100), "X-Key: 1", "X-Key: 1"]
--- error_code_like eval
[(200) x 30, ("^(200|503)\$") x 30, (503) x 40, 200, 429]
--- response_headers_like eval
[("X-RateLimit-Limit: 2") x 60, ("Retry-After: (60|59)\nX-RateLimit-Remaining: 0") x 40, "X-RateLimit-Remaining: 0", "X-RateLimit-Remaining: 0"]
--- response_body_like eval
[("") x 60, ('^\{"code":"POSTERN351","message":"too many clients are being counted"') x 40, "", "POSTERN350"]
--- error_log
limiting requests, no room for another key of "key"



=== TEST 30: several zones
--- http_config
postern_zone one 1m;
postern_zone two 1m;
--- config
    postern_limit zone=two key=ip rate=5r/m name=two;
    postern_limit zone=one key=ip rate=2r/m name=one;
    postern_limit zone=one key=endpoint rate=9r/m name=all;
    location /a { try_files /index.html =404; }
--- request eval
[("GET /a") x 3]
--- error_code eval
[200, 200, 429]
--- response_headers eval
['RateLimit: "two";r=4;t=60, "one";r=1;t=60, "all";r=8;t=60', 'RateLimit: "two";r=3;t=60, "one";r=0;t=60, "all";r=7;t=60', 'RateLimit: "two";r=3;t=60, "one";r=0;t=60']



=== TEST 31: a large limit
--- config
    location /a { postern_limit key=ip rate=10000000r/31d name=a; try_files /index.html =404; }
--- request
GET /a
--- response_headers
X-RateLimit-Limit: 10000000
X-RateLimit-Remaining: 9999999
X-RateLimit-Reset: 2678400



=== TEST 32: the level of the log
--- config
    postern_limit_log_level info;
    location /a { postern_limit key=ip rate=1r/m; try_files /index.html =404; }
--- request eval
[("GET /a") x 2]
--- error_code eval
[200, 429]
--- error_log eval
qr/\[info\] .* limiting requests, by "ip-1r\/m", retry after 60 s, client: 127\.0\.0\.1/
--- no_error_log
[warn]



=== TEST 33: HTTP/2
--- http2
--- config
    location /a { postern_limit key=ip rate=1r/m name=a; try_files /index.html =404; }
--- request eval
[("GET /a") x 2]
--- error_code eval
[200, 429]
--- response_headers eval
['RateLimit: "a";r=0;t=60', "Retry-After: 60"]



=== TEST 34: limits of the location that error_page leads to, however it is written
--- config
    location @slow { postern_limit key=ip rate=2r/m name=slow; try_files /index.html =404; }
    location = /page { internal; postern_limit key=ip rate=2r/m name=slow; try_files /index.html =404; }
    location /named { error_page 404 @slow; try_files /nothing =404; }
    location /changed { error_page 404 =200 @slow; try_files /nothing =404; }
    location /page { error_page 404 =200 /page; try_files /nothing =404; }
--- request eval
["GET /named", "GET /changed", "GET /named", "GET /changed", "GET /page/1"]
--- error_code eval
[404, 200, 429, 429, 429]
--- response_headers eval
['RateLimit: "slow";r=1;t=60', 'RateLimit: "slow";r=0;t=60', ("Retry-After: 60\nRateLimit: \"slow\";r=0;t=60") x 3]
--- response_body_like eval
[("") x 2, ('^\{"code":"POSTERN350"') x 3]



=== TEST 35: locations with the same words and other modifiers count for themselves
--- config
    postern_limit key=endpoint rate=1r/m name=all;
    location = /a { if ($arg_if) { set $x 1; } try_files /index.html =404; }
    location /a { try_files /index.html =404; }
    location ~ ^/(re|RE)$ { try_files /index.html =404; }
    location ~* ^/(re|RE)$ { try_files /index.html =404; }
    location /n/ { location ~ x$ { try_files /index.html =404; } }
    location /m/ { location ~ x$ { try_files /index.html =404; } }
--- request eval
["GET /a", "GET /a?if=1", "GET /a/b", "GET /a/b", "GET /re", "GET /rE", "GET /re", "GET /n/x", "GET /m/x", "GET /n/x"]
--- error_code eval
[200, 429, 200, 429, 200, 200, 429, 200, 200, 429]



=== TEST 36: and so do servers without names
--- http_config
postern_zone edge 1m;
server {
    listen unix:$TEST_NGINX_SERVER_ROOT/one.sock;
    location / { postern_limit key=endpoint rate=1r/m name=all; root $TEST_NGINX_SERVER_ROOT/html; try_files /index.html =404; }
}
server {
    listen unix:$TEST_NGINX_SERVER_ROOT/two.sock;
    location / { postern_limit key=endpoint rate=1r/m name=all; root $TEST_NGINX_SERVER_ROOT/html; try_files /index.html =404; }
}
--- config
    location /one/ { proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/one.sock:/; }
    location /two/ { proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/two.sock:/; }
--- request eval
["GET /one/", "GET /two/", "GET /one/", "GET /two/"]
--- error_code eval
[200, 200, 429, 429]
