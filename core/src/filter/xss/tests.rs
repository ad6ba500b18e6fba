use super::super::class::Class;
use super::super::place::Place;
use super::super::test_hits::hits_in;
use super::*;

fn score(text: &str) -> u16 {
    let text = text.to_ascii_lowercase();
    hits_in(&text, Place::Json, detect).score(Class::Xss)
}

#[test]
fn tags_that_run_script_are_found() {
    for text in [
        "<script>x</script>",
        "</title><script src=//x.test/a>",
        "<ScRiPt >x",
        "<img src=q onerror=run()>",
        "<img/src=q/onerror=run()>",
        "<svg onload = 'run()'>",
        "<details open ontoggle=run()>",
        "<a href=\"javascript:run()\">x</a>",
        "<a href=\"jav\tascript:run()\">x</a>",
        "<a href=java\nscript:run()>x</a>",
        "<iframe srcdoc='x'>",
        "<object data=data:text/html,x>",
        "<embed src=//x.test/a.swf>",
        "<base href=//x.test/>",
        "<meta http-equiv=refresh content='0;url=//x.test'>",
        "<link rel=stylesheet href=//x.test/a.css>",
        "<style>*{color:red}</style>",
        "<p style=\"width:expression(run())\">",
        "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>",
        "<b onnewevent=run()>x",
        "<svg><animate attributename=href values=javascript:run()>",
        "<form action=javascript:run()>",
    ] {
        assert!(score(text) >= 5, "{text}");
    }
}

#[test]
fn attributes_and_urls_are_found_without_a_tag() {
    for text in [
        "\" onmouseover=\"run()",
        "' onfocus=run() autofocus='",
        "x onclick=run()",
        "\"/onload=run()",
        "javascript:run()",
        "java\tscript:run(1)",
        "vbscript:msgbox(1)",
        "[x](javascript:run(document))",
        "data:text/html,<b>x",
        "data:text/html;base64,PHg+",
        "[][(![]+[])[+[]]+([![]]+[][[]])[+!+[]+[+[]]]]()",
    ] {
        assert!(score(text) >= 5, "{text}");
    }
}

#[test]
fn texts_with_brackets_are_clean() {
    for text in [
        "a < b and c > d",
        "x<y",
        "i <3 you",
        "<3",
        "Vec<String>",
        "Option<Style>, HashMap<Object, Link>",
        "<b>bold</b> and <i>italic</i>",
        "<p>Hello, <a href=\"https://example.org/?a=1&b=2\">world</a></p>",
        "<img src=\"https://example.org/a.png\" alt=\"a\" width=\"10\">",
        "<john@example.org>",
        "<https://example.org>",
        "<div class=\"note\">x</div>",
        "<br/>",
        "JavaScript: the good parts",
        "JavaScript: a language (for browsers)",
        "online=true&one=1",
        "?onload=1&x=2",
        "data:image/png;base64,iVBORw0KGgo=",
        "time: 10:30, ratio 1:2",
        "{\"a\":[[1,2],[3,4]],\"b\":{}}",
        "<- look here -> and there",
        "<<EOF",
    ] {
        assert!(score(text) < 5, "{text}");
    }
}
