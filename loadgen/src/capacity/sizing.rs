//! From what was measured at one rate to what other rates would need, with every assumption said.

use crate::report::figures::{self, float};
use crate::report::{Report, verdict};

/// Of what a machine can do, so much is planned with: the rest is for what nobody planned.
const USED: f64 = 0.6;

/// What one rate needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// People a second.
    pub rate: f64,
    /// Connections open at once.
    pub connections: f64,
    /// To the server, in bits a second.
    pub in_bits_per_s: f64,
    /// From the server, in bits a second.
    pub out_bits_per_s: f64,
    /// Of the server; none if its process was not watched.
    pub server: Option<ServerNeed>,
}

/// What the server needs of its machine.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerNeed {
    /// Cores, none of which is fully used.
    pub cores: f64,
    /// Resident memory.
    pub memory_bytes: f64,
    /// Written to disk each second.
    pub written_bytes_per_s: f64,
}

/// What `rates` need, by what was measured at one.
pub fn needs(report: &Report, rates: &[f64]) -> Vec<Need> {
    let totals = &report.outcome.totals;
    let seconds = verdict::seconds(&report.outcome);
    let came_per_s = float(totals.arrived.max(1)) / seconds;
    let need = |rate: f64| {
        // Work is spread over the whole run; what is there at once depends on how fast people came.
        let factor = rate / came_per_s;
        let at_once = rate / verdict::people_per_s(&report.outcome).unwrap_or(came_per_s);
        let per_s = |bytes: u64| float(bytes) / seconds * factor;
        Need {
            rate,
            connections: float(totals.connections_max) * at_once,
            in_bits_per_s: per_s(totals.sent_bytes) * 8.0,
            out_bits_per_s: per_s(totals.received_bytes) * 8.0,
            server: report.outcome.server.as_ref().map(|server| {
                let grown = server.memory_max_bytes.saturating_sub(server.memory_before_bytes);
                ServerNeed {
                    cores: server.cpu_cores * factor / USED,
                    memory_bytes: float(server.memory_before_bytes) + float(grown) * at_once,
                    written_bytes_per_s: per_s(server.written_bytes),
                }
            }),
        }
    };
    rates.iter().map(|rate| need(*rate)).collect()
}

/// Bytes written for each ticket that was sold; none if either is not known.
pub fn written_bytes_per_ticket(report: &Report) -> Option<f64> {
    let sold = report.outcome.totals.sold_tickets;
    let written = report.outcome.server.as_ref()?.written_bytes;
    (sold > 0).then(|| float(written) / float(sold))
}

/// What the extrapolation takes for granted.
pub fn assumptions(report: &Report) -> Vec<String> {
    let processor = &report.machine.processor;
    vec![
        format!("cores like this machine's ({processor}), {} of each used", figures::percent(USED)),
        "processor time, writes and traffic grow in proportion to the people who come".to_owned(),
        "people are spread over so many events that all cores have work: the sale of one event \
         runs on one core, and cannot use more than that"
            .to_owned(),
        format!(
            "people behave as in this mix ({}) and stay as long: connections are in proportion",
            report.outcome.run.workload
        ),
        "memory is what the server had before, and in proportion what it took on in this run; \
         what it keeps of earlier sales comes on top"
            .to_owned(),
        "traffic is HTTP without TLS and without the headers of TCP and IP".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn twice_the_people_need_twice_the_work_but_not_twice_what_was_there_before() {
        let needs = needs(&example::report().0, &[1_840.0, 3_680.0]);
        let server = |index: usize| needs[index].server.clone().unwrap();
        assert!((server(0).cores - 1.31 / USED).abs() < 1e-9, "room is left");
        assert!((server(1).cores / server(0).cores - 2.0).abs() < 1e-9);
        assert!((needs[1].connections / needs[0].connections - 2.0).abs() < 1e-9);
        assert!(server(1).memory_bytes < 2.0 * server(0).memory_bytes);
        let in_bits_per_s = f64::from(140 << 20) * 8.0 / 60.0;
        assert!((needs[0].in_bits_per_s - in_bits_per_s).abs() < 1.0);
    }

    #[test]
    fn what_was_not_watched_is_not_extrapolated() {
        let mut report = example::report().0;
        report.outcome.server = None;
        assert_eq!(needs(&report, &[1.0])[0].server, None);
        assert_eq!(written_bytes_per_ticket(&report), None);
    }

    #[test]
    fn one_event_on_one_core_is_among_the_assumptions() {
        let assumptions = assumptions(&example::report().0);
        assert!(assumptions.iter().any(|text| text.contains("runs on one core")));
    }
}
