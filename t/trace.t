# postern_trace: W3C trace context, of the client or begun here.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    return if defined $block->http_config;
    $block->set_value(http_config => <<'CONF');
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
CONF
});

default_config(<<'CONF');
    postern_trace on;
    location /sql      { postern_sql app "select json_build_object('trace', current_setting('request.traceparent', true), 'name', current_setting('application_name'))"; }
    location /named    { postern_trace on application_name; postern_sql app "select current_setting('application_name')"; }
    location /off      { postern_trace off; postern_sql app "select coalesce(current_setting('request.traceparent', true), '')"; }
    location /api/books { postern_resource app table=api.books; }
    location /proxied  { proxy_set_header traceparent $postern_traceparent; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /stateful { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/state; }
    location /state    { postern_trace off; return 200 "$http_tracestate, $http_x_other, $http_host.\n"; }
    location /headers  { add_header X-State "$http_tracestate"; postern_sql app "select current_setting('request.headers', true)::json"; }
    location /untraced { postern_trace off; add_header X-State "$http_tracestate"; return 204; }
    location /up       { postern_trace off; return 200 "$http_traceparent\n"; }
    location /id       { add_header X-Trace-Id $postern_trace_id; postern_resource app table=api.books; }
CONF

run_tests();

__DATA__

=== TEST 1: a client's trace goes on, with a span of our own
--- request
GET /sql
--- more_headers
traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
--- response_headers_like
traceparent: 00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01
--- response_body_like: ^\{"trace" : "00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01", "name" : "(?!postern/0af)[^"]*"\}$



=== TEST 2: without one, or with one that follows no format, it begins here
--- request eval
["GET /api/books/1", "GET /api/books/999", "GET /api/books/1", "GET /nowhere"]
--- more_headers eval
["", "", "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01", ""]
--- error_code eval
[200, 404, 200, 404]
--- response_headers_like eval
[("traceparent: 00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00") x 4]
--- no_error_log
[alert]



=== TEST 3: PostgreSQL's own views show it where that is asked for
--- request
GET /named
--- more_headers
traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
--- response_body_like: ^"?postern/0af7651916cd43dd8448eb211c80319c"?$



=== TEST 4: nothing where it is off, nor what an earlier request has left
--- request eval
["GET /sql", "GET /off"]
--- more_headers
traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
--- response_headers_like eval
["traceparent: 00-0af7.*", "!traceparent"]
--- response_body_like eval
["trace", '^"?"?$']



=== TEST 5: upstreams are told
--- request
GET /proxied
--- more_headers
traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
--- response_body_like: ^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$



=== TEST 6: for logs
--- request
GET /id/1
--- more_headers
traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
--- response_headers
X-Trace-Id: 0af7651916cd43dd8448eb211c80319c



=== TEST 7: several are none
--- raw_request eval
"GET /id/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n"
--- response_headers_like
X-Trace-Id: (?!0af7651916cd43dd8448eb211c80319c)[0-9a-f]{32}



=== TEST 8: wrong values
--- config
    location /a { postern_trace maybe; return 200; }
--- must_die
--- error_log
invalid parameter "maybe"



=== TEST 9: and wrong parameters
--- config
    location /a { postern_trace on always; return 200; }
--- must_die
--- error_log
invalid parameter "always"



=== TEST 10: the client's state goes with its trace, and not with one that begins here
--- request eval
["GET /stateful", "GET /stateful", "GET /stateful", "GET /headers", "GET /headers", "GET /untraced"]
--- more_headers eval
my $state = "tracestate: a=1\nX-Other: x\nTraceState: b=2\n";
my $parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\n";
["$parent$state", $state, "traceparent: 00-nonsense\n$state", $state, "$parent$state", $state]
--- error_code eval
[(200) x 5, 204]
--- response_headers eval
[("") x 3, "!X-State", "X-State: a=1, b=2", "X-State: a=1, b=2"]
--- response_body_like eval
['^a=1, b=2, x, 127\.', '^, x, 127\.', '^, x, 127\.', '^(?!.*tracestate)', '"tracestate" ?: ?"a=1, b=2"', '']
