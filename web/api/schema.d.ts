// Types of the REST interface, generated from openapi.json. Do not edit; see docs/adding-an-endpoint.md.
// openapi.json sha256 8b6d9c6986b126da62d4a29db738f2900e788406918df62f8febb3543da295f0

export interface paths {
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process answers. */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Numbers for Prometheus: on the node's own machine, or with the operator's token. */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the node can do its work; 503 if a check fails. A watcher sees a line for each check, everybody else the names of those that fail. */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's own state: scopes, budget, lock; the log's head if asked. */
        get: operations["agentSelf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The entries the agent may use: sealed summaries, never values. */
        get: operations["agentEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/manifests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Manifests that were in force before, above a version. */
        get: operations["agentManifests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Releases sealed fields of one entry. Charges the budget and writes the audit log. */
        post: operations["agentRelease"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/write": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stores a new version of an entry, signed by the agent. */
        post: operations["agentWrite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every agent: enrolment, budget, lock, last request. */
        get: operations["agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}/learnt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one agent ever learnt. */
        get: operations["agentLearnt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}/lock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Locks an agent at once. */
        post: operations["agentLock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unlocks an agent. */
        post: operations["agentUnlock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the audit log, newest first. */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The signed tree head, with a consistency proof from an older size. */
        get: operations["checkpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Applies a set of signed and sealed objects in one transaction. Changing unlockers, agents, scopes or recovery, and purging, need a fresh passkey. */
        post: operations["change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/enrol": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** An invited agent proves its enrolment string and leaves its public keys. Works once. */
        post: operations["enrol"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of sealed summaries, ordered by entry id. */
        get: operations["entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/entries/{entry_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One entry with all its sealed records. */
        get: operations["entry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/entries/{entry_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All versions of an entry, newest first. */
        get: operations["entryHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whole entries, sealed, page by page. */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosted/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Names and kinds of the entries in the token's scopes, never values. */
        get: operations["hostedEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosted/entries/{entry_id}/fields/{field}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One tier-1 value, by field id or label, opened with the token's key for this request only. */
        get: operations["hostedValue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosted/entries/{entry_id}/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The current one-time code of an entry. */
        get: operations["hostedTotp"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/manifests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Manifests that were in force before, above a version: they link one that a browser has seen to the one in force. */
        get: operations["manifests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/node": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the node waits for its first owner, and where its passkeys belong. */
        get: operations["node"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description. */
        get: operations["describe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/passkeys/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins making another passkey; the answer goes into a change. */
        post: operations["passkeyBegin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancels a recovery that somebody started. */
        post: operations["recoveryCancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery/claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in with the recovery code after the delay. */
        post: operations["recoveryClaim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Starts the recovery delay. Only a person who is signed in can cancel it. */
        post: operations["recoveryStart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reports/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A browser says that a page did what its content policy forbids. Counted; only the directive is logged. */
        post: operations["policyReport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The session of this request. */
        get: operations["session"];
        put?: never;
        post?: never;
        /** Signs out. */
        delete: operations["sessionEnd"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins signing in, or renewing freshness. */
        post: operations["sessionBegin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in with a passkey. The passkey says which vault. */
        post: operations["sessionFinish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/setup/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins making a vault with a one-time set-up link. */
        post: operations["setupBegin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/setup/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the vault and signs its owner in. The link is used up. */
        post: operations["setupFinish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/unlockers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every way in. */
        get: operations["unlockers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vault": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything the browser needs to unlock; each part is verified there. */
        get: operations["vault"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The entries an enrolled agent may use, sealed. */
        AgentEntryList: {
            /** @description The entries of the agent's scopes, the trash left out. */
            entries: components["schemas"]["EntrySummary"][];
        };
        /** @description Every agent of the vault. */
        AgentList: {
            /** @description The agents. */
            agents: components["schemas"]["AgentStatus"][];
        };
        /** @description The agent's own state. */
        AgentSelf: {
            /** @description False until the owner's browser has verified the keys. */
            active: boolean;
            /** @description The agent. */
            agent_id: string;
            /** @description Budget, per hour. */
            hour: components["schemas"]["BudgetUse"];
            /** @description Locked. */
            locked: boolean;
            /**
             * @description The log's head, if `log_from` was asked; without a proof when the log is shorter than that.
             * @default null
             */
            log: components["schemas"]["Checkpoint"] | null;
            /** @description The signed manifest; the agent verifies it against the pinned key. Absent for hosted agents. */
            manifest: string | null;
            /** @description Budget, per minute. */
            minute: components["schemas"]["BudgetUse"];
            /**
             * Format: uint64
             * @description The agent stops working then, Unix seconds.
             */
            not_after_s: number;
            /** @description Scope keys sealed to the agent, current epochs; empty for hosted agents. */
            scope_wraps: components["schemas"]["ScopeWrap"][];
            /** @description The vault. */
            vault_id: string;
        };
        /** @description The server's view of one agent, for its owner. */
        AgentStatus: {
            /** @description The agent. */
            agent_id: string;
            /**
             * Format: uint64
             * @description Refused until then after a first breach.
             */
            cooling_until_ms: number | null;
            /** @description An enrolment that waits: for the agent, or for the owner's browser to verify the keys. */
            enrolment: components["schemas"]["EnrolmentStatus"] | null;
            /** @description Distinct entries in the last hour, and the limit. */
            hour: components["schemas"]["BudgetUse"];
            /**
             * Format: uint64
             * @description Last request.
             */
            last_seen_ms: number | null;
            /** @description Locked after a second breach of its budget, or by the owner. */
            locked: boolean;
            /** @description Distinct entries in the last minute, and the limit. */
            minute: components["schemas"]["BudgetUse"];
        };
        /** @description An agent with `write` stores a new version of an entry of its scopes. */
        AgentWrite: {
            /** @description The new version, signed by the agent. */
            entry: components["schemas"]["EntryChange"];
        };
        /** @description The change is stored, durably. */
        Applied: {
            /**
             * Format: uint64
             * @description Events in the audit log.
             */
            log_size: number;
            /**
             * Format: uint64
             * @description The manifest version now in force.
             */
            manifest_version: number;
            /**
             * Format: uint64
             * @description The vault's commit sequence number.
             */
            seq: number;
        };
        /** @description `PublicKeyCredential` of `navigator.credentials.get()`, without extension results. */
        AssertionCredential: {
            /** @description `response.authenticatorData`. */
            authenticator_data: string;
            /** @description `response.clientDataJSON`. */
            client_data_json: string;
            /** @description `rawId`. */
            raw_id: string;
            /** @description `response.signature`. */
            signature: string;
            /** @description `response.userHandle`: the vault id. */
            user_handle?: string | null;
        };
        /** @description One event. `bytes` is what the Merkle tree hashes; the other members are read from it. */
        AuditEvent: {
            /** @description What was done or tried, e.g. `field.release`. */
            action: string;
            /** @description The agent's id for agents, the unlocker's for persons; hexadecimal. */
            actor_id: string | null;
            /** @description `person`, `agent`, `hosted`, `node`, or `anonymous`. */
            actor_kind: string;
            /** @description The canonical bytes. */
            bytes: string;
            /** @description The agent's reason, or what the event says besides. */
            detail: string | null;
            /** @description The entry, where there is one. */
            entry_id: string | null;
            /** @description The field, where there is one. */
            field_id: string | null;
            /** @description `ok` or the error code of the refusal. */
            outcome: string;
            /**
             * Format: uint64
             * @description Position in the log, from 0.
             */
            seq: number;
            /**
             * Format: uint8
             * @description Its tier.
             */
            tier: number | null;
            /**
             * Format: uint64
             * @description When.
             */
            time_ms: number;
        };
        /** @description A page of events, newest first. */
        AuditPage: {
            /** @description The events. */
            events: components["schemas"]["AuditEvent"][];
            /**
             * Format: uint64
             * @description Ask with `before` = this for older ones; absent at the beginning of the log.
             */
            next: number | null;
            /**
             * Format: uint64
             * @description Events in the log.
             */
            size: number;
        };
        /** @description How much of a budget is used. */
        BudgetUse: {
            /**
             * Format: uint32
             * @description The limit.
             */
            limit: number;
            /**
             * Format: uint32
             * @description Distinct entries, misses included.
             */
            used: number;
        };
        /** @description A WebAuthn ceremony that the node has begun. The browser compiles in everything else (user verification, resident key, PRF input). */
        Ceremony: {
            /** @description Names the ceremony in the request that finishes it; valid five minutes, once. */
            ceremony_id: string;
            /** @description The challenge to sign. */
            challenge: string;
            /** @description Credential ids of the vault's passkeys: to exclude when making one, to allow when using one of a known vault. */
            credential_ids: string[];
            /** @description The relying party id. */
            rp_id: string;
        };
        /** @description A change. Every member is optional; what is there must hold together (docs/API.md). */
        Change: {
            /**
             * @description Enrolments of agents that the manifest lists as invited.
             * @default []
             */
            enrolments?: components["schemas"]["NewEnrolment"][];
            /**
             * @description New versions of entries.
             * @default []
             */
            entries?: components["schemas"]["EntryChange"][];
            /**
             * @description Grants sealed again for entries that stay as they are.
             * @default []
             */
            grants?: components["schemas"]["EntryGrant"][];
            /**
             * @description Tokens of agents that the manifest lists as hosted.
             * @default []
             */
            hosted_tokens?: components["schemas"]["NewHostedToken"][];
            /**
             * @description The next signed manifest. Unlockers, scopes and agents exist exactly as it lists them.
             * @default null
             */
            manifest?: string | null;
            /**
             * @description Names record; its hash stands in the manifest.
             * @default null
             */
            names?: string | null;
            /**
             * @description Record 0x17: when the vault key rotates.
             * @default null
             */
            previous_vmk?: string | null;
            /**
             * @description Scope keys for enrolled agents.
             * @default []
             */
            scope_wraps?: components["schemas"]["ScopeWrap"][];
            /**
             * @description Unlockers that are new, or whose sealed_vmk is new.
             * @default []
             */
            unlockers?: components["schemas"]["UnlockerChange"][];
            /**
             * @description Record 0x13: in the first change, and when the vault key rotates.
             * @default null
             */
            usk?: string | null;
        };
        /** @description How a check went. */
        CheckState: "ok" | "warn" | "fail";
        /** @description A signed tree head and what connects it to an older one. */
        Checkpoint: {
            /** @description C2SP tlog-checkpoint. */
            checkpoint: string;
            /** @description RFC 6962 consistency proof from the size asked for. */
            consistency: string[];
        };
        /** @description An invited agent proves its enrolment string and sends its public keys. */
        EnrolRequest: {
            /** @description The agent. */
            agent_id: string;
            /** @description D(ES,"enrol/auth",0). */
            auth: string;
            /** @description Public key that proves possession and signs headers. */
            ed25519: string;
            /** @description HMAC over both (docs/FORMAT.md section 7), for the owner's browser. */
            mac: string;
            /** @description The vault. */
            vault_id: string;
            /** @description Public key that scope keys are sealed to. */
            x25519: string;
        };
        /** @description The grant that the owner's browser prepared. */
        EnrolResponse: {
            /** @description Record 0x14. */
            grant: string;
        };
        /** @description What an agent sent when it enrolled. */
        EnrolmentAnswer: {
            /** @description Ed25519 public key. */
            ed25519: string;
            /** @description HMAC to verify before signing the keys into the manifest. */
            mac: string;
            /** @description X25519 public key. */
            x25519: string;
        };
        /** @description An enrolment that is not finished. */
        EnrolmentStatus: {
            /** @description What the agent sent; absent until it has. */
            answer: components["schemas"]["EnrolmentAnswer"] | null;
            /**
             * Format: uint64
             * @description The string is refused from then on.
             */
            expires_ms: number;
        };
        /** @description A new version of one entry. */
        EntryChange: {
            /**
             * @description Grants of a new entry, of a new entry key, or of a scope that now holds the entry.
             * @default []
             */
            grants?: components["schemas"]["Grant"][];
            /** @description The signed header; its version is the stored one plus one. */
            header: string;
            /** @description The records sealed in this version; fields of older versions keep theirs. */
            records: components["schemas"]["FieldRecord"][];
        };
        /** @description One entry with all its records. */
        EntryDetail: {
            /**
             * @description For agents, of an entry whose newest header an agent signed: the signed headers before it, newest first, down to and with the last one of the owner.
             *     At most 256. Absent where there are none, and for persons, who have the history.
             */
            chain?: string[];
            /** @description The entry. */
            entry_id: string;
            /** @description The grants this caller can open, of every entry-key epoch the records use. */
            grants: components["schemas"]["Grant"][];
            /** @description The signed header. */
            header: string;
            /** @description The records of the fields in the header that this caller may have. */
            records: components["schemas"]["FieldRecord"][];
        };
        /** @description A grant with its entry. */
        EntryGrant: {
            /** @description The entry. */
            entry_id: string;
            /** @description The grant. */
            grant: components["schemas"]["Grant"];
        };
        /** @description All versions of an entry, newest first. */
        EntryHistory: {
            /** @description Each version with the records its header names; grants are on the first only and serve all. */
            versions: components["schemas"]["EntryDetail"][];
        };
        /** @description A page of entries, ordered by entry id. */
        EntryPage: {
            /** @description The entries. */
            entries: components["schemas"]["EntrySummary"][];
            /** @description Ask with `after` = this for the next page; absent at the end. */
            next: string | null;
            /**
             * Format: uint64
             * @description Entries in the vault, purged ones included.
             */
            total: number;
        };
        /** @description One entry in a list: what is needed to show its name. */
        EntrySummary: {
            /**
             * @description For agents, of an entry whose newest header an agent signed: the signed headers before it, newest first, down to and with the last one of the owner.
             *     At most 256. Absent where there are none, and for persons, who have the history.
             */
            chain?: string[];
            /** @description The entry. */
            entry_id: string;
            /** @description The grants that open the summary: tier 1, of the scopes this caller has. */
            grants: components["schemas"]["Grant"][];
            /** @description The signed header of the current version. */
            header: string;
            /** @description The summary record; absent once purged. */
            summary: string | null;
        };
        /** @description The body of every refusal. */
        ErrorBody: {
            /** @description The ways in which this caller may use it. */
            allowed_modes?: components["schemas"]["UseMode"][];
            /** @description Which refusal it is; programs branch on this. */
            code: components["schemas"]["ErrorCode"];
            /**
             * Format: uint64
             * @description The version the node holds.
             */
            current_version?: number | null;
            /** @description Whether the thing asked for exists; absent where that is not told. */
            exists?: boolean | null;
            /** @description One sentence for a person: what happened. */
            message: string;
            /**
             * Format: uint64
             * @description The node's time.
             */
            now_ms?: number | null;
            /** @description What to do next. */
            remedy?: string | null;
            /**
             * Format: uint64
             * @description Seconds until it is worth trying again.
             */
            retry_after_s?: number | null;
        };
        /** @description The closed list of error codes. The HTTP status of each stands in docs/API.md. */
        ErrorCode: "bad_request" | "secret_refused" | "not_valid" | "unauthenticated" | "clock_skew" | "fresh_passkey_needed" | "forbidden" | "tier_too_high" | "agent_locked" | "not_found" | "method_not_allowed" | "version_conflict" | "second_way_in_needed" | "gone" | "too_large" | "unsupported_media_type" | "recovery_delay" | "budget_exceeded" | "rate_limited" | "internal" | "unavailable";
        /** @description A page of an export, ordered by entry id. It needs a fresh passkey. */
        ExportPage: {
            /** @description Whole entries, those in the trash included. */
            entries: components["schemas"]["EntryDetail"][];
            /** @description Ask with `after` = this for the next page; absent at the end. */
            next: string | null;
        };
        /** @description One field's record. */
        FieldRecord: {
            /** @description The field; 0^16 is the summary. */
            field_id: string;
            /** @description Kind 1, 2 or 3. */
            record: string;
        };
        /** @description An entry key sealed to a scope: record 0x11 (tier 1) or 0x12 (tier 2). */
        Grant: {
            /**
             * Format: uint32
             * @description Which entry key it is.
             */
            ek_epoch: number;
            /** @description The record. */
            record: string;
            /** @description The scope; 0^16 is the whole vault. */
            scope_id: string;
            /**
             * Format: uint8
             * @description 1 or 2.
             */
            tier: number;
        };
        /** @description One check of the node. */
        HealthCheck: {
            /** @description `process`, `integrity`, `disk`, `certificate`, `clock`, `backup`, `kuma` or `telemetry`. */
            check: string;
            /** @description In words. */
            detail: string;
            /** @description How it went. */
            state: components["schemas"]["CheckState"];
        };
        /** @description An entry as a hosted agent sees it. */
        HostedEntry: {
            /** @description The entry. */
            entry_id: string;
            /** @description Its fields, without values. */
            fields: components["schemas"]["HostedField"][];
            /** @description Its kind. */
            kind: string;
            /** @description Its title. */
            title: string;
        };
        /** @description A field as a hosted agent sees it. */
        HostedField: {
            /** @description The ways this caller may use it; empty for a tier it never opens. */
            allowed_modes: components["schemas"]["UseMode"][];
            /** @description The field. */
            field_id: string;
            /** @description Its kind. */
            kind: string;
            /** @description Its label. */
            label: string;
            /**
             * Format: uint8
             * @description Its tier.
             */
            tier: number;
        };
        /** @description The entries a hosted agent may use: names and kinds, never values. */
        HostedList: {
            /** @description The entries. */
            entries: components["schemas"]["HostedEntry"][];
        };
        /** @description A one-time code. */
        HostedTotp: {
            /** @description The code. */
            code: string;
            /**
             * Format: uint64
             * @description Seconds it stays valid.
             */
            valid_s: number;
        };
        /** @description A value opened by the node for this request only. */
        HostedValue: {
            /** @description The field. */
            field_id: string;
            /** @description Its label. */
            label: string;
            /** @description Its value. */
            value: string;
        };
        /** @description A field that was released to an agent. */
        Learnt: {
            /** @description The entry. */
            entry_id: string;
            /** @description The field. */
            field_id: string;
            /**
             * Format: uint64
             * @description Which version of it.
             */
            field_version: number;
            /**
             * Format: uint64
             * @description First time.
             */
            first_ms: number;
            /**
             * Format: uint64
             * @description Last time.
             */
            last_ms: number;
            /** @description For what. */
            mode: components["schemas"]["UseMode"];
            /**
             * Format: uint64
             * @description How often.
             */
            times: number;
        };
        /** @description What one agent ever learnt. */
        LearntList: {
            /** @description One line for each field and version that was released to it. */
            fields: components["schemas"]["Learnt"][];
        };
        /** @description Signed manifests that are not in force any more, oldest first. */
        ManifestPage: {
            /** @description The manifests. */
            manifests: string[];
            /**
             * Format: uint64
             * @description Ask with `after` = this for later ones; absent when there are none.
             */
            next: number | null;
        };
        /** @description The node's half of an enrolment. */
        NewEnrolment: {
            /** @description The agent. */
            agent_id: string;
            /** @description SHA-256(D(ES,"enrol/auth",0)). */
            auth_hash: string;
            /** @description Record 0x14. */
            grant: string;
            /**
             * Format: uint32
             * @description Seconds until the string expires, 900 at most.
             */
            valid_s: number;
        };
        /** @description The node's half of a hosted token. */
        NewHostedToken: {
            /** @description The agent. */
            agent_id: string;
            /** @description SHA-256(D(secret,"token/auth",0)). */
            auth_hash: string;
            /** @description Records 0x15, one for each scope. */
            grants: components["schemas"]["ScopeGrant"][];
        };
        /** @description The answer to a registration ceremony. */
        NewPasskey: {
            /** @description The ceremony. */
            ceremony_id: string;
            /** @description The credential. */
            credential: components["schemas"]["RegistrationCredential"];
        };
        /** @description Whether the node waits for its first owner. */
        NodeInfo: {
            /** @description `community` or `commercial`. */
            edition: string;
            /** @description The audit log's Ed25519 public key. */
            log_key: string;
            /** @description The node's public address, as it stands in manifests and enrolment strings. */
            origin: string;
            /** @description The relying party id; passkeys are bound to it for ever. */
            rp_id: string;
            /** @description True until a vault exists. */
            setup_needed: boolean;
            /** @description The node's version. */
            version: string;
        };
        /** @description Something about the node that the people it serves should know and that whoever runs it has to mend. */
        NodeNotice: {
            /**
             * Format: int64
             * @description Days until the certificate ends, or since the newest backup.
             */
            days?: number | null;
            /** @description What. */
            kind: components["schemas"]["NoticeKind"];
        };
        /** @description What people are told about their node. */
        NoticeKind: "certificate_ending" | "backup_old" | "disk_low";
        /** @description What a browser says when a page did something that the policy of the page forbids. Only the directive is looked at. */
        PolicyReport: {
            /** @description The violation. */
            "csp-report": components["schemas"]["Violation"];
        };
        /** @description Whether the node can do its work. */
        Readiness: {
            /** @description Each check. */
            checks: components["schemas"]["HealthCheck"][];
            /** @description Whether no check fails; the status of the answer says the same. */
            ready: boolean;
        };
        /** @description Starts or continues a recovery with a proof of knowing the recovery code. */
        RecoveryRequest: {
            /** @description D(code, "recover-auth", 0). The node keeps its hash only. */
            proof: string;
            /** @description The vault, from the printed kit. */
            vault_id: string;
        };
        /** @description The recovery was started; claim it after the delay. */
        RecoveryStarted: {
            /**
             * Format: uint64
             * @description The node's time.
             */
            now_ms: number;
            /**
             * Format: uint64
             * @description From then on the recovery record is released.
             */
            release_at_ms: number;
        };
        /** @description `PublicKeyCredential` of `navigator.credentials.create()`, without extension results: PRF output never leaves the browser. */
        RegistrationCredential: {
            /** @description `response.attestationObject`. */
            attestation_object: string;
            /** @description `response.clientDataJSON`. */
            client_data_json: string;
            /** @description `rawId`. */
            raw_id: string;
        };
        /** @description Asks for fields of one entry. It has effects: the budget is charged and the audit log written. */
        ReleaseRequest: {
            /** @description The entry. */
            entry_id: string;
            /** @description The fields. */
            field_ids: string[];
            /** @description For what. */
            mode: components["schemas"]["UseMode"];
            /**
             * @description Why, in the agent's words; kept in the audit log. At most 300 characters.
             * @default null
             */
            reason?: string | null;
        };
        /** @description The fields, sealed. */
        Released: {
            /** @description The entry with the records asked for and the grants that open them. */
            entry: components["schemas"]["EntryDetail"];
        };
        /** @description A record 0x15. */
        ScopeGrant: {
            /** @description The record. */
            record: string;
            /** @description The scope. */
            scope_id: string;
        };
        /** @description A scope's keys, sealed to one agent and signed. */
        ScopeWrap: {
            /** @description The agent. */
            agent_id: string;
            /**
             * Format: uint32
             * @description Which scope key it is.
             */
            scope_epoch: number;
            /** @description The scope. */
            scope_id: string;
            /** @description USK signature, then the HPKE wrap. */
            wrap: string;
        };
        /** @description Begins signing in; without a vault id the passkey says which vault. */
        SessionBegin: Record<string, never>;
        /** @description Signs in, or renews freshness. Sets the session cookie. */
        SessionFinish: {
            /** @description The ceremony. */
            ceremony_id: string;
            /** @description The answer. */
            credential: components["schemas"]["AssertionCredential"];
        };
        /** @description What a signed-in person has. */
        SessionInfo: {
            /**
             * Format: uint64
             * @description The session ends then.
             */
            ends_ms: number;
            /**
             * Format: uint64
             * @description Steps that need a fresh passkey are open until then.
             */
            fresh_until_ms: number;
            /**
             * Format: uint64
             * @description The session ends then if nothing happens before.
             */
            idle_until_ms: number;
            /** @description What whoever runs the node has to mend; absent if nothing. */
            notices?: components["schemas"]["NodeNotice"][];
            /**
             * Format: uint64
             * @description The node's time.
             */
            now_ms: number;
            /** @description The unlocker that signed in. */
            unlocker_id: string;
            /** @description The vault. */
            vault_id: string;
        };
        /** @description Begins making a vault with a one-time set-up link. */
        SetupBegin: {
            /** @description The token from the link's fragment. */
            setup_token: string;
            /** @description The id the browser made; it becomes the WebAuthn user handle. */
            vault_id: string;
        };
        /** @description Makes the vault. `change` holds the first manifest, the first unlocker, the USK record and the names. */
        SetupFinish: {
            /** @description Its first objects; the unlocker carries the ceremony and the credential. */
            change: components["schemas"]["Change"];
            /** @description The token again; it is used up in the same transaction. */
            setup_token: string;
            /** @description The vault. */
            vault_id: string;
        };
        /** @description An unlocker that is new (record and, for a passkey, ceremony and credential) or wrapped again (sealed_vmk only). */
        UnlockerChange: {
            /** @description Its id. */
            id: string;
            /**
             * @description The registration that made the passkey; absent for a recovery code.
             * @default null
             */
            passkey?: components["schemas"]["NewPasskey"] | null;
            /**
             * @description Record 0x10; absent when only wrapped again.
             * @default null
             */
            record?: string | null;
            /** @description USK signature, then the HPKE wrap. */
            sealed_vmk: string;
        };
        /** @description Every way in. */
        UnlockerList: {
            /** @description The unlockers of the manifest, with their sealed parts, so that a browser can read back what it stored. */
            unlockers: components["schemas"]["UnlockerState"][];
        };
        /** @description One unlocker's sealed parts. */
        UnlockerState: {
            /** @description Its id. */
            id: string;
            /**
             * Format: uint64
             * @description Last used.
             */
            last_used_ms: number | null;
            /** @description Record 0x10. */
            record: string;
            /** @description USK signature, then the HPKE wrap. */
            sealed_vmk: string;
            /** @description Whether the passkey is synced between devices (WebAuthn BE flag); absent for a recovery code. */
            synced: boolean | null;
        };
        /** @description A way in which a credential may be used. */
        UseMode: "use" | "totp" | "reveal" | "write";
        /** @description Everything the browser needs to unlock; each part is verified there. */
        VaultState: {
            /** @description The signed tree head, C2SP tlog-checkpoint. */
            checkpoint: string;
            /** @description RFC 6962 consistency proof from the manifest's log_pin to the checkpoint. */
            consistency: string[];
            /** @description The signed manifest. */
            manifest: string;
            /** @description Names record; absent before the first. */
            names: string | null;
            /** @description Records 0x17, oldest first. */
            previous_vmks: string[];
            /**
             * Format: uint64
             * @description A recovery that somebody has started, to be cancelled if it was not the owner.
             */
            recovery_pending_until_ms: number | null;
            /** @description The unlocker of this session. */
            unlocker: components["schemas"]["UnlockerState"];
            /** @description Record 0x13. */
            usk: string;
            /** @description The vault. */
            vault_id: string;
        };
        /** @description One violation; every other member of the browser's is left unread. */
        Violation: {
            /**
             * @description The directive that was violated.
             * @default null
             */
            "effective-directive"?: string | null;
            /**
             * @description The same, as older browsers name it.
             * @default null
             */
            "violated-directive"?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text; version=1.0.0; charset=utf-8": string;
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentSelf: {
        parameters: {
            query?: {
                /** @description The size of the log that the agent has seen: the answer brings the log's head, and the proof that it grew from there. */
                log_from?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentSelf"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentEntries: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentEntryList"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentManifests: {
        parameters: {
            query?: {
                /** @description Versions above this one. */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManifestPage"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentRelease: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Released"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentWrite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AgentWrite"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentList"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentLearnt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LearntList"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentLock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    agentUnlock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    audit: {
        parameters: {
            query?: {
                /** @description Events with a lower position than this; the newest when absent. */
                before?: number | null;
                /** @description How many, 1 to 1000; 200 when absent. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    checkpoint: {
        parameters: {
            query?: {
                /** @description The size the caller has pinned; 0 when absent. */
                from?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    enrol: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrolRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolResponse"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    entries: {
        parameters: {
            query?: {
                /** @description Entries behind this id. */
                after?: string | null;
                /** @description How many, 1 to 1000; 500 when absent. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryPage"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    entry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryDetail"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    entryHistory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryHistory"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    export: {
        parameters: {
            query?: {
                /** @description Entries behind this id. */
                after?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportPage"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    hostedEntries: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostedList"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    hostedValue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
                field: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostedValue"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    hostedTotp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostedTotp"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    manifests: {
        parameters: {
            query?: {
                /** @description Versions above this one. */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManifestPage"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    node: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeInfo"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    describe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    passkeyBegin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ceremony"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    recoveryCancel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    recoveryClaim: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecoveryRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    recoveryStart: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecoveryRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryStarted"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    policyReport: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyReport"];
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sessionEnd: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sessionBegin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionBegin"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ceremony"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sessionFinish: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionFinish"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    setupBegin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetupBegin"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ceremony"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    setupFinish: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetupFinish"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionInfo"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    unlockers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnlockerList"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    vault: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VaultState"];
                };
            };
            /** @description Refused. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
}
