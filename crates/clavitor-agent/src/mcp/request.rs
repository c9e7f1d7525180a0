//! A missing credential: the person enters it on the vault's own page. The page is opened by URL elicitation where the client can, else the URL is returned.

use std::{collections::BTreeMap, time::Duration};

use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, ClientResult, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction,
        InputRequest, InputRequiredResult, ProtocolVersion, ServerRequest,
    },
    service::RequestContext,
};

use super::{
    calls::{answer, parsed},
    tools::{RequestInput, RequestedView},
};
use crate::{desk::Place, failure::Failure, label};

/// The name under which the client answers.
const ANSWER: &str = "page";
/// A client on an older revision answers within this time, in seconds; people take a while.
const ANSWER_S_MAX: u64 = 300;

/// How this client can be asked to open a page.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// In the result, since 2026-07-28.
    InResult,
    /// By a request of our own, in 2025-11-25.
    ByRequest,
    /// Not at all: the URL goes into the answer.
    NotAtAll,
}

/// Asks for a credential.
pub(super) async fn request_credential(
    place: &Place,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, Failure> {
    let input: RequestInput = parsed(request.arguments)?;
    let node = place.store()?.chosen(place.profile.as_deref())?.identity()?.node;
    // The address names a page and nothing else: no title, no person, no way in.
    let url = node.at(&format!("/#/new/{}", input.kind.name()));
    if let Some(answered) = request.input_responses {
        let result = answered.get(ANSWER).and_then(|value| serde_json::from_value::<ElicitResult>(value.clone()).ok());
        return after(result, &url);
    }
    let params = elicitation(&input, &url);
    match way(context) {
        Way::InResult => {
            let asked = InputRequest::Elicitation(ElicitRequest::new(params));
            Ok(InputRequiredResult::from_input_requests(BTreeMap::from([(ANSWER.to_owned(), asked)])).into())
        }
        Way::ByRequest => {
            let sent = context.peer.send_request(ServerRequest::ElicitRequest(ElicitRequest::new(params)));
            let answered = tokio::time::timeout(Duration::from_secs(ANSWER_S_MAX), sent).await;
            match answered {
                Ok(Ok(ClientResult::ElicitResult(result))) => after(Some(result), &url),
                // A client that promised and cannot: the person still gets the address.
                _ => after(None, &url),
            }
        }
        Way::NotAtAll => after(None, &url),
    }
}

fn way(context: &RequestContext<RoleServer>) -> Way {
    let by_url = context
        .client_capabilities()
        .and_then(|capabilities| capabilities.elicitation)
        .is_some_and(|elicitation| elicitation.url.is_some());
    match context.protocol_version() {
        Some(version) if by_url && version >= ProtocolVersion::V_2026_07_28 => Way::InResult,
        Some(version) if by_url && version >= ProtocolVersion::V_2025_11_25 => Way::ByRequest,
        _ => Way::NotAtAll,
    }
}

fn elicitation(input: &RequestInput, url: &str) -> ElicitRequestParams {
    let message = format!(
        "An agent asks for the credential \"{}\" ({}). Reason it gives: \"{}\". If you agree, add it to your vault on this page, and put it into one of the agent's scopes.",
        label::label(&input.title),
        input.kind.name(),
        label::label(&input.reason),
    );
    let elicitation_id = data_encoding::HEXLOWER.encode(&clavitor_crypto::random::make::<16>());
    ElicitRequestParams::UrlElicitationParams { meta: None, message, url: url.to_owned(), elicitation_id }
}

fn after(result: Option<ElicitResult>, url: &str) -> Result<CallToolResponse, Failure> {
    let (state, next) = match result.map(|result| result.action) {
        Some(ElicitationAction::Accept) => (
            "opened",
            "The person opened the page. When they say they are done, call list; the new item appears once it is in one of your scopes.",
        ),
        Some(_) => ("declined", "The person declined. Do not ask again for the same credential, and do not look for a copy elsewhere."),
        None => (
            "ask_the_person",
            "Show the person this URL and ask them to add the credential there, in one of your scopes. Then call list. Never ask them to paste it here.",
        ),
    };
    let view = RequestedView { schema: "clavitor.agent.request/1".into(), state: state.into(), url: url.to_owned(), next: next.into() };
    answer(&view).map(CallToolResponse::from)
}
