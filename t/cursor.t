# Paging by cursor: complete, in order, without repetition, whatever is written meanwhile.

use lib 't/lib';
use Postern::Fixture;
use JSON::PP;
use Test::Nginx::Socket 'no_plan';

default_config(<<'CONF');
    location /api/events  { postern_resource app table=api.events_table default_limit=7 max_limit=100; }
    location /api/reader  { postern_resource app table=api.events key=id default_limit=7; }
CONF

# A block with `--- walk: <target>` follows next_cursor to the end; all ids in order are compared with `--- ids`. The walk
# starts from the body of the block's own request. `--- refused: <target>` must not take the cursor of that body.
add_response_body_check(sub {
    my ($block, $body) = @_;
    if (defined(my $target = $block->refused)) {
        my $cursor = decode_json($body)->{next_cursor};
        like(fetch("$target&cursor=$cursor"), qr/^\{"code":"[^"]+","message":"[^"]*cursor/, $block->name . ' - refused');
    }
    my $ids = $block->ids // return;
    my @found = walk($body, $block->walk);
    is(join(' ', @found), $ids =~ s/\s+\z//r, $block->name . ' - all pages');
});

sub walk {
    my ($body, $target) = @_;
    my @ids;
    for (1 .. 100) {
        my $page = decode_json($body);
        push @ids, map { $_->{id} } @{ $page->{data} };
        my $cursor = $page->{next_cursor} // return @ids;
        $body = fetch("$target&cursor=$cursor");
    }
    return @ids, 'and so on';
}

sub fetch {
    my ($target) = @_;
    my $port = server_port();
    return scalar `curl -s 'http://127.0.0.1:$port$target'`;
}

run_tests();

__DATA__

=== TEST 1: by key
--- request
GET /api/events?select=id
--- walk: /api/events?select=id
--- ids: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25



=== TEST 2: descending
--- request
GET /api/events?select=id&order=id.desc
--- walk: /api/events?select=id&order=id.desc
--- ids: 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1



=== TEST 3: by a column with ties; the key decides between them
--- request
GET /api/events?select=id&order=bucket&limit=4
--- walk: /api/events?select=id&order=bucket&limit=4
--- ids: 3 6 9 12 15 18 21 24 1 4 7 10 13 16 19 22 25 2 5 8 11 14 17 20 23



=== TEST 4: by a column with NULLs, which come last
--- request
GET /api/events?select=id&order=rank&limit=5
--- walk: /api/events?select=id&order=rank&limit=5
--- ids: 1 5 9 13 17 21 25 2 6 10 14 18 22 3 7 11 15 19 23 4 8 12 16 20 24



=== TEST 5: descending, with NULLs first; the key goes the way of the last column
--- request
GET /api/events?select=id&order=rank.desc&limit=5
--- walk: /api/events?select=id&order=rank.desc&limit=5
--- ids: 24 20 16 12 8 4 23 19 15 11 7 3 22 18 14 10 6 2 25 21 17 13 9 5 1



=== TEST 6: NULLs where the client wants them
--- request
GET /api/events?select=id&order=rank.asc.nullsfirst,id.desc&limit=3
--- walk: /api/events?select=id&order=rank.asc.nullsfirst,id.desc&limit=3
--- ids: 24 20 16 12 8 4 25 21 17 13 9 5 1 22 18 14 10 6 2 23 19 15 11 7 3



=== TEST 7: mixed directions
--- request
GET /api/events?select=id&order=bucket.desc,rank.nullsfirst&limit=2
--- walk: /api/events?select=id&order=bucket.desc,rank.nullsfirst&limit=2
--- ids: 8 20 5 17 2 14 11 23 4 16 1 13 25 10 22 7 19 12 24 9 21 6 18 3 15



=== TEST 8: with a filter, and the ordering column not selected
--- request
GET /api/events?select=id&bucket=eq.1&order=name.desc&limit=2
--- walk: /api/events?select=id&bucket=eq.1&order=name.desc&limit=2
--- ids: 7 4 25 22 19 16 13 10 1



=== TEST 9: a view with a key
--- request
GET /api/reader?select=id
--- walk: /api/reader?select=id
--- ids: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25



=== TEST 10: cursors that are none
--- request eval
["GET /api/events?cursor=x", "GET /api/events?cursor=%00", "GET /api/events?cursor=" . "A" x 3000, "GET /api/events?cursor=", "GET /api/events?cursor=bnVsbA"]
--- error_code_like eval
['^404$', '^400$', '^404$', '^400$', '^404$']



=== TEST 11: a cursor of one order is refused in another
--- request
GET /api/events?select=id&limit=2
--- response_body_like: next_cursor
--- refused: /api/events?select=id&limit=2&order=name



=== TEST 12: an offset passes over rows after those of the cursor, in whichever part they are
--- request
GET /api/events?select=id&order=bucket.desc,rank.nullsfirst&limit=2
--- walk: /api/events?select=id&order=bucket.desc,rank.nullsfirst&limit=2&offset=1
--- ids: 8 20 17 2 11 23 16 1 25 10 7 19 24 9 6 18 15
