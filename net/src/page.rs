//! Lists in pages (keyset, RFC 8288): what is asked for, and the answer with its link to the next
//! page. A cursor says nothing to anybody but us: it is read back as what it was, or refused.

use std::fmt::Display;
use std::str::FromStr;

use axum::http::header::{LINK, VARY};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use onsale_control::page::{Cursor, Limit, Page};
use onsale_core::id::OrderId;
use serde::Serialize;

use crate::dto::id::OrderRef;
use crate::dto::orders_page::OrdersPage;
use crate::dto::{Id, in_query};
use crate::json::Json;
use crate::problem::Problem;

/// How many items are asked for.
pub(crate) fn limit(asked: Option<u16>) -> Result<Limit, Problem> {
    let limit = asked.map_or(Some(Limit::DEFAULT), Limit::new);
    in_query("limit", limit.ok_or_else(|| format!("must be 1 to {}", Limit::MAX)))
}

/// Behind what.
pub(crate) fn cursor<S: FromStr, I: FromStr>(
    after: Option<&str>,
) -> Result<Option<Cursor<S, I>>, Problem> {
    let Some(after) = after else { return Ok(None) };
    let cursor = decode(after).ok_or("must be the `next` of an earlier page, unchanged");
    in_query("after", cursor.map(Some))
}

fn decode<S: FromStr, I: FromStr>(text: &str) -> Option<Cursor<S, I>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let [sort, id]: [String; 2] = serde_json::from_slice(&bytes).ok()?;
    // No key has any, and PostgreSQL takes no zero byte.
    if sort.contains(char::is_control) {
        return None;
    }
    Some(Cursor { sort: sort.parse().ok()?, id: id.parse().ok()? })
}

/// A cursor as a page has it in `next`.
pub(crate) fn next<S: Display, I: Display>(cursor: &Cursor<S, I>) -> String {
    let parts = serde_json::json!([cursor.sort.to_string(), cursor.id.to_string()]);
    BASE64_URL_SAFE_NO_PAD.encode(parts.to_string())
}

/// A page that was found, as the answer to a request for `uri`; `list` takes its items and what to
/// send for the next one.
pub(crate) fn answer<T, U: From<T>, L: Serialize>(
    uri: &Uri,
    found: Page<T, Cursor<impl Display, impl Display>>,
    list: impl FnOnce(Vec<U>, Option<String>) -> L,
) -> Response {
    let next = found.next.as_ref().map(next);
    let items = found.items.into_iter().map(U::from).collect();
    respond(uri, next.clone().as_deref(), &list(items, next))
}

/// What was found of so many orders and one more, which shows whether there is another page, as the
/// answer to a request for `uri`; `list` takes it and what to send for the next one.
pub(crate) fn answer_of_orders<T, U: From<T>, L: Serialize>(
    uri: &Uri,
    (found, orders_max): (Vec<T>, u16),
    order_of: impl Fn(&T) -> OrderId,
    list: impl FnOnce(Vec<U>, Option<OrderRef>) -> L,
) -> Response {
    let (items, next) = OrdersPage::cut(found, order_of, orders_max);
    let link = next.map(|Id(order)| order.to_string());
    respond(uri, link.as_deref(), &list(items, next))
}

/// A page as the answer to a request for `uri`, with a link to the next one if there is one.
pub(crate) fn respond(uri: &Uri, next: Option<&str>, page: &impl Serialize) -> Response {
    let mut response = Json(page).into_response();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("authorization"));
    let link = next.map(|next| format!("<{}>; rel=\"next\"", following(uri, next)));
    headers.extend(link.and_then(|link| HeaderValue::try_from(link).ok()).map(|link| (LINK, link)));
    response
}

/// The same list with the same filters, behind `next`.
fn following(uri: &Uri, next: &str) -> String {
    let pairs = uri.query().unwrap_or_default().split('&');
    let kept = pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
    let after = format!("after={next}");
    let query: Vec<_> = kept.chain([after.as_str()]).collect();
    format!("{}?{}", uri.path(), query.join("&"))
}

#[cfg(test)]
mod tests {
    use onsale_control::id::OrganiserId;

    use super::*;

    type ByName = Cursor<String, OrganiserId>;

    #[test]
    fn a_cursor_is_read_back_as_it_was_and_nothing_else_is_read() {
        let last = ByName { sort: "o'neill's \"bar\"".to_owned(), id: OrganiserId::random() };
        let text = next(&last);
        assert_eq!(cursor(Some(&text)).unwrap(), Some(last));
        let by_time = next(&Cursor { sort: 7_u64, id: OrganiserId::random() });
        assert!(cursor::<u64, OrganiserId>(Some(&by_time)).unwrap().is_some());
        let other = BASE64_URL_SAFE_NO_PAD.encode(r#"["a","ven_1"]"#);
        let hidden = next(&ByName { sort: "\0".to_owned(), id: OrganiserId::random() });
        let short = BASE64_URL_SAFE_NO_PAD.encode(r#"["a"]"#);
        for wrong in ["", "a", "%00", "' OR 1=1 --", &other, &hidden, &short, &text[1..]] {
            let problem = cursor::<String, OrganiserId>(Some(wrong)).unwrap_err();
            assert_eq!(problem.code(), "invalid_parameter", "{wrong}");
        }
    }

    #[test]
    fn the_next_page_is_of_the_same_list() {
        let uri = Uri::from_static("/api/v1/organisers?text=a%26b&after=x&limit=2");
        assert_eq!(following(&uri, "y"), "/api/v1/organisers?text=a%26b&limit=2&after=y");
        assert_eq!(following(&Uri::from_static("/a"), "y"), "/a?after=y");
    }
}
