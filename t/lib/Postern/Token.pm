package Postern::Token;

# JSON Web Tokens for tests, good ones and, with every part open to change, bad ones.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha384 hmac_sha512);
use Exporter qw(import);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);

our @EXPORT_OK = qw(token bearer $secret);

# What the fixtures write into the secret file.
our $secret = 'a secret of thirty-two octets or more';

my %signers = (HS256 => \&hmac_sha256, HS384 => \&hmac_sha384, HS512 => \&hmac_sha512, none => sub { '' });
my $json = JSON::PP->new->canonical->utf8;

# token({ sub => …, role => …, exp => … }, alg => 'HS256', header => {…}, secret => …)
# Claims given as a string are taken as they are.
sub token {
    my ($claims, %options) = @_;
    my $algorithm = $options{alg} // 'HS256';
    my $header    = $options{header} // { alg => $algorithm, typ => 'JWT' };
    my $signed    = join '.', map { encode_base64url(ref $_ ? $json->encode($_) : $_, '') } $header, $claims;
    my $signature = $signers{$algorithm}->($signed, $options{secret} // $secret);
    return "$signed." . encode_base64url($signature, '');
}

# The header line of a request with such a token.
sub bearer { 'Authorization: Bearer ' . token(@_) }

1;
