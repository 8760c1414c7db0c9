//! A house for an event that is defined here: what it looks like is of no matter, how many seats it
//! has is.

use serde_json::{Value, json};

/// Sections side by side before the next line of them begins.
const SECTIONS_ABREAST: u32 = 10;

/// The seating plan of a house with exactly so many seats: rows behind rows, in sections side by
/// side.
pub fn house(seats: u32, row_seats: u32, section_rows: u32) -> Value {
    let rows = seats.div_ceil(row_seats);
    let sections = (0..rows.div_ceil(section_rows)).map(|section| {
        let (column, line) = (section % SECTIONS_ABREAST, section / SECTIONS_ABREAST);
        let first_row = section * section_rows;
        let rows = (first_row..rows.min(first_row + section_rows)).map(|row| {
            json!({
                "label": (row - first_row + 1).to_string(),
                "seats": row_seats.min(seats - row * row_seats),
                "first": { "x_cm": column * 5_500, "y_cm": 500 + line * 6_000
                    + (row - first_row) * 100 },
                "step": { "x_cm": 50, "y_cm": 0 },
            })
        });
        let rows: Vec<Value> = rows.collect();
        json!({ "name": format!("Block {}", section + 1), "class": 0, "rows": rows })
    });
    let sections: Vec<Value> = sections.collect();
    json!({ "focal_point": { "x_cm": 27_000, "y_cm": 0 }, "sections": sections })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_has_exactly_as_many_seats_as_were_asked_for() {
        for (row_seats, section_rows) in [(40, 25), (100, 50)] {
            for seats in [1, 2, 40, 41, 99, 100, 2_500, 5_001, 200_000] {
                let house = house(seats, row_seats, section_rows);
                let sections = house["sections"].as_array().unwrap();
                let rows = sections.iter().flat_map(|section| section["rows"].as_array().unwrap());
                let sum: u64 = rows.map(|row| row["seats"].as_u64().unwrap()).sum();
                assert_eq!(sum, u64::from(seats));
            }
        }
    }
}
