# postern_filter: attacks in what a client sends, wherever they are.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

Postern::Fixture::write_file("$ENV{TEST_NGINX_FIXTURE_DIR}/rules", "# ours\nno-wordpress scanner 5 segment ^wp-admin\$\n");
Postern::Fixture::write_file("$ENV{TEST_NGINX_FIXTURE_DIR}/broken", "no-wordpress scanner 5 segment (\n");


default_config(<<'CONF');
    postern_filter block;
    location /api/items   { postern_resource app table=api.items; }
    location /page        { alias $TEST_NGINX_SERVER_ROOT/html; }
    location /detect      { postern_filter detect; add_header X-Class "[$postern_filter_class]"; alias $TEST_NGINX_SERVER_ROOT/html; }
    location /off         { postern_filter off; alias $TEST_NGINX_SERVER_ROOT/html; }
    location /xss         { postern_filter block xss; alias $TEST_NGINX_SERVER_ROOT/html; }
    location /lenient     { postern_filter block threshold=100; alias $TEST_NGINX_SERVER_ROOT/html; }
    location /skip        { postern_filter_skip code header:X-Code cookie:c /skip/raw; alias $TEST_NGINX_SERVER_ROOT/html; }
    location /own         { postern_filter_rules $TEST_NGINX_FIXTURE_DIR/rules; alias $TEST_NGINX_SERVER_ROOT/html; }
    location /proxied/    { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream; }
    location /upstream    { postern_filter off; return 200 "$request_method $content_length\n"; }
CONF

our $sqli = "1%27%20or%201=1--%20";

run_tests();

__DATA__

=== TEST 1: what an honest client sends passes
--- request eval
["GET /page/index.html?q=O%27Brien,+rock+%27n%27+roll+%26+select+committees&sort=name,id", "GET /api/items?select=id&id=eq.1&order=id.desc&limit=1",
 "POST /api/items?select=name\n{\"name\":\"a\",\"note\":\"Drop by; select what you like -- or 1 of 2\"}"]
--- more_headers
Content-Type: application/json
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0
--- error_code eval
[200, 200, 201]
--- user_files
>>> index.html
a page



=== TEST 2: an attack in each place is answered 403
--- request eval
["GET /page/index.html?id=$main::sqli", "GET /page/index.html?$main::sqli=1", "GET /page/1%27%20union%20select%20password%20from%20users--",
 "POST /api/items\n{\"name\":\"<script>alert(1)</script>\"}", "POST /api/items\n{\"a\":[{\"x' or 1=1-- \":1}]}", "GET /page/index.html", "GET /page/index.html", "GET /page/index.html?file=../../../etc/passwd"]
--- more_headers eval
["", "", "", "Content-Type: application/json", "Content-Type: application/json", "User-Agent: \${jndi:ldap://127.0.0.1/a}", "Cookie: a=b; c=1' or '1'='1", ""]
--- error_code eval
[(403) x 8]
--- response_headers eval
[("Content-Type: application/json; charset=utf-8") x 8]
--- response_body_like eval
[map { "^\\{\"code\":\"POSTERN370\",\"message\":\"the request looks like an attack \\($_\\)\",\"details\":\"request [0-9a-f]{32}\"" } qw(sqli sqli sqli xss sqli code sqli traversal)]
--- no_error_log
[error]



=== TEST 3: what is logged tells everything and quotes no control character
--- request
GET /page/index.html?q=%27%20or%201=1--%20%0d%0ax
--- error_code: 403
--- error_log eval
qr/attack: \{"time":"[^"]+","request_id":"[0-9a-f]{32}","client":"127\.0\.0\.1","user":null,"method":"GET","path":"\/page\/index\.html","place":"arg","name":"q","class":"sqli","rule":"sqli-[a-z-]+","action":"block","excerpt":"[^"]*x0d[^"]*","score":[0-9]+\}/



=== TEST 4: detection lets the request pass
--- request eval
"GET /detect/index.html?q=$main::sqli"
--- error_code: 200
--- response_headers
X-Class: [sqli]
--- error_log
"action":"detect"
--- user_files
>>> index.html
a page



=== TEST 5: off, other classes, and a threshold that nothing reaches
--- request eval
["GET /off/index.html?q=$main::sqli", "GET /xss/index.html?q=$main::sqli", "GET /xss/index.html?q=%3Cscript%3Ealert(1)%3C/script%3E", "GET /lenient/index.html?q=$main::sqli"]
--- error_code eval
[200, 200, 403, 200]
--- user_files
>>> index.html
a page



=== TEST 6: what is skipped is not looked at, and everything else is
--- request eval
["GET /skip/index.html?code=$main::sqli", "GET /skip/index.html?other=$main::sqli", "GET /skip/index.html", "GET /skip/index.html", "GET /skip/raw/index.html?q=$main::sqli"]
--- more_headers eval
["", "", "X-Code: 1' or 1=1-- ", "X-Other: 1' or 1=1-- ", ""]
--- error_code eval
[200, 403, 200, 403, 200]
--- user_files
>>> index.html
a page
>>> raw/index.html
a page



=== TEST 7: a rule of the operator
--- request eval
["GET /own/wp-admin", "GET /own/wp-admins"]
--- error_code eval
[403, 200]
--- response_body_like eval
['scanner', 'a page']
--- user_files
>>> wp-admins
a page



=== TEST 8: a body that is looked at reaches the upstream
--- request eval
["POST /proxied/x\nname=value&other=" . ('abc def ' x 5000), "POST /proxied/x\nname=$main::sqli"]
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code eval
[200, 403]
--- response_body_like eval
['^POST 40016$', 'POSTERN370']



=== TEST 9: an attack behind a megabyte
--- http_config
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
client_max_body_size 4m;
--- request eval
"POST /api/items\n{\"name\":\"" . ('a' x 1_000_000) . "\",\"note\":\"' or 1=1-- \"}"
--- more_headers
Content-Type: application/json
--- error_code: 403



=== TEST 10: secrets are not quoted
--- request
POST /api/items
{"password":"hunter2' or 1=1-- "}
--- more_headers
Content-Type: application/json
--- error_code: 403
--- error_log
"excerpt":null
--- no_error_log
hunter2



=== TEST 11: an unknown class
--- config
    location /a { postern_filter block sql; return 200; }
--- must_die
--- error_log
invalid parameter "sql"



=== TEST 12: rules that do not compile, with their line
--- config
    location /a { postern_filter_rules $TEST_NGINX_FIXTURE_DIR/broken; return 200; }
--- must_die
--- error_log
line 1:



=== TEST 13: the security log is a file of its own
--- config
    postern_filter detect;
    postern_security_log $TEST_NGINX_SERVER_ROOT/html/security.log;
    location /page { alias $TEST_NGINX_SERVER_ROOT/html; }
--- request eval
["GET /page/index.html?q=$main::sqli", "GET /page/security.log"]
--- error_code eval
[200, 200]
--- response_body_like eval
['a page', '^\{"time":"[^\n]*"class":"sqli"[^\n]*\}\n$']
--- no_error_log
attack:
--- user_files
>>> index.html
a page



=== TEST 14: a location that an error leads to has its filter too, whichever way it is written
--- config
    location /named     { error_page 404 @app; log_not_found off; root $TEST_NGINX_SERVER_ROOT/none; }
    location /status    { error_page 404 =200 @app; log_not_found off; root $TEST_NGINX_SERVER_ROOT/none; }
    location /uri       { error_page 404 =200 /app; log_not_found off; root $TEST_NGINX_SERVER_ROOT/none; }
    location @app       { postern_filter block; rewrite ^ /upstream break; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT; }
    location /app       { postern_filter block; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream; }
    location /upstream  { return 200 "upstream\n"; }
--- request eval
[map { ("GET $_?q=$main::sqli", "GET $_") } "/named", "/status", "/uri"]
--- more_headers eval
[map { ($_ eq "/uri" ? "User-Agent: 1' or 1=1-- " : "", "") } "/named", "/status", "/uri"]
--- error_code eval
[403, 404, 403, 200, 403, 200]
--- error_log
"class":"sqli"



=== TEST 15: the page for what was refused is not refused itself
--- config
    postern_filter block;
    error_page 403 /refused.html;
--- request eval
"GET /index.html?q=$main::sqli"
--- error_code: 403
--- response_body
a page for it
--- user_files
>>> refused.html
a page for it
