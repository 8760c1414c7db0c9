//! Where a decision came from, beyond this server: the trace that whoever asked has begun.

use core::fmt;
use core::num::NonZeroU128;

/// The `trace-id` of W3C Trace Context (level 1, section 3.2.2.3): 16 bytes, not all zeros. As text
/// 32 digits of hex in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

impl TraceId {
    /// The trace with this number, the first byte the highest; `None` for zero, which is no trace.
    pub const fn new(number: u128) -> Option<Self> {
        match NonZeroU128::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Its number.
    pub const fn get(self) -> u128 {
        self.0.get()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_trace_is_written_as_the_standard_writes_it() {
        let trace = TraceId::new(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c).unwrap();
        assert_eq!(trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(TraceId::new(1).unwrap().to_string(), "0".repeat(31) + "1");
        assert_eq!(TraceId::new(0), None, "all zeros are no trace");
    }
}
