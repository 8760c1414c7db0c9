//! Waitrooms.

use onsale_core::command::Steer;
use onsale_core::fact::{LotteryDrawn, PlaceAdmitted, PlaceEnded, WaitroomJoined, WaitroomSteered};
use onsale_core::waitroom::EndReason;

use super::data::{self, Data, PlaceEnd};
use super::text::time;

pub(super) fn joined(fact: &WaitroomJoined) -> data::PlaceJoined {
    data::PlaceJoined {
        event: fact.place.event.to_string(),
        place: fact.place.to_string(),
        person: fact.person.to_string(),
        party: fact.party,
    }
}

pub(super) fn drawn(fact: &LotteryDrawn) -> data::LotteryDrawn {
    data::LotteryDrawn { event: fact.event.to_string() }
}

pub(super) fn admitted(fact: &PlaceAdmitted) -> data::PlaceAdmitted {
    let event = fact.place.event.to_string();
    data::PlaceAdmitted { event, place: fact.place.to_string(), until: time(fact.until) }
}

pub(super) fn ended(fact: &PlaceEnded) -> data::PlaceEnded {
    let reason = match fact.reason {
        EndReason::Completed => PlaceEnd::Completed,
        EndReason::Expired => PlaceEnd::Expired,
        EndReason::Left => PlaceEnd::Left,
        EndReason::Abandoned => PlaceEnd::Abandoned,
    };
    let event = fact.place.event.to_string();
    data::PlaceEnded { event, place: fact.place.to_string(), reason }
}

pub(super) fn steered(fact: &WaitroomSteered) -> Data {
    let event = fact.event.to_string();
    match fact.steer {
        Steer::Pause => data::WaitroomPaused { event }.into(),
        Steer::Resume => data::WaitroomResumed { event }.into(),
        Steer::Resize { slots, rate_per_minute } => {
            data::WaitroomResized { event, slots, rate_per_minute }.into()
        }
    }
}
