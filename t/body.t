# JSON bodies, however they arrive.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/items { postern_resource app table=api.items; }
    location /api/file  { client_body_in_file_only clean; postern_resource app table=api.items; }
    location /api/tiny  { client_body_buffer_size 64; postern_resource app table=api.items; }
CONF

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(more_headers => "Content-Type: application/json\n") if !defined $block->more_headers;
});

run_tests();

__DATA__

=== TEST 1: malformed JSON is answered with its position
--- request eval
[map { "PATCH /api/items/1\n$_" } '{"note":}', '{"note":"x"', '{note:1}', "{\n  \"note\": tru\n}", '{"note":01}', '{"note":"x",}', '{"note":"a' . "\t" . 'b"}', '{"note":"\\x"}', '{} {}']
--- error_code eval
[(400) x 9]
--- response_body_like eval
[('"code":"PGRST102".*\b(?:line|column|position|offset|byte|character|object|at)\b') x 9]



=== TEST 2: the position counts lines
--- request eval
"PATCH /api/items/1\n{\n  \"note\": 1,\n  \"amount\" 2\n}"
--- error_code: 400
--- response_body_like: line 3



=== TEST 3: not objects
--- request eval
[map { "POST /api/items\n$_" } '1', '"x"', 'null', 'true', '[1]', '[[]]']
--- error_code eval
[(400) x 6]



=== TEST 4: no body
--- request eval
["POST /api/items", "PATCH /api/items/1", "PUT /api/items/1"]
--- error_code eval
[400, 400, 400]



=== TEST 5: invalid UTF-8, NUL, lone surrogates
--- request eval
["PATCH /api/items/1\n{\"note\":\"\xff\"}", 'PATCH /api/items/1' . "\n" . '{"note":"\u0000"}', 'PATCH /api/items/1' . "\n" . '{"note":"\ud800"}']
--- error_code eval
[400, 400, 400]



=== TEST 6: a key twice
--- request
PATCH /api/items/1
{"note": "a", "note": "b"}
--- error_code: 400



=== TEST 7: deep nesting is refused
--- request eval
"PATCH /api/items/1?select=id\n{\"data\":" . "[" x 20000 . "]" x 20000 . "}"
--- error_code: 400



=== TEST 8: chunked
--- request eval
"PATCH /api/items/2?select=note\n9\r\n{\"note\":\"\r\n3\r\nabc\r\n2\r\n\"}\r\n0\r\n\r\n"
--- more_headers
Content-Type: application/json
Transfer-Encoding: chunked
--- response_body: {"note":"abc"}



=== TEST 9: chunked, slowly, with a trailer
--- request eval
[[ {value => "PATCH /api/items/3?select=note\n8\r\n{\"note\":"}, {value => "\r\n5\r\n\"abc\"", delay_before => 0.1}, {value => "\r\n1\r\n}\r\n0\r\nX-Trailer: 1\r\n\r\n", delay_before => 0.1} ]]
--- more_headers
Content-Type: application/json
Transfer-Encoding: chunked
--- response_body: {"note":"abc"}



=== TEST 10: bad chunks
--- request eval
"PATCH /api/items/2\nzz\r\n{}\r\n0\r\n\r\n"
--- more_headers
Content-Type: application/json
Transfer-Encoding: chunked
--- error_code: 400
--- no_error_log
[alert]



=== TEST 11: from a temporary file
--- request
PATCH /api/file/4?select=note
{"note": "from a file"}
--- response_body: {"note":"from a file"}
--- no_error_log
[error]



=== TEST 12: partly buffered, partly in a file
--- request eval
["PATCH /api/tiny/5?select=note\n" . '{"note":"' . "y" x 5000 . '"}']
--- response_body eval
['{"note":"' . "y" x 5000 . '"}']
--- no_error_log
[error]



=== TEST 13: megabytes
--- request eval
["PATCH /api/items/6?select=note\n" . '{"note":"' . "0123456789" x 300000 . '"}', "GET /api/items/6?select=note"]
--- response_body eval
[('{"note":"' . "0123456789" x 300000 . '"}') x 2]
--- timeout: 20



=== TEST 14: many rows in megabytes, chunked through a file
--- request eval
my $rows = '[' . CORE::join(',', map { qq({"id":$_,"name":"bulk $_"}) } 10001 .. 12000) . ']';
["POST /api/tiny?select=id\n" . CORE::join('', map { sprintf "%x\r\n%s\r\n", length, $_ } $rows =~ /(.{1,1000})/gs) . "0\r\n\r\n"]
--- more_headers
Content-Type: application/json
Transfer-Encoding: chunked
--- error_code: 201
--- response_body_like: "id":12000
--- no_error_log
[error]
--- timeout: 20



=== TEST 15: in two packets
--- request eval
[[ "PATCH /api/items/7?select=note\n{\"no", {value => "te\":\"two\"}", delay_before => 0.1} ]]
--- response_body: {"note":"two"}



=== TEST 16: whitespace around
--- request eval
"PATCH /api/items/8?select=note\n{\r\n\t \"note\" : \"w\" \n}"
--- response_body: {"note":"w"}



=== TEST 17: numbers keep every digit
--- request
PATCH /api/items/9?select=data
{"data": {"n": 12345678901234567890.123456789012345, "e": 1e2}}
--- response_body: {"data":{"e": 100, "n": 12345678901234567890.123456789012345}}
