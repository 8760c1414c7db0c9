//! **The lottery is the one that was committed to**, drawn as `docs/lottery.md` says. The
//! commitment that was told is the SHA-256 of the seed; the seed is shown after the draw and never
//! before; participants are all who had come, withdrawn are those of them who had gone; the order
//! that follows from what is revealed is the one that the page's steps give.
//!
//! That people are let in in this order is [`super::queue_order`]'s.
//!
//! Why: the commitment is all that lets a buyer check that nobody was favoured.
//!
//! Source: `docs/lottery.md`, steps 2 to 7.

use onsale_core::fact::Fact;
use onsale_core::id::EventId;
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_core::waitroom::{Commitment, Reveal};
use onsale_engine::Answer;

use super::{Invariant, Verdict};
use crate::model::follow::{Step, Steps};
use crate::model::{commits, lottery};
use crate::seen::{Micros, Seen, Token};

/// The draw of each event, by durable facts.
#[derive(Default)]
pub(crate) struct Lottery {
    steps: Steps<Move>,
    draws: Vec<Draw>,
    /// Who asked for which event's reveal, and what the last fact was.
    asked: Vec<(Token, EventId, u64)>,
}

enum Move {
    Defined([u8; 32]),
    Joined,
    Ended(u32),
    Drawn,
}

struct Draw {
    event: EventId,
    seed: [u8; 32],
    places: u32,
    gone: Vec<u32>,
    drawn: Option<Drawn>,
}

/// What there was when it was drawn.
struct Drawn {
    fact: u64,
    at: Time,
    participants: u32,
    withdrawn: Vec<u32>,
}

impl Invariant for Lottery {
    fn name(&self) -> &'static str {
        "lottery"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        for step in self.steps.see(seen, pick) {
            self.step(&step);
        }
        match *seen {
            Seen::Looked { token, query: Query::Reveal(event), applied, .. } => {
                self.asked.push((token, event, applied));
                Ok(())
            }
            Seen::Answered { token, answer: Ok(answer), .. } => self.answered(token, answer),
            Seen::Died { .. } => {
                self.asked.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn pick(fact: &Fact) -> Option<Move> {
    Some(match fact {
        Fact::EventDefined(fact) => Move::Defined(fact.seed.0),
        Fact::WaitroomJoined(_) => Move::Joined,
        Fact::PlaceEnded(fact) => Move::Ended(fact.place.number),
        Fact::LotteryDrawn(_) => Move::Drawn,
        _ => return None,
    })
}

impl Lottery {
    fn step(&mut self, step: &Step<Move>) {
        if let Move::Defined(seed) = step.what {
            let (event, gone) = (step.event, vec![]);
            self.draws.push(Draw { event, seed, places: 0, gone, drawn: None });
        }
        let draw = self.draws.iter_mut().find(|draw| draw.event == step.event);
        let Some(draw) = draw else { return };
        match step.what {
            Move::Defined(_) => {}
            Move::Joined => draw.places += 1,
            Move::Ended(number) => draw.gone.push(number),
            Move::Drawn => {
                let (fact, at, participants) = (step.number, step.at, draw.places);
                let mut withdrawn = draw.gone.clone();
                withdrawn.sort_unstable();
                draw.drawn = Some(Drawn { fact, at, participants, withdrawn });
            }
        }
    }

    fn draw(&self, event: EventId) -> Result<&Draw, String> {
        let draw = self.draws.iter().find(|draw| draw.event == event);
        draw.ok_or_else(|| format!("{event} is told of and not defined by any durable fact"))
    }

    fn answered(&mut self, token: Token, answer: &Answer) -> Verdict {
        match answer {
            Answer::Reply(Reply::EventDefined { event, commitment }) => {
                self.draw(*event)?.check_commitment(*commitment)
            }
            Answer::View(View::Event(view)) => match &view.waitroom {
                Some(waitroom) => self.draw(view.event)?.check_commitment(waitroom.commitment),
                None => Ok(()),
            },
            Answer::View(View::Reveal { commitment, reveal }) => {
                let known = self.asked.iter().position(|(asked, ..)| *asked == token);
                let known = known.map(|index| self.asked.swap_remove(index));
                let Some((_, event, applied)) = known else { return Ok(()) };
                let draw = self.draw(event)?;
                draw.check_commitment(*commitment)?;
                draw.check_reveal(applied, reveal.as_ref())
            }
            _ => Ok(()),
        }
    }
}

impl Draw {
    fn check_commitment(&self, commitment: Commitment) -> Verdict {
        let is_kept = commits(commitment.as_bytes(), &self.seed);
        if is_kept { Ok(()) } else { Err(format!("{commitment} does not commit to the seed")) }
    }

    fn check_reveal(&self, applied: u64, reveal: Option<&Reveal>) -> Verdict {
        let drawn = self.drawn.as_ref();
        let (drawn, reveal) = match (drawn, reveal) {
            (Some(drawn), Some(reveal)) => (drawn, reveal),
            (None, Some(_)) => return Err("the seed is shown before the draw".into()),
            (Some(drawn), None) if drawn.fact <= applied => {
                return Err("the draw is not revealed".into());
            }
            (_, None) => return Ok(()),
        };
        self.check_commitment(reveal.commitment)?;
        let told = (reveal.seed.0, reveal.participants, reveal.drawn_at);
        if told != (self.seed, drawn.participants, drawn.at) || reveal.withdrawn != drawn.withdrawn
        {
            let (participants, withdrawn) = (drawn.participants, &drawn.withdrawn);
            return Err(format!("{reveal:?}, of {participants} {withdrawn:?} had withdrawn"));
        }
        let withdrew = |number: u32| drawn.withdrawn.contains(&number);
        let order = lottery::order(&self.seed, drawn.participants, withdrew);
        if reveal.order() != order {
            return Err(format!("drawn {:?}, should be {order:?}", reveal.order()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::Actor;
    use onsale_core::waitroom::{EndReason, LotterySeed, RevealedSeed};

    use super::*;
    use crate::invariants::crowd::{Crowd, PARTITION, event, seed};
    use crate::seen::Op;

    fn drawn() -> Crowd<Lottery> {
        let mut crowd = Crowd::new(Lottery::default(), 9, 600);
        (0..5).for_each(|number| crowd.join(number).unwrap());
        crowd.end(3, EndReason::Left).unwrap();
        crowd.ms += 500;
        crowd.draw().unwrap();
        crowd
    }

    fn reveal(crowd: &Crowd<Lottery>) -> Reveal {
        Reveal {
            commitment: seed().commitment(),
            seed: RevealedSeed(seed().0),
            drawn_at: crowd.now(),
            participants: 5,
            withdrawn: vec![3],
        }
    }

    fn shows(crowd: &mut Crowd<Lottery>, reveal: Option<Reveal>) -> Verdict {
        let (partition, token, op, now) = (PARTITION, Token(7), Op(7), crowd.now());
        let (actor, query, wait_until) = (Actor::Operator, Query::Reveal(event()), None);
        let applied = crowd.facts;
        crowd.see(&Seen::Looked {
            partition,
            token,
            op,
            now,
            actor,
            query,
            wait_until,
            applied,
        })?;
        let view = View::Reveal { commitment: seed().commitment(), reveal };
        answers(crowd, Answer::View(view))
    }

    fn answers(crowd: &mut Crowd<Lottery>, answer: Answer) -> Verdict {
        let answer = Ok(answer);
        let (partition, token, op) = (PARTITION, Token(7), Some(Op(7)));
        crowd.see(&Seen::Answered { partition, token, op, answer: &answer })
    }

    #[test]
    fn the_example_of_the_page_is_right() {
        let mut crowd = Crowd::new(Lottery::default(), 9, 600);
        shows(&mut crowd, None).unwrap();
        let mut crowd = drawn();
        let reveal = reveal(&crowd);
        shows(&mut crowd, Some(reveal)).unwrap();
    }

    #[test]
    fn another_commitment_is_caught() {
        let told = |seed: LotterySeed| {
            let mut crowd = Crowd::new(Lottery::default(), 9, 600);
            let (event, commitment) = (event(), seed.commitment());
            answers(&mut crowd, Answer::Reply(Reply::EventDefined { event, commitment }))
        };
        told(seed()).unwrap();
        told(LotterySeed([1; 32])).unwrap_err();
    }

    #[test]
    fn a_seed_that_is_shown_too_early_or_never_is_caught() {
        let mut crowd = Crowd::new(Lottery::default(), 9, 600);
        let early = reveal(&crowd);
        shows(&mut crowd, Some(early)).unwrap_err();
        shows(&mut drawn(), None).unwrap_err();
    }

    #[test]
    fn another_draw_is_caught() {
        let others: [fn(&mut Reveal); 4] = [
            |reveal| reveal.seed = RevealedSeed([1; 32]),
            |reveal| reveal.participants = 4,
            |reveal| reveal.withdrawn = vec![],
            |reveal| reveal.drawn_at = Time::ZERO,
        ];
        for change in others {
            let mut crowd = drawn();
            let mut reveal = reveal(&crowd);
            change(&mut reveal);
            shows(&mut crowd, Some(reveal)).unwrap_err();
        }
    }
}
