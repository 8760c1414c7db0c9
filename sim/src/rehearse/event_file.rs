//! An organiser's event as a file: the very JSON that defines an event over the API. What the
//! server would refuse is refused here, with the place in the file.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use onsale_core::money::{Amount, Currency};
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Numbering, Plan, Point, Quota, Row, Section, Terms,
    WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// Why a file is no event.
#[derive(Debug, Error)]
pub enum EventFileError {
    /// It cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not what `POST /api/v1/events` takes.
    #[error("{}: at `{at}`: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where in it.
        at: String,
        /// What is wrong there.
        problem: String,
    },
}

/// Reads the event in a file.
pub fn read(path: &Path) -> Result<EventSpec, EventFileError> {
    let text = fs::read_to_string(path)
        .map_err(|error| EventFileError::File { path: path.to_owned(), error })?;
    parse(&text).map_err(|(at, problem)| EventFileError::Content {
        path: path.to_owned(),
        at,
        problem,
    })
}

/// The event, or where in the text it is wrong and how.
fn parse(text: &str) -> Result<EventSpec, (String, String)> {
    let json = &mut serde_json::Deserializer::from_str(text);
    let event: Event = serde_path_to_error::deserialize(json)
        .map_err(|error| (error.path().to_string(), error.into_inner().to_string()))?;
    let currency: Currency =
        event.currency.parse().map_err(|error| ("currency".to_owned(), format!("{error}")))?;
    EventSpec::parse(event.into_draft(currency)).map_err(|error| (in_file(error.at), error.problem))
}

/// The place in the file that a place in the draft comes from: units are part of the names here.
fn in_file(at: String) -> String {
    let unit = match at.rsplit('.').next() {
        Some("price") => "_minor",
        Some("hold" | "order" | "payment_grace" | "visit" | "claim" | "presence") => "_ms",
        _ => "",
    };
    at + unit
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    name: String,
    currency: String,
    classes: Vec<ClassInFile>,
    #[serde(default)]
    quotas: Vec<QuotaInFile>,
    plan: Option<PlanInFile>,
    waitroom: Option<WaitroomInFile>,
    #[serde(default)]
    limits: LimitsInFile,
    #[serde(default)]
    terms: TermsInFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassInFile {
    name: String,
    price_minor: u64,
    window: WindowInFile,
    per_buyer: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowInFile {
    opens_at: At,
    closes_at: At,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaInFile {
    name: String,
    capacity: u32,
    classes: Vec<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsInFile {
    per_buyer: u32,
    per_hold: u32,
    refuse_orphans: bool,
}

impl Default for LimitsInFile {
    fn default() -> Self {
        Self { per_buyer: 8, per_hold: 8, refuse_orphans: true }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "named as in the file")]
struct TermsInFile {
    hold_ms: u64,
    order_ms: u64,
    payment_grace_ms: u64,
}

impl Default for TermsInFile {
    fn default() -> Self {
        Self { hold_ms: 600_000, order_ms: 900_000, payment_grace_ms: 600_000 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitroomInFile {
    doors_at: At,
    opens_at: At,
    #[serde(default = "WaitroomInFile::slots")]
    slots: u32,
    #[serde(default = "WaitroomInFile::rate_per_minute")]
    rate_per_minute: u32,
    #[serde(default = "WaitroomInFile::visit_ms")]
    visit_ms: u64,
    #[serde(default = "WaitroomInFile::claim_ms")]
    claim_ms: u64,
    #[serde(default = "WaitroomInFile::presence_ms")]
    presence_ms: u64,
}

impl WaitroomInFile {
    const fn slots() -> u32 {
        100
    }

    const fn rate_per_minute() -> u32 {
        600
    }

    const fn visit_ms() -> u64 {
        900_000
    }

    const fn claim_ms() -> u64 {
        120_000
    }

    const fn presence_ms() -> u64 {
        300_000
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanInFile {
    focal_point: PointInFile,
    sections: Vec<SectionInFile>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct PointInFile {
    x_cm: i32,
    y_cm: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionInFile {
    name: String,
    class: u16,
    rows: Vec<RowInFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowInFile {
    label: String,
    seats: u32,
    #[serde(default)]
    numbering: NumberingInFile,
    first: PointInFile,
    step: PointInFile,
    #[serde(default)]
    aisles_after: Vec<u32>,
    #[serde(default)]
    accessible: Vec<u32>,
    #[serde(default)]
    companion: Vec<u32>,
    #[serde(default)]
    blocked: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected {\"first\": 1, \"step\": 1} or {\"labels\": [...]}")]
enum NumberingInFile {
    Sequence(Sequence),
    Labels(Labels),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sequence {
    first: i32,
    step: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    labels: Vec<String>,
}

impl Default for NumberingInFile {
    fn default() -> Self {
        Self::Sequence(Sequence { first: 1, step: 1 })
    }
}

/// RFC 3339 with any offset.
struct At(Time);

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let timestamp: Timestamp = text.parse().map_err(|_| {
            de::Error::custom(format_args!("{text:?} is no RFC 3339 time with an offset"))
        })?;
        let ms = u64::try_from(timestamp.as_millisecond())
            .map_err(|_| de::Error::custom("a time before 1970"))?;
        Ok(Self(Time::from_ms(ms)))
    }
}

impl Event {
    fn into_draft(self, currency: Currency) -> Draft {
        Draft {
            name: self.name,
            currency,
            classes: self.classes.into_iter().map(ClassInFile::into_class).collect(),
            quotas: self.quotas.into_iter().map(QuotaInFile::into_quota).collect(),
            plan: self.plan.map(PlanInFile::into_plan),
            waitroom: self.waitroom.map(|waitroom| WaitroomSpec {
                doors_at: waitroom.doors_at.0,
                opens_at: waitroom.opens_at.0,
                slots: waitroom.slots,
                rate_per_minute: waitroom.rate_per_minute,
                visit: Span::from_ms(waitroom.visit_ms),
                claim: Span::from_ms(waitroom.claim_ms),
                presence: Span::from_ms(waitroom.presence_ms),
            }),
            limits: Limits {
                per_buyer: self.limits.per_buyer,
                per_hold: self.limits.per_hold,
                refuse_orphans: self.limits.refuse_orphans,
            },
            terms: Terms {
                hold: Span::from_ms(self.terms.hold_ms),
                order: Span::from_ms(self.terms.order_ms),
                payment_grace: Span::from_ms(self.terms.payment_grace_ms),
            },
        }
    }
}

impl ClassInFile {
    fn into_class(self) -> Class {
        let window =
            Window { opens_at: self.window.opens_at.0, closes_at: self.window.closes_at.0 };
        let price = Amount::from_minor(self.price_minor);
        Class { name: self.name, price, window, per_buyer: self.per_buyer }
    }
}

impl QuotaInFile {
    fn into_quota(self) -> Quota {
        let classes = self.classes.into_iter().map(ClassId).collect();
        Quota { name: self.name, capacity: self.capacity, classes }
    }
}

impl PlanInFile {
    fn into_plan(self) -> Plan {
        let section = |section: SectionInFile| Section {
            name: section.name,
            class: ClassId(section.class),
            rows: section.rows.into_iter().map(RowInFile::into_row).collect(),
        };
        Plan {
            focal_point: self.focal_point.into_point(),
            sections: self.sections.into_iter().map(section).collect(),
        }
    }
}

impl RowInFile {
    fn into_row(self) -> Row {
        Row {
            label: self.label,
            seats: self.seats,
            numbering: match self.numbering {
                NumberingInFile::Sequence(Sequence { first, step }) => {
                    Numbering::Sequence { first, step }
                }
                NumberingInFile::Labels(Labels { labels }) => Numbering::Labels(labels),
            },
            first: self.first.into_point(),
            step: self.step.into_point(),
            aisles_after: self.aisles_after,
            accessible: self.accessible,
            companion: self.companion,
            blocked: self.blocked,
        }
    }
}

impl PointInFile {
    const fn into_point(self) -> Point {
        Point { x: self.x_cm, y: self.y_cm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUB: &str = r#"{
        "name": "Late Trains", "currency": "EUR",
        "classes": [{ "name": "Standing", "price_minor": 2500, "window":
            { "opens_at": "2026-10-03T10:00:00+02:00", "closes_at": "2026-12-01T00:00:00Z" } }],
        "quotas": [{ "name": "House", "capacity": 350, "classes": [0] }],
        "plan": { "focal_point": { "x_cm": 0, "y_cm": 0 }, "sections": [{ "name": "B", "class": 0,
            "rows": [{ "label": "1", "seats": 3, "first": { "x_cm": 0, "y_cm": 100 },
                       "step": { "x_cm": 50, "y_cm": 0 },
                       "numbering": { "labels": ["a", "b", "c"] } }] }] },
        "waitroom": { "doors_at": "2026-10-03T07:30:00Z", "opens_at": "2026-10-03T08:00:00Z" }
    }"#;

    #[test]
    fn an_event_is_read_with_the_servers_defaults() {
        let spec = parse(CLUB).unwrap();
        assert_eq!(spec.classes[0].price, Amount::from_minor(2_500));
        assert_eq!(spec.classes[0].window.opens_at, spec.waitroom.unwrap().opens_at);
        assert_eq!(spec.waitroom.unwrap().slots, 100);
        assert_eq!((spec.limits.per_buyer, spec.terms.hold), (8, Span::from_mins(10)));
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_with_its_place() {
        for (from, to, at) in [
            ("\"price_minor\": 2500", "\"price_minor\": -1", "classes[0].price_minor"),
            ("\"price_minor\": 2500", "\"price_minor\": 1000000000001", "classes[0].price_minor"),
            ("2026-10-03T10:00:00+02:00", "tomorrow", "classes[0].window.opens_at"),
            ("\"EUR\"", "\"euro\"", "currency"),
            ("\"seats\": 3", "\"seats\": 0", "plan.sections[0].rows[0].seats"),
            ("\"capacity\"", "\"capacities\"", "quotas[0].capacities"),
            ("\"doors_at\"", "\"slots\": 0, \"doors_at\"", "waitroom.slots"),
            ("\"doors_at\"", "\"visit_ms\": 0, \"doors_at\"", "waitroom.visit_ms"),
        ] {
            let (found, problem) = parse(&CLUB.replace(from, to)).unwrap_err();
            assert_eq!(found, at, "{to}: {problem}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(Path::new("/nowhere/event.json")).unwrap_err().to_string();
        assert!(error.starts_with("/nowhere/event.json: "), "{error}");
    }
}
