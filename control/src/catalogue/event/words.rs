//! Words: what events are found by, and what people look for.

use std::collections::BTreeSet;
use std::fmt::Write;

use onsale_core::id::EventId;
use sqlx::{Any, Transaction};

use super::error::EventError;
use crate::catalogue::fold::{fold, like};
use crate::database::{Statement, queries};
use crate::text::{TextError, Wanted};

/// So many words of one event, its title's first: as much as is read by whoever looks for events.
const WORDS_MAX: usize = 64;
/// So much of a word, in characters.
const CHARS_MAX: usize = 32;

/// Words that all have to be somewhere: at the beginning of a word in title or description, or
/// anywhere in the names of organiser, venue or city.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words([String; Words::MAX]);

impl Words {
    /// How many there may be: of more, the longest count.
    pub const MAX: usize = 4;

    /// The words in `text`; everything has them if there are none.
    ///
    /// # Errors
    /// If it is too long, or holds what cannot be seen.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        Wanted::parse(text)?;
        let folded = fold(text);
        let mut found: Vec<_> = split(&folded).collect();
        // The longest is the rarest, as far as anybody can tell.
        found.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        let mut words = Self::default();
        for (word, found) in words.0.iter_mut().zip(found) {
            *word = found;
        }
        Ok(words)
    }

    /// Whether everything has them.
    pub(super) fn are_none(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }

    /// Three parameters for each: from and until where it is among words, and what names are like.
    pub(super) fn bind<'a>(&self, query: Statement<'a>) -> Statement<'a> {
        self.0.iter().fold(query, |query, word| {
            let from = hex(word);
            let until = format!("{from}g");
            query.bind(from).bind(until).bind(like(word))
        })
    }
}

/// Has an event be found by these texts, and by nothing else.
pub(super) async fn put(
    transaction: &mut Transaction<'_, Any>,
    id: EventId,
    title: &str,
    description: &str,
) -> Result<(), EventError> {
    sqlx::query(FORGET).bind(id.to_string()).execute(&mut **transaction).await?;
    for word in words_of(title, description) {
        let put = sqlx::query(PUT).bind(word).bind(id.to_string());
        put.execute(&mut **transaction).await?;
    }
    Ok(())
}

fn words_of(title: &str, description: &str) -> BTreeSet<String> {
    let folded = fold(&format!("{title} {description}"));
    let mut words = BTreeSet::new();
    for word in split(&folded) {
        if words.len() == WORDS_MAX {
            break;
        }
        words.insert(hex(&word));
    }
    words
}

/// What stands between blanks and punctuation.
fn split(folded: &str) -> impl Iterator<Item = String> {
    let parts = folded.split(|letter: char| !letter.is_alphanumeric());
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| part.chars().take(CHARS_MAX).collect())
}

/// The bytes of a text in hex.
fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        // A string takes whatever is written.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

queries! {
    PUT = "INSERT INTO event_words (word, event) VALUES ($1, $2)";
    FORGET = "DELETE FROM event_words WHERE event = $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_found_by_its_first_words() {
        let words = words_of("Die Räuber: live!", "Räuber, von Schiller");
        let expected = ["die", "rauber", "live", "von", "schiller"].map(hex);
        assert_eq!(words, expected.into());
        let long: Vec<_> = (0..1_000).map(|number: u32| number.to_string()).collect();
        assert_eq!(words_of("A", &long.join(" ")).len(), WORDS_MAX);
    }

    #[test]
    fn the_rarest_word_comes_first() {
        let words = Words::parse("im Tal, Donaudampfschiff").unwrap();
        assert_eq!(words.0, ["donaudampfschiff", "tal", "im", ""]);
        assert_eq!(Words::parse("a bb c d e").unwrap().0, ["bb", "a", "c", "d"]);
        for none in ["", " ", "%_!"] {
            assert!(Words::parse(none).unwrap().are_none(), "{none}");
        }
    }
}
