//! Endpoints in both databases.

use onsale_core::id::{EventId, PartitionId};
use onsale_core::time::{Span, Time};

use super::delivery::{self, Delivery, KEPT};
use super::feed::{self, Feed};
use super::manage::{change, create, find, list, owner, ping, remove, replay, rotate};
use super::*;
use crate::access::audit::{self, AuditFilter, By, Who};
use crate::access::crew::found;
use crate::catalogue::organiser;
use crate::database::Database;
use crate::page::Limit;
use crate::testing::{BY, NOW, TestDatabase, databases, profile};

const URL: &str = "https://books.example/hooks";

fn wish(url: &str) -> Wish {
    let topics = ["order-events", "payment-events"].map(str::to_owned).into();
    Wish { url: url.to_owned(), topics, is_enabled: true }
}

fn later(by: Span) -> By {
    By { at: NOW + by, ..BY.clone() }
}

async fn organiser(database: &Database, name: &str) -> OrganiserId {
    organiser::create(database, &BY, &profile(name)).await.unwrap().id
}

async fn made(database: &Database, organiser: Option<OrganiserId>) -> Endpoint {
    create(database, WebhookRules::default(), &BY, organiser, &wish(URL)).await.unwrap().0
}

/// The only endpoint there is, as the server sees it.
async fn only(database: &Database) -> Feed {
    let all = feed::all(database).await.unwrap();
    let [feed] = &all[..] else { panic!("{all:?}") };
    feed.clone()
}

/// What the audit log says of endpoints, oldest first.
async fn said(database: &Database) -> Vec<(Who, String)> {
    let filter = AuditFilter {
        action: Some(crate::access::Action::ManageWebhooks),
        ..AuditFilter::default()
    };
    let mut entries = audit::list(database, filter, None, Limit::LARGEST).await.unwrap().items;
    entries.reverse();
    entries.into_iter().map(|entry| (entry.who, entry.detail.unwrap_or_default())).collect()
}

databases! {
    async fn an_endpoint_is_made_changed_and_removed_and_all_of_it_written_down(
        database: TestDatabase
    ) {
        let lanterns = organiser(&database, "The Lanterns").await;
        let rules = WebhookRules::default();
        let (made, secret) =
            create(&database, rules, &BY, Some(lanterns), &wish(URL)).await.unwrap();
        assert_eq!((made.organiser, made.state), (Some(lanterns), State::Enabled));
        assert_eq!(made.topics, ["order-events", "payment-events"]);
        let seen = only(&database).await;
        assert_eq!((&seen.secret, &seen.former), (&secret, &None));
        assert_eq!((seen.since, seen.turn), (NOW, 0), "it gets what happens from now on");
        let other = Wish { topics: Vec::new(), is_enabled: false, ..wish("https://b.example") };
        let changed = change(&database, &BY, made.id, made.version, &other).await.unwrap();
        assert_eq!((changed.state, changed.topics.len()), (State::Disabled, 0));
        let late = change(&database, &BY, made.id, made.version, &other).await;
        let Err(WebhookError::Catalogue(CatalogueError::Stale { current, .. })) = late else {
            panic!("{late:?}")
        };
        assert_eq!(current, changed.version);
        assert_eq!(owner(&database, made.id).await.unwrap(), Some(lanterns));
        remove(&database, &BY, made.id, changed.version).await.unwrap();
        let gone = find(&database, made.id).await;
        assert!(matches!(gone, Err(CatalogueError::NotFound("webhook endpoint"))), "{gone:?}");
        let said = said(&database).await;
        let said: Vec<_> = said.iter().map(|(_, said)| said.as_str()).collect();
        assert_eq!(said, ["made", "changed", "removed"]);
    }

    async fn there_is_room_for_so_many_of_one_organiser_and_of_all(database: TestDatabase) {
        let rules = WebhookRules { endpoints_max: 3, per_organiser_max: 2, ..Default::default() };
        let organisers =
            [organiser(&database, "The Lanterns").await, organiser(&database, "The Owls").await];
        let make = async |organiser| {
            let made = create(&database, rules, &BY, organiser, &wish(URL)).await;
            made.map(|(made, _)| made).map_err(|error| match error {
                WebhookError::TooMany { max } => max,
                WebhookError::Catalogue(error) => panic!("{error}"),
            })
        };
        let first = make(Some(organisers[0])).await.unwrap();
        make(Some(organisers[0])).await.unwrap();
        assert_eq!(make(Some(organisers[0])).await, Err(2));
        // Of two who come at once for the last place one gets it.
        let both = tokio::join!(make(Some(organisers[1])), make(None));
        assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
        assert_eq!(make(None).await, Err(3));
        remove(&database, &BY, first.id, first.version).await.unwrap();
        make(None).await.unwrap();
    }

    async fn the_secret_before_signs_for_a_day(database: TestDatabase) {
        let made = made(&database, None).await;
        let first = only(&database).await.secret;
        let (rotated, second) = rotate(&database, &BY, made.id).await.unwrap();
        assert_eq!(rotated.former_until, Some(NOW + FORMER_SIGNS));
        assert!(rotated.version > made.version);
        let seen = only(&database).await;
        assert_eq!(seen.secrets(NOW), [second.clone(), first]);
        assert_eq!(seen.secrets(NOW + FORMER_SIGNS), std::slice::from_ref(&second));
        // Somebody who rotates twice wants to be rid of the first one.
        let (_, third) = rotate(&database, &later(Span::from_ms(1)), made.id).await.unwrap();
        assert_eq!(only(&database).await.secrets(NOW), [third, second]);
        let nobody = rotate(&database, &BY, WebhookId::random()).await;
        assert!(matches!(nobody, Err(WebhookError::Catalogue(CatalogueError::NotFound(_)))));
    }

    async fn each_replay_is_another_turn_and_begins_no_later_than_now(database: TestDatabase) {
        let made = made(&database, None).await;
        let at = later(Span::from_mins(5));
        replay(&database, &at, made.id, Time::ZERO).await.unwrap();
        let seen = only(&database).await;
        assert_eq!((seen.since, seen.turn), (Time::ZERO, 1));
        replay(&database, &at, made.id, Time::MAX).await.unwrap();
        let seen = only(&database).await;
        assert_eq!((seen.since, seen.turn), (at.at, 2));
    }

    async fn a_ping_is_wanted_until_it_was_sent(database: TestDatabase) {
        let made = made(&database, None).await;
        let first = ping(&database, &BY, made.id).await.unwrap();
        let second = ping(&database, &BY, made.id).await.unwrap();
        assert_ne!(first, second);
        feed::pinged(&database, made.id, &first).await.unwrap();
        assert_eq!(only(&database).await.ping.as_deref(), Some(second.as_str()));
        feed::pinged(&database, made.id, &second).await.unwrap();
        assert_eq!(only(&database).await.ping, None);
    }

    async fn one_that_is_gone_is_so_only_where_it_was(database: TestDatabase) {
        let made = made(&database, None).await;
        feed::gone(&database, made.id, "https://elsewhere.example", NOW).await.unwrap();
        assert_eq!(find(&database, made.id).await.unwrap(), made);
        feed::gone(&database, made.id, URL, NOW).await.unwrap();
        feed::gone(&database, made.id, URL, NOW).await.unwrap();
        let gone = find(&database, made.id).await.unwrap();
        assert_eq!(gone.state, State::Gone);
        let log = said(&database).await;
        assert_eq!(log[1..], [(Who::System, "gone".to_owned())]);
        let again = change(&database, &BY, made.id, gone.version, &wish(URL)).await.unwrap();
        assert_eq!(again.state, State::Enabled);
    }

    async fn only_the_last_attempts_are_kept(database: TestDatabase) {
        let made = made(&database, None).await;
        let attempt = |number: usize| Delivery {
            event: format!("journal-0-{number}"),
            kind: "onsale.order.placed.v1".to_owned(),
            attempt: 1,
            status: number.is_multiple_of(2).then_some(503),
            failure: number.is_multiple_of(2).then(|| "it answers 503".to_owned()),
            took: Span::from_ms(7),
            at: NOW,
        };
        let many: Vec<_> = (0..KEPT + 20).map(attempt).collect();
        delivery::note(&database, made.id, &many[..10]).await.unwrap();
        delivery::note(&database, made.id, &many[10..]).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let limit = Limit::new(30).unwrap();
            let page = delivery::list(&database, made.id, after, limit).await.unwrap();
            seen.extend(page.items.into_iter().map(|(_, delivery)| delivery));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        seen.reverse();
        assert_eq!(seen, many[20..], "newest first, and no more than are kept");
        // It may be removed while it is sent to.
        remove(&database, &BY, made.id, made.version).await.unwrap();
        delivery::note(&database, made.id, &many[..1]).await.unwrap();
        let gone = delivery::list(&database, made.id, None, Limit::DEFAULT).await;
        assert!(matches!(gone, Err(CatalogueError::NotFound("webhook endpoint"))), "{gone:?}");
    }

    async fn those_of_an_organiser_are_listed_and_go_with_it(database: TestDatabase) {
        let lanterns = organiser::create(&database, &BY, &profile("The Lanterns")).await.unwrap();
        let owls = organiser(&database, "The Owls").await;
        let (mut all, mut own) = (Vec::new(), Vec::new());
        for organiser in [None, Some(lanterns.id), Some(owls), Some(lanterns.id)] {
            let made = made(&database, organiser).await.id;
            all.push(made);
            own.extend((organiser == Some(lanterns.id)).then_some(made));
        }
        // All of one moment: by id.
        all.sort();
        own.sort();
        let ids = async |organiser| {
            let (mut ids, mut after) = (Vec::new(), None);
            loop {
                let limit = Limit::new(1).unwrap();
                let page = list(&database, organiser, after, limit).await.unwrap();
                ids.extend(page.items.into_iter().map(|one| one.id));
                after = page.next;
                if after.is_none() {
                    return ids;
                }
            }
        };
        assert_eq!(ids(None).await, all);
        assert_eq!(ids(Some(lanterns.id)).await, own);
        organiser::remove(&database, &BY, lanterns.id, lanterns.version).await.unwrap();
        assert_eq!(ids(None).await.len(), 2);
        let nobodys = OrganiserId::random();
        let refused =
            create(&database, WebhookRules::default(), &BY, Some(nobodys), &wish(URL)).await;
        let Err(WebhookError::Catalogue(CatalogueError::NotFound(what))) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(what, "organiser");
    }

    async fn an_event_is_that_of_its_organiser_or_nobodys(database: TestDatabase) {
        let lanterns = organiser(&database, "The Lanterns").await;
        let event = |index| EventId::new(PartitionId::FIRST, index).unwrap();
        let mut transaction = database.begin().await.unwrap();
        found(&mut transaction, event(1), Some(lanterns), None, NOW).await.unwrap();
        found(&mut transaction, event(2), None, None, NOW).await.unwrap();
        transaction.commit().await.unwrap();
        for (index, whose) in [(1, Some(lanterns)), (2, None), (3, None)] {
            let found = feed::organiser_of(&database, event(index)).await.unwrap();
            assert_eq!(found, whose, "{index}");
        }
    }
}
