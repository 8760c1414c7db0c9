//! What an account says, and how that changes.

use onsale_core::time::Span;

use crate::accounts::ProofError;
use crate::accounts::address::{Address, AddressError};
use crate::accounts::confirm::ConfirmError;
use crate::accounts::profile::{PhoneChange, ProfileChange, ProfileError};
use crate::accounts::testing::{PASSWORD, World, email, proof, token_in};
use crate::testing::{TestDatabase, databases};

databases! {
    async fn names_and_number_are_changed_one_by_one(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.account("ada@example.org").await;
        let change = |change| world.accounts.change_profile(ada, change, world.now());
        let phone = PhoneChange::Set("+44 20 7946 0018".parse().unwrap());
        change(ProfileChange { phone, ..ProfileChange::default() }).await.unwrap();
        let family_name = Some("King".to_owned());
        change(ProfileChange { family_name, ..ProfileChange::default() }).await.unwrap();
        let profile = world.accounts.profile(ada).await.unwrap().unwrap();
        assert_eq!((profile.name.given(), profile.name.family()), ("Ada", "King"));
        assert_eq!(profile.phone.unwrap().to_string(), "+442079460018");
        let no_name = ProfileChange { given_name: Some(String::new()), ..ProfileChange::default() };
        assert!(matches!(change(no_name).await, Err(ProfileError::Name)));
        let none = ProfileChange { phone: PhoneChange::Remove, ..ProfileChange::default() };
        assert_eq!(change(none).await.unwrap().phone, None);
    }

    async fn another_address_counts_when_its_letter_is_answered(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        let ask = |password| {
            let new = email("ada@other.example");
            world.accounts.ask_for_email(proof(&ada, password), new, world.now())
        };
        assert!(matches!(ask(Some("wrong")).await, Err(ProofError::PasswordWrong)));
        ask(Some(PASSWORD)).await.unwrap();
        let letter = world.letter().await;
        assert_eq!(letter.to.to_string(), "ada@other.example");
        assert!(world.sign_in("ada@other.example", PASSWORD).await.is_err());
        world.accounts.confirm(&token_in(&letter), &world.by()).await.unwrap();
        assert!(world.sign_in("ada@other.example", PASSWORD).await.is_ok());
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_err());
        let told = world.letter().await;
        assert_eq!(told.to.to_string(), "ada@example.org");
        assert!(!told.text.contains("ada@other.example"));
    }

    async fn an_address_of_another_is_told_to_them_only(database: TestDatabase) {
        let world = World::new(&database);
        world.account("bob@example.org").await;
        let ada = world.signed_in("ada@example.org").await;
        let proof = proof(&ada, Some(PASSWORD));
        world.accounts.ask_for_email(proof, email("BOB@example.org"), world.now()).await.unwrap();
        let letter = world.letter().await;
        assert_eq!(letter.to.to_string(), "bob@example.org");
        assert!(!letter.text.contains("token"));
    }

    async fn an_address_that_was_taken_meanwhile_is_refused(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        let proof = proof(&ada, Some(PASSWORD));
        world.accounts.ask_for_email(proof, email("new@example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        world.account("new@example.org").await;
        let late = world.accounts.confirm(&token, &world.by()).await;
        assert!(matches!(late, Err(ConfirmError::EmailTaken)));
    }

    async fn an_account_has_a_few_addresses_of_its_own(database: TestDatabase) {
        let world = World::new(&database);
        let (ada, bob) =
            (world.account("ada@example.org").await, world.account("bob@example.org").await);
        let add = |person| world.accounts.add_address(person, address("Home"), world.now());
        let first = add(ada).await.unwrap();
        assert!(matches!(
            world.accounts.change_address(bob, first.id, address("Mine")).await,
            Err(AddressError::NotFound)
        ));
        world.accounts.change_address(ada, first.id, address("Work")).await.unwrap();
        let list = world.accounts.addresses(ada).await.unwrap();
        assert_eq!((list[0].id, &list[0].address), (first.id, &address("Work")));
        for _ in 0..9 {
            world.pass(Span::from_ms(1));
            add(ada).await.unwrap();
        }
        assert!(matches!(add(ada).await, Err(AddressError::Full)));
        let remove = |person| world.accounts.remove_address(person, first.id);
        assert!(matches!(remove(bob).await, Err(AddressError::NotFound)));
        remove(ada).await.unwrap();
        assert!(matches!(remove(ada).await, Err(AddressError::NotFound)));
        add(ada).await.unwrap();
    }
}

pub(super) fn address(label: &str) -> Address {
    let line = |text: &str| text.parse().unwrap();
    Address {
        label: line(label),
        recipient: line("Ada Lovelace"),
        line_1: line("12 St James's Square"),
        line_2: None,
        postal_code: Some(line("SW1Y 4JH")),
        city: line("London"),
        region: None,
        country: "GB".parse().unwrap(),
    }
}
