//! Signing in, staying so, and signing out; and what every core knows of it.

use onsale_core::time::Span;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, Person};
use crate::server::{Server, delete, get, post, send, standing, text};

fn me(token: &str) -> crate::server::Call {
    get("/api/v1/me").token(token)
}

#[tokio::test]
async fn a_session_is_renewed_and_its_tokens_say_whose_it_is() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    server.memory.pass(Span::from_mins(15));
    server.refuse(me(&ada.token), 401, "token_expired").await;
    let renewed = Person::of(&server.accept(ada.refresh(), 200).await);
    assert_eq!((&renewed.id, &renewed.session), (&ada.id, &ada.session));
    server.accept(me(&renewed.token), 200).await;
    let claims = claims(&renewed.token);
    assert_eq!((&claims["sub"], &claims["sid"]), (&json!(ada.id), &json!(ada.session)));
    assert!(claims.get("email").is_none(), "an account's address is in the account");
}

#[tokio::test]
async fn a_copied_refresh_token_ends_the_session_on_every_core() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let other_core = server.other_core();
    let seen = send(&other_core, me(&ada.token)).await;
    assert_eq!(seen.status, 200, "the other core knows the token now");
    let next = Person::of(&server.accept(ada.refresh(), 200).await);
    server.memory.pass(Span::from_secs(31));
    server.refuse(ada.refresh(), 401, "refresh_token_reused").await;
    server.refuse(me(&next.token), 401, "session_ended").await;
    server.refuse(next.refresh(), 401, "refresh_token_invalid").await;
    for token in [&ada.token, &next.token] {
        let answer = send(&other_core, me(token)).await;
        assert_eq!(answer.code().as_deref(), Some("session_ended"));
        assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    }
}

#[tokio::test]
async fn a_lost_reply_is_given_again() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let one = Person::of(&server.accept(ada.refresh(), 200).await);
    let other = Person::of(&server.accept(ada.refresh(), 200).await);
    assert_eq!(one.refresh_token, other.refresh_token);
    server.accept(me(&one.token), 200).await;
    server.accept(me(&other.token), 200).await;
}

#[tokio::test]
async fn signing_out_takes_effect_at_once_where_it_should_and_nowhere_else() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let [second, third, fourth] = [
        Person::signed_in(&server, "ada@example.org").await,
        Person::signed_in(&server, "ada@example.org").await,
        Person::signed_in(&server, "ada@example.org").await,
    ];
    let list = server.accept(get("/api/v1/me/sessions").token(&ada.token), 200).await;
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 4);
    let current: Vec<_> = sessions.iter().filter(|one| one["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["id"]), (1, &json!(ada.session)));

    server.accept(post("/api/v1/sign-out").token(&second.token), 204).await;
    server.refuse(me(&second.token), 401, "session_ended").await;
    let by_token = post("/api/v1/sign-out/by-token");
    let by_token = by_token.json(&json!({"refresh_token": third.refresh_token}));
    server.accept(by_token.clone(), 204).await;
    server.accept(by_token, 204).await;
    server.refuse(me(&third.token), 401, "session_ended").await;
    let end = delete(format!("/api/v1/me/sessions/{}", fourth.session)).token(&ada.token);
    server.accept(end, 204).await;
    server.refuse(me(&fourth.token), 401, "session_ended").await;
    server.accept(me(&ada.token), 200).await;

    let last = Person::signed_in(&server, "ada@example.org").await;
    server.accept(post("/api/v1/sign-out/everywhere").token(&last.token), 204).await;
    for token in [&ada.token, &last.token] {
        server.refuse(me(token), 401, "session_ended").await;
    }
}

/// The sale goes by the token as well: no route takes one that is void.
#[tokio::test]
async fn nobody_buys_with_a_session_that_has_ended() {
    let server = Server::with_control().await;
    let (event, ada) =
        (server.event(&standing()).await, Person::new(&server, "ada@example.org").await);
    server.accept(post("/api/v1/sign-out").token(&ada.token), 204).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).token(&ada.token).json(&wish);
    server.refuse(hold, 401, "session_ended").await;
    let show = get(format!("/api/v1/events/{event}")).token(&ada.token);
    server.refuse(show, 401, "session_ended").await;
}

#[tokio::test]
async fn guesses_become_slow_for_everybody_and_say_until_when() {
    let server = Server::with_control().await;
    Person::new(&server, "ada@example.org").await;
    for address in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            let guess = Person::sign_in(address, "wrong password");
            server.refuse(guess, 401, "sign_in_failed").await;
        }
        let answer = server.send(Person::sign_in(address, PASSWORD)).await;
        assert_eq!(answer.code().as_deref(), Some("too_many_guesses"), "{address}");
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["retry-after"]),
            (429, &"1".parse().unwrap())
        );
    }
    server.memory.pass(Span::from_secs(1));
    Person::signed_in(&server, "ada@example.org").await;
}

/// However they are spelled: the limit that all cores and machines share is by account.
#[tokio::test]
async fn guesses_at_one_account_have_a_limit_of_their_own() {
    let server = Server::with_control().await;
    for number in 0..10 {
        let name = if number % 2 == 0 { "ada@example.org" } else { "ADA@Example.org" };
        let code = server.send(Person::sign_in(name, "wrong password")).await.code().unwrap();
        assert_ne!(code, "rate_limited");
    }
    let guess = Person::sign_in("ada@example.org", "wrong password");
    server.refuse(guess, 429, "rate_limited").await;
    let other = Person::sign_in("bob@example.org", "wrong password");
    server.refuse(other, 401, "sign_in_failed").await;
}

#[tokio::test]
async fn what_is_no_refresh_token_renews_nothing_and_ends_nothing() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let flipped = ada.refresh_token.replace("onr_", "onr-");
    for wrong in ["", "x", &ada.token, &flipped, &ada.refresh_token[..60], &"x".repeat(9_000)] {
        let refresh = post("/api/v1/sign-in/refresh").json(&json!({"refresh_token": wrong}));
        let answer = server.refuse(refresh, 401, "refresh_token_invalid").await;
        assert!(wrong.is_empty() || !answer.to_string().contains(wrong) || wrong == "x");
    }
    server.refuse(me(&ada.refresh_token), 401, "token_invalid").await;
    server.accept(ada.refresh(), 200).await;
}

fn claims(token: &str) -> Value {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn without_a_control_plane_only_guests_come_in() {
    let server = Server::new();
    let sign_in = Person::sign_in("ada@example.org", PASSWORD);
    server.refuse(sign_in, 503, "control_unavailable").await;
    let guest = server.guest().await;
    assert!(!text(&json!(guest)).is_empty());
}
