//! Entities and directives in documents.

use super::super::rule::Rule;
use super::{After, Before, Group, group};

#[rustfmt::skip]
pub(super) static GROUPS: &[Group] = &[
    group(Rule::XmlEntity, Some(Rule::XmlEntity), Before::Any, After::Any, &[
        "<!entity", "<!doctype foo", "<!element", "<!attlist", "xi:include", "w3.org/2001/xinclude", "<xsl:", "xsi:schemalocation",
        "<xs:include", "<xs:import", "xsl/transform", "php:function(", "<!notation",
    ]),
    group(Rule::XmlDirective, Some(Rule::XmlDirective), Before::Any, After::Any, &[
        "<!--#exec", "<!--#include", "<!--#echo", "<!--#printenv", "<!--#config", "<!--#set", "<!--#fsize", "<!--#flastmod",
        "<!--#if", "<!--#email", "<!--#elif", "<!--#else", "<!--\t#", "<!--\n#", "<!--# ", "<!--#\"", "<!--#'", "#exec cmd", "<esi:", "<!--esi", "<pre><!--#",
    ]),
];
