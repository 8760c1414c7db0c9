//! What people read about an event.

use super::wrong::Wrong;
use crate::text::{Line, Prose};

/// What an event is called: a line that fits on a ticket, which its partition takes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(Line<{ Title::BYTES_MAX }>);

/// What is said about an event: plain text or Markdown. It is shown as it was written; whoever
/// makes HTML of it sees to what is in it.
pub type Description = Prose<20_000>;

impl Title {
    /// The longest, in bytes.
    pub const BYTES_MAX: usize = onsale_core::spec::Draft::NAME_MAX;

    /// The title in `text`.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let line = Line::parse(text).map_err(|error| Wrong::new("title", error.to_string()))?;
        if line.as_str().len() > Self::BYTES_MAX {
            let problem = format!("must have at most {} bytes", Self::BYTES_MAX);
            return Err(Wrong::new("title", problem));
        }
        Ok(Self(line))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_that_fits_on_a_ticket() {
        assert_eq!(Title::parse(" Die Räuber ").unwrap().as_str(), "Die Räuber");
        assert!(Title::parse(&"ä".repeat(100)).is_ok());
        for wrong in ["", " ", "a\nb", "a\u{0}b", &"ä".repeat(101)] {
            assert_eq!(Title::parse(wrong).unwrap_err().at, "title", "{wrong:?}");
        }
    }
}
