//! Enrolment of an agent.

use clavitor_api::{EnrolRequest, EnrolResponse};
use clavitor_vault::enrol;

use super::Answer;
use crate::{
    convert::FromWire as _,
    operation::{Call, Json},
    who::Anyone,
};

/// The agent proves its string and leaves its keys.
pub(crate) async fn answer(call: Call<Anyone>, Json(input): Json<EnrolRequest>) -> Answer<EnrolResponse> {
    let request = input.to_vault()?;
    let grant = call.node.write(move |w| enrol::answer(w, &request)).await?;
    Ok(Json(EnrolResponse { grant: grant.into() }))
}
