//! Lists in pages, by the key of the last item (keyset): what is added or removed meanwhile neither
//! repeats nor hides anything else, and the last page costs what the first one does.
//!
//! A query sorts by `(sort, id)`, takes what is behind a [`Cursor`], and fetches one more than
//! [`Limit`] says: that there is another page, not how many.

/// How many items a page has at most: 1 to [`Limit::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The largest page.
    pub const MAX: u16 = 100;
    /// What is taken where nobody says.
    pub const DEFAULT: Self = Self(50);
    /// The most there is.
    pub const LARGEST: Self = Self(Self::MAX);

    /// A page of so many, if there may be so many.
    pub const fn new(items: u16) -> Option<Self> {
        if 0 < items && items <= Self::MAX { Some(Self(items)) } else { None }
    }

    /// How many rows to fetch: one more, to see whether there is another page.
    pub(crate) const fn rows(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// Where a page ended: what its last item is sorted by, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<S, I> {
    /// What it is sorted by.
    pub sort: S,
    /// Tells those apart that are sorted alike.
    pub id: I,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    /// Its items, in order.
    pub items: Vec<T>,
    /// Where the next one begins, if there is another one.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// The page out of the rows that were fetched for it.
    pub(crate) fn of(mut items: Vec<T>, limit: Limit, cursor: impl Fn(&T) -> C) -> Self {
        let is_last = items.len() <= usize::from(limit.0);
        items.truncate(usize::from(limit.0));
        let next = items.last().filter(|_| !is_last).map(cursor);
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins_only_if_there_is_one() {
        let limit = Limit::new(2).unwrap();
        let page = |items: &[u32]| Page::of(items.to_vec(), limit, |last| *last);
        assert_eq!(page(&[1, 2, 3]), Page { items: vec![1, 2], next: Some(2) });
        assert_eq!(page(&[1, 2]), Page { items: vec![1, 2], next: None });
        assert_eq!(page(&[]), Page { items: vec![], next: None });
        assert_eq!(limit.rows(), 3);
        assert_eq!((Limit::new(0), Limit::new(101)), (None, None));
    }
}
