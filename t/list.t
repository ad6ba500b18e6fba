# GET of a collection: shape, select, filters, order, limit.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/books  { postern_resource app table=api.books; }
    location /api/few    { postern_resource app table=api.books default_limit=2 max_limit=3; }
    location /api/events { postern_resource app table=api.events key=id; }
    location /api/empty  { postern_resource app table=api.context_log; }
CONF

run_tests();

__DATA__

=== TEST 1: data and next_cursor
--- request
GET /api/books?select=id
--- response_headers_like
Content-Type: application/json.*
--- response_headers
! Link
--- response_body: {"data":[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5}],"next_cursor":null}



=== TEST 2: an empty list
--- request eval
["GET /api/empty", "GET /api/books?id=eq.99"]
--- response_body eval
['{"data":[],"next_cursor":null}', '{"data":[],"next_cursor":null}']



=== TEST 3: a slash at the end is the same collection
--- request
GET /api/books/?select=id&limit=5
--- response_body_like: ^\{"data":\[\{"id":1\}



=== TEST 4: a page that is not the last has a cursor and a link
--- request
GET /api/books?select=id&limit=2
--- response_headers_like
Link: <(?:http://[^>]*)?/api/books\?(?=[^>]*limit=2)(?=[^>]*cursor=)(?=[^>]*select=id)[^>]*>; rel="next"
--- response_body_like: ^\{"data":\[\{"id":1\},\{"id":2\}\],"next_cursor":"[A-Za-z0-9_=-]+"\}$



=== TEST 5: default and maximum limit
--- request eval
["GET /api/few?select=id", "GET /api/few?select=id&limit=3", "GET /api/few?select=id&limit=4"]
--- error_code eval
[200, 200, 400]
--- response_body_like eval
['^\{"data":\[\{"id":1\},\{"id":2\}\],"next_cursor":"', '^\{"data":\[\{"id":1\},\{"id":2\},\{"id":3\}\],"next_cursor":"', '"code"']



=== TEST 6: limits that are none
--- request eval
["GET /api/books?limit=x", "GET /api/books?limit=-1", "GET /api/books?limit=99999999999999999999", "GET /api/books?offset=-1", "GET /api/books?limit="]
--- error_code eval
[(400) x 5]



=== TEST 7: limit 0 is an empty page
--- request
GET /api/books?limit=0
--- response_body: {"data":[],"next_cursor":null}



=== TEST 8: offset
--- request eval
["GET /api/books?select=id&offset=3", "GET /api/books?select=id&offset=1&limit=1&order=id.desc", "GET /api/books?offset=100"]
--- response_body_like eval
['^\{"data":\[\{"id":4\},\{"id":5\}\],"next_cursor":null\}$', '^\{"data":\[\{"id":4\}\]', '^\{"data":\[\],"next_cursor":null\}$']



=== TEST 9: comparisons
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'id=eq.3', 'id=neq.3', 'pages=gt.200', 'pages=gte.200', 'pages=lt.120', 'pages=lte.120', 'published=gt.2004-01-01', 'title=eq.A%20Winter%20of%20Doors']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [3], [1, 2, 4, 5], [2], [2, 3], [5], [1, 5], [2, 3], [3]]



=== TEST 10: patterns
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'title=like.*Door*', 'title=ilike.*DOOR*', 'title=like.*25*', 'title=match.^A', 'title=imatch.^a', 'author=like.Ada*', 'title=like.*100%25']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [1, 3], [1, 3], [], [3], [3], [1, 3], [4]]



=== TEST 11: in, with quoted members
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'id=in.(1,3,99)', 'author=in.(%22Cyd,%20O%27Hara%22,%22Ben%20Okoye%22)', 'title=in.(%22Quoted%20%5C%22Word%5C%22,%20(x)%22)', 'id=not.in.(1,2)']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [1, 3], [2, 5], [5], [3, 4, 5]]



=== TEST 12: is and isdistinct
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'author=is.null', 'author=not.is.null', 'available=is.true', 'available=is.false', 'available=is.unknown', 'pages=isdistinct.120']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [4], [1, 2, 3, 5], [1, 3, 5], [2], [4], [2, 3, 4, 5]]



=== TEST 13: full text
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'words=fts.door%20%26%20silent', 'words=plfts.winter%20doors', 'words=phfts.silent%20door', 'words=wfts.door%20-winter', 'words=fts(english).bridges', 'words=not.fts.door']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [1], [3], [1], [1], [2], [2, 4, 5]]



=== TEST 14: containment and overlap
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'tags=cs.%7Bmystery%7D', 'tags=cd.%7Bmystery,night,travel%7D', 'tags=ov.%7Btravel,night%7D', 'details=cs.%7B%22lang%22:%22en%22%7D', 'tags=not.cs.%7Bmystery%7D']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [1, 3], [1, 2, 3, 4], [1, 2], [1, 3], [2, 4, 5]]



=== TEST 15: and, or, not, nested
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'or=(id.eq.1,id.eq.5)', 'and=(pages.gt.100,pages.lt.300)', 'or=(id.eq.2,and(pages.gt.100,author.eq.Ada%20Vale))',
    'not.or=(id.eq.1,id.eq.2)', 'or=(id.not.in.(1,2,3),author.is.null)&id=lt.5', 'pages=gt.100&pages=lt.300', 'and=(or(id.eq.1,id.eq.2),not.and(id.eq.1,pages.eq.120))']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [1, 5], [1, 3], [1, 2, 3], [3, 4, 5], [4], [1, 3], [2]]



=== TEST 16: filters on paths into JSON
--- request eval
[map { "GET /api/books?select=id&order=id&$_" }
    'details->>lang=eq.en', 'details->size->>h=eq.22', 'details->marks->0=eq.4', 'details->>lang=is.null']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [1, 3], [2], [2], [4]]



=== TEST 17: order, with NULLs where they belong
--- request eval
[map { "GET /api/books?select=id&order=$_" }
    'id.desc', 'pages', 'pages.desc', 'pages.asc.nullsfirst', 'pages.desc.nullslast', 'price.desc.nullslast,id.desc', 'details->>lang.desc.nullslast,id']
--- response_body eval
[map { '{"data":[' . CORE::join(',', map { qq({"id":$_}) } @$_) . '],"next_cursor":null}' }
    [5, 4, 3, 2, 1], [5, 1, 3, 2, 4], [4, 2, 3, 1, 5], [4, 5, 1, 3, 2], [2, 3, 1, 5, 4], [2, 3, 1, 5, 4], [2, 1, 3, 5, 4]]



=== TEST 18: what is wrong in an argument is said
--- request eval
[map { "GET /api/books?$_" }
    'id=nope.1', 'id=eq', 'nope=eq.1', 'order=nope', 'order=id.sideways', 'select=nope', 'or=(id.eq.1', 'id=in.1', 'id=is.maybe', 'select=id,,title', 'id=eq.%zz', 'select=id:', 'title=eq.%00']
--- error_code eval
[(400) x 13]
--- response_body_like eval
[('^\{"code":"[^"]+","message":".+","details":(?:null|".+"),"hint":(?:null|".+")\}$') x 13]



=== TEST 19: values of the wrong type
--- request eval
['GET /api/books?id=eq.x', 'GET /api/books?published=gt.yesterdayish', 'GET /api/books?id=in.(1,x)', 'GET /api/books?title=match.(', 'GET /api/books?words=fts.a%20b']
--- error_code eval
[400, 400, 400, 400, 400]
--- response_body_like eval
['22P02', '22007', '22P02', '2201B', '42601']



=== TEST 20: text in an argument stays a value
--- request eval
[q(GET /api/books?select=id&title=eq.x'%20OR%20'1'='1), 'GET /api/books?select=id&title=eq.$1', 'GET /api/books?select=id&title=eq.%3B%20DROP%20TABLE%20api.books', 'GET /api/books?select=id&id=eq.1']
--- response_body eval
['{"data":[],"next_cursor":null}', '{"data":[],"next_cursor":null}', '{"data":[],"next_cursor":null}', '{"data":[{"id":1}],"next_cursor":null}']



=== TEST 21: identifiers cannot be smuggled in
--- request eval
['GET /api/books?select=id%22,(select%201)', 'GET /api/books?order=id%3Bselect%201', 'GET /api/books?select=id::int%3B--', q(GET /api/books?details->>'x=eq.1)]
--- error_code_like eval
['^400$', '^400$', '^400$', '^200$']



=== TEST 22: a cast to a type that does not exist
--- request
GET /api/books?select=id::nothing
--- error_code: 400



=== TEST 23: views are listed like tables
--- request
GET /api/events?bucket=eq.0&order=id.desc&limit=3&select=id,name
--- response_body_like: ^\{"data":\[\{"id":24,"name":"event 24"\},\{"id":21,"name":"event 21"\},\{"id":18,"name":"event 18"\}\],"next_cursor":"



=== TEST 24: columns in the order of select, twice where they are asked for twice with an alias
--- request
GET /api/books?select=title,id,again:id&id=eq.1
--- response_body: {"data":[{"title":"The Silent Door","id":1,"again":1}],"next_cursor":null}



=== TEST 25: a star is all columns
--- request
GET /api/events?select=*&id=eq.4
--- response_body: {"data":[{"id":4,"name":"event 4","bucket":1,"rank":null}],"next_cursor":null}
