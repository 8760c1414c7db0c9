//! Roles on the wire.

use onsale_control::access::EventRole;
use onsale_control::access::crew::Member;
use onsale_control::access::platform::Roles;
use onsale_control::access::role::NoSuchEventRole;
use onsale_control::accounts::role::{NoSuchRole, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::id::{EventRef, OrganiserRef, PersonRef};
use super::{At, Id};

/// What somebody is for an event, or for all events and venues of an organiser.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[schema(as = EventRole, example = "editor")]
pub enum EventRoleDto {
    /// Everything, also who else has a role, and calling it off.
    Admin,
    /// Everything that shapes the sale.
    Editor,
    /// Looking.
    Viewer,
    /// Scanning tickets at the door.
    Scanner,
}

impl From<EventRoleDto> for EventRole {
    fn from(role: EventRoleDto) -> Self {
        match role {
            EventRoleDto::Admin => Self::Admin,
            EventRoleDto::Editor => Self::Editor,
            EventRoleDto::Viewer => Self::Viewer,
            EventRoleDto::Scanner => Self::Scanner,
        }
    }
}

/// Text first: what is no text is said to be none, and a text that names no role to name none.
impl TryFrom<String> for EventRoleDto {
    type Error = NoSuchEventRole;

    fn try_from(text: String) -> Result<Self, NoSuchEventRole> {
        text.parse().map(EventRole::into)
    }
}

impl From<EventRole> for EventRoleDto {
    fn from(role: EventRole) -> Self {
        match role {
            EventRole::Admin => Self::Admin,
            EventRole::Editor => Self::Editor,
            EventRole::Viewer => Self::Viewer,
            EventRole::Scanner => Self::Scanner,
        }
    }
}

/// What an account is on the platform.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[schema(as = PlatformRole, example = "organiser")]
pub enum RoleDto {
    /// Runs the platform.
    Admin,
    /// Makes events.
    Organiser,
    /// Helps those who run it.
    Staff,
    /// Buys.
    Buyer,
}

impl From<RoleDto> for Role {
    fn from(role: RoleDto) -> Self {
        match role {
            RoleDto::Admin => Self::Admin,
            RoleDto::Organiser => Self::Organiser,
            RoleDto::Staff => Self::Staff,
            RoleDto::Buyer => Self::Buyer,
        }
    }
}

/// As above.
impl TryFrom<String> for RoleDto {
    type Error = NoSuchRole;

    fn try_from(text: String) -> Result<Self, NoSuchRole> {
        text.parse().map(Role::into)
    }
}

impl From<Role> for RoleDto {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Organiser => Self::Organiser,
            Role::Staff => Self::Staff,
            Role::Buyer => Self::Buyer,
        }
    }
}

/// The role that somebody is to have.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveEventRole {
    /// Which.
    pub role: EventRoleDto,
}

/// The role that an account is to have.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivePlatformRole {
    /// Which.
    pub role: RoleDto,
}

/// Somebody with a role.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberDto {
    /// Who.
    pub person: PersonRef,
    /// As what.
    pub role: EventRoleDto,
    /// Since when.
    pub since_at: At,
}

impl From<Member> for MemberDto {
    fn from(member: Member) -> Self {
        let Member { person, role, since } = member;
        Self { person: Id(person), role: role.into(), since_at: At(since) }
    }
}

/// Everybody with a role for the same thing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberList {
    /// First those who have had it longest; at most 200.
    pub members: Vec<MemberDto>,
}

/// All roles of an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountRoles {
    /// On the platform.
    pub platform: RoleDto,
    /// For organisers, and so for all of their events and venues; at most 100.
    pub organisers: Vec<OrganiserRole>,
    /// For single events: a page of them, by id.
    pub events: Vec<EventRoleOf>,
    /// What to send as `after` for the next page of events; null on the last one.
    pub next: Option<EventRef>,
}

/// A role for an organiser.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct OrganiserRole {
    /// Which organiser.
    pub organiser: OrganiserRef,
    /// As what.
    pub role: EventRoleDto,
}

/// A role for an event.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct EventRoleOf {
    /// Which event.
    pub event: EventRef,
    /// As what.
    pub role: EventRoleDto,
}

impl From<Roles> for AccountRoles {
    fn from(roles: Roles) -> Self {
        let organiser = |(organiser, role)| OrganiserRole {
            organiser: Id(organiser),
            role: EventRole::into(role),
        };
        let event = |(event, role)| EventRoleOf { event: Id(event), role: EventRole::into(role) };
        Self {
            platform: roles.platform.into(),
            organisers: roles.organisers.into_iter().map(organiser).collect(),
            events: roles.events.items.into_iter().map(event).collect(),
            next: roles.events.next.map(Id),
        }
    }
}

/// Which page of the roles for single events.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RolePage {
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<EventRef>,
}
