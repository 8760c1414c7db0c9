//! A script: its steps one by one, and whether each is possible after those before it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::parse::{parse_probability, parse_think, parse_weights};
use super::wrong::Wrong;
use super::{Action, By, Choice, Sight, Step, Think, Weighted};

/// What one can do, and what can be said about it besides `think`.
const ACTIONS: [(&str, &[&str]); 8] = [
    ("join", &[]),
    ("wait", &["by"]),
    ("look", &["at", "chance"]),
    ("hold", &["choice", "attempts", "may_split"]),
    ("abandon", &["chance", "gives_back"]),
    ("order", &["accept_other_seats"]),
    ("pay", &["behaviour"]),
    ("confirm", &[]),
];

/// What the sandbox can do when its page is there: see `GET /sandbox`.
const BEHAVIOURS: [&str; 9] = [
    "pay",
    "decline",
    "duplicate",
    "duplicate_capture",
    "late",
    "reordered",
    "never",
    "wrong_amount",
    "refund_fails",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    #[serde(rename = "do")]
    action: Spanned<String>,
    think: Option<Spanned<String>>,
    by: Option<Spanned<String>>,
    at: Option<Spanned<String>>,
    chance: Option<Spanned<f64>>,
    choice: Option<Spanned<String>>,
    attempts: Option<Spanned<u32>>,
    may_split: Option<Spanned<bool>>,
    gives_back: Option<Spanned<bool>>,
    accept_other_seats: Option<Spanned<bool>>,
    behaviour: Option<Spanned<BTreeMap<String, Spanned<f64>>>>,
}

/// The steps of a script, which can be done one after another.
pub(super) fn parse(script: Spanned<Vec<Spanned<RawStep>>>) -> Result<Vec<Step>, Wrong> {
    if script.get_ref().is_empty() {
        return Err(Wrong::new(script.span(), "a script needs at least one step"));
    }
    let mut progress = Progress::default();
    let mut steps = Vec::new();
    for raw in script.into_inner() {
        let span = raw.span();
        let step = raw.into_inner().parse()?;
        progress.advance(&step.action).map_err(|problem| Wrong::new(span, problem))?;
        steps.push(step);
    }
    Ok(steps)
}

impl RawStep {
    fn parse(self) -> Result<Step, Wrong> {
        self.check_members()?;
        let think = self.think.as_ref().map_or(Ok(Think::NONE), parse_think)?;
        let is = |flag: Option<Spanned<bool>>| flag.is_some_and(Spanned::into_inner);
        let chance = self.chance.as_ref().map_or(Ok(1.0), parse_probability)?;
        let action = match self.action.get_ref().as_str() {
            "join" => Action::Join,
            "wait" => Action::Wait(parse_by(self.by.as_ref())?),
            "look" => Action::Look(parse_sight(self.at.as_ref(), &self.action)?, chance),
            "hold" => Action::Hold {
                choice: parse_choice(self.choice.as_ref())?,
                attempts: self.attempts.as_ref().map_or(Ok(3), parse_attempts)?,
                may_split: is(self.may_split),
            },
            "abandon" => {
                let gives_back = self.gives_back.is_none_or(Spanned::into_inner);
                Action::Abandon { chance, gives_back }
            }
            "order" => Action::Order { accept_other_seats: is(self.accept_other_seats) },
            "pay" => Action::Pay(parse_behaviour(self.behaviour)?),
            _ => Action::Confirm,
        };
        Ok(Step { think, action })
    }

    /// Whether there is such an action, and everything that is said goes with it.
    fn check_members(&self) -> Result<(), Wrong> {
        let name = self.action.get_ref();
        let known = ACTIONS.iter().find(|(known, _)| known == name);
        let Some((_, allowed)) = known else {
            let names = list(ACTIONS.iter().map(|(name, _)| *name));
            let problem = format!("nobody can `{name}`: say {names}");
            return Err(Wrong::new(self.action.span(), problem));
        };
        match self.members().find(|(member, _)| !allowed.contains(member)) {
            None => Ok(()),
            Some((member, span)) => {
                let with = ACTIONS.iter().filter(|(_, allowed)| allowed.contains(&member));
                let with = list(with.map(|(name, _)| *name));
                let problem = format!("`{member}` means nothing to `{name}`: it goes with {with}");
                Err(Wrong::new(span, problem))
            }
        }
    }

    fn members(&self) -> impl Iterator<Item = (&'static str, Range<usize>)> {
        let members = [
            ("by", self.by.as_ref().map(Spanned::span)),
            ("at", self.at.as_ref().map(Spanned::span)),
            ("chance", self.chance.as_ref().map(Spanned::span)),
            ("choice", self.choice.as_ref().map(Spanned::span)),
            ("attempts", self.attempts.as_ref().map(Spanned::span)),
            ("may_split", self.may_split.as_ref().map(Spanned::span)),
            ("gives_back", self.gives_back.as_ref().map(Spanned::span)),
            ("accept_other_seats", self.accept_other_seats.as_ref().map(Spanned::span)),
            ("behaviour", self.behaviour.as_ref().map(Spanned::span)),
        ];
        members.into_iter().filter_map(|(name, span)| Some((name, span?)))
    }
}

fn parse_by(by: Option<&Spanned<String>>) -> Result<By, Wrong> {
    let names = [("poll", By::Poll), ("listen", By::Listen)];
    by.map_or(Ok(By::Poll), |by| one_of(by, &names))
}

fn parse_sight(at: Option<&Spanned<String>>, action: &Spanned<String>) -> Result<Sight, Wrong> {
    let names = [
        ("event", Sight::Event),
        ("availability", Sight::Availability),
        ("chart", Sight::Chart),
        ("seats", Sight::Seats),
    ];
    let Some(at) = at else {
        let allowed = list(names.iter().map(|(name, _)| *name));
        return Err(Wrong::new(action.span(), format!("`look` needs an `at`: {allowed}")));
    };
    one_of(at, &names)
}

fn parse_choice(choice: Option<&Spanned<String>>) -> Result<Choice, Wrong> {
    let names = [("count", Choice::Count), ("best", Choice::Best), ("seats", Choice::Seats)];
    choice.map_or(Ok(Choice::Best), |choice| one_of(choice, &names))
}

fn parse_attempts(attempts: &Spanned<u32>) -> Result<u32, Wrong> {
    match *attempts.get_ref() {
        number @ 1..=1_000 => Ok(number),
        number => Err(Wrong::new(attempts.span(), format!("{number} must be from 1 to 1000"))),
    }
}

fn parse_behaviour(
    behaviour: Option<Spanned<BTreeMap<String, Spanned<f64>>>>,
) -> Result<Weighted<String>, Wrong> {
    let Some(behaviour) = behaviour else { return Ok(Weighted::only("pay".into())) };
    parse_weights(&behaviour, |name| {
        let problem =
            || format!("`{name}` is no behaviour of the sandbox: say {}", list(BEHAVIOURS));
        BEHAVIOURS.contains(&name).then(|| name.to_owned()).ok_or_else(problem)
    })
}

fn one_of<T: Copy>(text: &Spanned<String>, names: &[(&str, T)]) -> Result<T, Wrong> {
    let found = names.iter().find(|(name, _)| name == text.get_ref());
    found.map(|(_, value)| *value).ok_or_else(|| {
        let allowed = list(names.iter().map(|(name, _)| *name));
        Wrong::new(text.span(), format!("`{}` is none of {allowed}", text.get_ref()))
    })
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().fold(String::new(), |mut list, name| {
        let comma = if list.is_empty() { "" } else { ", " };
        // Writing into a string cannot fail.
        let _ = write!(list, "{comma}{name}");
        list
    })
}

/// How far a script has come.
#[derive(Default)]
struct Progress {
    door: Door,
    cart: Cart,
}

/// Before the waitroom, in it, and behind it.
#[derive(Default, PartialEq)]
enum Door {
    #[default]
    Outside,
    Joined,
    Waited,
}

#[derive(Default, PartialEq)]
enum Cart {
    #[default]
    Empty,
    Held,
    Ordered,
    Paid,
}

impl Progress {
    /// What is wrong with doing this now.
    fn advance(&mut self, action: &Action) -> Result<(), &'static str> {
        let Self { door, cart } = self;
        let wrong = match action {
            Action::Join if *door != Door::Outside => "one can join only once",
            Action::Wait(_) if *door == Door::Outside => "one cannot wait before one joined",
            Action::Hold { .. } if *door == Door::Joined => {
                "whoever joined must wait before the hold"
            }
            Action::Hold { .. } if *cart == Cart::Held => "order the first hold before another",
            Action::Abandon { .. } if *door == Door::Outside && *cart == Cart::Empty => {
                "there is nothing to abandon yet: join or hold before"
            }
            Action::Order { .. } if *cart != Cart::Held => "one cannot order before one holds",
            Action::Pay(_) if *cart == Cart::Paid => "one can pay only once",
            Action::Pay(_) if *cart != Cart::Ordered => "one cannot pay before one ordered",
            Action::Confirm if !matches!(cart, Cart::Ordered | Cart::Paid) => {
                "there is nothing to confirm before one ordered"
            }
            _ => {
                self.done(action);
                return Ok(());
            }
        };
        Err(wrong)
    }

    fn done(&mut self, action: &Action) {
        match action {
            Action::Join => self.door = Door::Joined,
            Action::Wait(_) => self.door = Door::Waited,
            Action::Hold { .. } => self.cart = Cart::Held,
            Action::Order { .. } => self.cart = Cart::Ordered,
            Action::Pay(_) => self.cart = Cart::Paid,
            Action::Look(..) | Action::Abandon { .. } | Action::Confirm => {}
        }
    }
}
