//! Codes that people type (docs/FORMAT.md section 9): 20 random bytes in Crockford's base32 with two check characters.

use zeroize::{Zeroize, Zeroizing};

use crate::{
    Refused, Secret, VaultId,
    derive::{Label, derive},
    hash::{Hash, sha256},
    random::Random,
    secret::Secret32,
    wrap::WrapPrivate,
};

const CODE_BYTES: usize = 20;
const CODE_CHARACTERS: usize = 32;
const CHECK_CHARACTERS: usize = 2;
/// Longest text that is read, separators included.
pub const TEXT_BYTES_MAX: usize = 128;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code or a backup code.
pub struct Code(Secret<CODE_BYTES>);

impl Code {
    /// A fresh random code.
    pub fn make_with(random: &mut dyn Random) -> Self {
        Self(Secret::make_with(random))
    }

    /// The code of these bytes.
    #[must_use]
    pub const fn new(bytes: Secret<CODE_BYTES>) -> Self {
        Self(bytes)
    }

    /// Reads what somebody typed. Case, hyphens and spaces do not matter; `I` and `L` read as `1`, `O` as `0`.
    ///
    /// # Errors
    /// [`Refused`] if it is not 34 characters of the alphabet, or the check does not fit.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Refused);
        }
        let mut digits = Zeroizing::new([0; CODE_CHARACTERS + CHECK_CHARACTERS]);
        let mut count = 0;
        for byte in text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
            *digits.get_mut(count).ok_or(Refused)? = digit(byte).ok_or(Refused)?;
            count += 1;
        }
        if count != digits.len() {
            return Err(Refused);
        }
        let code = Secret::filled_by(|out| pack(&digits[..CODE_CHARACTERS], out));
        if digits[CODE_CHARACTERS..] != check(&code) {
            return Err(Refused);
        }
        Ok(Self(code))
    }

    /// Groups of four with hyphens, to be shown once.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut digits = unpack(&self.0);
        digits.extend(check(&self.0));
        let mut text = Zeroizing::new(String::with_capacity(TEXT_BYTES_MAX));
        for (i, digit) in digits.iter().enumerate() {
            if i > 0 && i % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(*digit)]));
        }
        digits.zeroize();
        text
    }

    /// The 20 bytes, from which the person's client derives the unlocking key.
    #[must_use]
    pub const fn secret(&self) -> &Secret<CODE_BYTES> {
        &self.0
    }

    /// Proves to the node that somebody knows the code: D(code, "recover-auth", 0).
    #[must_use]
    pub fn recovery_proof(&self, vault: &VaultId) -> Secret32 {
        derive(self.0.expose(), Label::RECOVER_AUTH, vault, 0, b"")
    }

    /// What the manifest says about the code.
    #[must_use]
    pub fn recovery_hash(&self, vault: &VaultId) -> Hash {
        sha256(&[self.recovery_proof(vault).expose()])
    }

    /// The X25519 key of a backup code: D(code, "backup", 0) with a zero salt.
    #[must_use]
    pub fn backup_key(&self) -> WrapPrivate {
        WrapPrivate::new(derive(self.0.expose(), Label::BACKUP, &VaultId::ZERO, 0, b""))
    }
}

fn digit(byte: u8) -> Option<u8> {
    let upper = match byte.to_ascii_uppercase() {
        b'I' | b'L' => b'1',
        b'O' => b'0',
        other => other,
    };
    ALPHABET.iter().position(|&c| c == upper).and_then(|at| u8::try_from(at).ok())
}

/// Five bytes for every eight digits, most significant first.
fn pack(digits: &[u8], out: &mut [u8; CODE_BYTES]) {
    for (eight, five) in digits.chunks_exact(8).zip(out.chunks_exact_mut(5)) {
        let bits = eight.iter().fold(0u64, |bits, &digit| bits << 5 | u64::from(digit));
        five.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
}

fn unpack(code: &Secret<CODE_BYTES>) -> Vec<u8> {
    let mut digits = Vec::with_capacity(CODE_CHARACTERS + CHECK_CHARACTERS);
    for five in code.expose().chunks_exact(5) {
        let bits = five.iter().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
        digits.extend((0..8).rev().map(|i| (bits >> (5 * i)) as u8 & 31));
    }
    digits
}

/// The first ten bits of the check hash, as two digits.
fn check(code: &Secret<CODE_BYTES>) -> [u8; CHECK_CHARACTERS] {
    let [a, b, ..] = sha256(&[b"clavitor/v1/code-check\0", code.expose()]);
    [a >> 3, (a & 7) << 2 | b >> 6]
}
