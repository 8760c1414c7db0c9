//! What a partition is told, and what comes of it.

use onsale_core::money::Amount;
use onsale_core::query::{EventView, Phase};
use onsale_core::spec::EventSpec;
use onsale_core::time::Time;

use super::fixture::{again, configuration, house, publish, sell};
use crate::catalogue::event::publication::{self, Wish};
use crate::catalogue::event::selling::{Configuration, OfferChange};
use crate::catalogue::event::status::{Approval, Status};
use crate::catalogue::event::{Event, lifecycle};
use crate::database::Database;
use crate::testing::{BY, NOW, TestDatabase, databases};

async fn published(database: &Database) -> Event {
    let event = house(database).await.configured(database, 1).await;
    publish(database, &event, Approval::NotNeeded).await.unwrap()
}

async fn open(database: &Database) -> Vec<publication::Publication> {
    publication::open(database, NOW, 10).await.unwrap()
}

/// The event as its partition shows it.
fn view(event: &Event, spec: &EventSpec) -> EventView {
    EventView {
        event: event.id,
        name: spec.name.clone(),
        currency: spec.currency,
        phase: Phase::Open,
        classes: spec.classes.clone(),
        quotas: spec.quotas.clone(),
        seats: 0,
        limits: spec.limits,
        terms: spec.terms,
        waitroom: None,
    }
}

databases! {
    async fn a_publication_is_open_until_it_is_settled(database: TestDatabase) {
        let event = published(&database).await;
        let publication = &open(&database).await[0];
        assert_eq!((publication.event, publication.wish), (event.id, Wish::Publish));
        assert_eq!(publication.spec.name, event.title);
        publication::settle(&database, publication, NOW).await.unwrap();
        assert!(open(&database).await.is_empty());
        assert!(again(&database, &event).await.is_settled);
    }

    async fn what_was_wished_later_is_not_settled_by_what_came_before(database: TestDatabase) {
        let event = published(&database).await;
        let publication = open(&database).await.remove(0);
        lifecycle::cancel(&database, &BY, event.id, event.version).await.unwrap();
        publication::settle(&database, &publication, NOW).await.unwrap();
        let open = open(&database).await;
        assert_eq!((open.len(), open[0].wish), (1, Wish::Cancel));
        assert_eq!(open[0].spec, publication.spec, "the partition may have to be told first");
    }

    async fn a_refusal_comes_back_to_the_event(database: TestDatabase) {
        let event = published(&database).await;
        let publication = open(&database).await.remove(0);
        let refuse = async || {
            publication::refuse(&database, &publication, "not_found", "no such event", NOW).await
        };
        refuse().await.unwrap();
        let event = again(&database, &event).await;
        assert_eq!((event.status, event.published_at), (Status::Approved, None));
        assert_eq!(event.returned_because.as_deref(), Some("no such event"));
        refuse().await.unwrap();
        assert_eq!(again(&database, &event).await.version, event.version, "once");
        let event =
            publish(&database, &event, Approval::NotNeeded).await;
        assert_eq!(event.unwrap().returned_because, None);
    }

    async fn the_catalogue_follows_what_the_partition_has_accepted(database: TestDatabase) {
        let event = house(&database).await.configured(&database, 1).await;
        let attendees = Configuration { max_attendees: Some(90), ..configuration() };
        let event = sell(&database, &event, OfferChange::Configure(attendees)).await.unwrap();
        let event = lifecycle::configure(&database, &BY, event.id, event.version).await.unwrap();
        let event =
            publish(&database, &event, Approval::NotNeeded).await;
        let (event, publication) = (event.unwrap(), open(&database).await.remove(0));
        publication::settle(&database, &publication, NOW).await.unwrap();
        publication::wish_to_follow(&database, event.id, NOW).await.unwrap();
        let publication = open(&database).await.remove(0);
        let mut seen = view(&event, &publication.spec);
        seen.classes[0].price = Amount::ZERO;
        seen.classes[0].window.closes_at = Time::from_ms(1_791_100_800_000);
        seen.quotas[0].capacity = 120;
        seen.quotas[1].capacity = 110;
        publication::follow(&database, &publication, &seen, NOW).await.unwrap();
        let followed = again(&database, &event).await;
        let class = &followed.offer.classes[0];
        assert!(class.price.is_zero() && followed.offer.is_free());
        assert_eq!(class.window.closes.unwrap().to_string(), "2026-10-04T10:00:00+02:00");
        assert_eq!(class.window.opens, None, "as before, that of the event");
        assert_eq!(followed.offer.quotas[0].capacity, 120);
        assert_eq!(followed.offer.max_attendees, Some(110));
        assert!(followed.version > event.version);
        assert!(open(&database).await.is_empty());
    }

    async fn an_old_look_does_not_hide_a_later_change(database: TestDatabase) {
        let event = published(&database).await;
        let publication = open(&database).await.remove(0);
        publication::settle(&database, &publication, NOW).await.unwrap();
        publication::wish_to_follow(&database, event.id, NOW).await.unwrap();
        let first = open(&database).await.remove(0);
        publication::wish_to_follow(&database, event.id, NOW).await.unwrap();
        let seen = view(&event, &first.spec);
        publication::follow(&database, &first, &seen, NOW).await.unwrap();
        assert_eq!(open(&database).await.len(), 1, "it has to be looked at again");
    }

    async fn an_event_that_its_partition_has_called_off_is_called_off(database: TestDatabase) {
        let event = published(&database).await;
        let publication = open(&database).await.remove(0);
        let seen = EventView { phase: Phase::Cancelled, ..view(&event, &publication.spec) };
        publication::follow(&database, &publication, &seen, NOW).await.unwrap();
        let event = again(&database, &event).await;
        assert_eq!((event.status, event.cancelled_at), (Status::Cancelled, Some(NOW)));
    }

    async fn what_is_not_for_sale_is_not_followed(database: TestDatabase) {
        let event = house(&database).await.draft(&database, 1).await;
        publication::wish_to_follow(&database, event.id, NOW).await.unwrap();
        assert!(open(&database).await.is_empty());
        let event = published_twice(&database, &event).await;
        publication::wish_to_follow(&database, event.id, NOW).await.unwrap();
        assert_eq!(open(&database).await[0].wish, Wish::Publish, "first it is to be sold");
    }
}

async fn published_twice(database: &Database, draft: &Event) -> Event {
    lifecycle::remove(database, &BY, draft.id, draft.version).await.unwrap();
    let house = super::fixture::named_house(database, "Other", "Other", "Bonn", "DE").await;
    let event = house.configured(database, 2).await;
    publish(database, &event, Approval::NotNeeded).await.unwrap()
}
