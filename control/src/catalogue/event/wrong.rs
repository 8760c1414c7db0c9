//! What is wrong with an event, or missing in it, by place.

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where, in the words of the API: `sale.opens_local`, `classes[2].price_minor`.
    pub at: String,
    /// What is wrong there and what would be right.
    pub problem: String,
}

impl Wrong {
    /// This problem at that place.
    pub fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }

    /// All of them, or that there are none.
    pub(super) fn all(wrong: impl IntoIterator<Item = Self>) -> Result<(), Vec<Self>> {
        let wrong: Vec<_> = wrong.into_iter().collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}
