//! A run for people: one line for each thing that was seen, with its virtual time, partition, who
//! and what. Nothing is formatted unless somebody asked for a timeline.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;

use onsale_core::command::{Actor, Request};
use onsale_core::id::PartitionId;
use onsale_engine::Answer;

use crate::invariants::Violation;
use crate::run::Watch;
use crate::seen::{Ask, Micros, Op, Seen, Token, Told};

/// The name under which a run is reported that was ended on request.
pub const UNTIL: &str = "until";
/// Longer lines are cut: what fills a screen by itself explains nothing.
const LINE_CHARS_MAX: usize = 400;

/// Writes a line for each thing seen.
pub struct Timeline<W> {
    out: W,
    until: Option<Micros>,
    rests: u64,
    /// The first error of `out`: the run goes on, nothing more is written.
    error: Option<io::Error>,
}

impl<W: io::Write> Timeline<W> {
    /// Writes to `out`, and ends the run at `until`.
    pub fn new(out: W, until: Option<Micros>) -> Self {
        Self { out, until, rests: 0, error: None }
    }

    /// The first error of the output, if there was one.
    pub fn finish(mut self) -> io::Result<()> {
        self.error.take().map_or_else(|| self.out.flush(), Err)
    }

    fn line(&mut self, line: &str) {
        if self.error.is_none() {
            self.error = writeln!(self.out, "{line}").err();
        }
    }
}

impl<W: io::Write> Watch for Timeline<W> {
    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Result<(), Violation> {
        if self.until.is_some_and(|until| at >= until) {
            return Err(Violation { invariant: UNTIL, at, what: "as was asked for".to_owned() });
        }
        if matches!(seen, Seen::Rested { .. }) {
            self.rests += 1;
        } else {
            let rests = std::mem::take(&mut self.rests);
            let line = line(at, seen, rests);
            self.line(&line);
        }
        Ok(())
    }
}

/// Keeps the last lines only.
pub struct LastLines {
    lines: VecDeque<String>,
    max: usize,
}

impl LastLines {
    /// Keeps `max` lines.
    pub fn new(max: usize) -> Self {
        Self { lines: VecDeque::new(), max }
    }

    /// What was kept, oldest first.
    pub fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}

impl Watch for LastLines {
    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Result<(), Violation> {
        if !matches!(seen, Seen::Rested { .. }) {
            if self.lines.len() == self.max {
                self.lines.pop_front();
            }
            self.lines.push_back(line(at, seen, 0));
        }
        Ok(())
    }
}

/// One line: time, partition, who, what; and how many turns without news came before.
fn line(at: Micros, seen: &Seen<'_>, rests: u64) -> String {
    let partition = partition_of(seen).map_or_else(String::new, |id| format!("p{}", id.number()));
    let (who, what) = who_and_what(seen);
    let mut line = format!("{at}  {partition:<4} {who:<10} {what}");
    if rests > 1 {
        let _ = write!(line, "  [after {rests} turns]");
    }
    if let Some((cut, _)) = line.char_indices().nth(LINE_CHARS_MAX) {
        line.truncate(cut);
        line.push_str(" ...");
    }
    line
}

fn partition_of(seen: &Seen<'_>) -> Option<PartitionId> {
    match seen {
        Seen::Started { partition, .. }
        | Seen::Refused { partition, .. }
        | Seen::Executed { partition, .. }
        | Seen::Looked { partition, .. }
        | Seen::Written { partition, .. }
        | Seen::Durable { partition, .. }
        | Seen::Answered { partition, .. }
        | Seen::Followed { partition, .. }
        | Seen::Wanted { partition, .. }
        | Seen::Rested { partition, .. } => Some(*partition),
        Seen::Captured { order, .. }
        | Seen::PaidBack { order, .. }
        | Seen::ChargedBack { order, .. } => Some(order.event.partition()),
        _ => None,
    }
}

fn who_and_what(seen: &Seen<'_>) -> (String, String) {
    match seen {
        Seen::Asked { op, ask } => (asker(ask), format!("{} asks {}", name(*op), shown(ask))),
        Seen::Told { op, answer } => {
            ("client".into(), format!("{} is told {}", name(*op), answer_text(answer)))
        }
        Seen::GaveUp { op } => ("client".into(), format!("{} gives up", name(*op))),
        Seen::Captured { order, payment, amount, currency } => (
            "provider".into(),
            format!("takes {} {currency} for {order}: {payment}", amount.as_minor()),
        ),
        Seen::PaidBack { order, refund, payment, amount } => (
            "provider".into(),
            format!("gives {} back: {order} refund {refund} of {payment}", amount.as_minor()),
        ),
        Seen::ChargedBack { order, dispute, payment, amount } => (
            "provider".into(),
            format!("loses {} of {payment} for {order}: {dispute}", amount.as_minor()),
        ),
        Seen::ChargeReturned { order, dispute } => {
            ("provider".into(), format!("has the money of {dispute} for {order} again"))
        }
        Seen::Durable { up_to, .. } => ("disk".into(), format!("has everything up to {up_to}")),
        Seen::Fault { name } => ("FAULT".into(), (*name).to_owned()),
        Seen::Healed => ("world".into(), "everything heals; the sale must come to an end".into()),
        Seen::Settled { states } => {
            let facts: Vec<_> = states.iter().map(|state| state.applied()).collect();
            ("world".into(), format!("is over; facts of each partition: {facts:?}"))
        }
        Seen::Died { how } => ("server".into(), format!("ends: {how:?}")),
        _ => ("server".into(), server_does(seen)),
    }
}

fn server_does(seen: &Seen<'_>) -> String {
    match seen {
        Seen::Started { state, snapshot, .. } => {
            format!("starts with {} facts, snapshot of {snapshot}", state.applied())
        }
        Seen::Refused { reason, .. } => format!("will not start: {reason}"),
        Seen::Executed { token, op, request, before, after, .. } => {
            let led_to = match after.saturating_sub(*before) {
                0 => "no fact".to_owned(),
                1 => format!("fact {after}"),
                _ => format!("facts {}..={after}", before + 1),
            };
            format!("decides {} -> {led_to}: {}", copy(*token, *op), request_text(request))
        }
        Seen::Looked { token, op, query, applied, wait_until, .. } => {
            let waits = if wait_until.is_some() { ", waits for news" } else { "" };
            format!("looks {}: {query:?} at fact {applied}{waits}", copy(*token, Some(*op)))
        }
        Seen::Written { first, decision, .. } => {
            let facts = (*first..).zip(&decision.facts);
            let facts: Vec<_> = facts.map(|(number, fact)| format!("{number} {fact:?}")).collect();
            format!("writes {}", facts.join("; "))
        }
        Seen::Followed { first, decision, .. } => {
            format!("is followed from fact {first}, {} facts", decision.facts.len())
        }
        Seen::Answered { token, op, answer, .. } => {
            format!("answers {}: {}", copy(*token, *op), answer_text(answer))
        }
        Seen::Wanted { effect, .. } => {
            format!("wants of {}: {:?} for {}", effect.provider.0, effect.kind, effect.order)
        }
        Seen::Rested { mailbox, depths, .. } => format!("rests, {depths:?}, mailbox {mailbox}"),
        _ => format!("{seen:?}"),
    }
}

fn asker(ask: &Ask<'_>) -> String {
    match ask {
        Ask::Execute(Request { actor, .. }) | Ask::Look(actor, _) => actor_text(*actor),
    }
}

/// The end of a person's id: they are numbered, and the rest is zeros.
fn actor_text(actor: Actor) -> String {
    match actor {
        Actor::Person(person) => {
            let id = person.to_string();
            let digits = id.trim_start_matches("per_").trim_start_matches('0');
            format!("per_{}", if digits.is_empty() { "0" } else { digits })
        }
        Actor::Operator => "operator".to_owned(),
        Actor::System => "system".to_owned(),
    }
}

fn shown(ask: &Ask<'_>) -> String {
    match ask {
        Ask::Execute(request) => request_text(request),
        Ask::Look(_, query) => format!("{query:?}"),
    }
}

fn request_text(request: &Request) -> String {
    let key = request.key.map_or_else(String::new, |key| format!(" [key {:08x}]", key.key as u32));
    format!("{:?}{key}", request.command)
}

fn answer_text(answer: &Told) -> String {
    match answer {
        Ok(Answer::Reply(reply)) => format!("{reply:?}"),
        Ok(Answer::View(view)) => format!("{view:?}"),
        Err(error) => format!("NO: {error}"),
    }
}

fn name(op: Op) -> String {
    format!("op{}", op.0)
}

fn copy(token: Token, op: Option<Op>) -> String {
    op.map_or_else(|| "its own".to_owned(), |op| format!("{}#{}", name(op), token.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use onsale_core::Partition;
    use onsale_core::command::Command;
    use onsale_core::id::{EventId, PersonId};
    use onsale_engine::Bounds;

    fn see_all(timeline: &mut Timeline<&mut Vec<u8>>, seen: &[(u64, Seen<'_>)]) {
        for (at, seen) in seen {
            timeline.see(Micros(*at), seen).unwrap();
        }
    }

    fn rested(state: &Partition) -> Seen<'_> {
        Seen::Rested {
            partition: PartitionId::FIRST,
            now: onsale_core::time::Time::ZERO,
            state,
            depths: [0; 4],
            mailbox: 0,
            bounds: Bounds { parked_max: 1, watches_max: 1 },
            wake_at: None,
        }
    }

    #[test]
    fn a_line_says_when_where_who_and_what_and_turns_are_summed_up() {
        let state = Partition::new(PartitionId::FIRST);
        let event = EventId::new(PartitionId::FIRST, 0).unwrap();
        let person = Actor::Person(PersonId::from_u128(33));
        let request = Request::new(person, Command::JoinWaitroom { event, party: 2 });
        let mut out = Vec::new();
        let mut timeline = Timeline::new(&mut out, None);
        let asked = Seen::Asked { op: Op(4), ask: Ask::Execute(&request) };
        let durable = Seen::Durable { partition: PartitionId::FIRST, up_to: 9 };
        see_all(
            &mut timeline,
            &[(1_500, asked), (1_600, rested(&state)), (1_700, rested(&state)), (2_000, durable)],
        );
        timeline.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("1.500 ms") && lines[0].contains("per_11"), "{text}");
        assert!(lines[0].contains("op4 asks JoinWaitroom"), "{text}");
        assert!(lines[1].contains("p0") && lines[1].contains("up to 9"), "{text}");
        assert!(lines[1].ends_with("[after 2 turns]"), "{text}");
    }

    #[test]
    fn a_run_ends_when_it_was_asked_to() {
        let mut out = Vec::new();
        let mut timeline = Timeline::new(&mut out, Some(Micros(2_000)));
        timeline.see(Micros(1_999), &Seen::Healed).unwrap();
        let ended = timeline.see(Micros(2_000), &Seen::Healed).unwrap_err();
        assert_eq!(ended.invariant, UNTIL);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut last = LastLines::new(2);
        for name in ["first", "second", "third"] {
            last.see(Micros(0), &Seen::Fault { name }).unwrap();
        }
        let lines = last.into_lines();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("second") && lines[1].ends_with("third"), "{lines:?}");
    }
}
