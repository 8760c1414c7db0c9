//! Signing in, staying so, and signing out.

use std::collections::HashSet;

use onsale_core::time::{Span, Time};

use crate::accounts::AccountSettings;
use crate::accounts::session::ended::{EndedView, Void};
use crate::accounts::session::refresh::{RefreshError, RefreshToken};
use crate::accounts::sign_in::SignInError;
use crate::accounts::testing::{PASSWORD, World};
use crate::id::SessionId;
use crate::testing::{TestDatabase, databases};

fn has_ended(world: &World, session: SessionId) -> bool {
    let mut view = EndedView::new(world.accounts.ended());
    view.void(session, world.now() + Span::from_mins(1)) == Some(Void::Ended)
}

databases! {
    async fn whoever_guesses_learns_nothing_and_costs_the_same(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        let hashes = || world.accounts.hasher().done();
        for address in ["ada@example.org", "nobody@example.org"] {
            let before = hashes();
            let failed = world.sign_in(address, "wrong password").await.unwrap_err();
            assert!(matches!(failed, SignInError::Failed), "{address}: {failed:?}");
            assert_eq!(hashes() - before, 1, "{address}");
        }
    }

    async fn guesses_are_throttled_whether_there_is_an_account_or_not(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        for address in ["ada@example.org", "nobody@example.org"] {
            for _ in 0..5 {
                let failed = world.sign_in(address, "wrong password").await;
                assert!(matches!(failed, Err(SignInError::Failed)));
            }
            let hashes = world.accounts.hasher().done();
            let throttled = world.sign_in(address, PASSWORD).await;
            let Err(SignInError::Throttled(wait)) = throttled else { panic!("{throttled:?}") };
            assert_eq!(wait, Span::from_secs(1));
            assert_eq!(world.accounts.hasher().done(), hashes, "it costs nothing");
        }
        world.pass(Span::from_secs(30));
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_ok(), "not for long");
    }

    async fn a_refresh_token_is_good_once(database: TestDatabase) {
        let world = World::new(&database);
        let first = world.signed_in("ada@example.org").await;
        let mut seen = HashSet::from([first.refresh_token.to_string()]);
        let mut token = first.refresh_token.clone();
        for _ in 0..10 {
            world.pass(Span::from_mins(15));
            let next = world.accounts.refresh(&token, world.now()).await.unwrap();
            assert_eq!((next.person, next.session), (first.person, first.session));
            assert!(seen.insert(next.refresh_token.to_string()));
            token = next.refresh_token;
        }
        assert!(!has_ended(&world, first.session));
        let reused = world.accounts.refresh(&first.refresh_token, world.now()).await;
        assert!(matches!(reused, Err(RefreshError::Reused)));
        assert!(has_ended(&world, first.session));
        let good = world.accounts.refresh(&token, world.now()).await;
        assert!(matches!(good, Err(RefreshError::Invalid)), "the whole family is revoked");
    }

    async fn a_lost_reply_is_given_again_for_a_moment(database: TestDatabase) {
        let world = World::new(&database);
        let first = world.signed_in("ada@example.org").await;
        let refresh = || world.accounts.refresh(&first.refresh_token, world.now());
        let next = refresh().await.unwrap();
        world.pass(Span::from_secs(29));
        assert_eq!(refresh().await.unwrap(), next);
        world.pass(Span::from_secs(2));
        assert!(matches!(refresh().await, Err(RefreshError::Reused)));
        assert!(has_ended(&world, first.session));
    }

    /// The reply was not lost: its token was used.
    async fn once_the_successor_is_spent_there_is_no_grace(database: TestDatabase) {
        let world = World::new(&database);
        let first = world.signed_in("ada@example.org").await;
        let next = world.accounts.refresh(&first.refresh_token, world.now()).await.unwrap();
        world.accounts.refresh(&next.refresh_token, world.now()).await.unwrap();
        let reused = world.accounts.refresh(&first.refresh_token, world.now()).await;
        assert!(matches!(reused, Err(RefreshError::Reused)));
    }

    async fn many_who_refresh_at_once_get_one_answer(database: TestDatabase) {
        let world = World::new(&database);
        let first = world.signed_in("ada@example.org").await;
        let refresh = || world.accounts.refresh(&first.refresh_token, world.now());
        let (a, b, c) = tokio::join!(refresh(), refresh(), refresh());
        let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
        assert!(a == b && b == c);
        assert!(world.accounts.refresh(&a.refresh_token, world.now()).await.is_ok());
    }

    /// What is in the row renews nothing.
    async fn tokens_are_not_in_the_database(database: TestDatabase) {
        let world = World::new(&database);
        let first = world.signed_in("ada@example.org").await;
        let next = world.accounts.refresh(&first.refresh_token, world.now()).await.unwrap();
        let rows = database.find_all(sqlx::query(ALL)).await.unwrap();
        let kept = format!("{:?}", columns(&rows[0]));
        for token in [&first.refresh_token, &next.refresh_token] {
            let text = token.to_string();
            assert!(!kept.contains(&text[26..]), "{kept}");
        }
        for column in columns(&rows[0]) {
            let made_up = format!("onr_{column}").parse::<RefreshToken>();
            if let Ok(token) = made_up {
                let refused = world.accounts.refresh(&token, world.now()).await;
                assert!(matches!(refused, Err(RefreshError::Invalid)));
            }
        }
    }

    /// Without the family's secret nobody ends a session by making tokens up.
    async fn a_made_up_token_ends_nothing(database: TestDatabase) {
        let world = World::new(&database);
        let first = world.signed_in("ada@example.org").await;
        let made_up = world.accounts.refresh(&RefreshToken::random(), world.now()).await;
        assert!(matches!(made_up, Err(RefreshError::Invalid)));
        assert!(world.accounts.refresh(&first.refresh_token, world.now()).await.is_ok());
    }

    async fn a_session_ends_unused_and_in_the_end(database: TestDatabase) {
        let days = |count: u64| Span::from_mins(count * 24 * 60);
        let world = World::new(&database);
        let unused = world.signed_in("ada@example.org").await;
        world.pass(days(30));
        let late = world.accounts.refresh(&unused.refresh_token, world.now()).await;
        assert!(matches!(late, Err(RefreshError::Invalid)));
        let mut used = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
        for _ in 0..4 {
            world.pass(days(20));
            used = world.accounts.refresh(&used.refresh_token, world.now()).await.unwrap();
        }
        assert_eq!(used.refresh_expires_at, world.now() + days(10), "after ninety days");
        world.pass(days(10));
        let late = world.accounts.refresh(&used.refresh_token, world.now()).await;
        assert!(matches!(late, Err(RefreshError::Invalid)));
    }

    async fn devices_are_listed_and_ended_one_by_one(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        world.pass(Span::from_mins(1));
        let elsewhere = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
        let bob = world.signed_in("bob@example.org").await;
        let list = world.accounts.sessions(ada.person, world.now()).await.unwrap();
        let ids: Vec<_> = list.iter().map(|session| session.id).collect();
        assert_eq!(ids, [elsewhere.session, ada.session]);
        assert_eq!(list[0].device, "a browser");
        let end = |person, session| world.accounts.end_session(person, session, world.now());
        assert!(!end(bob.person, ada.session).await.unwrap(), "another's is not found");
        assert!(end(ada.person, ada.session).await.unwrap());
        assert!(!end(ada.person, ada.session).await.unwrap());
        assert!(has_ended(&world, ada.session) && !has_ended(&world, elsewhere.session));
        let gone = world.accounts.refresh(&ada.refresh_token, world.now()).await;
        assert!(matches!(gone, Err(RefreshError::Invalid)));
        world.accounts.end_all_sessions(ada.person, world.now()).await.unwrap();
        assert!(has_ended(&world, elsewhere.session) && !has_ended(&world, bob.session));
        assert_eq!(world.accounts.sessions(ada.person, world.now()).await.unwrap(), []);
    }

    async fn a_spent_refresh_token_signs_out_too(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        world.accounts.refresh(&ada.refresh_token, world.now()).await.unwrap();
        world.accounts.sign_out_by(&ada.refresh_token, world.now()).await.unwrap();
        assert!(has_ended(&world, ada.session));
        world.accounts.sign_out_by(&RefreshToken::random(), world.now()).await.unwrap();
    }

    async fn the_device_least_lately_used_gives_way(database: TestDatabase) {
        let settings = AccountSettings { sessions_max: 3, ..AccountSettings::default() };
        let world = World::with(&database, settings);
        let mut all = vec![world.signed_in("ada@example.org").await];
        for _ in 0..3 {
            world.pass(Span::from_secs(60));
            let first = world.accounts.refresh(&all[0].refresh_token, world.now()).await.unwrap();
            all[0] = first;
            world.pass(Span::from_secs(60));
            all.push(world.sign_in("ada@example.org", PASSWORD).await.unwrap());
        }
        let ended: Vec<_> = all.iter().map(|one| has_ended(&world, one.session)).collect();
        assert_eq!(ended, [false, true, false, false]);
    }

    async fn a_restart_or_another_node_learns_what_has_ended(database: TestDatabase) {
        let world = World::new(&database);
        let (ada, bob) =
            (world.signed_in("ada@example.org").await, world.signed_in("bob@example.org").await);
        world.accounts.end_all_sessions(ada.person, world.now()).await.unwrap();
        let other = World::new(&database);
        assert!(!has_ended(&other, ada.session));
        let since = other.now() - Span::from_mins(15);
        other.accounts.look_for_ended(since).await.unwrap();
        other.accounts.look_for_ended(since).await.unwrap();
        assert!(has_ended(&other, ada.session) && !has_ended(&other, bob.session));
    }

    async fn what_is_past_is_cleared_away(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        let kept = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
        world.accounts.end_session(ada.person, ada.session, world.now()).await.unwrap();
        let email = crate::accounts::testing::email("bob@example.org");
        world.accounts.ask_for_reset(email, world.now()).await.unwrap();
        world.letters().await;
        assert_eq!(world.accounts.prune(world.now()).await.unwrap(), 0);
        world.pass(Span::from_mins(24 * 60));
        // Two letters and a session.
        assert_eq!(world.accounts.prune(world.now()).await.unwrap(), 3);
        assert!(world.accounts.refresh(&kept.refresh_token, world.now()).await.is_ok());
        assert_eq!(world.accounts.prune(Time::MAX).await.unwrap(), 1);
    }
}

const ALL: &str =
    "SELECT session, family_hash, token_hash, previous_hash, successor_sealed FROM sessions";

fn columns(row: &sqlx::any::AnyRow) -> Vec<String> {
    use sqlx::Row;
    (0..row.len()).map(|n| row.try_get::<String, _>(n).unwrap()).collect()
}

#[test]
fn a_refresh_token_is_read_as_it_is_written_and_does_not_show() {
    let token = RefreshToken::random();
    assert_eq!(token.to_string().parse(), Ok(token.clone()));
    assert_eq!(format!("{token:?}"), "RefreshToken(..)");
    for wrong in ["", "onr_", "onr_abc", &token.to_string()[4..], &format!("{token}x")] {
        assert!(wrong.parse::<RefreshToken>().is_err(), "{wrong}");
    }
}
