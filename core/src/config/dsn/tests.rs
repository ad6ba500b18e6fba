//! Connection strings of both forms.

use std::time::Duration;

use super::{ChannelBinding, Dsn, DsnError, Host, Keepalives, SslMode, TargetSessionAttrs};

fn dsn(text: &str) -> Dsn {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> DsnError {
    text.parse::<Dsn>().expect_err(text)
}

fn tcp(host: &str, port: u16) -> Host {
    Host::Tcp {
        host: host.into(),
        address: host.parse().ok(),
        port,
    }
}

fn unix(directory: &str, port: u16) -> Host {
    Host::Unix {
        directory: directory.into(),
        port,
    }
}

#[test]
fn what_is_left_out_has_a_default() {
    let dsn = dsn("user=alice");
    assert_eq!(dsn.hosts, [unix("/var/run/postgresql", 5432)]);
    assert_eq!(
        dsn.hosts[0].socket_path(),
        Some("/var/run/postgresql/.s.PGSQL.5432".into())
    );
    assert_eq!(
        (&*dsn.dbname, &*dsn.application_name, &dsn.password),
        ("alice", "postern", &None)
    );
    assert_eq!(
        (dsn.ssl_mode, dsn.channel_binding),
        (SslMode::Prefer, ChannelBinding::Prefer)
    );
    assert_eq!(dsn.target_session_attrs, TargetSessionAttrs::Any);
    assert_eq!(
        (dsn.connect_timeout, dsn.keepalives),
        (None, Some(Keepalives::default()))
    );
}

#[test]
fn both_forms_mean_the_same() {
    let pairs = dsn(
        "host=a,/run/pg,::1 port=1,,3 user='al ice' password='p\\'w d' dbname=app sslmode=verify-full \
        sslrootcert=/etc/ca.pem target_session_attrs=prefer-standby connect_timeout=3 application_name=api \
        options='-c search_path=x' load_balance_hosts=random channel_binding=require",
    );
    let uri = dsn(
        "postgresql://al%20ice:p'w%20d@a:1,%2Frun%2Fpg,[::1]:3/app?sslmode=verify-full&\
        sslrootcert=/etc/ca.pem&target_session_attrs=prefer-standby&connect_timeout=3&application_name=api&\
        options=-c%20search_path%3Dx&load_balance_hosts=random&channel_binding=require",
    );
    assert_eq!(pairs, uri);
    assert_eq!(pairs.hosts, [tcp("a", 1), unix("/run/pg", 5432), tcp("::1", 3)]);
    assert_eq!(
        pairs.password.as_ref().map(|password| password.reveal()),
        Some(&b"p'w d"[..])
    );
    assert_eq!(
        (pairs.ssl_mode, pairs.ssl_root_cert),
        (SslMode::VerifyFull, Some("/etc/ca.pem".into()))
    );
    assert_eq!(pairs.connect_timeout, Some(Duration::from_secs(3)));
    assert!(pairs.load_balance_hosts);
}

#[test]
fn every_value_of_an_enumeration_is_known() {
    for (value, mode) in [
        ("disable", SslMode::Disable),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ] {
        assert_eq!(dsn(&format!("user=a sslmode={value}")).ssl_mode, mode);
    }
    for (value, attrs) in [
        ("any", TargetSessionAttrs::Any),
        ("read-write", TargetSessionAttrs::ReadWrite),
        ("read-only", TargetSessionAttrs::ReadOnly),
        ("primary", TargetSessionAttrs::Primary),
        ("standby", TargetSessionAttrs::Standby),
        ("prefer-standby", TargetSessionAttrs::PreferStandby),
    ] {
        assert_eq!(
            dsn(&format!("postgres://a@h?target_session_attrs={value}")).target_session_attrs,
            attrs
        );
    }
}

#[test]
fn hosts_addresses_and_ports_are_joined() {
    assert_eq!(dsn("user=a host=x,y port=7").hosts, [tcp("x", 7), tcp("y", 7)]);
    let address = "10.0.0.1".parse().ok();
    let named = Host::Tcp {
        host: "x".into(),
        address,
        port: 5432,
    };
    assert_eq!(dsn("user=a host=x hostaddr=10.0.0.1").hosts, [named]);
    assert_eq!(dsn("user=a hostaddr=10.0.0.1").hosts, [tcp("10.0.0.1", 5432)]);
    assert_eq!(dsn("postgres://a@h?port=9").hosts, [tcp("h", 9)]);
    assert_eq!(dsn("postgres://a@h1:1,h2").hosts, [tcp("h1", 1), tcp("h2", 5432)]);
    assert_eq!(error("user=a host=x,y,z port=1,2"), DsnError::Count("port"));
    assert_eq!(error("user=a port=1,2"), DsnError::Count("port"));
    assert_eq!(
        error("user=a host=x,y hostaddr=10.0.0.1"),
        DsnError::Count("hostaddr")
    );
    assert_eq!(
        error("user=a host=/tmp hostaddr=10.0.0.1"),
        DsnError::InvalidValue("hostaddr")
    );
}

#[test]
fn the_last_value_counts_and_an_empty_one_is_none() {
    let dsn = dsn("user=a user=b dbname='' host='' sslmode=''");
    assert_eq!(
        (&*dsn.user, &*dsn.dbname, dsn.ssl_mode),
        ("b", "b", SslMode::Prefer)
    );
    assert_eq!(dsn.hosts, [unix("/var/run/postgresql", 5432)]);
}

#[test]
fn times_have_the_units_of_libpq() {
    let dsn = dsn("user=a keepalives_idle=30 keepalives_interval=5 keepalives_count=4 tcp_user_timeout=1500");
    let (idle, interval) = (Some(Duration::from_secs(30)), Some(Duration::from_secs(5)));
    assert_eq!(
        dsn.keepalives,
        Some(Keepalives {
            idle,
            interval,
            count: Some(4)
        })
    );
    assert_eq!(dsn.tcp_user_timeout, Some(Duration::from_millis(1500)));
    assert_eq!(
        "user=a keepalives=0".parse::<Dsn>().map(|dsn| dsn.keepalives),
        Ok(None)
    );
    assert_eq!(
        "user=a connect_timeout=0"
            .parse::<Dsn>()
            .map(|dsn| dsn.connect_timeout),
        Ok(None)
    );
}

#[test]
fn wrong_options_and_values_are_named() {
    assert_eq!(error("host=a"), DsnError::NoUser);
    assert_eq!(error("postgres://h/db"), DsnError::NoUser);
    assert_eq!(error("user=a sslcert=x"), DsnError::UnsupportedOption("sslcert"));
    assert_eq!(error("user=a service=x"), DsnError::UnsupportedOption("service"));
    assert_eq!(error("user=a nonsense=x"), DsnError::UnknownOption(7));
    for option in [
        "sslmode",
        "target_session_attrs",
        "channel_binding",
        "load_balance_hosts",
        "connect_timeout",
        "hostaddr",
        "keepalives",
        "keepalives_idle",
        "keepalives_count",
        "tcp_user_timeout",
        "client_encoding",
        "gssencmode",
        "sslnegotiation",
    ] {
        assert_eq!(
            error(&format!("user=a {option}=oops")),
            DsnError::InvalidValue(option)
        );
    }
    for port in ["oops", "0", "65536", "-1"] {
        assert_eq!(
            error(&format!("user=a port={port}")),
            DsnError::InvalidValue("port")
        );
    }
    for (option, value) in [
        ("sslmode", "allow"),
        ("sslrootcert", "system"),
        ("gssencmode", "require"),
        ("sslnegotiation", "direct"),
    ] {
        assert_eq!(
            error(&format!("user=a {option}={value}")),
            DsnError::UnsupportedValue { option, value }
        );
    }
    assert_eq!(error("user=a\0b"), DsnError::InvalidValue("user"));
    assert_eq!(error("postgres://%FF@h"), DsnError::InvalidValue("user"));
}

#[test]
fn a_password_is_never_shown() {
    let shown = format!("{:?}", dsn("postgres://a:hunter2@h"));
    assert!(!shown.contains("hunter2"));
    for text in [
        "user=a password=hunter2 hunter2",
        "user=a password=my hunter2=x",
        "user=a password='hunter2",
        "password=hunter2",
        "postgres://a:%hunter2@h",
        "postgres://a:x@hunter2@h",
        "postgres://a:x@h:hunter2",
        "postgres://a:x@h?hunter2=x",
        "postgres://a:hunter2/x@[h",
    ] {
        let error = error(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
    }
}

#[test]
fn a_session_is_accepted_by_its_kind() {
    use TargetSessionAttrs::{Any, PreferStandby, Primary, ReadOnly, ReadWrite, Standby};
    // (standby, read-only by default)
    let sessions = [(false, false), (false, true), (true, false), (true, true)];
    let accepted =
        |attrs: TargetSessionAttrs| sessions.map(|(standby, read_only)| attrs.accepts(standby, read_only));
    assert_eq!(accepted(Any), [true; 4]);
    assert_eq!(accepted(ReadWrite), [true, false, false, false]);
    assert_eq!(accepted(ReadOnly), [false, true, true, true]);
    assert_eq!(accepted(Primary), [true, true, false, false]);
    assert_eq!(accepted(Standby), [false, false, true, true]);
    assert_eq!(PreferStandby.passes(), [Standby, Any]);
    assert_eq!(Primary.passes(), [Primary]);
}

#[test]
fn a_connection_gets_its_settings() {
    let settings =
        dsn("user=a dbname=d password=p application_name=x options='-c a=b' channel_binding=disable")
            .settings();
    assert_eq!(
        (&*settings.user, &*settings.database, &*settings.application_name),
        ("a", "d", "x")
    );
    assert!(settings.password.is_some());
    assert_eq!(settings.channel_binding, ChannelBinding::Disable);
    assert!(settings.options.contains(&("options".into(), "-c a=b".into())));
}
