//! A mix from its text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::event::{RawEvent, parse_span};
use super::script::{self, RawStep};
use super::wrong::{MixError, Wrong};
use super::{ComesBack, Mix, Persona, Think, Weighted, think};

/// How often somebody may ask again.
const RETRIES_MAX: u32 = 10_000;
/// Rounds of one person, those after coming back included, are numbered by a byte.
const SESSIONS_MAX: u32 = 100;
/// What the server allows in one hold.
const PARTY_MAX: u32 = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMix {
    event: Option<Spanned<RawEvent>>,
    #[serde(default)]
    persona: Vec<RawPersona>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPersona {
    name: String,
    weight: Spanned<f64>,
    party: Option<Spanned<BTreeMap<String, Spanned<f64>>>>,
    patience: Option<Spanned<String>>,
    retries: Option<Spanned<u32>>,
    #[serde(default)]
    hammers: bool,
    sessions: Option<Spanned<u32>>,
    comes_back: Option<RawComesBack>,
    script: Spanned<Vec<Spanned<RawStep>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawComesBack {
    chance: Spanned<f64>,
    after: Spanned<String>,
}

impl Mix {
    /// Reads a file. Its name without the ending is the mix's.
    pub fn read(path: &Path) -> Result<Self, MixError> {
        let text = fs::read_to_string(path)
            .map_err(|source| MixError::Io { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, MixError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        parse(name, text).map_err(|wrong| wrong.located(path, text))
    }
}

fn parse(name: String, text: &str) -> Result<Mix, Wrong> {
    let raw: RawMix = toml::from_str(text)?;
    if raw.persona.is_empty() {
        return Err(Wrong::new(0..0, "nobody comes: a mix needs at least one [[persona]]"));
    }
    let event = raw.event.map(RawEvent::parse).transpose()?;
    let personas = raw.persona.into_iter().map(RawPersona::parse).collect::<Result<_, _>>()?;
    Ok(Mix { name, event, personas })
}

impl RawPersona {
    fn parse(self) -> Result<Persona, Wrong> {
        let within = |number: Option<Spanned<u32>>, default, least, most| match number {
            None => Ok(default),
            Some(number) if (least..=most).contains(number.get_ref()) => Ok(number.into_inner()),
            Some(number) => {
                let problem = format!("{} must be from {least} to {most}", number.get_ref());
                Err(Wrong::new(number.span(), problem))
            }
        };
        let comes_back = self.comes_back.map(|raw| {
            let after = parse_think(&raw.after)?;
            Ok::<_, Wrong>(ComesBack { chance: parse_probability(&raw.chance)?, after })
        });
        Ok(Persona {
            name: self.name,
            weight: parse_weight(&self.weight)?,
            party: self.party.map_or(Ok(Weighted::only(2)), |party| parse_party(&party))?,
            patience: self.patience.map_or(Ok(Duration::from_secs(600)), |it| parse_span(&it))?,
            retries: within(self.retries, 5, 0, RETRIES_MAX)?,
            hammers: self.hammers,
            sessions: within(self.sessions, 1, 1, SESSIONS_MAX)?,
            comes_back: comes_back.transpose()?,
            script: script::parse(self.script)?,
        })
    }
}

fn parse_party(party: &Spanned<BTreeMap<String, Spanned<f64>>>) -> Result<Weighted<u32>, Wrong> {
    parse_weights(party, |size| {
        let size = size.parse().ok().filter(|size| (1..=PARTY_MAX).contains(size));
        size.ok_or_else(|| format!("a party is of 1 to {PARTY_MAX}, with a weight: {{ 2 = 60 }}"))
    })
}

/// Values with their weights, each as its name says.
pub(super) fn parse_weights<T>(
    table: &Spanned<BTreeMap<String, Spanned<f64>>>,
    value: impl Fn(&str) -> Result<T, String>,
) -> Result<Weighted<T>, Wrong> {
    let pair = |(name, weight): (&String, &Spanned<f64>)| {
        let value = value(name).map_err(|problem| Wrong::new(weight.span(), problem))?;
        Ok((value, parse_weight(weight)?))
    };
    let pairs = table.get_ref().iter().map(pair).collect::<Result<_, Wrong>>()?;
    Weighted::new(pairs).ok_or_else(|| Wrong::new(table.span(), "at least one must be there"))
}

fn parse_weight(weight: &Spanned<f64>) -> Result<f64, Wrong> {
    let number = *weight.get_ref();
    if number > 0.0 && number <= 1e9 {
        return Ok(number);
    }
    Err(Wrong::new(weight.span(), format!("{number} is no weight: a number above 0")))
}

/// A probability.
pub(super) fn parse_probability(chance: &Spanned<f64>) -> Result<f64, Wrong> {
    let number = *chance.get_ref();
    if (0.0..=1.0).contains(&number) {
        return Ok(number);
    }
    Err(Wrong::new(chance.span(), format!("{number} is no probability: from 0 to 1")))
}

/// A think time.
pub(super) fn parse_think(text: &Spanned<String>) -> Result<Think, Wrong> {
    Think::parse(text.get_ref()).ok_or_else(|| {
        let problem = format!("`{}` is no time: say {}", text.get_ref(), think::ALLOWED);
        Wrong::new(text.span(), problem)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::*;

    fn read(text: &str) -> Result<Mix, String> {
        Mix::parse(Path::new("my.toml"), text).map_err(|error| error.to_string())
    }

    fn scripted(script: &str) -> Result<Mix, String> {
        read(&format!("[[persona]]\nname = \"a\"\nweight = 1\nscript = [\n{script}\n]"))
    }

    #[test]
    fn a_persona_is_read_with_what_goes_without_saying() {
        let mix = scripted(r#"{ do = "hold" }, { do = "order" }, { do = "pay" }"#).unwrap();
        assert_eq!(mix.name, "my");
        let persona = &mix.personas[0];
        assert_eq!((persona.retries, persona.sessions), (5, 1));
        assert_eq!(persona.script[2].action, Action::Pay(Weighted::only("pay".into())));
        assert_eq!(mix.event, None);
    }

    #[test]
    fn nonsense_in_a_step_is_told_with_its_line_and_what_is_allowed() {
        for (script, says) in [
            ("", "my.toml:4:10: a script needs at least one step"),
            (r#"{ do = "dance" }"#, "my.toml:5:8: nobody can `dance`: say join, wait, look"),
            (r#"{ do = "hold", chioce = "best" }"#, "my.toml:5:16: unknown field `chioce`"),
            (r#"{ do = "hold", by = "poll" }"#, "`by` means nothing to `hold`: it goes with wait"),
            (r#"{ do = "hold", choice = "worst" }"#, "`worst` is none of count, best, seats"),
            (r#"{ do = "hold", attempts = 0 }"#, "0 must be from 1 to 1000"),
            (r#"{ do = "look" }"#, "`look` needs an `at`: event, availability"),
            (r#"{ do = "look", at = "map" }"#, "`map` is none of event, availability"),
            (
                r#"{ do = "look", at = "chart", chance = 1.5 }"#,
                "1.5 is no probability: from 0 to 1",
            ),
            (r#"{ do = "look", at = "chart", chance = nan }"#, "is no probability"),
            (r#"{ do = "hold", think = "4" }"#, "my.toml:5:24: `4` is no time: say `4s`, `2s..6s`"),
            (r#"{ think = "4s" }"#, "missing field `do`"),
        ] {
            let error = scripted(script).unwrap_err();
            assert!(error.contains(says), "{script}: {error}");
        }
    }

    #[test]
    fn a_script_must_be_possible() {
        for (script, says) in [
            (r#"{ do = "wait" }"#, "before one joined"),
            ("{ do = \"join\" },\n{ do = \"hold\" }", "my.toml:6:1: whoever joined must wait"),
            (r#"{ do = "join" }, { do = "join" }"#, "only once"),
            (r#"{ do = "order" }"#, "before one holds"),
            (r#"{ do = "hold" }, { do = "hold" }"#, "order the first"),
            (r#"{ do = "hold" }, { do = "pay" }"#, "before one ordered"),
            (r#"{ do = "hold" }, { do = "confirm" }"#, "before one ordered"),
            (r#"{ do = "abandon" }"#, "nothing to abandon"),
            (
                r#"{ do = "hold" }, { do = "order" }, { do = "pay" }, { do = "pay" }"#,
                "pay only once",
            ),
            (
                r#"{do="hold"},{do="order"},{do="pay", behaviour={ cash = 1 }}"#,
                "`cash` is no behaviour of the sandbox: say pay, decline",
            ),
        ] {
            let error = scripted(script).unwrap_err();
            assert!(error.contains(says), "{script}: {error}");
        }
    }

    #[test]
    fn nonsense_about_a_persona_or_an_event_is_told_with_its_line() {
        let persona = |line: &str| {
            read(&format!("[[persona]]\nname = \"a\"\n{line}\nscript = [{{ do = \"hold\" }}]"))
        };
        for (line, says) in [
            ("weight = 0", "my.toml:3:10: 0 is no weight: a number above 0"),
            ("weight = -1", "-1 is no weight"),
            ("weight = \"many\"", "my.toml:3:10: invalid type"),
            ("", "missing field `weight`"),
            ("weight = 1\nwieght = 2", "my.toml:4:1: unknown field `wieght`, expected one of"),
            ("weight = 1\nparty = { 17 = 1 }", "my.toml:4:16: a party is of 1 to 16"),
            ("weight = 1\nparty = {}", "at least one must be there"),
            ("weight = 1\npatience = \"long\"", "`long` is no time"),
            ("weight = 1\nsessions = 0", "0 must be from 1 to 100"),
            ("weight = 1\ncomes_back = { chance = 2, after = \"1s\" }", "no probability"),
        ] {
            let error = persona(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
        for (event, says) in [
            ("", "nobody comes"),
            ("[event]\nname = \"x\"\n[[persona]]\n", "missing field"),
            ("this is no toml", "my.toml:1:"),
        ] {
            let error = read(event).unwrap_err();
            assert!(error.contains(says), "{event}: {error}");
        }
        let rest = "\n[[persona]]\nname = \"a\"\nweight = 1\nscript = [{ do = \"hold\" }]";
        for (event, says) in [
            ("[event]\nname = \"x\"", "say either `seats`"),
            ("[event]\nname = \"x\"\nseats = 0", "my.toml:3:9: 0 must be from 1 to 200000"),
            ("[event]\nname = \"x\"\nseats = 5\nhold = \"5\"", "my.toml:4:8: `5` is no time"),
        ] {
            let error = read(&format!("{event}{rest}")).unwrap_err();
            assert!(error.contains(says), "{event}: {error}");
        }
    }
}
