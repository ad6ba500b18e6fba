package App::Prove::Plugin::Postern;

# One PostgreSQL for a whole run of prove. Suites that are run on their own (`perl t/read.t`) start one for themselves.

use strict;
use warnings;

use Postern::Cluster;

our $cluster;

sub load {
    my (undef, $prove) = @_;
    return 1 if $ENV{POSTERN_TEST_PG};
    # Nothing that is not a test (prove --help, --version) needs a server.
    return 1 if grep { $prove->{app_prove}->$_ } qw(show_help show_man show_version dry);

    $SIG{INT} = $SIG{TERM} = sub { exit 130 };
    $cluster = Postern::Cluster->start;
    $ENV{POSTERN_TEST_PG} = $cluster->socket_dir;
    return 1;
}

END {
    local $?;
    undef $cluster;
}

1;
