# Every type comes out byte for byte as row_to_json renders it, whoever renders it.

use lib 't/lib';
use Postern::Fixture;
use JSON::PP;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/types     { postern_resource app table=api.types; }
    location /api/reference { postern_resource app table=api.types_reference key=id; }
CONF

# `--- as_reference: n`: the body must be what PostgreSQL itself makes of the row.
add_response_body_check(sub {
    my ($block, $body) = @_;
    my $id = $block->as_reference // return;
    my $port = server_port();
    my $reference = decode_json(scalar `curl -s http://127.0.0.1:$port/api/reference/$id`)->{row};
    utf8::encode($reference);
    is($body, $reference, $block->name . ' - as row_to_json');
});

run_tests();

__DATA__

=== TEST 1: ordinary values
--- request
GET /api/types/1
--- as_reference: 1



=== TEST 2: infinities, NaN, escapes, the empty string
--- request
GET /api/types/2
--- as_reference: 2



=== TEST 3: extremes
--- request
GET /api/types/3
--- as_reference: 3



=== TEST 4: NULL of every type
--- request
GET /api/types/4
--- as_reference: 4



=== TEST 5: in a list too
--- request
GET /api/types?select=id,f4,f8,num,b,t,ts,tstz,by,jb,ints,p3&id=in.(1,2)
--- response_body_like: ^\{"data":\[\{"id":1,"f4":1.5,"f8":0.1,"num":12345678901234567890.123456789,"b":true,"t":"plain","ts":"2024-02-29T13:14:15.5","tstz":"2024-02-29T11:14:15\+00:00","by":"\\\\xdeadbeef","jb":\{"b": \[1, 2\]\},"ints":\[1,2,null\],"p3":\{"x":1,"y":"two","z":true\}\},\{"id":2,"f4":"NaN","f8":"-Infinity","num":"NaN"



=== TEST 6: values go in as they come out
--- sql
GRANT INSERT, UPDATE ON api.types TO web_anon;
--- request eval
[qq(POST /api/types?select=id,i8,num,b,by,tstz,iv,jb,mood,p3,ints,texts,r\n) . '{"id":50,"i8":9007199254740993,"num":0.10,"b":false,"by":"\\\\x00ff","tstz":"2024-01-01T00:00:00+01:00","iv":"1 day","jb":{"k":[1,"x"]},"mood":"happy","p3":{"x":3,"y":"p","z":null},"ints":[1,null,3],"texts":["a","b\"c"],"r":"[1,3)"}']
--- more_headers
Content-Type: application/json
--- error_code: 201
--- response_body: {"id":50,"i8":9007199254740993,"num":0.10,"b":false,"by":"\\x00ff","tstz":"2023-12-31T23:00:00+00:00","iv":"1 day","jb":{"k": [1, "x"]},"mood":"happy","p3":{"x":3,"y":"p","z":null},"ints":[1,null,3],"texts":["a","b\"c"],"r":"[1,3)"}



=== TEST 7: values that a type does not take
--- request eval
[map { "PATCH /api/types/4\n$_" } '{"mood":"angry"}', '{"dom":-1}', '{"d":"2024-02-30"}', '{"u":"x"}', '{"ints":"x"}', '{"i2":40000}', '{"js":"x"}']
--- more_headers
Content-Type: application/json
--- sql
GRANT INSERT, UPDATE ON api.types TO web_anon;
--- error_code_like eval
[('^400$') x 6, '^200$']



=== TEST 8: filters by type
--- request eval
[map { "GET /api/types?select=id&$_" } 'u=eq.a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'mood=eq.happy&id=lt.9', 'tstz=gt.2024-01-01T00:00:00%2B01:00&tstz=lt.2025-01-01', 'b=eq.true', 'num=gt.1e19&num=lt.1e30', 'r=cs.[3,4)&id=lt.9', 'ip=eq.10.0.0.1/24']
--- response_body eval
[('{"data":[{"id":1}],"next_cursor":null}') x 7]
