package Postern::Runner::Response;

# HTTP responses, from bytes: { code, raw_headers, headers => [[name, value], …], body }.

use strict;
use warnings;

sub none { return bless { code => '', raw_headers => '', headers => [], body => undef }, $_[0] }

# As many responses as are expected; a missing one has no code.
sub parse_all {
    my ($bytes, $expected, $head) = @_;
    my @responses;
    while (@responses < $expected) {
        my ($response, $rest) = take($bytes, $head);
        last if !$response;
        push @responses, $response;
        $bytes = $rest;
    }
    push @responses, __PACKAGE__->none while @responses < $expected;
    $responses[-1]{extra} = $bytes if length $bytes;
    return \@responses;
}

# Whether nothing more is to be waited for: every response has come whole and nginx keeps the connection.
sub complete {
    my ($bytes, $expected, $head) = @_;
    for (1 .. $expected) {
        my ($response, $rest) = take($bytes, $head);
        return 0 if !$response || !$response->{whole};
        return 0 if $_ == $expected && $response->header('Connection') !~ /keep-alive/i;
        $bytes = $rest;
    }
    return 1;
}

# The first response and the bytes after it; nothing while its headers are not complete.
sub take {
    my ($bytes, $head) = @_;
    $bytes =~ s/\AHTTP\/1\.1 100 [^\r]*\r\n\r\n//;
    $bytes =~ s/\A((?:[^\n]*\n)+?)\r?\n// or return;
    my $self = __PACKAGE__->of_headers($1);
    my $rest = '';
    if ($head || $self->{code} =~ /^(?:1\d\d|204|304)$/) {
        @$self{qw(body whole)} = ('', 1);
        $rest = $bytes;
    }
    elsif ($self->header('Transfer-Encoding') =~ /chunked/i) {
        @$self{qw(body whole)} = unchunk(\$bytes);
        $rest = $bytes;
    }
    elsif ((my $length = $self->header('Content-Length')) ne '') {
        $self->{body}  = substr $bytes, 0, $length, '';
        $self->{whole} = length $self->{body} == $length;
        $rest          = $bytes;
    }
    else {
        $self->{body} = $bytes;
    }
    return $self, $rest;
}

sub of_headers {
    my ($class, $raw) = @_;
    my ($status, @lines) = split /\r?\n/, $raw;
    my ($code) = $status =~ m{^HTTP/\S+ (\d{3})};
    my @headers = map { /^([^:]+):\s*(.*?)\s*$/ ? [$1, $2] : () } @lines;
    return bless { code => $code // '', raw_headers => $raw, headers => \@headers }, $class;
}

sub of_curl {
    my ($class, $raw) = @_;
    $raw =~ s/\A(.*?\r\n)\r\n//s or return $class->none;
    my $self = $class->of_headers($1);
    $self->{body} = $raw;
    return $self;
}

# Takes a chunked body off the front of the bytes: the body, and whether its last chunk has come.
sub unchunk {
    my ($bytes) = @_;
    my $body = '';
    while ($$bytes =~ s/\A([0-9a-fA-F]+)[^\n]*\r\n//) {
        my $size = hex $1;
        if ($size == 0) {
            return $body, scalar($$bytes =~ s/\A(?:[^\r\n]+\r\n)*\r\n//);
        }
        $body .= substr $$bytes, 0, $size, '';
        return $body, 0 if $$bytes !~ s/\A\r\n//;
    }
    return $body, 0;
}

# All values of a header, joined as if it were one; the empty string where it is absent.
sub header {
    my ($self, $name) = @_;
    return join ', ', map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
}

1;
