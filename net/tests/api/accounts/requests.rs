//! A request for every operation of accounts, for the walk: whoever may is let through, and what is
//! wrong with some of them then changes nothing that the walk needs.

use serde_json::json;

use super::person::{PASSWORD, Person, refresh};
use crate::access::requests::{Kind, Request};
use crate::server::{delete, get, patch, post, put};

pub fn of_accounts(operation: &str) -> Option<(Kind, Request)> {
    let (kind, request): (Kind, Request) = match operation {
        "register" => (Kind::Platform, |_| Person::register("ada@example.org")),
        "send_confirmation_again" => (Kind::Platform, |_| {
            post("/api/v1/accounts/letters").json(&json!({"email": "ada@example.org"}))
        }),
        "confirm_email" => (Kind::Platform, |_| Person::confirm("a-token")),
        "sign_in" => (Kind::Platform, |_| Person::sign_in("ada@example.org", PASSWORD)),
        "refresh" => (Kind::Platform, |_| refresh("a-token")),
        "sign_out_by_token" => (Kind::Platform, |_| {
            post("/api/v1/sign-out/by-token").json(&json!({"refresh_token": "a-token"}))
        }),
        "ask_for_password_reset" => (Kind::Platform, |_| {
            post("/api/v1/password-resets").json(&json!({"email": "ada@example.org"}))
        }),
        "reset_password" => (Kind::Platform, |_| {
            let body = json!({"token": "a-token", "new_password": PASSWORD});
            post("/api/v1/password-resets/confirmations").json(&body)
        }),
        "list_oidc_providers" => (Kind::Platform, |_| get("/api/v1/oidc")),
        "begin_oidc_visit" => (Kind::Platform, |_| {
            post("/api/v1/oidc/NONE/visits").json(&json!({"return_path": "/"}))
        }),
        "sign_in_by_oidc" => (Kind::Platform, |_| {
            post("/api/v1/oidc/NONE/returns")
                .json(&json!({"visit": "a", "state": "b", "code": "c"}))
        }),
        "list_token_keys" => (Kind::Platform, |_| get("/.well-known/jwks.json")),
        "rotate_token_keys" => (Kind::Platform, |_| post("/api/v1/token-keys")),
        _ => return of_own_account(operation),
    };
    Some((kind, request))
}

fn of_own_account(operation: &str) -> Option<(Kind, Request)> {
    let request: Request = match operation {
        "show_account" => |_| get("/api/v1/me"),
        "change_account" => |_| patch("/api/v1/me").json(&json!({"given_name": "Ada"})),
        "change_email" => |_| post("/api/v1/me/email").json(&json!({"email": "ada@example.org"})),
        "change_password" => {
            |_| post("/api/v1/me/password").json(&json!({"new_password": PASSWORD}))
        }
        "export_account" => |_| get("/api/v1/me/export"),
        "delete_account" => |_| post("/api/v1/me/deletion").json(&json!({})),
        "list_sessions" => |_| get("/api/v1/me/sessions"),
        "end_session" => |_| delete("/api/v1/me/sessions/none"),
        "sign_out" => |_| post("/api/v1/sign-out"),
        "sign_out_everywhere" => |_| post("/api/v1/sign-out/everywhere"),
        "list_addresses" => |_| get("/api/v1/me/addresses"),
        "add_address" => |_| post("/api/v1/me/addresses").json(&json!({})),
        "change_address" => |_| put("/api/v1/me/addresses/none").json(&json!({})),
        "remove_address" => |_| delete("/api/v1/me/addresses/none"),
        "list_identities" => |_| get("/api/v1/me/identities"),
        "begin_link" => {
            |_| post("/api/v1/me/identities/NONE/visits").json(&json!({"return_path": "/"}))
        }
        "link_identity" => |_| post("/api/v1/me/identities/NONE/returns").json(&json!({})),
        "unlink_identity" => |_| delete("/api/v1/me/identities/NONE"),
        _ => return None,
    };
    Some((Kind::ForOneself, request))
}
