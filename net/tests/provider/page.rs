//! The sandbox's pages, as a browser without script sees them.

use onsale_core::order::OrderStatus;

use crate::world::{World, place_order};

#[tokio::test(start_paused = true)]
async fn a_browser_pays_with_a_form_and_is_sent_back() {
    let world = World::new().await;
    let order = place_order(&world.port, world.event(1_250), 1, 1);
    let page = world.page_of(order).await;
    let shown = world.client.get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("12.50 EUR") && shown.contains(&order.to_string()), "{shown}");
    assert!(shown.contains("<form method=post>") && !shown.contains("<script"));

    for _ in 0..2 {
        let form = world.client.post(&page).body("behaviour=");
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let answer = form.send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let back = answer.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(back, format!("{}/sandbox/return?order={order}", world.url));
        assert_eq!(world.client.get(&back).send().await.unwrap().status(), 200);
    }
    world.settled_books(order).await;
    assert_eq!(world.order(order).await.status, OrderStatus::Completed);
    let shown = world.client.get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("captured") && !shown.contains("<form"), "nothing to press any more");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_is_refused_in_words() {
    let world = World::new().await;
    let order = place_order(&world.port, world.event(1_250), 1, 1);
    let page = world.page_of(order).await;
    let json = world.client.post(&page).header("content-type", "application/json");
    let answer = json.body(r#"{"behaviour": "explode"}"#).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("duplicate_capture"));
    let nowhere = world.client.get(format!("{}/sandbox/pay/none", world.url));
    assert_eq!(nowhere.send().await.unwrap().status(), 404);

    world.wait_for(order, |view| view.status == OrderStatus::Expired).await;
    assert_eq!(world.client.post(&page).send().await.unwrap().status(), 410);
    assert!(world.settled_books(order).await.captured.is_zero());
}

#[tokio::test(start_paused = true)]
async fn nothing_from_outside_becomes_html() {
    let world = World::new().await;
    let evil = "%3Cscript%3Ealert(%22x%22)%3C/script%3E";
    let url = format!("{}/sandbox/return?order={evil}", world.url);
    let answer = world.client.get(url).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'"));
    let shown = answer.text().await.unwrap();
    assert!(shown.contains("&lt;script&gt;alert(&quot;x&quot;)") && !shown.contains("<script"));
}

#[tokio::test(start_paused = true)]
async fn the_misbehaviours_are_documented() {
    let world = World::new().await;
    let url = format!("{}/sandbox", world.url);
    let shown = world.client.get(url).send().await.unwrap().text().await.unwrap();
    for (ending, behaviour, words) in onsale_net::provider::sandbox::Behaviour::TABLE {
        let row = format!("<td>{ending}<td><code>{}</code><td>{words}", behaviour.name());
        assert!(shown.contains(&row), "{row}");
    }
}
