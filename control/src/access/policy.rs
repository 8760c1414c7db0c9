//! The policy: one table of what each role may do, and to what. Whatever is not in it is denied.
//! `docs/access.md` shows it; a test keeps the two together.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::role::EventRole;
use crate::accounts::role::Role;

/// What a caller is before anything is known of the object: the columns on the left of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rank {
    /// Whoever has the operator token: the root of all rights.
    Operator,
    /// Somebody with an account.
    Account(Role),
    /// Somebody with a guest's session.
    Guest,
    /// Somebody who has shown no token.
    Nobody,
}

impl Rank {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 7] = [
        Self::Operator,
        Self::Account(Role::Admin),
        Self::Account(Role::Staff),
        Self::Account(Role::Organiser),
        Self::Account(Role::Buyer),
        Self::Guest,
        Self::Nobody,
    ];

    /// The head of its column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Account(role) => role.name(),
            Self::Guest => "guest",
            Self::Nobody => "nobody",
        }
    }

    const fn column(self) -> usize {
        match self {
            Self::Operator => 0,
            Self::Account(Role::Admin) => 1,
            Self::Account(Role::Staff) => 2,
            Self::Account(Role::Organiser) => 3,
            Self::Account(Role::Buyer) => 4,
            Self::Guest => 5,
            Self::Nobody => 6,
        }
    }
}

/// On what somebody may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On nothing.
    Nothing,
    /// On what the world may see: events that are open or cancelled.
    World,
    /// On what is theirs: their orders, their account.
    Own,
    /// On everything.
    Any,
}

impl Reach {
    /// As the table shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::World => "public",
            Self::Own => "own",
            Self::Any => "any",
        }
    }
}

/// There is no action of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no such action")]
pub struct NoSuchAction;

/// A line of the table.
struct Line {
    name: &'static str,
    what: &'static str,
    reach: [Reach; Rank::ALL.len()],
    within: [bool; EventRole::ALL.len()],
}

/// Declares the actions and what is allowed, in one.
macro_rules! policy {
    ($($action:ident $name:literal $what:literal
        [$($reach:tt)*] [$($within:tt)*];)*
    ) => {
        /// What can be done. Every route names one of these.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $what] $action,)* }

        impl Action {
            /// All of them, by name.
            pub const ALL: &[Self] = &[$(Self::$action),*];
        }

        const TABLE: &[Line] = &[$(Line {
            name: $name,
            what: $what,
            reach: [$(reach!($reach)),*],
            within: [$(within!($within)),*],
        }),*];
    };
}

macro_rules! reach {
    (any) => {
        Reach::Any
    };
    (own) => {
        Reach::Own
    };
    (all) => {
        Reach::World
    };
    (.) => {
        Reach::Nothing
    };
}

macro_rules! within {
    (yes) => {
        true
    };
    (.) => {
        false
    };
}

// On the left what somebody may do whoever they are to the object: to `any`, to their `own`, to
// what `all` the world may see. On the right what a role adds that they have for the very event, or
// for the organiser whose it is.
policy! {
//   operator admin staff organiser buyer guest nobody   admin editor viewer scanner
    ChangeAccount "account.change" "Change one's name, telephone number and addresses"
        [.   own own own own .   .  ] [.   .   .   .  ];
    DeleteAccount "account.delete" "Delete one's account"
        [.   own own own own .   .  ] [.   .   .   .  ];
    ChangeEmail "account.email" "Have letters of one's account go elsewhere"
        [.   own own own own .   .  ] [.   .   .   .  ];
    ExportAccount "account.export" "Take along all that is known about oneself"
        [.   own own own own .   .  ] [.   .   .   .  ];
    LinkAccount "account.link" "Choose other ways to sign in to one's account"
        [.   own own own own .   .  ] [.   .   .   .  ];
    ChangePassword "account.password" "Change one's password"
        [.   own own own own .   .  ] [.   .   .   .  ];
    Register "account.register" "Ask for an account, and confirm its address"
        [any any any any any any any] [.   .   .   .  ];
    ResetPassword "account.reset_password" "Choose another password by letter"
        [any any any any any any any] [.   .   .   .  ];
    SeeAccount "account.see" "See one's account"
        [.   own own own own .   .  ] [.   .   .   .  ];
    SeeAudit "audit.see" "Read the audit log"
        [any any .   .   .   .   .  ] [.   .   .   .  ];
    SearchCatalogue "catalogue.search" "Look for events, and at pictures of them"
        [any any any any any any any] [.   .   .   .  ];
    SeeCatalogue "catalogue.see" "See an event in the catalogue"
        [any any any all all all all] [yes yes yes .  ];
    ListWork "catalogue.work" "List the events that one works on"
        [any any any own own .   .  ] [.   .   .   .  ];
    ManageCategories "category.manage" "Make, rename and remove categories"
        [any any .   .   .   .   .  ] [.   .   .   .  ];
    SeeCategories "category.see" "See the categories"
        [any any any any any any any] [.   .   .   .  ];
    ApproveEvent "event.approve" "Agree to an event"
        [any any .   .   .   .   .  ] [.   .   .   .  ];
    BlockSeats "event.block_seats" "Block seats, give blocked ones free"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    SeeBooks "event.books" "Check the books of an event"
        [any any any .   .   .   .  ] [yes yes yes .  ];
    SeeBuyers "event.buyers" "See the names and addresses of those who have bought"
        [any any any .   .   .   .  ] [yes yes .   .  ];
    CancelEvent "event.cancel" "Call an event off"
        [any any .   .   .   .   .  ] [yes .   .   .  ];
    ChangeEvent "event.change" "Change stock, prices and sale windows of an event"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    ConfigureEvent "event.configure" "Say that an event has all it needs, or send it back"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    CopyEvent "event.copy" "Copy an event"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    CreateEvent "event.create" "Draft an event"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    CurateEvent "event.curate" "Recommend an event, or have an admin asked for it"
        [any any any .   .   .   .  ] [.   .   .   .  ];
    DefineEvent "event.define" "Define an event for sale, past the catalogue"
        [any any .   .   .   .   .  ] [.   .   .   .  ];
    ListEvents "event.list" "List the events that are for sale"
        [any all all all all all all] [.   .   .   .  ];
    SeeEventLog "event.log" "Read what was done to an event, and by whom"
        [any any any .   .   .   .  ] [yes .   .   .  ];
    OpenEvent "event.open" "Let the world see an event"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    ListOrders "event.orders" "See all orders of an event, and who has its seats"
        [any any any .   .   .   .  ] [yes yes yes .  ];
    PublishEvent "event.publish" "Put an event up for sale"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    RemoveEvent "event.remove" "Throw a draft away"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    ManageEventRoles "event.roles.manage" "Give and take roles for an event, up to one's own"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    SeeEventRoles "event.roles.see" "See who has which role for an event"
        [any any any .   .   .   .  ] [yes yes yes .  ];
    SeeSales "event.sales" "See what is sold of an event, and how it stands"
        [any any any .   .   .   .  ] [yes yes yes .  ];
    SeeEvent "event.see" "See an event, its seats, its stock"
        [any any any all all all all] [yes yes yes yes];
    SteerEvent "event.steer" "Change how people are let in"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    ReleaseHold "hold.release" "Give a hold back"
        [any own own own own own .  ] [.   .   .   .  ];
    SeeHold "hold.see" "See a hold"
        [any own own own own own .  ] [.   .   .   .  ];
    TakeHold "hold.take" "Take a hold"
        [.   own own own own own .  ] [.   .   .   .  ];
    CancelOrder "order.cancel" "Cancel an order that is not paid"
        [any any any own own own .  ] [yes yes .   .  ];
    DecideDispute "order.decide_dispute" "See payments that banks ask back, decide on their tickets"
        [any any any .   .   .   .  ] [yes yes .   .  ];
    SeeHistory "order.history" "See what one has bought so far"
        [.   own own own own own .  ] [.   .   .   .  ];
    PlaceOrder "order.place" "Make a hold an order"
        [.   own own own own own .  ] [.   .   .   .  ];
    RefundOrder "order.refund" "Give the money of an order back"
        [any any any .   .   .   .  ] [yes yes .   .  ];
    RetryOrder "order.retry" "See what providers keep failing to do, and have it asked for at once"
        [any any any .   .   .   .  ] [.   .   .   .  ];
    SeeOrder "order.see" "See an order and what happened to it"
        [any any any own own own .  ] [yes yes yes .  ];
    SettleRefund "order.settle_refund" "See refunds that their providers refuse, and settle them"
        [any any any .   .   .   .  ] [yes yes .   .  ];
    ChangeOrganiser "organiser.change" "Change what is said about an organiser"
        [any any any .   .   .   .  ] [yes yes .   .  ];
    CreateOrganiser "organiser.create" "Make an organiser"
        [any any any any .   .   .  ] [.   .   .   .  ];
    ManageMembers "organiser.members.manage" "Add and remove members, up to one's own role"
        [any any .   .   .   .   .  ] [yes yes .   .  ];
    SeeMembers "organiser.members.see" "See who works for an organiser"
        [any any any .   .   .   .  ] [yes yes yes .  ];
    RemoveOrganiser "organiser.remove" "Remove an organiser that has no events"
        [any any .   .   .   .   .  ] [yes .   .   .  ];
    SeeOrganiser "organiser.see" "See an organiser"
        [any any any any any any any] [.   .   .   .  ];
    SeeOrganiserInside "organiser.see_inside" "See what only its members see of an organiser"
        [any any any .   .   .   .  ] [yes yes yes .  ];
    VerifyOrganiser "organiser.verify" "Vouch for an organiser"
        [any any any .   .   .   .  ] [.   .   .   .  ];
    GivePlatformRole "role.give" "Give an account its role on the platform"
        [any any .   .   .   .   .  ] [.   .   .   .  ];
    SeePlatformRole "role.see" "See the role of an account on the platform"
        [any any any own own .   .  ] [.   .   .   .  ];
    SeeServer "server.see" "See how the server is"
        [any any any any any any any] [.   .   .   .  ];
    EndSessions "session.end" "Sign out, here or elsewhere"
        [.   own own own own .   .  ] [.   .   .   .  ];
    OpenSession "session.open" "Open a guest's session"
        [any any any any any any any] [.   .   .   .  ];
    SignIn "session.sign_in" "Sign in, stay so, sign out by what renews a session"
        [any any any any any any any] [.   .   .   .  ];
    RotateTokenKeys "token_keys.rotate" "Make a new key that tokens are signed with"
        [any .   .   .   .   .   .  ] [.   .   .   .  ];
    SeeTokenKeys "token_keys.see" "See the public keys that verify tokens"
        [any any any any any any any] [.   .   .   .  ];
    ManageVenues "venue.manage" "Make, change and remove venues of an organiser"
        [any any any .   .   .   .  ] [yes yes .   .  ];
    SeeVenues "venue.see" "See the venues"
        [any any any any any any any] [.   .   .   .  ];
    JoinWaitroom "waitroom.join" "Queue for an event"
        [.   own own own own own .  ] [.   .   .   .  ];
    LeaveWaitroom "waitroom.leave" "Give up a place in the queue"
        [any own own own own own .  ] [.   .   .   .  ];
    SeePlace "waitroom.see" "Ask how far a place in the queue is"
        [any own own own own own .  ] [.   .   .   .  ];
    ManageWebhooks "webhook.manage" "Make, change, test and remove webhook endpoints"
        [any any .   .   .   .   .  ] [yes .   .   .  ];
    SeeWebhooks "webhook.see" "See webhook endpoints and what was sent to them lately"
        [any any any .   .   .   .  ] [yes yes .   .  ];
}

impl Action {
    /// Its name.
    pub const fn name(self) -> &'static str {
        self.line().name
    }

    /// What it is, for people.
    pub const fn what(self) -> &'static str {
        self.line().what
    }

    /// On what somebody of this rank may do it, whoever they are to the object.
    pub const fn reach(self, rank: Rank) -> Reach {
        self.line().reach[rank.column()]
    }

    /// Whether whoever has this role for an event, or for its organiser, may do it there.
    pub const fn is_for(self, role: EventRole) -> bool {
        self.line().within[role as usize]
    }

    /// Whether it matters what somebody with an account is, on the platform or to the event.
    pub fn depends_on_roles(self) -> bool {
        let line = self.line();
        let of_buyer = self.reach(Rank::Account(Role::Buyer));
        line.within.contains(&true)
            || Role::ALL.iter().any(|role| self.reach(Rank::Account(*role)) != of_buyer)
    }

    /// Whether it is done to one's own account, which neither a guest nor the operator has.
    pub fn needs_account(self) -> bool {
        let has = |rank| self.reach(rank) != Reach::Nothing;
        has(Rank::Account(Role::Buyer)) && !has(Rank::Operator) && !has(Rank::Guest)
    }

    const fn line(self) -> &'static Line {
        // The table is made of the same list as the actions, in the same order.
        &TABLE[self as usize]
    }
}

impl EventRole {
    /// Whether whoever has this role may do all that one with the other may: nobody gives more
    /// than they have.
    pub fn covers(self, other: Self) -> bool {
        Action::ALL.iter().all(|action| action.is_for(self) || !action.is_for(other))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Action {
    type Err = NoSuchAction;

    fn from_str(text: &str) -> Result<Self, NoSuchAction> {
        Self::ALL.iter().copied().find(|action| action.name() == text).ok_or(NoSuchAction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_shows_exactly_this_table() {
        let mut table = head();
        table.extend(TABLE.iter().map(row));
        let written = include_str!("../../../docs/access.md");
        let rows: Vec<_> = written.lines().filter(|line| line.starts_with('|')).collect();
        let expected = table.join("\n");
        assert!(rows == table, "docs/access.md should have this table:\n{expected}");
    }

    fn head() -> Vec<String> {
        let ranks = Rank::ALL.iter().map(|rank| rank.name().to_owned());
        let roles = EventRole::ALL.iter().map(|role| format!("event {role}"));
        let heads: Vec<_> = ["action".to_owned()].into_iter().chain(ranks).chain(roles).collect();
        let rule = "|---".repeat(heads.len() + 1) + "|";
        vec![format!("| {} | what |", heads.join(" | ")), rule]
    }

    fn row(line: &Line) -> String {
        let reach = line.reach.iter().map(|reach| reach.name());
        let within = line.within.iter().map(|&may| if may { "yes" } else { "" });
        let cells: Vec<_> = reach.chain(within).collect();
        format!("| `{}` | {} | {} |", line.name, cells.join(" | "), line.what)
    }

    #[test]
    fn every_action_has_its_own_name_and_they_are_in_order() {
        assert!(TABLE.is_sorted_by(|one, next| one.name < next.name));
        for action in Action::ALL {
            assert_eq!(action.name().parse(), Ok(*action));
        }
        assert_eq!("event.explode".parse::<Action>(), Err(NoSuchAction));
    }

    #[test]
    fn an_admin_may_what_anybody_of_the_crew_may_and_a_scanner_does_not_look_at_the_books() {
        for role in EventRole::ALL {
            assert!(EventRole::Admin.covers(role), "{role}");
        }
        assert!(EventRole::Editor.covers(EventRole::Viewer));
        assert!(!EventRole::Editor.covers(EventRole::Admin));
        assert!(!EventRole::Viewer.covers(EventRole::Editor));
        assert!(!EventRole::Scanner.covers(EventRole::Viewer));
    }

    /// A slip in the table that nobody would notice: a buyer who may do more than an admin.
    #[test]
    fn whoever_runs_the_platform_may_what_a_stranger_may() {
        let admin = Rank::Account(Role::Admin);
        for action in Action::ALL {
            let weight = |rank| action.reach(rank) as u8;
            for rank in [Rank::Account(Role::Buyer), Rank::Guest, Rank::Nobody] {
                assert!(weight(rank) <= weight(admin), "{action}: {}", rank.name());
            }
        }
    }
}
