//! The one look at a draft: afterwards every reference in it leads somewhere and every number fits.

use alloc::collections::BTreeSet;
use alloc::string::String;

use thiserror::Error;

use super::{Draft, Limits, Numbering, Plan, Point, Row, WaitroomSpec};
use crate::money::Amount;
use crate::time::Span;

/// Why a draft is no event. `at` names the place in the draft, such as `classes[2].price`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{at}: {problem}")]
pub struct SpecError {
    /// Where in the draft.
    pub at: String,
    /// What is wrong there and what would be right.
    pub problem: String,
}

type Checked = Result<(), SpecError>;

/// Refuses with a problem at a place unless the condition holds. Both texts are formatted.
macro_rules! ensure {
    ($holds:expr, [$($at:tt)+], $($problem:tt)+) => {
        if !$holds {
            return Err(SpecError {
                at: alloc::format!($($at)+),
                problem: alloc::format!($($problem)+),
            });
        }
    };
}

/// The longest time that anything may be kept for somebody: a day.
const SPAN_MAX: Span = Span::from_mins(24 * 60);

pub(super) fn check(draft: &Draft) -> Checked {
    name(&draft.name, "name")?;
    classes(draft)?;
    quotas(draft)?;
    limits(&draft.limits)?;
    for (at, span) in [("hold", draft.terms.hold), ("order", draft.terms.order)] {
        ensure!(in_range(span), ["terms.{at}"], "must be 1 ms to 24 hours");
    }
    ensure!(
        draft.terms.payment_grace <= SPAN_MAX,
        ["terms.payment_grace"],
        "must be at most 24 hours"
    );
    if let Some(waitroom) = &draft.waitroom {
        self::waitroom(waitroom)?;
    }
    if let Some(plan) = &draft.plan {
        self::plan(draft, plan)?;
    }
    every_class_has_stock(draft)
}

fn name(name: &str, at: &str) -> Checked {
    let fits = !name.trim().is_empty() && name.len() <= Draft::NAME_MAX;
    ensure!(fits, ["{at}"], "must be 1 to {} bytes of text", Draft::NAME_MAX);
    ensure!(!name.chars().any(char::is_control), ["{at}"], "must not hold control characters");
    Ok(())
}

fn classes(draft: &Draft) -> Checked {
    let count = draft.classes.len();
    ensure!(
        (1..=Draft::CLASSES_MAX).contains(&count),
        ["classes"],
        "must be 1 to {}",
        Draft::CLASSES_MAX
    );
    let mut names = BTreeSet::new();
    for (i, class) in draft.classes.iter().enumerate() {
        name(&class.name, &alloc::format!("classes[{i}].name"))?;
        ensure!(names.insert(&class.name), ["classes[{i}].name"], "is there twice");
        ensure!(
            class.price <= Amount::MAX_PRICE,
            ["classes[{i}].price"],
            "must be at most {} minor units",
            Amount::MAX_PRICE.as_minor()
        );
        ensure!(
            class.window.is_well_formed(),
            ["classes[{i}].window"],
            "must close after it opens"
        );
        ensure!(class.per_buyer != Some(0), ["classes[{i}].per_buyer"], "must be at least 1");
    }
    Ok(())
}

fn quotas(draft: &Draft) -> Checked {
    ensure!(
        draft.quotas.len() <= Draft::QUOTAS_MAX,
        ["quotas"],
        "must be at most {}",
        Draft::QUOTAS_MAX
    );
    let mut names = BTreeSet::new();
    for (i, quota) in draft.quotas.iter().enumerate() {
        name(&quota.name, &alloc::format!("quotas[{i}].name"))?;
        ensure!(names.insert(&quota.name), ["quotas[{i}].name"], "is there twice");
        ensure!(!quota.classes.is_empty(), ["quotas[{i}].classes"], "must name a class");
        let mut seen = BTreeSet::new();
        for class in &quota.classes {
            ensure!(
                usize::from(class.0) < draft.classes.len(),
                ["quotas[{i}].classes"],
                "names a class that is not there"
            );
            ensure!(seen.insert(class), ["quotas[{i}].classes"], "names a class twice");
        }
    }
    Ok(())
}

fn limits(limits: &Limits) -> Checked {
    ensure!(limits.per_buyer >= 1, ["limits.per_buyer"], "must be at least 1");
    ensure!(
        (1..=Limits::PER_HOLD_MAX).contains(&limits.per_hold),
        ["limits.per_hold"],
        "must be 1 to {}",
        Limits::PER_HOLD_MAX
    );
    Ok(())
}

fn waitroom(spec: &WaitroomSpec) -> Checked {
    ensure!(spec.doors_at <= spec.opens_at, ["waitroom.doors_at"], "must not be after opens_at");
    ensure!(spec.slots >= 1, ["waitroom.slots"], "must be at least 1");
    ensure!(spec.rate_per_minute >= 1, ["waitroom.rate_per_minute"], "must be at least 1");
    let spans = [("visit", spec.visit), ("claim", spec.claim), ("presence", spec.presence)];
    for (at, span) in spans {
        ensure!(in_range(span), ["waitroom.{at}"], "must be 1 ms to 24 hours");
    }
    Ok(())
}

fn plan(draft: &Draft, plan: &Plan) -> Checked {
    point(plan.focal_point, "plan.focal_point")?;
    ensure!(
        plan.sections.len() <= Plan::SECTIONS_MAX,
        ["plan.sections"],
        "must be at most {}",
        Plan::SECTIONS_MAX
    );
    let mut names = BTreeSet::new();
    let mut total = 0u32;
    for (s, section) in plan.sections.iter().enumerate() {
        let at = alloc::format!("plan.sections[{s}]");
        name(&section.name, &alloc::format!("{at}.name"))?;
        ensure!(names.insert(&section.name), ["{at}.name"], "is there twice");
        ensure!(
            usize::from(section.class.0) < draft.classes.len(),
            ["{at}.class"],
            "is a class that is not there"
        );
        let mut labels = BTreeSet::new();
        for (r, row) in section.rows.iter().enumerate() {
            let at = alloc::format!("{at}.rows[{r}]");
            ensure!(labels.insert(&row.label), ["{at}.label"], "is there twice");
            self::row(row, &at)?;
            total = total.saturating_add(row.seats);
            ensure!(total <= Plan::SEATS_MAX, ["plan"], "must have at most {}", Plan::SEATS_MAX);
        }
    }
    ensure!(total > 0, ["plan"], "must have at least one seat");
    Ok(())
}

fn row(row: &Row, at: &str) -> Checked {
    name(&row.label, &alloc::format!("{at}.label"))?;
    ensure!(
        (1..=Plan::ROW_SEATS_MAX).contains(&row.seats),
        ["{at}.seats"],
        "must be 1 to {}",
        Plan::ROW_SEATS_MAX
    );
    if let Numbering::Labels(labels) = &row.numbering {
        let unique: BTreeSet<_> = labels.iter().collect();
        ensure!(unique.len() == labels.len(), ["{at}.numbering"], "must not repeat a label");
        ensure!(labels.len() == row.seats as usize, ["{at}.numbering"], "must label every seat");
        labels.iter().try_for_each(|label| name(label, &alloc::format!("{at}.numbering")))?;
    }
    if let Numbering::Sequence { first, step } = row.numbering {
        let last = i64::from(first) + i64::from(step) * i64::from(row.seats);
        let fits = i32::try_from(last).is_ok() && (step != 0 || row.seats == 1);
        ensure!(fits, ["{at}.numbering"], "must count up or down within 32 bits");
    }
    point(row.first, &alloc::format!("{at}.first"))?;
    point(row.step, &alloc::format!("{at}.step"))?;
    // No overflow: 500 steps of ten kilometres are 5e8 centimetres.
    let last = |first: i32, step: i32| first + step * (row.seats - 1).cast_signed();
    let end = Point { x: last(row.first.x, row.step.x), y: last(row.first.y, row.step.y) };
    point(end, &alloc::format!("{at}.step"))?;
    let lists = [
        ("aisles_after", &row.aisles_after),
        ("accessible", &row.accessible),
        ("companion", &row.companion),
        ("blocked", &row.blocked),
    ];
    for (list, positions) in lists {
        let inside = positions.iter().all(|&position| position < row.seats);
        ensure!(inside, ["{at}.{list}"], "must be positions within the row, from 0");
        let rising = positions.windows(2).all(|pair| pair[0] < pair[1]);
        ensure!(rising, ["{at}.{list}"], "must rise, each position once");
    }
    let both = row.accessible.iter().any(|position| row.companion.contains(position));
    ensure!(!both, ["{at}.companion"], "must not be accessible seats at the same time");
    bench_lengths(row, at)
}

fn bench_lengths(row: &Row, at: &str) -> Checked {
    let mut start = 0;
    for end in row.aisles_after.iter().map(|after| after + 1).chain([row.seats]) {
        ensure!(
            end - start <= Plan::BENCH_SEATS_MAX,
            ["{at}.aisles_after"],
            "must break the row into at most {} seats in one piece",
            Plan::BENCH_SEATS_MAX
        );
        start = end;
    }
    Ok(())
}

fn point(point: Point, at: &str) -> Checked {
    let near = |c: i32| (-Plan::COORDINATE_MAX..=Plan::COORDINATE_MAX).contains(&c);
    ensure!(near(point.x) && near(point.y), ["{at}"], "must be within ten kilometres, in cm");
    Ok(())
}

/// Counted tickets come out of quotas and seats out of the plan: a class with neither, or a seated
/// class that is also counted nowhere, could sell nothing or without end.
fn every_class_has_stock(draft: &Draft) -> Checked {
    for (i, class) in draft.classes.iter().enumerate() {
        let is_it = |id: &super::ClassId| usize::from(id.0) == i;
        let counted = draft.quotas.iter().any(|quota| quota.classes.iter().any(is_it));
        let seated =
            draft.plan.iter().flat_map(|plan| &plan.sections).any(|section| is_it(&section.class));
        ensure!(
            counted || seated,
            ["classes[{i}]"],
            "{:?} has neither a quota nor seats: give it one",
            class.name
        );
    }
    Ok(())
}

fn in_range(span: Span) -> bool {
    Span::ZERO < span && span <= SPAN_MAX
}
