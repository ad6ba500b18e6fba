# A database that cannot be asked: 503 with Retry-After, at once.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/books { postern_resource app table=api.books; }
    location /alive     { return 200 "alive"; }
CONF

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(no_error_log => "[alert]\n") if defined $block->http_config;
});

run_tests();

__DATA__

=== TEST 1: no such socket
--- http_config
postern_database app { dsn "host=/nonexistent dbname=x user=y"; schemas api; anonymous_role web_anon; }
--- request eval
["GET /api/books/1", "GET /alive", "GET /api/books"]
--- error_code eval
[503, 200, 503]
--- response_headers_like eval
["Retry-After: [1-9]\\d*\nContent-Type: application/json.*", "", "Retry-After: [1-9]\\d*"]
--- response_body_like eval
['^\{"code":"[^"]+","message":"[^"]+"', 'alive', '^\{"code"']



=== TEST 2: a port where nobody listens
--- http_config
postern_database app { dsn "host=127.0.0.1 port=$TEST_NGINX_RAND_PORT_1 dbname=x user=y"; schemas api; anonymous_role web_anon; }
--- request
GET /api/books/1
--- error_code: 503
--- response_headers_like
Retry-After: [1-9]\d*



=== TEST 3: a database that does not exist
--- http_config
postern_database app { dsn "host=$TEST_NGINX_PG_SOCKET dbname=nope user=authenticator"; schemas api; anonymous_role web_anon; }
--- request
GET /api/books/1
--- error_code: 503
--- response_body_unlike: nope|authenticator|postern-pg



=== TEST 4: a role that does not exist
--- http_config
postern_database app { dsn "host=$TEST_NGINX_PG_SOCKET dbname=$TEST_NGINX_DATABASE user=stranger"; schemas api; anonymous_role web_anon; }
--- request
GET /api/books/1
--- error_code: 503
--- response_body_unlike: stranger



=== TEST 5: the second host of two answers
--- http_config
postern_database app { dsn "host=/nonexistent,$TEST_NGINX_PG_SOCKET dbname=$TEST_NGINX_DATABASE user=authenticator"; schemas api; anonymous_role web_anon; }
--- request
GET /api/books/1?select=id
--- response_body: {"id":1}



=== TEST 6: an anonymous role that does not exist
--- http_config
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role nobody_at_all; }
--- request eval
["GET /api/books/1", "GET /api/books/1"]
--- error_code eval
[401, 401]
--- response_body_like eval
['"code":"22023"', '"code":"22023"']
