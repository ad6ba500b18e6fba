package Postern::Runner::Checks;

# What a block expects, held against what came.

use strict;
use warnings;

use Test::More import => [qw(diag fail is like ok pass unlike)];
use Test::LongString qw(is_string);
use Time::HiRes qw(sleep time);

my $long_string = 1;
my @body_checks;
# How long a line that is expected in a log may take to appear.
my $log_deadline_s = 2;

sub no_long_string { $long_string = 0 }
sub add_body_check { push @body_checks, $_[0] }

sub new {
    my ($class, $block, $server) = @_;
    return bless { block => $block, name => $block->name, server => $server }, $class;
}

sub response {
    my ($self, $response, $index, $many) = @_;
    @$self{qw(index many)} = ($index, $many);
    my $failed = grep { !$_ } $self->code($response), $self->headers($response), $self->body($response);
    $_->($self->{block}, $response->{body}, $index, 0, 0) for @body_checks;
    diag("response was: $response->{raw_headers}\n", $response->{body} // '(no body)', "\n", $self->{server}->problems)
        if $failed;
}

# The value of a section for the request at hand.
sub expected {
    my ($self, $section) = @_;
    my $value = $self->{block}->$section;
    return undef if !defined $value;
    if (ref $value eq 'ARRAY') {
        $value = $value->[$self->{index}];
    }
    elsif ($self->{many}) {
        die "$self->{name} - $section must be an array, there are many requests\n";
    }
    return defined $value && !ref $value ? $self->{server}->expand($value) : $value;
}

sub label {
    my ($self, $text) = @_;
    return "$self->{name} - $text" . ($self->{many} ? " (request $self->{index})" : '');
}

sub code {
    my ($self, $response) = @_;
    if (defined(my $pattern = $self->expected('error_code_like'))) {
        return like($response->{code}, qr/$pattern/, $self->label('status code'));
    }
    my $code = $self->expected('error_code') // 200;
    return is($response->{code}, $code =~ s/\s+//gr, $self->label('status code'));
}

sub headers {
    my ($self, $response) = @_;
    my @results;
    if (defined(my $pattern = $self->expected('raw_response_headers_like'))) {
        push @results, like($response->{raw_headers}, qr/$pattern/s, $self->label('raw headers like'));
    }
    if (defined(my $pattern = $self->expected('raw_response_headers_unlike'))) {
        push @results, unlike($response->{raw_headers}, qr/$pattern/s, $self->label('raw headers unlike'));
    }
    push @results, $self->header_lines($response, 'response_headers',
        sub { is($_[0], $_[1], $_[2]) });
    push @results, $self->header_lines($response, 'response_headers_like',
        sub { like($_[0], qr/^$_[1]$/, $_[2]) });
    return @results;
}

# `Name: value` must be so, `! Name` or `Name:` without a value must be absent.
sub header_lines {
    my ($self, $response, $section, $compare) = @_;
    my @results;
    for my $line (grep { /\S/ && !/^\s*#/ } split /\r?\n/, $self->expected($section) // '') {
        if ($line =~ /^\s*!\s*(\S+)\s*$/) {
            push @results, is($response->header($1), '', $self->label("header $1 is absent"));
        }
        elsif ($line =~ /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/) {
            push @results, $compare->($response->header($1), $2, $self->label("header $1"));
        }
        else {
            die "$self->{name} - $section has a line that is no header: $line\n";
        }
    }
    return @results;
}

sub body {
    my ($self, $response) = @_;
    my $body = $response->{body};
    my @results;
    if (defined(my $expected = $self->expected('response_body'))) {
        my $name = $self->label('response body');
        push @results,
              ref $expected ? like($body, $expected, $name)
            : $long_string  ? is_string($body, $expected, $name)
            :                 is($body, $expected, $name);
    }
    if (defined(my $pattern = $self->expected('response_body_like'))) {
        chomp $pattern if !ref $pattern;
        push @results, like($body, qr/$pattern/s, $self->label('response body like'));
    }
    if (defined(my $pattern = $self->expected('response_body_unlike'))) {
        chomp $pattern if !ref $pattern;
        push @results, unlike($body, qr/$pattern/s, $self->label('response body unlike'));
    }
    return @results;
}

# The sections about logs, after the last request of a repetition.
sub logs {
    my ($self, $repetition) = @_;
    for my $log (qw(error_log access_log)) {
        $self->must_appear($log, $_) for patterns($self->{block}->$log);
        my $no_log = "no_$log";
        $self->must_not_appear($log, $_) for patterns($self->{block}->$no_log);
    }
    $self->grep_error_log($repetition);
}

# A section of patterns: lines of plain text, a regular expression, or an array of both.
sub patterns {
    my ($value) = @_;
    return () if !defined $value;
    my @values = ref $value eq 'ARRAY' ? @$value : ref $value ? ($value) : split /\n+/, $value;
    return map { ref ? $_ : qr/\Q$_\E/ } grep { defined && length } @values;
}

sub must_appear {
    my ($self, $log, $pattern) = @_;
    my $deadline = time + $log_deadline_s;
    my @lines;
    while (1) {
        @lines = $self->{server}->log_lines($log);
        return pass("$self->{name} - $pattern is in the $log") if grep { $_ =~ $pattern } @lines;
        # What does not run writes nothing more.
        last if time > $deadline || !$self->{server}->running;
        sleep 0.01;
    }
    fail("$self->{name} - $pattern must be in the $log");
    diag(@lines > 40 ? @lines[-40 .. -1] : @lines);
}

sub must_not_appear {
    my ($self, $log, $pattern) = @_;
    my @found = grep { $_ =~ $pattern } $self->{server}->log_lines($log);
    ok(!@found, "$self->{name} - $pattern is not in the $log") or diag(@found[0 .. ($#found > 9 ? 9 : $#found)]);
}

# All matches of a pattern in the error log, a line each, are what grep_error_log_out says.
sub grep_error_log {
    my ($self, $repetition) = @_;
    my $pattern = $self->{block}->grep_error_log // return;
    my $expected = $self->{block}->grep_error_log_out // '';
    $expected = $expected->[$repetition] if ref $expected eq 'ARRAY';
    $pattern = qr/\Q${\($pattern =~ s{\n\z}{}r)}\E/ if !ref $pattern;
    my $found = join '', map { my $line = $_; map { "$_\n" } $line =~ /($pattern)/g } $self->{server}->log_lines('error_log');
    is($found, $expected, "$self->{name} - grep_error_log_out");
}

1;
