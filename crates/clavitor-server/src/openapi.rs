//! The API description (OpenAPI 3.1), made from the operation table and the wire types.

use axum::http::Method;
use clavitor_api::ErrorBody;
use schemars::{Schema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    answer::MEDIA_TYPE,
    operation::{InputSchema, Operation, Schemas},
    router::operations,
    who::WhoKind,
};

/// The description, with members in alphabetical order, so that equal tables give equal bytes.
pub fn openapi() -> Value {
    let mut schemas = Schemas { requests: settings().into_generator(), answers: settings().for_serialize().into_generator() };
    let error = schemas.answers.subschema_for::<ErrorBody>();
    let mut paths = Map::new();
    for operation in operations() {
        let described = describe(&operation, &mut schemas, &error);
        if let Some(methods) = paths.entry(operation.path).or_insert_with(|| json!({})).as_object_mut() {
            methods.insert(method_name(&operation.method), described);
        }
    }
    let mut components = schemas.requests.take_definitions(true);
    components.extend(schemas.answers.take_definitions(true));
    sorted(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Clavitor",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Ids are lower-case hexadecimal, other bytes base64url without padding, times Unix milliseconds unless the name says otherwise.",
            "license": {"name": "Elastic License 2.0", "identifier": "Elastic-2.0"},
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": security_schemes()},
    }))
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    })
}

fn method_name(method: &Method) -> String {
    method.as_str().to_ascii_lowercase()
}

fn describe(operation: &Operation, schemas: &mut Schemas, error: &Schema) -> Value {
    let mut parameters = path_parameters(operation.path);
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.doc,
        "x-clavitor-caller": operation.who.name(),
        "security": security(operation.who),
    });
    match (operation.input)(schemas) {
        InputSchema::Nothing | InputSchema::Path => {}
        InputSchema::Query(schema) => parameters.extend(query_parameters(&schema)),
        InputSchema::Body(schema) => described["requestBody"] = json!({"required": true, "content": {MEDIA_TYPE: {"schema": schema}}}),
    }
    let output = (operation.output)(schemas);
    let mut success = json!({"description": "Done."});
    if let Some((media_type, schema)) = output.body {
        success["content"] = json!({media_type: {"schema": schema}});
    }
    described["responses"] = json!({
        output.status.as_str(): success,
        "default": {"description": "Refused.", "content": {MEDIA_TYPE: {"schema": error}}},
    });
    described["parameters"] = parameters.into();
    described
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let schema =
                if name.ends_with("_id") { json!({"type": "string", "pattern": "^[0-9a-f]{32}$"}) } else { json!({"type": "string"}) };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect()
}

fn query_parameters(schema: &Schema) -> Vec<Value> {
    let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    members
        .map(|(name, member)| {
            let mut member = member.clone();
            let description = member.as_object_mut().and_then(|object| object.remove("description"));
            json!({"name": name, "in": "query", "description": description, "schema": member})
        })
        .collect()
}

fn security(who: WhoKind) -> Value {
    match who {
        WhoKind::Anyone => json!([]),
        WhoKind::Person | WhoKind::FreshPerson => json!([{"session": []}]),
        WhoKind::Agent => json!([{"proof": []}]),
        WhoKind::Hosted => json!([{"token": []}]),
        WhoKind::AnyAgent => json!([{"proof": []}, {"token": []}]),
        WhoKind::Watcher => json!([{}, {"watcher": []}]),
    }
}

fn security_schemes() -> Value {
    json!({
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-clavitor", "description": "A person's session. Requests other than GET also send `X-Clavitor: 1`."},
        "proof": {"type": "http", "scheme": "DPoP", "description": "An enrolled agent: `Authorization: DPoP <agent id>` and a signed `DPoP` header for each request (RFC 9449, docs/API.md)."},
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "cvt1-", "description": "A hosted agent's token."},
        "watcher": {"type": "http", "scheme": "bearer", "description": "The token of `--metrics-token-file`; nothing is needed on the node's own machine."},
    })
}

/// The same value with every object's members in alphabetical order, whatever the map underneath does.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members.into_iter().map(|(name, member)| (name, sorted(member))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The description that clients are generated from is the one this build serves.
    #[test]
    fn the_committed_description_is_current() {
        let committed = include_str!("../../../web/api/openapi.json");
        let current = format!("{:#}\n", openapi());
        assert!(committed == current, "web/api/openapi.json is stale; run: npm run describe, in crates/clavitor-api/typescript");
    }

    #[test]
    fn the_committed_types_are_made_from_the_committed_description() {
        let hash = data_encoding::HEXLOWER.encode(&crate::digest::sha256(include_bytes!("../../../web/api/openapi.json")));
        let types = include_str!("../../../web/api/schema.d.ts");
        assert!(types.contains(&hash), "web/api/schema.d.ts is stale; run: npm run generate, in crates/clavitor-api/typescript");
    }

    #[test]
    fn every_operation_has_its_row_in_the_docs() {
        let page = include_str!("../../../docs/API.md");
        for operation in operations() {
            let row = format!("| `{} {}` | {} |", operation.method, operation.path, operation.who.name());
            assert!(page.contains(&row), "docs/API.md has no row: {row}");
        }
        assert_eq!(
            page.matches("| `GET /").count() + page.matches("| `POST /").count() + page.matches("| `DELETE /").count(),
            operations().len()
        );
    }

    #[test]
    fn a_type_looks_the_same_in_requests_and_answers() {
        let mut schemas = Schemas { requests: settings().into_generator(), answers: settings().for_serialize().into_generator() };
        for operation in operations() {
            (operation.input)(&mut schemas);
            (operation.output)(&mut schemas);
        }
        let requests = schemas.requests.take_definitions(true);
        for (name, schema) in schemas.answers.take_definitions(true) {
            assert!(requests.get(&name).is_none_or(|other| *other == schema), "{name} differs between requests and answers");
        }
    }

    #[test]
    fn names_and_routes_are_unique() {
        let operations = operations();
        let mut ids: Vec<_> = operations.iter().map(|o| o.id).collect();
        let mut routes: Vec<_> = operations.iter().map(|o| (o.path, o.method.as_str())).collect();
        ids.sort_unstable();
        routes.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(routes.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
