//! Seating plans as pretix has them, made into ours.
//!
//! Nothing of what is sold is lost, or it is refused with its place in the file. A zone becomes a
//! section, or one for each category in it, because here all seats of a section are of one ticket
//! class. Rows of a zone with the same number are one row with an aisle between, and so is what a
//! gap or another category breaks. The only thing that may change is where a seat is drawn: rows
//! are straight here and their steps even, so a seat may move by up to [`MOVED_CM_MAX`].
//!
//! Left out is what is drawn and not sold: areas, texts, colours, sizes. Seats for wheelchair
//! users are not marked in such a file, nor is the stage: add them to the plan afterwards.

mod format;
mod gather;
mod line;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use onsale_core::spec::{ClassId, Numbering, Plan, Point, Row, Section};

use self::format::{Category, File};
use self::gather::{LooseRow, LooseSection, gather};
use self::line::{Line, line, median};
use crate::catalogue::event::wrong::Wrong;
use crate::catalogue::fold::fold;

/// How far a seat may be from where it is drawn in the file, in centimetres.
pub const MOVED_CM_MAX: u32 = 500;

/// What the file does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// The ticket class of a category, by name, where they are not called the same.
    pub classes: BTreeMap<String, u16>,
    /// How long a unit of the drawing is.
    pub mm_per_unit: u32,
    /// What the seats look at, in units of the drawing; without it, the middle of its upper edge.
    pub focal_point: Option<Point>,
}

impl Wishes {
    /// How long a unit is, unless it is said: seats are drawn 25 apart, and stand half a metre.
    pub const MM_PER_UNIT: u32 = 20;
    /// The longest unit: a metre.
    pub const MM_PER_UNIT_MAX: u32 = 1_000;
}

impl Default for Wishes {
    fn default() -> Self {
        Self { classes: BTreeMap::new(), mm_per_unit: Self::MM_PER_UNIT, focal_point: None }
    }
}

/// A plan that was made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The plan.
    pub plan: Plan,
    /// How far the seat was moved that was moved farthest, in centimetres.
    pub moved_cm_max: u32,
}

/// Makes a plan of the text of a file, for an event with these ticket classes.
///
/// # Errors
/// The first thing in the file, or in the wishes, that cannot be taken over.
pub fn import<C: AsRef<str>>(
    text: &[u8],
    wishes: &Wishes,
    classes: &[C],
) -> Result<Imported, Wrong> {
    if !(1..=Wishes::MM_PER_UNIT_MAX).contains(&wishes.mm_per_unit) {
        let problem = format!("must be 1 to {}", Wishes::MM_PER_UNIT_MAX);
        return Err(Wrong::new("mm_per_unit", problem));
    }
    let file = parse(text)?;
    let class_of = classes_by_category(&file.categories, wishes, classes)?;
    let gathered = gather(&file, &class_of, f64::from(wishes.mm_per_unit) / 10.0)?;
    let usual = median(gathered.iter().flat_map(LooseSection::distances).collect());
    let mut moved_cm_max = 0;
    let mut sections = Vec::new();
    for loose in gathered {
        let mut rows = Vec::new();
        for row in loose.rows {
            let (row, moved_cm) = straighten(row, usual)?;
            moved_cm_max = moved_cm_max.max(moved_cm);
            rows.push(row);
        }
        sections.push(Section { name: loose.name, class: loose.class, rows });
    }
    let focal_point = match wishes.focal_point {
        Some(point) => scaled(point, wishes.mm_per_unit)?,
        None => upper_edge(&sections),
    };
    Ok(Imported { plan: Plan { focal_point, sections }, moved_cm_max })
}

fn parse(text: &[u8]) -> Result<File, Wrong> {
    serde_json::from_slice(text).or_else(|_| {
        // Again, with an eye on where.
        let mut reader = serde_json::Deserializer::from_slice(text);
        let file = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let at = if path == "." { "file".to_owned() } else { path };
            Wrong::new(at, error.into_inner().to_string())
        })?;
        reader.end().map_err(|error| Wrong::new("file", error.to_string()))?;
        Ok(file)
    })
}

fn classes_by_category<'a, C: AsRef<str>>(
    categories: &'a [Category],
    wishes: &Wishes,
    classes: &[C],
) -> Result<BTreeMap<&'a str, ClassId>, Wrong> {
    let is_category = |name: &String| categories.iter().any(|category| category.name == *name);
    if let Some(unknown) = wishes.classes.keys().find(|name| !is_category(name)) {
        return Err(Wrong::new(format!("classes.{unknown}"), "is no category of the file"));
    }
    let folded: Vec<_> = classes.iter().map(|class| fold(class.as_ref())).collect();
    let class_of = |(index, category): (usize, &'a Category)| {
        let name = category.name.as_str();
        let wished = wishes.classes.get(name).copied();
        let alike = || folded.iter().position(|class| *class == fold(name));
        let position = wished.map(usize::from).or_else(alike);
        let position = position.filter(|position| *position < classes.len());
        let class = position.and_then(|position| u16::try_from(position).ok());
        class.map(|class| (name, ClassId(class))).ok_or_else(|| {
            let problem = format!(
                "no ticket class is called {name:?}: make one, or say in `classes` which it is"
            );
            Wrong::new(format!("categories[{index}].name"), problem)
        })
    };
    categories.iter().enumerate().map(class_of).collect()
}

/// The row in a straight line, and how far its seats were moved.
fn straighten(loose: LooseRow, usual: f64) -> Result<(Row, u32), Wrong> {
    let Line { labels, first, step, aisles_after, moved_cm } = line(loose.pieces, usual);
    let wrong = |problem: String| Err(Wrong::new(loose.at.clone(), problem));
    let seats = labels.len() as u32;
    if seats > Plan::ROW_SEATS_MAX {
        return wrong(format!("has {seats} seats, and a row {} at most", Plan::ROW_SEATS_MAX));
    }
    if moved_cm > MOVED_CM_MAX {
        return wrong(format!(
            "is no straight row: a seat would be {moved_cm} cm from its place, and may be \
             {MOVED_CM_MAX}; make two rows of it, with numbers of their own"
        ));
    }
    let ends = aisles_after.iter().map(|after| after + 1).chain([seats]);
    let starts = [0].into_iter().chain(aisles_after.iter().map(|after| after + 1));
    if starts.zip(ends).any(|(start, end)| end - start > Plan::BENCH_SEATS_MAX) {
        return wrong(format!(
            "has more than {} seats without an aisle between",
            Plan::BENCH_SEATS_MAX
        ));
    }
    let row = Row {
        label: loose.label,
        seats,
        numbering: numbering(labels),
        first,
        step,
        aisles_after,
        accessible: Vec::new(),
        companion: Vec::new(),
        blocked: Vec::new(),
    };
    let last = far_end(&row);
    if [row.first, row.step, last].into_iter().any(is_far) {
        return wrong("is more than ten kilometres away".to_owned());
    }
    Ok((row, moved_cm))
}

/// A sequence where the labels are one.
fn numbering(labels: Vec<String>) -> Numbering {
    let numbers: Option<Vec<i32>> = labels
        .iter()
        .map(|label| label.parse().ok().filter(|number: &i32| number.to_string() == *label))
        .collect();
    let sequence = numbers.as_deref().and_then(|numbers| {
        let first = *numbers.first()?;
        let step = numbers.get(1).map_or(Some(1), |second| second.checked_sub(first))?;
        // As core has it, one behind the last must fit, too.
        let count = i64::try_from(numbers.len()).ok()?;
        let last = i64::from(first) + i64::from(step) * count;
        let even = numbers.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(step));
        (even && i32::try_from(last).is_ok()).then_some(Numbering::Sequence { first, step })
    });
    sequence.unwrap_or(Numbering::Labels(labels))
}

fn far_end(row: &Row) -> Point {
    let steps = row.seats.saturating_sub(1).cast_signed();
    let end = |first: i32, step: i32| first.saturating_add(step.saturating_mul(steps));
    Point { x: end(row.first.x, row.step.x), y: end(row.first.y, row.step.y) }
}

fn is_far(point: Point) -> bool {
    let far = |c: i32| c.unsigned_abs() > Plan::COORDINATE_MAX.unsigned_abs();
    far(point.x) || far(point.y)
}

fn scaled(point: Point, mm_per_unit: u32) -> Result<Point, Wrong> {
    let scale = |units: i32| i32::try_from(i64::from(units) * i64::from(mm_per_unit) / 10).ok();
    let scaled = scale(point.x).zip(scale(point.y)).map(|(x, y)| Point { x, y });
    scaled
        .filter(|point| !is_far(*point))
        .ok_or_else(|| Wrong::new("focal_point", "is more than ten kilometres away"))
}

/// The middle of the upper edge of all that stands there: where a stage is drawn, if one is.
fn upper_edge(sections: &[Section]) -> Point {
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let ends = || rows().flat_map(|row| [row.first, far_end(row)]);
    let (left, right) = (ends().map(|end| end.x).min(), ends().map(|end| end.x).max());
    let x = i32::midpoint(left.unwrap_or_default(), right.unwrap_or_default());
    Point { x, y: ends().map(|end| end.y).min().unwrap_or_default() }
}
