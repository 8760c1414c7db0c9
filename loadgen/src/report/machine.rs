//! On what machine something was measured: a figure means nothing without it.

use std::fs;
use std::thread;

use serde::{Deserialize, Serialize};

/// The machine the generator ran on; where the target is a loopback address, the server's too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor, as it calls itself.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: u64,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// The kernel and its version.
    pub kernel: String,
}

impl Machine {
    /// This one. What the kernel does not say is `unknown` or 0.
    pub fn here() -> Self {
        let file = |path| fs::read_to_string(path).unwrap_or_default();
        let processor = value_of(&file("/proc/cpuinfo"), "model name");
        let memory_kib = value_of(&file("/proc/meminfo"), "MemTotal");
        let memory_kib = memory_kib.and_then(|text| text.trim_end_matches(" kB").parse().ok());
        let kernel = file("/proc/sys/kernel/osrelease");
        Self {
            processor: processor.unwrap_or_else(|| "unknown".to_owned()),
            cores: thread::available_parallelism().map_or(0, |cores| cores.get() as u64),
            memory_bytes: memory_kib.map_or(0, |kib: u64| kib.saturating_mul(1024)),
            kernel: format!("Linux {}", kernel.trim()),
        }
    }
}

/// Of the first line `name: value`.
fn value_of(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_core_and_memory() {
        let machine = Machine::here();
        assert!(machine.cores >= 1 && machine.memory_bytes > 0, "{machine:?}");
    }

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let text = "MemTotalHuge: 1 kB\nMemTotal:  16384 kB\n";
        assert_eq!(value_of(text, "MemTotal").as_deref(), Some("16384 kB"));
    }
}
