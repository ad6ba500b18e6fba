# postern_limit by a member of the body: how often an account may be tried, from wherever.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => <<'CONF');
postern_zone edge 1m;
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
CONF
});

our $padding = 'x' x 100_000;

run_tests();

__DATA__

=== TEST 1: an account counts however it is written
--- config
    location /login { postern_limit key=$postern_body_email rate=2r/m name=account; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /up { return 200 up; }
--- request eval
[
    qq[POST /login\n{"email":"alice\@example.org","password":"1"}],
    qq[POST /login\n{"password":"2","email":" Alice\@Example.org "}],
    qq[POST /login\n{"\\u0065mail":"ALICE\@example.org"}],
    qq[POST /login\n{"email":"bob\@example.org","email":"alice\@example.org"}],
    qq[POST /login\n{"a":] . '[' x 5000 . ']' x 5000 . qq[,"email":"alice\@example.org"}],
    qq[POST /login\n{"email":"bob\@example.org"}],
]
--- error_code eval
[200, 200, 429, 429, 429, 200]
--- response_headers eval
['RateLimit: "account";r=1;t=60', 'RateLimit: "account";r=0;t=60', ('Retry-After: 60') x 3, 'RateLimit: "account";r=1;t=60']



=== TEST 2: what names no account is not counted
--- config
    location /login { postern_limit key=$postern_body_email rate=1r/m name=account; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /up { return 200 up; }
--- request eval
[("GET /login", "POST /login\n{}", "POST /login\nemail=alice", "POST /login\n{\"email\":null}") x 2]
--- error_code eval
[(200) x 8]
--- response_headers eval
[("!RateLimit") x 8]



=== TEST 3: whoever answers finds the body
--- config
    location /sql { postern_limit key=$postern_body_email rate=2r/m name=account; postern_sql app "select :body::json->>'email' as email"; }
    location /proxied { postern_limit key=$postern_body_email rate=2r/m name=proxied; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/echo; }
    location /echo { postern_sql app "select :body::json->>'email' as email"; }
    location /api/items { postern_limit key=$postern_body_note rate=2r/m name=note; postern_resource app table=api.items; }
--- request eval
[(qq[POST /sql\n{"email":"Alice"}]) x 3, (qq[PATCH /api/items/1?select=note\n{"note":"A note"}]) x 3, qq[POST /proxied\n{"email":"Alice"}]]
--- more_headers
Content-Type: application/json
--- error_code eval
[200, 200, 429, 200, 200, 429, 200]
--- response_body_like eval
[('^"Alice"$') x 2, 'POSTERN350', ('^\{"note":"A note"\}$') x 2, 'POSTERN350', '^"Alice"$']



=== TEST 4: of a large body, which nginx keeps in a file
--- config
    client_body_buffer_size 1k;
    location /sql { postern_limit key=$postern_body_email rate=1r/m name=account; postern_sql app "select length(:body::text) as length"; }
--- request eval
[(qq[POST /sql\n{"padding":"$main::padding","email":"alice"}]) x 2]
--- more_headers
Content-Type: application/json
--- error_code eval
[200, 429]
--- response_body_like eval
['^100030$', 'POSTERN350']



=== TEST 5: of a body in chunks
--- config
    location /login { postern_limit key=$postern_body_email rate=1r/m name=account; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /up { return 200 up; }
--- raw_request eval
["POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"email\":\r\n", "7\r\n\"alice\"\r\n1\r\n}\r\n0\r\n\r\n"]
--- raw_request_middle_delay: 0.05
--- error_code: 200
--- response_headers
RateLimit: "account";r=0;t=60



=== TEST 6: a body that is too large is refused, and one that is cut off is nothing
--- config
    location /login { client_max_body_size 100; postern_limit key=$postern_body_email rate=1r/m name=account; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /up { return 200 up; }
--- request eval
[qq[POST /login\n{"email":"alice","padding":"$main::padding"}], qq[POST /login\n{"email":"alice"}]]
--- error_code eval
[413, 200]
--- error_log
[error]



=== TEST 7: together with limits of the address, which are checked before the body is read
--- config
    location /login {
        postern_limit key=ip rate=3r/m name=ip;
        postern_limit key=$postern_body_email rate=1r/m name=account;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location /up { return 200 up; }
--- request eval
[map {; qq[POST /login\n{"email":"$_"}] } qw(a a b c d)]
--- error_code eval
[200, 429, 200, 200, 429]
--- response_headers eval
['RateLimit: "ip";r=2;t=60, "account";r=0;t=60', 'RateLimit: "ip";r=2;t=60, "account";r=0;t=60', 'RateLimit: "ip";r=1;t=60, "account";r=0;t=60', 'RateLimit: "ip";r=0;t=60, "account";r=0;t=60', 'RateLimit: "ip";r=0;t=60']



=== TEST 8: HTTP/2
--- http2
--- config
    location /login { postern_limit key=$postern_body_email rate=1r/m name=account; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /up { return 200 up; }
--- request eval
[(qq[POST /login\n{"email":"alice"}]) x 2]
--- error_code eval
[200, 429]
