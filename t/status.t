# postern_status: the page, what it draws as JSON, and the requests that have failed. That it draws is tested in a browser
# (tests/integration/status.rs).

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
    location /cached    { postern_cache edge ttl=1h fallback_ttl=1h; postern_resource app table=api.books; }
    location /limited   { postern_limit key=endpoint rate=1r/d name=one; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /refused   { postern_limit key=endpoint rate=1r/d name=two; postern_trace on; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /secret    { postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE; postern_resource app table=api.books; }
    location /broken    { postern_sql app "select id from api.books"; }
    location /plain     { return 500; }
    location /either    { satisfy any; allow all; postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/plain; }
    location /named     { error_page 401 = @refused; postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE; postern_resource app table=api.books; }
    location @refused   { rewrite ^ /plain break; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT; }
    location /up        { return 200 "up\n"; }
    location = /status  { postern_status; }
CONF

run_tests();

__DATA__

=== TEST 1: one page that needs nothing else, and lets nothing else run
--- request
GET /status
--- response_headers_like
Content-Type: text/html; charset=utf-8
Cache-Control: no-store
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
Content-Security-Policy: default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
--- response_body_like
(?s)\A<!doctype html>(?!.*(?:src|href)="(?!data:))(?!.*url\((?!data:))(?!.*@import).*</html>\n\z



=== TEST 2: the same location tells it as JSON, by an argument or by what is accepted
--- request eval
["GET /status?format=json", "GET /status", "GET /status?x=format=json"]
--- more_headers eval
["", "Accept: application/json", ""]
--- response_headers eval
["Content-Type: application/json; charset=utf-8\nCache-Control: no-store\nX-Content-Type-Options: nosniff",
 "Content-Type: application/json; charset=utf-8", "Content-Type: text/html; charset=utf-8"]
--- response_body_like eval
[('^\{"began_s":\d{10},.*"now_ms":\d{13},.*"workers":[1-9]') x 2, '^<!doctype html>']



=== TEST 3: requests, verdicts, databases and zones
--- request eval
["GET /api/books/1", "GET /cached/1", "GET /cached/1", "GET /limited", "GET /limited", "GET /status?format=json"]
--- error_code eval
[200, 200, 200, 200, 429, 200]
--- response_body_like eval
[("") x 5, <<'LIKE']
(?xs)(?=.*"databases":\[\{.*"name":"app","pool_batches":[1-9])
(?=.*"cache":\{"bypass":0,"expired":0,"hit":[1-9],"miss":[1-9],)
(?=.*"location":"/cached","queries":[1-9],"requests":\{"GET":\{"2xx":[2-9],"3xx":0,"4xx":0,"5xx":0\}\})
(?=.*"limit":\{"dry_run":0,"passed":[1-9],"rejected":[1-9]\d*\},"location":"/limited")
(?=.*"zones":\[\{"limits":\{"evictions":0,"keys":[1-9]\d*\},"name":"edge","responses":\{"bytes":[1-9])
LIKE



=== TEST 4: what has failed, without query strings; a mistake of the client is not there
--- request eval
["GET /broken?password=secret", "GET /secret/1?jwt=secret", "GET /refused", "GET /refused", "GET /plain", "GET /api/books/999", "GET /status?format=json"]
--- error_code eval
[500, 401, 200, 429, 500, 404, 200]
--- error_log
the statement answers more than one row
--- response_body_unlike eval
[("^\0") x 6, 'password|jwt=|"path":"/api/books/999"']
--- response_body_like eval
[("") x 6, <<'LIKE']
(?s)"failures":\[(?=.*\{"code":"POSTERN360","location":"/broken","method":"GET","path":"/broken","server":"localhost","status":500,"time_ms":\d{13},"trace_id":""\})(?=.*\{"code":"PGRST302","location":"/secret","method":"GET","path":"/secret/1","server":"localhost","status":401,)(?=.*\{"code":"POSTERN350","location":"/refused","method":"GET","path":"/refused","server":"localhost","status":429,"time_ms":\d{13},"trace_id":"[0-9a-f]{32}"\})(?=.*\{"code":"","location":"/plain","method":"GET","path":"/plain","server":"localhost","status":500,)
LIKE



=== TEST 5: nothing but GET and HEAD
--- request eval
["POST /status", "HEAD /status", "HEAD /status?format=json"]
--- error_code eval
[405, 200, 200]
--- response_headers eval
["Allow: GET, HEAD", "Content-Type: text/html; charset=utf-8", "Content-Type: application/json; charset=utf-8"]



=== TEST 6: no arguments
--- config
    location /a { postern_status on; }
--- must_die
--- error_log
invalid number of arguments in "postern_status" directive



=== TEST 7: once
--- config
    location /a { postern_status; postern_status; }
--- must_die
--- error_log
"postern_status" directive is duplicate



=== TEST 8: one content a location
--- config
    location /a { postern_status; postern_metrics; }
--- must_die
--- error_log
"postern_metrics" cannot be used together with "postern_status"



=== TEST 9: in a location alone
--- http_config
postern_status;
--- config
    location /a { return 204; }
--- must_die
--- error_log
"postern_status" directive is not allowed here



=== TEST 10: also below a condition
--- config
    location = /status { if ($arg_x) { add_header X-Log yes; } postern_status; }
--- request
GET /status?x=1
--- response_headers
X-Log: yes
--- response_body_like: ^<!doctype html>



=== TEST 11: an access handler that refuses what another one allows has made no error; one that leads to another location has
--- request eval
["GET /either", "GET /named", "GET /status?format=json"]
--- error_code eval
[500, 500, 200]
--- response_body_like eval
[("") x 2, <<'LIKE']
(?s)"failures":\[(?=.*\{"code":"","location":"/either","method":"GET","path":"/either","server":"localhost","status":500,)(?=.*\{"code":"PGRST302","location":"\@refused","method":"GET","path":"/named","server":"localhost","status":500,)
LIKE



=== TEST 12: paths that hold secrets are not told, also where another location answers
--- config
    location /reset     { postern_status_paths off; postern_sql app "select id from api.books"; }
    location /turned    { postern_status_paths off; error_page 500 /oops; return 500; }
    location = /oops    { return 200 "oops\n"; }
    location /plain     { return 500; }
    location = /status  { postern_status; }
--- request eval
["GET /reset/s3cret", "GET /turned/s3cret", "GET /plain/a%0a", "GET /status?format=json"]
--- error_code eval
[500, 500, 500, 200]
--- error_log
the statement answers more than one row
--- response_body_unlike eval
[("^\0") x 3, 's3cret']
--- response_body_like eval
[("") x 3, <<'LIKE']
(?s)"failures":\[(?=.*"location":"/reset","method":"GET","path":"","server")(?=.*"location":"= /oops","method":"GET","path":"","server")(?=.*"path":"/plain/a%0a")
LIKE



=== TEST 13: for a whole server, but for one location
--- config
    postern_status_paths off;
    location /shown     { postern_status_paths on; return 500; }
    location /plain     { return 500; }
    location = /status  { postern_status; }
--- request eval
["GET /shown/this", "GET /plain/s3cret", "GET /status?format=json"]
--- error_code eval
[500, 500, 200]
--- response_body_unlike eval
[("^\0") x 2, 's3cret']
--- response_body_like eval
[("") x 2, '"path":"/shown/this"']



=== TEST 14: neither on nor off
--- config
    location /a { postern_status_paths some; }
--- must_die
--- error_log
invalid value "some" in "postern_status_paths" directive
