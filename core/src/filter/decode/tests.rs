use proptest::prelude::*;

use super::super::shape::Shape;
use super::*;

fn layer(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    decode_layer(text, Shape::of(text), &mut out).then_some(out)
}

fn transport(transport: Transport, raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    transport.decode(raw, &mut out);
    out
}

#[test]
fn one_layer_is_taken_away() {
    let cases: &[(&[u8], &[u8])] = &[
        (b"%2e%2E/", b"../"),
        (b"%252e", b"%2e"),
        (b"%%32%65", b"%2e"),
        (b"%u002e%uff0e", b".."),
        (b"\\u003cscript\\x3e", b"<script>"),
        (b"\\u{3c}b\\u{0003e}", b"<b>"),
        (b"\\74\\076", b"<>"),
        (b"\\/etc\\/passwd", b"/etc/passwd"),
        (b"&lt;&GT;&quot&#39;&#x27;&#0000060", b"<>\"''<"),
        (b"java&Tab;script&colon;", b"java\tscript:"),
        (b"&#0;<", b"<"),
        (b"\xc0\xae\xc0\xaf\xc1\x9c", b"./\\"),
        (b"\xe0\x80\xae\xf0\x80\x80\xaf\xfc\x80\x80\x80\x80\xae", b"./."),
        (b"\xc0\x2f", b"/"),
        ("＜ｓｃｒｉｐｔ＞".as_bytes(), b"<script>"),
        ("ʼ or".as_bytes(), b"' or"),
        ("java\u{200b}script\u{a0}\u{3000}x".as_bytes(), b"javascript  x"),
        ("Ⓛⓢ".as_bytes(), b"Ls"),
        ("嘊嘍".as_bytes(), b"\n\r"),
        (b"\xbcscript\xbe", b"<script>"),
        (b"1+or+1=1", b"1 or 1=1"),
    ];
    for (text, decoded) in cases {
        assert_eq!(
            layer(text).as_deref(),
            Some(*decoded),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn what_is_not_encoded_stays() {
    let cases: &[&[u8]] = &[
        b"plain text, 100% sure",
        b"50%",
        b"%zz %u12 %",
        b"a & b &; &unknown; &#; &#x; &#xg",
        b"c:\\projects\\code",
        b"1 + 1",
        "naïve café, 日本語, “quotes”, it’s – …".as_bytes(),
        b"\xff\xfe\xe2\x82",
    ];
    for text in cases {
        assert_eq!(layer(text), None, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn transports_decode_what_is_theirs() {
    assert_eq!(transport(Transport::Form, b"a+b%20c%2Bd%"), b"a b c+d%");
    assert_eq!(transport(Transport::Percent, b"a+b%20c%2"), b"a+b c%2");
    assert_eq!(transport(Transport::Plain, b"a+b%20"), b"a+b%20");
    assert_eq!(
        transport(Transport::Json, br#"a\"b\\c\/d\n\u0041\ud83d\ude00\ud83d!\x\u12"#),
        "a\"b\\c/d\nA\u{1f600}\u{fffd}!\\x\\u12".as_bytes()
    );
}

#[test]
fn base64_of_a_text_is_decoded() {
    let mut out = Vec::new();
    assert!(decode_base64(b"JyBvciAxPTEtLQ==", &mut out));
    assert_eq!(out, b"' or 1=1--");
    assert!(decode_base64(b"JyBvciAxPTEtLQ", &mut out));
    for text in [
        &b"administrator"[..],
        b"short",
        b"AAECAwQFBgcICQ==",
        b"not base64 at all",
        b"ZGF0YQ",
        b"",
    ] {
        assert!(
            !decode_base64(text, &mut out),
            "{}",
            String::from_utf8_lossy(text)
        );
        assert!(out.is_empty());
    }
}

proptest! {
    #[test]
    fn rounds_end_since_values_get_shorter(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut text = text;
        let mut rounds = 0;
        while let Some(decoded) = layer(&text) {
            prop_assert!(decoded.len() <= text.len());
            rounds += 1;
            prop_assert!(rounds <= 200);
            if decoded == text {
                break;
            }
            text = decoded;
        }
    }

    #[test]
    fn plain_text_survives_its_encoding(text in "[ -~]{0,40}") {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        prop_assert_eq!(transport(Transport::Form, encoded.as_bytes()), text.as_bytes());
        let encoded: String = text.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        prop_assert_eq!(transport(Transport::Json, encoded.as_bytes()), text.as_bytes());
        if !text.is_empty() {
            let encoded: String = text.chars().map(|c| format!("&#{};", u32::from(c))).collect();
            prop_assert_eq!(layer(encoded.as_bytes()), Some(text.into_bytes()));
        }
    }
}
