//! What the document says about access: which action an operation is, with which tokens it can be
//! called, and what those are told who may not.

use onsale_control::access::{Action, Rank, Reach};
use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use crate::gateway::routes;

/// Adds the tokens to an operation, and the action to its description.
pub(super) fn describe(operation: &mut Value) {
    let Some(action) = routes::action(operation) else { return };
    let text = operation["description"].as_str().unwrap_or_default();
    let text = format!("{text}\n\nAction `{action}`: {}.", action.what());
    operation["description"] = json!(text.trim_start());
    if is_for_all(action) {
        return;
    }
    let schemes = [
        (vec![Rank::Nobody], json!({})),
        (vec![Rank::Guest], json!({ "guest": [] })),
        (accounts().collect(), json!({ "account": [] })),
        (vec![Rank::Operator], json!({ "operator": [] })),
    ];
    let may = |rank: &Rank| action.reach(*rank) != Reach::Nothing;
    let of_crew =
        |ranks: &[Rank]| matches!(ranks[0], Rank::Account(_)) && action.depends_on_roles();
    let usable = schemes.into_iter().filter(|(ranks, _)| ranks.iter().any(may) || of_crew(ranks));
    operation["security"] = usable.map(|(_, scheme)| scheme).collect();
}

/// What an operation refuses because of who calls.
pub(super) fn codes(operation: &Value) -> Vec<&'static str> {
    let Some(action) = routes::action(operation) else { return Vec::new() };
    let mut codes = Vec::new();
    // One that is for all may look at tokens all the same, and says so itself.
    if !is_for_all(action) || operation["security"].is_array() {
        codes.extend(["session_ended", "token_expired", "token_invalid"]);
    }
    let cannot = |rank| action.reach(rank) == Reach::Nothing;
    if cannot(Rank::Nobody) {
        codes.push("token_required");
    }
    if action.needs_account() {
        codes.push("account_only");
        return codes;
    }
    if cannot(Rank::Operator) {
        codes.push("buyer_only");
    }
    let is_partly_own =
        action.depends_on_roles() && accounts().any(|account| action.reach(account) == Reach::Own);
    if cannot(Rank::Guest) || accounts().any(cannot) || is_partly_own {
        codes.push("forbidden");
    }
    if action.depends_on_roles() {
        codes.push("control_unavailable");
    }
    codes
}

fn is_for_all(action: Action) -> bool {
    Rank::ALL.iter().all(|rank| action.reach(*rank) == Reach::Any)
}

fn accounts() -> impl Iterator<Item = Rank> {
    Role::ALL.into_iter().map(Rank::Account)
}
