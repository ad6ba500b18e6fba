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
        "localhost.localdomain/", "localhost4", "gateway.docker.internal", "host.docker.internal", "sftp://", "file:", "localhost/",
        "ipv6-localhost/", "ip6-localhost/", "ip6-loopback/", "kubernetes.docker.internal/", "host.containers.internal/",
        "kubernetes.default.svc",
    ]),
    group(Rule::ScannerAgent, None, Before::Any, After::Any, &[
        "sqlmap", "nikto", "masscan", "nessus", "openvas", "acunetix", "netsparker", "w3af", "dirbuster", "gobuster", "wpscan",
        "nuclei - ", "nuclei/", "fuzz faster", "feroxbuster", "havij", "arachni", "zmeu", "morfeus", "jorgee", "whatweb", "commix",
        "webinspect", "n-stealth", "paros", "joomscan", "dirsearch", "wfuzz", "sqlninja", "bsqlbf", "absinthe", "grabber",
        "pangolin", "brutus", "metis", "nmap scripting", "nmap nse", "appscan", "qualys was", "hydra", "openvas-vt", ".nasl",
        "zaproxy", "owasp zap", "vega/", "skipfish", "webshag", "sqlsus", "whcc/", "cgichk", "blackwidow", "libwhisker",
    ]),
];
