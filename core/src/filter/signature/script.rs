//! Script in a page.

use super::super::rule::Rule;
use super::{After, Before, Group, group};

#[rustfmt::skip]
pub(super) static GROUPS: &[Group] = &[
    group(Rule::XssCall, Some(Rule::XssCall), Before::Free, After::Call, &[
        "alert", "confirm", "prompt", "window.alert", "self.alert", "top.alert", "this.alert", "parent.alert", "frames.alert",
        "globalthis.alert", "window.confirm", "window.prompt", "self.confirm", "self.prompt", "top.confirm", "top.prompt",
    ]),
    group(Rule::XssCall, Some(Rule::XssWeakObject), Before::Boundary, After::Call, &[
        "eval", "execscript", "string.fromcharcode", "string.fromcodepoint", "document.write", "document.writeln",
        "constructor.constructor", "execcommand",
    ]),
    group(Rule::XssCall, None, Before::Any, After::Any, &[
        "..tostring(", "[].some(", "[1].some(", "[].map(alert", "[1].map(", "[1].find(", "[1].findindex(", "[1].every(",
        "[1].foreach(", "=alert", "=confirm", "=prompt", "{alert}", "top[\"al", "top['al", "self['al", "self[\"al", "window['al",
        "window[\"al", "this['al", "this[\"al", "['alert']", "[\"alert\"]", "throw onerror", "onerror=alert", "onerror=eval",
        "=eval", "alert;throw", "{onerror=", "import('//", "import(\"//", "import(/", "domparser()", "&&alert", "||alert",
        "window.onerror=", ",alert)", ",alert,", "(alert,", "=(alert)", "=(confirm)", "=(prompt)", "/.source+/", "/.source)](", "write(cookie)", "call`${",
        ".sort.call`", "set.call`", "$.getscript('", "$.getscript(\"", "(alert)(", "(confirm)(", "(prompt)(", "(eval)(", ".innerhtml='<",
        ".innerhtml=\"<", "new function`", "navigator.vibrate(", "activexobject(",
    ]),
    group(Rule::XssCall, None, Before::Start, After::Any, &[
        "import('", "import(\"", "open(name)", "function('", "function(\"", "function(`", "settimeout('", "settimeout(\"", "settimeout(`",
        "setinterval('", "setinterval(\"", "setinterval(`", "setinterval(code", "settimeout(name", "constructor.constructor(",
    ]),
    group(Rule::XssObject, Some(Rule::XssWeakObject), Before::Boundary, After::Any, &[
        "document.cookie", "document['cookie", "document[\"cookie", "document?.cookie", ")[\"cookie\"]", ")['cookie']", "document)[\"cookie", "document)['cookie",
        ".sort.call`", "reflect.apply.call`", "new function(", "document.domain", "document['domain", "document[\"domain",
        "document.location=", "document.location.href=", "window.location=", "window.location.href=", "window.location.replace(",
        "location=name", "location='javascript", "location.hash.slice", "window.name)", "document.body.innerhtml",
        "document.documentelement.innerhtml", "createelement('script", "createelement(\"script", "createelement(/script",
        "getelementsbytagname('head", "xmlhttprequest()", "document.body.appendchild", "document.head.appendchild",
        "with(document)", "document.implementation", "svgelement", "trustedhtml", "onerror=", ".src='//", ".src=\"//", "atob('",
        "atob(\"", "atob(`",
    ]),
    group(Rule::XssWeakCall, None, Before::Boundary, After::Call, &[
        "settimeout", "setinterval", "setimmediate", "fetch", "atob", "unescape", "decodeuri", "decodeuricomponent", "function",
        "importscripts", "insertadjacenthtml", "window.open", "navigator.sendbeacon", "reflect.construct", "new function",
        "document.getelementbyid", "$.get", "$.getscript", "location.assign", "location.replace", "queuemicrotask",
        "requestanimationframe", "createcontextualfragment",
    ]),
    group(Rule::XssWeakObject, None, Before::Boundary, After::Use, &[
        "innerhtml", "outerhtml", "window.location", "document.location", "self.location", "top.location", "parent.location",
        "location.href", "location.hash", "location.search", "document.referrer", "document.url", "document.documenturi",
        "localstorage", "sessionstorage", "srcdoc", "document.forms", "document.images", "window.name", "document.body",
        "document.head", "document.title",
    ]),
    group(Rule::XssStyle, Some(Rule::XssStyle), Before::Any, After::Any, &[
        "-moz-binding", ":expression(", "expression(alert", "expression(java", "behavior:url(", "behaviour:url(",
        "expression(this", "expression(open", "expression(write", "expression(eval", "expression/*", "@import'", "@import\"",
        "@import url", "@\\import", "expression(document", "expression(window", "-o-link:", "url(javascript",
    ]),
    group(Rule::XssTag, None, Before::Start, After::Any, &["</title", "</textarea", "</style", "</noscript"]),
    group(Rule::XssTag, Some(Rule::XssTag), Before::Any, After::Any, &[
        "+adw-", "+ad4-script", "</script", "<script", "<![cdata[<", "<x onxxx", "fscommand", "getappletcontext",
        "allowscriptaccess", "application/x-shockwave-flash", "geturl(", "dataformatas=", "<?xml-stylesheet", "<?xml:",
        "seeksegmenttime", "ng-app", "ng-csp", "data-ng-", "v-on:", "@click=", "v-html=", "x-init=", "onx=",
    ]),
];
