# Every wrong directive fails `nginx -t` in nginx's own words, with the file and the line; every right one is taken.

use lib 't/lib';
use Postern::Fixture;
use Test::Nginx::Socket 'no_plan';

for (['short', 'short'], ['empty', '']) {
    Postern::Fixture::write_file("$ENV{TEST_NGINX_FIXTURE_DIR}/$_->[0]", $_->[1]);
}

run_tests();

__DATA__

=== TEST 1: a database needs a name
--- http_config
postern_database { dsn "host=/tmp"; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "postern_database" directive



=== TEST 2: a database has one name
--- http_config
postern_database a b { dsn "host=/tmp"; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "postern_database" directive



=== TEST 3: a database twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
duplicate database "app"



=== TEST 4: a database without a dsn
--- http_config
postern_database app { connections 2; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
dsn



=== TEST 5: an unknown directive in a database
--- http_config
postern_database app { dsn "host=/tmp user=x"; colour red; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
unknown directive "colour"



=== TEST 6: a database where none may be
--- http_config

--- config
    location /a { postern_database app { dsn "host=/tmp"; } }
--- must_die
--- error_log
[emerg]
"postern_database" directive is not allowed here



=== TEST 7: dsn twice
--- http_config
postern_database app { dsn "host=/tmp user=x"; dsn "host=/tmp user=x"; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
"dsn" directive is duplicate



=== TEST 8: a dsn that is none
--- http_config
postern_database app { dsn "host=/tmp colour=red"; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
dsn



=== TEST 9: a dsn with a port that is none
--- http_config
postern_database app { dsn "host=/tmp port=x"; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
dsn



=== TEST 10: a dsn with an unknown sslmode
--- http_config
postern_database app { dsn "host=/tmp sslmode=maybe"; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
dsn



=== TEST 11: connections is a number
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; connections x; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 12: connections is not zero
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; connections 0; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 13: connections twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; connections 2; connections 2; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 14: connections has a value
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; connections; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "connections" directive



=== TEST 15: pipeline is a number
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; pipeline x; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 16: pipeline is not zero
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; pipeline 0; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 17: pipeline twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; pipeline 2; pipeline 2; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 18: pipeline has a value
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; pipeline; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "pipeline" directive



=== TEST 19: statements is a number
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; statements x; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 20: statements is not zero
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; statements 0; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 21: statements twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; statements 2; statements 2; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 22: statements has a value
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; statements; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "statements" directive



=== TEST 23: queue is a number
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; queue many; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 24: connect_timeout is a time
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; connect_timeout soon; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 25: connect_timeout twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; connect_timeout 1s; connect_timeout 1s; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 26: query_timeout is a time
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; query_timeout soon; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 27: query_timeout twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; query_timeout 1s; query_timeout 1s; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 28: acquire_timeout is a time
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; acquire_timeout soon; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 29: acquire_timeout twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; acquire_timeout 1s; acquire_timeout 1s; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 30: idle_timeout is a time
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; idle_timeout soon; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 31: idle_timeout twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; idle_timeout 1s; idle_timeout 1s; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 32: max_lifetime is a time
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; max_lifetime soon; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid



=== TEST 33: max_lifetime twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; max_lifetime 1s; max_lifetime 1s; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 34: prepare is on or off
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; prepare maybe; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
maybe



=== TEST 35: schemas needs one
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; schemas; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "schemas" directive



=== TEST 36: schemas twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; schemas a; schemas b; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
is duplicate



=== TEST 37: anonymous_role has one name
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; anonymous_role a b; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "anonymous_role" directive



=== TEST 38: context has known parts
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; context role colour; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
colour



=== TEST 39: context off is alone
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; context off role; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
context



=== TEST 40: a password file that is not there
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; password_file /nonexistent/file; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
/nonexistent/file



=== TEST 41: a resource needs a database
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "postern_resource" directive



=== TEST 42: a resource needs a table
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app; }
--- must_die
--- error_log
[emerg]
"postern_resource"



=== TEST 43: a database that does not exist
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource nope table=api.a; }
--- must_die
--- error_log
[emerg]
nope



=== TEST 44: a table without a schema
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=a; }
--- must_die
--- error_log
[emerg]
table=a



=== TEST 45: an empty table
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=; }
--- must_die
--- error_log
[emerg]
table=



=== TEST 46: an unknown parameter
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=api.a colour=red; }
--- must_die
--- error_log
[emerg]
colour=red



=== TEST 47: a parameter twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=api.a table=api.b; }
--- must_die
--- error_log
[emerg]
table



=== TEST 48: default_limit is a number
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=api.a default_limit=x; }
--- must_die
--- error_log
[emerg]
invalid value "x"



=== TEST 49: max_limit is not zero
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=api.a max_limit=0; }
--- must_die
--- error_log
[emerg]
invalid value "0"



=== TEST 50: default_limit is not above max_limit
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=api.a default_limit=10 max_limit=5; }
--- must_die
--- error_log
[emerg]
limit



=== TEST 51: an empty key
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=api.a key=; }
--- must_die
--- error_log
[emerg]
key=



=== TEST 52: two resources in one location
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_resource app table=api.a; postern_resource app table=api.b; }
--- must_die
--- error_log
[emerg]
"postern_resource" directive is duplicate



=== TEST 53: a resource where none may be
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    postern_resource app table=api.a;
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
"postern_resource" directive is not allowed here



=== TEST 54: a token needs a key
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt issuer=x; }
--- must_die
--- error_log
[emerg]
no key for "postern_jwt" directive



=== TEST 55: postern_jwt without anything
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt; }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "postern_jwt" directive



=== TEST 56: a secret file that is not there
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt secret_file=/nonexistent/secret; }
--- must_die
--- error_log
[emerg]
/nonexistent/secret



=== TEST 57: a secret that is too short
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt secret_file=$TEST_NGINX_FIXTURE_DIR/short; }
--- must_die
--- error_log
[emerg]
short



=== TEST 58: a secret that is empty
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt secret_file=$TEST_NGINX_FIXTURE_DIR/empty; }
--- must_die
--- error_log
[emerg]
empty



=== TEST 59: leeway is a time
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE leeway=soon; }
--- must_die
--- error_log
[emerg]
invalid value "soon"



=== TEST 60: an unknown parameter of postern_jwt
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE colour=red; }
--- must_die
--- error_log
[emerg]
colour=red



=== TEST 61: a parameter of postern_jwt twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE issuer=a issuer=b; }
--- must_die
--- error_log
[emerg]
issuer



=== TEST 62: postern_jwt twice
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt secret_file=$TEST_NGINX_SECRET_FILE; postern_jwt secret_file=$TEST_NGINX_SECRET_FILE; }
--- must_die
--- error_log
[emerg]
"postern_jwt" directive is duplicate



=== TEST 63: off is alone
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location /a { postern_jwt off issuer=a; }
--- must_die
--- error_log
[emerg]
invalid parameter "issuer=a"



=== TEST 64: the file and the line are named
--- http_config
postern_database app {
    dsn "host=/tmp dbname=x user=y";
    connections none;
}
--- config
--- must_die
--- error_log eval
qr{invalid .*"none".* in \S+/conf/nginx\.conf:\d+}



=== TEST 65: everything at once is well
--- http_config
postern_database app {
    dsn             "$TEST_NGINX_DSN";
    password_file   $TEST_NGINX_SECRET_FILE;
    connections     3;
    pipeline        16;
    queue           100;
    connect_timeout 5s;
    query_timeout   10s;
    acquire_timeout 500ms;
    idle_timeout    1m;
    max_lifetime    1h;
    prepare         on;
    statements      64;
    schemas         api data;
    anonymous_role  web_anon;
    context         role claims headers cookies method path search_path;
}
postern_jwt secret_file=$TEST_NGINX_SECRET_FILE issuer=i audience=a leeway=1s;
--- config
    location /api/books { postern_resource app table=api.books key=id default_limit=10 max_limit=100; postern_jwt off; }
    location /api/context { postern_resource app table="api.context" key=id; }
--- request
GET /api/books/1?select=id
--- response_body: {"id":1}



=== TEST 66: a connection string as a URI
--- http_config
postern_database app { dsn "postgresql://authenticator@/$TEST_NGINX_DATABASE?host=$TEST_NGINX_PG_SOCKET"; schemas api; anonymous_role web_anon; }
--- config
    location /api/books { postern_resource app table=api.books; }
--- request
GET /api/books/1?select=id
--- response_body: {"id":1}



=== TEST 67: a resource in a named location
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location @a { postern_resource app table=api.a; }
--- must_die
--- error_log
[emerg]
"postern_resource" cannot be used in a named location or one given by a regular expression



=== TEST 68: a resource in a location by a regular expression
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y";  }
--- config
    location ~ ^/a { postern_resource app table=api.a; }
--- must_die
--- error_log
[emerg]
"postern_resource" cannot be used in a named location or one given by a regular expression



=== TEST 69: listen is on or off
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; listen maybe; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
invalid value "maybe" in "listen" directive, it must be "on" or "off"



=== TEST 70: listening needs a session
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; prepare off; listen on; }
--- config
    location /a { return 200; }
--- must_die
--- error_log
[emerg]
"listen on" needs "prepare on": behind a pooler in transaction mode nothing is heard



=== TEST 71: a key is there once, so nothing can be said of that
--- http_config
postern_database app { dsn "host=/tmp dbname=x user=y"; }
--- config
    location /a { postern_resource app table=api.things; postern_validate_key uuid required; }
--- must_die
--- error_log
[emerg]
invalid parameter "required"
