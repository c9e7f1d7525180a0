//! `bootstrap`, and the reading side of `node enrol`: a machine gets its first system and a one-time token, and answers with its public keys.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clavitor_outbound::{Ask, Uri, client, get};
use serde::Serialize;

use super::{Context, Done, Failure, Kind};
use crate::bootstrap::{Call, Method, Record, RecordError, Token, TokenError};
use crate::inventory::{Draft, Inventory, Node, NodeName, Refusal};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet bootstrap tokyo --nixos nixos > tokyo.sh    # look at it, then: bash tokyo.sh
  clavitor-fleet bootstrap tokyo --nixos nixos --again       # the machine is made anew; the older token ends
  clavitor-fleet node enrol tokyo                            # asks the machine, on port 80, for its keys
  clavitor-fleet node enrol tokyo --record console.txt       # the same, copied from the console
  clavitor-fleet bootstrap tokyo --nixos nixos --method settle | bash    # enrolled: its real system, through the tunnel

The token lies in .fleet/enrolment, readable for you only, until the node is enrolled. It is in no image and no store.";

/// How long the machine may take to answer.
const ASK_S_MAX: u64 = 15;
const ANSWER_BYTES_MAX: usize = 4_096;

/// `bootstrap`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Bootstrap {
    /// The node's name
    node: NodeName,
    /// The folder that `render` wrote
    #[arg(long, value_name = "DIR")]
    nixos: PathBuf,
    /// How; by the machine's memory if left out
    #[arg(long, value_enum)]
    method: Option<Method>,
    /// The disk, as the machine names it
    #[arg(long, default_value = "/dev/vda")]
    disk: String,
    /// End an older token and make a new one
    #[arg(long)]
    again: bool,
}

/// `node enrol`
#[derive(Debug, Args)]
pub(super) struct Enrol {
    /// The node's name
    node: NodeName,
    /// Read the record from this file, or from standard input with -; without it the machine is asked on port 80
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Show the difference, write nothing and keep the token
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Prepared {
    schema: &'static str,
    node: NodeName,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<String>,
    script: String,
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        let (kind, next) = match &error {
            TokenError::Missing(node) => (Kind::NotFound, Some(format!("clavitor-fleet bootstrap {node} --nixos DIR"))),
            TokenError::Exists(node) => {
                (Kind::Refused, Some(format!("clavitor-fleet bootstrap {node} --nixos DIR --again, which ends that one")))
            }
            TokenError::Readable(path) => {
                (Kind::Refused, Some(format!("chmod 600 {}, and bootstrap again if somebody may have read it", path.display())))
            }
            TokenError::Damaged(_) => (Kind::Refused, Some("clavitor-fleet bootstrap NODE --nixos DIR --again".to_owned())),
            TokenError::Io(..) | TokenError::Random => (Kind::General, None),
        };
        Self { next, ..Self::new(kind, error.to_string()) }
    }
}

/// Makes the token and prints the call.
pub(super) fn bootstrap(context: &Context, asked: &Bootstrap) -> Done {
    let inventory = context.load()?;
    let node = wanted(context.node(&inventory, &asked.node)?, &asked.node)?;
    if inventory.operators.values().all(|operator| operator.ssh_keys.is_empty()) {
        let failure = Failure::new(Kind::Refused, "no operator has an SSH key: nobody could log in to the machine afterwards");
        return Err(failure.next("add ssh_keys to an operator, then clavitor-fleet render"));
    }
    let ram_mb = inventory.plans.get(&node.plan).map_or(0, |plan| plan.ram_mb);
    let method = asked.method.unwrap_or(Method::for_ram_mb(ram_mb));
    if !method.fits(ram_mb) {
        let failure =
            Failure::new(Kind::Refused, format!("{} has {ram_mb} MB, and the installer of nixos-anywhere lives in memory", asked.node));
        return Err(failure.next("--method image"));
    }
    let flake = rendered(&asked.nixos, method)?;
    if !asked.disk.starts_with("/dev/") || asked.disk.chars().any(|c| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '-' | '_')) {
        return Err(Failure::new(Kind::Usage, format!("{:?} is not a disk", asked.disk)).next("--disk /dev/vda"));
    }
    let (token_file, variables) = match method {
        Method::Settle => (None, settle(&inventory, &asked.node, node)?),
        Method::Image | Method::Anywhere => {
            let file = Token::make(&context.state_folder(), &asked.node, asked.again)?;
            let file = std::path::absolute(&file).unwrap_or(file).display().to_string();
            context.say(format_args!("The token of {} is in {file}. After the first boot: clavitor-fleet node enrol {0}", asked.node));
            let variables = vec![("ADDRESS", node.address.to_string()), ("DISK", asked.disk.clone()), ("TOKEN_FILE", file.clone())];
            (Some(file), variables)
        }
    };
    let call = Call { node: asked.node.clone(), method, flake, variables };
    let prepared = Prepared { schema: "clavitor.fleet-bootstrap/1", node: asked.node.clone(), token_file, script: call.text() };
    context.answer(&prepared, || prepared.script.clone())
}

/// What the script must know to reach an enrolled machine and nobody else.
fn settle(inventory: &Inventory, name: &NodeName, node: &Node) -> Result<Vec<(&'static str, String)>, Failure> {
    let keys = node.keys.as_ref().ok_or_else(|| Failure::from(Refusal::NotEnrolled(name.clone())))?;
    let addresses: Vec<String> = inventory.networks.iter().map(|(_, network)| node.address_in(network).to_string()).collect();
    Ok(vec![("TUNNEL", addresses.join(" ")), ("HOST_KEY", keys.ssh_host.without_comment())])
}

fn wanted<'a>(node: &'a Node, name: &NodeName) -> Result<&'a Node, Failure> {
    if node.is_wanted() { Ok(node) } else { Err(Refusal::Retired(name.clone()).into()) }
}

/// The rendered folder, if the script is in it.
fn rendered(folder: &Path, method: Method) -> Result<PathBuf, Failure> {
    let missing = || {
        let failure = Failure::new(Kind::NotFound, format!("{} is not a rendered folder", folder.display()));
        failure.next(format!("clavitor-fleet render --out {}", folder.display()))
    };
    let folder = std::fs::canonicalize(folder).map_err(|_| missing())?;
    if folder.join(method.script()).exists() { Ok(folder) } else { Err(missing()) }
}

/// Takes a machine's public keys into the inventory, once, if it proves that it was given the token.
pub(super) fn enrol(context: &Context, asked: &Enrol) -> Done {
    let inventory = context.load()?;
    let node = wanted(context.node(&inventory, &asked.node)?, &asked.node)?;
    let state = context.state_folder();
    let token = Token::read(&state, &asked.node)?;
    let text = match &asked.record {
        Some(path) => read(path)?,
        None => ask(context, node, &asked.node)?,
    };
    let keys = Record::parse(&text)
        .and_then(|record| record.verify(&token, &asked.node, context.now_unix_s()))
        .map_err(|error| refused(&error))?;
    context.change(asked.dry_run, |draft: &mut Draft| Ok(draft.set_keys(&asked.node, &keys)?))?;
    if asked.dry_run {
        return Ok(());
    }
    Token::spend(&state, &asked.node)?;
    context.say(format_args!("{} is enrolled. Compare with its console: {} and {}", asked.node, keys.ssh_host, keys.wireguard));
    context.say(format_args!(
        "Next: clavitor-fleet render, deploy the hubs, which then know it, and then: clavitor-fleet bootstrap {} --nixos DIR --method settle",
        asked.node
    ));
    Ok(())
}

fn refused(error: &RecordError) -> Failure {
    Failure::new(Kind::Refused, "the enrolment record is not believed, and nothing was written").why(error)
}

/// One's own copy, bounded.
fn read(path: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::new(Kind::NotFound, format!("{} cannot be read", path.display())).why(error);
    let source: Box<dyn std::io::Read> =
        if path.as_os_str() == "-" { Box::new(std::io::stdin().lock()) } else { Box::new(std::fs::File::open(path).map_err(failed)?) };
    let mut text = String::new();
    source.take(ANSWER_BYTES_MAX as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Asks the machine. Plain HTTP is enough: what comes back is public, and believed for its MAC only.
fn ask(context: &Context, node: &Node, name: &NodeName) -> Result<String, Failure> {
    let at = SocketAddr::new(node.address, 80);
    context.say(format_args!("Asking {at} for its record, {ASK_S_MAX} s at most."));
    let unreachable = |why: String| {
        let failure = Failure::new(Kind::Unreachable, format!("{name} does not give its enrolment record at {at}")).why(why);
        failure.next(format!("copy the record from its console, then clavitor-fleet node enrol {name} --record FILE"))
    };
    let uri: Uri = format!("http://{at}/").parse().map_err(|_| unreachable("its address makes no URL".to_owned()))?;
    let client = client(None).map_err(|error| unreachable(error.to_string()))?;
    let asked = Ask { to: &uri, bearer: None, deadline: Duration::from_secs(ASK_S_MAX), answer_bytes_max: ANSWER_BYTES_MAX };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = runtime
        .map_err(|error| unreachable(error.to_string()))?
        .block_on(get(&client, &asked))
        .map_err(|error| unreachable(error.to_string()))?;
    if answer.status != 200 {
        return Err(unreachable(format!("it answered with {}", answer.status)));
    }
    String::from_utf8(answer.body.to_vec()).map_err(|_| unreachable("the answer is no text".to_owned()))
}
