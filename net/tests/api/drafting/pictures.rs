//! Pictures: what they are, and what is none.

use serde_json::{Value, json};

use super::desk::Desk;
use crate::server::{Call, delete, get, post, text};

/// The head of a PNG.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &width, &height, &[8, 2, 0, 0, 0]].concat()
}

fn picture(path: String, bytes: Vec<u8>) -> Call {
    // Whatever it says that it is.
    post(path).raw(bytes).header("content-type", "text/html")
}

#[tokio::test]
async fn a_picture_is_shown_as_what_it_is_for_ever() {
    let desk = Desk::new().await;
    let draft = desk.draft().await;
    let add = picture(draft.path("/images"), png(1_200, 800));
    let event = desk.change(&draft, add).await;
    let image = &event["images"][0];
    assert_eq!((&image["width"], &image["media_type"]), (&json!(1_200), &json!("image/png")));
    let path = text(&image["path"]);
    let shown = desk.server.send(get(&path)).await;
    assert_eq!((shown.status.as_u16(), &shown.body[..]), (200, &png(1_200, 800)[..]));
    assert_eq!(shown.headers["content-type"], "image/png");
    assert_eq!(shown.headers["x-content-type-options"], "nosniff");
    assert_eq!(shown.headers["cache-control"], "public, max-age=31536000, immutable");
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let again = desk.server.send(get(&path).header("if-none-match", tag)).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    for name in ["cache-control", "etag"] {
        assert_eq!(again.headers[name], shown.headers[name], "{name}");
    }
    let id = text(&image["id"]);
    let event = desk.change(&draft, delete(draft.path(&format!("/images/{id}")))).await;
    assert_eq!(event["images"], json!([]));
    desk.server.refuse(get(&path), 404, "not_found").await;
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_refused() {
    let desk = Desk::new().await;
    let draft = desk.draft().await;
    let add = |bytes: Vec<u8>| picture(draft.path("/images"), bytes);
    for wrong in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"GIF89a", b"", b"{}"] {
        let call = desk.ask(&draft, add(wrong.to_vec()));
        desk.server.refuse(call, 415, "no_image").await;
    }
    let call = desk.ask(&draft, add(png(20_000, 1)));
    let problem = desk.server.refuse(call, 422, "image_too_large").await;
    assert_eq!(problem["max"], 10_000);
    let call = desk.ask(&draft, add(vec![0; 4 * 1024 * 1024 + 1]));
    desk.server.refuse(call, 413, "body_too_large").await;
    for width in 1..=10 {
        let call = picture(draft.path("/images"), png(width, 1));
        desk.change(&draft, call).await;
    }
    let call = desk.ask(&draft, picture(draft.path("/images"), png(11, 1)));
    desk.server.refuse(call, 409, "full").await;
    let call = desk.ask(&draft, delete(draft.path("/images/abc")));
    desk.server.refuse(call, 400, "invalid_parameter").await;
    for wrong in ["..%2f..%2fetc", "%FF"] {
        let call = get(format!("/api/v1/catalogue/images/{wrong}"));
        let problem = desk.server.refuse(call, 400, "invalid_parameter").await;
        assert_eq!(problem["errors"][0]["at"], "path.image", "{wrong}");
    }
}

#[tokio::test]
async fn no_address_is_taken_for_a_picture() {
    let desk = Desk::new().await;
    let draft = desk.draft().await;
    let body: Value = json!({"url": "http://169.254.169.254/latest/meta-data"});
    let call = desk.ask(&draft, post(draft.path("/images")).json(&body));
    desk.server.refuse(call, 415, "no_image").await;
}
