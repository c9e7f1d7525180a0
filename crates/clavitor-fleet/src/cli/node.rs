//! Verbs that change one node in the inventory.

use std::net::IpAddr;

use clap::{Args, Subcommand};

use super::{Context, Done, Failure, Kind, bootstrap, rotate};
use crate::geography::cities;
use crate::inventory::{Country, Day, Draft, Node, NodeName, PlanName, ProviderName, Role, State};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet node add singapore --city Singapore --region \"South-East Asia\" \\
      --provider vultr --plan vultr-512 --address 203.0.113.17
  clavitor-fleet node retire sydney --dry-run";

/// `node …`
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum NodeVerb {
    /// Add a planned node; of a city that the tool knows, country and place are filled in
    Add(Box<Add>),
    /// Take the public keys that a machine made at its first boot into the inventory
    Enrol(bootstrap::Enrol),
    /// Take an enrolled node into service
    Activate(Named),
    /// Change a node's tunnel key while its tunnels are in use
    Rotate(Box<rotate::Rotate>),
    /// Retire a node for ever; its name, number and keys are never given again
    Retire(Named),
}

/// A new node.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Its name: lower-case letters, digits and hyphens
    name: NodeName,
    /// The city
    #[arg(long)]
    city: String,
    /// The country's two letters; found by the city if left out
    #[arg(long)]
    country: Option<Country>,
    /// The part of the world it serves
    #[arg(long)]
    region: String,
    /// Degrees north; found by the city if left out
    #[arg(long, allow_negative_numbers = true, requires = "longitude")]
    latitude: Option<f64>,
    /// Degrees east; found by the city if left out
    #[arg(long, allow_negative_numbers = true, requires = "latitude")]
    longitude: Option<f64>,
    /// A provider of the inventory
    #[arg(long)]
    provider: ProviderName,
    /// A plan of the inventory
    #[arg(long)]
    plan: PlanName,
    /// The machine's public address, never a name
    #[arg(long)]
    address: IpAddr,
    /// A second public address, of the other family
    #[arg(long)]
    address2: Option<IpAddr>,
    /// The number in both tunnel networks; the next free one if left out
    #[arg(long)]
    number: Option<u8>,
    /// Whom it is there for; may be repeated
    #[arg(long)]
    covers: Vec<String>,
    /// The node that holds its backup
    #[arg(long)]
    backup: Option<NodeName>,
    /// Show the difference, write nothing
    #[arg(long)]
    dry_run: bool,
}

/// One node by name.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// The node's name
    node: NodeName,
    /// Show the difference, write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, verb: NodeVerb) -> Done {
    match verb {
        NodeVerb::Add(add) => context.change(add.dry_run, |draft| {
            let node = new_node(&add, draft)?;
            Ok(draft.add(&add.name, &node)?)
        }),
        NodeVerb::Enrol(enrol) => bootstrap::enrol(context, &enrol),
        NodeVerb::Rotate(asked) => rotate::rotate(context, &asked),
        NodeVerb::Activate(named) => context.change(named.dry_run, |draft| Ok(draft.activate(&named.node)?)),
        NodeVerb::Retire(named) => {
            let today = Day::of_unix_s(context.now_unix_s());
            context.change(named.dry_run, |draft| Ok(draft.retire(&named.node, today)?))
        }
    }
}

fn new_node(add: &Add, draft: &Draft) -> Result<Node, Failure> {
    let known = cities::find(&add.city, add.country.as_ref().map(Country::as_str));
    let (Some(latitude), Some(longitude)) =
        (add.latitude.or(known.map(|city| city.point.latitude)), add.longitude.or(known.map(|city| city.point.longitude)))
    else {
        return Err(unknown_place(add, "--latitude and --longitude"));
    };
    let country = add.country.clone().or_else(|| known?.country.parse().ok()).ok_or_else(|| unknown_place(add, "--country"))?;
    let number = add.number.or_else(|| draft.inventory().free_number());
    let number = number
        .ok_or_else(|| Failure::new(Kind::Refused, "every number of the tunnel networks is taken").next("widen the subnets first"))?;
    Ok(Node {
        city: add.city.clone(),
        country,
        region: add.region.clone(),
        latitude,
        longitude,
        provider: add.provider.clone(),
        plan: add.plan.clone(),
        role: Role::Pop,
        number,
        address: add.address,
        address2: add.address2,
        covers: add.covers.clone(),
        backup: add.backup.clone(),
        state: State::Planned,
        cost_usd: None,
        services: Vec::new(),
        keys: None,
        break_glass: None,
        retired: None,
    })
}

fn unknown_place(add: &Add, flags: &str) -> Failure {
    Failure::new(Kind::NotFound, format!("where {} is, is not known", add.city))
        .why("it is not among the cities the tool ships")
        .next(format!("give {flags}"))
}
