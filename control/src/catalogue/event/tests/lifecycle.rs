//! From an idea to the moment it is for sale.

use onsale_core::time::Time;

use super::fixture::{again, configuration, event_id, house, places, publish, sell};
use crate::access::audit::By;
use crate::access::{Action, audit};
use crate::catalogue::CatalogueError;
use crate::catalogue::event::lifecycle::{self, Curation, Reason};
use crate::catalogue::event::selling::OfferChange;
use crate::catalogue::event::status::{Approval, Status, StepError};
use crate::catalogue::event::{EventError, details, find, publication};
use crate::page::Limit;
use crate::testing::{BY, NOW, TestDatabase, databases};

databases! {
    async fn an_event_goes_from_draft_to_sale(database: TestDatabase) {
        let event = house(&database).await.configured(&database, 1).await;
        assert_eq!(event.status, Status::Configured);
        let early = publish(&database, &event, Approval::Needed).await;
        assert!(matches!(early, Err(EventError::Step(StepError::ApprovalNeeded))));
        let event = lifecycle::approve(&database, &BY, event.id, event.version).await.unwrap();
        let event = publish(&database, &event, Approval::Needed).await.unwrap();
        assert_eq!((event.status, event.published_at), (Status::Published, Some(NOW)));
        assert!(!event.is_settled, "its partition does not know yet");
        assert_eq!(publication::open(&database, NOW, 10).await.unwrap()[0].event, event.id);
    }

    async fn without_a_rule_a_configured_event_is_published_at_once(database: TestDatabase) {
        let event = house(&database).await.configured(&database, 1).await;
        let curation = Curation { is_trending: false, approval: Approval::Needed };
        let event = lifecycle::curate(&database, &BY, event.id, event.version, curation).await;
        let event = event.unwrap();
        let refused = publish(&database, &event, Approval::NotNeeded).await;
        assert!(matches!(refused, Err(EventError::Step(StepError::ApprovalNeeded))));
        let curation = Curation { is_trending: true, approval: Approval::NotNeeded };
        let event = lifecycle::curate(&database, &BY, event.id, event.version, curation).await;
        let event = publish(&database, &event.unwrap(), Approval::NotNeeded).await.unwrap();
        assert_eq!(event.status, Status::Published);
    }

    async fn an_incomplete_event_is_told_all_that_it_lacks(database: TestDatabase) {
        let house = house(&database).await;
        let details = details::Details { venue: None, zone: "UTC".parse().ok(), starts: None,
            ends: None, ..house.details("Idea") };
        let event = details::create(&database, &BY, event_id(7), house.organiser, &details).await;
        let event = event.unwrap();
        let lacks = lifecycle::configure(&database, &BY, event.id, event.version).await;
        let expected = ["venue", "starts_local", "currency", "sale.opens_local", "classes"];
        assert_eq!(places(lacks), expected);
        assert_eq!(again(&database, &event).await.version, event.version, "nothing has changed");
    }

    async fn what_has_begun_is_not_published(database: TestDatabase) {
        let event = house(&database).await.configured(&database, 1).await;
        let late = By { at: Time::from_ms(1_900_000_000_000), ..BY.clone() };
        let published = lifecycle::publish(&database, &late, event.id, event.version,
            Approval::NotNeeded).await;
        assert_eq!(places(published), ["starts_local"]);
    }

    async fn a_change_of_what_was_agreed_to_starts_anew(database: TestDatabase) {
        let house = house(&database).await;
        let event = house.configured(&database, 1).await;
        let event = lifecycle::approve(&database, &BY, event.id, event.version).await.unwrap();
        let mut details = house.details("The Lanterns 1");
        details.description = crate::text::Prose::parse("With support.").unwrap();
        let changed = details::change(&database, &BY, event.id, event.version, &details);
        let event = changed.await.unwrap();
        assert_eq!(event.status, Status::Approved, "a text is not what was agreed to");
        details.starts = Some("2026-12-01T19:00".parse().unwrap());
        let changed = details::change(&database, &BY, event.id, event.version, &details);
        let event = changed.await.unwrap();
        assert_eq!(event.status, Status::Draft);
    }

    async fn a_published_event_can_move_and_not_become_another(database: TestDatabase) {
        let house = house(&database).await;
        let event = house.configured(&database, 1).await;
        let event = publish(&database, &event, Approval::NotNeeded).await.unwrap();
        let sold = sell(&database, &event, OfferChange::Configure(configuration())).await;
        assert!(matches!(sold, Err(EventError::Step(StepError::Published))));
        let mut details = house.details("Somebody else");
        let other = details::change(&database, &BY, event.id, event.version, &details).await;
        assert!(matches!(other, Err(EventError::Step(StepError::Published))));
        details = house.details("The Lanterns 1");
        details.starts = Some("2026-12-02T20:00".parse().unwrap());
        details.ends = None;
        let changed = details::change(&database, &BY, event.id, event.version, &details);
        let event = changed.await.unwrap();
        assert_eq!(event.status, Status::Published);
        assert_eq!(event.starts.unwrap().local.to_string(), "2026-12-02T20:00:00+01:00");
    }

    async fn an_event_is_sent_back_with_a_reason_and_thrown_away(database: TestDatabase) {
        let event = house(&database).await.configured(&database, 1).await;
        let kept = lifecycle::remove(&database, &BY, event.id, event.version).await;
        assert!(matches!(kept, Err(EventError::Step(StepError::NoDraft(Status::Configured)))));
        let reason = Reason::parse("The price is in the wrong currency.").unwrap();
        let event = lifecycle::revise(&database, &BY, event.id, event.version, &reason).await;
        let event = event.unwrap();
        assert_eq!(event.returned_because.as_deref(), Some(reason.as_str()));
        lifecycle::remove(&database, &BY, event.id, event.version).await.unwrap();
        let gone = find(&database, event.id).await;
        assert!(matches!(gone, Err(EventError::Catalogue(CatalogueError::NotFound("event")))));
    }

    async fn cancelling_is_for_ever(database: TestDatabase) {
        let event = house(&database).await.configured(&database, 1).await;
        let event = lifecycle::cancel(&database, &BY, event.id, event.version).await.unwrap();
        assert_eq!((event.status, event.cancelled_at), (Status::Cancelled, Some(NOW)));
        assert!(event.is_settled, "no partition knew of it");
        let again = lifecycle::configure(&database, &BY, event.id, event.version).await;
        assert!(matches!(again, Err(EventError::Step(StepError::Cancelled))));
    }

    async fn whoever_was_slower_is_told_and_nothing_is_lost(database: TestDatabase) {
        let house = house(&database).await;
        let event = house.draft(&database, 1).await;
        let details = house.details("Mine");
        details::change(&database, &BY, event.id, event.version, &details).await.unwrap();
        let details = house.details("Yours");
        let late = details::change(&database, &BY, event.id, event.version, &details).await;
        let Err(EventError::Catalogue(CatalogueError::Stale { current, .. })) = late else {
            panic!("{late:?}")
        };
        let event = again(&database, &event).await;
        assert_eq!((event.title.as_str(), event.version), ("Mine", current));
    }

    async fn every_step_is_in_the_log(database: TestDatabase) {
        let event = house(&database).await.configured(&database, 1).await;
        let event = publish(&database, &event, Approval::NotNeeded).await.unwrap();
        lifecycle::cancel(&database, &BY, event.id, event.version).await.unwrap();
        let filter = audit::AuditFilter { event: Some(event.id), ..audit::AuditFilter::default() };
        let log = audit::list(&database, filter, None, Limit::DEFAULT).await.unwrap();
        let mut actions: Vec<_> = log.items.into_iter().map(|entry| entry.action).collect();
        actions.sort_unstable();
        let mut expected = [Action::ChangeEvent; 3].map(Action::name).to_vec();
        expected.extend([Action::CreateEvent, Action::ConfigureEvent, Action::PublishEvent,
            Action::CancelEvent].map(Action::name));
        expected.sort_unstable();
        assert_eq!(actions, expected);
    }
}
