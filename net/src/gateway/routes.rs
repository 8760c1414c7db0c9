//! What the gateway knows of each route: found once for a request, by method and path.

use std::collections::HashMap;

use axum::http::Method;
use onsale_control::access::Action;
use serde_json::Value;

use super::class::Class;
use super::version::Retirement;
use crate::provider::webhook;

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: String,
    /// With its parameters in braces.
    pub(crate) path: String,
    pub(crate) class: Class,
    /// What it is for, as the policy calls it.
    pub(crate) action: Option<Action>,
    pub(crate) retirement: Option<Retirement>,
}

/// All routes, each with a number; the last number stands for whatever is no route.
pub(crate) struct Routes {
    all: Vec<Route>,
    /// By path.
    numbers: HashMap<String, Vec<usize>>,
}

impl Routes {
    /// Those of a description, and the few that it does not describe.
    pub(crate) fn new(document: &Value) -> Self {
        let mut all: Vec<_> = operations(document)
            .map(|(method, path, operation)| Route {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                // Whoever forgets gets the strictest.
                class: class(operation).unwrap_or(Class::Credentials),
                action: action(operation),
                retirement: Retirement::of(operation),
            })
            .collect();
        let other = |method: &str, path: &str, class| Route {
            method: method.to_owned(),
            path: path.to_owned(),
            class,
            action: None,
            retirement: None,
        };
        all.push(other("POST", webhook::PATH, Class::Webhook));
        all.push(other("OTHER", "other", Class::Read));
        let mut numbers = HashMap::<String, Vec<_>>::new();
        for (number, route) in all.iter().enumerate() {
            numbers.entry(route.path.clone()).or_default().push(number);
        }
        Self { all, numbers }
    }

    /// The number of the route that a request goes to.
    pub(crate) fn find(&self, method: &Method, path: Option<&str>) -> usize {
        // HEAD is answered by the handler of GET.
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let numbers = path.and_then(|path| self.numbers.get(path)).into_iter().flatten();
        let found = numbers.copied().find(|&number| self.all[number].method == method);
        found.unwrap_or(self.all.len() - 1)
    }

    pub(crate) fn get(&self, number: usize) -> &Route {
        &self.all[number]
    }

    /// Method and path of all of them, by number.
    pub(crate) fn names(&self) -> Vec<(String, String)> {
        self.all.iter().map(|route| (route.method.clone(), route.path.clone())).collect()
    }
}

/// The class that an operation names.
pub(crate) fn class(operation: &Value) -> Option<Class> {
    Class::of_name(operation["x-limit"].as_str()?)
}

/// The action that an operation names.
pub(crate) fn action(operation: &Value) -> Option<Action> {
    operation["x-action"].as_str()?.parse().ok()
}

/// Every operation of a document: method, path, description.
fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let item = item.as_object().into_iter().flatten();
        item.map(move |(method, operation)| (method, path, operation))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn routes() -> Routes {
        Routes::new(&json!({ "paths": {
            "/a/{id}": { "get": { "x-limit": "search" }, "delete": { "x-limit": "serach" } },
            "/b": { "post": {} },
        } }))
    }

    #[test]
    fn a_route_has_the_class_that_it_names_and_the_strictest_if_it_names_none() {
        let routes = routes();
        let class = |method: Method, path| routes.get(routes.find(&method, Some(path))).class;
        assert_eq!(class(Method::GET, "/a/{id}"), Class::Search);
        assert_eq!(class(Method::HEAD, "/a/{id}"), Class::Search);
        assert_eq!(class(Method::DELETE, "/a/{id}"), Class::Credentials, "misspelt");
        assert_eq!(class(Method::POST, "/b"), Class::Credentials);
        assert_eq!(class(Method::POST, webhook::PATH), Class::Webhook);
    }

    #[test]
    fn whatever_is_no_route_has_a_number_too() {
        let routes = routes();
        for (method, path) in
            [(Method::GET, None), (Method::GET, Some("/c")), (Method::PUT, Some("/b"))]
        {
            assert_eq!(routes.get(routes.find(&method, path)).path, "other");
        }
    }
}
