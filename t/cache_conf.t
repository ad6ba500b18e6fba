# postern_cache and what goes with it: every mistake fails `nginx -t` in nginx's words, with the file and the line.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => 'postern_zone edge 1m;') if !defined $block->http_config;
    $block->set_value(must_die => '');
});

run_tests();

__DATA__

=== TEST 1: a cache needs a zone that there is
--- config
location /a { postern_cache other ttl=1s; }
--- error_log eval
qr/unknown zone "other" in .*nginx\.conf:\d+/



=== TEST 2: and a ttl
--- config
location /a { postern_cache edge stale=1s; }
--- error_log eval
qr/no "ttl" parameter in "postern_cache" directive in .*nginx\.conf:\d+/



=== TEST 3: which is longer than nothing
--- config
location /a { postern_cache edge ttl=0; }
--- error_log eval
qr/invalid value "0" in "postern_cache" directive in .*nginx\.conf:\d+/



=== TEST 4: a parameter that there is not
--- config
location /a { postern_cache edge ttl=1s keep=all; }
--- error_log
invalid parameter "keep=all"



=== TEST 5: a parameter twice
--- config
location /a { postern_cache edge ttl=1s ttl=2s; }
--- error_log
duplicate parameter "ttl"



=== TEST 6: a directive twice
--- config
location /a { postern_cache edge ttl=1s; postern_cache off; }
--- error_log
"postern_cache" directive is duplicate



=== TEST 7: methods that are not cached
--- config
location /a { postern_cache edge ttl=1s methods=GET,POST; }
--- error_log
invalid parameter "methods=GET,POST"



=== TEST 8: a scope that there is not
--- config
location /a { postern_cache edge ttl=1s scope=world; }
--- error_log
invalid parameter "scope=world"



=== TEST 9: claims are for users
--- config
location /a { postern_cache edge ttl=1s scope=role claims=tenant; }
--- error_log
"claims" needs "scope=user"



=== TEST 10: a relation has a schema
--- config
location /a { postern_cache edge ttl=1s depends=items; }
--- error_log
invalid parameter "depends=items"



=== TEST 11: a zone that is too small for both
--- http_config
postern_zone edge 40k;
--- config
location /a { postern_cache edge ttl=1s; postern_limit key=ip rate=1r/s; }
--- error_log eval
qr/zone "edge" is too small for limits and responses in .*nginx\.conf:\d+/



=== TEST 12: only what holds responses can be purged
--- config
location /a { postern_purge edge; }
--- error_log eval
qr/zone "edge" has no responses in .*nginx\.conf:\d+/



=== TEST 13: a location has one content
--- config
location /a { postern_purge edge; postern_resource app table=api.items; }
--- error_log
"postern_resource" cannot be used together with "postern_purge"



=== TEST 14: a field value is one line
--- config
location /a { postern_cache_control "a
b"; }
--- error_log
in "postern_cache_control" directive
