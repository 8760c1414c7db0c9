//! Where settings come from, and which are refused.

use std::fs;

use onsale_runtime::config::Config;
use toml::{Table, Value};

use crate::support::Place;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../onsale.example.toml");

fn shown(place: &Place, variables: &[(&str, &str)], arguments: &[&str]) -> Table {
    place.onsale_with(variables, arguments).succeeds().parse().unwrap()
}

#[test]
fn a_flag_wins_over_a_variable_over_a_file_over_a_default() {
    let place = Place::new();
    let listen = |variables: &[_], arguments: &[_]| {
        shown(&place, variables, arguments)["listen"].as_str().unwrap().to_owned()
    };
    let variable = [("ONSALE_LISTEN", "127.0.0.1:3")];
    assert_eq!(listen(&[], &["config"]), "127.0.0.1:8080");
    place.write("onsale.toml", "listen = \"127.0.0.1:2\"\n");
    assert_eq!(listen(&[], &["config"]), "127.0.0.1:2");
    assert_eq!(listen(&variable, &["config"]), "127.0.0.1:3");
    assert_eq!(listen(&variable, &["config", "--listen", "127.0.0.1:4"]), "127.0.0.1:4");
    place.write("other.toml", "drain_seconds = 3\n");
    assert_eq!(listen(&[], &["--config", "other.toml", "config"]), "127.0.0.1:8080");
}

#[test]
fn sources_are_merged_field_by_field() {
    let place = Place::new();
    place.write("onsale.toml", "[journal]\nwrites_in_flight = 2\nsegment_bytes = 16384\n");
    let variables = [("ONSALE_JOURNAL__SEGMENT_BYTES", "32768"), ("PATH", "/nowhere")];
    let table = shown(&place, &variables, &["config"]);
    assert_eq!(table["journal"]["writes_in_flight"].as_integer(), Some(2));
    assert_eq!(table["journal"]["segment_bytes"].as_integer(), Some(32_768));
    assert_eq!(table["journal"]["batch_bytes_max"].as_integer(), Some(262_144));
}

#[test]
fn what_follows_from_other_settings_is_shown() {
    let table = shown(&Place::new(), &[], &["config", "--cores", "1", "--listen", "127.0.0.1:99"]);
    assert_eq!(table["public_url"].as_str(), Some("http://127.0.0.1:99"));
    assert_eq!(table["partitions"].as_integer(), Some(8));
    assert_eq!(table["cores"].as_integer(), Some(1));
}

#[test]
fn secrets_are_never_shown() {
    let place = Place::new();
    // Digits only: a secret is a text all the same, with its zeros.
    let variables = [
        ("ONSALE_OPERATOR_TOKEN", "0012345678901234567"),
        ("ONSALE_SANDBOX__WEBHOOK_SECRET", "hush-hush-hush-hush"),
    ];
    let outcome = place.onsale_with(&variables, &["config"]);
    let table: Table = outcome.succeeds().parse().unwrap();
    assert_eq!(table["operator_token"].as_str(), Some("***"));
    assert_eq!(table["sandbox"]["webhook_secret"].as_str(), Some("***"));
    assert!(!outcome.out.contains("hush") && !outcome.out.contains("1234567"));
    let refused = place.onsale_with(&[("ONSALE_OPERATOR_TOKEN", "sesame")], &["config"]);
    refused.refuses(2, &["operator_token", "at least 16"]);
    assert!(!refused.err.contains("sesame"));
}

#[test]
fn what_is_unknown_in_a_file_is_refused_with_its_line() {
    let cases = [
        ("listem = \"127.0.0.1:1\"", 1, "listem"),
        ("drain_seconds = 1\n[journal]\nsegment_byte = 16384", 3, "segment_byte"),
        ("[jurnal]\nsegment_bytes = 16384", 1, "jurnal"),
        ("cores = \"two\"", 1, "two"),
        ("cores = 1.5", 1, "1.5"),
        ("partitions = 65537", 1, "65537"),
        ("cores = true", 1, "true"),
        ("host = \"iocp\"", 1, "glommio"),
        ("listen = 8080", 1, "8080"),
        ("[journal]\nkeep = \"some\"", 2, "needed"),
        ("[log]\nformat = \"xml\"", 2, "xml"),
        ("cores = ", 1, ""),
    ];
    for (content, line, named) in cases {
        let place = Place::new();
        place.write("mine.toml", content);
        let outcome = place.onsale(&["config", "--config", "mine.toml"]);
        outcome.refuses(2, &[&format!("mine.toml, line {line}: "), named]);
    }
}

#[test]
fn what_is_unknown_elsewhere_is_refused_with_its_name() {
    let place = Place::new();
    for (variable, value, named) in [
        ("ONSALE_LISTEM", "127.0.0.1:1", "listem"),
        ("ONSALE_JOURNAL__SEGMENT_BYTE", "16384", "segment_byte"),
        ("ONSALE_JOURNAL", "16384", "16384"),
        ("ONSALE_CORES", "on", "on"),
        ("ONSALE_CORES", "-1", "-1"),
        ("ONSALE_PARTITIONS", "65537", "65537"),
        ("ONSALE_SANDBOX__ENABLED", "perhaps", "perhaps"),
        ("ONSALE__", "1", "unknown"),
    ] {
        let outcome = place.onsale_with(&[(variable, value)], &["config"]);
        outcome.refuses(2, &[&format!("error: {variable}: "), named]);
    }
    place.onsale(&["config", "--host", "iocp"]).refuses(2, &["--host: ", "glommio"]);
    place.onsale(&["config", "--config", "gone.toml"]).refuses(74, &["gone.toml", "--config"]);
    assert_eq!(place.onsale(&["sell"]).code, Some(2));
}

#[test]
fn values_that_make_no_sense_are_refused_with_what_would() {
    let place = Place::new();
    for (variable, value, remedy) in [
        ("CORES", "0", "set 1 to "),
        ("CORES", "100000", "set 1 to "),
        ("LISTEN_PER_CORE", "65536", "65536"),
        ("PARTITIONS", "0", "partitions is 0: set 1 to 4096"),
        ("PARTITIONS", "4097", "partitions is 4097: set 1 to 4096"),
        ("DRAIN_SECONDS", "3601", "drain_seconds is 3601: set 0 to 3600"),
        ("JOURNAL__SEGMENT_BYTES", "5000", "journal.segment_bytes is 5000: set a multiple of 4096"),
        ("JOURNAL__WRITES_IN_FLIGHT", "0", "journal.writes_in_flight is 0: set 1 to 64"),
        ("JOURNAL__BATCH_BYTES_MAX", "1", "journal.batch_bytes_max is 1: set at least 4096"),
        ("JOURNAL__QUEUED_BYTES_MAX", "4096", "set at least batch_bytes_max"),
        ("SNAPSHOTS__EVERY_FACTS", "0", "snapshots.every_facts is 0: set 1 to"),
        ("BOUNDS__MAILBOX", "0", "bounds.mailbox is 0: set 1 to"),
        ("BOUNDS__PARKED", "0", "bounds.parked is 0"),
        ("BOUNDS__WATCHES", "0", "bounds.watches is 0"),
        ("BOUNDS__CONNECTIONS_PER_CORE", "0", "bounds.connections_per_core is 0"),
        ("BOUNDS__HEADER_TIMEOUT_S", "0", "bounds.header_timeout_s is 0"),
        ("BOUNDS__HEAD_BYTES_MAX", "8191", "bounds.head_bytes_max is 8191: set 8192 to"),
        ("BOUNDS__HEADERS_MAX", "101", "bounds.headers_max is 101"),
        ("BOUNDS__URI_BYTES_MAX", "100", "bounds.uri_bytes_max is 100"),
        ("BOUNDS__WRITE_TIMEOUT_S", "0", "bounds.write_timeout_s is 0"),
        ("LIMITS__ENTRIES_PER_CORE", "0", "limits.entries_per_core is 0"),
        ("LIMITS__BUY__PERSON_BURST", "-1", "expected u32"),
        ("LIMITS__TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/40", "\"10.0.0.0/40\" is no network"),
        ("LIMITS__CLIENT_HEADER", "x-real-ip", "x-forwarded-for"),
        ("CORS__ORIGINS", "https://shop.example.org/", "without a path"),
        ("COMPRESSION__FROM_BYTES", "1", "compression.from_bytes is 1"),
        ("REDIS__URL", "http://127.0.0.1", "redis://"),
        ("REDIS__TIMEOUT_MS", "0", "redis.timeout_ms is 0"),
        ("WEBHOOKS__ENDPOINTS_MAX", "1001", "webhooks.endpoints_max is 1001: set 0 to 1000"),
        ("WEBHOOKS__TIMEOUT_S", "0", "webhooks.timeout_s is 0: set 1 to 30"),
        ("LOG__SLOW_REQUEST_MS", "0", "log.slow_request_ms is 0"),
        ("LOG__FILTER", "info,onsale=loudly", "set a level"),
        ("PUBLIC_URL", "tickets.example.org", "https://tickets.example.org"),
        ("PUBLIC_URL", "https://tickets.example.org/", "without a slash at the end"),
        ("PUBLIC_URL", "ftp://tickets.example.org", "https://"),
        ("SANDBOX__WEBHOOK_SECRET", "has blanks in between it", "sandbox.webhook_secret"),
    ] {
        let variable = format!("ONSALE_{variable}");
        place.onsale_with(&[(&variable, value)], &["config"]).refuses(2, &[remedy]);
    }
}

#[test]
fn a_variable_sets_a_list_and_a_section_in_a_section() {
    let place = Place::new();
    let variables = [
        ("ONSALE_LIMITS__TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::/32"),
        ("ONSALE_LIMITS__BUY__PERSON_BURST", "7"),
        ("ONSALE_CORS__ORIGINS", "*"),
        ("ONSALE_REDIS__URL", "redis://:hunter2-hunter2@127.0.0.1/1"),
    ];
    let effective = shown(&place, &variables, &["config"]);
    let proxies = effective["limits"]["trusted_proxies"].as_array().unwrap();
    assert_eq!(proxies[..], [Value::from("10.0.0.0/8"), Value::from("2001:db8::/32")]);
    assert_eq!(effective["limits"]["buy"]["person_burst"].as_integer(), Some(7));
    assert_eq!(effective["cors"]["origins"].as_array().unwrap()[..], [Value::from("*")]);
    assert_eq!(effective["redis"]["url"].as_str(), Some("***"), "there may be a password in it");
}

#[test]
fn a_provider_to_sign_in_at_is_checked_and_its_secret_not_shown() {
    let place = Place::new();
    let good = "[[oidc]]\nname = \"example\"\nissuer = \"https://idp.example\"\n\
        client_id = \"onsale\"\nclient_secret = \"hunter2-hunter2\"\n";
    place.write("onsale.toml", good);
    let effective = shown(&place, &[], &["config"]);
    assert_eq!(effective["oidc"][0]["client_secret"].as_str(), Some("***"));
    assert_eq!(effective["oidc"][0]["scopes"].as_array().unwrap().len(), 3);
    for (wrong, remedy) in [
        (good.replace("https:", "http:"), "issuer must be https://"),
        (good.replace("\"example\"", "\"Example\""), "name must be"),
        (format!("{good}scopes = [\"email\"]"), "\"openid\" one of them"),
        (format!("{good}at_once = 0"), "at_once must be"),
        (format!("{good}{good}"), "a name of its own"),
        (good.replace("client_id", "client"), "unknown field"),
    ] {
        place.write("onsale.toml", &wrong);
        place.onsale(&["config"]).refuses(2, &[remedy]);
    }
}

#[test]
fn a_sink_is_checked_and_its_secrets_not_shown() {
    let place = Place::new();
    let good = format!(
        "[[bus]]\nname = \"books\"\n[bus.to.webhook]\nurl = \"https://books.example\"\n\
         secrets = [\"whsec_{}\"]\n\
         [[bus]]\nname = \"streams\"\ntopics = [\"order-events\"]\n[bus.to.redis]\n\
         url = \"redis://:hunter2-hunter2@localhost\"\n\
         [[bus]]\nname = \"log\"\n[bus.to.kafka]\nbrokers = [\"kafka.example:9093\"]\ntls = true\n\
         create = {{ partitions = 12, replication = 3 }}\n\
         login = {{ mechanism = \"plain\", user = \"onsale\", password = \"hunter2\" }}\n\
         [[bus]]\nname = \"lines\"\n[bus.to.ndjson]\n",
        "aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMg==",
    );
    place.write("onsale.toml", &good);
    let outcome = place.onsale(&["config"]);
    let effective: Table = outcome.succeeds().parse().unwrap();
    assert!(!outcome.out.contains("aHVudGVy") && !outcome.out.contains("hunter2"));
    assert_eq!(effective["bus"][0]["to"]["webhook"]["timeout_s"].as_integer(), Some(20));
    assert_eq!(effective["bus"][1]["to"]["redis"]["timeout_ms"].as_integer(), Some(2_000));
    assert_eq!(effective["bus"][2]["to"]["kafka"]["timeout_ms"].as_integer(), Some(10_000));
    for (wrong, remedy) in [
        (good.replace("\"books\"", "\"Books\""), "small letters"),
        (good.replace("\"books\"", "\"lines\""), "a name of its own"),
        (good.replace("order-events", "orders"), "inventory-events"),
        (good.replace("https:", "http:"), "bus \"books\": webhook.url must be https://"),
        (good.replace("books.example", "10.0.0.1"), "webhook.url must be https://"),
        (good.replace("whsec_aHVu", "aHVu"), "whsec_ and the base64"),
        (good.replace("redis://", "rediss://"), "redis.url must be redis://"),
        (good.replace("[bus.to.ndjson]", "[bus.to.pigeon]"), "pigeon"),
        (good.replace("[\"kafka.example:9093\"]", "[]"), "kafka.brokers must be 1 to"),
        (good.replace("partitions = 12", "partitions = 0"), "kafka.create.partitions and"),
        (good.replace("tls = true", ""), "kafka.login.mechanism plain needs tls"),
        (good.replace("tls = true", "ca = \"ca.pem\""), "kafka.ca needs kafka.tls = true"),
        (good.replace("tls = true", "tls = true\ntimeout_ms = 0"), "kafka.timeout_ms must be 1 to"),
        (good.replace("\"plain\"", "\"gssapi\""), "scram-sha-512"),
        (good.replace("[bus.to.redis]", "[bus.to.redis]\ntimeout_ms = 0"), "timeout_ms must be 1"),
        (good.replace("secrets", "retry_s = []\nsecrets"), "webhook.retry_s 1 to"),
    ] {
        place.write("onsale.toml", &wrong);
        place.onsale(&["config"]).refuses(2, &[remedy]);
    }
}

#[test]
fn the_example_says_the_defaults() {
    let example = fs::read_to_string(EXAMPLE).unwrap();
    assert_eq!(toml::from_str::<Config>(&example).unwrap(), Config::default());
}

#[test]
fn the_example_leaves_no_setting_out() {
    let everything = fs::read_to_string(EXAMPLE).unwrap().replace("#! ", "");
    let written: Table = everything.parse().unwrap();
    // With every optional setting set, what is serialized has every name.
    let config: Config = toml::from_str(&everything).unwrap();
    let known: Table = toml::to_string(&config).unwrap().parse().unwrap();
    let place = Place::new();
    place.write("onsale.toml", &everything);
    let effective = shown(&place, &[], &["config"]);
    assert_eq!(names(&written), names(&known));
    assert_eq!(names(&written), names(&effective));
    assert!(config.operator_token.is_some() && config.sandbox.webhook_secret.is_some());
    assert!(config.listen_per_core.is_some());
    assert!(config.cores.is_some() && config.partitions.is_some() && config.public_url.is_some());
}

fn names(table: &Table) -> Vec<String> {
    let of = |(name, value): (&String, &Value)| match value {
        Value::Table(section) => {
            names(section).into_iter().map(|field| format!("{name}.{field}")).collect()
        }
        _ => vec![name.clone()],
    };
    let mut names: Vec<String> = table.iter().flat_map(of).collect();
    names.sort();
    names
}
