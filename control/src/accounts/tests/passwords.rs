//! Changing a password, and choosing another one when it is forgotten.

use onsale_core::time::Span;

use crate::accounts::ProofError;
use crate::accounts::password_change::PasswordChangeError;
use crate::accounts::reset::ResetError;
use crate::accounts::sign_in::SignInError;
use crate::accounts::testing::{OTHER_PASSWORD, PASSWORD, World, chosen, email, proof, token_in};
use crate::testing::{TestDatabase, databases};

databases! {
    async fn another_password_signs_other_devices_out_and_is_told(database: TestDatabase) {
        let world = World::new(&database);
        let here = world.signed_in("ada@example.org").await;
        let there = world.sign_in("ada@example.org", PASSWORD).await.unwrap();
        let change = async |old| {
            let (proof, new) = (proof(&here, old), chosen(OTHER_PASSWORD));
            world.accounts.change_password(proof, new, &world.by()).await
        };
        let none = change(None).await.unwrap_err();
        assert!(matches!(none, PasswordChangeError::Proof(ProofError::PasswordRequired)));
        let wrong = change(Some("wrong password")).await.unwrap_err();
        assert!(matches!(wrong, PasswordChangeError::Proof(ProofError::PasswordWrong)));
        change(Some(PASSWORD)).await.unwrap();
        assert!(world.accounts.refresh(&here.refresh_token, world.now()).await.is_ok());
        assert!(world.accounts.refresh(&there.refresh_token, world.now()).await.is_err());
        assert!(world.letter().await.subject.contains("password was changed"));
        let old = world.sign_in("ada@example.org", PASSWORD).await;
        assert!(matches!(old, Err(SignInError::Failed)));
        assert!(world.sign_in("ada@example.org", OTHER_PASSWORD).await.is_ok());
    }

    /// A stolen access token is no way to find the password out.
    async fn guesses_of_somebody_signed_in_are_throttled(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        let guess = async || {
            let proof = proof(&ada, Some("wrong password"));
            world.accounts.change_password(proof, chosen(OTHER_PASSWORD), &world.by()).await
        };
        for _ in 0..5 {
            guess().await.unwrap_err();
        }
        let throttled = guess().await.unwrap_err();
        assert!(matches!(throttled, PasswordChangeError::Proof(ProofError::Throttled(_))));
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_ok(), "signing in still works");
    }

    async fn a_weak_new_password_changes_nothing(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        let (weak, proof) = (chosen("ada.lovelace"), proof(&ada, Some(PASSWORD)));
        let weak = world.accounts.change_password(proof, weak, &world.by()).await;
        assert!(matches!(weak, Err(PasswordChangeError::Weak(_))));
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_ok());
        assert_eq!(world.letters().await, []);
    }

    async fn a_forgotten_password_is_replaced_by_letter(database: TestDatabase) {
        let world = World::new(&database);
        let before = world.signed_in("ada@example.org").await;
        world.accounts.ask_for_reset(email("Ada@Example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        let reset = async |password| {
            world.accounts.reset_password(&token, chosen(password), &world.by()).await
        };
        assert!(matches!(reset("ada.lovelace").await, Err(ResetError::Weak(_))));
        reset(OTHER_PASSWORD).await.unwrap();
        assert!(matches!(reset(PASSWORD).await, Err(ResetError::Invalid)), "good once");
        assert!(world.accounts.refresh(&before.refresh_token, world.now()).await.is_err());
        assert!(world.sign_in("ada@example.org", OTHER_PASSWORD).await.is_ok());
        assert!(world.letter().await.subject.contains("password was changed"));
    }

    async fn a_reset_ends_the_wait_of_whoever_was_throttled(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        while !matches!(
            world.sign_in("ada@example.org", "wrong password").await,
            Err(SignInError::Throttled(_))
        ) {}
        world.accounts.ask_for_reset(email("ada@example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        world.accounts.reset_password(&token, chosen(OTHER_PASSWORD), &world.by()).await.unwrap();
        assert!(world.sign_in("ada@example.org", OTHER_PASSWORD).await.is_ok());
    }

    async fn the_letter_is_good_for_an_hour_and_all_of_them_until_one_is_used(
        database: TestDatabase
    ) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        let ask = || world.accounts.ask_for_reset(email("ada@example.org"), world.now());
        let reset = async |token: &str| {
            world.accounts.reset_password(token, chosen(OTHER_PASSWORD), &world.by()).await
        };
        ask().await.unwrap();
        let late = token_in(&world.letter().await);
        world.pass(Span::from_mins(60));
        assert!(matches!(reset(&late).await, Err(ResetError::Invalid)));
        ask().await.unwrap();
        ask().await.unwrap();
        let tokens: Vec<_> = world.letters().await.iter().map(token_in).collect();
        reset(&tokens[0]).await.unwrap();
        assert!(matches!(reset(&tokens[1]).await, Err(ResetError::Invalid)));
    }

    /// What is asked for with an address that only looks like the account's goes to the account's.
    async fn a_reset_letter_never_goes_to_what_was_typed(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada0@example.org").await;
        world.accounts.ask_for_reset(email("ada\u{ff10}@example.org"), world.now()).await.unwrap();
        assert_eq!(world.letter().await.to.to_string(), "ada0@example.org");
        for stranger in ["ad\u{430}0@example.org", "nobody@example.org"] {
            world.accounts.ask_for_reset(email(stranger), world.now()).await.unwrap();
            assert_eq!(world.letters().await, [], "{stranger}");
        }
    }

    async fn one_kind_of_token_is_no_other(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        world.accounts.ask_for_reset(email("ada@example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        assert!(world.accounts.confirm(&token, &world.by()).await.is_err());
        let new = chosen(OTHER_PASSWORD);
        let reset = world.accounts.reset_password(&token, new, &world.by()).await;
        assert!(reset.is_ok(), "and is not spent by the attempt");
    }
}
