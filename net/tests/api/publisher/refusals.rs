//! What a partition does not do comes back to the catalogue, and what it has done is followed.

use onsale_control::catalogue::event::status::Status;
use onsale_control::catalogue::event::{find, publication};
use onsale_core::command::Command;
use onsale_core::id::{EventId, PartitionId};
use onsale_core::money::Amount;
use onsale_core::query::Phase;
use onsale_core::spec::{Change, ClassId, QuotaId};
use onsale_net::port::Partitions;

use super::stage::{PARTITION, Stage, publish, reserve};

#[tokio::test]
async fn an_event_that_the_sale_refuses_goes_back_with_a_reason() {
    let stage = Stage::new().await;
    let never_reserved = EventId::new(PARTITION, 7).unwrap();
    let elsewhere = EventId::new(PartitionId::new(99).unwrap(), 0).unwrap();
    for id in [never_reserved, elsewhere] {
        publish(&stage.control.database, id).await;
        let event = stage.settled(id).await;
        assert_eq!((event.status, event.published_at), (Status::Approved, None));
        assert!(event.returned_because.is_some(), "{event:?}");
    }
}

#[tokio::test]
async fn the_catalogue_follows_what_the_sale_has_accepted() {
    let stage = Stage::new().await;
    let database = &stage.control.database;
    let id = reserve(&stage.memory).await;
    publish(database, id).await;
    stage.settled(id).await;
    for change in [
        Change::Capacity { quota: QuotaId(0), capacity: 150 },
        Change::Price { class: ClassId(0), price: Amount::from_minor(3_000) },
    ] {
        publication::wish_to_follow(database, id, stage.memory.now()).await.unwrap();
        stage.memory.tell(PARTITION, Command::ChangeEvent { event: id, change });
    }
    let event = stage.settled(id).await;
    assert_eq!(event.offer.quotas[0].capacity, 150);
    assert_eq!(event.offer.classes[0].price, Amount::from_minor(3_000));
}

#[tokio::test]
async fn what_was_called_off_in_the_sale_is_called_off_in_the_catalogue() {
    let stage = Stage::new().await;
    let database = &stage.control.database;
    let id = reserve(&stage.memory).await;
    publish(database, id).await;
    stage.settled(id).await;
    publication::wish_to_follow(database, id, stage.memory.now()).await.unwrap();
    stage.memory.tell(PARTITION, Command::CancelEvent(id));
    stage.settled(id).await;
    assert_eq!(find(database, id).await.unwrap().status, Status::Cancelled);
    assert_eq!(stage.phase(id).await, Some(Phase::Cancelled));
}
