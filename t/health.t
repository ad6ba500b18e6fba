# postern_health: that a worker is there, and whether it can answer requests.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    return if defined $block->http_config;
    $block->set_value(http_config => <<'CONF');
    postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
    postern_database away { dsn "host=127.0.0.1 port=1 dbname=x user=y"; }
CONF
});

default_config(<<'CONF');
    location = /healthz { postern_health live; }
    location = /readyz  { postern_health ready app; }
    location = /all     { postern_health ready; }
CONF

run_tests();

__DATA__

=== TEST 1: a worker that answers is alive
--- request
GET /healthz
--- response_headers
Content-Type: application/json; charset=utf-8
Cache-Control: no-store
--- response_body: {"status":"pass","checks":{}}
--- no_error_log
[alert]



=== TEST 2: a database that is there is ready, each check with its age
--- request
GET /readyz
--- response_headers
Cache-Control: no-store
--- response_body_like: ^\{"status":"pass","checks":\{"app":\{"database":\{"status":"pass","age_ms":\d+\},"schema":\{"status":"pass","age_ms":\d+\},"pool":\{"status":"pass","age_ms":\d+\}\}\}\}$
--- no_error_log
[alert]



=== TEST 3: one that is away is not
--- request
GET /all
--- error_code: 503
--- response_body_like: ^\{"status":"fail","checks":\{"app":\{"database":\{"status":"pass".*"away":\{"database":\{"status":"fail","age_ms":\d+,"output":"the database is not available"\},"schema":\{"status":"fail","age_ms":0,"output":"the schema cache is not loaded"\}
--- no_error_log
[alert]



=== TEST 4: nothing but GET and HEAD
--- request eval
["POST /healthz", "HEAD /healthz", "HEAD /readyz"]
--- error_code eval
[405, 200, 200]
--- no_error_log
[alert]



=== TEST 5: wrong words
--- config
    location /a { postern_health well; }
--- must_die
--- error_log
invalid value "well" in "postern_health" directive



=== TEST 6: liveness asks no database
--- config
    location /a { postern_health live app; }
--- must_die
--- error_log
invalid number of arguments in "postern_health" directive



=== TEST 7: an unknown database
--- config
    location /a { postern_health ready nope; }
--- must_die
--- error_log
unknown database "nope"



=== TEST 8: one content a location
--- config
    location /a { postern_health live; postern_metrics; }
--- must_die
--- error_log
"postern_metrics" cannot be used together with "postern_health"
