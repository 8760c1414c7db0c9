//! Giving a hold back, by its buyer or by time.

use alloc::vec;

use crate::command::Actor;
use crate::fact::HoldReleased;
use crate::id::HoldId;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::sale::{Decided, Sale};
use crate::time::Time;

impl Sale {
    /// A buyer gives a hold back.
    pub(crate) fn decide_release_hold(&self, now: Time, actor: Actor, hold: HoldId) -> Decided {
        self.hold_of(now, actor, hold.number)?;
        Ok((vec![HoldReleased { hold, expired: false }.into()], Reply::Done))
    }

    /// The hold with this number, if it is alive and the actor's. That a hold once was is told to
    /// everybody: it says nothing about whose it was. One whose time is over is gone, even if the
    /// timer has not been looked at yet.
    pub(crate) fn hold_of(
        &self,
        now: Time,
        actor: Actor,
        number: u32,
    ) -> Result<&super::Hold, Refusal> {
        if number >= self.next_hold() {
            return Err(Refusal::NotFound(crate::refusal::Thing::Hold));
        }
        let hold = self.hold(number).filter(|hold| now < hold.until).ok_or(Refusal::HoldGone)?;
        if actor.may_act_for(hold.person) {
            Ok(hold)
        } else {
            Err(Refusal::NotFound(crate::refusal::Thing::Hold))
        }
    }
}
