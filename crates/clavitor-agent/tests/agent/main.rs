//! The agent's binary from outside: against an honest node, a hostile one, MCP clients of several revisions, and the real server.

#[cfg(test)]
mod evil_node;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod real_node;
#[cfg(test)]
mod support;
#[cfg(test)]
mod verbs;
