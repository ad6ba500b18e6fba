# postern_request_id and $postern_request_id: whose number of a request counts.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    set $trusted 0;
    if ($http_x_from = gateway) { set $trusted 1; }
    add_header X-Id $postern_request_id always;

    location = /own     { return 204; }
    location = /twice   { return 200 "$postern_request_id $postern_request_id"; }
    location = /trusted { postern_request_id X-Request-ID if=$trusted; return 204; }
    location /all {
        postern_request_id x-correlation-id;
        location = /all/off { postern_request_id off; return 204; }
        return 204;
    }
    location = /filter {
        postern_request_id X-Request-ID;
        postern_filter block;
        postern_sql app "select 1 as one" methods=GET;
    }
CONF

# No number is given twice.
my %seen;
add_response_body_check(sub {
    my ($block, $body) = @_;
    return if !defined $block->fresh;
    my ($id) = $body =~ /^([0-9a-f]{32})/;
    ok(!$seen{ $id // '' }++ && $id !~ /^0+$/, $block->name . ' - it is a new one');
});

run_tests();

__DATA__

=== TEST 1: a client's number does not count by itself
--- request
GET /own
--- more_headers
X-Request-ID: abc
--- error_code: 204
--- response_headers_like
X-Id: [0-9a-f]{32}



=== TEST 2: that of one who is trusted does
--- request
GET /trusted
--- more_headers
X-Request-ID: Root=1-67891233-abcdef
X-From: gateway
--- error_code: 204
--- response_headers
X-Id: Root=1-67891233-abcdef



=== TEST 3: and that of anybody else does not
--- request
GET /trusted
--- more_headers
X-Request-ID: abc
X-From: somebody
--- error_code: 204
--- response_headers_like
X-Id: [0-9a-f]{32}



=== TEST 4: nor one that is none, or that is not there
--- request eval
["GET /trusted", "GET /trusted", "GET /trusted"]
--- more_headers eval
["X-From: gateway\nX-Request-ID: a b", "X-From: gateway\nX-Request-ID: " . "x" x 129, "X-From: gateway"]
--- error_code eval
[204, 204, 204]
--- response_headers_like eval
[("X-Id: [0-9a-f]{32}") x 3]



=== TEST 5: of everybody, in another field; off below it
--- request eval
["GET /all", "GET /all/off"]
--- more_headers
X-Correlation-ID: abc
--- error_code eval
[204, 204]
--- response_headers_like eval
["X-Id: abc", "X-Id: [0-9a-f]{32}"]



=== TEST 6: it is what is told of a request that the filter blocks
--- request
GET /filter?q=%27%20or%201=1--%20
--- more_headers
X-Request-ID: abc-1
--- error_code: 403
--- response_body_like: "details":"request abc-1"
--- error_log
abc-1



=== TEST 7: of two fields neither counts
--- request
GET /trusted
--- more_headers
X-Request-ID: abc
X-Request-ID: def
X-From: gateway
--- error_code: 204
--- response_headers_like
X-Id: [0-9a-f]{32}



=== TEST 8: no name of a field
--- config
    location = /x { postern_request_id "X Y"; }
--- must_die
--- error_log
invalid parameter "X Y"



=== TEST 9: no condition
--- config
    location = /x { postern_request_id X-Request-ID unless=$x; }
--- must_die
--- error_log
invalid parameter "unless=$x"



=== TEST 10: twice
--- config
    location = /x { postern_request_id X-Request-ID; postern_request_id off; }
--- must_die
--- error_log
"postern_request_id" directive is duplicate



=== TEST 11: the word is no field
--- config
    location = /x { postern_request_id Off if=$x; }
--- must_die
--- error_log
invalid parameter "Off"



=== TEST 12: it is the same for all who ask, and another one for each request
--- request eval
[("GET /twice") x 40]
--- response_body_like eval
[('^([0-9a-f]{32}) \\1$') x 40]
--- fresh
