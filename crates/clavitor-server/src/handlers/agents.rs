//! Agents as their owner sees them.

use clavitor_api::{AgentList, LearntList};
use clavitor_vault::agents;

use super::{Answer, Finished};
use crate::{
    answer::Done,
    convert::ToWire as _,
    operation::{Call, Json},
    path::AgentPath,
    who::{FreshPerson, Person},
};

/// Every agent.
pub(crate) async fn list(call: Call<Person>, (): ()) -> Answer<AgentList> {
    let agents = call.node.read(|r| agents::list(r, &call.who.credential))?.to_wire();
    Ok(Json(AgentList { agents }))
}

/// What one agent ever learnt.
pub(crate) async fn learnt(call: Call<Person>, AgentPath(agent_id): AgentPath) -> Answer<LearntList> {
    let fields = call.node.read(|r| agents::learnt(r, &call.who.credential, agent_id))?.to_wire();
    Ok(Json(LearntList { fields }))
}

/// Locks an agent.
pub(crate) async fn lock(call: Call<Person>, AgentPath(agent_id): AgentPath) -> Finished {
    let credential = call.who.credential;
    call.node.write(move |w| agents::lock(w, &credential, agent_id)).await?;
    Ok(Done)
}

/// Unlocks an agent.
pub(crate) async fn unlock(call: Call<FreshPerson>, AgentPath(agent_id): AgentPath) -> Finished {
    let credential = call.who.credential;
    call.node.write(move |w| agents::unlock(w, &credential, agent_id)).await?;
    Ok(Done)
}
