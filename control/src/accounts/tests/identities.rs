//! Signing in elsewhere: which account that opens.

use onsale_core::id::PersonId;
use onsale_core::time::Span;

use crate::accounts::identity::visit::ReturnPath;
use crate::accounts::identity::{Claims, IdentityError};
use crate::accounts::session::SignedIn;
use crate::accounts::testing::{OTHER_PASSWORD, PASSWORD, World, chosen, email, proof};
use crate::accounts::text::{Device, PersonName};
use crate::accounts::{ProofError, email::Email};
use crate::testing::{TestDatabase, databases};

pub(super) fn claims(subject: &str, verified_email: Option<Email>) -> Claims {
    Claims {
        provider: "example".to_owned(),
        issuer: "https://idp.example".to_owned(),
        subject: subject.to_owned(),
        verified_email,
        name: PersonName::parse("Ada", "").unwrap(),
    }
}

async fn sign_in(world: &World, claims: &Claims, guest: Option<PersonId>) -> SignedIn {
    let device = Device::new("a browser");
    world.accounts.sign_in_elsewhere(claims, guest, &device, world.now()).await.unwrap()
}

databases! {
    async fn the_first_time_makes_an_account_and_later_ones_open_it(database: TestDatabase) {
        let world = World::new(&database);
        let ada = claims("ada", Some(email("ada@example.org")));
        let first = sign_in(&world, &ada, Some(PersonId::from_u128(4_711))).await;
        assert_eq!(first.person, PersonId::from_u128(4_711), "the guest's");
        let again = sign_in(&world, &ada, None).await;
        assert_eq!(again.person, first.person);
        let profile = world.accounts.profile(first.person).await.unwrap().unwrap();
        assert_eq!(profile.email, Some(email("ada@example.org")));
        assert!(!profile.has_password);
        let empty = world.sign_in("ada@example.org", "").await;
        assert!(empty.is_err(), "no password is not an empty one");
        let bob = sign_in(&world, &claims("bob", None), Some(first.person)).await;
        assert_ne!(bob.person, first.person, "an account is nobody else's guest");
    }

    async fn an_address_links_only_if_both_sides_have_verified_it(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.account("ada@example.org").await;
        let unverified = sign_in(&world, &claims("eve", None), None).await;
        assert_ne!(unverified.person, ada);
        let lookalike = claims("eva", Some(email("ad\u{430}@example.org")));
        assert_ne!(sign_in(&world, &lookalike, None).await.person, ada);
        world.letters().await;
        let verified = claims("ada", Some(email("Ada@Example.org")));
        assert_eq!(sign_in(&world, &verified, None).await.person, ada);
        assert!(world.letter().await.subject.contains("Another way to sign in"));
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_ok(), "the password stays");
    }

    /// To people it is the same address, to a mail server it may be another's.
    async fn an_address_that_is_only_alike_links_nothing(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.account("ada0@example.org").await;
        let alike = claims("eve", Some(email("ada\u{ff10}@example.org")));
        let eve = sign_in(&world, &alike, None).await;
        assert_ne!(eve.person, ada);
        assert_eq!(world.accounts.profile(eve.person).await.unwrap().unwrap().email, None);
    }

    async fn many_first_times_at_once_are_one_account(database: TestDatabase) {
        let world = World::new(&database);
        let ada = claims("ada", Some(email("ada@example.org")));
        let (a, b, c) = tokio::join!(
            sign_in(&world, &ada, None),
            sign_in(&world, &ada, None),
            sign_in(&world, &ada, None)
        );
        assert!(a.person == b.person && b.person == c.person);
    }

    async fn an_owner_links_and_unlinks_but_keeps_a_way_in(database: TestDatabase) {
        let world = World::new(&database);
        let (ada, bob) =
            (world.account("ada@example.org").await, world.account("bob@example.org").await);
        let linked = claims("ada", None);
        world.accounts.link(ada, &linked, &world.by()).await.unwrap();
        world.accounts.link(ada, &linked, &world.by()).await.unwrap();
        assert!(world.letter().await.subject.contains("Another way to sign in"));
        let taken = world.accounts.link(bob, &linked, &world.by()).await;
        assert!(matches!(taken, Err(IdentityError::Taken)));
        assert_eq!(sign_in(&world, &linked, None).await.person, ada);
        let others = world.accounts.unlink(bob, "example", &world.by()).await;
        assert!(matches!(others, Err(IdentityError::NotFound)));
        world.accounts.unlink(ada, "example", &world.by()).await.unwrap();
        assert_eq!(world.accounts.identities(ada).await.unwrap(), []);
        let only = sign_in(&world, &claims("carol", None), None).await;
        let last = world.accounts.unlink(only.person, "example", &world.by()).await;
        assert!(matches!(last, Err(IdentityError::LastWayIn)));
        assert_eq!(world.accounts.identities(only.person).await.unwrap().len(), 1);
    }

    /// Who has no password shows that they are there by signing in again.
    async fn without_a_password_a_fresh_sign_in_is_proof(database: TestDatabase) {
        let world = World::new(&database);
        let ada = claims("ada", Some(email("ada@example.org")));
        let old = sign_in(&world, &ada, None).await;
        world.pass(Span::from_mins(11));
        let ask = |who| {
            world.accounts.ask_for_email(proof(who, None), email("a@b.example"), world.now())
        };
        assert!(matches!(ask(&old).await, Err(ProofError::SignInAgain)));
        let fresh = sign_in(&world, &ada, None).await;
        ask(&fresh).await.unwrap();
        world.accounts.change_password(proof(&fresh, None), chosen(OTHER_PASSWORD), &world.by())
            .await
            .unwrap();
        assert!(world.sign_in("ada@example.org", OTHER_PASSWORD).await.is_ok());
    }

    async fn a_visit_is_ended_once_by_whoever_began_it(database: TestDatabase) {
        let world = World::new(&database);
        let path: ReturnPath = "/signed-in".parse().unwrap();
        let begin = || world.accounts.begin_visit("example", &path, None, world.now());
        let (one, other) = (begin().await.unwrap(), begin().await.unwrap());
        let end = async |token: &str, state: &str| {
            world.accounts.end_visit(token, state, world.now()).await.unwrap()
        };
        assert_eq!(end(one.token.expose(), other.state.expose()).await, None, "another's state");
        let returned = end(one.token.expose(), one.state.expose()).await.unwrap();
        assert_eq!((returned.nonce, returned.verifier), (one.nonce, one.verifier));
        assert_eq!((returned.return_path, returned.person), (path.clone(), None));
        assert_eq!(end(one.token.expose(), one.state.expose()).await, None, "once");
        world.pass(Span::from_mins(10));
        assert_eq!(end(other.token.expose(), other.state.expose()).await, None, "not later");
    }
}
