//! A request for every operation: one that succeeds for somebody who may.

use onsale_control::access::{Action, Rank};
use serde_json::json;

use super::walk::{Case, Who};
use crate::server::{Call, delete, get, patch, post, standing};

/// What an operation is done to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Nothing in particular, or what everybody sees.
    Platform,
    /// An event that the caller does something for themselves in; `id` is one with a waitroom.
    ForOneself,
    /// A category.
    Category,
    /// An event with everything that there is in events.
    Event,
    /// A hold.
    Hold,
    /// An order.
    Order,
    /// A place in a waitroom.
    Place,
}

impl Kind {
    /// Whether there is such a case.
    pub fn makes_sense(self, case: Case) -> bool {
        let is_person = !matches!(case.who, Who::Rank(Rank::Operator | Rank::Nobody));
        match self {
            Self::Platform | Self::Category => case.is_public && !case.is_own,
            Self::ForOneself => case.is_public && case.is_own,
            Self::Event => matches!(case.who, Who::Crew(_)) || !case.is_own,
            Self::Hold | Self::Order | Self::Place => case.is_public && (is_person || !case.is_own),
        }
    }

    /// Whether it belongs to an event or an organiser for which there are roles.
    pub fn has_crew(self) -> bool {
        matches!(self, Self::Event | Self::Order)
    }

    /// Whether it is the caller's own.
    pub fn is_own(self, case: Case) -> bool {
        self == Self::ForOneself || (case.is_own && !(self.has_crew() && is_crew(case)))
    }

    /// What whoever knows of it may do; `None` if everybody knows of it.
    pub fn seen_by(self) -> Option<Action> {
        match self {
            Self::Platform | Self::ForOneself | Self::Category => None,
            Self::Event => Some(Action::SeeEvent),
            Self::Hold => Some(Action::SeeHold),
            Self::Order => Some(Action::SeeOrder),
            Self::Place => Some(Action::SeePlace),
        }
    }
}

fn is_crew(case: Case) -> bool {
    matches!(case.who, Who::Crew(_))
}

/// What a request is for.
pub struct Target {
    pub id: String,
    /// The tag of its version, where it has one.
    pub tag: String,
}

/// Makes a request for a target.
type Request = fn(&Target) -> Call;

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
        _ => return None,
    };
    Some((kind, request))
}

fn below(event: &Target, path: &str) -> String {
    format!("/api/v1/events/{}{path}", event.id)
}

fn order_path(order: &Target, path: &str) -> String {
    format!("/api/v1/orders/{}{path}", order.id)
}

fn category_path(category: &Target) -> String {
    format!("/api/v1/categories/{}", category.id)
}
