package Postern::Cluster;

# A private PostgreSQL for tests, reached by a unix socket only.
#
# Its life is that of the object: a guard process holds the reading end of a pipe, and when the writing end closes - because
# the object goes or because this process dies, however it dies - the guard stops the server and removes its folder.

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use Digest::SHA qw(sha1_hex);
use Fcntl qw(:flock);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use POSIX ();

my $project = abs_path(dirname(__FILE__) . '/../../..');
my @initdb_arguments =
    ('--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions');

# Settings that make a throw-away server quick to start, quick to write and never heard on TCP.
my %settings = (
    autovacuum                 => 'off',
    fsync                      => 'off',
    full_page_writes           => 'off',
    listen_addresses           => '',
    log_min_messages           => 'warning',
    log_min_error_statement    => 'panic',
    max_connections            => 200,
    shared_buffers             => '32MB',
    synchronous_commit         => 'off',
    timezone                   => 'UTC',
);

# A server that somebody works with is not one to test on.
delete @ENV{grep { /^PG[A-Z]/ } keys %ENV};

sub start {
    my ($class) = @_;
    my $self = bless { dir => tempdir('postern-pg-XXXXXX', TMPDIR => 1) }, $class;
    chmod 0755, $self->{dir};
    chown_to_postgres($self->{dir});

    pipe my $alive_reader, my $alive_writer or croak "pipe: $!";
    pipe my $ready_reader, my $ready_writer or croak "pipe: $!";
    my $guard = fork // croak "fork: $!";
    if ($guard == 0) {
        close $alive_writer;
        close $ready_reader;
        $self->guard($alive_reader, $ready_writer);
    }
    close $alive_reader;
    close $ready_writer;
    @$self{qw(guard alive)} = ($guard, $alive_writer);

    my $answer = do { local $/; <$ready_reader> } // '';
    croak "PostgreSQL did not start: $answer" if $answer ne "ready\n";
    return $self;
}

sub socket_dir { $_[0]{dir} }

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    return if !$self->{alive};
    close delete $self->{alive};
    waitpid $self->{guard}, 0;
}

# The guard's whole life. It must not run this process's END blocks or destructors.
sub guard {
    my ($self, $alive, $ready) = @_;
    POSIX::setsid();
    local @SIG{qw(INT TERM HUP)} = ('IGNORE') x 3;
    open STDOUT, '>', '/dev/null';
    my $ok = eval { $self->run_server; 1 };
    print {$ready} $ok ? "ready\n" : $@;
    close $ready;
    sysread $alive, my $byte, 1 if $ok;
    system as_postgres(program('pg_ctl'), '-D', "$self->{dir}/data", '-m', 'immediate', '-w', 'stop', '-s')
        if -e "$self->{dir}/data/postmaster.pid";
    remove_tree($self->{dir});
    POSIX::_exit(0);
}

sub run_server {
    my ($self) = @_;
    my $data = "$self->{dir}/data";
    copy_template($self->{dir}, $data);
    open my $conf, '>>', "$data/postgresql.conf" or die "$data/postgresql.conf: $!\n";
    print {$conf} map { "$_ = '$settings{$_}'\n" } sort keys %settings;
    print {$conf} "unix_socket_directories = '$self->{dir}'\n";
    close $conf;
    my $status = system as_postgres(program('pg_ctl'), '-D', $data, '-l', "$self->{dir}/log", '-w', '-s', 'start');
    die "pg_ctl failed, see below\n" . slurp("$self->{dir}/log") if $status != 0;
}

# initdb takes seconds; it is run once for a version of PostgreSQL and its result is kept under build/test.
sub copy_template {
    my ($dir, $data) = @_;
    my $cache = "$project/build/test";
    make_path($cache);
    my $key = substr sha1_hex(program('initdb'), `@{[program('initdb')]} --version`, @initdb_arguments), 0, 12;
    my $template = "$cache/initdb-$key";
    open my $lock, '>', "$template.lock" or die "$template.lock: $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    if (!-d $template) {
        run(as_postgres(program('initdb'), '-D', "$dir/fresh", @initdb_arguments));
        run('cp', '-a', "$dir/fresh", "$template.new");
        rename "$template.new", $template or die "$template: $!\n";
        remove_tree("$dir/fresh");
    }
    close $lock;
    run('cp', '-a', $template, $data);
    run('chown', '-R', 'postgres', $data) if $> == 0;
}

sub run {
    my (@command) = @_;
    system(@command) == 0 or die "@command: exit status ${\($? >> 8)}\n";
}

# PostgreSQL refuses to be run by root.
sub as_postgres { $> == 0 ? ('runuser', '-u', 'postgres', '--', @_) : @_ }

sub chown_to_postgres {
    my ($path) = @_;
    return if $> != 0;
    my ($uid, $gid) = (getpwnam 'postgres')[2, 3];
    croak 'there is no user "postgres"' if !defined $uid;
    chown $uid, $gid, $path;
}

# A program of the newest PostgreSQL that is installed.
sub program {
    my ($name) = @_;
    my @candidates = sort { version_of($b) <=> version_of($a) } glob "/usr/lib/postgresql/*/bin/$name";
    unshift @candidates, "$ENV{POSTERN_PG_BIN}/$name" if $ENV{POSTERN_PG_BIN};
    push @candidates, grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};
    return $candidates[0] // die "$name is not installed\n";
}

sub version_of { $_[0] =~ m{/postgresql/(\d+)/} ? $1 : 0 }

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or return '';
    local $/;
    return scalar <$in>;
}

1;
