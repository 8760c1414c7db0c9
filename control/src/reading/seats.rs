//! Who has the seats of an event, for whoever sells.

use onsale_core::id::{EventId, HoldId, OrderId, PersonId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::spec::ClassId;
use onsale_core::time::Time;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::records::{PrintedSeat, printed_seat};
use super::{AsOf, Asked};
use crate::database::{Database, ReadRow, StoreError, queries};
use crate::projection::column::{Column, Value, Word};
use crate::projection::rows::SeatState;

/// A seat that is not free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRecord {
    /// Which, with what is printed on it.
    pub seat: PrintedSeat,
    /// Of which class.
    pub class: ClassId,
    /// What is with it.
    pub state: SeatState,
    /// Who has it; `None` if it is blocked.
    pub holder: Option<SeatHolder>,
}

/// Who has a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatHolder {
    /// A cart.
    Hold {
        /// Which.
        hold: HoldId,
        /// Whose.
        person: PersonId,
        /// Until when.
        until: Time,
    },
    /// An order.
    Order {
        /// Which.
        order: OrderId,
        /// Whose.
        person: PersonId,
    },
}

/// Which seats are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatFilter {
    /// Those in this state.
    pub state: Option<SeatState>,
    /// Those of this class.
    pub class: Option<ClassId>,
}

/// The seats of an event that are not free, by their index: at most so many, behind the one with
/// the index `after`. Whether there are more is told by their number.
pub async fn seats(
    database: &Database,
    asked: &Asked,
    event: EventId,
    filter: SeatFilter,
    (after, count): (Option<SeatIndex>, u16),
) -> Result<(AsOf, Vec<SeatRecord>), StoreError> {
    let mut snapshot = database.snapshot().await?;
    let as_of = asked.as_of(&mut snapshot, Some(event)).await?;
    let query = sqlx::query(PAGE)
        .bind(event.to_string())
        .bind(filter.state.map_or("", |state| state.word()))
        .bind(filter.class.map_or(-1, |class| i64::from(class.0)))
        .bind(after.map_or(-1, |after| i64::from(after.0)))
        .bind(i64::from(count));
    let rows = query.fetch_all(&mut *snapshot).await?;
    let seats: Vec<_> = rows.iter().map(record).collect::<Result<_, _>>()?;
    Ok((as_of, seats.into_iter().flatten().collect()))
}

fn record(row: &AnyRow) -> Result<Option<SeatRecord>, StoreError> {
    let Some(seat) = printed_seat(row)? else { return Ok(None) };
    let state: String = row.try_get("state")?;
    let class: i64 = row.try_get("class")?;
    let hold = row.parsed_if_any("hold")?.zip(row.parsed_if_any("hold_person")?);
    let hold = hold.zip(row.time_if_any("ends_at")?);
    let order = row.parsed_if_any("order_id")?.zip(row.parsed_if_any("order_person")?);
    let holder = hold
        .map(|((hold, person), until)| SeatHolder::Hold { hold, person, until })
        .or(order.map(|(order, person)| SeatHolder::Order { order, person }));
    let class = ClassId::of(Value::Number(Some(class)));
    let state = SeatState::of(Value::Text(Some(state)));
    Ok(class.zip(state).map(|(class, state)| SeatRecord { seat, class, state, holder }))
}

queries! {
    PAGE = "SELECT s.seat, s.class, s.state, h.hold, h.person AS hold_person, h.ends_at,
            o.order_id, o.person AS order_person, r.first_seat, r.section, r.label, r.numbering
        FROM sale_seats s
        JOIN sale_plan_rows r ON r.event = s.event AND r.first_seat =
            (SELECT MAX(p.first_seat) FROM sale_plan_rows p
            WHERE p.event = s.event AND p.first_seat <= s.seat)
        LEFT JOIN sale_holds h ON h.hold = s.holder
        LEFT JOIN orders o ON o.order_id = s.holder
        WHERE s.event = $1
            AND ($2 = '' OR s.state = $2)
            AND ($3 < 0 OR s.class = $3)
            AND s.seat > $4
        ORDER BY s.seat
        LIMIT $5";
}
