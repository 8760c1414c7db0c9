//! Crews on both databases.

use onsale_core::id::PartitionId;

use super::*;
use crate::accounts::role::Role;
use crate::catalogue::organiser;
use crate::page::Limit;
use crate::testing::{BY, NOW, TestDatabase, by, databases, profile};
use crate::text::Wanted;

fn event(index: u32) -> EventId {
    EventId::new(PartitionId::FIRST, index).unwrap()
}

/// An event, and its crew: everybody is as named.
async fn event_with(database: &TestDatabase, roles: &[EventRole]) -> (Crew, Vec<PersonId>) {
    let (event, mut people) = (event(7), Vec::new());
    found_late(database, event, None, NOW).await.unwrap();
    for role in roles {
        let person = database.account(Role::Organiser).await;
        assign(database, &BY, Crew::Event(event), person, *role).await.unwrap();
        people.push(person);
    }
    (Crew::Event(event), people)
}

async fn new_organiser(database: &TestDatabase, creator: PersonId) -> OrganiserId {
    let profile = profile("The Lanterns");
    organiser::create(database, &by(Who::Person(creator)), &profile).await.unwrap().id
}

databases! {
    async fn a_role_is_given_changed_and_taken(database: TestDatabase) {
        let (crew, people) = event_with(&database, &[EventRole::Admin]).await;
        let ada = by(Who::Person(people[0]));
        let bob = database.account(Role::Buyer).await;
        assign(&database, &ada, crew, bob, EventRole::Viewer).await.unwrap();
        assign(&database, &ada, crew, bob, EventRole::Scanner).await.unwrap();
        let roles = list(&database, crew).await.unwrap();
        let of_bob: Vec<_> = roles.iter().filter(|one| one.person == bob).collect();
        assert_eq!((roles.len(), of_bob[0].role), (2, EventRole::Scanner));
        remove(&database, &ada, crew, bob).await.unwrap();
        let again = remove(&database, &ada, crew, bob).await;
        assert!(matches!(again, Err(CrewError::NotMember)));
        assert_eq!(list(&database, crew).await.unwrap().len(), 1);
    }

    async fn the_last_admin_stays_and_is_an_admin(database: TestDatabase) {
        let (crew, people) = event_with(&database, &[EventRole::Admin, EventRole::Editor]).await;
        let ada = by(Who::Person(people[0]));
        let gone = remove(&database, &ada, crew, people[0]).await;
        assert!(matches!(gone, Err(CrewError::LastAdmin)));
        let demoted = assign(&database, &ada, crew, people[0], EventRole::Editor).await;
        assert!(matches!(demoted, Err(CrewError::LastAdmin)));
        assign(&database, &ada, crew, people[0], EventRole::Admin).await.unwrap();
        assign(&database, &ada, crew, people[1], EventRole::Admin).await.unwrap();
        remove(&database, &ada, crew, people[0]).await.unwrap();
        assert_eq!(list(&database, crew).await.unwrap()[0].person, people[1]);
    }

    /// Whoever is gone gives no roles.
    async fn an_admin_whose_account_is_erased_does_not_count(database: TestDatabase) {
        let (crew, people) = event_with(&database, &[EventRole::Admin, EventRole::Admin]).await;
        database.erase(people[1]).await;
        let gone = remove(&database, &BY, crew, people[0]).await;
        assert!(matches!(gone, Err(CrewError::LastAdmin)));
    }

    async fn of_two_admins_who_remove_each_other_at_once_one_stays(database: TestDatabase) {
        let (crew, people) = event_with(&database, &[EventRole::Admin, EventRole::Admin]).await;
        let (ada, bob) = (by(Who::Person(people[0])), by(Who::Person(people[1])));
        let both = tokio::join!(
            remove(&database, &ada, crew, people[1]),
            remove(&database, &bob, crew, people[0])
        );
        assert_eq!([both.0.is_ok(), both.1.is_ok()].iter().filter(|done| **done).count(), 1);
        assert_eq!(list(&database, crew).await.unwrap().len(), 1);
    }

    async fn nobody_gives_or_takes_more_than_they_have(database: TestDatabase) {
        let roles = [EventRole::Admin, EventRole::Editor, EventRole::Viewer];
        let (crew, people) = event_with(&database, &roles).await;
        let [admin, editor, viewer] = people[..] else { panic!() };
        let new = database.account(Role::Buyer).await;
        let by_editor = by(Who::Person(editor));
        assign(&database, &by_editor, crew, new, EventRole::Scanner).await.unwrap();
        for (person, role) in [(new, EventRole::Admin), (editor, EventRole::Admin)] {
            let more = assign(&database, &by_editor, crew, person, role).await;
            assert!(matches!(more, Err(CrewError::BeyondOwn)), "{role}");
        }
        let down = assign(&database, &by_editor, crew, admin, EventRole::Viewer).await;
        assert!(matches!(down, Err(CrewError::BeyondOwn)));
        let out = remove(&database, &by_editor, crew, admin).await;
        assert!(matches!(out, Err(CrewError::BeyondOwn)));
        for powerless in [viewer, new, database.account(Role::Organiser).await] {
            let by_powerless = by(Who::Person(powerless));
            let given = assign(&database, &by_powerless, crew, viewer, EventRole::Viewer).await;
            assert!(matches!(given, Err(CrewError::BeyondOwn)));
        }
        let of_platform = by(Who::Person(database.account(Role::Admin).await));
        assign(&database, &of_platform, crew, editor, EventRole::Admin).await.unwrap();
    }

    async fn only_whoever_has_an_account_gets_a_role(database: TestDatabase) {
        let (crew, _) = event_with(&database, &[]).await;
        let nobody = PersonId::from_u128(7);
        let given = assign(&database, &BY, crew, nobody, EventRole::Viewer).await;
        assert!(matches!(given, Err(CrewError::NoSuchAccount)));
        let gone = database.account(Role::Buyer).await;
        database.erase(gone).await;
        let given = assign(&database, &BY, crew, gone, EventRole::Viewer).await;
        assert!(matches!(given, Err(CrewError::NoSuchAccount)));
        let there = database.account(Role::Buyer).await;
        let given = assign(&database, &BY, Crew::Event(event(8)), there, EventRole::Viewer).await;
        assert!(matches!(given, Err(CrewError::NotFound("event"))));
    }

    async fn a_member_of_an_organiser_has_their_role_for_its_events(database: TestDatabase) {
        let ada = database.account(Role::Organiser).await;
        let bob = database.account(Role::Buyer).await;
        let organiser = new_organiser(&database, ada).await;
        let mut transaction = database.begin().await.unwrap();
        let (own, other) = (event(1), event(2));
        found(&mut transaction, own, Some(organiser), None, NOW).await.unwrap();
        found(&mut transaction, other, None, Some(ada), NOW).await.unwrap();
        transaction.commit().await.unwrap();
        let by_ada = by(Who::Person(ada));
        let crew = Crew::Organiser(organiser);
        assign(&database, &by_ada, crew, bob, EventRole::Editor).await.unwrap();
        let standing = async |event| {
            standing::find(&database, bob, Scope::Event(event)).await.unwrap().unwrap()
        };
        assert_eq!(standing(own).await.by_organiser, Some(EventRole::Editor));
        assert!(standing(own).await.may(Action::OpenEvent));
        assert!(!standing(other).await.may(Action::OpenEvent));
        assign(&database, &by_ada, Crew::Event(own), bob, EventRole::Admin).await.unwrap();
        assert_eq!(standing(own).await.roles().count(), 2);
        assert!(standing(own).await.may(Action::CancelEvent));
        let last = remove(&database, &by_ada, crew, ada).await;
        assert!(matches!(last, Err(CrewError::LastAdmin)));
        // The admin of its organiser is there to give roles.
        remove(&database, &by_ada, Crew::Event(own), bob).await.unwrap();
    }

    async fn nobody_works_for_more_organisers_than_can_be_shown(database: TestDatabase) {
        let ada = database.account(Role::Organiser).await;
        for number in 0..Crew::ORGANISERS_MAX {
            let profile = profile(&format!("Lanterns {number}"));
            let by_ada = by(Who::Person(ada));
            organiser::create(&database, &by_ada, &profile).await.unwrap();
        }
        let profile = profile("One too many");
        let more = organiser::create(&database, &by(Who::Person(ada)), &profile).await;
        assert!(more.unwrap_err().to_string().contains("no room"));
        let wanted = Wanted::parse("too many").unwrap();
        let found = organiser::list(&database, &wanted, None, Limit::DEFAULT).await;
        assert_eq!(found.unwrap().items, []);
    }

    async fn an_erased_person_has_no_roles(database: TestDatabase) {
        let (crew, people) = event_with(&database, &[EventRole::Admin, EventRole::Admin]).await;
        let organiser = new_organiser(&database, people[0]).await;
        let mut transaction = database.begin().await.unwrap();
        forget(&mut transaction, people[0]).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(list(&database, crew).await.unwrap().len(), 1);
        assert_eq!(list(&database, Crew::Organiser(organiser)).await.unwrap(), []);
    }
}
