//! Which passwords are too easily guessed: by zxcvbn's estimate, which knows common passwords,
//! words, names, keyboards, dates and repetitions, and is told what others know of the person.
//!
//! At least 10^8 guesses (its score 3), with throttling far more than anybody can make.

use std::fmt;

use zxcvbn::feedback::{Feedback, Warning};
use zxcvbn::{Score, zxcvbn};

use super::Password;
use crate::accounts::email::Email;
use crate::accounts::text::PersonName;

/// Words that somebody who sells tickets is tempted by.
const PRODUCT_WORDS: [&str; 4] = ["onsale", "ticket", "tickets", "concert"];

/// The shortest part of a name or an address that counts as one.
const WORD_CHARS_MIN: usize = 3;

/// How many letters and digits must be left when such words are taken out.
const OTHERS_MIN: usize = 6;

/// Why a password is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Many have it, and it is in every list of those.
    Common,
    /// It is a date or a year.
    Date,
    /// There is too little to guess.
    Guessable,
    /// Its characters are neighbours on a keyboard.
    Keyboard,
    /// It is made of the person's own name or address, or of what is sold here.
    Personal,
    /// It says the same over and over.
    Repeated,
    /// It counts, or goes through the alphabet.
    Sequence,
    /// It is a word or a name.
    Word,
}

impl Weakness {
    /// Its stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Date => "date",
            Self::Guessable => "guessable",
            Self::Keyboard => "keyboard",
            Self::Personal => "personal",
            Self::Repeated => "repeated",
            Self::Sequence => "sequence",
            Self::Word => "word",
        }
    }
}

/// For people.
impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Common => "it is among the passwords that are tried first",
            Self::Date => "it is a date or a year",
            Self::Guessable => {
                "it is guessed too soon: add a few words that do not belong together"
            }
            Self::Keyboard => "its characters are neighbours on the keyboard",
            Self::Personal => "it has your name, your address or what is sold here in it",
            Self::Repeated => "it repeats itself",
            Self::Sequence => "it counts, or goes through the alphabet",
            Self::Word => "it is little more than a word or a name",
        })
    }
}

/// What others know of a person, and would try.
#[derive(Clone, Debug, Default)]
pub struct Known(Vec<String>);

impl Known {
    /// A name and an address.
    pub fn of(name: &PersonName, email: Option<&Email>) -> Self {
        let address = email.map(|email| [email.local(), email.host()]).unwrap_or_default();
        let texts = [name.given(), name.family()].into_iter().chain(address);
        let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
        let words = words.filter(|word| word.chars().count() >= WORD_CHARS_MIN);
        Self(words.map(str::to_lowercase).collect())
    }
}

/// Why the password is weak; nothing if it is not.
pub fn weaknesses(password: &Password, known: &Known) -> Vec<Weakness> {
    let words: Vec<_> = known.0.iter().map(String::as_str).chain(PRODUCT_WORDS).collect();
    let estimate = zxcvbn(&password.0, &words);
    let lower = password.0.to_lowercase();
    let rest = words.iter().fold(lower.clone(), |rest, word| rest.replace(word, ""));
    let is_little = rest.chars().filter(|c| c.is_alphanumeric()).count() < OTHERS_MIN;
    let is_personal = rest != lower;
    if estimate.score() >= Score::Three && !(is_personal && is_little) {
        return Vec::new();
    }
    let personal = is_personal.then_some(Weakness::Personal);
    let warning = estimate.feedback().and_then(Feedback::warning).map(of_warning);
    let found: Vec<_> = personal.into_iter().chain(warning).collect();
    if found.is_empty() { vec![Weakness::Guessable] } else { found }
}

fn of_warning(warning: Warning) -> Weakness {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess
        | Warning::ShortKeyboardPatternsAreEasyToGuess => Weakness::Keyboard,
        Warning::RepeatsLikeAaaAreEasyToGuess
        | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => Weakness::Repeated,
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Weakness::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => Weakness::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Weakness::Date,
        Warning::AWordByItselfIsEasyToGuess
        | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => Weakness::Word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Weakness> {
        let name = PersonName::parse("Grimhilde", "Kowalczyk").unwrap();
        let email = Email::parse("g.kowalczyk@zebrafink.example").unwrap();
        weaknesses(&Password::chosen(text).unwrap(), &Known::of(&name, Some(&email)))
    }

    #[test]
    fn what_is_tried_first_is_refused_with_a_reason() {
        for (text, weakness) in [
            ("password12", Weakness::Common),
            ("P@ssw0rd12", Weakness::Common),
            ("1234567890", Weakness::Common),
            ("aaaaaaaaaaaaaaaa", Weakness::Repeated),
            ("abcabcabcabc", Weakness::Repeated),
            ("12.03.1987", Weakness::Date),
            ("Grimhilde1", Weakness::Personal),
            ("kowalczyk2026", Weakness::Personal),
            ("zebrafink!", Weakness::Personal),
            ("onsale-tickets", Weakness::Personal),
        ] {
            assert!(of(text).contains(&weakness), "{text}: {:?}", of(text));
        }
    }

    #[test]
    fn what_takes_long_to_guess_is_accepted() {
        for text in [
            "correct horse battery",
            "gG7#kQ2!xR",
            "山川湖海森林草原沙漠",
            "my zebrafink eats 7 olives",
        ] {
            assert_eq!(of(text), [], "{text}");
        }
    }
}
