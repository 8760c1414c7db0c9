//! The outbox: nothing in it is lost, and nothing is kept that should not be.

use std::sync::atomic::Ordering;

use onsale_core::time::Span;

use crate::accounts::letters::deliver::Outbox;
use crate::accounts::testing::{World, email, token_in, wish};
use crate::testing::{TestDatabase, databases};

databases! {
    async fn a_letter_that_was_not_brought_is_brought_later(database: TestDatabase) {
        let world = World::new(&database);
        world.accounts.register(wish("ada@example.org"), world.now()).await.unwrap();
        world.postman.is_ill.store(true, Ordering::Relaxed);
        assert_eq!(world.letters().await, []);
        world.postman.is_ill.store(false, Ordering::Relaxed);
        assert_eq!(world.letters().await, [], "not at once");
        world.pass(Span::from_secs(30));
        let token = token_in(&world.letter().await);
        assert!(world.accounts.confirm(&token, &world.by()).await.is_ok());
        assert_eq!(world.accounts.outbox().await.unwrap(), Outbox::default());
    }

    async fn a_letter_that_cannot_be_brought_is_given_up_and_counted(database: TestDatabase) {
        let world = World::new(&database);
        for address in ["ada@example.org", "bob@example.org"] {
            world.accounts.register(wish(address), world.now()).await.unwrap();
        }
        assert_eq!(world.accounts.outbox().await.unwrap(), Outbox { pending: 2, failed: 0 });
        world.postman.refuses.store(true, Ordering::Relaxed);
        world.letters().await;
        assert_eq!(world.accounts.outbox().await.unwrap(), Outbox { pending: 0, failed: 2 });
        world.postman.refuses.store(false, Ordering::Relaxed);
        world.postman.is_ill.store(true, Ordering::Relaxed);
        world.accounts.register(wish("carol@example.org"), world.now()).await.unwrap();
        for _ in 0..15 {
            world.letters().await;
            world.pass(Span::from_mins(60));
        }
        assert_eq!(world.accounts.outbox().await.unwrap(), Outbox { pending: 0, failed: 3 });
    }

    async fn two_postmen_bring_a_letter_once(database: TestDatabase) {
        let world = World::new(&database);
        for number in 0..20 {
            let address = format!("ada{number}@example.org");
            world.accounts.register(wish(&address), world.now()).await.unwrap();
        }
        let bring = || async {
            while world.accounts.deliver_due(&world.postman, world.now()).await.unwrap() {}
        };
        tokio::join!(bring(), bring());
        bring().await;
        let letters = world.postman.letters();
        let mut to: Vec<_> = letters.iter().map(|letter| letter.to.to_string()).collect();
        to.sort();
        to.dedup();
        assert_eq!((letters.len(), to.len()), (20, 20));
    }

    /// Of what is written with a letter's cause either both happens or none.
    async fn without_a_registration_there_is_no_letter(database: TestDatabase) {
        let world = World::new(&database);
        world.accounts.register(wish("ada@example.org"), world.now()).await.unwrap();
        world.pass(Span::from_mins(24 * 60));
        world.accounts.prune(world.now()).await.unwrap();
        assert_eq!(world.letters().await, [], "the wish is past");
        assert_eq!(world.accounts.outbox().await.unwrap(), Outbox::default());
    }

    async fn no_token_is_kept_or_shown(database: TestDatabase) {
        let world = World::new(&database);
        world.account("ada@example.org").await;
        world.accounts.ask_for_reset(email("ada@example.org"), world.now()).await.unwrap();
        let letter = world.letter().await;
        let token = token_in(&letter);
        assert!(!format!("{letter:?}").contains(&token));
        let kept = database.find_all(sqlx::query(TOKENS)).await.unwrap();
        let kept: Vec<_> = kept.iter().map(|row| crate::database::ReadRow::text(row, "token_hash"))
            .collect();
        assert!(!kept.is_empty() && kept.iter().all(|hash| hash.as_ref().unwrap() != &token));
    }
}

const TOKENS: &str = "SELECT token_hash FROM one_time_tokens";
