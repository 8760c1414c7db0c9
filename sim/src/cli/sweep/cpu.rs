//! How much processor time this process has used, by the kernel's account.

use std::fs;

use onsale_sim::figures::float;

/// `USER_HZ`: what user space is told in, 100 on every Linux since 2.4 (proc(5), `sysconf(3)`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor time of all threads; `None` where there is no `/proc`.
pub(super) fn seconds_used() -> Option<f64> {
    seconds_of(&fs::read_to_string("/proc/self/stat").ok()?)
}

fn seconds_of(stat: &str) -> Option<f64> {
    // The name, in parentheses, may hold anything: what counts comes after the last one.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(float(user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added_whatever_the_name() {
        let stat = "12 (a ) 9 b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 7";
        assert_eq!(seconds_of(stat), Some(3.0));
        assert_eq!(seconds_of("12 (a) S 1"), None);
    }
}
