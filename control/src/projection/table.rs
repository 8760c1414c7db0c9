//! The tables of the read models: each is declared once, by its rows, and the texts of all its
//! statements follow while compiling. They are constants like every other query, and prepared by
//! the same test.

use sqlx::any::AnyRow;

use super::column::{Kind, Value};
use crate::database::StoreError;

/// How many rows one statement writes at most, and how many keys it looks for.
pub(crate) const ROWS_MAX: usize = 64;

/// A table, with the texts of its statements.
#[derive(Debug)]
pub(crate) struct Table {
    pub name: &'static str,
    /// What tells a row from all others.
    pub key: &'static [Field],
    pub rest: &'static [Field],
    pub texts: Texts,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Field {
    pub name: &'static str,
    pub kind: Kind,
}

/// What becomes of a row that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// The new one takes its place.
    Replace,
    /// The new one's numbers are added.
    Add,
}

/// The texts of a table's statements.
#[derive(Debug)]
pub(crate) struct Texts {
    /// Writes so many rows.
    pub write: [(usize, &'static str); 3],
    /// Removes [`ROWS_MAX`] rows by their keys.
    pub remove: &'static str,
    /// Finds rows by [`ROWS_MAX`] values of the first column of the key.
    pub find: &'static str,
    /// All rows by their keys.
    pub list: &'static str,
    /// Removes all rows.
    pub clear: &'static str,
    /// Takes over all rows of the table of that name in the schema `rebuilt`.
    pub adopt: &'static str,
}

impl Table {
    /// Its columns, in the order in which rows have them.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.key.iter().chain(self.rest)
    }

    /// What stands in a row that was fetched with all columns.
    pub(super) fn read(&self, row: &AnyRow) -> Result<Vec<Value>, StoreError> {
        let read = |(column, field): (usize, &Field)| field.kind.read(row, column);
        Ok(self.fields().enumerate().map(read).collect::<Result<_, _>>()?)
    }

    /// All texts by a name.
    #[cfg(test)]
    pub(super) fn queries(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let Texts { write, remove, find, list, clear, .. } = &self.texts;
        let written = write.iter().map(|(_, text)| *text);
        written.chain([*remove, *find, *list, *clear]).map(|text| (self.name, text))
    }
}

/// A row of one of the tables.
pub(crate) trait Stored: Clone + PartialEq {
    const TABLE: &'static Table;

    /// Its columns, in order.
    fn values(&self) -> Vec<Value>;

    /// The row with these columns; `None` if nobody of ours has written it.
    fn of(values: Vec<Value>) -> Option<Self>;
}

/// Declares rows with the tables that they are in.
macro_rules! rows {
    ($(
        $(#[$doc:meta])*
        $conflict:ident $vis:vis $row:ident in $table:literal {
            key { $($(#[$key_doc:meta])* $key:ident: $key_type:ty,)* }
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::struct_field_names, reason = "a field is called as its column is")]
        $vis struct $row {
            $($(#[$key_doc])* pub $key: $key_type,)*
            $($(#[$field_doc])* pub $field: $type,)*
        }

        $crate::projection::table::nothing! {
            $conflict $row { $($key: $key_type,)* } $($field)*
        }

        impl $crate::projection::table::Stored for $row {
            const TABLE: &'static $crate::projection::table::Table = {
                use $crate::projection::column::Column;
                use $crate::projection::table::{Conflict, Field, Shape, Table};
                const KEY: &[Field] = &[
                    $(Field { name: stringify!($key), kind: <$key_type>::KIND }),*
                ];
                const REST: &[Field] = &[
                    $(Field { name: stringify!($field), kind: <$type>::KIND }),*
                ];
                const SHAPE: Shape =
                    Shape { name: $table, key: KEY, rest: REST, conflict: Conflict::$conflict };
                const TEXTS: $crate::projection::table::Texts =
                    $crate::projection::table::texts_of!(SHAPE);
                &Table { name: $table, key: KEY, rest: REST, texts: TEXTS }
            };

            fn values(&self) -> Vec<$crate::projection::column::Value> {
                use $crate::projection::column::Column;
                vec![$(self.$key.value(),)* $(self.$field.value(),)*]
            }

            fn of(values: Vec<$crate::projection::column::Value>) -> Option<Self> {
                use $crate::projection::column::Column;
                let mut values = values.into_iter();
                Some(Self {
                    $($key: <$key_type>::of(values.next()?)?,)*
                    $($field: <$type>::of(values.next()?)?,)*
                })
            }
        }
    )*

        /// All tables.
        pub(super) const TABLES: &[&$crate::projection::table::Table] =
            &[$(<$row as $crate::projection::table::Stored>::TABLE),*];
    };
}

/// What is added up begins with nothing.
macro_rules! nothing {
    (Replace $($rest:tt)*) => {};
    (Add $row:ident { $($key:ident: $type:ty,)* } $($field:ident)*) => {
        impl $row {
            /// Nothing, so far.
            pub(crate) const fn nothing($($key: $type),*) -> Self {
                Self { $($key,)* $($field: 0,)* }
            }
        }
    };
}

/// The texts of a table's statements, made while compiling.
macro_rules! texts_of {
    ($shape:ident) => {{
        use $crate::projection::table::{self, ROWS_MAX, Text, Texts};
        Texts {
            write: [
                (ROWS_MAX, table::text!(Text::write(&$shape, ROWS_MAX))),
                (8, table::text!(Text::write(&$shape, 8))),
                (1, table::text!(Text::write(&$shape, 1))),
            ],
            remove: table::text!(Text::remove(&$shape)),
            find: table::text!(Text::find(&$shape)),
            list: table::text!(Text::list(&$shape)),
            clear: table::text!(Text::clear(&$shape)),
            adopt: table::text!(Text::adopt(&$shape)),
        }
    }};
}

/// A text that is made twice: the first time to see how long it is.
macro_rules! text {
    ($make:expr) => {{
        const LENGTH: usize = {
            let counted: $crate::projection::table::Text<0> = $make;
            counted.len()
        };
        const MADE: &$crate::projection::table::Text<LENGTH> = &$make;
        MADE.as_str()
    }};
}

/// The text of a query with room for [`ROWS_MAX`] keys between two parts of it.
macro_rules! keyed {
    ($before:literal, $after:literal) => {
        $crate::projection::table::text!($crate::projection::table::Text::keyed($before, $after))
    };
}

pub(crate) use {keyed, text};
pub(super) use {nothing, rows, texts_of};

/// What the texts of a table follow from.
pub(super) struct Shape {
    pub name: &'static str,
    pub key: &'static [Field],
    pub rest: &'static [Field],
    pub conflict: Conflict,
}

/// A text of up to `N` bytes that is put together while compiling; what does not fit is counted.
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    /// How long it is.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn as_str(&self) -> &str {
        match str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(_) => panic!("put together of whole texts"),
        }
    }

    pub(crate) const fn keyed(before: &str, after: &str) -> Self {
        Self::new().and(before).and("(").parameters(0, ROWS_MAX).and(")").and(after)
    }

    pub(super) const fn write(shape: &Shape, rows: usize) -> Self {
        let columns = shape.key.len() + shape.rest.len();
        let mut text = Self::new().and("INSERT INTO ").and(shape.name).and(" (").columns(shape);
        text = text.and(") VALUES ");
        let mut row = 0;
        while row < rows {
            text = text.and(if row == 0 { "(" } else { ", (" });
            text = text.parameters(row * columns, columns).and(")");
            row += 1;
        }
        text.and(" ON CONFLICT (").names(shape.key).and(") DO ").settle(shape)
    }

    pub(super) const fn remove(shape: &Shape) -> Self {
        let mut text = Self::new().and("DELETE FROM ").and(shape.name).and(" WHERE ");
        let mut row = 0;
        while row < ROWS_MAX {
            text = text.and(if row == 0 { "(" } else { " OR (" });
            let mut column = 0;
            while column < shape.key.len() {
                text = text.and(if column == 0 { "" } else { " AND " });
                text = text.and(shape.key[column].name).and(" = ");
                text = text.parameters(row * shape.key.len() + column, 1);
                column += 1;
            }
            text = text.and(")");
            row += 1;
        }
        text
    }

    pub(super) const fn find(shape: &Shape) -> Self {
        let text = Self::new().and("SELECT ").columns(shape).and(" FROM ").and(shape.name);
        text.and(" WHERE ").and(shape.key[0].name).and(" IN (").parameters(0, ROWS_MAX).and(")")
    }

    pub(super) const fn list(shape: &Shape) -> Self {
        let text = Self::new().and("SELECT ").columns(shape).and(" FROM ").and(shape.name);
        text.and(" ORDER BY ").names(shape.key)
    }

    pub(super) const fn clear(shape: &Shape) -> Self {
        Self::new().and("DELETE FROM ").and(shape.name)
    }

    pub(super) const fn adopt(shape: &Shape) -> Self {
        let text = Self::new().and("INSERT INTO ").and(shape.name).and(" (").columns(shape);
        let text = text.and(") SELECT ").columns(shape).and(" FROM rebuilt.");
        text.and(shape.name)
    }

    const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    const fn and(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut at = 0;
        while at < text.len() {
            if self.len < N {
                self.bytes[self.len] = text[at];
            }
            self.len += 1;
            at += 1;
        }
        self
    }

    /// What is done with a row that is there already.
    const fn settle(mut self, shape: &Shape) -> Self {
        if shape.rest.is_empty() {
            return self.and("NOTHING");
        }
        self = self.and("UPDATE SET ");
        let mut column = 0;
        while column < shape.rest.len() {
            let name = shape.rest[column].name;
            self = self.and(if column == 0 { "" } else { ", " }).and(name).and(" = ");
            if matches!(shape.conflict, Conflict::Add) {
                self = self.and(shape.name).and(".").and(name).and(" + ");
            }
            self = self.and("excluded.").and(name);
            column += 1;
        }
        self
    }

    const fn columns(self, shape: &Shape) -> Self {
        let text = self.names(shape.key);
        if shape.rest.is_empty() { text } else { text.and(", ").names(shape.rest) }
    }

    const fn names(mut self, fields: &[Field]) -> Self {
        let mut column = 0;
        while column < fields.len() {
            self = self.and(if column == 0 { "" } else { ", " }).and(fields[column].name);
            column += 1;
        }
        self
    }

    /// So many parameters behind the first `before`.
    const fn parameters(mut self, before: usize, count: usize) -> Self {
        let mut column = 0;
        while column < count {
            self = self.and(if column == 0 { "$" } else { ", $" }).number(before + column + 1);
            column += 1;
        }
        self
    }

    const fn number(self, number: usize) -> Self {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let text = if number < 10 { self } else { self.number(number / 10) };
        text.and(DIGITS[number % 10])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    rows! {
        /// A row with all that the texts depend on.
        Replace pub(super) Place in "places" {
            key { event: u32, place: u32, }
            name: String,
        }
        /// A row that is added up.
        Add pub(super) Sum in "sums" {
            key { event: u32, }
            held: i64,
            sold: i64,
        }
    }

    #[test]
    fn the_texts_of_a_table_follow_from_its_rows() {
        let Texts { write, list, adopt, clear, .. } = Place::TABLE.texts;
        let one = write.iter().find(|(rows, _)| *rows == 1).unwrap().1;
        assert_eq!(
            one,
            "INSERT INTO places (event, place, name) VALUES ($1, $2, $3) \
             ON CONFLICT (event, place) DO UPDATE SET name = excluded.name"
        );
        assert!(write[1].1.contains("), ($22, $23, $24) ON CONFLICT"), "{}", write[1].1);
        assert_eq!(list, "SELECT event, place, name FROM places ORDER BY event, place");
        assert_eq!(clear, "DELETE FROM places");
        let select = "SELECT event, place, name FROM rebuilt.places";
        assert_eq!(adopt, format!("INSERT INTO places (event, place, name) {select}"));
    }

    #[test]
    fn sums_are_added_to_what_is_there() {
        let write = Sum::TABLE.texts.write[2].1;
        let added = "held = sums.held + excluded.held, sold = sums.sold + excluded.sold";
        assert!(write.ends_with(added), "{write}");
    }

    #[test]
    fn many_are_found_and_removed_at_once() {
        let Texts { remove, find, .. } = Place::TABLE.texts;
        assert!(find.ends_with("WHERE event IN ($1, $2, ") || find.ends_with("$63, $64)"));
        assert!(remove.starts_with("DELETE FROM places WHERE (event = $1 AND place = $2) OR (eve"));
        assert!(remove.ends_with("(event = $127 AND place = $128)"), "{remove}");
    }

    #[test]
    fn a_row_is_read_back_from_its_columns() {
        let place = Place { event: 1, place: 2, name: "A".to_owned() };
        assert_eq!(Place::of(place.values()), Some(place));
        assert_eq!(Place::of(vec![Value::Number(Some(1))]), None);
        assert_eq!(Sum::nothing(7), Sum { event: 7, held: 0, sold: 0 });
        let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(names, ["places", "sums"]);
    }
}
