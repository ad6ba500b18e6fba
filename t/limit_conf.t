# postern_zone and postern_limit: every mistake fails `nginx -t` in nginx's words, with the file and the line.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => 'postern_zone edge 1m;') if !defined $block->http_config;
    $block->set_value(config => 'location /a { }')            if !defined $block->config;
    $block->set_value(must_die => '');
});

run_tests();

__DATA__

=== TEST 1: a zone needs a size
--- http_config
postern_zone edge;
--- error_log
invalid number of arguments in "postern_zone" directive



=== TEST 2: a size that is none
--- http_config
postern_zone edge ten;
--- error_log eval
qr/invalid value "ten" in "postern_zone" directive in .*nginx\.conf:\d+/



=== TEST 3: a zone that is too small
--- http_config
postern_zone edge 16k;
--- error_log
zone "edge" is too small



=== TEST 4: a zone twice
--- http_config
postern_zone edge 1m;
postern_zone edge 1m;
--- error_log
duplicate zone "edge"



=== TEST 5: a zone of another module
--- http_config
limit_req_zone $binary_remote_addr zone=edge:1m rate=1r/s;
postern_zone edge 1m;
--- error_log
is already declared for a different use



=== TEST 6: too many zones
--- http_config eval
CORE::join "\n", map { "postern_zone z$_ 1m;" } 1 .. 9
--- error_log
more than 8 zones



=== TEST 7: a zone that is nowhere
--- config
    location /a { postern_limit zone=nowhere key=ip rate=1r/s; }
--- error_log eval
qr/unknown zone "nowhere" in .*nginx\.conf:\d+/



=== TEST 8: no zone at all
--- http_config
--- config
    location /a { postern_limit key=ip rate=1r/s; }
--- error_log
no "zone" parameter in "postern_limit" directive, and there is no "postern_zone"



=== TEST 9: which of two zones
--- http_config
postern_zone a 1m;
postern_zone b 1m;
--- config
    location /a { postern_limit key=ip rate=1r/s; }
--- error_log
no "zone" parameter in "postern_limit" directive, and there is more than one "postern_zone"



=== TEST 10: a limit without a key
--- config
    location /a { postern_limit rate=1r/s; }
--- error_log
no "key" parameter in "postern_limit" directive



=== TEST 11: a limit without a rate
--- config
    location /a { postern_limit key=ip; }
--- error_log
no "rate" parameter in "postern_limit" directive



=== TEST 12: a rate that is none
--- config
    location /a { postern_limit key=ip rate=100; }
--- error_log eval
qr/invalid parameter "rate=100", it must be written as "100r\/m", "5r\/10s", … in .*nginx\.conf:\d+/



=== TEST 13: nothing in a minute
--- config
    location /a { postern_limit key=ip rate=0r/m; }
--- error_log
invalid parameter "rate=0r/m", it must not be zero



=== TEST 14: too much
--- config
    location /a { postern_limit key=ip rate=10000001r/m; }
--- error_log
invalid parameter "rate=10000001r/m", it must not be more than 10000000 requests



=== TEST 15: for too long
--- config
    location /a { postern_limit key=ip rate=1r/32d; }
--- error_log
invalid parameter "rate=1r/32d", it must not be over more than 31 days



=== TEST 16: a key that is none
--- config
    location /a { postern_limit key=address rate=1r/s; }
--- error_log
invalid parameter "key=address", it must be "ip", "user", "endpoint" or have variables



=== TEST 17: a variable that is none
--- config
    location /a { postern_limit key=$nobody_knows rate=1r/s; }
--- error_log
unknown "nobody_knows" variable



=== TEST 18: a parameter that is none
--- config
    location /a { postern_limit key=ip rate=1r/s burst=5; }
--- error_log
invalid parameter "burst=5"



=== TEST 19: a parameter without a value
--- config
    location /a { postern_limit key=ip rate=1r/s name=; }
--- error_log
invalid parameter "name="



=== TEST 20: parameters twice
--- config
    location /a { postern_limit key=ip key=user rate=1r/s; }
--- error_log
duplicate parameter "key"



=== TEST 21: dry_run twice
--- config
    location /a { postern_limit key=ip rate=1r/s dry_run dry_run; }
--- error_log
duplicate parameter "dry_run"



=== TEST 22: a method that is none
--- config
    location /a { postern_limit key=ip rate=1r/s methods=GET,FETCH; }
--- error_log
invalid parameter "methods=GET,FETCH", unknown method "FETCH"



=== TEST 23: a name that no response could carry
--- config
    location /a { postern_limit key=ip rate=1r/s 'name=a"b'; }
--- error_log
a name has 1 to 64 printable ASCII characters, without quotes and backslashes



=== TEST 24: a key that makes no name
--- config
    location /a { postern_limit 'key=$uri\"' rate=1r/s; }
--- error_log
"postern_limit" directive needs a "name" parameter



=== TEST 25: on_full that is neither
--- config
    location /a { postern_limit key=ip rate=1r/s on_full=wait; }
--- error_log
invalid parameter "on_full=wait"



=== TEST 26: a limit twice
--- config
    location /a { postern_limit key=ip rate=1r/s; postern_limit key=ip rate=1r/s; }
--- error_log
duplicate limit "ip-1r/s"



=== TEST 27: one name for two limits
--- config
    location /a { postern_limit key=ip rate=1r/s name=x; }
    location /b { postern_limit key=ip rate=2r/s name=x; }
--- error_log eval
qr/limit "x" has another rate or key in .*nginx\.conf:\d+ than in .*nginx\.conf:\d+/



=== TEST 28: off and on
--- config
    location /a { postern_limit key=ip rate=1r/s; postern_limit off; }
--- error_log
"postern_limit off" cannot be used together with other limits



=== TEST 29: off twice
--- config
    location /a { postern_limit off; postern_limit off; }
--- error_log
"postern_limit" directive is duplicate



=== TEST 30: too many limits
--- config eval
'location /a { ' . CORE::join('', map { "postern_limit key=ip rate=${_}r/s;" } 1 .. 17) . ' }'
--- error_log
more than 16 limits



=== TEST 31: fields that there are not
--- config
    location /a { postern_limit_headers x-rate; }
--- error_log
invalid value "x-rate" in "postern_limit_headers" directive



=== TEST 32: off among fields
--- config
    location /a { postern_limit_headers ietf off; }
--- error_log
invalid value "off" in "postern_limit_headers" directive



=== TEST 33: fields twice
--- config
    location /a { postern_limit_headers ietf ietf; }
--- error_log
duplicate value "ietf"



=== TEST 34: a prefix that is too long
--- config
    location /a { postern_limit_ipv6_prefix 129; }
--- error_log
invalid value "129" in "postern_limit_ipv6_prefix" directive



=== TEST 35: a level that there is not
--- config
    location /a { postern_limit_log_level loud; }
--- error_log
invalid value "loud" in "postern_limit_log_level" directive



=== TEST 36: settings twice
--- config
    location /a { postern_limit_log_level info; postern_limit_log_level info; }
--- error_log
"postern_limit_log_level" directive is duplicate
