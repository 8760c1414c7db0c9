//! Somebody in the crowd: one step after the other, by what they meant to do and what they are
//! told.

use std::collections::VecDeque;

use onsale_core::command::{
    Actor, Choice, Command, DisputeDecision, Provider, RefundSettlement, Steer, Wish,
};
use onsale_core::id::{EventId, HoldId, OrderId, PersonId, PlaceId};
use onsale_core::money::Amount;
use onsale_core::order::{OrderStatus, PaymentStatus};
use onsale_core::query::{OrderView, PlaceView, Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::spec::{Change, ClassId};
use onsale_core::waitroom::PlaceState;
use onsale_engine::Answer;

use super::provider;
use crate::plan::{self, Course, Mischief};

/// How far a buyer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Enter,
    Queue,
    Choose,
    Held,
    Ordered,
    Paying,
    /// Says goodbye to the waitroom and goes.
    Leave,
    Over,
}

/// What a buyer does next.
#[allow(clippy::large_enum_variant, reason = "made and taken apart at once, never kept")]
pub(super) enum Move {
    /// Asks something, once or (a fingerprint given) under a key that is used already.
    Ask(What),
    /// Does nothing for so many milliseconds.
    Rest(u64),
    /// Goes to the provider's page for this order, then looks at the order again.
    Pay(OrderId),
    /// Is done.
    Go,
}

/// What a buyer asks.
pub(super) enum What {
    /// Under a fresh key.
    Do(Command),
    /// Under the key of the last [`What::Do`], with another content.
    Reuse(Command),
    /// To be shown something, at once or when it differs from what is known.
    Show(Query, Option<View>),
}

/// A buyer on the way through the sale.
pub(super) struct Buyer<'p> {
    pub(super) plan: &'p plan::Buyer,
    step: Step,
    person: PersonId,
    place: Option<PlaceId>,
    hold: Option<HoldId>,
    order: Option<OrderId>,
    seen: Option<View>,
    wish: usize,
    returns: u32,
    /// Courses that do something twice have done it once.
    is_second: bool,
    has_paid: bool,
    /// Asked before the next step, whatever comes of it.
    extras: VecDeque<What>,
    /// The question under way is one of them.
    is_extra: bool,
}

impl<'p> Buyer<'p> {
    pub(super) fn new(plan: &'p plan::Buyer) -> Self {
        Self {
            plan,
            step: Step::Enter,
            person: PersonId::from_u128(u128::from(plan.person) + 1),
            place: None,
            hold: None,
            order: None,
            seen: None,
            wish: 0,
            returns: plan.manner.returns,
            is_second: false,
            has_paid: false,
            extras: VecDeque::new(),
            is_extra: false,
        }
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::Person(self.person)
    }

    pub(super) fn is_over(&self) -> bool {
        self.step == Step::Over
    }

    /// The last answer never came: what was done is not known, so nothing is tried again.
    pub(super) fn gave_up(&mut self) {
        self.step = Step::Over;
    }

    /// Decides what to do next.
    pub(super) fn wake(&mut self, event: EventId, has_waitroom: bool) -> Move {
        self.is_extra = false;
        if let Some(extra) = self.extras.pop_front() {
            self.is_extra = true;
            return Move::Ask(extra);
        }
        match self.step {
            Step::Enter => self.enter(event, has_waitroom),
            Step::Queue => self.queue(),
            Step::Choose => self.choose(event),
            Step::Held => self.held(),
            Step::Ordered => self.ordered(),
            Step::Paying => self.watch_order(),
            Step::Leave => {
                self.step = Step::Over;
                match self.place {
                    Some(place) => Move::Ask(What::Do(Command::LeaveWaitroom(place))),
                    None => Move::Go,
                }
            }
            Step::Over => Move::Go,
        }
    }

    fn enter(&mut self, event: EventId, has_waitroom: bool) -> Move {
        if has_waitroom {
            return Move::Ask(What::Do(Command::JoinWaitroom { event, party: self.plan.party }));
        }
        self.step = Step::Choose;
        self.choose(event)
    }

    fn queue(&mut self) -> Move {
        let Some(place) = self.place else { return self.come_back() };
        match self.plan.course {
            Course::LeaveQueue => self.step = Step::Leave,
            Course::AbandonQueue => self.step = Step::Over,
            _ => {
                let known = self.seen.clone().filter(|_| self.plan.manner.waits);
                return Move::Ask(What::Show(Query::Place(place), known));
            }
        }
        Move::Rest(self.plan.manner.think_ms)
    }

    fn choose(&mut self, event: EventId) -> Move {
        let wishes = self.plan.wishes.get(self.wish).cloned().unwrap_or_default();
        Move::Ask(What::Do(Command::TakeHold { event, place: self.place, wishes }))
    }

    fn held(&mut self) -> Move {
        let Some(hold) = self.hold else { return self.come_back() };
        match self.plan.course {
            Course::AbandonHold => {
                self.step = Step::Over;
                Move::Go
            }
            Course::ChooseTwice if !self.is_second => {
                Move::Ask(What::Do(Command::ReleaseHold(hold)))
            }
            _ => Move::Ask(What::Do(self.order_of(hold))),
        }
    }

    fn order_of(&self, hold: HoldId) -> Command {
        let provider = Provider(provider::NAME.to_owned());
        let accept_other_seats = self.plan.accept_other_seats;
        Command::PlaceOrder { hold, provider, accept_other_seats }
    }

    fn ordered(&mut self) -> Move {
        let Some(order) = self.order else { return self.come_back() };
        match self.plan.course {
            Course::AbandonOrder => {
                self.step = Step::Over;
                Move::Go
            }
            Course::CancelOrder => {
                self.step = Step::Over;
                Move::Ask(What::Do(Command::CancelOrder(order)))
            }
            _ => {
                self.step = Step::Paying;
                self.watch_order()
            }
        }
    }

    fn watch_order(&mut self) -> Move {
        let Some(order) = self.order else { return self.come_back() };
        let known = self.seen.clone().filter(|_| self.plan.manner.waits);
        Move::Ask(What::Show(Query::Order(order), known))
    }

    /// An answer came. Says how long the buyer thinks about it, and where they go then.
    pub(super) fn told(&mut self, answer: &Result<Answer, Refusal>) -> Move {
        if self.is_extra {
            return Move::Rest(1);
        }
        match answer {
            Ok(Answer::Reply(reply)) => self.replied(reply),
            Ok(Answer::View(View::Place(view))) => self.sees_place(view),
            Ok(Answer::View(View::Order(view))) => self.sees_order(view),
            Ok(Answer::View(_)) => Move::Rest(1),
            Err(refusal) => self.refused(refusal),
        }
    }

    fn replied(&mut self, reply: &Reply) -> Move {
        let think = Move::Rest(self.plan.manner.think_ms);
        match reply {
            Reply::Joined { place, .. } => {
                self.place = Some(*place);
                self.step = Step::Queue;
            }
            Reply::HoldTaken(view) => {
                self.hold = Some(view.hold);
                self.step = Step::Held;
                self.tempt(Step::Held);
            }
            Reply::OrderPlaced { order, status, .. } => {
                self.order = Some(*order);
                self.seen = None;
                self.step = Step::Ordered;
                self.tempt(Step::Ordered);
                if *status == OrderStatus::Completed {
                    return self.bought();
                }
            }
            // The hold was given back: the second choice.
            Reply::Done if self.step == Step::Held => {
                self.is_second = true;
                self.hold = None;
                self.step = Step::Choose;
            }
            _ => {}
        }
        think
    }

    fn sees_place(&mut self, view: &PlaceView) -> Move {
        self.seen = Some(View::Place(view.clone()));
        match view.state {
            PlaceState::Queued if view.sold_out => self.step = Step::Leave,
            PlaceState::Queued => return Move::Rest(self.plan.manner.poll_ms),
            PlaceState::Admitted { .. } => self.step = Step::Choose,
            _ => return self.come_back(),
        }
        Move::Rest(self.plan.manner.think_ms)
    }

    fn sees_order(&mut self, view: &OrderView) -> Move {
        self.seen = Some(View::Order(view.clone()));
        match view.status {
            OrderStatus::Pending => match view.payment {
                PaymentStatus::Ready(_) if !self.has_paid => {
                    self.has_paid = true;
                    Move::Pay(view.order)
                }
                _ => Move::Rest(self.plan.manner.poll_ms),
            },
            OrderStatus::Completed | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => {
                self.bought()
            }
            OrderStatus::Expired | OrderStatus::Failed | OrderStatus::Cancelled => self.come_back(),
        }
    }

    fn bought(&mut self) -> Move {
        self.tempt(Step::Over);
        if self.plan.course == Course::BuyTwice && !self.is_second {
            self.is_second = true;
            self.start_over();
        } else {
            self.step = Step::Over;
        }
        Move::Rest(self.plan.manner.think_ms)
    }

    fn refused(&mut self, refusal: &Refusal) -> Move {
        match refusal {
            Refusal::DoorsClosed { .. } => Move::Rest(self.plan.manner.poll_ms),
            Refusal::NotOnSale { .. } if self.returns > 0 => {
                self.returns -= 1;
                Move::Rest(self.plan.manner.poll_ms * 4)
            }
            Refusal::NotFound(_) if matches!(self.step, Step::Enter | Step::Choose) => {
                // Not open to the world yet.
                self.try_again()
            }
            _ if self.step == Step::Choose && self.wish + 1 < self.plan.wishes.len() => {
                self.wish += 1;
                Move::Rest(self.plan.manner.think_ms)
            }
            Refusal::AllHeld { .. } => self.try_again(),
            Refusal::AdmissionRequired | Refusal::HoldGone => self.come_back(),
            _ => {
                self.step = if self.place.is_some() { Step::Leave } else { Step::Over };
                Move::Rest(self.plan.manner.think_ms)
            }
        }
    }

    /// The same again in a while.
    fn try_again(&mut self) -> Move {
        if self.returns == 0 {
            self.step = Step::Leave;
            return Move::Rest(1);
        }
        self.returns -= 1;
        self.wish = 0;
        Move::Rest(self.plan.manner.poll_ms * 2)
    }

    /// All over again in a while, or not at all.
    fn come_back(&mut self) -> Move {
        if self.returns == 0 {
            self.step = Step::Over;
            return Move::Rest(1);
        }
        self.returns -= 1;
        self.start_over();
        Move::Rest(self.plan.manner.think_ms * 2)
    }

    fn start_over(&mut self) {
        self.step = Step::Enter;
        self.wish = 0;
        (self.place, self.hold, self.order, self.seen) = (None, None, None, None);
        self.has_paid = false;
    }

    /// Mischief before the first step.
    pub(super) fn tempted_at_the_door(&mut self, event: EventId, nowhere: EventId) {
        let one = vec![Wish { class: ClassId(0), choice: Choice::Any(1) }];
        for mischief in &self.plan.mischief {
            match mischief {
                Mischief::SkipWaitroom => {
                    let place = Some(PlaceId::new(event, 0));
                    for place in [None, place] {
                        let wishes = one.clone();
                        self.extras.push_back(What::Do(Command::TakeHold { event, place, wishes }));
                    }
                }
                Mischief::AskNonsense => self.extras.extend(nonsense(event)),
                Mischief::PlayOperator => self.extras.extend(pretence(event)),
                Mischief::JoinWrong => {
                    for (event, party) in [(event, 0), (event, 1_000), (nowhere, 1)] {
                        self.extras.push_back(What::Do(Command::JoinWaitroom { event, party }));
                    }
                }
                _ => {}
            }
        }
    }

    fn tempt(&mut self, at: Step) {
        for mischief in &self.plan.mischief {
            match (mischief, at, self.hold, self.order) {
                (Mischief::UseOthersHold, Step::Held, Some(hold), _) => {
                    let theirs = HoldId::new(hold.event, hold.number.saturating_sub(1));
                    self.extras.push_back(What::Do(self.order_of(theirs)));
                    self.extras.push_back(What::Do(Command::ReleaseHold(theirs)));
                    self.extras.push_back(What::Show(Query::Hold(theirs), None));
                }
                (Mischief::ReuseKey, Step::Held, Some(hold), _) => {
                    self.extras.push_back(What::Reuse(Command::ReleaseHold(hold)));
                }
                (Mischief::ReadOthersOrder, Step::Ordered, _, Some(order)) => {
                    let theirs = OrderId::new(order.event, order.number.saturating_sub(1));
                    self.extras.push_back(What::Show(Query::Order(theirs), None));
                    self.extras.push_back(What::Do(Command::CancelOrder(theirs)));
                    let beyond = OrderId::new(order.event, order.number + 1_000);
                    self.extras.push_back(What::Show(Query::Order(beyond), None));
                }
                (Mischief::OrderAgain, Step::Ordered, Some(hold), _) => {
                    self.extras.push_back(What::Do(self.order_of(hold)));
                    self.extras.push_back(What::Do(Command::ReleaseHold(hold)));
                }
                (Mischief::HoldAfterOrder, Step::Ordered, Some(hold), _) => {
                    let (event, place) = (hold.event, self.place);
                    let wishes = self.plan.wishes.first().cloned().unwrap_or_default();
                    self.extras.push_back(What::Do(Command::TakeHold { event, place, wishes }));
                }
                (Mischief::CancelPaid, Step::Over, _, Some(order)) => {
                    self.extras.push_back(What::Do(Command::CancelOrder(order)));
                }
                _ => {}
            }
        }
    }
}

fn nonsense(event: EventId) -> Vec<What> {
    let wish = |class, choice| vec![Wish { class: ClassId(class), choice }];
    let of = |wishes| What::Do(Command::TakeHold { event, place: None, wishes });
    vec![
        of(Vec::new()),
        of(wish(0, Choice::Any(0))),
        of(wish(0, Choice::Any(u32::MAX))),
        of(wish(99, Choice::Any(1))),
        of([wish(0, Choice::Any(1)), wish(0, Choice::Any(1))].concat()),
        What::Show(Query::Hold(HoldId::new(event, u32::MAX)), None),
        What::Show(Query::Reveal(event), None),
        What::Show(Query::Seats(event), None),
        What::Show(Query::Availability(event), None),
        What::Show(Query::Audit(event), None),
        What::Do(Command::LeaveWaitroom(PlaceId::new(event, u32::MAX))),
    ]
}

/// What only an operator may do.
fn pretence(event: EventId) -> Vec<What> {
    let (order, class, price) = (OrderId::new(event, 0), ClassId(0), Amount::ZERO);
    vec![
        What::Do(Command::OpenEvent(event)),
        What::Do(Command::CancelEvent(event)),
        What::Do(Command::SteerWaitroom { event, steer: Steer::Pause }),
        What::Do(Command::RefundOrder { order, tickets: None }),
        What::Do(Command::SettleRefund { order, refund: 0, how: RefundSettlement::Again }),
        What::Show(Query::RefusedRefunds { event, after: None, orders_max: 1 }, None),
        What::Do(Command::DecideDispute {
            order,
            dispute: 0,
            decision: DisputeDecision::VoidTickets,
        }),
        What::Show(Query::Disputes { event, after: None, orders_max: 1 }, None),
        What::Do(Command::DropPlace(PlaceId::new(event, 0))),
        What::Do(Command::ChangeEvent { event, change: Change::Price { class, price } }),
        What::Do(Command::ReserveEvent),
    ]
}
