//! From seats that stand anywhere to a row in a straight line with even steps, which is what a
//! plan here is made of.

use onsale_core::spec::Point;

/// Seats in the order of the file, with no other category between them.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// What is printed on each, and where it stands in centimetres.
    pub seats: Vec<(String, Place)>,
}

/// Where something is, in centimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub x: f64,
    pub y: f64,
}

/// A row in a straight line.
#[derive(Debug)]
pub(super) struct Line {
    pub labels: Vec<String>,
    pub first: Point,
    pub step: Point,
    pub aisles_after: Vec<u32>,
    /// How far the seat is from its place that is farthest from it, in centimetres.
    pub moved_cm: u32,
}

/// Two seats are neighbours if they are no farther apart than this many times what is usual.
const AISLE: f64 = 1.5;
/// With so many distances, a row knows by itself what is usual.
const DISTANCES: usize = 3;

impl Place {
    fn minus(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }

    fn dot(self, other: Self) -> f64 {
        self.x.mul_add(other.x, self.y * other.y)
    }

    fn distance(self, other: Self) -> f64 {
        self.minus(other).length()
    }

    fn length(self) -> f64 {
        self.x.hypot(self.y)
    }
}

impl Piece {
    /// From each seat to the next.
    pub fn distances(&self) -> impl Iterator<Item = f64> {
        self.seats.windows(2).map(|pair| pair[0].1.distance(pair[1].1))
    }

    fn way(&self) -> Place {
        let place = |seat: Option<&(String, Place)>| seat.map_or(ORIGIN, |(_, place)| *place);
        place(self.seats.last()).minus(place(self.seats.first()))
    }

    fn middle(&self) -> Place {
        mean(self.seats.iter().map(|(_, place)| *place))
    }
}

const ORIGIN: Place = Place { x: 0.0, y: 0.0 };

/// The line through the pieces of one row. Where a piece ends there is an aisle, and where a gap
/// is wider than usual; `usual` is what is in the whole plan.
pub(super) fn line(mut pieces: Vec<Piece>, usual: f64) -> Line {
    put_in_order(&mut pieces);
    let own: Vec<_> = pieces.iter().flat_map(Piece::distances).collect();
    let usual = if own.len() < DISTANCES { usual } else { median(own) };
    let mut aisles_after = Vec::new();
    let mut seats = 0;
    for piece in &pieces {
        if seats > 0 {
            aisles_after.push(seats - 1);
        }
        let wide = piece.distances().enumerate().filter(|(_, distance)| *distance > AISLE * usual);
        aisles_after.extend(wide.map(|(position, _)| seats + position as u32));
        seats += piece.seats.len() as u32;
    }
    let (labels, places): (Vec<_>, Vec<_>) = pieces.into_iter().flat_map(|one| one.seats).unzip();
    let (first, step) = fit(&places);
    let moved = (0u32..).zip(&places).map(|(position, place)| {
        let x = f64::from(first.x) + f64::from(step.x) * f64::from(position);
        let y = f64::from(first.y) + f64::from(step.y) * f64::from(position);
        place.distance(Place { x, y })
    });
    let moved_cm = whole_cm(moved.fold(0.0, f64::max));
    Line { labels, first, step, aisles_after, moved_cm }
}

/// Along the way of the longest piece, each in that direction.
fn put_in_order(pieces: &mut [Piece]) {
    // The first of those that are equally long.
    let by_length =
        |one: &&Piece, other: &&Piece| one.way().length().total_cmp(&other.way().length());
    let longest = pieces.iter().rev().max_by(by_length);
    let mut way = longest.map_or(ORIGIN, Piece::way);
    if way == ORIGIN {
        // All are single seats.
        way = match pieces {
            [first, .., last] => last.middle().minus(first.middle()),
            _ => ORIGIN,
        };
    }
    for piece in pieces.iter_mut().filter(|piece| piece.way().dot(way) < 0.0) {
        piece.seats.reverse();
    }
    pieces.sort_by(|one, other| one.middle().dot(way).total_cmp(&other.middle().dot(way)));
}

/// The line with even steps that is nearest to the places (least squares), in whole centimetres.
fn fit(places: &[Place]) -> (Point, Point) {
    let middle = mean(places.iter().copied());
    let positions = || (0u32..).zip(places).map(|(position, place)| (f64::from(position), place));
    let half = positions().last().map_or(0.0, |(last, _)| last / 2.0);
    let (mut along, mut square) = (ORIGIN, 0.0);
    for (position, place) in positions() {
        let from_middle = position - half;
        let away = place.minus(middle);
        along.x += from_middle * away.x;
        along.y += from_middle * away.y;
        square += from_middle * from_middle;
    }
    let step = |along: f64| if square > 0.0 { (along / square).round() } else { 0.0 };
    let step = Place { x: step(along.x), y: step(along.y) };
    let first = Place { x: middle.x - step.x * half, y: middle.y - step.y * half };
    (whole(first), whole(step))
}

/// Saturates: what is too far away is refused later, whatever the number.
pub(super) fn whole(place: Place) -> Point {
    Point { x: place.x.round() as i32, y: place.y.round() as i32 }
}

/// In whole centimetres, the next ones up.
#[expect(clippy::cast_sign_loss, reason = "a distance is not negative, and `as` saturates")]
fn whole_cm(distance: f64) -> u32 {
    distance.ceil() as u32
}

fn mean(places: impl Iterator<Item = Place>) -> Place {
    let (mut sum, mut count) = (ORIGIN, 0.0);
    for place in places {
        sum = Place { x: sum.x + place.x, y: sum.y + place.y };
        count += 1.0;
    }
    if count > 0.0 { Place { x: sum.x / count, y: sum.y / count } } else { ORIGIN }
}

/// The upper one of two in the middle; 0 of nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
