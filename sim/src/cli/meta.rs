//! `onsale-sim meta`: whether a seed is the whole run. Two processes run it, since what differs
//! between processes (addresses, hash seeds, time) must not show. Before this holds no other seed
//! says anything.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{End, Outcome, told};
use onsale_sim::figures::number;

/// How many equal lines are shown before the first that differs.
const CONTEXT_LINES: usize = 8;

/// What to compare.
#[derive(clap::Args)]
pub(super) struct Args {
    /// One seed
    #[arg(long, conflicts_with = "count")]
    seed: Option<u64>,
    /// So many seeds, from 0
    #[arg(long, default_value_t = 3)]
    count: u64,
}

pub(super) fn main(args: &Args) -> Outcome {
    let seeds = args.seed.map_or(0..args.count, |seed| seed..seed.saturating_add(1));
    for seed in seeds {
        match compare_processes(seed).map_err(told)? {
            Compared::Equal { lines } => {
                println!("seed {seed}: {} lines, the same in two processes", number(lines));
            }
            Compared::Parted(divergence) => {
                println!("seed {seed}: NOT DETERMINISTIC\n{divergence}");
                return Ok(End::Violated);
            }
        }
    }
    Ok(End::Well)
}

fn compare_processes(seed: u64) -> io::Result<Compared> {
    let (mut first, first_lines) = start(seed)?;
    let (mut second, second_lines) = start(seed)?;
    let compared = compare(first_lines, second_lines);
    for child in [&mut first, &mut second] {
        // It has ended, or is of no more use.
        let _ = child.kill();
        child.wait()?;
    }
    compared
}

fn start(seed: u64) -> io::Result<(Child, BufReader<ChildStdout>)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["run", "--timeline", "--seed", &seed.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    Ok((child, BufReader::new(stdout)))
}

/// What came of comparing two texts.
#[derive(Debug, PartialEq, Eq)]
enum Compared {
    /// They are the same.
    Equal {
        /// How long they are.
        lines: u64,
    },
    /// They are not.
    Parted(Divergence),
}

/// Where two texts part.
#[derive(Debug, PartialEq, Eq)]
struct Divergence {
    /// Counted from 1.
    line: u64,
    /// The equal lines before it.
    before: Vec<String>,
    /// What each of them says there; `None` at its end.
    says: [Option<String>; 2],
}

fn compare(first: impl BufRead, second: impl BufRead) -> io::Result<Compared> {
    let (mut first, mut second) = (first.lines(), second.lines());
    let mut before = VecDeque::new();
    for line in 1.. {
        let says = [first.next().transpose()?, second.next().transpose()?];
        if says[0] != says[1] {
            return Ok(Compared::Parted(Divergence { line, before: before.into(), says }));
        }
        let [Some(same), _] = says else { return Ok(Compared::Equal { lines: line - 1 }) };
        if before.len() == CONTEXT_LINES {
            before.pop_front();
        }
        before.push_back(same);
    }
    unreachable!("lines are counted from 1 without end")
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.before {
            writeln!(f, "    {line}")?;
        }
        let [first, second] = self.says.each_ref().map(|line| line.as_deref().unwrap_or("(end)"));
        writeln!(f, "1 > {first}")?;
        writeln!(f, "2 > {second}")?;
        write!(f, "the two processes part at line {}", self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(first: &str, second: &str) -> Divergence {
        match compare(first.as_bytes(), second.as_bytes()).unwrap() {
            Compared::Parted(divergence) => divergence,
            Compared::Equal { lines } => panic!("equal over {lines} lines"),
        }
    }

    #[test]
    fn equal_texts_are_equal() {
        let text = "a\nb\nc\n".as_bytes();
        assert_eq!(compare(text, text).unwrap(), Compared::Equal { lines: 3 });
    }

    #[test]
    fn the_first_line_that_differs_is_shown_after_what_led_to_it() {
        let lines: Vec<_> = (1..=20).map(|i| format!("line {i}")).collect();
        let many = lines.join("\n") + "\n";
        let divergence = parted(&(many.clone() + "x\n"), &(many + "y\n"));
        assert_eq!((divergence.line, divergence.before.len()), (21, CONTEXT_LINES));
        assert_eq!(divergence.before[CONTEXT_LINES - 1], "line 20");
        let text = divergence.to_string();
        assert!(text.contains("1 > x\n2 > y\n") && text.ends_with("line 21"), "{text}");
    }

    #[test]
    fn a_text_that_ends_early_differs() {
        let divergence = parted("a\n", "a\nb\n");
        assert_eq!(divergence.says, [None, Some("b".to_owned())]);
        assert!(divergence.to_string().contains("1 > (end)"));
    }
}
