package Postern::Runner;

# The part of Test::Nginx::Socket's interface that the suites use, for places where that module is not installed. Written
# from its manual. A block runs in three steps: Runner::Server brings nginx up with the block's configuration,
# Runner::Request and Runner::Client talk to it, Runner::Checks compare.

use strict;
use warnings;

use Test::Base -base;

use List::Util qw(shuffle);
use Postern::Runner::Checks;
use Postern::Runner::Client;
use Postern::Runner::Request;
use Postern::Runner::Server;

our @EXPORT = qw(
    add_block_preprocessor add_cleanup_handler add_response_body_check add_test_cleanup_handler bail_out
    env_to_nginx html_dir log_level master_off master_on no_long_string no_root_location no_shuffle repeat_each
    run_tests server_port server_root timeout worker_connections workers
);

my $server = Postern::Runner::Server->new;
my (@preprocessors, @block_cleanups, @cleanups);
my $repeat_each = 1;
my $shuffle     = !$ENV{TEST_NGINX_NO_SHUFFLE};
my $timeout_s   = $ENV{TEST_NGINX_TIMEOUT} || 3;

sub add_block_preprocessor(&)    { unshift @preprocessors, $_[0] }
sub add_cleanup_handler($)       { unshift @cleanups,       $_[0] }
sub add_test_cleanup_handler($)  { unshift @block_cleanups, $_[0] }
sub add_response_body_check($)   { Postern::Runner::Checks::add_body_check($_[0]) }
sub env_to_nginx(@)              { $server->pass_environment(@_) }
sub html_dir()                   { $server->html_dir }
sub log_level($)                 { $server->log_level($_[0]) }
sub master_off()                 { $server->master('off') }
sub master_on()                  { $server->master('on') }
sub no_long_string()             { Postern::Runner::Checks::no_long_string() }
sub no_root_location()           { $server->no_root_location }
sub no_shuffle()                 { $shuffle = 0 }
sub repeat_each(@)               { @_ ? ($repeat_each = $_[0]) : $repeat_each }
sub server_port(@)               { $server->port }
sub server_root()                { $server->root }
sub timeout(@)                   { @_ ? ($timeout_s = $_[0]) : $timeout_s }
sub worker_connections($)        { $server->worker_connections($_[0]) }
sub workers($)                   { $server->workers($_[0]) }

sub bail_out(@) {
    $server->stop;
    $_->() for @cleanups;
    Test::More::BAIL_OUT(join '', @_);
}

sub run_tests() {
    my @blocks = blocks();
    @blocks = shuffle @blocks if $shuffle;
    for my $block (@blocks) {
        $_->($block) for @preprocessors;
        next if defined $block->SKIP || skipped($block);
        run_block($block);
        $_->($block) for @block_cleanups;
    }
    $server->stop;
    $_->() for @cleanups;
    @cleanups = ();
}

# `--- skip_eval: 3: code` skips three tests where the code is true.
sub skipped {
    my ($block) = @_;
    my ($count, $code) = ($block->skip_eval // return 0) =~ /^\s*(\d+)\s*:\s*(.*)/s
        or bail_out($block->name, ' - skip_eval should be "count: code"');
    my $reason = eval $code;
    bail_out($block->name, " - skip_eval: $@") if $@;
    return 0 if !$reason;
    SKIP: { Test::More::skip($block->name . ' - skip_eval', $count) }
    return 1;
}

sub run_block {
    my ($block) = @_;
    my $name    = $block->name;
    my $checks  = Postern::Runner::Checks->new($block, $server);

    my $started = $server->serve($block);
    if (defined $block->must_die) {
        ok(!$started, "$name - nginx must not start");
        return $checks->logs(0);
    }
    if (!$started) {
        fail("$name - nginx does not start");
        return diag($server->problems);
    }
    for my $repetition (0 .. $repeat_each - 1) {
        talk($block, $checks, $repetition);
    }
}

# Sends the requests of a block one after the other and checks each answer.
sub talk {
    my ($block, $checks, $repetition) = @_;
    my $exchanges = eval { Postern::Runner::Request::exchanges($block, $server) }
        or bail_out($block->name, ' - ', $@);
    my $many  = grep({ $_->{responses} > 1 } @$exchanges) || @$exchanges > 1;
    my $index = 0;
    $server->mark_logs;
    for my $exchange (@$exchanges) {
        my ($responses, $problem) =
            Postern::Runner::Client::talk($server, $exchange, seconds($block->timeout) // $timeout_s);
        if (defined $problem && !defined $block->abort) {
            fail($block->name . " - ERROR: $problem");
            diag($server->problems);
        }
        next if defined $block->ignore_response;
        $checks->response($_, $index++, $many) for @$responses;
    }
    $checks->logs($repetition);
}

sub seconds {
    my ($text) = @_;
    return undef if !defined $text;
    return $text =~ /^\s*([\d.]+)\s*ms\s*$/ ? $1 / 1000 : $text =~ s/s?\s*$//r;
}

END {
    # The exit status is the tests', not that of what is stopped here.
    local $?;
    $server->stop if $server;
    $_->() for @cleanups;
}

1;
