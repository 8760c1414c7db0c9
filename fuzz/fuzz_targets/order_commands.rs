//! Any bytes as what happens to one order and its money: notices and answers of its provider,
//! refunds, disputes, an operator's settlements and decisions, in any order and any number of
//! times. Deciding answers, it never panics; when no money is under way the books hold; and the
//! facts lead to the same state again, also from its bytes.
//!
//! Three bytes are one command: which, and two choices of its own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onsale_core::Partition;
use onsale_core::command::{
    Actor, Choice, Command, DisputeDecision, DisputeNotice, IntentOutcome, PaymentNotice,
    PaymentOutcome, Provider, RefundOutcome, RefundSettlement, Request, Wish,
};
use onsale_core::fact::Fact;
use onsale_core::id::{EventId, OrderId, PartitionId, PersonId, TicketId};
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::DisputeEnd;
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, Window};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;

/// Longer histories show no more.
const COMMANDS_MAX: usize = 64;

const PRICE_MINOR: u64 = 2_500;

const BUYER: Actor = Actor::Person(PersonId::from_u128(7));

fuzz_target!(|input: &[u8]| {
    let mut desk = Desk::open();
    for choice in input.chunks_exact(3).take(COMMANDS_MAX) {
        desk.happens([choice[0], choice[1], choice[2]]);
        desk.check_books();
    }
    desk.check_replay();
});

/// A partition with one order of two tickets, and all that was ever decided there.
struct Desk {
    partition: Partition,
    history: Vec<(Time, Fact)>,
    now: Time,
    order: OrderId,
}

impl Desk {
    fn open() -> Self {
        let partition = Partition::new(PartitionId::FIRST);
        let event = EventId::new(PartitionId::FIRST, 0).expect("there is a first event");
        let (history, now) = (Vec::new(), Time::from_ms(1_800_000_000_000));
        let mut desk = Self { partition, history, now, order: OrderId::new(event, 0) };
        let (spec, seed) = (Box::new(club()), LotterySeed([0; 32]));
        desk.must(Actor::Operator, Command::DefineEvent { event: None, spec, seed });
        desk.must(Actor::Operator, Command::OpenEvent(event));
        let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(2) }];
        let Reply::HoldTaken(hold) =
            desk.must(BUYER, Command::TakeHold { event, place: None, wishes })
        else {
            unreachable!("a hold was asked for")
        };
        let (hold, provider) = (hold.hold, provider());
        let place = Command::PlaceOrder { hold, provider, accept_other_seats: false };
        let Reply::OrderPlaced { order, .. } = desk.must(BUYER, place) else {
            unreachable!("an order was asked for")
        };
        desk.order = order;
        let (reference, url) = ("ref".to_owned(), "https://pay.example".to_owned());
        let outcome = IntentOutcome::Ready { reference, url };
        desk.must(Actor::System, Command::RecordIntent { order, outcome });
        desk
    }

    /// What must be allowed.
    fn must(&mut self, actor: Actor, command: Command) -> Reply {
        self.ask(actor, command).expect("nothing stands in its way")
    }

    fn ask(&mut self, actor: Actor, command: Command) -> Option<Reply> {
        let request = Request::new(actor, command);
        let (facts, reply) = self.partition.decide(self.now, &request).ok()?;
        for fact in facts {
            self.partition.evolve(self.partition.applied() + 1, self.now, &fact);
            self.history.push((self.now, fact));
        }
        Some(reply)
    }

    fn happens(&mut self, [what, first, second]: [u8; 3]) {
        let (order, number) = (self.order, u32::from(first % 4));
        let command = match what % 10 {
            0 => payment(order, first, captured(second)),
            1 => payment(order, first, PaymentOutcome::Started),
            2 => payment(order, first, PaymentOutcome::Declined),
            3 => return drop(self.ask(Actor::Operator, refund(order, first))),
            4 => {
                let (attempt, outcome) = (u32::from(second >> 1) % 4, answer(second));
                Command::RecordRefund { order, refund: number, attempt, outcome }
            }
            5 => {
                let settle =
                    Command::SettleRefund { order, refund: number, how: settlement(second) };
                return drop(self.ask(Actor::Operator, settle));
            }
            6 => Command::RecordDispute(Box::new(dispute(order, first, second))),
            7 => {
                let decision = if second % 2 == 0 {
                    DisputeDecision::VoidTickets
                } else {
                    DisputeDecision::KeepTickets
                };
                let decide = Command::DecideDispute { order, dispute: number, decision };
                return drop(self.ask(Actor::Operator, decide));
            }
            8 if first == 0 => {
                return drop(self.ask(Actor::Operator, Command::CancelEvent(order.event)));
            }
            8 => return drop(self.ask(BUYER, Command::CancelOrder(order))),
            _ => {
                self.now = self.now + Span::from_mins(u64::from(first % 8));
                Command::Advance
            }
        };
        self.ask(Actor::System, command);
    }

    /// They hold whenever nothing is under way and nobody has to look into anything.
    fn check_books(&self) {
        let query = Query::Audit(self.order.event);
        let audit = match self.partition.query(self.now, Actor::Operator, query) {
            Ok(View::Audit(audit)) => audit,
            other => unreachable!("an operator may audit: {other:?}"),
        };
        let is_quiet =
            audit.refunding.is_zero() && audit.refunds_refused + audit.disputes_open == 0;
        assert!(!is_quiet || audit.holds(), "{audit:?}");
    }

    fn check_replay(&self) {
        let mut again = Partition::new(PartitionId::FIRST);
        for (number, (at, fact)) in (1..).zip(&self.history) {
            again.evolve(number, *at, fact);
        }
        let bytes = self.partition.to_bytes();
        assert_eq!(again.to_bytes(), bytes);
        let read = Partition::from_bytes(&bytes).expect("it was just written");
        assert_eq!((read.to_bytes(), read.effects()), (bytes, self.partition.effects()));
    }
}

fn club() -> EventSpec {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    let price = Amount::from_minor(PRICE_MINOR);
    let class = Class { name: "floor".to_owned(), price, window, per_buyer: None };
    let quota = Quota { name: "house".to_owned(), capacity: 2, classes: vec![ClassId(0)] };
    let mins = Span::from_mins;
    let draft = Draft {
        name: "Club night".to_owned(),
        currency: euro(),
        classes: vec![class],
        quotas: vec![quota],
        plan: None,
        waitroom: None,
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: false },
        terms: Terms { hold: mins(10), order: mins(15), payment_grace: mins(5) },
    };
    EventSpec::parse(draft).expect("it can be sold")
}

fn euro() -> Currency {
    "EUR".parse().expect("it is one")
}

fn provider() -> Provider {
    Provider("sandbox".to_owned())
}

/// The price of the order, half of it, a little more, or nothing.
fn amount(choice: u8) -> Amount {
    let all = 2 * PRICE_MINOR;
    Amount::from_minor([all, all, PRICE_MINOR, all + 7, 1, 0][usize::from(choice % 6)])
}

fn captured(choice: u8) -> PaymentOutcome {
    PaymentOutcome::Captured { amount: amount(choice), currency: euro() }
}

fn payment_name(choice: u8) -> String {
    format!("pay-{}", choice % 3)
}

fn payment(order: OrderId, choice: u8, outcome: PaymentOutcome) -> Command {
    let (provider, payment) = (provider(), payment_name(choice));
    Command::RecordPayment(PaymentNotice { provider, order, payment, outcome })
}

/// Of all tickets, of the first, of the second, of both by name.
fn refund(order: OrderId, choice: u8) -> Command {
    let ticket = |number| TicketId::new(order.event, number);
    let tickets = match choice % 4 {
        0 => None,
        1 => Some(vec![ticket(0)]),
        2 => Some(vec![ticket(1)]),
        _ => Some(vec![ticket(0), ticket(1)]),
    };
    Command::RefundOrder { order, tickets }
}

fn answer(choice: u8) -> RefundOutcome {
    if choice % 2 == 0 {
        RefundOutcome::Done { reference: "re".to_owned() }
    } else {
        RefundOutcome::Refused { reason: "no".to_owned() }
    }
}

fn settlement(choice: u8) -> RefundSettlement {
    if choice % 2 == 0 {
        RefundSettlement::ByHand { reference: "transfer 7".to_owned() }
    } else {
        RefundSettlement::Again
    }
}

fn dispute(order: OrderId, first: u8, second: u8) -> DisputeNotice {
    let (amount, currency) = (amount(second / 3), euro());
    DisputeNotice {
        provider: provider(),
        order,
        payment: payment_name(first),
        dispute: format!("dp-{}-{}", first % 3, first / 3 % 2),
        amount,
        currency,
        reason: "fraudulent".to_owned(),
        end: match second % 3 {
            0 => None,
            1 => Some(DisputeEnd::Won),
            _ => Some(DisputeEnd::Lost { amount, currency }),
        },
    }
}
