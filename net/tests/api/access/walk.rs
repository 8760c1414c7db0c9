//! The walk: every operation of the document, as everybody there is, on what is theirs and on what
//! is not, against the table of the policy.

use onsale_control::access::{Action, EventRole, Rank, Reach};
use onsale_control::accounts::role::Role;
use serde_json::Value;

use super::requests::{Kind, request};
use super::world::World;
use crate::server::{Answer, DOCUMENT, Server, text};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Somebody whose rank is all there is to know.
    Rank(Rank),
    /// A buyer with a role for an event or an organiser.
    Crew(EventRole),
}

/// Who calls, and what the object is to them.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub who: Who,
    /// Whether it is theirs; for a crew: whether their role is for it, and not for another one.
    pub is_own: bool,
    /// Whether the world may see it.
    pub is_public: bool,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    AccountOnly,
    Allowed,
    BuyerOnly,
    Forbidden,
    Missing,
    NoToken,
}

#[tokio::test]
async fn every_route_answers_everybody_as_the_table_says() {
    walk(&Server::with_control().await).await;
}

#[tokio::test]
async fn with_postgresql_every_route_does_the_same() {
    walk(&Server::with_postgres().await).await;
}

async fn walk(server: &Server) {
    let world = World::new(server).await;
    let mut wrong = Vec::new();
    for (name, action) in operations() {
        let (kind, call) = request(&name).unwrap_or_else(|| {
            panic!(
                "no request for the operation `{name}`: add one that would succeed for somebody \
                 who may `{action}` to net/tests/api/access/requests.rs"
            )
        });
        for case in cases().filter(|case| kind.makes_sense(*case)) {
            let target = world.target(kind, case).await;
            let call = call(&target);
            let may_change = !call.is_get();
            let call = match world.token(case.who) {
                Some(token) => call.token(&token),
                None => call,
            };
            let answer = server.send(call).await;
            let (found, expected) = (found(&answer), expected(action, kind, case));
            if may_change && found == Verdict::Allowed {
                world.forget(kind, case);
            }
            if found != expected {
                wrong.push(format!(
                    "{name} ({action}), {case:?}: {found:?}, not {expected:?}: {answer:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_action_is_that_of_an_operation() {
    let used: Vec<_> = operations().into_iter().map(|(_, action)| action).collect();
    let unused = Action::ALL.iter().filter(|action| !used.contains(action));
    let unused: Vec<_> = unused.map(|action| action.name()).collect();
    // What is seen of an organiser or an order depends on these: other tests have that.
    assert_eq!(unused, ["event.buyers", "organiser.see_inside"]);
}

/// Every operation by its id, and its action.
fn operations() -> Vec<(String, Action)> {
    let paths = DOCUMENT["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let named = |operation: &Value| {
        let name = text(&operation["operationId"]);
        let action = operation["x-action"].as_str().and_then(|action| action.parse().ok());
        let action = action.unwrap_or_else(|| {
            panic!("`{name}` has no `x-action` out of control/src/access/policy.rs")
        });
        (name, action)
    };
    operations.map(named).collect()
}

fn cases() -> impl Iterator<Item = Case> {
    let ranks = Rank::ALL.into_iter().map(Who::Rank);
    let everybody = ranks.chain(EventRole::ALL.into_iter().map(Who::Crew));
    let objects = [(false, false), (false, true), (true, false), (true, true)];
    everybody.flat_map(move |who| {
        let case = move |(is_own, is_public)| Case { who, is_own, is_public };
        objects.into_iter().map(case)
    })
}

/// What the table says.
fn expected(action: Action, kind: Kind, case: Case) -> Verdict {
    let reach = |action: Action| match case.who {
        Who::Rank(rank) => action.reach(rank),
        Who::Crew(role) if case.is_own && kind.has_crew() && action.is_for(role) => Reach::Any,
        Who::Crew(_) => action.reach(Rank::Account(Role::Buyer)),
    };
    let may = |action| match reach(action) {
        Reach::Any => true,
        Reach::Own => kind.is_own(case),
        Reach::World => case.is_public,
        Reach::Nothing => false,
    };
    let is_nobody = case.who == Who::Rank(Rank::Nobody);
    if may(action) {
        Verdict::Allowed
    } else if is_nobody && reach(action) == Reach::Nothing {
        Verdict::NoToken
    } else if action.needs_account() {
        Verdict::AccountOnly
    } else if case.who == Who::Rank(Rank::Operator) {
        Verdict::BuyerOnly
    } else if kind.seen_by().is_none_or(may) {
        Verdict::Forbidden
    } else {
        Verdict::Missing
    }
}

fn found(answer: &Answer) -> Verdict {
    match answer.code().as_deref() {
        Some("token_required") => Verdict::NoToken,
        Some("account_only") => Verdict::AccountOnly,
        Some("buyer_only") => Verdict::BuyerOnly,
        Some("forbidden") => Verdict::Forbidden,
        Some("not_found") => Verdict::Missing,
        // Whatever else is wrong: they were let through.
        _ => Verdict::Allowed,
    }
}
