//! Addresses that attacks use, and the names of tools that look for holes.

use super::super::rule::Rule;
use super::{After, Before, Group, group};

#[rustfmt::skip]
pub(super) static GROUPS: &[Group] = &[
    group(Rule::SsrfAddress, Some(Rule::SsrfAddress), Before::Any, After::Any, &[
        "169.254.169.254", "169.254.170.2", "metadata.google.internal", "metadata.packet.net", "100.100.100.200", "/latest/meta-data",
        "/computemetadata/", "/metadata/instance", "gopher://", "dict://", "tftp://", "::ffff:169.254", "[fd00:ec2::254]",
        "instance-data.ec2", "metadata.nicob.net", "burpcollaborator.net", ".oastify.com", "interact.sh", ".oast.", "webhook.site",
        "requestbin.net", "pipedream.net", "nip.io", "xip.io", "sslip.io", "localtest.me", "lvh.me", "rbndr.us",
    ]),
    group(Rule::SsrfAddress, None, Before::Start, After::Any, &[
        "http:127.", "http://localhost.localdomain", "localhost.localdomain/", "localhost4", "gateway.docker.internal", "host.docker.internal", "http://localhost/admin", "sftp://", "file:",
        "http://127.", "https://127.", "http://[::", "https://[::", "http://0.0.0.0", "https://0.0.0.0", "http://0/",
        "http://0x7f", "http://0177.", "http://2130706433", "http://017700000001", "http://3232235", "http://2852039166",
        "http://localhost/", "http://localhost:22", "http://localhost:25", "http://10.", "http://192.168.", "http://172.16.",
        "ftp://127.", "ftp://localhost",
    ]),
    group(Rule::ScannerAgent, None, Before::Any, After::Any, &[
        "sqlmap", "nikto", "masscan", "nessus", "openvas", "acunetix", "netsparker", "w3af", "dirbuster", "gobuster", "wpscan",
        "nuclei - ", "nuclei/", "fuzz faster", "feroxbuster", "havij", "arachni", "zmeu", "morfeus", "jorgee", "whatweb", "commix",
        "webinspect", "n-stealth", "paros", "joomscan", "dirsearch", "wfuzz", "sqlninja", "bsqlbf", "absinthe", "grabber",
        "pangolin", "brutus", "metis", "nmap scripting", "nmap nse", "appscan", "qualys was", "hydra", "openvas-vt", ".nasl",
        "zaproxy", "owasp zap", "vega/", "skipfish", "webshag", "sqlsus", "whcc/", "cgichk", "blackwidow", "libwhisker",
    ]),
];
