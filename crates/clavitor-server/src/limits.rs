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
    /// The body of a request that needs no caller.
    pub anonymous_body_bytes_max: usize,
    /// Above this a body is read only after the vault has looked its sender up.
    pub unknown_body_bytes_max: usize,
    /// The body of a change; it is read only after the caller is known.
    pub change_bytes_max: usize,
    /// Bodies above `body_bytes_max` that are in memory at once; the next one waits.
    pub large_bodies_max: usize,
    /// Nesting of a JSON body.
    pub json_depth_max: usize,
    /// From the first byte of a connection to the end of its TLS handshake.
    pub tls_handshake_ms_max: u64,
    /// From the first byte of a request to the end of its header.
    pub header_ms_max: u64,
    /// Between requests of one connection.
    pub idle_ms_max: u64,
    /// While an answer waits to be taken: `write_bytes_min` bytes of it are taken within this time.
    pub write_ms_max: u64,
    /// See `write_ms_max`.
    pub write_bytes_min: usize,
    /// From the end of the header to the answer.
    pub request_ms_max: u64,
    /// The same for a change, whose body may take a while.
    pub change_ms_max: u64,
    /// Connections in all.
    pub connections_max: usize,
    /// Connections from one IPv4 address or IPv6 /64.
    pub connections_per_prefix_max: usize,
    /// Connections that one IPv4 address or IPv6 /64 opens, over a while.
    pub connections_per_minute_max: u32,
    /// The same after a quiet while, at once.
    pub connections_burst_max: u32,
    /// Connections from prefixes where nobody proved who he is within the last hour, on the whole node, over a while.
    pub stranger_connections_per_minute_max: u32,
    /// The same after a quiet while, at once.
    pub stranger_connections_burst_max: u32,
    /// A connection that is not served is reset after this long.
    pub turned_away_ms: u64,
    /// So many wait for that at once, on the whole node; the next one is reset at once.
    pub turned_away_max: usize,
    /// After a connection of it was ended because it went too far, a prefix where nobody is known is not let in for this long.
    pub offence_ms: u64,
    /// Requests of one connection; then it ends in order.
    pub requests_per_connection_max: usize,
    /// Requests of one connection that are refused as too many; then it ends in order.
    pub refused_per_connection_max: usize,
    /// Concurrent requests of one HTTP/2 connection.
    pub streams_max: u32,
    /// What an HTTP/2 client may send ahead of being read, on one connection; half of it on one stream.
    pub window_bytes_max: u32,
    /// HTTP/2 frames of one connection that ask for nothing (pings, settings, resets, …), over a while.
    pub idle_frames_per_second_max: u32,
    /// The same after a quiet while, at once. A reset counts ten times.
    pub idle_frames_burst_max: u32,
    /// What the system keeps of an answer that a client has not taken yet.
    pub send_buffer_bytes_max: usize,
    /// Requests without a caller, of any kind, from one IPv4 address or IPv6 /64.
    pub requests_per_minute_max: u32,
    /// So many of them do not ask what others of strangers there are.
    pub quiet_requests_per_minute_max: u32,
    /// Requests beyond that of all prefixes where nobody is known together, over a while.
    pub stranger_requests_per_minute_max: u32,
    /// The same after a quiet while, at once.
    pub stranger_requests_burst_max: u32,
    /// Requests with a body that need no caller, from one IPv4 address or IPv6 /64.
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
    /// At shutdown a connection on which nothing is under way is kept this long for a last request.
    pub linger_ms_max: u64,
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
            anonymous_body_bytes_max: 32 << 10,
            unknown_body_bytes_max: 4 << 10,
            change_bytes_max: 32 << 20,
            large_bodies_max: 2,
            json_depth_max: 32,
            tls_handshake_ms_max: 5_000,
            header_ms_max: 5_000,
            idle_ms_max: 60_000,
            write_ms_max: 15_000,
            write_bytes_min: 16 << 10,
            request_ms_max: 15_000,
            change_ms_max: 120_000,
            connections_max: 1_024,
            connections_per_prefix_max: 64,
            connections_per_minute_max: 1_200,
            connections_burst_max: 256,
            stranger_connections_per_minute_max: 6_000,
            stranger_connections_burst_max: 2_000,
            turned_away_ms: 2_000,
            turned_away_max: 2_048,
            offence_ms: 30_000,
            requests_per_connection_max: 1_000_000,
            refused_per_connection_max: 16,
            streams_max: 32,
            window_bytes_max: 256 << 10,
            idle_frames_per_second_max: 50,
            idle_frames_burst_max: 1_000,
            send_buffer_bytes_max: 256 << 10,
            requests_per_minute_max: 6_000,
            quiet_requests_per_minute_max: 300,
            stranger_requests_per_minute_max: 60_000,
            stranger_requests_burst_max: 6_000,
            anonymous_per_minute_max: 240,
            expensive_per_minute_max: 1_200,
            prefixes_max: 10_000,
            agent_per_minute_max: 120,
            agent_burst_max: 30,
            agent_rates_max: 10_000,
            proofs_max: 500_000,
            proofs_per_agent_max: 250_000,
            proof_skew_s_max: 60,
            linger_ms_max: 1_000,
            drain_ms_max: 7_000,
        }
    }
}

impl Limits {
    /// Allows another number of connections from one prefix; how fast they may come and go changes in proportion.
    pub fn allow_connections_per_prefix(&mut self, count: usize) {
        let before = u64::try_from(self.connections_per_prefix_max.max(1)).unwrap_or(u64::MAX);
        let now = u64::try_from(count).unwrap_or(u64::MAX);
        let scaled = |rate: u32| u32::try_from(u64::from(rate).saturating_mul(now) / before).unwrap_or(u32::MAX).max(1);
        self.connections_per_minute_max = scaled(self.connections_per_minute_max);
        self.connections_burst_max = scaled(self.connections_burst_max);
        self.connections_per_prefix_max = count;
    }
}
