//! One AsyncAPI 3.0 document about all topics and types.

use serde_json::{Map, Value, json};

use super::{EXAMPLE, SCHEMA};
use crate::event::{TYPES, Type};
use crate::topic::Topic;

/// The document. Schemas and examples lie beside it.
pub(super) fn document() -> Value {
    let messages: Map<_, _> =
        TYPES.iter().map(|known| (known.name.to_owned(), message(known))).collect();
    let channels: Map<_, _> =
        Topic::ALL.into_iter().map(|topic| (topic.name().to_owned(), channel(topic))).collect();
    let operations: Map<_, _> = Topic::ALL
        .into_iter()
        .map(|topic| (format!("publish-{topic}"), operation(topic)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Onsale: facts for others",
            "version": "1",
            "description": "What happens in a ticket sale, as CloudEvents 1.0. Each is delivered \
                at least once, what has the same partitionkey in order. A type only ever gains \
                members and values: pass over what you do not know.",
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages },
    })
}

fn message(known: &Type) -> Value {
    let data = (known.schema)();
    json!({
        "name": known.name,
        "title": known.name,
        "summary": data.get("description").cloned().unwrap_or_default(),
        "contentType": "application/cloudevents+json",
        "payload": { "$ref": format!("./{}{SCHEMA}", known.name) },
        "externalDocs": { "url": format!("./{}{EXAMPLE}", known.name) },
    })
}

fn channel(topic: Topic) -> Value {
    let messages: Map<_, _> = of(topic)
        .map(|known| {
            let reference = format!("#/components/messages/{}", known.name);
            (known.name.to_owned(), json!({ "$ref": reference }))
        })
        .collect();
    json!({ "address": topic.name(), "description": topic.about(), "messages": messages })
}

fn operation(topic: Topic) -> Value {
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{topic}") },
        "summary": topic.about(),
    })
}

fn of(topic: Topic) -> impl Iterator<Item = &'static Type> {
    TYPES.iter().filter(move |known| known.topic == topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_on_the_channel_of_its_topic_and_no_other() {
        let document = document();
        for known in TYPES {
            for topic in Topic::ALL {
                let messages = &document["channels"][topic.name()]["messages"];
                assert_eq!(messages.get(known.name).is_some(), topic == known.topic);
            }
            let payload = &document["components"]["messages"][known.name]["payload"];
            assert_eq!(payload["$ref"], format!("./{}.schema.json", known.name));
        }
    }
}
