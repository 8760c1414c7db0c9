//! How a module declares its queries, so that a test can prepare all there are against both
//! databases: a query that one of them does not understand never gets as far as a user.

/// Declares constants with the text of queries, and `QUERIES`, the list of them.
macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
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
        crate::access::audit::QUERIES,
        crate::access::audit::READ_QUERIES,
        crate::access::crew::QUERIES,
        crate::access::crew::TEXTS,
        crate::access::platform::QUERIES,
        crate::access::standing::QUERIES,
        crate::accounts::address::QUERIES,
        crate::accounts::confirm::QUERIES,
        crate::accounts::erase::QUERIES,
        crate::accounts::export::QUERIES,
        crate::accounts::identity::QUERIES,
        crate::accounts::identity::visit::QUERIES,
        crate::accounts::letters::QUERIES,
        crate::accounts::letters::compose::QUERIES,
        crate::accounts::letters::deliver::QUERIES,
        crate::accounts::letters::one_time::QUERIES,
        crate::accounts::password_change::QUERIES,
        crate::accounts::profile::QUERIES,
        crate::accounts::proof::QUERIES,
        crate::accounts::prune::QUERIES,
        crate::accounts::register::QUERIES,
        crate::accounts::reset::QUERIES,
        crate::accounts::session::QUERIES,
        crate::accounts::session::refresh::QUERIES,
        crate::accounts::sign_in::QUERIES,
        crate::catalogue::category::QUERIES,
        crate::catalogue::event::QUERIES,
        crate::catalogue::event::copy::QUERIES,
        crate::catalogue::event::details::QUERIES,
        crate::catalogue::event::edit::QUERIES,
        crate::catalogue::event::image::QUERIES,
        crate::catalogue::event::lifecycle::QUERIES,
        crate::catalogue::event::publication::QUERIES,
        crate::catalogue::event::search::QUERIES,
        crate::catalogue::event::seating::QUERIES,
        crate::catalogue::event::selling::QUERIES,
        crate::catalogue::event::words::QUERIES,
        crate::catalogue::organiser::QUERIES,
        crate::catalogue::venue::QUERIES,
        crate::database::QUERIES,
        crate::projection::QUERIES,
        crate::webhooks::delivery::QUERIES,
        crate::webhooks::feed::QUERIES,
        crate::webhooks::manage::QUERIES,
    ];

    databases! {
        async fn every_query_is_understood(database: TestDatabase) {
            let mut connection = database.reader().await.unwrap();
            let modules = MODULES.iter().chain(crate::reading::QUERIES).copied().flatten().copied();
            for (name, text) in modules.chain(crate::projection::table_queries()) {
                let prepared = (&mut *connection).prepare(SqlStr::from_static(text)).await;
                prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }

    #[test]
    fn no_query_changes_or_removes_what_the_audit_log_says() {
        let texts = MODULES.iter().copied().flatten().map(|(_, text)| text.to_ascii_lowercase());
        for text in texts.filter(|text| text.contains("audit_log")) {
            assert!(text.starts_with("insert into") || text.starts_with("select"), "{text}");
        }
    }
}
