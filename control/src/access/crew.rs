//! Crews: who has which role for an event, or for an organiser and with it for all of its events.
//!
//! Nobody gives or takes more than they have themselves, looked up in the very transaction; and a
//! crew that has an admin keeps one.

#[cfg(test)]
mod tests;
mod texts;

use onsale_core::id::{EventId, PersonId};
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use thiserror::Error;

use self::texts::Texts;
use super::audit::{self, By, Deed, Outcome, Who};
use super::policy::Action;
use super::role::EventRole;
use super::standing::{self, Scope};
use crate::database::{Database, ReadRow, StoreError, millis, queries};
use crate::id::OrganiserId;

#[cfg(test)]
pub(crate) use self::texts::QUERIES as TEXTS;

/// Who has roles for the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crew {
    /// Those of one event.
    Event(EventId),
    /// Those of an organiser: its members.
    Organiser(OrganiserId),
}

impl Crew {
    /// How many there may be in one.
    pub const MAX: i64 = 200;
    /// For how many organisers one person may work.
    pub const ORGANISERS_MAX: i64 = 100;
    /// For how many events one person may have a role.
    pub const EVENTS_MAX: i64 = 10_000;

    fn id(self) -> String {
        match self {
            Self::Event(event) => event.to_string(),
            Self::Organiser(organiser) => organiser.to_string(),
        }
    }

    /// How many of this kind one person may be in.
    const fn of_person_max(self) -> i64 {
        match self {
            Self::Event(_) => Self::EVENTS_MAX,
            Self::Organiser(_) => Self::ORGANISERS_MAX,
        }
    }

    const fn texts(self) -> &'static Texts {
        match self {
            Self::Event(_) => &texts::EVENT,
            Self::Organiser(_) => &texts::ORGANISER,
        }
    }

    const fn scope(self) -> Scope {
        match self {
            Self::Event(event) => Scope::Event(event),
            Self::Organiser(organiser) => Scope::Organiser(organiser),
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Event(_) => Action::ManageEventRoles,
            Self::Organiser(_) => Action::ManageMembers,
        }
    }

    fn deed(self) -> Deed {
        let deed = Deed::new(self.action());
        match self {
            Self::Event(event) => deed.of_event(event),
            Self::Organiser(organiser) => deed.of_organiser(organiser),
        }
    }
}

/// Somebody in a crew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: EventRole,
    /// Since when.
    pub since: Time,
}

/// Why a crew is not changed.
#[derive(Debug, Error)]
pub enum CrewError {
    /// There would be too many here, or too many of this person's.
    #[error("there is no room for another one: remove some roles first")]
    Full,
    /// Nobody else could give roles any more.
    #[error("this is the last admin: make somebody else an admin first")]
    LastAdmin,
    /// There is no such crew.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// They have no role here.
    #[error("this person has no role here")]
    NotMember,
    /// There is no such account.
    #[error("no account has this id: roles are for people with an account")]
    NoSuchAccount,
    /// Who asks has less than this themselves, or nothing any more.
    #[error("nobody can give or take a role that may do more than their own")]
    BeyondOwn,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CrewError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Everybody in a crew, first those who have been there longest.
pub async fn list(database: &Database, crew: Crew) -> Result<Vec<Member>, StoreError> {
    let rows = database.find_all(sqlx::query(crew.texts().list).bind(crew.id())).await?;
    rows.iter().map(member).collect()
}

/// Gives somebody a role, instead of the one they have.
pub async fn assign(
    database: &Database,
    by: &By,
    crew: Crew,
    person: PersonId,
    role: EventRole,
) -> Result<Member, CrewError> {
    let mut change = Change::begin(database, by, crew, person).await?;
    change.must_cover(role)?;
    if !change.is_member() {
        change.must_have_room().await?;
    }
    if role != EventRole::Admin {
        change.must_leave_an_admin().await?;
    }
    let account = sqlx::query(ACCOUNT).bind(person.to_string());
    if account.fetch_optional(&mut *change.transaction).await?.is_none() {
        return Err(CrewError::NoSuchAccount);
    }
    enter(&mut change.transaction, crew, person, role, by.at).await?;
    change.finish(Some(role)).await?;
    Ok(Member { person, role, since: by.at })
}

/// Takes somebody's role away.
pub async fn remove(
    database: &Database,
    by: &By,
    crew: Crew,
    person: PersonId,
) -> Result<(), CrewError> {
    let mut change = Change::begin(database, by, crew, person).await?;
    if !change.is_member() {
        return Err(CrewError::NotMember);
    }
    change.must_leave_an_admin().await?;
    let remove = sqlx::query(crew.texts().remove).bind(crew.id()).bind(person.to_string());
    remove.execute(&mut *change.transaction).await?;
    change.finish(None).await
}

/// Makes the crew of a new event, in the transaction that makes the event: whoever creates it is
/// its admin.
pub async fn found(
    transaction: &mut Transaction<'_, Any>,
    event: EventId,
    organiser: Option<OrganiserId>,
    creator: Option<PersonId>,
    at: Time,
) -> Result<(), StoreError> {
    let organiser = organiser.map(|organiser| organiser.to_string());
    let found = sqlx::query(FOUND).bind(event.to_string()).bind(organiser);
    let is_new = found.execute(&mut **transaction).await?.rows_affected() > 0;
    if let Some(creator) = creator.filter(|_| is_new) {
        enter(transaction, Crew::Event(event), creator, EventRole::Admin, at).await?;
    }
    Ok(())
}

/// Undoes the crew of an event that is thrown away, in the transaction that does that.
pub(crate) async fn disband(
    transaction: &mut Transaction<'_, Any>,
    event: EventId,
) -> Result<(), StoreError> {
    sqlx::query(DISBAND).bind(event.to_string()).execute(&mut **transaction).await?;
    Ok(())
}

/// Makes whoever creates an organiser its first admin, in the transaction that makes it.
pub(crate) async fn lead(
    transaction: &mut Transaction<'_, Any>,
    organiser: OrganiserId,
    creator: PersonId,
    at: Time,
) -> Result<(), CrewError> {
    let count = sqlx::query(texts::ORGANISER.count_of_person).bind(creator.to_string());
    let count: i64 = count.fetch_one(&mut **transaction).await?.try_get(0)?;
    if count >= Crew::ORGANISERS_MAX {
        return Err(CrewError::Full);
    }
    let (crew, role) = (Crew::Organiser(organiser), EventRole::Admin);
    Ok(enter(transaction, crew, creator, role, at).await?)
}

/// Makes the crew of an event that a partition has and the catalogue has not, unless it is there.
pub async fn found_late(
    database: &Database,
    event: EventId,
    creator: Option<PersonId>,
    at: Time,
) -> Result<(), StoreError> {
    let mut transaction = database.begin().await?;
    found(&mut transaction, event, None, creator, at).await?;
    Ok(transaction.commit().await?)
}

/// Takes all roles of somebody whose account is erased, in the transaction that erases it.
pub async fn forget(
    transaction: &mut Transaction<'_, Any>,
    person: PersonId,
) -> Result<(), StoreError> {
    for texts in [&texts::EVENT, &texts::ORGANISER] {
        sqlx::query(texts.forget).bind(person.to_string()).execute(&mut **transaction).await?;
    }
    Ok(())
}

/// Puts somebody into a crew without asking anybody.
async fn enter(
    transaction: &mut Transaction<'_, Any>,
    crew: Crew,
    person: PersonId,
    role: EventRole,
    at: Time,
) -> Result<(), StoreError> {
    sqlx::query(crew.texts().put)
        .bind(crew.id())
        .bind(person.to_string())
        .bind(role.name())
        .bind(millis(at))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// A change of what somebody is in a crew, which nobody else is changing meanwhile.
struct Change<'a> {
    transaction: Transaction<'static, Any>,
    by: &'a By,
    crew: Crew,
    person: PersonId,
    /// What they are before it.
    before: Option<EventRole>,
    /// The roles that whoever asks has there themselves; `None` if they need none.
    own: Option<Vec<EventRole>>,
}

impl<'a> Change<'a> {
    async fn begin(
        database: &Database,
        by: &'a By,
        crew: Crew,
        person: PersonId,
    ) -> Result<Self, CrewError> {
        let mut transaction = database.begin().await?;
        let lock = sqlx::query(crew.texts().lock).bind(crew.id());
        if lock.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(CrewError::NotFound(crew.texts().thing));
        }
        let before = sqlx::query(crew.texts().role).bind(crew.id()).bind(person.to_string());
        let before = before.fetch_optional(&mut *transaction).await?;
        let before = before.map(|row| row.parsed("role")).transpose()?;
        let own = own_roles(&mut transaction, by.who, crew).await?;
        let change = Self { transaction, by, crew, person, before, own };
        before.map_or(Ok(()), |before| change.must_cover(before))?;
        Ok(change)
    }

    const fn is_member(&self) -> bool {
        self.before.is_some()
    }

    fn must_cover(&self, role: EventRole) -> Result<(), CrewError> {
        let covers = |own: &Vec<EventRole>| own.iter().any(|own| own.covers(role));
        if self.own.as_ref().is_none_or(covers) { Ok(()) } else { Err(CrewError::BeyondOwn) }
    }

    /// Refuses if they are the last who is an admin here.
    async fn must_leave_an_admin(&mut self) -> Result<(), CrewError> {
        if self.before != Some(EventRole::Admin) {
            return Ok(());
        }
        let others = sqlx::query(self.crew.texts().other_admins).bind(self.crew.id());
        let others = others.bind(self.person.to_string()).fetch_one(&mut *self.transaction).await?;
        if others.try_get::<i64, _>(0)? > 0 { Ok(()) } else { Err(CrewError::LastAdmin) }
    }

    async fn must_have_room(&mut self) -> Result<(), CrewError> {
        let texts = self.crew.texts();
        let here = self.count(texts.count, self.crew.id()).await?;
        let elsewhere = self.count(texts.count_of_person, self.person.to_string()).await?;
        let is_full = here >= Crew::MAX || elsewhere >= self.crew.of_person_max();
        if is_full { Err(CrewError::Full) } else { Ok(()) }
    }

    async fn count(&mut self, text: &'static str, id: String) -> Result<i64, CrewError> {
        let count = sqlx::query(text).bind(id).fetch_one(&mut *self.transaction).await?;
        Ok(count.try_get(0)?)
    }

    async fn finish(mut self, after: Option<EventRole>) -> Result<(), CrewError> {
        let name = |role: Option<EventRole>| role.map_or("none", EventRole::name);
        let detail = format!("{} -> {}", name(self.before), name(after));
        let deed = self.crew.deed().to(self.person).saying(detail);
        audit::write(&mut self.transaction, self.by, &deed, Outcome::Done).await?;
        Ok(self.transaction.commit().await?)
    }
}

/// The roles that limit what somebody may give; `None` for whoever may give any.
async fn own_roles(
    transaction: &mut Transaction<'_, Any>,
    who: Who,
    crew: Crew,
) -> Result<Option<Vec<EventRole>>, CrewError> {
    let Who::Person(person) = who else { return Ok(None) };
    let standing = standing::find_in(transaction, person, crew.scope()).await?;
    let standing = standing.filter(|standing| standing.may(crew.action()));
    let standing = standing.ok_or(CrewError::BeyondOwn)?;
    let is_free = standing::Standing::of(standing.role).may(crew.action());
    Ok((!is_free).then(|| standing.roles().collect()))
}

fn member(row: &AnyRow) -> Result<Member, StoreError> {
    Ok(Member {
        person: row.parsed("person")?,
        role: row.parsed("role")?,
        since: row.time("since")?,
    })
}

queries! {
    DISBAND = "DELETE FROM event_owners WHERE event = $1";
    ACCOUNT = "SELECT person FROM accounts WHERE person = $1 AND erased_at IS NULL";
    FOUND = "INSERT INTO event_owners (event, organiser, crew) VALUES ($1, $2, 0)
        ON CONFLICT (event) DO NOTHING";
}
