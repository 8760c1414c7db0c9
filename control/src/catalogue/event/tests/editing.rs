//! Working on an event: what it is, what is sold, where the seats are, its pictures, its copies.

use onsale_core::money::Amount;
use onsale_core::spec::ClassId;

use super::fixture::{again, class, configuration, event_id, house, places, plan, quota, sell};
use crate::catalogue::category::{self, CategoryName};
use crate::catalogue::event::copy::{CopyWish, copy};
use crate::catalogue::event::image::{self, ImageError, ImageLimits};
use crate::catalogue::event::lifecycle::{self, Curation};
use crate::catalogue::event::offer::OfferError;
use crate::catalogue::event::selling::OfferChange;
use crate::catalogue::event::status::{Approval, Status};
use crate::catalogue::event::text::Title;
use crate::catalogue::event::{EventError, details, seating};
use crate::catalogue::{CatalogueError, organiser, venue};
use crate::id::{CategoryId, OrganiserId, VenueId};
use crate::testing::{BY, TestDatabase, databases};

databases! {
    async fn a_draft_says_what_where_and_when(database: TestDatabase) {
        let house = house(&database).await;
        let name = CategoryName::parse("Concert").unwrap();
        let concert = category::create(&database, &BY, &name).await.unwrap();
        let mut details = house.details("The Lanterns");
        details.categories.insert(concert.id);
        let event = details::create(&database, &BY, event_id(1), house.organiser, &details).await;
        let event = event.unwrap();
        assert_eq!(event.zone.name(), "Europe/Berlin", "the venue's");
        assert_eq!(event.starts.unwrap().local.to_string(), "2026-12-01T20:00:00+01:00");
        let place = event.venue.clone().unwrap();
        assert_eq!((place.name.as_str(), place.city.as_str()), ("Kulturhaus", "Köln"));
        assert_eq!(event.categories, [concert]);
        let same = details::create(&database, &BY, event_id(1), house.organiser, &details).await;
        assert_eq!(same.unwrap().version, event.version, "asked again, it is the same draft");
        for in_use in [
            organiser::remove(&database, &BY, house.organiser, event.version).await,
            venue::remove(&database, &BY, house.venue, event.version).await,
        ] {
            assert!(matches!(in_use, Err(CatalogueError::InUse(_))), "{in_use:?}");
        }
    }

    async fn what_a_draft_names_must_be_there(database: TestDatabase) {
        let house = house(&database).await;
        let create = async |organiser, details: &details::Details| {
            places(details::create(&database, &BY, event_id(1), organiser, details).await)
        };
        let mut details = house.details("The Lanterns");
        assert_eq!(create(OrganiserId::random(), &details).await, ["organiser"]);
        details.venue = Some(VenueId::random());
        assert_eq!(create(house.organiser, &details).await, ["venue"]);
        details.zone = "UTC".parse().ok();
        assert_eq!(create(house.organiser, &details).await, ["venue"]);
        details = house.details("The Lanterns");
        details.categories.insert(CategoryId::random());
        assert_eq!(create(house.organiser, &details).await, ["categories[0]"]);
        details.categories = (0..11).map(|_| CategoryId::random()).collect();
        assert_eq!(create(house.organiser, &details).await, ["categories"]);
        details = house.details("The Lanterns");
        details.ends = details.starts;
        assert_eq!(create(house.organiser, &details).await, ["ends_local"]);
        details.starts = "2026-10-25T02:30".parse().ok();
        assert_eq!(create(house.organiser, &details).await, ["starts_local"]);
        (details.venue, details.zone) = (None, None);
        assert_eq!(create(house.organiser, &details).await, ["time_zone"]);
    }

    async fn the_clocks_of_another_zone_show_the_same_times(database: TestDatabase) {
        let house = house(&database).await;
        let event = house.draft(&database, 1).await;
        let event = sell(&database, &event, OfferChange::Configure(configuration())).await.unwrap();
        let mut details = house.details("The Lanterns 1");
        details.zone = "America/New_York".parse().ok();
        let changed = details::change(&database, &BY, event.id, event.version, &details);
        let event = changed.await.unwrap();
        assert_eq!(event.starts.unwrap().local.to_string(), "2026-12-01T20:00:00-05:00");
        let opens = event.offer.sale.opens.unwrap();
        assert_eq!(opens.to_string(), "2026-10-03T10:00:00-04:00");
    }

    async fn classes_and_quotas_are_made_changed_and_taken_away(database: TestDatabase) {
        let event = house(&database).await.draft(&database, 1).await;
        let event = sell(&database, &event, OfferChange::AddClass(class("A"))).await.unwrap();
        let event = sell(&database, &event, OfferChange::AddClass(class("B"))).await.unwrap();
        let twice = sell(&database, &event, OfferChange::AddClass(class("B"))).await;
        assert_eq!(places(twice), ["classes[2].name"]);
        let dear = OfferChange::SetClass(1, crate::catalogue::event::offer::TicketClass {
            price: Amount::from_minor(u64::MAX), ..class("B") });
        assert_eq!(places(sell(&database, &event, dear).await), ["classes[1].price_minor"]);
        let mut both = quota("Both", 50);
        both.classes.push(ClassId(1));
        let event = sell(&database, &event, OfferChange::AddQuota(both)).await.unwrap();
        let event = sell(&database, &event, OfferChange::RemoveClass(0)).await.unwrap();
        assert_eq!(event.offer.quotas[0].classes, [ClassId(0)]);
        assert_eq!(event.offer.classes[0].name, "B");
        let none = sell(&database, &event, OfferChange::SetClass(1, class("C"))).await;
        assert!(matches!(none, Err(EventError::Offer(OfferError::NoSuchClass))));
        let nowhere = quota("Hall", 1);
        let nowhere = onsale_core::spec::Quota { classes: vec![ClassId(7)], ..nowhere };
        let nowhere = sell(&database, &event, OfferChange::AddQuota(nowhere)).await;
        assert_eq!(places(nowhere), ["quotas[1].classes"]);
        let event = sell(&database, &event, OfferChange::RemoveQuota(0)).await.unwrap();
        assert!(event.offer.quotas.is_empty() && !event.offer.is_free());
    }

    async fn a_plan_is_kept_with_its_event(database: TestDatabase) {
        let event = house(&database).await.draft(&database, 1).await;
        let put = async |event: &crate::catalogue::event::Event, plan| {
            seating::put(&database, &BY, event.id, event.version, plan).await
        };
        assert_eq!(places(put(&event, Some(plan(2))).await), ["plan.sections[0].class"]);
        let event = sell(&database, &event, OfferChange::AddClass(class("A"))).await.unwrap();
        let event = sell(&database, &event, OfferChange::AddClass(class("B"))).await.unwrap();
        let event = put(&event, Some(plan(1))).await.unwrap();
        assert_eq!(event.seats, 10);
        assert_eq!(seating::find(&database, event.id).await.unwrap(), Some(plan(1)));
        let kept = sell(&database, &event, OfferChange::RemoveClass(1)).await;
        assert!(matches!(kept, Err(EventError::Offer(OfferError::ClassHasSeats))));
        let event = sell(&database, &event, OfferChange::RemoveClass(0)).await.unwrap();
        assert_eq!(seating::find(&database, event.id).await.unwrap(), Some(plan(0)));
        let event = put(&event, None).await.unwrap();
        assert_eq!((event.seats, seating::find(&database, event.id).await.unwrap()), (0, None));
    }

    async fn pictures_are_kept_once_and_thrown_away_when_nobody_shows_them(database: TestDatabase) {
        let house = house(&database).await;
        let (one, other) = (house.draft(&database, 1).await, house.draft(&database, 2).await);
        let limits = ImageLimits { count_max: 2, ..ImageLimits::default() };
        let add = async |event: &crate::catalogue::event::Event, bytes: &[u8]| {
            image::add(&database, &BY, event.id, event.version, bytes, limits).await
        };
        let png = image::png_of(640, 480);
        let one = add(&one, &png).await.unwrap();
        let one = add(&one, &png).await.unwrap();
        let other = add(&other, &png).await.unwrap();
        let picture = one.images[0];
        assert_eq!((one.images.len(), picture.width, picture.height), (1, 640, 480));
        let one = add(&one, &image::png_of(1, 1)).await.unwrap();
        let full = add(&one, &image::png_of(2, 2)).await;
        assert!(matches!(full, Err(EventError::Image(ImageError::TooMany(2)))));
        let svg = add(&other, b"<svg/>").await;
        assert!(matches!(svg, Err(EventError::Image(ImageError::NoImage))));
        let huge = add(&other, &image::png_of(10_001, 1)).await;
        assert!(matches!(huge, Err(EventError::Image(ImageError::TooLarge { .. }))));
        let remove = async |event: &crate::catalogue::event::Event| {
            image::remove(&database, &BY, event.id, event.version, picture.id).await
        };
        assert_eq!(remove(&one).await.unwrap().images.len(), 1);
        assert_eq!(image::content(&database, picture.id).await.unwrap().1, png);
        let other = remove(&other).await.unwrap();
        assert!(image::content(&database, picture.id).await.is_err(), "nobody shows it");
        assert!(matches!(remove(&other).await, Err(EventError::Catalogue(_))));
    }

    async fn a_copy_has_all_but_the_life_and_can_be_on_another_day(database: TestDatabase) {
        let house = house(&database).await;
        let event = house.configured(&database, 1).await;
        let limits = ImageLimits::default();
        let png = image::png_of(3, 4);
        let added = image::add(&database, &BY, event.id, event.version, &png, limits);
        let event = added.await.unwrap();
        let seated = seating::put(&database, &BY, event.id, event.version, Some(plan(0)));
        let event = seated.await.unwrap();
        let strict = Curation { is_trending: true, approval: Approval::Needed };
        let curated = lifecycle::curate(&database, &BY, event.id, event.version, strict);
        let event = curated.await.unwrap();
        let title = Some(Title::parse("The Lanterns, again").unwrap());
        let wish = CopyWish { title, days_later: 7 };
        let copied = copy(&database, &BY, event.id, event_id(2), &wish).await.unwrap();
        assert_eq!((copied.status, copied.title.as_str()), (Status::Draft, "The Lanterns, again"));
        assert_eq!(copied.starts.unwrap().local.to_string(), "2026-12-08T20:00:00+01:00");
        assert_eq!(copied.offer.sale.opens.unwrap().to_string(), "2026-10-10T10:00:00+02:00");
        assert_eq!((copied.seats, copied.images.len()), (10, 1));
        assert_eq!(copied.offer.classes, event.offer.classes);
        assert_eq!((copied.approval, copied.is_trending), (Approval::Needed, false));
        let again = copy(&database, &BY, event.id, event_id(2), &wish).await.unwrap();
        assert_eq!(again.version, copied.version);
        // 2 and 7 more days later the clocks are set back over the opening.
        let wish = CopyWish { title: None, days_later: 200_000_000 };
        let far = copy(&database, &BY, event.id, event_id(3), &wish).await;
        assert_eq!(places(far)[0], "sale.opens_local");
    }

    async fn a_copy_into_a_night_without_that_hour_is_refused(database: TestDatabase) {
        let house = house(&database).await;
        let mut details = house.details("Long night");
        details.starts = "2026-10-24T02:30".parse().ok();
        details.ends = None;
        let create = details::create(&database, &BY, event_id(1), house.organiser, &details).await;
        let event = create.unwrap();
        let wish = CopyWish { title: None, days_later: 1 };
        let twice = copy(&database, &BY, event.id, event_id(2), &wish).await;
        assert_eq!(places(twice), ["starts_local"]);
        assert_eq!(again(&database, &event).await.version, event.version);
    }
}
