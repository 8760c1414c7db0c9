//! From a wish to an account.

use onsale_core::id::PersonId;
use onsale_core::time::Span;

use crate::accounts::confirm::ConfirmError;
use crate::accounts::register::{Purpose, RegisterError, Registration};
use crate::accounts::role::Role;
use crate::accounts::sign_in::SignInError;
use crate::accounts::testing::{OTHER_PASSWORD, PASSWORD, World, chosen, email, token_in, wish};
use crate::testing::{TestDatabase, databases};

databases! {
    async fn whoever_answers_the_letter_has_an_account(database: TestDatabase) {
        let world = World::new(&database);
        let organiser = Registration { purpose: Purpose::Organising, ..wish("Ada@Example.org") };
        world.accounts.register(organiser, world.now()).await.unwrap();
        let early = world.sign_in("ada@example.org", PASSWORD).await;
        assert!(matches!(early, Err(SignInError::Failed)), "not before it is confirmed");
        let letter = world.letter().await;
        assert_eq!(letter.to.to_string(), "Ada@Example.org");
        assert!(!letter.text.contains("Ada") && !letter.text.contains("Lovelace"));
        let confirmed = world.accounts.confirm(&token_in(&letter), &world.by()).await.unwrap();
        let signed_in = world.sign_in("ADA@example.ORG", PASSWORD).await.unwrap();
        assert_eq!(signed_in.person, confirmed.person);
        let profile = world.accounts.profile(confirmed.person).await.unwrap();
        assert_eq!(profile.map(|profile| profile.role), Some(Role::Organiser));
    }

    async fn an_address_that_is_known_is_told_to_its_owner_only(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        let other = Registration { password: chosen(OTHER_PASSWORD), ..wish("ADA@example.org") };
        world.accounts.register(other, world.now()).await.unwrap();
        let letter = world.letter().await;
        assert_eq!(letter.to.to_string(), "ada@example.org", "as its owner writes it");
        assert!(letter.subject.contains("already") && !letter.text.contains("token"));
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_ok(), "nothing has changed");
    }

    async fn a_known_and_an_unknown_address_cost_one_hash_each(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        let hashes = || world.accounts.hasher().done();
        for address in ["ada@example.org", "bob@example.org"] {
            let before = hashes();
            world.accounts.register(wish(address), world.now()).await.unwrap();
            assert_eq!(hashes() - before, 1, "{address}");
        }
    }

    /// Whoever wishes first does not keep the owner of the address out.
    async fn an_address_belongs_to_whoever_reads_there(database: TestDatabase) {
        let world = World::new(&database);
        let thief = Registration { password: chosen(OTHER_PASSWORD), ..wish("ada@example.org") };
        world.accounts.register(thief, world.now()).await.unwrap();
        let thiefs = world.letter().await;
        world.accounts.register(wish("ada@example.org"), world.now()).await.unwrap();
        let owners = token_in(&world.letter().await);
        world.accounts.confirm(&owners, &world.by()).await.unwrap();
        let late = world.accounts.confirm(&token_in(&thiefs), &world.by()).await;
        assert!(matches!(late, Err(ConfirmError::Invalid)));
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_ok());
        let thief = world.sign_in("ada@example.org", OTHER_PASSWORD).await;
        assert!(matches!(thief, Err(SignInError::Failed)));
    }

    async fn of_two_who_confirm_one_address_at_once_one_has_it(database: TestDatabase) {
        let world = World::new(&database);
        for _ in 0..2 {
            world.accounts.register(wish("ada@example.org"), world.now()).await.unwrap();
        }
        let letters = world.letters().await;
        let tokens: Vec<_> = letters.iter().map(token_in).collect();
        let confirm = async |token: &String| world.accounts.confirm(token, &world.by()).await;
        let (one, other) = tokio::join!(confirm(&tokens[0]), confirm(&tokens[1]));
        assert_eq!([&one, &other].iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let late = one.err().or(other.err()).unwrap();
        assert!(matches!(late, ConfirmError::EmailTaken | ConfirmError::Invalid), "{late:?}");
    }

    async fn a_guest_becomes_an_account_and_stays_the_same_person(database: TestDatabase) {
        let world = World::new(&database);
        let guest = PersonId::from_u128(4_711);
        let as_guest = |address| Registration { guest: Some(guest), ..wish(address) };
        // A first letter went astray.
        world.accounts.register(as_guest("ada@exmple.org"), world.now()).await.unwrap();
        let astray = token_in(&world.letter().await);
        world.accounts.register(as_guest("ada@example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        let confirmed = world.accounts.confirm(&token, &world.by()).await.unwrap();
        assert_eq!(confirmed.person, guest);
        let twice = world.accounts.confirm(&astray, &world.by()).await;
        assert!(matches!(twice, Err(ConfirmError::AlreadyRegistered)));
        let again = world.accounts.register(as_guest("bob@example.org"), world.now()).await;
        assert!(matches!(again, Err(RegisterError::AlreadyRegistered)));
    }

    async fn a_letter_is_good_once_and_for_a_day(database: TestDatabase) {
        let world = World::new(&database);
        world.accounts.register(wish("ada@example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        let wrong = world.accounts.confirm("nonsense", &world.by()).await;
        assert!(matches!(wrong, Err(ConfirmError::Invalid)));
        world.pass(Span::from_mins(24 * 60 + 1));
        let late = world.accounts.confirm(&token, &world.by()).await;
        assert!(matches!(late, Err(ConfirmError::Invalid)));
        world.accounts.register(wish("ada@example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        world.accounts.confirm(&token, &world.by()).await.unwrap();
        let twice = world.accounts.confirm(&token, &world.by()).await;
        assert!(matches!(twice, Err(ConfirmError::Invalid)));
    }

    async fn a_letter_is_sent_again_but_not_without_end(database: TestDatabase) {
        let world = World::new(&database);
        let ada = || email("ada@example.org");
        world.accounts.send_again(ada(), world.now()).await.unwrap();
        assert_eq!(world.letters().await, [], "nobody has registered");
        world.pass(Span::from_mins(61));
        world.accounts.register(wish("ada@example.org"), world.now()).await.unwrap();
        for _ in 0..5 {
            world.accounts.send_again(ada(), world.now()).await.unwrap();
        }
        let letters = world.letters().await;
        assert_eq!(letters.len(), 3, "in an hour");
        world.accounts.register(wish("ADA@example.org"), world.now()).await.unwrap();
        assert_eq!(world.letters().await, []);
        world.pass(Span::from_mins(61));
        world.accounts.send_again(ada(), world.now()).await.unwrap();
        assert_eq!(world.letters().await.len(), 1);
        let token = token_in(&letters[0]);
        let first = world.accounts.confirm(&token, &world.by()).await;
        assert!(first.is_ok(), "the first is good, too");
    }

    /// A letter goes to the address that was typed with the password, not to one that is like it.
    async fn a_letter_is_not_sent_again_to_a_lookalike(database: TestDatabase) {
        let world = World::new(&database);
        world.accounts.register(wish("ada0@example.org"), world.now()).await.unwrap();
        world.letter().await;
        world.accounts.send_again(email("ada\u{ff10}@example.org"), world.now()).await.unwrap();
        assert_eq!(world.letters().await, []);
    }

    async fn a_weak_password_is_refused_before_anything_is_written(database: TestDatabase) {
        let world = World::new(&database);
        let weak = Registration { password: chosen("ada.lovelace"), ..wish("ada@example.org") };
        let refused = world.accounts.register(weak, world.now()).await;
        assert!(matches!(refused, Err(RegisterError::Weak(reasons)) if !reasons.is_empty()));
        assert_eq!(world.letters().await, []);
    }
}
