//! An account that is deleted, and what is left of it.

use onsale_core::id::{EventId, PartitionId};
use sqlx::{AssertSqlSafe, Row};

use crate::access::audit;
use crate::access::crew::{Crew, found_late, list};
use crate::accounts::ProofError;
use crate::accounts::register::{RegisterError, Registration};
use crate::accounts::session::ended::{EndedView, Void};
use crate::accounts::testing::{PASSWORD, World, email, proof, token_in, wish};
use crate::accounts::tests::identities::claims;
use crate::accounts::tests::profiles::address;
use crate::database::Database;
use crate::testing::{TestDatabase, databases};

/// Every table that says something about people.
const TABLES: [&str; 8] = [
    "accounts",
    "addresses",
    "identities",
    "letters",
    "one_time_tokens",
    "provider_visits",
    "registrations",
    "sessions",
];

/// Everything in the database, as text.
async fn everything(database: &Database) -> String {
    let mut connection = database.reader().await.unwrap();
    let mut text = String::new();
    for table in TABLES {
        let all = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")));
        for row in all.fetch_all(&mut *connection).await.unwrap() {
            for column in 0..row.len() {
                if let Ok(Some(value)) = row.try_get::<Option<String>, _>(column) {
                    text.push_str(&value);
                    text.push('\n');
                }
            }
        }
    }
    text
}

databases! {
    async fn nothing_personal_is_left_and_the_id_never_comes_back(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        world.accounts.add_address(ada.person, address("Home"), world.now()).await.unwrap();
        world.accounts.link(ada.person, &claims("ada-at-idp", None), &world.by()).await.unwrap();
        world.accounts.ask_for_reset(email("ada@example.org"), world.now()).await.unwrap();
        world.letters().await;
        let before = everything(&database).await;
        let wrong = world.accounts.erase_own(proof(&ada, Some("wrong")), &world.by()).await;
        assert!(matches!(wrong, Err(ProofError::PasswordWrong)));
        world.accounts.erase_own(proof(&ada, Some(PASSWORD)), &world.by()).await.unwrap();

        let farewell = world.letter().await;
        assert_eq!(farewell.to.to_string(), "ada@example.org");
        let after = everything(&database).await;
        for personal in ["Lovelace", "St James", "ada-at-idp", "a browser", "$argon2id"] {
            assert!(before.contains(personal) && !after.contains(personal), "{personal}: {after}");
        }
        // Whom the farewell was for is known until nobody can ask for too many letters by it.
        assert_eq!(after.matches("ada@example.org").count(), 1, "{after}");

        let mut view = EndedView::new(world.accounts.ended());
        assert_eq!(view.void(ada.session, world.now()), Some(Void::Ended));
        assert!(world.accounts.refresh(&ada.refresh_token, world.now()).await.is_err());
        assert!(world.sign_in("ada@example.org", PASSWORD).await.is_err());
        assert_eq!(world.accounts.profile(ada.person).await.unwrap(), None);
        let again = Registration { guest: Some(ada.person), ..wish("eve@example.org") };
        let again = world.accounts.register(again, world.now()).await;
        assert!(matches!(again, Err(RegisterError::AlreadyRegistered)));
        assert!(!world.accounts.erase(ada.person, &world.by()).await.unwrap());
    }

    /// The log tells what was done, and to which id; a role is nobody's any more.
    async fn roles_go_with_the_account_and_the_log_stays(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.account("ada@example.org").await;
        let event = EventId::new(PartitionId::FIRST, 7).unwrap();
        found_late(&database, event, Some(ada), world.now()).await.unwrap();
        let crew = Crew::Event(event);
        assert_eq!(list(&database, crew).await.unwrap().len(), 1);
        world.accounts.erase(ada, &world.by()).await.unwrap();
        assert_eq!(list(&database, crew).await.unwrap(), []);
        let deeds = audit::about(&database, ada).await.unwrap();
        let deeds: Vec<_> = deeds.iter().map(|deed| deed.action.as_str()).collect();
        assert_eq!(deeds, ["account.delete", "account.register"]);
    }

    async fn the_address_is_free_for_another_account(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.account("ada@example.org").await;
        assert!(world.accounts.erase(ada, &world.by()).await.unwrap());
        world.letters().await;
        assert_ne!(world.account("ada@example.org").await, ada);
    }

    async fn a_token_from_before_is_void(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.account("ada@example.org").await;
        world.accounts.ask_for_reset(email("ada@example.org"), world.now()).await.unwrap();
        let token = token_in(&world.letter().await);
        world.accounts.erase(ada, &world.by()).await.unwrap();
        let password = crate::accounts::testing::chosen(PASSWORD);
        assert!(world.accounts.reset_password(&token, password, &world.by()).await.is_err());
    }

    async fn all_that_is_known_can_be_taken_along(database: TestDatabase) {
        let world = World::new(&database);
        let ada = world.signed_in("ada@example.org").await;
        world.accounts.add_address(ada.person, address("Home"), world.now()).await.unwrap();
        world.accounts.link(ada.person, &claims("ada-at-idp", None), &world.by()).await.unwrap();
        let export = world.accounts.export(ada.person).await.unwrap().unwrap();
        assert_eq!(export.profile.email, Some(email("ada@example.org")));
        assert_eq!(export.addresses.len(), 1);
        assert_eq!(export.identities[0].subject, "ada-at-idp");
        assert_eq!(export.sessions[0].session.id, ada.session);
        let letters: Vec<_> = export.letters.iter().map(|letter| letter.kind.as_str()).collect();
        assert_eq!(letters, ["identity_linked", "registration"]);
        let deeds: Vec<_> = export.deeds.iter().map(|deed| deed.action.as_str()).collect();
        assert_eq!(deeds, ["account.link", "account.register"]);
    }
}
