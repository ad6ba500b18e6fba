//! The status page in a browser, with real traffic: what it shows, that it needs nobody else, and what it says when nobody answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::nginx::{Config, Nginx};
use crate::support::poll_until;
use crate::support::postgres::Postgres;

/// Markup where a path is expected.
const HOSTILE: &str = "/broken/<img/src=x/onerror=document.title='owned'>";

fn config(dsn: &str) -> Config {
    let mut config = Config::new(dsn, "").workers(2);
    config.http += "postern_zone edge 1m;";
    config.server += "
        location /cached  { postern_cache edge ttl=1h fallback_ttl=1h; postern_resource app table=api.books; }
        location /limited { postern_limit key=endpoint rate=1r/d name=one; postern_resource app table=api.books; }
        location /broken  { postern_sql app \"select id from api.books\"; }
        location = /quick  { return 204; }
        location = /status { postern_status; }";
    config
}

/// Sends requests of all kinds until `look` is done.
fn with_traffic<T>(nginx: &Nginx, look: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = nginx.client();
            while !is_over.load(Ordering::Relaxed) {
                for target in ["/api/books/1", "/cached/1", "/cached/2", "/limited/1", HOSTILE] {
                    client.get(target);
                }
                thread::sleep(std::time::Duration::from_millis(10));
            }
        });
        // The thread ends, however this does.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(look));
        is_over.store(true, Ordering::Relaxed);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The text of a part of the page.
fn text(browser: &Browser, selector: &str) -> String {
    browser.text(&format!("document.querySelector({selector:?}).textContent"))
}

/// The number that a chart tells in large.
fn now(browser: &Browser, chart: &str) -> f64 {
    let told = text(browser, &format!("#{chart} .now"));
    let digits = told.split(|character: char| !character.is_ascii_digit() && character != '.');
    digits
        .filter_map(|digits| digits.parse().ok())
        .next()
        .unwrap_or(0.0)
}

/// Whether all lines of all charts are inside of their plots.
const LINES_ARE_INSIDE: &str = "[...document.querySelectorAll('.plot')].every((plot) => {
    const box = plot.getBoundingClientRect();
    return [...plot.querySelectorAll('.line')].every((line) => {
        const at = line.getBoundingClientRect();
        return !line.getAttribute('d').includes('NaN') && (at.width === 0 || (at.left >= box.left && at.right <= box.right
            && at.top >= box.top && at.bottom <= box.bottom - 15));
    });
})";

/// What is wider than the window, or reaches out of it.
const TOO_WIDE: &str = "[...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > window.innerWidth || element.getBoundingClientRect().left < 0)
    .map((element) => element.outerHTML.slice(0, 100))
    .concat(document.documentElement.scrollWidth > window.innerWidth ? ['the page'] : [])";

#[test]
fn traffic_is_shown_as_it_is() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    let browser = Browser::start();
    browser.open(nginx.port(), "/status");
    with_traffic(&nginx, || {
        poll_until("throughput and latency are drawn", || {
            now(&browser, "throughput") > 5.0
                && now(&browser, "latency") > 0.0
                && now(&browser, "database") > 0.0
                && text(&browser, "#throughput .now").ends_with("req/s")
                && browser
                    .text("document.querySelector('#throughput .plot .line.one').getAttribute('d')")
                    .contains('L')
        });
        poll_until("all of what was asked lately is from the cache", || {
            now(&browser, "cache") == 100.0
        });
        poll_until("rejections are drawn", || now(&browser, "limits") > 1.0);
    });
    assert!(text(&browser, "#pool .now").contains(" connections"));
    let endpoints = text(&browser, "#endpoints");
    for location in ["/api/books", "/cached", "/limited", "/broken", "= /status"] {
        assert!(endpoints.contains(location), "{endpoints}");
    }
    let broken = "[...document.querySelectorAll('#endpoints tbody tr')].find((row) => row.textContent.includes('/broken')).lastChild.textContent";
    assert_eq!(browser.text(broken), "100 %");
    // Errors of the server and refusals, each where it belongs, and nothing that a client writes is markup.
    let failures = text(&browser, "#failures");
    for part in ["500 POSTERN360", "429 POSTERN350", "GET /limited/1", HOSTILE] {
        assert!(failures.contains(part), "{part} in {failures}");
    }
    assert_eq!(browser.value("document.querySelectorAll('img').length"), json!(0));
    assert_eq!(browser.text("document.title"), "Postern status");
    let shown = |which: &str| {
        browser.value(&format!(
            "(document.getElementById('failures-shown').value = '{which}', \
             document.getElementById('failures-shown').dispatchEvent(new Event('change')))"
        ));
        text(&browser, "#failures")
    };
    assert!(!shown("server").contains("429") && shown("server").contains("500 POSTERN360"));
    assert!(!shown("refused").contains("500 POSTERN360") && shown("refused").contains("429"));
    let facts = text(&browser, "#facts");
    assert!(facts.contains("workers2") && facts.contains("nginx1."), "{facts}");
    let databases = text(&browser, "#databases");
    assert!(
        databases.contains("app") && databases.contains("2 of 2"),
        "{databases}"
    );
    assert_eq!(browser.value(LINES_ARE_INSIDE), json!(true));
    // Nobody else was asked, and nothing was said or kept from running.
    let own = format!("http://127.0.0.1:{}/status", nginx.port());
    let requested = browser.requested();
    let others: Vec<_> = requested
        .iter()
        // Its first window shows a page of the browser's own.
        .filter(|url| !url.starts_with(&own) && !url.starts_with("data:") && !url.starts_with("chrome:"))
        .collect();
    assert!(requested.len() > 2 && others.is_empty(), "{others:?}");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
fn it_fits_a_narrow_window_and_a_dark_one() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    let browser = Browser::start();
    browser.open(nginx.port(), "/status");
    let colours = || {
        browser.text(
            "['body', '#throughput', '#endpoints th', '#throughput .plot .line.one'].map((selector) => {
                const style = getComputedStyle(document.querySelector(selector));
                return [style.backgroundColor, style.color, style.stroke];
            })",
        )
    };
    let resize = |width: u32| {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 2, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", &size);
    };
    with_traffic(&nginx, || {
        poll_until("there is something to see", || {
            text(&browser, "#failures").contains(HOSTILE) && text(&browser, "#endpoints").contains("/limited")
        });
        for width in [360, 1280] {
            resize(width);
            poll_until("all of it is in the window", || {
                browser.value("window.innerWidth") == json!(width) && browser.value(TOO_WIDE) == json!([])
            });
        }
        let emulate = |scheme: &str| {
            let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            browser.devtools("Emulation.setEmulatedMedia", &features);
            colours()
        };
        let (light, dark) = (emulate("light"), emulate("dark"));
        assert_ne!(light, dark);
        assert_eq!(emulate("light"), light);
    });
    // The keyboard reads what the pointer does.
    browser.value("document.querySelector('#throughput .plot').focus()");
    browser.value(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))",
    );
    let reading = text(&browser, "#reading");
    assert!(reading.contains(": 2xx, 3xx "), "{reading}");
    assert_eq!(
        browser.value("document.querySelectorAll('.cursor').length"),
        json!(6)
    );
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
fn it_says_when_nobody_answers_and_goes_on() {
    let postgres = Postgres::start();
    let config = config(&postgres.dsn());
    let nginx = Nginx::ready(&config);
    let browser = Browser::start();
    browser.open(nginx.port(), "/status");
    for _ in 0..3 {
        nginx.client().get("/broken/before");
    }
    poll_until("it shows something", || {
        text(&browser, "#failures").contains("/broken/before")
    });
    assert_eq!(
        browser.value("document.getElementById('banner').hidden"),
        json!(true)
    );
    let mut away = self::config(&postgres.dsn());
    away.server =
        away.server.replace("postern_status;", "return 503;") + "location = /other { postern_status; }";
    nginx.rewrite(&away);
    nginx.reload();
    let banner = || text(&browser, "#banner");
    poll_until("it says so", || {
        banner().starts_with("No answer since ") && banner().contains("status 503")
    });
    assert_eq!(
        browser.value("document.getElementById('banner').hidden"),
        json!(false)
    );
    // Counters that begin anew, as with another nginx.
    let mut anew = config;
    anew.http += "postern_metrics_zone 8m;";
    nginx.rewrite(&anew);
    nginx.reload();
    poll_until("it goes on", || {
        browser.value("document.getElementById('banner').hidden") == json!(true)
    });
    with_traffic(&nginx, || {
        poll_until("it draws again", || {
            now(&browser, "throughput") > 5.0 && !text(&browser, "#failures").contains("/broken/before")
        });
    });
    assert_eq!(browser.value(LINES_ARE_INSIDE), json!(true));
}

/// The entries are in shared memory, beside the counts.
#[test]
fn a_reload_loses_no_error() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    let told = || nginx.client().get("/status?format=json").body;
    nginx.client().get("/broken/before");
    poll_until("it is told", || told().contains("\"/broken/before\""));
    let old = nginx.workers();
    nginx.reload();
    poll_until("the old workers are gone", || {
        nginx.workers().iter().all(|pid| !old.contains(pid))
    });
    nginx.client().get("/broken/after");
    poll_until("both are told", || {
        told().contains("\"/broken/before\"") && told().contains("\"/broken/after\"")
    });
}

/// Both were told as if they had been measured: by the bounds of buckets, one below what nginx's clock knows, and one without an upper bound.
#[test]
fn what_is_not_measured_is_not_told() {
    let postgres = Postgres::start();
    let nginx = Nginx::ready(&config(&postgres.dsn()));
    let browser = Browser::start();
    browser.open(nginx.port(), "/status");
    let row = |location: &str| {
        browser.text(&format!(
            "[...document.querySelectorAll('#endpoints tbody tr')].find((row) => row.textContent.includes('{location}'))?.textContent"
        ))
    };
    let ask = || {
        for _ in 0..10 {
            assert_eq!(nginx.client().get("/quick").status, 204);
        }
    };
    poll_until("what is quick is not told exactly", || {
        ask();
        row("= /quick").matches("< 1 ms").count() >= 3
    });
    // From now on all requests have taken longer than the last bound.
    browser.value(
        "(window.answered = window.fetch, window.fetch = async (...what) => {
            const report = await (await window.answered(...what)).json();
            for (const { duration } of report.endpoints) {
                duration.buckets[15] += duration.buckets.reduce((sum, count) => sum + count, 0);
            }
            return new Response(JSON.stringify(report));
        }, 0)",
    );
    poll_until("what is slow is not told exactly", || {
        ask();
        text(&browser, "#latency .now").contains("> 30 s") && row("= /quick").contains("> 30 s")
    });
    assert_eq!(browser.value(LINES_ARE_INSIDE), json!(true));
    assert_eq!(browser.console(), [""; 0]);
}
