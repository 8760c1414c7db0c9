//! The platform role of an account: one, the same everywhere. What each may do is the policy's.

use std::fmt;
use std::str::FromStr;

use onsale_core::id::PersonId;
use thiserror::Error;

use crate::database::{Database, ReadRow, StoreError, queries};

/// What an account is on this platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Buys.
    Buyer,
    /// Makes events.
    Organiser,
    /// Runs the platform.
    Admin,
    /// Helps those who run it.
    Staff,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Organiser, Self::Staff, Self::Buyer];

    /// As it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Buyer => "buyer",
            Self::Organiser => "organiser",
            Self::Staff => "staff",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be admin, organiser, staff or buyer")]
pub struct NoSuchRole;

impl FromStr for Role {
    type Err = NoSuchRole;

    fn from_str(text: &str) -> Result<Self, NoSuchRole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(NoSuchRole)
    }
}

/// The role of a person; `None` if they have no account (any more).
pub async fn of(database: &Database, person: PersonId) -> Result<Option<Role>, StoreError> {
    let row = database.find(sqlx::query(OF).bind(person.to_string())).await?;
    row.map(|row| row.parsed("role")).transpose()
}

queries! {
    OF = "SELECT role FROM accounts WHERE person = $1 AND erased_at IS NULL";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestDatabase, databases};

    databases! {
        async fn who_has_no_account_has_no_role(database: TestDatabase) {
            let person = PersonId::from_u128(7);
            assert_eq!(of(&database, person).await.unwrap(), None);
        }
    }

    #[test]
    fn a_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(NoSuchRole));
    }
}
