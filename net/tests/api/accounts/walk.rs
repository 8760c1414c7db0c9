//! What people do with their accounts, from the first letter to the last.

use serde_json::{Value, json};

use super::person::{PASSWORD, Person, postbox, token_in};
use crate::server::{Server, delete, get, patch, post, put, standing, text};

const OTHER_PASSWORD: &str = "seven olives on mars";

#[tokio::test]
async fn a_guest_registers_and_the_order_is_theirs_on_another_device() {
    let server = Server::with_control().await;
    let (event, guest) = (server.event(&standing()).await, server.guest().await);
    let hold = server.hold(&event, &guest).await;
    let order = server.order(&hold, &guest).await;
    server.accept(Person::register("ada@example.org").token(&guest), 202).await;
    let token = token_in(&postbox(&server).await[0].text);
    server.accept(Person::confirm(&token), 200).await;
    let ada = Person::signed_in(&server, "ada@example.org").await;
    let show = get(format!("/api/v1/orders/{order}"));
    server.accept(show.clone().token(&ada.token), 200).await;
    let bob = Person::new(&server, "bob@example.org").await;
    server.refuse(show.token(&bob.token), 404, "not_found").await;
    // Once more, by the guest's token or by the account's.
    let again = Person::register("eve@example.org");
    server.refuse(again.clone().token(&guest), 409, "already_registered").await;
    server.refuse(again.token(&ada.token), 409, "already_registered").await;
}

#[tokio::test]
async fn an_account_buys_as_a_guest_does() {
    let server = Server::with_control().await;
    let event = server.event(&standing()).await;
    let ada = Person::new(&server, "ada@example.org").await;
    let hold = server.hold(&event, &ada.token).await;
    server.order(&hold, &ada.token).await;
}

#[tokio::test]
async fn an_owner_sees_and_changes_what_the_account_says() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "Ada@Example.org").await;
    let me = server.accept(get("/api/v1/me").token(&ada.token), 200).await;
    assert_eq!(me["email"], "Ada@Example.org");
    assert_eq!((&me["role"], &me["has_password"]), (&json!("buyer"), &json!(true)));
    let change = |body: Value| patch("/api/v1/me").token(&ada.token).json(&body);
    let changed = server.accept(change(json!({"phone": "+44 20 7946 0018"})), 200).await;
    assert_eq!(
        (&changed["phone"], &changed["given_name"]),
        (&json!("+442079460018"), &json!("Ada"))
    );
    let changed = server.accept(change(json!({"phone": "", "family_name": ""})), 200).await;
    assert!(changed.get("phone").is_none() && changed["family_name"] == "");
    for wrong in [json!({"given_name": ""}), json!({"phone": "12"}), json!({"given_name": "a\nb"})]
    {
        server.refuse(change(wrong), 400, "invalid_body").await;
    }
}

/// Mass assignment: what an owner may not change is no field.
#[tokio::test]
async fn nobody_makes_themselves_an_admin() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    for field in ["role", "person", "email", "created_at", "has_password", "password_hash"] {
        let change = patch("/api/v1/me").token(&ada.token).json(&json!({ field: "admin" }));
        server.refuse(change, 400, "invalid_body").await;
    }
    for purpose in ["admin", "staff"] {
        let register = post("/api/v1/accounts").json(&json!({
            "email": "eve@example.org", "password": PASSWORD, "given_name": "Eve",
            "purpose": purpose,
        }));
        server.refuse(register, 400, "invalid_body").await;
    }
    let me = server.accept(get("/api/v1/me").token(&ada.token), 200).await;
    assert_eq!(me["role"], "buyer");
}

#[tokio::test]
async fn a_password_is_changed_and_a_forgotten_one_replaced() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let elsewhere = Person::signed_in(&server, "ada@example.org").await;
    let change = |body: Value| post("/api/v1/me/password").token(&ada.token).json(&body);
    let new = |new: &str| json!({"current_password": PASSWORD, "new_password": new});
    server.refuse(change(json!({"new_password": OTHER_PASSWORD})), 403, "password_required").await;
    let wrong = json!({"current_password": "wrong", "new_password": OTHER_PASSWORD});
    server.refuse(change(wrong), 403, "password_wrong").await;
    let weak = server.refuse(change(new("password12")), 400, "password_weak").await;
    assert!(weak["reasons"].as_array().unwrap().contains(&json!("common")), "{weak}");
    server.accept(change(new(OTHER_PASSWORD)), 204).await;
    server.accept(get("/api/v1/me").token(&ada.token), 200).await;
    server.refuse(get("/api/v1/me").token(&elsewhere.token), 401, "session_ended").await;

    postbox(&server).await;
    let ask = post("/api/v1/password-resets").json(&json!({"email": "ADA@example.org"}));
    server.accept(ask, 202).await;
    let token = token_in(&postbox(&server).await[0].text);
    let reset = |password: &str| {
        let body = json!({"token": token, "new_password": password});
        post("/api/v1/password-resets/confirmations").json(&body)
    };
    server.refuse(reset("1234567890"), 400, "password_weak").await;
    server.accept(reset(PASSWORD), 204).await;
    server.refuse(reset(OTHER_PASSWORD), 410, "link_invalid").await;
    server.refuse(get("/api/v1/me").token(&ada.token), 401, "session_ended").await;
    Person::signed_in(&server, "ada@example.org").await;
}

#[tokio::test]
async fn another_address_counts_when_its_letter_is_answered() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let ask = post("/api/v1/me/email").token(&ada.token);
    let ask = ask.json(&json!({"email": "ada@example.net", "password": PASSWORD}));
    server.accept(ask, 202).await;
    let letters = postbox(&server).await;
    assert_eq!(letters[0].to.to_string(), "ada@example.net");
    let confirmed = server.accept(Person::confirm(&token_in(&letters[0].text)), 200).await;
    assert_eq!(confirmed, json!({"person": ada.id, "email": "ada@example.net"}));
    assert_eq!(postbox(&server).await[0].to.to_string(), "ada@example.org");
    Person::signed_in(&server, "ada@example.net").await;
}

#[tokio::test]
async fn an_account_has_a_few_addresses_of_its_own() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let bob = Person::new(&server, "bob@example.org").await;
    let home = json!({
        "label": "Home", "recipient": "Ada Lovelace", "line_1": "12 St James's Square",
        "postal_code": "SW1Y 4JH", "city": "London", "country": "GB",
    });
    let add = |token: &str| post("/api/v1/me/addresses").token(token).json(&home);
    let kept = server.accept(add(&ada.token), 201).await;
    assert_eq!(kept["address"], home);
    let path = format!("/api/v1/me/addresses/{}", text(&kept["id"]));
    let mut moved = home.clone();
    moved["city"] = json!("Ockham");
    server.refuse(put(&path).token(&bob.token).json(&moved), 404, "not_found").await;
    server.refuse(delete(&path).token(&bob.token), 404, "not_found").await;
    server.accept(put(&path).token(&ada.token).json(&moved), 200).await;
    let list = server.accept(get("/api/v1/me/addresses").token(&ada.token), 200).await;
    assert_eq!(list["addresses"][0]["address"]["city"], "Ockham");
    for _ in 0..9 {
        server.accept(add(&ada.token), 201).await;
    }
    server.refuse(add(&ada.token), 409, "full").await;
    server.accept(delete(&path).token(&ada.token), 204).await;
    server.refuse(delete(&path).token(&ada.token), 404, "not_found").await;
}

#[tokio::test]
async fn everything_is_taken_along_and_then_erased() {
    let server = Server::with_control().await;
    let (event, ada) =
        (server.event(&standing()).await, Person::new(&server, "ada@example.org").await);
    let hold = server.hold(&event, &ada.token).await;
    let order = server.order(&hold, &ada.token).await;
    let export = server.accept(get("/api/v1/me/export").token(&ada.token), 200).await;
    assert_eq!(export["account"]["email"], "ada@example.org");
    assert_eq!(export["sessions"][0]["id"], ada.session);
    assert_eq!(export["letters"][0]["kind"], "registration");
    assert!(!export.to_string().contains("argon2"), "not what nobody can use");

    let delete = |password: &str| {
        post("/api/v1/me/deletion").token(&ada.token).json(&json!({"password": password}))
    };
    server.refuse(delete("wrong"), 403, "password_wrong").await;
    server.accept(delete(PASSWORD), 204).await;
    server.refuse(get("/api/v1/me").token(&ada.token), 401, "session_ended").await;
    server.refuse(ada.refresh(), 401, "refresh_token_invalid").await;
    server.refuse(Person::sign_in("ada@example.org", PASSWORD), 401, "sign_in_failed").await;
    // What was bought stays, without a name.
    let order = get(format!("/api/v1/orders/{order}/timeline")).operator();
    server.accept(order, 200).await;
    postbox(&server).await;
    let other = Person::new(&server, "ada@example.org").await;
    assert_ne!(other.id, ada.id);
}
