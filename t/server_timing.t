# postern_server_timing: what the steps of a request have taken.

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
    postern_server_timing on;
    location /plain   { postern_resource app table=api.books; }
    location /all     {
        postern_jwt          secret_file=$TEST_NGINX_SECRET_FILE;
        postern_limit        key=ip rate=1000r/m;
        postern_filter       block;
        postern_validate_arg select string;
        postern_cache        edge ttl=30s scope=public;
        postern_resource     app table=api.books;
    }
    location /limited { postern_limit key=ip rate=1r/d; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up; }
    location /wide    { postern_etag off; postern_resource app table=api.wide max_limit=2000; }
    location /large   {
        client_max_body_size    8m;
        client_body_buffer_size 8m;
        postern_filter          block;
        proxy_set_body          "";
        proxy_pass              http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location /off     { postern_server_timing off; postern_resource app table=api.books; }
    location /up      { return 200 "up\n"; }
CONF

# Before nginx reads the catalogue.
sql(<<'SQL');
create table api.wide as select n as id, repeat('x', 2000) as text from generate_series(1, 1000) n;
alter table api.wide add primary key (id);
grant select on api.wide to web_anon;
SQL

run_tests();

__DATA__

=== TEST 1: every step that there was
--- request eval
[("GET /all/1") x 2]
--- response_headers_like eval
[
    'Server-Timing: auth;dur=\d+\.\d{3}, limit;dur=\d+\.\d{3}, filter;dur=\d+\.\d{3}, validate;dur=\d+\.\d{3}, pool;dur=\d+\.\d{3}, query;dur=\d+\.\d{3}, cache;desc=MISS',
    'Server-Timing: auth;dur=\d+\.\d{3}, limit;dur=\d+\.\d{3}, filter;dur=\d+\.\d{3}, validate;dur=\d+\.\d{3}, cache;desc=HIT',
]



=== TEST 2: a request that a step refuses tells of that
--- request eval
[("GET /limited") x 2]
--- error_code eval
[200, 429]
--- response_headers_like eval
['Server-Timing: .*limit;dur=\d+\.\d{3}.*', 'Server-Timing: .*limit;dur=\d+\.\d{3}.*']



=== TEST 3: steps that the location does not have are left out
--- request
GET /plain/1
--- response_headers_like
Server-Timing: pool;dur=\d+\.\d{3}, query;dur=\d+\.\d{3}



=== TEST 4: a page that is sent while it is made does not know yet what it has waited for
--- request
GET /wide?limit=1000
--- response_headers
Transfer-Encoding: chunked
!Server-Timing



=== TEST 5: of a step that is taken in slices all of them count: the last of 500 is far shorter
--- request eval
"POST /large\n" . '["' . 'many words ' x 370_000 . '"]'
--- more_headers
Content-Type: application/json
--- response_headers_like
Server-Timing: filter;dur=[1-9]\d+\.\d{3}



=== TEST 6: not where it is off
--- request
GET /off/1
--- response_headers
!Server-Timing



=== TEST 7: wrong values
--- config
    location /a { postern_server_timing maybe; return 200; }
--- must_die
--- error_log
invalid value "maybe" in "postern_server_timing" directive



=== TEST 8: twice
--- config
    location /a { postern_server_timing on; postern_server_timing on; return 200; }
--- must_die
--- error_log
"postern_server_timing" directive is duplicate
