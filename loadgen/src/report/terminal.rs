//! A run while it goes on: a block that is redrawn each second, or plain lines where the output is
//! not a terminal.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use super::figures;
use crate::outcome::Second;

/// How far back the little curves reach, in seconds.
const HISTORY: usize = 40;
/// From low to high.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Shows second after second.
#[derive(Debug)]
pub struct Live<W> {
    out: W,
    /// Whether what was written can be written over.
    is_redrawn: bool,
    /// Of the block that is to be written over.
    lines: usize,
    past: Vec<Second>,
}

impl Live<io::Stderr> {
    /// On standard error: standard output is for what was found.
    pub fn on_stderr() -> Self {
        Self::new(io::stderr(), io::stderr().is_terminal())
    }
}

impl<W: Write> Live<W> {
    /// On `out`; `is_redrawn` if it is a terminal.
    pub fn new(out: W, is_redrawn: bool) -> Self {
        Self { out, is_redrawn, lines: 0, past: Vec::new() }
    }

    /// Shows the next second. An output that cannot be written is no reason to end a run.
    pub fn show(&mut self, second: &Second) {
        self.past.push(second.clone());
        if self.past.len() > HISTORY {
            self.past.remove(0);
        }
        let block = if self.is_redrawn { self.block(second) } else { vec![line(second)] };
        let mut text = String::new();
        if self.is_redrawn && self.lines > 0 {
            // Up to the block's first line, and everything below it away.
            let _ = write!(text, "\x1b[{}A\x1b[0J", self.lines);
        }
        self.lines = block.len();
        for line in block {
            text.push_str(&line);
            text.push('\n');
        }
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    fn block(&self, second: &Second) -> Vec<String> {
        let curve = |of: fn(&Second) -> u64| curve(&self.past, of);
        let rate = |value: u64| format!("{:>9}/s", figures::count(value));
        let latency = |us| format!("{:>11}", figures::latency_us(us));
        vec![
            format!("  second   {:>11}  {}", second.at_s, stock(second)),
            format!("  sent     {}  {}", rate(second.requests), curve(|second| second.requests)),
            format!("  answered {}  {}", rate(second.succeeded), curve(|second| second.succeeded)),
            format!("  p50      {}  {}", latency(second.p50_us), curve(|second| second.p50_us)),
            format!("  p99      {}  {}", latency(second.p99_us), curve(|second| second.p99_us)),
            format!(
                "  came {}/s, refused {}/s, failed {}/s",
                figures::count(second.arrived),
                figures::count(second.refused),
                figures::count(second.failed)
            ),
            format!(
                "  {} connections, generator {} late",
                figures::count(second.connections),
                figures::latency_us(second.lateness_us)
            ),
        ]
    }
}

/// A second in one line.
fn line(second: &Second) -> String {
    format!(
        "{:>5} s  came {}/s  sent {}/s  answered {}/s  refused {}/s  failed {}/s  p50 {}  p99 {}  \
         connections {}  {}  late {}",
        second.at_s,
        figures::count(second.arrived),
        figures::count(second.requests),
        figures::count(second.succeeded),
        figures::count(second.refused),
        figures::count(second.failed),
        figures::latency_us(second.p50_us),
        figures::latency_us(second.p99_us),
        figures::count(second.connections),
        stock(second),
        figures::latency_us(second.lateness_us),
    )
}

fn stock(second: &Second) -> String {
    let known = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), figures::count);
    format!(
        "queued {}  held {}  sold {}",
        known(second.queued),
        known(second.held),
        known(second.sold)
    )
}

/// The past as a curve of one line, as high as its highest value.
fn curve(past: &[Second], of: fn(&Second) -> u64) -> String {
    let highest = past.iter().map(of).max().unwrap_or(0).max(1);
    let level = |second| {
        let index = of(second).saturating_mul(LEVELS.len() as u64 - 1).div_ceil(highest);
        LEVELS[(index as usize).min(LEVELS.len() - 1)]
    };
    past.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    fn shown(is_redrawn: bool) -> String {
        let mut out = Vec::new();
        let mut live = Live::new(&mut out, is_redrawn);
        for second in &example::report().0.outcome.series {
            live.show(second);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn without_a_terminal_each_second_is_one_plain_line() {
        let text = shown(false);
        assert_eq!(text.lines().count(), 60);
        assert!(!text.contains('\x1b'));
        let last = text.lines().last().unwrap();
        for part in ["59 s", "answered 7,283/s", "queued 26,000", "held 2,230", "sold 49,870"] {
            assert!(last.contains(part), "{part:?} is not in {last}");
        }
    }

    #[test]
    fn on_a_terminal_the_block_is_written_over_and_keeps_its_height() {
        let text = shown(true);
        let blocks: Vec<&str> = text.split("\x1b[7A\x1b[0J").collect();
        assert_eq!(blocks.len(), 60);
        assert!(blocks.iter().all(|block| block.lines().count() == 7), "{blocks:?}");
        let widest = blocks.iter().flat_map(|block| block.lines()).map(|line| line.chars().count());
        assert!(widest.max().unwrap() < 80, "a line that wraps spoils the block");
        assert!(
            blocks[59].contains('█') && blocks[59].contains("generator 299 us late"),
            "{}",
            blocks[59]
        );
    }
}
