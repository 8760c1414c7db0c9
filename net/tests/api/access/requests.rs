//! A request for every operation: one that succeeds for somebody who may.

use onsale_control::access::{Action, Rank};
use serde_json::{Value, json};

use super::walk::{Case, Who};
use super::{drafts, webhooks};
use crate::accounts::of_accounts;
use crate::server::{Call, delete, get, patch, post, put, standing};

/// What an operation is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing in particular, or what everybody sees.
    Platform,
    /// What the caller does for themselves; `id` is an event with a waitroom, if it takes one.
    ForOneself,
    /// An account; `person` is the same.
    Account,
    /// A category.
    Category,
    /// An order with a payment that a bank asks back.
    Dispute,
    /// An event of the catalogue, with everything that there is to one.
    Draft,
    /// An event with everything that there is in events; `person` has a role for it.
    Event,
    /// A hold.
    Hold,
    /// An order.
    Order,
    /// An organiser; `person` is one of its members.
    Organiser,
    /// A place in a waitroom.
    Place,
    /// An order with a refund that its provider will not make.
    Refund,
    /// A venue of an organiser.
    Venue,
    /// A webhook endpoint of an organiser.
    Webhook,
}

impl Kind {
    /// Whether there is such a case.
    pub fn makes_sense(self, case: Case) -> bool {
        let is_person = !matches!(case.who, Who::Rank(Rank::Operator | Rank::Nobody));
        match self {
            Self::Platform | Self::Category => case.is_public && !case.is_own,
            Self::ForOneself => case.is_public && case.is_own,
            Self::Draft | Self::Event => is_crew(case) || !case.is_own,
            Self::Organiser | Self::Venue | Self::Webhook => {
                case.is_public && (is_crew(case) || !case.is_own)
            }
            Self::Account => case.is_public && (has_account(case) || !case.is_own),
            Self::Dispute | Self::Hold | Self::Order | Self::Place | Self::Refund => {
                case.is_public && (is_person || !case.is_own)
            }
        }
    }

    /// Whether it belongs to an event or an organiser for which there are roles.
    pub fn has_crew(self) -> bool {
        let of_orders = matches!(self, Self::Dispute | Self::Order | Self::Refund);
        let of_events = of_orders || matches!(self, Self::Draft | Self::Event);
        of_events || matches!(self, Self::Organiser | Self::Venue | Self::Webhook)
    }

    /// Whether it is the caller's own.
    pub fn is_own(self, case: Case) -> bool {
        self == Self::ForOneself || (case.is_own && !(self.has_crew() && is_crew(case)))
    }

    /// What whoever knows of it may do; `None` if everybody knows of it.
    pub fn seen_by(self) -> Option<Action> {
        match self {
            Self::Platform | Self::ForOneself | Self::Category | Self::Organiser | Self::Venue => {
                None
            }
            Self::Account => Some(Action::SeePlatformRole),
            Self::Draft => Some(Action::SeeCatalogue),
            Self::Event => Some(Action::SeeEvent),
            Self::Hold => Some(Action::SeeHold),
            Self::Dispute | Self::Order | Self::Refund => Some(Action::SeeOrder),
            Self::Place => Some(Action::SeePlace),
            Self::Webhook => Some(Action::SeeWebhooks),
        }
    }
}

fn is_crew(case: Case) -> bool {
    matches!(case.who, Who::Crew(_))
}

fn has_account(case: Case) -> bool {
    is_crew(case) || matches!(case.who, Who::Rank(Rank::Account(_)))
}

/// What a request is for.
pub struct Target {
    pub id: String,
    /// The tag of its version, where it has one.
    pub tag: String,
    /// Somebody who has to do with it, where somebody has.
    pub person: String,
}

/// Makes a request for a target.
pub type Request = fn(&Target) -> Call;

/// What an operation is done to, and how it is asked for.
pub fn request(operation: &str) -> Option<(Kind, Request)> {
    let (kind, request): (Kind, Request) = match operation {
        // Events.
        "define_event" => (Kind::Platform, |_| post("/api/v1/events").json(&standing())),
        "list_events" => (Kind::Platform, |_| get("/api/v1/events")),
        "show_event" => (Kind::Event, |event| get(below(event, ""))),
        "open_event" => (Kind::Event, |event| post(below(event, "/open"))),
        "cancel_event" => (Kind::Event, |event| post(below(event, "/cancel"))),
        "audit_event" => (Kind::Event, |event| get(below(event, "/audit"))),
        "show_availability" => (Kind::Event, |event| get(below(event, "/availability"))),
        "show_seats" => (Kind::Event, |event| get(below(event, "/seats"))),
        "show_chart" => (Kind::Event, |event| get(below(event, "/seats/chart"))),
        "show_lottery" => (Kind::Event, |event| get(below(event, "/waitroom/lottery"))),
        "block_seats" => (Kind::Event, |event| {
            post(below(event, "/seats/block")).json(&json!({"seats": [1], "block": true}))
        }),
        "steer_waitroom" => (Kind::Event, |event| {
            patch(below(event, "/waitroom")).json(&json!({"action": "pause"}))
        }),
        "change_quota" => {
            (Kind::Event, |event| patch(below(event, "/quotas/0")).json(&json!({"capacity": 200})))
        }
        "change_class" => (Kind::Event, |event| {
            patch(below(event, "/classes/1")).json(&json!({"price_minor": 3_000}))
        }),
        "list_event_orders" => (Kind::Event, |event| get(below(event, "/orders"))),
        "export_event_orders" => (Kind::Event, |event| get(below(event, "/orders.csv"))),
        "show_sales" => (Kind::Event, |event| get(below(event, "/sales"))),
        "list_seat_status" => (Kind::Event, |event| get(below(event, "/seat-status"))),
        "show_summary" => (Kind::Event, |event| get(below(event, "/summary"))),
        // Buying.
        "open_session" => (Kind::Platform, |_| {
            post("/api/v1/sessions").json(&json!({"email": "ada@example.org"}))
        }),
        "join_waitroom" => {
            (Kind::ForOneself, |event| post(below(event, "/waitroom")).json(&json!({"party": 2})))
        }
        "show_place" => (Kind::Place, |place| get(format!("/api/v1/places/{}", place.id))),
        "leave_waitroom" => (Kind::Place, |place| delete(format!("/api/v1/places/{}", place.id))),
        "take_hold" => (Kind::ForOneself, |event| {
            post(below(event, "/holds")).json(&json!({"wishes": [{"class": 0, "count": 1}]}))
        }),
        "show_hold" => (Kind::Hold, |hold| get(format!("/api/v1/holds/{}", hold.id))),
        "release_hold" => (Kind::Hold, |hold| delete(format!("/api/v1/holds/{}", hold.id))),
        "place_order" => (Kind::Hold, |hold| {
            post("/api/v1/orders").json(&json!({"hold": hold.id, "provider": "till"}))
        }),
        "show_order" => (Kind::Order, |order| get(order_path(order, ""))),
        "show_timeline" => (Kind::Order, |order| get(order_path(order, "/timeline"))),
        "cancel_order" => (Kind::Order, |order| post(order_path(order, "/cancel"))),
        "list_refused_refunds" => (Kind::Event, |event| get(below(event, "/refused-refunds"))),
        "settle_refund" => (Kind::Refund, |order| {
            post(order_path(order, "/refunds/0/settle")).json(&json!({"how": "again"}))
        }),
        "list_disputes" => (Kind::Event, |event| get(below(event, "/disputes"))),
        "decide_dispute" => (Kind::Dispute, |order| {
            post(order_path(order, "/disputes/0/decide")).json(&json!({"tickets": "void"}))
        }),
        "list_stuck_effects" => (Kind::Platform, |_| get("/api/v1/stuck-effects")),
        "retry_stuck_effects" => {
            (Kind::Order, |order| post(order_path(order, "/stuck-effects/retry")))
        }
        "list_own_orders" => (Kind::ForOneself, |_| get("/api/v1/me/orders")),
        "refund_order" => (Kind::Order, |order| {
            post(order_path(order, "/refunds")).json(&json!({"tickets": "all"}))
        }),
        _ => return of_the_control_plane(operation),
    };
    Some((kind, request))
}

fn of_the_control_plane(operation: &str) -> Option<(Kind, Request)> {
    let (kind, request): (Kind, Request) = match operation {
        "healthz" => (Kind::Platform, |_| get("/healthz")),
        "readyz" => (Kind::Platform, |_| get("/readyz")),
        "metrics" => (Kind::Platform, |_| get("/metrics")),
        "list_categories" => (Kind::Platform, |_| get("/api/v1/categories")),
        "create_category" => {
            (Kind::Platform, |_| post("/api/v1/categories").json(&json!({"name": "Concert"})))
        }
        "show_category" => (Kind::Category, |category| get(category_path(category))),
        "rename_category" => (Kind::Category, |category| {
            let rename = patch(category_path(category)).json(&json!({"name": "Concert"}));
            rename.header("if-match", &category.tag)
        }),
        "remove_category" => (Kind::Category, |category| {
            delete(category_path(category)).header("if-match", &category.tag)
        }),
        "list_organisers" => (Kind::Platform, |_| get("/api/v1/organisers")),
        "create_organiser" => {
            (Kind::Platform, |_| post("/api/v1/organisers").json(&json!({"name": "The Lanterns"})))
        }
        "show_organiser" => (Kind::Organiser, |organiser| get(organiser_path(organiser, ""))),
        "change_organiser" => (Kind::Organiser, |organiser| {
            let change = put(organiser_path(organiser, "")).json(&json!({"name": "The Lights"}));
            change.header("if-match", &organiser.tag)
        }),
        "verify_organiser" => (Kind::Organiser, |organiser| {
            let verify = put(organiser_path(organiser, "/verification"));
            verify.json(&json!({"verified": true})).header("if-match", &organiser.tag)
        }),
        "remove_organiser" => (Kind::Organiser, |organiser| {
            delete(organiser_path(organiser, "")).header("if-match", &organiser.tag)
        }),
        "list_venues" => (Kind::Platform, |_| get("/api/v1/venues")),
        "create_venue" => (Kind::Platform, |_| post("/api/v1/venues").json(&arena())),
        "create_venue_of_organiser" => {
            (Kind::Organiser, |organiser| post(organiser_path(organiser, "/venues")).json(&arena()))
        }
        "show_venue" => (Kind::Venue, |venue| get(venue_path(venue))),
        "change_venue" => (Kind::Venue, |venue| {
            put(venue_path(venue)).json(&arena()).header("if-match", &venue.tag)
        }),
        "remove_venue" => {
            (Kind::Venue, |venue| delete(venue_path(venue)).header("if-match", &venue.tag))
        }
        _ => return of_access(operation),
    };
    Some((kind, request))
}

fn of_access(operation: &str) -> Option<(Kind, Request)> {
    let (kind, request): (Kind, Request) = match operation {
        "list_event_roles" => (Kind::Event, |event| get(below(event, "/roles"))),
        "give_event_role" => (Kind::Event, |event| {
            let path = format!("/roles/{}", event.person);
            put(below(event, &path)).json(&json!({"role": "viewer"}))
        }),
        "take_event_role" => {
            (Kind::Event, |event| delete(below(event, &format!("/roles/{}", event.person))))
        }
        "list_organiser_members" => {
            (Kind::Organiser, |organiser| get(organiser_path(organiser, "/members")))
        }
        "give_organiser_role" => (Kind::Organiser, |organiser| {
            let path = format!("/members/{}", organiser.person);
            put(organiser_path(organiser, &path)).json(&json!({"role": "viewer"}))
        }),
        "take_organiser_role" => (Kind::Organiser, |organiser| {
            delete(organiser_path(organiser, &format!("/members/{}", organiser.person)))
        }),
        "show_roles" => {
            (Kind::Account, |account| get(format!("/api/v1/accounts/{}/roles", account.id)))
        }
        "give_platform_role" => (Kind::Account, |account| {
            // Never one that would change what else somebody may do in the walk.
            put(format!("/api/v1/accounts/{}/role", account.id)).json(&json!({"role": "none"}))
        }),
        "read_audit_log" => (Kind::Platform, |_| get("/api/v1/audit-log")),
        "read_event_audit_log" => (Kind::Event, |event| get(below(event, "/audit-log"))),
        _ => {
            let of_others = of_accounts(operation).or_else(|| webhooks::request(operation));
            return of_others.or_else(|| drafts::request(operation));
        }
    };
    Some((kind, request))
}

/// What is said of a venue.
pub fn arena() -> Value {
    json!({
        "name": "Arena",
        "address": {"street": "1 Lữ Gia", "city": "Hồ Chí Minh", "country": "VN"},
        "time_zone": "Asia/Ho_Chi_Minh",
    })
}

fn below(event: &Target, path: &str) -> String {
    format!("/api/v1/events/{}{path}", event.id)
}

fn order_path(order: &Target, path: &str) -> String {
    format!("/api/v1/orders/{}{path}", order.id)
}

fn organiser_path(organiser: &Target, path: &str) -> String {
    format!("/api/v1/organisers/{}{path}", organiser.id)
}

fn venue_path(venue: &Target) -> String {
    format!("/api/v1/venues/{}", venue.id)
}

fn category_path(category: &Target) -> String {
    format!("/api/v1/categories/{}", category.id)
}
