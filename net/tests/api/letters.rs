//! Letters by a mail server that speaks SMTP.

use onsale_control::accounts::letters::deliver::Outbox;
use onsale_core::time::Span;
use onsale_net::letters::{MailServer, Sender};
use onsale_net::port::Partitions;

use crate::accounts::{Person, token_in};
use crate::server::Server;
use crate::smtp::{MailSink, Mood};

fn courier(sink: &MailSink) -> MailServer {
    let sender = Sender::parse("Onsale <tickets@example.org>").unwrap();
    MailServer::new(sender, &sink.url()).unwrap()
}

async fn bring(server: &Server, courier: &MailServer) -> Outbox {
    let accounts = &server.control().accounts;
    while accounts.deliver_due(courier, server.memory.now()).await.unwrap() {}
    accounts.outbox().await.unwrap()
}

/// What a letter says, whose lines may be folded.
fn unfolded(content: &str) -> String {
    content.replace("=\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn whoever_registers_gets_a_letter_and_opens_the_account_with_it() {
    let server = Server::with_control().await;
    let sink = MailSink::start(Mood::Good).await;
    server.accept(Person::register("Ada@Bücher.example"), 202).await;
    assert_eq!(bring(&server, &courier(&sink)).await, Outbox::default());
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].from, "MAIL FROM:<tickets@example.org>");
    assert_eq!(taken[0].to, "RCPT TO:<Ada@xn--bcher-kva.example>");
    let token = token_in(&unfolded(&taken[0].content));
    server.accept(Person::confirm(&token), 200).await;
    Person::signed_in(&server, "ada@bücher.example").await;
}

#[tokio::test]
async fn an_address_of_another_script_needs_a_server_that_knows_it() {
    let server = Server::with_control().await;
    let (old, good) = (MailSink::start(Mood::Old).await, MailSink::start(Mood::Good).await);
    server.accept(Person::register("用户@例子.广告"), 202).await;
    assert_eq!(bring(&server, &courier(&old)).await, Outbox { pending: 1, failed: 0 });
    server.memory.pass(Span::from_secs(30));
    assert_eq!(bring(&server, &courier(&good)).await, Outbox::default());
    let taken = good.taken();
    assert!(taken[0].from.contains("SMTPUTF8") && taken[0].to.contains("用户@xn--"), "{taken:?}");
}

#[tokio::test]
async fn a_letter_to_nobody_is_given_up_and_one_to_a_busy_server_is_not() {
    let outbox = |mood| async move {
        let server = Server::with_control().await;
        let sink = MailSink::start(mood).await;
        server.accept(Person::register("ada@example.org"), 202).await;
        let first = bring(&server, &courier(&sink)).await;
        (server, sink, first)
    };
    let (.., nobody) = outbox(Mood::KnowsNobody).await;
    assert_eq!(nobody, Outbox { pending: 0, failed: 1 });
    for mood in [Mood::Busy, Mood::HangsUp] {
        let (server, _, first) = outbox(mood).await;
        assert_eq!(first, Outbox { pending: 1, failed: 0 }, "{mood:?}");
        server.memory.pass(Span::from_secs(30));
        let good = MailSink::start(Mood::Good).await;
        assert_eq!(bring(&server, &courier(&good)).await, Outbox::default(), "{mood:?}");
        assert_eq!(good.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_mail_server_that_is_away_loses_nothing() {
    let server = Server::with_control().await;
    let nobody = format!("smtp://127.0.0.1:{}", onsale_testbed::free_port().unwrap());
    let away = MailServer::new(Sender::parse("tickets@example.org").unwrap(), &nobody).unwrap();
    server.accept(Person::register("ada@example.org"), 202).await;
    assert_eq!(bring(&server, &away).await, Outbox { pending: 1, failed: 0 });
    server.memory.pass(Span::from_secs(30));
    let sink = MailSink::start(Mood::Good).await;
    assert_eq!(bring(&server, &courier(&sink)).await, Outbox::default());
}

#[test]
fn what_is_no_mail_server_is_refused() {
    let sender = Sender::parse("tickets@example.org").unwrap();
    for wrong in ["", "mail.example.org", "http://mail.example.org", "smtp://"] {
        assert!(MailServer::new(sender.clone(), wrong).is_err(), "{wrong}");
    }
    for right in ["smtp://mail.example.org", "smtps://ada:pw@mail.example.org:465"] {
        assert!(MailServer::new(sender.clone(), right).is_ok(), "{right}");
    }
}
