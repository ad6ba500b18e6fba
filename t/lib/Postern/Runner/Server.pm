package Postern::Runner::Server;

# nginx under test: its folder, its configuration, its life. It is started anew only where a block's configuration or files
# differ from those of the block before.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

my $project = abs_path(dirname(__FILE__) . '/../../../..');
# How long nginx may take to come up or to go.
my $patience_s = 10;

sub new {
    my ($class) = @_;
    return bless {
        binary             => $ENV{TEST_NGINX_BINARY} || (-x "$project/build/nginx" ? "$project/build/nginx" : 'nginx'),
        environment        => [],
        log_level          => $ENV{TEST_NGINX_LOG_LEVEL} || 'debug',
        log_start          => {},
        master             => 'off',
        root_location      => 1,
        server_name        => 'localhost',
        worker_connections => 64,
        workers            => 1,
    }, $class;
}

sub log_level          { $_[0]{log_level}          = $_[1] }
sub master             { $_[0]{master}             = $_[1] }
sub no_root_location   { $_[0]{root_location}      = 0 }
sub pass_environment   { my $self = shift; push @{ $self->{environment} }, @_ }
sub worker_connections { $_[0]{worker_connections} = $_[1] }
sub workers            { @{ $_[0] }{qw(workers master)} = ($_[1], 'on') }
sub http2              { $_[0]{http2} }
sub running            { defined $_[0]{pid} }

sub root {
    my ($self) = @_;
    if (!$self->{root}) {
        $self->{root} = $ENV{TEST_NGINX_SERVROOT} // tempdir('postern-t-XXXXXX', TMPDIR => 1);
        make_path($self->{root});
        chmod 0755, $self->{root};
        $ENV{TEST_NGINX_SERVER_ROOT} = $self->{root};
    }
    return $self->{root};
}

sub html_dir { $_[0]->root . '/html' }

# A port of our own, below those that the kernel hands to clients. Another run may take it first: `start` tries again then.
sub port {
    my ($self) = @_;
    return $self->{port} //= $ENV{TEST_NGINX_SERVER_PORT} // $ENV{TEST_NGINX_PORT} // free_port();
}

sub free_port {
    for (1 .. 200) {
        my $port = 10240 + int rand 20000;
        return $port if IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 1);
    }
    die "no port is free\n";
}

# $TEST_NGINX_… and $ServerPort in the text of a section.
sub expand {
    my ($self, $text) = @_;
    return $text if !defined $text || ref $text;
    $text =~ s/\$ServerPort(?:ForClient)?\b/$self->port/ge;
    $text =~ s/\$(TEST_NGINX_\w+)/$self->variable($1)/ge;
    return $text;
}

sub variable {
    my ($self, $name) = @_;
    return $self->port                        if $name eq 'TEST_NGINX_SERVER_PORT';
    return $self->root                        if $name eq 'TEST_NGINX_SERVER_ROOT';
    return $self->{ports}{$name} //= free_port() if $name =~ /^TEST_NGINX_RAND_PORT_\d+$/;
    return $ENV{$name} // die "there is no environment variable $name\n";
}

# Brings nginx up for the block; false if it refuses.
sub serve {
    my ($self, $block) = @_;
    my $recipe = join "\0", $self->configuration($block), map { @$_ } user_files($block);
    $self->{http2} = defined $block->http2;
    return 1 if defined $self->{pid} && ($self->{recipe} // '') eq $recipe && kill 0, $self->{pid};

    for (1 .. 5) {
        $self->stop;
        $self->write_files($block);
        my $started = $self->start;
        $self->{recipe} = $recipe;
        return $started if $started || defined $ENV{TEST_NGINX_SERVER_PORT};
        return 0 if !grep { /Address already in use/ } $self->log_lines('error_log');
        $self->{port} = free_port();
    }
    return 0;
}

sub write_files {
    my ($self, $block) = @_;
    my $root = $self->root;
    remove_tree(map { "$root/$_" } qw(conf html logs client_body_temp proxy_temp fastcgi_temp scgi_temp uwsgi_temp));
    make_path(map { "$root/$_" } qw(conf html logs));
    write_file("$root/html/index.html", 'It works!');
    for my $file (user_files($block)) {
        my ($name, $body) = @$file;
        my $path = $name =~ m{^/} ? $name : "$root/html/$name";
        make_path(dirname($path));
        write_file($path, $self->expand($body));
    }
    write_file("$root/conf/nginx.conf", $self->configuration($block));
    $self->{log_start} = {};
}

# `>>> name` lines with the content after each, or [[name, content], …].
sub user_files {
    my ($block) = @_;
    my $files = $block->user_files // return;
    return @$files if ref $files;
    my @files;
    for my $line (split /^/, $files) {
        if ($line =~ /^>>> (\S+)/) { push @files, [$1, ''] }
        elsif (@files)             { $files[-1][1] .= $line }
    }
    return @files;
}

sub start {
    my ($self) = @_;
    my $root = $self->root;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>>', "$root/logs/stderr";
        { exec $self->{binary}, '-e', "$root/logs/error.log", '-p', "$root/", '-c', "$root/conf/nginx.conf" }
        print STDERR "$!\n";
        STDERR->flush;
        POSIX::_exit(127);
    }
    my $deadline = time + $patience_s;
    while (time < $deadline) {
        if (waitpid($pid, POSIX::WNOHANG()) == $pid) {
            return 0;
        }
        if (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->port)) {
            $self->{pid} = $pid;
            return 1;
        }
        sleep 0.005;
    }
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return 0;
}

sub stop {
    my ($self) = @_;
    if (my $pid = delete $self->{pid}) {
        kill 'TERM', $pid;
        my $deadline = time + $patience_s;
        while (waitpid($pid, POSIX::WNOHANG()) == 0) {
            if (time > $deadline) {
                warn "nginx $pid does not stop, it is killed\n";
                kill 'KILL', $pid;
                waitpid $pid, 0;
                last;
            }
            sleep 0.005;
        }
    }
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop;
    remove_tree($self->{root}) if $self->{root} && !$ENV{TEST_NGINX_SERVROOT} && !$ENV{TEST_NGINX_NO_CLEAN};
}

sub configuration {
    my ($self, $block) = @_;
    my $root     = $self->root;
    my $port     = $self->port;
    my $level    = $block->log_level // $self->{log_level};
    chomp $level;
    my ($main, $http, $config) = map { $self->expand($block->$_ // '') } qw(main_config http_config config);
    my $modules  = join '', map { "load_module $_;\n" } split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // '';
    my $user     = $> == 0 ? "user root;\n" : '';
    my $env      = join '', map { /\s/ ? "env '$_';\n" : "env $_;\n" } @{ $self->{environment} };
    my $http2    = defined $block->http2 ? $self->version >= 1.025001 ? ['', 'http2 on;'] : [' http2', ''] : ['', ''];
    my $location = $self->{root_location} ? "location / { root $root/html; index index.html; }" : '';
    my $temp     = join "\n    ",
        map { "${_}_temp_path $root/${_}_temp;" } qw(client_body proxy fastcgi scgi uwsgi);
    return <<"CONF";
${modules}worker_processes $self->{workers};
daemon off;
master_process $self->{master};
error_log $root/logs/error.log $level;
pid $root/logs/nginx.pid;
$user$env
$main

events { accept_mutex off; worker_connections $self->{worker_connections}; }

http {
    access_log $root/logs/access.log;
    $temp
    default_type text/plain;
    keepalive_timeout 68s;

$http
    server {
        listen $port$http2->[0];
        $http2->[1]
        server_name '$self->{server_name}';
        client_max_body_size 30M;

$config
        $location
    }
}
CONF
}

# 1.028003 for nginx 1.28.3.
sub version {
    my ($self) = @_;
    return $self->{version} //= do {
        my ($major, $minor, $patch) = `'$self->{binary}' -v 2>&1` =~ m{/(\d+)\.(\d+)\.(\d+)}
            or die "$self->{binary} does not tell its version\n";
        sprintf '%d.%03d%03d', $major, $minor, $patch;
    };
}

# From here on log_lines answers what is new.
sub mark_logs {
    my ($self) = @_;
    $self->{log_start}{$_} = -s $self->log_file($_) for qw(error_log access_log);
}

sub log_file {
    my ($self, $log) = @_;
    return $self->root . '/logs/' . ($log =~ s/_log$/.log/r);
}

sub log_lines {
    my ($self, $log) = @_;
    open my $in, '<', $self->log_file($log) or return;
    seek $in, $self->{log_start}{$log} // 0, 0;
    return <$in>;
}

# What the error log says above the noise, for a test that has failed.
sub problems {
    my ($self) = @_;
    my @lines = grep { !/\[(?:debug|info|notice)\]/ } $self->log_lines('error_log');
    return ("error log:\n", @lines > 20 ? @lines[-20 .. -1] : @lines) if @lines;
    return defined $self->{pid} ? '' : "$self->{binary} said: " . read_file($self->root . '/logs/stderr');
}

sub read_file {
    my ($path) = @_;
    open my $in, '<', $path or return "nothing ($path: $!)\n";
    local $/;
    return <$in> // "nothing\n";
}

sub write_file {
    my ($path, $content) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    binmode $out;
    print {$out} $content;
    close $out or die "$path: $!\n";
}

1;
