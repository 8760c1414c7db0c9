//! **First come, first served, after the lottery.** People are let in in the order of the line:
//! those of the lottery in its order, then all others as they came. Who left is skipped. Nobody is
//! let in before the draw, during a pause, or once the event is called off.
//!
//! Why: a queue that can be jumped is no queue, and the one who was overtaken can prove it.
//!
//! Source: mission, area 1 (waitroom); `docs/lottery.md`, "The server admits strictly in this
//! order".

use onsale_core::command::Steer;
use onsale_core::fact::Fact;
use onsale_core::id::EventId;

use super::{Invariant, Verdict};
use crate::model::follow::{Step, Steps};
use crate::model::lottery;
use crate::seen::{Micros, Seen};

/// Who stands where, by durable facts.
#[derive(Default)]
pub(crate) struct QueueOrder {
    steps: Steps<Move>,
    lines: Vec<Line>,
}

enum Move {
    Defined([u8; 32]),
    Opened(bool),
    Joined(u32),
    Drawn,
    Admitted(u32),
    Ended(u32),
    Paused(bool),
}

struct Line {
    event: EventId,
    seed: [u8; 32],
    is_open: bool,
    is_paused: bool,
    is_drawn: bool,
    /// How many ever came.
    places: u32,
    /// Before the draw: who waits, as they came. After it: the line.
    waiting: Vec<u32>,
}

impl Invariant for QueueOrder {
    fn name(&self) -> &'static str {
        "queue_order"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let steps = self.steps.see(seen, pick);
        steps.into_iter().try_for_each(|step| self.step(&step))
    }
}

fn pick(fact: &Fact) -> Option<Move> {
    Some(match fact {
        Fact::EventDefined(fact) => Move::Defined(fact.seed.0),
        Fact::EventOpened(_) => Move::Opened(true),
        Fact::EventCancelled(_) => Move::Opened(false),
        Fact::WaitroomJoined(fact) => Move::Joined(fact.place.number),
        Fact::LotteryDrawn(_) => Move::Drawn,
        Fact::PlaceAdmitted(fact) => Move::Admitted(fact.place.number),
        Fact::PlaceEnded(fact) => Move::Ended(fact.place.number),
        Fact::WaitroomSteered(fact) => match fact.steer {
            Steer::Pause => Move::Paused(true),
            Steer::Resume => Move::Paused(false),
            Steer::Resize { .. } => return None,
        },
        _ => return None,
    })
}

impl QueueOrder {
    fn step(&mut self, step: &Step<Move>) -> Verdict {
        if let Move::Defined(seed) = step.what {
            self.lines.push(Line::new(step.event, seed));
        }
        match self.lines.iter_mut().find(|line| line.event == step.event) {
            Some(line) => line.step(&step.what),
            None => Err(format!("{} was never defined", step.event)),
        }
    }
}

impl Line {
    fn new(event: EventId, seed: [u8; 32]) -> Self {
        let (is_open, is_paused, is_drawn) = (false, false, false);
        Self { event, seed, is_open, is_paused, is_drawn, places: 0, waiting: vec![] }
    }

    fn step(&mut self, step: &Move) -> Verdict {
        match *step {
            Move::Defined(_) => {}
            Move::Opened(is_open) => self.is_open = is_open,
            Move::Paused(is_paused) => self.is_paused = is_paused,
            Move::Joined(number) => {
                if number != self.places {
                    return Err(format!("place {number} after {} others", self.places));
                }
                self.places += 1;
                self.waiting.push(number);
            }
            Move::Drawn => {
                if self.is_drawn {
                    return Err("the lottery was drawn twice".into());
                }
                self.is_drawn = true;
                let stays = |number: u32| self.waiting.contains(&number);
                self.waiting = lottery::order(&self.seed, self.places, |number| !stays(number));
            }
            Move::Admitted(number) => return self.admitted(number),
            Move::Ended(number) => self.waiting.retain(|waiting| *waiting != number),
        }
        Ok(())
    }

    fn admitted(&mut self, number: u32) -> Verdict {
        let why = match (self.is_open, self.is_drawn, self.is_paused) {
            (true, true, false) => None,
            (false, ..) => Some("the event is not open"),
            (_, false, _) => Some("the lottery was not drawn"),
            (.., true) => Some("admission is paused"),
        };
        if let Some(why) = why {
            return Err(format!("place {number} was let in, but {why}"));
        }
        if self.waiting.first() != Some(&number) {
            return Err(format!("place {number} was let in, the line is {:?}", self.waiting));
        }
        self.waiting.remove(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::waitroom::EndReason;

    use super::*;
    use crate::invariants::crowd::Crowd;

    fn five() -> Crowd<QueueOrder> {
        Crowd::drawn(QueueOrder::default(), 100, 600, 5)
    }

    #[test]
    fn the_order_of_the_lottery_then_of_arrival_is_right() {
        let mut crowd = five();
        crowd.join(5).unwrap();
        crowd.end(3, EndReason::Left).unwrap();
        for number in [1, 0, 4, 2, 5] {
            crowd.admit(number).unwrap();
        }
    }

    #[test]
    fn overtaking_is_caught() {
        let mut crowd = five();
        crowd.admit(1).unwrap();
        crowd.admit(3).unwrap_err();
    }

    #[test]
    fn letting_in_who_left_or_came_later_is_caught() {
        let mut crowd = five();
        crowd.end(1, EndReason::Left).unwrap();
        crowd.admit(1).unwrap_err();
        let mut crowd = five();
        crowd.join(5).unwrap();
        crowd.admit(5).unwrap_err();
    }

    #[test]
    fn letting_in_before_the_draw_or_in_a_pause_is_caught() {
        let mut crowd = Crowd::new(QueueOrder::default(), 100, 600);
        crowd.join(0).unwrap();
        crowd.admit(0).unwrap_err();
        let mut crowd = five();
        crowd.steer(Steer::Pause).unwrap();
        crowd.admit(1).unwrap_err();
        let mut crowd = five();
        crowd.steer(Steer::Pause).unwrap();
        crowd.steer(Steer::Resume).unwrap();
        crowd.admit(1).unwrap();
    }

    #[test]
    fn letting_in_once_the_event_is_called_off_is_caught() {
        let mut crowd = five();
        let event = crate::invariants::crowd::event();
        crowd.fact(onsale_core::fact::EventCancelled { event }).unwrap();
        crowd.admit(1).unwrap_err();
    }
}
