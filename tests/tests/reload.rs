//! Secrets of webhooks change while the server runs: it reads its configuration again on SIGHUP.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use onsale_core::time::Time;
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature;
use onsale_tests::Server;
use reqwest::{Client, StatusCode};
use tempfile::TempDir;

/// A server with a file that says what Stripe and Razorpay sign with.
struct Desk {
    server: Server,
    config: PathBuf,
    http: Client,
    _folder: TempDir,
}

impl Desk {
    fn open(secrets: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("onsale.toml");
        fs::write(&config, settings(secrets)).unwrap();
        let arguments = ["--config", config.to_str().unwrap()];
        let server = Server::start(&folder.path().join("data"), &arguments).expect("it starts");
        Self { server, config, http: Client::new(), _folder: folder }
    }

    /// Changes the file and says so.
    fn reload(&self, text: &str) {
        fs::write(&self.config, text).unwrap();
        self.server.reload();
    }

    /// Whether a notice is believed that is signed so.
    async fn believes(&self, provider: &str, secret: &str) -> bool {
        let body = r#"{"type":"a","event":"a","data":{"object":{}},"payload":{}}"#;
        let secret = Secret::new(secret);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let (header, value) = match provider {
            "stripe" => {
                let now = Time::from_ms(u64::try_from(now).unwrap());
                ("stripe-signature", signature::sign(&secret, now, body.as_bytes()))
            }
            _ => ("x-razorpay-signature", secret.hmac_sha256_hex(body.as_bytes())),
        };
        let url = format!("{}/api/v1/webhooks/{provider}", self.server.base);
        let answer = self.http.post(url).header(header, value).body(body).send().await.unwrap();
        match answer.status() {
            StatusCode::OK => true,
            StatusCode::BAD_REQUEST => false,
            other => panic!("{provider}: {other}"),
        }
    }

    /// Waits until it is so.
    async fn until(&self, provider: &str, secret: &str, is_believed: bool) {
        while self.believes(provider, secret).await != is_believed {}
    }
}

/// A file with these secrets for both.
fn settings(secrets: &str) -> String {
    format!(
        "[payments.stripe]\nsecret_key = \"sk\"\nwebhook_secrets = [{secrets}]\n\
         [payments.razorpay]\nkey_id = \"id\"\nkey_secret = \"ks\"\nwebhook_secrets = [{secrets}]\n"
    )
}

/// Asks on a connection that stays open.
fn ask(connection: &mut TcpStream) {
    connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n").unwrap();
    let mut answer = BufReader::new(connection);
    let (mut line, mut length) = (String::new(), 0);
    answer.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    while line.trim() != "" {
        line.clear();
        answer.read_line(&mut line).unwrap();
        let value = line.to_lowercase().strip_prefix("content-length:").map(str::to_owned);
        length = value.map_or(length, |value| value.trim().parse().unwrap());
    }
    answer.read_exact(&mut vec![0; length]).unwrap();
}

const BOTH: [&str; 2] = ["stripe", "razorpay"];

#[tokio::test]
async fn a_new_secret_is_believed_without_a_restart_and_an_old_one_no_more() {
    let desk = Desk::open("\"old\"");
    let mut connection =
        TcpStream::connect(desk.server.base.trim_start_matches("http://")).unwrap();
    ask(&mut connection);
    for provider in BOTH {
        assert!(desk.believes(provider, "old").await, "{provider}");
        assert!(!desk.believes(provider, "new").await, "{provider}");
    }
    desk.reload(&settings("\"old\", \"new\""));
    for provider in BOTH {
        desk.until(provider, "new", true).await;
        assert!(desk.believes(provider, "old").await, "{provider}");
    }
    ask(&mut connection);
    desk.reload(&settings("\"new\""));
    for provider in BOTH {
        desk.until(provider, "old", false).await;
        assert!(desk.believes(provider, "new").await, "{provider}");
    }
    ask(&mut connection);
    assert!(desk.server.stop().status.success());
}

#[tokio::test]
async fn a_file_that_is_wrong_changes_nothing_and_what_needs_a_restart_is_named() {
    let mut desk = Desk::open("\"old-secret\"");
    for wrong in ["payments = 1".to_owned(), settings("")] {
        desk.reload(&wrong);
        let said = desk.server.until_it_says("nothing is taken over");
        assert!(said.contains("SIGHUP again"), "{said}");
        assert!(desk.believes("stripe", "old-secret").await);
    }
    fs::remove_file(&desk.config).unwrap();
    desk.server.reload();
    desk.server.until_it_says("nothing is taken over");
    let other = settings("\"new-secret\"").replace("\"sk\"", "\"other-key\"");
    desk.reload(&format!("drain_seconds = 7\n{other}"));
    let said = desk.server.until_it_says("need a restart");
    assert!(said.contains("drain_seconds, payments.stripe.secret_key"), "{said}");
    assert!(!said.contains("webhook_secrets") && !said.contains("other-key"), "{said}");
    for provider in BOTH {
        assert!(desk.believes(provider, "new-secret").await, "{provider}");
        assert!(!desk.believes(provider, "old-secret").await, "{provider}");
    }
    assert!(desk.server.stop().status.success());
}
