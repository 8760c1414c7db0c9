//! Who may do what, at the edge. A route names its action (`x-action` in its description) and asks
//! for one of three things in its handler's arguments:
//!
//! - [`Permit`]: the id in the path, with the proof that the caller may do that action to it.
//!   What only roles allow goes through its [`Grant`]; nothing else acts as an operator.
//! - [`Caller`]: whoever calls, where what is theirs, or what the world may see, is looked for
//!   first, and roles only count where nothing is found. It costs nothing where nothing is missing.
//! - [`Account`]: somebody who has signed in, at their own account.
//!
//! What a role may do, and what somebody is to an event, `onsale_control::access` says.
//! Deliberately absent: whose an order is (the partition knows).

mod account;
mod caller;
mod object;
mod operate;
mod origin;
mod permit;

pub(crate) use self::account::Account;
pub(crate) use self::caller::Caller;
pub(crate) use self::object::{Object, Unowned};
pub(crate) use self::origin::Origin;
pub(crate) use self::permit::{Grant, Permit};
