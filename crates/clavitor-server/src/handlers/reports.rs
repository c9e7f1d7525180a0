//! What browsers report of pages: a violation of the content policy means that something was in the page which we did not build. It is counted, and
//! its directive is logged; the address, the source and the sample that a browser sends along are not looked at, because they may hold what a person typed.

use axum::http::HeaderMap;
use clavitor_api::PolicyReport;

use super::Finished;
use crate::{
    answer::Done,
    body,
    operation::{Call, Carried, Input, InputSchema, Json, Schemas},
    refusal::Refusal,
    reports::Directive,
    who::Anyone,
};

/// A report, in the media type that browsers give it.
pub(crate) struct PolicyReported(Directive);

impl Input for PolicyReported {
    const HAS_BODY: bool = true;
    const EXPENSIVE: bool = false;

    fn schema(schemas: &mut Schemas) -> InputSchema {
        <Json<PolicyReport> as Input>::schema(schemas)
    }

    fn media_type(headers: &HeaderMap) -> Result<(), Refusal> {
        body::is_report(headers)
    }

    fn read(carried: &Carried<'_>) -> Result<Self, Refusal> {
        let Json(report) = <Json<PolicyReport> as Input>::read(carried)?;
        let named = report.report.effective.or(report.report.violated);
        Ok(Self(Directive::named(&named.unwrap_or_default())))
    }
}

/// Counts a violation.
pub(crate) async fn policy(call: Call<Anyone>, PolicyReported(directive): PolicyReported) -> Finished {
    let count = call.node.reports().count(directive);
    // Every one of a flood says the same; the powers of two tell how large it is.
    if count.is_power_of_two() {
        tracing::warn!(directive = directive.name(), count, "a browser reports that a page did what its content policy forbids");
    }
    Ok(Done)
}
