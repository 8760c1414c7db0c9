//! Finding events: what the world finds, and what only those who work on them do.

use std::collections::BTreeSet;

use onsale_core::id::EventId;
use onsale_core::time::Time;

use super::fixture::{House, event_id, house, named_house, publish};
use crate::access::audit::Who;
use crate::accounts::role::Role;
use crate::catalogue::category::{self, CategoryName};
use crate::catalogue::event::details::{self, Details};
use crate::catalogue::event::lifecycle::{self, Curation};
use crate::catalogue::event::search::{Filter, Whose, Words, WorkFilter, at_work, in_public};
use crate::catalogue::event::status::{Approval, Status};
use crate::catalogue::event::{Event, find};
use crate::database::Database;
use crate::page::Limit;
use crate::testing::{BY, TestDatabase, by, databases};
use crate::text::{Prose, Wanted};

/// Publishes an event whose details are changed first.
async fn show(
    database: &Database,
    house: House,
    number: u32,
    change: impl FnOnce(&mut Details),
) -> Event {
    let event = house.configured(database, number).await;
    let mut details = house.details(&event.title);
    change(&mut details);
    let event = details::change(database, &BY, event.id, event.version, &details).await.unwrap();
    let event = lifecycle::configure(database, &BY, event.id, event.version).await.unwrap();
    publish(database, &event, Approval::NotNeeded).await.unwrap()
}

async fn found(database: &Database, filter: &Filter) -> Vec<EventId> {
    let page = in_public(database, filter, None, Limit::DEFAULT).await.unwrap();
    page.items.into_iter().map(|event| event.id).collect()
}

fn words(text: &str) -> Filter {
    Filter { words: Words::parse(text).unwrap(), ..Filter::default() }
}

fn title(text: &str) -> crate::catalogue::event::text::Title {
    crate::catalogue::event::text::Title::parse(text).unwrap()
}

databases! {
    async fn the_world_finds_what_is_published_and_public_by_its_date(database: TestDatabase) {
        let house = house(&database).await;
        let late = show(&database, house, 1, |details| {
            details.starts = "2027-01-01T20:00".parse().ok();
            details.ends = None;
        }).await;
        let early = show(&database, house, 2, |_| {}).await;
        show(&database, house, 3, |details| details.is_public = false).await;
        house.configured(&database, 4).await;
        let cancelled = house.draft(&database, 5).await;
        lifecycle::cancel(&database, &BY, cancelled.id, cancelled.version).await.unwrap();
        assert_eq!(found(&database, &Filter::default()).await, [early.id, late.id]);
        let early = find(&database, early.id).await.unwrap();
        lifecycle::cancel(&database, &BY, early.id, early.version).await.unwrap();
        let page = in_public(&database, &Filter::default(), None, Limit::DEFAULT).await.unwrap();
        assert_eq!(page.items[0].status, Status::Cancelled, "people are told");
    }

    async fn words_are_looked_for_everywhere_without_case_and_accents(database: TestDatabase) {
        let one = named_house(&database, "Ångström Konzerte", "Große Halle", "Münster", "DE").await;
        let other = named_house(&database, "Other", "Club 100%", "Wien", "AT").await;
        let rock = show(&database, one, 1, |details| {
            details.title = title("Die Räuber");
            details.description = Prose::parse("Schauspiel von Schiller").unwrap();
        }).await;
        let jazz = show(&database, other, 2, |details| details.title = title("Jazz_Nacht")).await;
        let texts =
            ["rauber", "SCHILLER räuber", "angstrom", "grosse halle", "munster", "GROSSE schau"];
        for text in texts {
            assert_eq!(found(&database, &words(text)).await, [rock.id], "{text}");
        }
        for text in ["100%", "jazz_", "wien jazz club other"] {
            assert_eq!(found(&database, &words(text)).await, [jazz.id], "{text}");
        }
        for text in ["jazz%nacht", "jaz", "nacht' OR '1'='1"] {
            let ids = found(&database, &words(text)).await;
            assert!(!ids.contains(&rock.id), "{text}: {ids:?}");
        }
        assert_eq!(found(&database, &words("%")).await.len(), 2, "as if nothing was said");
        assert_eq!(found(&database, &words("jazz schiller")).await, []);
    }

    async fn filters_narrow_what_is_found(database: TestDatabase) {
        let (koeln, wien) = (house(&database).await,
            named_house(&database, "Other", "Prater", "Wien", "AT").await);
        let name = CategoryName::parse("Concert").unwrap();
        let concert = category::create(&database, &BY, &name).await.unwrap().id;
        let one = show(&database, koeln, 1, |details| {
            details.categories.insert(concert);
        }).await;
        let other = show(&database, wien, 2, |details| {
            details.starts = "2027-01-01T00:00".parse().ok();
            details.ends = None;
        }).await;
        let trending = Curation { is_trending: true, approval: Approval::NotNeeded };
        lifecycle::curate(&database, &BY, other.id, other.version, trending).await.unwrap();
        let new_year = other.starts.unwrap().at;
        let none = Filter::default;
        let city = |name| Wanted::parse(name).unwrap();
        let cases = [
            (Filter { category: Some(concert), ..none() }, vec![one.id]),
            (Filter { city: city("koln"), ..none() }, vec![one.id]),
            (Filter { country: "AT".parse().ok(), ..none() }, vec![other.id]),
            (Filter { organiser: Some(wien.organiser), ..none() }, vec![other.id]),
            (Filter { is_trending: Some(true), ..none() }, vec![other.id]),
            (Filter { is_free: Some(true), ..none() }, vec![]),
            (Filter { is_free: Some(false), ..none() }, vec![one.id, other.id]),
            (Filter { from: Some(new_year), ..none() }, vec![other.id]),
            (Filter { until: Some(new_year), ..none() }, vec![one.id]),
            (Filter { from: Some(Time::from_ms(new_year.as_ms() + 1)), ..none() }, vec![]),
            (Filter { city: city("wien"), is_free: Some(true), ..none() }, vec![]),
        ];
        for (filter, expected) in cases {
            assert_eq!(found(&database, &filter).await, expected, "{filter:?}");
        }
    }

    async fn pages_show_each_event_once_whatever_comes_in_between(database: TestDatabase) {
        let house = house(&database).await;
        for number in 1..=5 {
            show(&database, house, number, |_| {}).await;
        }
        let limit = Limit::new(2).unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = in_public(&database, &Filter::default(), after, limit).await.unwrap();
            seen.extend(page.items.into_iter().map(|event| event.id));
            // In between, one that is before all.
            let number = 10 + seen.len() as u32;
            show(&database, house, number, |details| {
                details.starts = "2026-11-30T20:00".parse().ok();
                details.ends = None;
            }).await;
            after = page.next;
            if after.is_none() { break }
        }
        assert_eq!(seen, (1..=5).map(event_id).collect::<Vec<_>>());
    }

    async fn whoever_works_on_events_sees_theirs_in_any_state(database: TestDatabase) {
        let ada = database.account(Role::Organiser).await;
        let bob = database.account(Role::Organiser).await;
        let house = house(&database).await;
        let details = house.details("Mine");
        let by_ada = by(Who::Person(ada));
        details::create(&database, &by_ada, event_id(1), house.organiser, &details).await.unwrap();
        house.configured(&database, 2).await;
        let seen = async |whose, status| {
            let filter = WorkFilter { whose, words: Words::default(), status, organiser: None };
            let page = at_work(&database, &filter, None, Limit::DEFAULT).await.unwrap();
            page.items.into_iter().map(|event| event.id).collect::<BTreeSet<_>>()
        };
        assert_eq!(seen(Whose::Of(ada), None).await, [event_id(1)].into());
        assert_eq!(seen(Whose::Of(bob), None).await, [].into());
        assert_eq!(seen(Whose::Everybodys, None).await, [event_id(1), event_id(2)].into());
        let configured = seen(Whose::Everybodys, Some(Status::Configured)).await;
        assert_eq!(configured, [event_id(2)].into());
        assert_eq!(seen(Whose::Of(ada), Some(Status::Configured)).await, [].into());
    }
}
