//! Who sits with whom: sections of one category, rows of one number, pieces without anything
//! between.

use std::collections::{BTreeMap, BTreeSet};

use onsale_core::spec::{ClassId, Draft, Plan};

use super::format::{File, Position, Row, Seat, Zone};
use super::line::{Piece, Place};
use crate::catalogue::event::wrong::Wrong;

/// A section whose rows are not in line yet.
#[derive(Debug)]
pub(super) struct LooseSection {
    pub name: String,
    pub class: ClassId,
    pub rows: Vec<LooseRow>,
}

/// A row that is not in line yet.
#[derive(Debug)]
pub(super) struct LooseRow {
    pub label: String,
    /// Where in the file it begins.
    pub at: String,
    pub pieces: Vec<Piece>,
}

impl LooseRow {
    /// Adds a seat, which stands next to the one that was added last if nothing is between.
    fn add(&mut self, seat: (String, Place), goes_on: bool) {
        match self.pieces.last_mut().filter(|_| goes_on) {
            Some(piece) => piece.seats.push(seat),
            None => self.pieces.push(Piece { seats: vec![seat] }),
        }
    }
}

impl LooseSection {
    /// From each seat to the next.
    pub fn distances(&self) -> impl Iterator<Item = f64> {
        self.rows.iter().flat_map(|row| &row.pieces).flat_map(Piece::distances)
    }
}

/// The sections of a file, in the order in which they appear.
pub(super) fn gather(
    file: &File,
    class_of: &BTreeMap<&str, ClassId>,
    cm_per_unit: f64,
) -> Result<Vec<LooseSection>, Wrong> {
    let mut gathering = Gathering { class_of, cm_per_unit, guids: BTreeSet::new() };
    let (mut sections, mut names) = (Vec::new(), BTreeSet::new());
    for (index, zone) in file.zones.iter().enumerate() {
        let at = format!("zones[{index}]");
        for section in gathering.zone(&at, zone)? {
            if !names.insert(section.name.clone()) {
                let problem = format!("another zone has seats in {:?}, too", section.name);
                return Err(Wrong::new(format!("{at}.name"), problem));
            }
            sections.push(section);
        }
        if sections.len() > Plan::SECTIONS_MAX {
            return Err(Wrong::new("zones", format!("must be {} at most", Plan::SECTIONS_MAX)));
        }
    }
    if sections.is_empty() { Err(Wrong::new("zones", "have no seats")) } else { Ok(sections) }
}

struct Gathering<'a> {
    class_of: &'a BTreeMap<&'a str, ClassId>,
    cm_per_unit: f64,
    /// Of all seats so far.
    guids: BTreeSet<&'a str>,
}

impl<'a> Gathering<'a> {
    fn zone(&mut self, at: &str, zone: &'a Zone) -> Result<Vec<LooseSection>, Wrong> {
        let mut gathered = Gathered::default();
        for (index, row) in zone.rows.iter().enumerate() {
            let at = format!("{at}.rows[{index}]");
            let mut before = None;
            for (index, seat) in row.seats.iter().enumerate() {
                let at = || format!("{at}.seats[{index}]");
                let class = self.seat(&at, seat)?;
                let place = self.place(&at, [zone.position, row.position, seat.position])?;
                let loose = gathered.row(&at, row, seat, class)?;
                loose.add((seat.number.clone(), place), before == Some(class));
                before = Some(class);
            }
        }
        if gathered.sections.is_empty() {
            return Ok(Vec::new());
        }
        let name = zone.name.as_deref().or(zone.id.as_deref()).unwrap_or_default();
        let name = printable(name, &|| format!("{at}.name"))?;
        gathered.named(at, &name)
    }

    /// The class of a seat that is one.
    fn seat(&mut self, at: &dyn Fn() -> String, seat: &'a Seat) -> Result<ClassId, Wrong> {
        if !self.guids.insert(&seat.guid) {
            return Err(Wrong::new(format!("{}.seat_guid", at()), "is there twice"));
        }
        if self.guids.len() > Plan::SEATS_MAX as usize {
            return Err(Wrong::new(at(), format!("is one more than {}", Plan::SEATS_MAX)));
        }
        let class = self.class_of.get(seat.category.as_str()).copied();
        class.ok_or_else(|| {
            let problem = format!("{:?} is no category of the file", seat.category);
            Wrong::new(format!("{}.category", at()), problem)
        })
    }

    /// Each position is seen from the one before.
    fn place(&self, at: &dyn Fn() -> String, positions: [Position; 3]) -> Result<Place, Wrong> {
        let x = positions.iter().map(|position| position.x).sum::<f64>() * self.cm_per_unit;
        let y = positions.iter().map(|position| position.y).sum::<f64>() * self.cm_per_unit;
        let farthest = f64::from(Plan::COORDINATE_MAX);
        // Not so for what is no number any more.
        if x.abs() <= farthest && y.abs() <= farthest {
            return Ok(Place { x, y });
        }
        let problem = "is more than ten kilometres away: see mm_per_unit";
        Err(Wrong::new(format!("{}.position", at()), problem))
    }
}

/// The sections of one zone, one for each category.
#[derive(Default)]
struct Gathered<'a> {
    sections: Vec<(&'a str, ClassId, Vec<LooseRow>)>,
    section_of: BTreeMap<ClassId, usize>,
    row_of: BTreeMap<(ClassId, &'a str), usize>,
    seats: BTreeSet<(ClassId, &'a str, &'a str)>,
}

impl<'a> Gathered<'a> {
    /// Where a seat is to go.
    fn row(
        &mut self,
        at: &dyn Fn() -> String,
        row: &'a Row,
        seat: &'a Seat,
        class: ClassId,
    ) -> Result<&mut LooseRow, Wrong> {
        let (row_number, seat_number) = (row.number.as_str(), seat.number.as_str());
        printable(seat_number, &|| format!("{}.seat_number", at()))?;
        if !self.seats.insert((class, row_number, seat_number)) {
            let problem = format!("is there twice in row {row_number:?} of the zone");
            return Err(Wrong::new(format!("{}.seat_number", at()), problem));
        }
        let section = *self.section_of.entry(class).or_insert_with(|| {
            self.sections.push((&seat.category, class, Vec::new()));
            self.sections.len() - 1
        });
        let rows = &mut self.sections[section].2;
        let index = *self.row_of.entry((class, row_number)).or_insert(rows.len());
        if index == rows.len() {
            let at = at().rsplit_once('.').map(|(row, _)| row.to_owned()).unwrap_or_default();
            let label = printable(row_number, &|| format!("{at}.row_number"))?;
            rows.push(LooseRow { label, at, pieces: Vec::new() });
        }
        Ok(&mut rows[index])
    }

    /// With the name of the zone, and of the category where there are several.
    fn named(self, at: &str, zone: &str) -> Result<Vec<LooseSection>, Wrong> {
        let is_alone = self.sections.len() == 1;
        let named = |(category, class, rows)| {
            let both = || printable(&format!("{zone} · {category}"), &|| format!("{at}.name"));
            let name = if is_alone { zone.to_owned() } else { both()? };
            Ok(LooseSection { name, class, rows })
        };
        self.sections.into_iter().map(named).collect()
    }
}

/// What can be printed on a ticket: as core has it.
fn printable(text: &str, at: &dyn Fn() -> String) -> Result<String, Wrong> {
    let fits = !text.trim().is_empty() && text.len() <= Draft::NAME_MAX;
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let problem =
        format!("must be 1 to {} bytes of text without control characters", Draft::NAME_MAX);
    Err(Wrong::new(at(), problem))
}
