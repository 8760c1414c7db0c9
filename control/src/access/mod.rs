//! Who may do what. The policy is one table ([`policy`]); what anybody is to an event or an
//! organiser is looked up anew for each request ([`standing`]), so a role that is given or taken
//! counts from the next one on.
//!
//! Deliberately absent: who somebody is (accounts and tokens say), and what belongs to a buyer (the
//! partitions know whose order it is).

pub mod audit;
pub mod crew;
pub mod platform;
pub mod policy;
pub mod role;
pub mod standing;

pub use self::policy::{Action, Rank, Reach};
pub use self::role::EventRole;
pub use self::standing::Standing;
