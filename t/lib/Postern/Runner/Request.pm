package Postern::Runner::Request;

# From the sections of a block to the bytes that go to nginx.
#
# An exchange is one connection: { packets => [{ value, delay_before }], responses => how many to expect, head => is it
# HEAD }.

use strict;
use warnings;

# All exchanges of a block, in order. Dies with what is wrong with the block.
sub exchanges {
    my ($block, $server) = @_;
    my $self = bless { block => $block, server => $server }, __PACKAGE__;
    return [$self->raw($block->raw_request)]             if defined $block->raw_request;
    return [$self->pipelined($block->pipelined_requests)] if defined $block->pipelined_requests;

    my $request = $block->request;
    die "request is missing\n" if !defined $request;
    my @requests = ref $request eq 'ARRAY' ? @$request : ($request);
    return [map { $self->exchange($requests[$_], $_, 'close') } 0 .. $#requests];
}

sub raw {
    my ($self, $raw) = @_;
    my @packets = map { +{ value => $_ } } ref $raw eq 'ARRAY' ? @$raw : ($raw);
    my ($first) = map { $_->{value} } @packets;
    return { packets => \@packets, responses => 1, head => scalar($first =~ /^HEAD\b/) };
}

sub pipelined {
    my ($self, $requests) = @_;
    die "pipelined_requests must be an array\n" if ref $requests ne 'ARRAY';
    my $bytes = '';
    for my $index (0 .. $#$requests) {
        my $exchange = $self->exchange($requests->[$index], $index, $index == $#$requests ? 'close' : 'keep-alive');
        $bytes .= $_->{value} for @{ $exchange->{packets} };
    }
    return { packets => [{ value => $bytes }], responses => scalar @$requests, head => 0 };
}

# A request is a text, or an array of packets that are texts or hashes with `value` and `delay_before`.
sub exchange {
    my ($self, $request, $index, $connection) = @_;
    my @packets = map { +{ ref $_ eq 'HASH' ? %$_ : (value => $_) } } ref $request eq 'ARRAY' ? @$request : ($request);
    $_->{value} = $self->{server}->expand($_->{value}) for @packets;

    # Only the first packet holds the request line; the body may be spread over the others.
    $packets[0]{value} =~ s/^(?:\s*\#[^\n]*\n|\s+)+//;
    $packets[0]{value} =~ s/^(\S+)(?: +(\S+))?(?: +(\S+))?[ \r]*(?:\n|$)//
        or die "request line should be 'method [url [version]]' but is '$packets[0]{value}'\n";
    my ($method, $url, $version) = ($1, $2 // '/', $3 // 'HTTP/1.1');

    my ($headers, $chunked) = $self->more_headers($index);
    if (!$chunked && $headers !~ /^Content-Length:/mi) {
        $packets[0]{value}  =~ s/^\s+//;
        $packets[-1]{value} =~ s/\s+\z//;
        my $length = length join '', map { $_->{value} } @packets;
        $headers .= "Content-Length: $length\r\n" if $length;
    }
    $headers = "Connection: $connection\r\n$headers"           if $headers !~ /^Connection:/mi;
    $headers = "Host: $self->{server}{server_name}\r\n$headers" if $headers !~ /^Host:/mi;
    $packets[0]{value} = "$method $url $version\r\n$headers\r\n$packets[0]{value}";
    return {
        packets   => \@packets,
        responses => 1,
        head      => $method eq 'HEAD',
        curl      => { method => $method, url => $url, headers => $headers },
    };
}

# The lines of more_headers (of one request where it is an array), and whether they announce a chunked body.
sub more_headers {
    my ($self, $index) = @_;
    my $text = $self->{block}->more_headers // '';
    if (ref $text eq 'ARRAY') {
        $text = $text->[$index] // die "more_headers lacks data for request $index\n";
    }
    my @lines = grep { /\S/ && !/^\s*#/ } split /\r?\n/, $self->{server}->expand($text);
    my $headers = join '', map { s/^\s+//r =~ s/:\s*/: /r . "\r\n" } @lines;
    return $headers, scalar($headers =~ /^Transfer-Encoding: *chunked/mi);
}

1;
