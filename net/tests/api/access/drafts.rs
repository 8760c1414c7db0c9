//! Events of the catalogue for the walk: one is made with all that there is to one, and copied.

use std::sync::LazyLock;

use onsale_control::catalogue::event::copy::{CopyWish, copy};
use onsale_control::catalogue::event::image::{self, ImageId, ImageLimits};
use onsale_control::catalogue::event::status::Approval;
use onsale_control::catalogue::event::{lifecycle, seating};
use onsale_core::id::EventId;
use onsale_core::spec::{ClassId, Numbering, Plan, Point, Row, Section};
use serde_json::json;

use super::people::operator;
use super::requests::{Kind, Request, Target};
use crate::drafting::pictures::png;
use crate::publisher::stage::{configured, reserve};
use crate::server::{Call, Server, delete, get, post, put};

/// The name of the picture that every draft here has.
static PICTURE: LazyLock<String> = LazyLock::new(|| ImageId::of(&png(3, 4)).to_string());

/// What drafts are made of.
pub struct Template {
    event: EventId,
}

impl Template {
    pub async fn new(server: &Server) -> Self {
        let (database, by) = (server.database(), operator());
        let id = reserve(&server.memory).await;
        let event = configured(database, id).await;
        let (bytes, limits) = (png(3, 4), ImageLimits::default());
        let event = image::add(database, &by, id, event.version, &bytes, limits).await.unwrap();
        seating::put(database, &by, id, event.version, Some(plan())).await.unwrap();
        Self { event: id }
    }

    /// A new draft; one that is published, if it is to be public.
    pub async fn copy(&self, server: &Server, is_public: bool) -> Target {
        let (database, by) = (server.database(), operator());
        let id = reserve(&server.memory).await;
        let mut event = copy(database, &by, self.event, id, &CopyWish::default()).await.unwrap();
        if is_public {
            event = lifecycle::configure(database, &by, id, event.version).await.unwrap();
            let approval = Approval::NotNeeded;
            let published = lifecycle::publish(database, &by, id, event.version, approval).await;
            event = published.unwrap();
        }
        let tag = format!("\"{}\"", event.version);
        Target { id: id.to_string(), tag, person: String::new() }
    }
}

fn plan() -> Plan {
    let row = Row {
        label: "A".to_owned(),
        seats: 10,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: 0, y: 300 },
        step: Point { x: 50, y: 0 },
        aisles_after: Vec::new(),
        accessible: Vec::new(),
        companion: Vec::new(),
        blocked: Vec::new(),
    };
    let section = Section { name: "Stalls".to_owned(), class: ClassId(0), rows: vec![row] };
    Plan { focal_point: Point { x: 225, y: 0 }, sections: vec![section] }
}

/// What an operation is done to, and how it is asked for.
pub fn request(operation: &str) -> Option<(Kind, Request)> {
    let request: Request = match operation {
        "search_events" => return Some((Kind::Platform, |_| get("/api/v1/catalogue/events"))),
        "list_work" => return Some((Kind::ForOneself, |_| get("/api/v1/catalogue/work"))),
        "show_image" => return Some((Kind::Platform, |_| get(picture_path()))),
        "draft_event" => {
            return Some((Kind::Organiser, |organiser| {
                post(format!("/api/v1/organisers/{}/events", organiser.id)).json(&details())
            }));
        }
        "show_catalogue_event" => |event| get(below(event, "")),
        "change_catalogue_event" => |event| change(put(below(event, "")).json(&details()), event),
        "remove_draft" => |event| change(delete(below(event, "")), event),
        "copy_event" => |event| post(below(event, "/copy")).json(&json!({})),
        "show_offer" => |event| get(below(event, "/offer")),
        "set_configuration" => |event| {
            change(put(below(event, "/configuration")).json(&json!({"currency": "USD"})), event)
        },
        "add_class" => |event| change(post(below(event, "/classes")).json(&class()), event),
        "set_class" => |event| change(put(below(event, "/classes/0")).json(&class()), event),
        "remove_class" => |event| change(delete(below(event, "/classes/0")), event),
        "add_quota" => |event| change(post(below(event, "/quotas")).json(&quota()), event),
        "set_quota" => |event| change(put(below(event, "/quotas/0")).json(&quota()), event),
        "remove_quota" => |event| change(delete(below(event, "/quotas/0")), event),
        "show_plan" => |event| get(below(event, "/plan")),
        "put_plan" => |event| change(put(below(event, "/plan")).json(&json!({})), event),
        "remove_plan" => |event| change(delete(below(event, "/plan")), event),
        "import_plan" => |event| change(post(below(event, "/plan/import")).json(&json!({})), event),
        "add_image" => |event| change(post(below(event, "/images")).raw(png(5, 6)), event),
        "remove_image" => {
            |event| change(delete(below(event, &format!("/images/{}", *PICTURE))), event)
        }
        _ => return of_its_life(operation),
    };
    Some((Kind::Draft, request))
}

fn of_its_life(operation: &str) -> Option<(Kind, Request)> {
    let request: Request = match operation {
        "configure_catalogue_event" => |event| change(post(below(event, "/configure")), event),
        "approve_catalogue_event" => |event| change(post(below(event, "/approve")), event),
        "revise_catalogue_event" => |event| change(post(below(event, "/revise")), event),
        "publish_catalogue_event" => |event| change(post(below(event, "/publish")), event),
        "cancel_catalogue_event" => |event| change(post(below(event, "/cancel")), event),
        "curate_catalogue_event" => |event| {
            let curation = json!({"is_trending": true, "requires_approval": false});
            change(put(below(event, "/curation")).json(&curation), event)
        },
        _ => return None,
    };
    Some((Kind::Draft, request))
}

fn change(call: Call, event: &Target) -> Call {
    call.header("if-match", &event.tag)
}

fn below(event: &Target, path: &str) -> String {
    format!("/api/v1/catalogue/events/{}{path}", event.id)
}

fn picture_path() -> String {
    format!("/api/v1/catalogue/images/{}", *PICTURE)
}

fn details() -> serde_json::Value {
    json!({"title": "The Lanterns", "time_zone": "Europe/Berlin"})
}

fn class() -> serde_json::Value {
    json!({"name": "VIP", "price_minor": 100})
}

fn quota() -> serde_json::Value {
    json!({"name": "VIP", "capacity": 10, "classes": [0]})
}
