//! Public keys: WireGuard's, SSH's, and a node's own. There is no type for a private one.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::text::text_value;

/// Curve25519 and Ed25519 public keys.
const KEY_BYTES: usize = 32;
/// What SSH keys may be. RSA and DSA are left out: nobody needs them on a new fleet.
const SSH_KINDS: &[&str] = &[
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

text_value!(
    /// A WireGuard public key: 32 bytes in base64, as `wg pubkey` prints it.
    WireguardKey, pattern "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$", refuses not_32_bytes
);
text_value!(
    /// A node's own public key: 32 bytes in base64.
    IdentityKey, pattern "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$", refuses not_32_bytes
);
text_value!(
    /// An SSH public key as one line: its kind, the key in base64, and an optional comment.
    SshKey, pattern "^(sk-)?(ssh-ed25519|ecdsa-sha2-nistp[0-9]+)(@openssh\\.com)? [A-Za-z0-9+/]+=* ?[^\\n]*$", refuses not_an_ssh_key
);

impl WireguardKey {
    /// The key's 32 bytes.
    pub fn bytes(&self) -> [u8; KEY_BYTES] {
        bytes_of(&self.0)
    }
}

impl IdentityKey {
    /// The key's 32 bytes.
    pub fn bytes(&self) -> [u8; KEY_BYTES] {
        bytes_of(&self.0)
    }
}

impl SshKey {
    /// The kind, such as `ssh-ed25519`.
    pub fn kind(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// The kind and the key without the comment: what stands in `known_hosts` and what is compared.
    pub fn without_comment(&self) -> String {
        self.0.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// Whether the private half lives in a security key that wants a touch.
    pub fn is_hardware_backed(&self) -> bool {
        self.kind().starts_with("sk-")
    }
}

/// Both callers hold text that `not_32_bytes` let through; anything else would read as zeros.
fn bytes_of(text: &str) -> [u8; KEY_BYTES] {
    STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

fn not_32_bytes(text: &str) -> Option<String> {
    match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() == KEY_BYTES && bytes.iter().any(|byte| *byte != 0) => None,
        Ok(bytes) if bytes.len() == KEY_BYTES => Some("this key is all zeros; take what `wg pubkey` prints".to_owned()),
        Ok(bytes) => Some(format!("a key of {} bytes instead of {KEY_BYTES}; take what `wg pubkey` prints", bytes.len())),
        Err(_) => Some("not a public key in base64; take the 44 characters that `wg pubkey` prints".to_owned()),
    }
}

fn not_an_ssh_key(text: &str) -> Option<String> {
    let mut words = text.splitn(3, ' ');
    let (kind, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if text.chars().any(char::is_control) {
        return Some("an SSH public key is one line of printable characters".to_owned());
    }
    if text.contains("PRIVATE KEY") {
        return Some("this is a private key: make a new one, and put the file that ends in .pub here".to_owned());
    }
    if !SSH_KINDS.contains(&kind) {
        return Some(format!("{kind:?} is not a kind of SSH key that the fleet takes: {}", SSH_KINDS.join(", ")));
    }
    (!begins_with_its_kind(key, kind)).then(|| format!("the base64 behind {kind} is not such a key; take the whole line of the .pub file"))
}

/// The blob repeats its kind behind a length of four bytes (RFC 4253, section 6.6).
fn begins_with_its_kind(key: &str, kind: &str) -> bool {
    let Ok(blob) = STANDARD.decode(key) else { return false };
    let Some((length, rest)) = blob.split_first_chunk::<4>() else { return false };
    let length = u32::from_be_bytes(*length) as usize;
    length == kind.len() && rest.len() > length + KEY_BYTES && rest.starts_with(kind.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh(kind: &str, named: &str) -> String {
        let mut blob = (named.len() as u32).to_be_bytes().to_vec();
        blob.extend_from_slice(named.as_bytes());
        blob.extend_from_slice(&[0, 0, 0, 32]);
        blob.extend_from_slice(&[7; 32]);
        format!("{kind} {} a comment", STANDARD.encode(blob))
    }

    #[test]
    fn keys_of_32_bytes() {
        let key: WireguardKey = STANDARD.encode([9; 32]).parse().unwrap();
        assert_eq!(key.bytes(), [9; 32]);
        for wrong in [STANDARD.encode([9; 31]), STANDARD.encode([0; 32]), "zurich-pub-key...".to_owned(), String::new()] {
            assert!(wrong.parse::<WireguardKey>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ssh_keys_are_what_they_say() {
        let key: SshKey = ssh("ssh-ed25519", "ssh-ed25519").parse().unwrap();
        assert_eq!(key.kind(), "ssh-ed25519");
        assert!(!key.without_comment().ends_with("comment") && !key.is_hardware_backed());
        let sk: SshKey = ssh("sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com").parse().unwrap();
        assert!(sk.is_hardware_backed());
        for wrong in [ssh("ssh-ed25519", "ssh-rsa"), ssh("ssh-rsa", "ssh-rsa"), "ssh-ed25519 AAAA".to_owned()] {
            assert!(wrong.parse::<SshKey>().is_err(), "{wrong}");
        }
    }
}
