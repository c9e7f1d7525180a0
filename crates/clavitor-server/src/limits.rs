//! Every limit of the network side, with its unit last in its name.

/// Limits of one node. The defaults are what docs/API.md promises; tests make some smaller.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Request line and header fields together.
    pub header_bytes_max: usize,
    /// Header fields of one request.
    pub header_fields_max: usize,
    /// Path and query.
    pub url_bytes_max: usize,
    /// A request body.
    pub body_bytes_max: usize,
    /// The body of a change; it is read only after the caller is known.
    pub change_bytes_max: usize,
    /// Bodies above `body_bytes_max` that are in memory at once; the next one waits.
    pub large_bodies_max: usize,
    /// Nesting of a JSON body.
    pub json_depth_max: usize,
    /// From the first byte of a request to the end of its header.
    pub header_ms_max: u64,
    /// Between requests of one connection.
    pub idle_ms_max: u64,
    /// From the end of the header to the answer.
    pub request_ms_max: u64,
    /// The same for a change, whose body may take a while.
    pub change_ms_max: u64,
    /// Connections in all.
    pub connections_max: usize,
    /// Connections from one IPv4 address or IPv6 /64.
    pub connections_per_prefix_max: usize,
    /// Concurrent requests of one HTTP/2 connection.
    pub streams_max: u32,
    /// Requests that need no caller, from one IPv4 address or IPv6 /64.
    pub anonymous_per_minute_max: u32,
    /// Of these, the ones that verify signatures or write, on the whole node.
    pub expensive_per_minute_max: u32,
    /// Prefixes whose rates are remembered.
    pub prefixes_max: usize,
    /// Requests of one agent, enrolled or hosted, over a while.
    pub agent_per_minute_max: u32,
    /// The same after a quiet while, at once.
    pub agent_burst_max: u32,
    /// Agents whose rates are remembered.
    pub agent_rates_max: usize,
    /// Proof ids that are remembered, on the whole node.
    pub proofs_max: usize,
    /// The same for one agent.
    pub proofs_per_agent_max: usize,
    /// How far a proof's time may be from the node's.
    pub proof_skew_s_max: u64,
    /// Open requests are given this long at shutdown.
    pub drain_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes_max: 16 << 10,
            header_fields_max: 100,
            url_bytes_max: 4 << 10,
            body_bytes_max: 1 << 20,
            change_bytes_max: 32 << 20,
            large_bodies_max: 4,
            json_depth_max: 32,
            header_ms_max: 5_000,
            idle_ms_max: 60_000,
            request_ms_max: 15_000,
            change_ms_max: 120_000,
            connections_max: 1_024,
            connections_per_prefix_max: 64,
            streams_max: 32,
            anonymous_per_minute_max: 240,
            expensive_per_minute_max: 1_200,
            prefixes_max: 10_000,
            agent_per_minute_max: 120,
            agent_burst_max: 30,
            agent_rates_max: 10_000,
            proofs_max: 500_000,
            proofs_per_agent_max: 250_000,
            proof_skew_s_max: 60,
            drain_ms_max: 10_000,
        }
    }
}
