package Postern::Fixture;

# What every suite stands on: the module is loaded, a database of its own holds t/fixtures, and $TEST_NGINX_DSN,
# $TEST_NGINX_SECRET_FILE and $TEST_NGINX_FIXTURE_DIR say where things are. To be used before Test::Nginx::Socket.
#
# Sections of our own:
#   --- database   more lines for the default `postern_database app { … }`, which a block has that gives no http_config
#   --- sql        statements that a superuser runs before the block
# A block that says nothing about the error log must leave it without an [error] or worse.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Postern::Cluster;
use Postern::Token qw(bearer token $secret);

our @EXPORT = qw(bearer default_config sql token);

my $project  = abs_path(dirname(__FILE__) . '/../../..');
my $fixtures = "$project/t/fixtures";
my $database = "t_$$";
my ($cluster, $socket_dir, $dir, $default_config);

BEGIN {
    $ENV{TEST_NGINX_BINARY} //= $ENV{POSTERN_NGINX} // abs_path(dirname(__FILE__) . '/../../..') . '/build/nginx';
    $ENV{TEST_NGINX_LOAD_MODULES} //= $ENV{POSTERN_MODULE}
        // abs_path(dirname(__FILE__) . '/../../..') . '/build/ngx_http_postern_module.so';
}

# The config section of blocks that have none.
sub default_config { $default_config = $_[0] }

# Runs statements as the superuser.
sub sql {
    my ($text) = @_;
    psql($database, $text);
}

sub psql {
    my ($target, $text) = @_;
    my @command = (Postern::Cluster::program('psql'), '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $socket_dir,
        '-U', 'postgres', '-d', $target, '-o', '/dev/null');
    local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
    open my $in, '|-', @command or die "psql: $!\n";
    print {$in} $text;
    close $in or die "psql failed in $target\n";
}

sub set_up {
    if (!$ENV{POSTERN_TEST_PG}) {
        $cluster = Postern::Cluster->start;
    }
    $socket_dir = $ENV{POSTERN_TEST_PG} // $cluster->socket_dir;
    $dir = tempdir('postern-fixture-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;
    write_file("$dir/secret", $secret);

    # Roles belong to the cluster: whichever suite comes first makes them.
    psql('postgres', read_file("$fixtures/00-roles.sql"));
    psql('postgres', "CREATE DATABASE $database");
    psql($database, join "\n", map { read_file($_) } grep { !/00-roles\.sql$/ } sort glob "$fixtures/*.sql");

    $ENV{TEST_NGINX_FIXTURE_DIR} = $dir;
    $ENV{TEST_NGINX_PG_SOCKET}   = $socket_dir;
    $ENV{TEST_NGINX_DATABASE}    = $database;
    $ENV{TEST_NGINX_DSN}         = "host=$socket_dir dbname=$database user=authenticator";
    $ENV{TEST_NGINX_SECRET_FILE} = "$dir/secret";
}

sub write_file {
    my ($path, $content) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $content;
    close $out or die "$path: $!\n";
}

sub read_file {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

# A block as the scaffold is to see it.
sub complete {
    my ($block) = @_;
    if (!defined $block->http_config) {
        my $more = $block->database // '';
        $block->set_value(http_config => <<"CONF");
    postern_database app {
        dsn "\$TEST_NGINX_DSN";
        schemas api;
        anonymous_role web_anon;
        $more
    }
CONF
    }
    $block->set_value(config => $default_config) if !defined $block->config && defined $default_config;
    if (!defined $block->no_error_log && !defined $block->error_log && !defined $block->must_die) {
        $block->set_value(no_error_log => "[error]\n[crit]\n[alert]\n[emerg]\n");
    }
    sql($block->sql) if defined $block->sql;
}

set_up();
# The scaffold is loaded by the suite, after this module and before its blocks are run.
require Test::Nginx::Socket;
(Test::Nginx::Util->can('add_block_preprocessor') // Test::Nginx::Socket->can('add_block_preprocessor'))->(\&complete);

END {
    local $?;
    eval { psql('postgres', "DROP DATABASE IF EXISTS $database WITH (FORCE)") } if $ENV{POSTERN_TEST_PG};
    undef $cluster;
}

1;
