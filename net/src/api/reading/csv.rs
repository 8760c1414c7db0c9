//! Orders as CSV: RFC 4180, a line for each ticket, with nothing that a spreadsheet would run.

use std::fmt::{Display, Write};

use onsale_control::reading::{OrderRecord, TicketRecord};

use crate::dto::At;

/// The columns.
const HEAD: &[&str] = &[
    "order",
    "status",
    "placed_at",
    "completed_at",
    "provider",
    "currency",
    "order_total_minor",
    "order_captured_minor",
    "order_refunded_minor",
    "order_charged_back_minor",
    "ticket",
    "ticket_state",
    "class",
    "section",
    "row",
    "seat",
    "price_minor",
    "person",
    "given_name",
    "family_name",
    "email",
];

/// The line that names the columns.
pub(super) fn head() -> String {
    let mut out = String::new();
    line(&mut out, HEAD.iter().map(|name| Cell::text(name)));
    out
}

/// The lines of some orders.
pub(super) fn lines(orders: &[OrderRecord]) -> String {
    let mut out = String::new();
    for order in orders {
        for ticket in &order.tickets {
            line(&mut out, cells(order, ticket).into_iter());
        }
    }
    out
}

fn cells(order: &OrderRecord, ticket: &TicketRecord) -> [Cell; HEAD.len()] {
    let seat = ticket.seat.as_ref();
    let buyer = order.buyer.as_ref();
    [
        Cell::of(order.id),
        Cell::of(order.status.name()),
        Cell::of(At(order.placed_at)),
        Cell::any(order.completed_at.map(At)),
        Cell::text(&order.provider),
        Cell::of(order.currency),
        Cell::of(order.total.as_minor()),
        Cell::of(order.captured.as_minor()),
        Cell::of(order.refunded.as_minor()),
        Cell::of(order.charged_back.as_minor()),
        Cell::any(ticket.ticket),
        Cell::of(state(ticket)),
        Cell::text(&ticket.class_name),
        Cell::text(seat.map_or("", |seat| &seat.section)),
        Cell::text(seat.map_or("", |seat| &seat.row)),
        Cell::text(seat.map_or("", |seat| &seat.seat)),
        Cell::of(ticket.price.as_minor()),
        Cell::of(order.person),
        Cell::text(buyer.map_or("", |buyer| &buyer.given_name)),
        Cell::text(buyer.map_or("", |buyer| &buyer.family_name)),
        Cell::text(buyer.and_then(|buyer| buyer.email.as_deref()).unwrap_or_default()),
    ]
}

/// Whether it lets somebody in; nothing if it was not issued.
fn state(ticket: &TicketRecord) -> &'static str {
    match (ticket.ticket, ticket.void_at) {
        (None, _) => "",
        (Some(_), None) => "VALID",
        (Some(_), Some(_)) => "VOID",
    }
}

/// What stands between two commas.
struct Cell(String);

impl Cell {
    /// What we have written ourselves: ids, numbers, words of ours.
    fn of(value: impl Display) -> Self {
        Self(value.to_string())
    }

    fn any(value: Option<impl Display>) -> Self {
        value.map_or(Self(String::new()), Self::of)
    }

    /// What somebody else has written. A spreadsheet takes a cell that begins with one of these
    /// for a formula (OWASP, CSV injection); behind an apostrophe it is text.
    fn text(text: &str) -> Self {
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let text = if is_formula { format!("'{text}") } else { text.to_owned() };
        let is_plain = !text.contains(['"', ',', '\r', '\n']);
        Self(if is_plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) })
    }
}

fn line(out: &mut String, cells: impl Iterator<Item = Cell>) {
    for (number, Cell(cell)) in cells.enumerate() {
        let comma = if number == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(out, "{comma}{cell}");
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_or_run_in_a_spreadsheet_is_text() {
        let cases = [
            ("Ada", "Ada"),
            ("", ""),
            ("O\"Neill, Ada", "\"O\"\"Neill, Ada\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("Ärzte", "Ärzte"),
        ];
        for (text, expected) in cases {
            assert_eq!(Cell::text(text).0, expected, "{text}");
        }
    }

    #[test]
    fn a_line_ends_as_the_format_says_and_has_a_cell_for_each_column() {
        let head = head();
        assert!(head.ends_with("email\r\n"), "{head}");
        assert_eq!(head.matches(',').count() + 1, HEAD.len());
    }
}
