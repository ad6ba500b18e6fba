# postern_metrics, postern_metrics_zone, and the variables that are made for logs.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    return if defined $block->http_config;
    $block->set_value(http_config => <<'CONF');
    postern_zone edge 1m;
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
CONF
});

default_config(<<'CONF');
    location /api/books { postern_resource app table=api.books; }
    location = /exact   { return 204; }
    location ~ ^/re[0-9] { return 200 "$1.\n"; }
    location /limited   { postern_limit key=endpoint rate=1r/d name=one; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /filtered  { postern_filter block; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /detected  { postern_filter detect; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /checked   { postern_validate_arg n integer; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /cached    { postern_cache edge ttl=1h fallback_ttl=1h; postern_resource app table=api.books; }
    location = /halved  { limit_except GET { deny all; } proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location ~* ^/Upper$ { return 204; }
    location = /auth    { internal; postern_sql app "select 1"; }
    location /asked     { auth_request /auth; add_header X-Log "$postern_queries $postern_query_time"; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /up        { return 200 "up\n"; }
    location /secret    { postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location = /metrics { postern_metrics; }
CONF

run_tests();

__DATA__

=== TEST 1: requests by location, method and class of status
--- request eval
["GET /api/books/1", "GET /api/books/999", "POST /exact", "GET /re7", "GET /metrics"]
--- error_code eval
[200, 404, 204, 200, 200]
--- response_headers eval
[("") x 4, "Content-Type: text/plain; version=0.0.4; charset=utf-8\nCache-Control: no-store"]
--- response_body_like eval
[("") x 4, <<'LIKE']
(?sm)# TYPE postern_requests_total counter
.*^postern_requests_total\{server="localhost",location="/api/books",method="GET",code="2xx"\} [1-9]\d*
postern_requests_total\{server="localhost",location="/api/books",method="GET",code="3xx"\} 0
postern_requests_total\{server="localhost",location="/api/books",method="GET",code="4xx"\} [1-9]\d*
.*^postern_requests_total\{server="localhost",location="= /exact",method="POST",code="2xx"\} [1-9]\d*
.*^postern_requests_total\{server="localhost",location="~ \^/re\[0-9\]",method="GET",code="2xx"\} [1-9]\d*
.*^postern_request_duration_seconds_count\{server="localhost",location="/api/books"\} [1-9]\d*
.*^postern_database_duration_seconds_count\{server="localhost",location="/api/books"\} [1-9]\d*
.*^postern_queries_total\{server="localhost",location="/api/books"\} [1-9]\d*
LIKE



=== TEST 2: verdicts
--- request eval
["GET /limited", "GET /limited", "GET /filtered?q=%27%20or%201=1--%20", "GET /detected?q=%27%20or%201=1--%20", "GET /detected", "GET /checked?n=x", "GET /cached/1", "GET /cached/1", "GET /metrics"]
--- error_code eval
[200, 429, 403, 200, 200, 422, 200, 200, 200]
--- response_body_like eval
[("") x 8, <<'LIKE']
(?sm)^postern_cache_requests_total\{server="localhost",location="/cached",status="hit"\} [1-9]\d*
postern_cache_requests_total\{server="localhost",location="/cached",status="miss"\} [1-9]\d*
.*^postern_limit_requests_total\{server="localhost",location="/limited",result="passed"\} [1-9]\d*
postern_limit_requests_total\{server="localhost",location="/limited",result="dry_run"\} 0
postern_limit_requests_total\{server="localhost",location="/limited",result="rejected"\} [1-9]\d*
.*^postern_filter_requests_total\{server="localhost",location="/filtered",verdict="detected"\} 0
postern_filter_requests_total\{server="localhost",location="/filtered",verdict="blocked"\} [1-9]\d*
postern_filter_requests_total\{server="localhost",location="/detected",verdict="detected"\} [1-9]\d*
.*^postern_invalid_requests_total\{server="localhost",location="/checked"\} [1-9]\d*
LIKE



=== TEST 3: tokens
--- request eval
[("GET /secret") x 3, "GET /metrics"]
--- more_headers eval
[main::bearer({ sub => 'a', role => 'web_user', exp => time + 300 }), "Authorization: Bearer x", "", ""]
--- error_code eval
[200, 401, 401, 200]
--- response_body_like eval
[("") x 3, <<'LIKE']
(?sm)^postern_jwt_requests_total\{server="localhost",location="/secret",result="verified"\} [1-9]\d*
postern_jwt_requests_total\{server="localhost",location="/secret",result="refused"\} [1-9]\d*
postern_jwt_requests_total\{server="localhost",location="/secret",result="absent"\} [1-9]\d*
LIKE



=== TEST 4: pools, zones and workers
--- request eval
["GET /api/books/1", "GET /cached/1", "GET /metrics"]
--- response_body_like eval
[("") x 2, <<'LIKE']
(?sm)^postern_workers [1-9]
.*^postern_worker_starts_total [1-9]\d*
.*^postern_worker_crashes_total \d+
.*^postern_pool_connections\{database="app"\} [1-9]
.*^postern_database_up\{database="app"\} [1-9]\d*
.*^postern_pool_batches_total\{database="app"\} [1-9]
.*^postern_schema_loads_total\{database="app"\} [1-9]\d*
.*^postern_schema_loaded_timestamp_seconds\{database="app"\} \d{10}
.*^postern_limit_evictions_total\{zone="edge"\} 0
.*^postern_cache_entries\{zone="edge"\} [1-9]\d*
LIKE



=== TEST 5: OpenMetrics, for those who ask for it
--- request
GET /metrics
--- more_headers
Accept: application/openmetrics-text; version=1.0.0; charset=utf-8,text/plain;q=0.5
--- response_headers
Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8
--- response_body_like
(?sm)^postern_workers [1-9]\n.*^# TYPE postern_requests counter\n.*^# EOF\n\z



=== TEST 6: nothing but GET and HEAD
--- request eval
["POST /metrics", "HEAD /metrics"]
--- error_code eval
[405, 200]
--- response_headers eval
["Allow: GET, HEAD", "Cache-Control: no-store"]



=== TEST 7: a zone that is too small counts what it has room for
--- http_config
postern_zone edge 1m;
postern_metrics_zone 32k;
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
--- config eval
CORE::join("", map("location = /l$_ { return 204; }\n", 1 .. 40)) . "location = /metrics { postern_metrics; }"
--- request eval
[map("GET /l$_", 1 .. 40), "GET /metrics"]
--- error_code eval
[(204) x 40, 200]
--- response_body_like eval
[("") x 40, 'location="= /l1"']
--- error_log
"postern_metrics_zone" is too small



=== TEST 8: variables for logs
--- config
    location /api/books { add_header X-Log "$postern_queries $postern_query_time"; postern_resource app table=api.books; }
    location /filtered  { add_header X-Log "$postern_filter_status $postern_queries $postern_query_time" always; postern_filter block; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /up        { return 200 "up\n"; }
--- request eval
["GET /api/books/1", "GET /filtered", "GET /filtered?q=%27%20or%201=1--%20"]
--- error_code eval
[200, 200, 403]
--- response_headers_like eval
["X-Log: 1 0\\.\\d{6}", "X-Log: passed 0 0\\.000000", "X-Log: blocked 0 0\\.000000"]



=== TEST 9: a zone without a size that makes sense
--- http_config
postern_metrics_zone 1k;
--- config
    location /a { return 200; }
--- must_die
--- error_log
invalid value "1k" in "postern_metrics_zone" directive



=== TEST 10: one content a location
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; }
--- config
    location /a { postern_metrics; postern_resource app table=api.books; }
--- must_die
--- error_log
"postern_resource" cannot be used together with "postern_metrics"



=== TEST 11: locations as they are written, also under conditions; and every class of status from the beginning
--- request eval
["GET /halved", "POST /halved", "GET /upper", "GET /metrics"]
--- error_code eval
[200, 403, 204, 200]
--- error_log
access forbidden by rule
--- response_body_like eval
[("") x 3, <<'LIKE']
(?sm)^postern_requests_total\{server="localhost",location="= /halved",method="GET",code="2xx"\} [1-9]\d*
postern_requests_total\{server="localhost",location="= /halved",method="GET",code="3xx"\} 0
postern_requests_total\{server="localhost",location="= /halved",method="GET",code="4xx"\} 0
postern_requests_total\{server="localhost",location="= /halved",method="GET",code="5xx"\} 0
postern_requests_total\{server="localhost",location="= /halved",method="POST",code="2xx"\} 0
postern_requests_total\{server="localhost",location="= /halved",method="POST",code="3xx"\} 0
postern_requests_total\{server="localhost",location="= /halved",method="POST",code="4xx"\} [1-9]\d*
.*location="~\* \^/Upper\$",method="GET",code="2xx"\} [1-9]
LIKE



=== TEST 12: what subrequests ask is the request's
--- request
GET /asked
--- response_headers_like
X-Log: 1 0\.\d{6}
