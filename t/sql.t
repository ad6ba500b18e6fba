# postern_sql: statements with named parameters as an endpoint.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

our %claims = (sub => 'alice', role => 'web_user', exp => time + 300, list => [1, 'x'], nothing => undef);

Postern::Fixture::write_file("$ENV{TEST_NGINX_FIXTURE_DIR}/report.sql", <<'SQL');
-- A report, with a comment; and more than one line.
select :arg_n::int * 2 as twice;
SQL

run_tests();

__DATA__

=== TEST 1: every kind of parameter
--- config
    location = /a/b {
        postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
        postern_sql app "select :method as method, :path as path, :remote_addr::inet as addr, :arg_a as a, :arg_none as none,
                         :header_x_test as header, :header_X_None as no_header, :cookie_sid as cookie, :claim_sub as sub,
                         :claim_role as role, :claim_list::json as list, :claim_nothing as nothing, :claim_none as no_claim,
                         :var_request_method as var" returns=object;
    }
--- request
GET /a/b?a=1%20%C3%A9+x&b=2
--- more_headers eval
main::bearer({%main::claims}) . "\nX-Test: it's\nCookie: a=b; sid=s1"
--- response_headers
Content-Type: application/json; charset=utf-8
--- response_body: {"method":"GET","path":"/a/b","addr":"127.0.0.1","a":"1 é x","none":null,"header":"it's","no_header":null,"cookie":"s1","sub":"alice","role":"web_user","list":[1,"x"],"nothing":null,"no_claim":null,"var":"GET"}



=== TEST 2: the body by the type that the statement gives it
--- config
    location = /json  { postern_sql app "select api.echo(:body)"; }
    location = /jsonb { postern_sql app "select :body::jsonb"; }
    location = /text  { postern_sql app "select :body::text" body=any; }
    location = /int   { postern_sql app "select :body::int + 1" body=any; }
    location = /bytes { postern_sql app "select length(:body_bytes), encode(:body_bytes, 'hex')" returns=object; }
--- request eval
["POST /json\n" . '{"a" : [1, "x"] }', "POST /jsonb\n" . '{"a" : [1, "x"] }', "POST /text\n\"q\" \\ 'x'", "PUT /int\n41",
 "PATCH /bytes\n\\\x01\xff\x00'"]
--- more_headers eval
["Content-Type: application/json", "Content-Type: application/json; charset=utf-8", "Content-Type: text/plain",
 "Content-Type: text/plain", "Content-Type: application/octet-stream"]
--- response_body eval
['{"a" : [1, "x"] }', '{"a": [1, "x"]}', '"\"q\" \\\\ \'x\'"', '42', '{"length":5,"encode":"5c01ff0027"}']



=== TEST 3: no body is NULL, and GET has none
--- config
    location = /a { postern_sql app "select coalesce(:body::text, 'none')"; }
--- request eval
["POST /a", "GET /a", "DELETE /a"]
--- response_body eval
['"none"', '"none"', '"none"']



=== TEST 4: bodies that are refused
--- config
    location = /a   { postern_sql app "select api.echo(:body)"; }
    location = /any { postern_sql app "select :body::text" body=any; }
--- request eval
["POST /a\na=b", "POST /a\n{}", "POST /a\n{}", "POST /a\n{", "POST /any\n\xff", "POST /any\na\0b"]
--- more_headers eval
["Content-Type: application/x-www-form-urlencoded", "X-Nothing: 1", "Content-Type: application/json\nContent-Encoding: gzip",
 "Content-Type: application/json", "X-Nothing: 1", "X-Nothing: 1"]
--- error_code eval
[415, 415, 415, 400, 400, 400]
--- response_body_like eval
['PGRST107', 'PGRST107', 'POSTERN101', '22P02', 'PGRST102', '22021']



=== TEST 5: values are values, whatever is in them
--- config
    location = /a { postern_sql app "select :arg_a as a, :header_x_a as b, length(:arg_a) as n" returns=object; }
--- request eval
["GET /a?a=%27;drop%20table%20api.log;--", "GET /a?a=%5C%27%27;select+1", "GET /a?a=\$1:arg_a%00", "GET /a?a=%241:arg_b::int"]
--- more_headers eval
["X-A: ' or ''='", "X-A: \\", "X-A: \$\$", "X-A: /*"]
--- error_code eval
[200, 200, 400, 200]
--- response_body_like eval
["^\\{\"a\":\"';drop table api.log;--\",\"b\":\"' or ''='\",\"n\":23\\}\$", '"a":"\\\\\\\\\'\';select 1","b":"\\\\\\\\"', 'PGRST100', '"a":"\$1:arg_b::int"']



=== TEST 6: a value of the wrong type is the client's mistake
--- config
    location = /a { postern_sql app "select :arg_n::int * 2"; }
--- request eval
["GET /a?n=21", "GET /a?n=x", "GET /a?n=99999999999", "GET /a?n=1&n=2", "GET /a?n=%zz", "GET /a?n=%ff", "GET /a"]
--- error_code eval
[200, 400, 400, 400, 400, 400, 200]
--- response_body_like eval
['^42$', '22P02', '22003', 'POSTERN103', 'PGRST100', 'PGRST100', '^null$']



=== TEST 7: what looks like a parameter and is none
--- config
    location = /a {
        postern_sql app "select ':body' as a, $$:arg_a;$$ as b, (array[1,2,3])[1:2] as c, 1::int as \":d\" /* :e ; /* */ */ -- :f ;
                         , E'\\':g;' as h;" returns=object;
    }
--- request
GET /a
--- response_body: {"a":":body","b":":arg_a;","c":[1,2],":d":1,"h":"':g;"}



=== TEST 8: types are rendered as to_json renders them
--- config
    location = /a {
        postern_sql app "select 1.50::numeric as n, true as b, null::int as nothing, '2024-01-02 03:04:05+00'::timestamptz as t, '{\"a\": 1}'::jsonb as j,
                         array['a b', null, 'q\"'] as texts, array[[1,2],[3,4]] as numbers, '{}'::int[] as empty, array['{}'::json] as jsons,
                         'red'::api.colour as e, 5::api.year as d, int4range(1, 3) as r, '\x00ff'::bytea as x,
                         'NaN'::float8 as nan" returns=object;
    }
--- request
GET /a
--- response_body: {"n":1.50,"b":true,"nothing":null,"t":"2024-01-02T03:04:05+00:00","j":{"a": 1},"texts":["a b",null,"q\""],"numbers":[[1,2],[3,4]],"empty":[],"jsons":[{}],"e":"red","d":5,"r":"[1,3)","x":"\\x00ff","nan":"NaN"}



=== TEST 9: shapes
--- config
    location = /value  { postern_sql app "select title from api.books where id = :arg_id::int"; }
    location = /object { postern_sql app "select id, title from api.books where id = :arg_id::int" returns=object; }
    location = /array  { postern_sql app "select id from api.books where id >= :arg_id::int order by id" returns=array; }
    location = /rows   { postern_sql app "select id, pages from api.books where id >= :arg_id::int order by id"; }
    location = /void   { postern_sql app "select api.nothing()"; }
    location = /none   { postern_sql app "delete from api.log where id < 0"; }
    location = /null   { postern_sql app "select null"; }
--- request eval
["GET /value?id=1", "GET /value?id=99", "GET /object?id=2", "GET /object?id=99", "GET /array?id=4", "GET /array?id=99",
 "GET /rows?id=3", "GET /void", "POST /none", "GET /null"]
--- error_code eval
[200, 404, 200, 404, 200, 200, 200, 204, 204, 200]
--- response_body_like eval
['^"The Silent Door"$', 'POSTERN404', '^\{"id":2,"title":"Rivers and Bridges"\}$', 'POSTERN404', '^\[\{"id":4\},\{"id":5\}\]$',
 '^\[\]$', '^\[\{"id":3,"pages":200\},\{"id":4,"pages":null\},\{"id":5,"pages":90\}\]$', '^$', '^$', '^null$']



=== TEST 10: results that do not fit are errors of the server
--- config
    location = /rows    { postern_sql app "select title from api.books"; }
    location = /object  { postern_sql app "select * from api.books" returns=object; }
    location = /columns { postern_sql app "select 1, 2" returns=value; }
    location = /size    { postern_sql app "select repeat('x', :arg_n::int)" max_size=1k; }
--- request eval
["GET /rows", "GET /object", "GET /columns", "GET /size?n=2000", "GET /size?n=10"]
--- error_code eval
[500, 500, 500, 500, 200]
--- response_body_like eval
['POSTERN360', 'POSTERN360', 'POSTERN362', 'POSTERN361', '^"x{10}"$']
--- error_log
more than one row
--- no_error_log
[alert]



=== TEST 11: several statements are one transaction, and the last one with rows answers
--- config
    location = /a {
        postern_sql app "insert into api.log (text) values (:arg_a); insert into api.log (text) values (:arg_b)
                         returning text; delete from api.log where text = :arg_a;";
    }
    location = /count { postern_sql app "select count(*) from api.log where text like :arg_p || '%'"; }
--- request eval
["POST /a?a=t11a&b=t11b", "GET /count?p=t11", "POST /a?a=t11c&b=t11b", "GET /count?p=t11"]
--- error_code eval
[200, 200, 409, 200]
--- response_body_like eval
['^"t11b"$', '^1$', '23505', '^1$']



=== TEST 12: GET and read_only cannot write
--- config
    location = /a { postern_sql app "insert into api.log (text) values ('t12') returning id"; }
    location = /b { postern_sql app "insert into api.log (text) values ('t12') returning id" read_only; }
--- request eval
["GET /a", "HEAD /a", "POST /b"]
--- error_code eval
[405, 405, 405]



=== TEST 13: methods
--- config
    location = /a { postern_sql app "select 1" methods=GET,POST; }
    location = /b { postern_sql app "select 1" methods=DELETE; }
    location = /c { postern_sql app "select 1"; }
    location = /d { postern_sql app "select 1"; limit_except POST { deny all; } }
--- request eval
["GET /a", "PUT /a", "HEAD /b", "DELETE /b", "OPTIONS /c", "PATCH /c", "GET /d", "POST /d"]
--- error_code eval
[200, 405, 405, 200, 405, 200, 403, 200]
--- response_headers eval
["Allow:", "Allow: GET, HEAD, POST", "Allow: DELETE", "Allow:", "Allow: GET, HEAD, POST, PUT, PATCH, DELETE", "Allow:", "Allow:", "Allow:"]
--- error_log
access forbidden by rule



=== TEST 14: status and headers from SQL
--- config
    location = /a { postern_sql app "select api.answer(:arg_s, :arg_h, :arg_b)"; }
--- request eval
['GET /a?s=201&h=[{"X-A":"1"},{"X-B":"2"}]&b={}', 'GET /a?s=404&b={"code":"gone"}', 'GET /a?s=204&b=1', 'GET /a?b=1', 'GET /a?s=401&b=1']
--- error_code eval
[201, 404, 204, 200, 401]
--- response_headers eval
["X-A: 1\nX-B: 2", "Content-Type: application/json; charset=utf-8", "Content-Type:", "X-A:", "WWW-Authenticate: Bearer"]
--- response_body_like eval
['^\{\}$', '^\{"code":"gone"\}$', '^$', '^1$', '^1$']



=== TEST 15: status and headers that cannot be sent
--- config
    location = /a { postern_sql app "select api.answer(:arg_s, :arg_h, '1')"; }
--- request eval
['GET /a?s=99', 'GET /a?s=abc', 'GET /a?h=x', 'GET /a?h=[{"X-A":"1%0d%0aX-B:2"}]', 'GET /a?h=[{"Content-Length":"0"}]', 'GET /a?h=[{"X-A":"1%5Cr%5CnX-B:2"}]']
--- error_code eval
[(500) x 6]
--- response_body_like eval
['PGRST112', 'PGRST112', ('PGRST111') x 4]
--- error_log
response.status guc must be a valid status code



=== TEST 16: what one request sets is not there for the next, not even what was set for the session
--- database
connections 1;
--- config
    location = /set  { postern_sql app "select api.answer('202', '[{\"X-A\":\"1\"}]', '1')"; }
    location = /keep { postern_sql app "select api.careless()"; }
    location = /get  { postern_sql app "select 1"; }
--- request eval
["GET /set", "GET /get", "GET /keep", "GET /get", "GET /get"]
--- error_code eval
[202, 200, 418, 200, 200]
--- response_headers eval
["X-A: 1", "X-A:", "X-A:", "X-A:", "X-A:"]



=== TEST 17: errors are raised as everywhere
--- config
    location = /a { postern_sql app "select api.raise_text(:arg_c)"; }
    location = /b { postern_sql app "select nonsense from nowhere"; }
    location = /c { postern_sql app "select * from hidden.secrets"; }
--- sql
CREATE OR REPLACE FUNCTION api.raise_text(code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = code, DETAIL = 'd'; END $$;
--- request eval
["GET /a?c=PT402", "GET /a?c=23505", "GET /b", "GET /c"]
--- error_code eval
[402, 409, 404, 401]
--- response_body_like eval
['"code":"PT402","message":"raised","details":"d"', '23505', '42P01', '42501']



=== TEST 18: a parameter without a type is a mistake of the script
--- config
    location = /a { postern_sql app "select json_build_object('a', :arg_a)"; }
    location = /b { postern_sql app "select json_build_object('a', :arg_a::text)"; }
--- request eval
["GET /a?a=1", "GET /b?a=1"]
--- error_code eval
[500, 200]
--- response_body_like eval
['42P18', '^\{"a" : "1"\}$']
--- error_log
could not determine data type of parameter $1



=== TEST 19: locations of every kind
--- config
    location /prefix                  { postern_sql app "select :path"; }
    location ~ ^/books/(?<id>\d+)$    { postern_sql app "select title from api.books where id = :var_id::int"; }
    location /named                   { try_files /nonexistent @named; }
    location @named                   { postern_sql app "select 'named ' || :path"; }
    location = /if { postern_sql app "select 'if'"; if ($arg_x) { add_header X-If 1; } }
--- request eval
["GET /prefix/a/b", "GET /books/2", "GET /named/x", "GET /if?x=1"]
--- response_body eval
['"/prefix/a/b"', '"Rivers and Bridges"', '"named /named/x"', '"if"']
--- response_headers eval
["X-If:", "X-If:", "X-If:", "X-If: 1"]



=== TEST 20: the role and the settings of the request
--- config
    location = /a {
        postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
        postern_sql app "select current_user, current_setting('request.method') as method,
                         current_setting('request.jwt.claims')::json ->> 'sub' as sub" returns=object;
    }
--- request eval
[("GET /a") x 3]
--- more_headers eval
[main::bearer({%main::claims}), "X-Nothing: 1", "Authorization: Bearer x.y.z"]
--- error_code eval
[200, 200, 401]
--- response_body_like eval
['^\{"current_user":"web_user","method":"GET","sub":"alice"\}$', '"current_user":"web_anon","method":"GET","sub":null', 'PGRST301']



=== TEST 21: without prepared statements it is the same
--- database
prepare off;
--- config
    location = /a { postern_sql app "select :arg_a::int + 1; select :arg_a::int as a, :path as path" returns=object; }
--- request eval
[("GET /a?a=1") x 3]
--- response_body eval
[('{"a":1,"path":"/a"}') x 3]



=== TEST 22: a function that is replaced by one with other columns
--- database
connections 1;
--- config
    location = /a      { postern_sql app "select * from api.changing()" returns=object; }
    location = /change {
        postern_sql app "select api.change()" methods=POST;
    }
--- sql
DROP FUNCTION IF EXISTS api.changing();
CREATE FUNCTION api.changing() RETURNS TABLE (a int) LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION api.change() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    DROP FUNCTION api.changing();
    CREATE FUNCTION api.changing() RETURNS TABLE (b text, c bool) LANGUAGE sql AS 'SELECT ''x'', true';
END $$;
--- request eval
["GET /a", "GET /a", "POST /change", "GET /a", "GET /a"]
--- response_body eval
['{"a":1}', '{"a":1}', '', '{"b":"x","c":true}', '{"b":"x","c":true}']
--- error_code eval
[200, 200, 204, 200, 200]



=== TEST 23: a script in a file
--- config
    location = /a { postern_sql app file=$TEST_NGINX_FIXTURE_DIR/report.sql returns=object; }
--- request
GET /a?n=2
--- response_body: {"twice":4}



=== TEST 24: Accept
--- config
    location = /a { postern_sql app "select 1"; }
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["Accept: text/html", "Accept: application/*"]
--- error_code eval
[406, 200]



=== TEST 25: HEAD has the header of GET
--- config
    location = /a { postern_sql app "select 'x'"; }
--- request
HEAD /a
--- response_headers
Content-Length: 3
--- response_body:



=== TEST 26: rows of composite types and of types of one's own keep PostgreSQL's notation, to_json makes more of them
--- config
    location = /a { postern_sql app "select row(1, 'x')::api.pair as p, to_json(row(1, 'x')::api.pair) as j, array['red']::api.colour[] as e" returns=object; }
--- request
GET /a
--- response_body: {"p":"(1,x)","j":{"a":1,"b":"x"},"e":"{red}"}



=== TEST 27: a subrequest runs its script under the same rules
--- database
connections 1;
--- config
    location = /a {
        mirror      /mirror;
        postern_sql app "select 'main'";
    }
    location = /mirror {
        internal;
        postern_jwt secret_file=$TEST_NGINX_SECRET_FILE;
        postern_sql app "select api.note('t26 ' || :arg_n || ' ' || :claim_role)";
    }
    location = /seen { postern_sql app "select string_agg(text, ',' order by text) from api.log where text like 't26%'"; }
--- sql
CREATE OR REPLACE FUNCTION api.note(note text) RETURNS void LANGUAGE sql AS 'INSERT INTO api.log (text) VALUES (note)';
--- request eval
["POST /a?n=1", "POST /a?n=2", "POST /a?n=3", "GET /seen"]
--- more_headers eval
[main::bearer({%main::claims}), "X-Nothing: 1", "Authorization: Bearer x.y.z", "X-Nothing: 1"]
--- response_body eval
['"main"', '"main"', '"main"', '"t26 1 web_user,t26 2 web_anon"']



=== TEST 28: large bodies, which nginx keeps in a file
--- config
    location = /a { client_body_buffer_size 1k; postern_sql app "select length(:body)" body=any; }
--- request eval
"POST /a\n" . "x" x 100000
--- response_body: 100000



=== TEST 29: a body that is too large is refused as everywhere
--- config
    location = /a { client_max_body_size 10; postern_sql app "select length(:body)" body=any; }
--- request eval
"POST /a\n" . "x" x 11
--- error_code: 413
--- response_headers
Content-Type: application/json; charset=utf-8
--- response_body_like: POSTERN413
--- error_log
client intended to send too large body



=== TEST 30: a body that nobody asked for is dropped, and the connection goes on
--- config
    location = /a { postern_sql app "select :method"; }
--- pipelined_requests eval
["POST /a\n" . "x" x 5000, "GET /a\nwith a body", "DELETE /a"]
--- response_body eval
['"POST"', '"GET"', '"DELETE"']



=== TEST 31: a value stays a value inside SQL that is made of it
--- config
    location = /a { postern_sql app "select count(*) from api.log where text = format('%s', :arg_a::text) or text like :arg_a" read_only; }
--- request eval
["GET /a?a=%27%20or%20true%20--", "GET /a?a=%5C", "GET /a?a=%3Aarg_b%24%24%3B"]
--- error_code eval
[200, 200, 200]
--- response_body_like eval
[("^0\$") x 3]



=== TEST 32: error_page and satisfy work as they do elsewhere
--- config
    location = /a {
        satisfy any; deny all;
        postern_jwt on secret_file=$TEST_NGINX_SECRET_FILE;
        postern_sql app "select :claim_sub";
    }
    location = /b { error_page 418 = @teapot; return 418; }
    location @teapot { postern_sql app "select set_config('response.status', '418', true)"; }
--- request eval
["GET /a", "GET /a", "GET /b"]
--- more_headers eval
[main::bearer({%main::claims}), "X-Nothing: 1", "X-Nothing: 1"]
--- error_code eval
[200, 401, 418]
--- response_body_like eval
['^"alice"$', 'PGRST302', '^"418"$']



=== TEST 33: an unknown parameter
--- config
    location /a { postern_sql app "select :colour"; }
--- must_die
--- error_log
[emerg]
unknown parameter ":colour" at line 1 of the SQL in "postern_sql" directive



=== TEST 34: an unknown variable
--- config
    location /a { postern_sql app "select :var_colour"; }
--- must_die
--- error_log
[emerg]
unknown "colour" variable



=== TEST 35: nothing to run
--- config
    location /a { postern_sql app "select 1;;"; }
--- must_die
--- error_log
[emerg]
empty statement at line 1 of the SQL in "postern_sql" directive



=== TEST 36: a string without an end
--- config
    location /a { postern_sql app "select 'a"; }
--- must_die
--- error_log
[emerg]
unterminated string at line 1 of the SQL in "postern_sql" directive



=== TEST 37: numbered parameters
--- config
    location /a { postern_sql app "select $1"; }
--- must_die
--- error_log
[emerg]
parameter without a name



=== TEST 38: the transaction is not the script's
--- config
    location /a { postern_sql app "select 1; commit; select 2"; }
--- must_die
--- error_log
[emerg]
"commit" cannot be used



=== TEST 39: no statement
--- config
    location /a { postern_sql app; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "postern_sql" directive



=== TEST 40: a parameter that does not exist
--- config
    location /a { postern_sql app "select 1" colour=red; }
--- must_die
--- error_log
[emerg]
invalid parameter "colour=red"



=== TEST 41: a shape that does not exist
--- config
    location /a { postern_sql app "select 1" returns=table; }
--- must_die
--- error_log
[emerg]
invalid parameter "returns=table"



=== TEST 42: a method that is not served
--- config
    location /a { postern_sql app "select 1" methods=GET,OPTIONS; }
--- must_die
--- error_log
[emerg]
invalid parameter "methods=GET,OPTIONS"



=== TEST 43: a parameter twice
--- config
    location /a { postern_sql app "select 1" body=any body=json; }
--- must_die
--- error_log
[emerg]
duplicate parameter "body"



=== TEST 44: a size that is none
--- config
    location /a { postern_sql app "select 1" max_size=0; }
--- must_die
--- error_log
[emerg]
invalid parameter "max_size=0"



=== TEST 45: a location answers in one way
--- config
    location /a { postern_sql app "select 1"; postern_resource app table=api.books; }
--- must_die
--- error_log
[emerg]
"postern_resource" cannot be used together with "postern_sql"



=== TEST 46: twice
--- config
    location /a { postern_sql app "select 1"; postern_sql app "select 2"; }
--- must_die
--- error_log
[emerg]
"postern_sql" directive is duplicate



=== TEST 47: a database that does not exist
--- config
    location /a { postern_sql nope "select 1"; }
--- must_die
--- error_log
[emerg]
unknown database "nope"



=== TEST 48: a file that is not there
--- config
    location /a { postern_sql app file=/nonexistent/x.sql; }
--- must_die
--- error_log
[emerg]
/nonexistent/x.sql



=== TEST 49: where it may not stand
--- config
    postern_sql app "select 1";
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
"postern_sql" directive is not allowed here



=== TEST 50: changes are words or relations
--- config
    location /a { postern_sql app "select 1" changes=items; }
--- must_die
--- error_log
[emerg]
invalid parameter "changes=items"



=== TEST 51: changes twice
--- config
    location /a { postern_sql app "select 1" changes=all changes=none; }
--- must_die
--- error_log
[emerg]
duplicate parameter "changes"
