//! What was at its limit: from what was used, never from the rate.

use crate::outcome::Outcome;
use crate::report::figures::{number, percent, share};

/// A core that has next to no rest.
const BUSY: f64 = 0.9;
/// A disk that has next to no rest. Where the processor has none either, it is the processor: with
/// several writes under way a journal always has one more.
const DISK_BUSY: f64 = 0.95;
/// Such a share of requests turned away says that a queue was full.
const TURNED_AWAY: f64 = 0.001;

/// In sentences, the generator's own limits first; never empty.
pub fn reasons(outcome: &Outcome) -> Vec<String> {
    let mut reasons = outcome.generator.doubts.clone();
    let client = percent(outcome.generator.busiest_thread_cpu);
    if reasons.is_empty() && outcome.generator.busiest_thread_cpu >= BUSY {
        reasons.push(format!("the generator: its busiest thread used {client} of a core"));
    }
    if let Some(server) = &outcome.server {
        if server.busiest_thread_cpu >= BUSY {
            reasons.push(format!(
                "the server's processor: its busiest thread used {} of a core ({} cores in all)",
                percent(server.busiest_thread_cpu),
                number(server.cpu_cores)
            ));
        }
        let disk_busy = server.disk_busy.filter(|busy| *busy >= DISK_BUSY);
        if let Some(busy) = disk_busy.filter(|_| server.busiest_thread_cpu < BUSY) {
            reasons.push(format!("the disk: it had work {} of the time", percent(busy)));
        }
    }
    let turned_away = outcome.refusals.get("overloaded").copied().unwrap_or(0);
    let turned_away = share(turned_away, outcome.totals.requests);
    if turned_away >= TURNED_AWAY {
        let share = percent(turned_away);
        reasons.push(format!("a queue of the server: it was full for {share} of the requests"));
    }
    if reasons.is_empty() {
        reasons.push(match outcome.server {
            Some(_) => "nothing that was watched: neither processor, disk nor queue".to_owned(),
            None => "unknown: the server's process was not watched (--server-pid)".to_owned(),
        });
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Generator, ServerUse};
    use crate::report::example;

    fn idle() -> Outcome {
        let mut outcome = example::report().0.outcome;
        outcome.generator = Generator::default();
        outcome.server = Some(ServerUse::default());
        outcome.refusals.clear();
        outcome
    }

    #[test]
    fn what_was_busy_is_named() {
        let server = |server: ServerUse| Outcome { server: Some(server), ..idle() };
        let busy = server(ServerUse { busiest_thread_cpu: 0.97, ..ServerUse::default() });
        assert!(reasons(&busy)[0].starts_with("the server's processor"));
        let writing = ServerUse { disk_busy: Some(0.98), ..ServerUse::default() };
        assert!(reasons(&server(writing.clone()))[0].starts_with("the disk"));
        let both = server(ServerUse { busiest_thread_cpu: 0.97, ..writing });
        assert_eq!(reasons(&both).len(), 1, "the processor alone");
        let full = Outcome { refusals: [("overloaded".to_owned(), 9_000)].into(), ..idle() };
        assert!(reasons(&full)[0].starts_with("a queue"));
        let generator = Generator { busiest_thread_cpu: 0.99, ..Generator::default() };
        assert!(reasons(&Outcome { generator, ..idle() })[0].starts_with("the generator"));
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert!(reasons(&idle())[0].starts_with("nothing that was watched"));
        assert!(reasons(&Outcome { server: None, ..idle() })[0].contains("--server-pid"));
    }
}
