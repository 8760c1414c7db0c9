//! The queries about crews: the same for those of events and those of organisers, on other tables.

use crate::database::queries;

/// The queries about one kind of crew. `$1` is what it is the crew of, `$2` a person.
pub(super) struct Texts {
    /// What it is the crew of.
    pub thing: &'static str,
    /// Takes the crew, so that nobody else changes it meanwhile; no row if there is none.
    pub lock: &'static str,
    pub list: &'static str,
    pub count: &'static str,
    /// In how many a person is; `$1` is the person.
    pub count_of_person: &'static str,
    pub role: &'static str,
    pub put: &'static str,
    pub remove: &'static str,
    /// Takes all of a person's roles; `$1` is the person.
    pub forget: &'static str,
    /// How many would still be admins without this role of this person.
    pub other_admins: &'static str,
}

pub(super) const EVENT: Texts = Texts {
    thing: "event",
    lock: LOCK_EVENT,
    list: LIST_EVENT,
    count: COUNT_EVENT,
    count_of_person: COUNT_OF_PERSON_EVENT,
    role: ROLE_EVENT,
    put: PUT_EVENT,
    remove: REMOVE_EVENT,
    forget: FORGET_EVENT,
    other_admins: OTHER_ADMINS_EVENT,
};

pub(super) const ORGANISER: Texts = Texts {
    thing: "organiser",
    lock: LOCK_ORGANISER,
    list: LIST_ORGANISER,
    count: COUNT_ORGANISER,
    count_of_person: COUNT_OF_PERSON_ORGANISER,
    role: ROLE_ORGANISER,
    put: PUT_ORGANISER,
    remove: REMOVE_ORGANISER,
    forget: FORGET_ORGANISER,
    other_admins: OTHER_ADMINS_ORGANISER,
};

queries! {
    LOCK_EVENT = "UPDATE event_owners SET crew = crew + 1 WHERE event = $1";
    LIST_EVENT = "SELECT person, role, since FROM event_roles WHERE event = $1
        ORDER BY since, person";
    COUNT_EVENT = "SELECT COUNT(*) FROM event_roles WHERE event = $1";
    COUNT_OF_PERSON_EVENT = "SELECT COUNT(*) FROM event_roles WHERE person = $1";
    ROLE_EVENT = "SELECT role FROM event_roles WHERE event = $1 AND person = $2";
    PUT_EVENT = "INSERT INTO event_roles (event, person, role, since)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (event, person) DO UPDATE SET role = excluded.role, since = excluded.since";
    REMOVE_EVENT = "DELETE FROM event_roles WHERE event = $1 AND person = $2";
    FORGET_EVENT = "DELETE FROM event_roles WHERE person = $1";
    OTHER_ADMINS_EVENT = "SELECT COUNT(*) FROM (
            SELECT r.person FROM event_roles r
            JOIN accounts a ON a.person = r.person AND a.erased_at IS NULL
            WHERE r.event = $1 AND r.person <> $2 AND r.role = 'admin'
            UNION
            SELECT m.person FROM event_owners o
            JOIN organiser_members m ON m.organiser = o.organiser AND m.role = 'admin'
            JOIN accounts a ON a.person = m.person AND a.erased_at IS NULL
            WHERE o.event = $1
        ) others";

    LOCK_ORGANISER = "UPDATE organisers SET crew = crew + 1 WHERE organiser = $1";
    LIST_ORGANISER = "SELECT person, role, since FROM organiser_members WHERE organiser = $1
        ORDER BY since, person";
    COUNT_ORGANISER = "SELECT COUNT(*) FROM organiser_members WHERE organiser = $1";
    COUNT_OF_PERSON_ORGANISER = "SELECT COUNT(*) FROM organiser_members WHERE person = $1";
    ROLE_ORGANISER = "SELECT role FROM organiser_members WHERE organiser = $1 AND person = $2";
    PUT_ORGANISER = "INSERT INTO organiser_members (organiser, person, role, since)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (organiser, person) DO UPDATE SET role = excluded.role, since = excluded.since";
    REMOVE_ORGANISER = "DELETE FROM organiser_members WHERE organiser = $1 AND person = $2";
    FORGET_ORGANISER = "DELETE FROM organiser_members WHERE person = $1";
    OTHER_ADMINS_ORGANISER = "SELECT COUNT(*) FROM organiser_members m
        JOIN accounts a ON a.person = m.person AND a.erased_at IS NULL
        WHERE m.organiser = $1 AND m.person <> $2 AND m.role = 'admin'";
}
