# $postern_user, $postern_role, $postern_claim_...: who asks, for logs, headers and maps.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
    add_header X-User "[$postern_user]" always;
    add_header X-Role "[$postern_role]" always;
    add_header X-Claim "[$postern_claim_plan|$postern_claim_team_ids|$postern_claim_none]" always;
    location /api/books   { postern_resource app table=api.books; }
    location /index.html  { root $TEST_NGINX_SERVER_ROOT/html; }
CONF

our $token = main::bearer({sub => 'alice', role => 'web_user', plan => 'gold', 'team-ids' => [1, 2]});

run_tests();

__DATA__

=== TEST 1: of a good token
--- request
GET /api/books/1
--- more_headers eval: $main::token
--- response_headers
X-User: [alice]
X-Role: [web_user]
X-Claim: [gold|[1,2]|]



=== TEST 2: without a token: the anonymous role, and nothing else
--- request
GET /api/books/1
--- response_headers
X-User: []
X-Role: [web_anon]
X-Claim: [||]



=== TEST 3: a token that is not good says nothing
--- request
GET /api/books/1
--- more_headers eval: main::bearer({sub => 'alice', role => 'web_user', exp => 1})
--- error_code: 401
--- response_headers
X-User: []
X-Role: [web_anon]
X-Claim: [||]



=== TEST 4: of content that is not ours
--- request
GET /index.html
--- more_headers eval: $main::token
--- response_headers
X-User: [alice]
X-Role: [web_user]
X-Claim: [gold|[1,2]|]
--- user_files
>>> index.html
a page



=== TEST 5: a key of nginx's own modules
--- config
postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
location /api/books { postern_resource app table=api.books; add_header X-Plan $plan; }
--- http_config
map $postern_claim_plan $plan { gold "the best"; default "another"; }
postern_database app { dsn "$TEST_NGINX_DSN"; schemas api; anonymous_role web_anon; }
--- request
GET /api/books/1
--- more_headers eval: $main::token
--- response_headers
X-Plan: the best
