//! How a module declares its queries, so that a test can prepare all there are against both
//! databases: a query that one of them does not understand never gets as far as a user.

/// Declares constants with the text of queries, and `QUERIES`, the list of them.
macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* const $name: &str = $text;)*

        /// The queries of this module by name.
        #[cfg(test)]
        pub(crate) const QUERIES: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

pub(crate) use queries;

#[cfg(test)]
mod tests {
    use sqlx::{Executor, SqlStr};

    use crate::testing::{TestDatabase, databases};

    /// Every module that asks something.
    const MODULES: &[&[(&str, &str)]] = &[
        crate::accounts::role::QUERIES,
        crate::catalogue::category::QUERIES,
        crate::database::QUERIES,
    ];

    databases! {
        async fn every_query_is_understood(database: TestDatabase) {
            let mut connection = database.reader().await.unwrap();
            for (name, text) in MODULES.iter().copied().flatten() {
                let prepared = (&mut *connection).prepare(SqlStr::from_static(text)).await;
                prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}
