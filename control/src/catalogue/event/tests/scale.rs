//! Lists stay fast when there are many events: each begins with an index that has its order, or
//! with the few that it is about. With `ONSALE_EVENTS=100000` this prints how each is found and how
//! long it takes; docs/events.md says what came of it.

use std::time::Instant;

use onsale_core::time::Time;
use sqlx::{AssertSqlSafe, Row};

use super::fixture::{event_id, house, named_house, publish};
use crate::access::audit::Who;
use crate::accounts::role::Role;
use crate::catalogue::event::details;
use crate::catalogue::event::search::{
    Filter, QUERIES, Whose, Words, WorkFilter, at_work, bind_at_work, bind_in_public, in_public,
};
use crate::catalogue::event::status::Approval;
use crate::database::{Database, Kind, Statement};
use crate::page::Limit;
use crate::testing::{TestDatabase, by, databases};

/// Events from `$1` to `$2` of organiser `$3` at venue `$4`, each with one word that all have and
/// thirty that some have: made in the database, because one by one would take hours.
const FILL: [&str; 4] = [
    "INSERT INTO event_owners (event, organiser, crew)
        WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
        SELECT 'evt_' || i, $3, 0 FROM n WHERE $4 <> ''",
    "INSERT INTO events (event, organiser, venue, status, version, title, time_zone, starts_local,
            starts_at, is_public, is_free, is_trending, requires_approval, created_at, updated_at,
            published_at)
        WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
        SELECT 'evt_' || i, $3, $4, 'PUBLISHED', 1, 'Show', 'UTC', '2027-01-01T20:00:00',
            i * 1000, 1, 0, 0, 0, i, i, i
        FROM n",
    // `show`, in hex.
    "INSERT INTO event_words (event, word)
        WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
        SELECT 'evt_' || i, '73686f77' FROM n WHERE $3 <> $4",
    // `lorem` and two letters of a to s: each pair of them a nineteenth of the events has.
    "INSERT INTO event_words (event, word)
        WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2),
            m(j) AS (SELECT 61 UNION ALL SELECT j + 1 FROM m WHERE j < 79)
        SELECT 'evt_' || i, '6c6f72656d' || j || (61 + i % 19) FROM n, m
        WHERE $3 <> $4",
];

async fn fill(database: &Database, count: i64) {
    let house = house(database).await;
    // Ids have seven digits.
    for first in (1_000_000..1_000_000 + count).step_by(1_000) {
        for text in FILL {
            let fill = sqlx::query(text).bind(first).bind(first + 999);
            let fill = fill.bind(house.organiser.to_string()).bind(house.venue.to_string());
            database.change(fill).await.unwrap();
        }
    }
}

/// How the database goes about a query.
async fn explain<'a>(
    database: &Database,
    name: &str,
    bind: impl FnOnce(Statement<'a>) -> Statement<'a>,
) -> String {
    let text = QUERIES.iter().find(|(known, _)| *known == name).unwrap().1;
    let mut connection = database.reader().await.unwrap();
    let (explain, column) = match database.kind() {
        Kind::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Kind::Postgres => {
            // As if there were more than there are.
            sqlx::query("SET enable_seqscan = off").execute(&mut *connection).await.unwrap();
            ("EXPLAIN", 0)
        }
    };
    let query = bind(sqlx::query(AssertSqlSafe(format!("{explain} {text}"))));
    let rows = query.fetch_all(&mut *connection).await.unwrap();
    let plan: String = rows.iter().map(|row| row.get::<String, _>(column) + "\n").collect();
    println!("{name}:\n{plan}");
    plan
}

fn with_words(text: &str) -> Filter {
    Filter { words: Words::parse(text).unwrap(), ..Filter::default() }
}

async fn time_what_the_world_sees(database: &Database, count: i64) {
    let last = Time::from_ms(1_000 * (1_000_000 + count.cast_unsigned() - 10));
    let filters = [
        ("the first page", Filter::default()),
        ("in a country that has none", Filter { country: "AT".parse().ok(), ..Filter::default() }),
        ("the last ones", Filter { from: Some(last), ..Filter::default() }),
        ("a word that all have", with_words("show")),
        ("a word that some have", with_words("loremab")),
        ("two words", with_words("loremab show")),
        ("a word that one has", with_words("lanterns")),
        ("a word that none has", with_words("nowhere")),
    ];
    for (what, filter) in filters {
        let begun = Instant::now();
        let page = in_public(database, &filter, None, Limit::DEFAULT).await.unwrap();
        println!("{what}: {} in {:?}", page.items.len(), begun.elapsed());
    }
}

databases! {
    async fn every_list_begins_with_an_index(database: TestDatabase) {
        let count = std::env::var("ONSALE_EVENTS").map_or(1_000, |count| count.parse().unwrap());
        fill(&database, count).await;
        let ada = database.account(Role::Organiser).await;
        let house = named_house(&database, "Other", "Other", "Bonn", "DE").await;
        let event = house.configured(&database, 1).await;
        publish(&database, &event, Approval::NotNeeded).await.unwrap();
        let details = house.details("Mine");
        let by_ada = by(Who::Person(ada));
        details::create(&database, &by_ada, event_id(2), house.organiser, &details).await.unwrap();
        if database.kind() == Kind::Postgres {
            // It would look by itself, some time.
            database.change(sqlx::query("ANALYZE")).await.unwrap();
        }
        time_what_the_world_sees(&database, count).await;
        let at_work_of = |whose| {
            WorkFilter { whose, words: Words::default(), status: None, organiser: None }
        };
        for whose in [Whose::Everybodys, Whose::Of(ada)] {
            let begun = Instant::now();
            let page = at_work(&database, &at_work_of(whose), None, Limit::DEFAULT).await.unwrap();
            println!("at work, {whose:?}: {} in {:?}", page.items.len(), begun.elapsed());
        }
        let plan = explain(&database, "IN_PUBLIC", |query| {
            bind_in_public(query, &Filter::default(), None, Limit::DEFAULT)
        });
        assert!(plan.await.contains("events_in_public"));
        let plan = explain(&database, "IN_PUBLIC_WITH_WORDS", |query| {
            bind_in_public(query, &with_words("lanterns"), None, Limit::DEFAULT)
        });
        let plan = plan.await;
        assert!(plan.contains("event_words_pkey") || plan.contains("(word>? AND word<?)"));
        let plan = explain(&database, "ALL_AT_WORK", |query| {
            bind_at_work(query, &at_work_of(Whose::Everybodys), None, Limit::DEFAULT)
        });
        assert!(plan.await.contains("events_by_creation"));
        let plan = explain(&database, "AT_WORK_OF", |query| {
            bind_at_work(query, &at_work_of(Whose::Of(ada)), None, Limit::DEFAULT)
        });
        assert!(plan.await.contains("event_roles_by_person"));
    }
}
