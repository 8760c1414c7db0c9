//! Everything that is known about a person, for them to take along.

use std::net::IpAddr;

use onsale_control::access::audit::{Entry, Who};
use onsale_control::accounts::export::{Export, PastSession, SentLetter};
use onsale_control::reading::{AsOf, OrderRecord};
use onsale_core::id::PersonId;
use onsale_core::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

use super::account::AccountDto;
use super::address::KeptAddressDto;
use super::id::SessionRef;
use super::identity::IdentityDto;
use super::reading::AsOfDto;
use super::reading::order::OrderRecordDto;
use super::{At, Id};

/// Everything that is known about a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonalData {
    /// When this was put together.
    pub exported_at: At,
    /// The account.
    pub account: AccountDto,
    /// The addresses.
    pub addresses: Vec<KeptAddressDto>,
    /// What the account can be opened by elsewhere.
    pub identities: Vec<IdentityDto>,
    /// The devices that it is signed in on, or was lately.
    pub sessions: Vec<PastSessionDto>,
    /// The letters that were sent lately.
    pub letters: Vec<SentLetterDto>,
    /// What they have bought, newest first.
    pub orders: Vec<OrderRecordDto>,
    /// As of when that is.
    pub orders_as_of: AsOfDto,
    /// What the audit log has of what they did, and of what was done to them, newest first.
    pub deeds: Vec<DeedDto>,
}

/// A device that an account is, or was, signed in on.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PastSession)]
pub struct PastSessionDto {
    /// Which.
    pub id: SessionRef,
    /// What it called itself.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64)")]
    pub device: String,
    /// When somebody signed in on it.
    pub created_at: At,
    /// When it was renewed last.
    pub used_at: At,
    /// When it was signed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<At>,
}

/// A letter that was, or is to be, sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SentLetter)]
pub struct SentLetterDto {
    /// What it is about.
    #[schema(example = "password_changed")]
    pub kind: String,
    /// Since when it is to be sent.
    pub created_at: At,
    /// What became of it: `delivered`, `dropped` or `failed`, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "delivered")]
    pub outcome: Option<String>,
}

/// What somebody did, or what was done to them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Deed)]
pub struct DeedDto {
    /// When.
    pub at: At,
    /// What: the name of an action.
    #[schema(example = "account.password")]
    pub action: String,
    /// How far it came: `begun`, `done`, `refused` or `unknown`.
    #[schema(example = "done")]
    pub outcome: String,
    /// From where, if it was the person who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "192.0.2.7")]
    pub address: Option<IpAddr>,
}

impl PersonalData {
    /// What accounts and the read models know.
    pub fn new(export: Export, (as_of, orders): (AsOf, Vec<OrderRecord>), now: Time) -> Self {
        let person = export.profile.person;
        Self {
            exported_at: At(now),
            account: export.profile.into(),
            addresses: export.addresses.into_iter().map(Into::into).collect(),
            identities: export.identities.into_iter().map(Into::into).collect(),
            sessions: export.sessions.into_iter().map(Into::into).collect(),
            letters: export.letters.into_iter().map(Into::into).collect(),
            orders: orders.into_iter().map(Into::into).collect(),
            orders_as_of: as_of.into(),
            deeds: export.deeds.into_iter().map(|entry| DeedDto::new(entry, person)).collect(),
        }
    }
}

impl DeedDto {
    /// As the person sees it: where others were is none of their business.
    fn new(entry: Entry, person: PersonId) -> Self {
        let Entry { at, who, action, outcome, address, .. } = entry;
        let address = address.filter(|_| who == Who::Person(person));
        Self { at: At(at), action, outcome, address }
    }
}

impl From<PastSession> for PastSessionDto {
    fn from(past: PastSession) -> Self {
        Self {
            id: Id(past.session.id),
            device: past.session.device,
            created_at: At(past.session.created_at),
            used_at: At(past.session.used_at),
            ended_at: past.ended_at.map(At),
        }
    }
}

impl From<SentLetter> for SentLetterDto {
    fn from(letter: SentLetter) -> Self {
        let SentLetter { kind, created_at, outcome } = letter;
        Self { kind, created_at: At(created_at), outcome }
    }
}
