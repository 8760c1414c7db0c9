//! What is assumed about people. Every report prints it: a rehearsal is worth as much as these.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::noise::Noise;

/// Longer than anybody takes for anything here.
const DAY_S: u64 = 24 * 3_600;

/// How people behave. Shares are in thousandths, times are means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct People {
    /// Of a thousand, how many come before the sale opens.
    pub early_per_mille: u64,
    /// How long before the opening the first of them come.
    pub early_within_s: u64,
    /// How the others come.
    pub arrival: Arrival,
    /// Over how long the others come; for a spike, their mean delay.
    pub late_within_s: u64,
    /// Of a thousand, how many come alone.
    pub alone_per_mille: u64,
    /// Of a thousand, how many come as two. The others are three or four.
    pub pairs_per_mille: u64,
    /// Of a thousand, how many do not wait to the end.
    pub impatient_per_mille: u64,
    /// How long those wait.
    pub patience_s: u64,
    /// Of a thousand who go, how many just close the page.
    pub silent_per_mille: u64,
    /// Of a thousand who are let in, how many are not there.
    pub no_show_per_mille: u64,
    /// How long the others take to notice it.
    pub notices_s: u64,
    /// How long they take to choose.
    pub chooses_s: u64,
    /// Of a thousand, how many take another class, or fewer tickets, if theirs are gone.
    pub flexible_per_mille: u64,
    /// How long they wait before they try again what others hold.
    pub retry_s: u64,
    /// How often they try.
    pub tries_max: u64,
    /// Of a thousand with tickets in the cart, how many let them expire.
    pub abandon_cart_per_mille: u64,
    /// Of a thousand with tickets in the cart, how many give them back.
    pub give_back_per_mille: u64,
    /// How long the others take to order.
    pub orders_s: u64,
    /// Of a thousand who ordered, how many never pay.
    pub never_pay_per_mille: u64,
    /// Of a thousand who pay, how many are declined.
    pub declined_per_mille: u64,
    /// How long they take to pay.
    pub pays_s: u64,
}

/// How people come once the sale is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// Most at once, then fewer and fewer.
    Spike,
    /// More and more.
    Ramp,
    /// So many a second.
    Steady,
}

impl Default for People {
    fn default() -> Self {
        Self {
            early_per_mille: 700,
            early_within_s: 1_800,
            arrival: Arrival::Spike,
            late_within_s: 900,
            alone_per_mille: 200,
            pairs_per_mille: 500,
            impatient_per_mille: 200,
            patience_s: 1_800,
            silent_per_mille: 800,
            no_show_per_mille: 40,
            notices_s: 5,
            chooses_s: 40,
            flexible_per_mille: 700,
            retry_s: 15,
            tries_max: 6,
            abandon_cart_per_mille: 60,
            give_back_per_mille: 30,
            orders_s: 45,
            never_pay_per_mille: 30,
            declined_per_mille: 30,
            pays_s: 60,
        }
    }
}

impl People {
    /// These people with some assumptions changed, each `name=value`; or what is wrong with one.
    pub fn with(&self, changes: &[String]) -> Result<Self, String> {
        let mut all = self.fields();
        for change in changes {
            let (name, value) = change
                .split_once('=')
                .ok_or_else(|| format!("`{change}`: write name=value, such as chooses_s=60"))?;
            if !all.contains_key(name) {
                let known: Vec<_> = all.keys().map(String::as_str).collect();
                return Err(format!("`{name}` is no assumption; there are: {}", known.join(", ")));
            }
            let value = value.parse::<u64>().map_or_else(|_| value.into(), Value::from);
            all.insert(name.to_owned(), value);
        }
        let people: Self = serde_json::from_value(Value::Object(all))
            .map_err(|error| format!("{}: {error}", changes.join(", ")))?;
        people.check()
    }

    /// The same people, if the shares can be true.
    fn check(self) -> Result<Self, String> {
        let shares = self.fields().into_iter().filter(|(name, _)| name.ends_with("_per_mille"));
        for (name, value) in shares {
            if value.as_u64().is_none_or(|share| share > 1_000) {
                return Err(format!("{name}={value}: a share is of a thousand, so 0 to 1000"));
            }
        }
        let times = self.fields().into_iter().filter(|(name, _)| name.ends_with("_s"));
        for (name, value) in times {
            if value.as_u64().is_none_or(|seconds| seconds > DAY_S) {
                return Err(format!("{name}={value}: at most a day, {DAY_S} seconds"));
            }
        }
        for (a, b, names) in [
            (self.alone_per_mille, self.pairs_per_mille, "alone and pairs"),
            (self.abandon_cart_per_mille, self.give_back_per_mille, "abandon_cart and give_back"),
        ] {
            if a + b > 1_000 {
                return Err(format!("{names}: together more than a thousand of a thousand"));
            }
        }
        Ok(self)
    }

    /// Each assumption with its value, by name.
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            // Numbers and a name have no other form.
            _ => Map::new(),
        }
    }

    /// For how many somebody comes, at most `max`.
    pub(super) fn party(&self, noise: &mut Noise, max: u32) -> u32 {
        let draw = noise.below(1_000);
        let party = if draw < self.alone_per_mille {
            1
        } else if draw < self.alone_per_mille + self.pairs_per_mille {
            2
        } else {
            3 + noise.below(2) as u32
        };
        party.min(max)
    }

    /// When everybody comes, in milliseconds from `opens` on (before it, if `doors` is earlier);
    /// soonest first.
    pub(super) fn arrivals(
        &self,
        noise: &mut Noise,
        buyers: u32,
        doors: u64,
        opens: u64,
    ) -> Vec<u64> {
        let early = (self.early_within_s * 1_000).min(opens - doors);
        let mut arrivals: Vec<_> = (0..buyers)
            .map(|_| {
                if noise.chance(self.early_per_mille) {
                    // The nearer the opening the more: a draw's square is more often small.
                    opens - early + sooner(noise, early)
                } else {
                    opens + self.delay(noise)
                }
            })
            .collect();
        arrivals.sort_unstable();
        arrivals
    }

    fn delay(&self, noise: &mut Noise) -> u64 {
        let within = self.late_within_s * 1_000;
        match self.arrival {
            Arrival::Spike => about(noise, within),
            Arrival::Ramp => sooner(noise, within),
            Arrival::Steady => noise.below(within),
        }
    }
}

/// A time within `within`, more likely near its end.
fn sooner(noise: &mut Noise, within: u64) -> u64 {
    noise.below(within).max(noise.below(within))
}

/// About `mean_ms`, to the millisecond.
pub(super) fn about(noise: &mut Noise, mean_ms: u64) -> u64 {
    noise.around(mean_ms) + noise.below(mean_ms / 8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Concern;

    fn changed(change: &str) -> Result<People, String> {
        People::default().with(&[change.to_owned()])
    }

    #[test]
    fn an_assumption_can_be_changed_and_nothing_else() {
        assert_eq!(changed("pays_s=90").unwrap().pays_s, 90);
        assert_eq!(changed("arrival=ramp").unwrap().arrival, Arrival::Ramp);
        for (wrong, hint) in [
            ("pays_s", "name=value"),
            ("pays=3", "pays_s"),
            ("pays_s=soon", "pays_s"),
            ("declined_per_mille=1001", "0 to 1000"),
            ("pairs_per_mille=900", "alone"),
            ("arrival=flood", "spike"),
        ] {
            let problem = changed(wrong).unwrap_err();
            assert!(problem.contains(hint), "{wrong}: {problem}");
        }
    }

    #[test]
    fn everybody_comes_between_the_doors_and_the_end_as_many_early_as_assumed() {
        let people = People { arrival: Arrival::Ramp, ..People::default() };
        let mut noise = Noise::new(1, Concern::Buyer, 0);
        let (doors, opens) = (1_000_000, 2_000_000);
        let arrivals = people.arrivals(&mut noise, 10_000, doors, opens);
        assert!(arrivals.is_sorted() && arrivals[0] >= doors);
        assert!(*arrivals.last().unwrap() < opens + people.late_within_s * 1_000);
        let early = arrivals.iter().filter(|at| **at < opens).count();
        assert!((6_800..7_200).contains(&early), "{early}");
    }
}
