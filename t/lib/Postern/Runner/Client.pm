package Postern::Runner::Client;

# One connection to nginx: writes the packets of an exchange, reads its responses. Every wait has a deadline.

use strict;
use warnings;

use Errno qw(EAGAIN EINTR EPIPE ECONNRESET);
use IO::Select;
use IO::Socket::INET;
use Postern::Runner::Response;
use Socket qw(SHUT_WR TCP_NODELAY IPPROTO_TCP);
use Time::HiRes qw(sleep time);

# The responses in order (one without a status for each that is missing), and what went wrong.
sub talk {
    my ($server, $exchange, $timeout_s) = @_;
    return over_http2($server, $exchange, $timeout_s) if $server->http2;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->port, Timeout => $timeout_s)
        or return [], "cannot connect: $!";
    local $SIG{PIPE} = 'IGNORE';
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    $socket->blocking(0);

    my $input = '';
    for my $packet (@{ $exchange->{packets} }) {
        sleep $packet->{delay_before} if $packet->{delay_before};
        my $problem = send_all($socket, $packet->{value}, \$input, $timeout_s);
        return [missing($exchange)], $problem if defined $problem;
    }
    shutdown $socket, SHUT_WR if $exchange->{shutdown};
    my $problem   = receive($socket, $exchange, \$input, $timeout_s);
    my $responses = Postern::Runner::Response::parse_all($input, @$exchange{qw(responses head)});
    return $responses, $problem;
}

# A server may answer before it has read all (413): what arrives while we write is kept, and a reset ends the writing.
sub send_all {
    my ($socket, $bytes, $input, $timeout_s) = @_;
    my $deadline = time + $timeout_s;
    while (length $bytes) {
        return 'client socket timed out' if time > $deadline;
        my ($readable, $writable) =
            IO::Select::select(IO::Select->new($socket), IO::Select->new($socket), undef, $timeout_s);
        if ($readable && @$readable) {
            my $read = sysread $socket, $$input, 65536, length $$input;
            return undef if defined $read && $read == 0;
        }
        next if !$writable || !@$writable;
        my $sent = syswrite $socket, $bytes;
        if (defined $sent) {
            substr $bytes, 0, $sent, '';
            $deadline = time + $timeout_s;
        }
        elsif ($! == EPIPE || $! == ECONNRESET) { return undef }
        elsif ($! != EAGAIN && $! != EINTR)     { return "write: $!" }
    }
    return undef;
}

# Reads until the connection ends, or all responses are complete and nothing follows them.
sub receive {
    my ($socket, $exchange, $input, $timeout_s) = @_;
    my $select = IO::Select->new($socket);
    while (!Postern::Runner::Response::complete($$input, @$exchange{qw(responses head)})) {
        return 'client socket timed out' if !$select->can_read($timeout_s);
        my $read = sysread $socket, $$input, 65536, length $$input;
        last if defined $read && $read == 0;
        last if !defined $read && $! == ECONNRESET;
        return "read: $!" if !defined $read && $! != EAGAIN && $! != EINTR;
    }
    return undef;
}

sub missing {
    my ($exchange) = @_;
    return map { Postern::Runner::Response->none } 1 .. $exchange->{responses};
}

# HTTP/2 is left to curl.
sub over_http2 {
    my ($server, $exchange, $timeout_s) = @_;
    my $curl = $exchange->{curl} or return [missing($exchange)], 'only plain requests can be sent over HTTP/2';
    my $body = join '', map { $_->{value} } @{ $exchange->{packets} };
    $body =~ s/\A.*?\r\n\r\n//s;
    my @headers = grep { !/^(?:Host|Connection|Content-Length):/i } split /\r\n/, $curl->{headers};
    my @command = ('curl', '-s', '-i', '--http2-prior-knowledge', '--path-as-is', '-m', $timeout_s);
    push @command, $exchange->{head} ? '-I' : ('-X', $curl->{method});
    push @command, map { ('-H', $_) } @headers, 'Accept:';
    push @command, '--data-binary', $body, '-H', 'Expect:' if length $body;
    push @command, '-H', 'Content-Type:' if length $body && !grep { /^Content-Type:/i } @headers;
    open my $out, '-|', @command, 'http://127.0.0.1:' . $server->port . $curl->{url} or return [], "curl: $!";
    my $raw = do { local $/; <$out> } // '';
    close $out;
    return [Postern::Runner::Response->of_curl($raw)], $? == 0 ? undef : 'curl: exit status ' . ($? >> 8);
}

1;
