//! What a field is, and the lowest tier it may have (docs/FORMAT.md section 6).

use crate::Refusal;

/// Who may open a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tier {
    /// "Hosted": agents in scope, and the node inside a request that brings the key.
    Hosted = 1,
    /// "Agents": enrolled agents in scope, on their own machine.
    Agents = 2,
    /// "Only me": the person, with a passkey.
    OnlyMe = 3,
}

impl Tier {
    /// The tier with this number.
    ///
    /// # Errors
    /// [`Refusal::Rule`] for another number.
    pub const fn from_number(number: u8) -> Result<Self, Refusal> {
        match number {
            1 => Ok(Self::Hosted),
            2 => Ok(Self::Agents),
            3 => Ok(Self::OnlyMe),
            _ => Err(Refusal::Rule),
        }
    }

    /// Its number; also the kind byte of its field records.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $number:literal $text:literal $default:ident $lowest:ident $descriptive:literal)*) => {
        /// What a field is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum FieldKind {
            $($(#[$doc])* $name = $number,)*
        }

        impl FieldKind {
            /// Every kind, in the order of their numbers.
            pub const ALL: [Self; 32] = [$(Self::$name),*];

            /// Its name in sealed JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The tier a new field gets.
            #[must_use]
            pub const fn default_tier(self) -> Tier {
                match self { $(Self::$name => Tier::$default,)* }
            }

            /// The lowest tier the owner may choose.
            #[must_use]
            pub const fn lowest_tier(self) -> Tier {
                match self { $(Self::$name => Tier::$lowest,)* }
            }

            /// Whether its value at tier 1 stands in the summary.
            #[must_use]
            pub const fn is_descriptive(self) -> bool {
                match self { $(Self::$name => $descriptive,)* }
            }
        }
    };
}

kinds! {
    /// The entry's summary; only field zero.
    Summary 0 "summary" Hosted Hosted false
    /// User name.
    Username 1 "username" Hosted Hosted true
    /// E-mail address.
    Email 2 "email" Hosted Hosted true
    /// Web address.
    Url 3 "url" Hosted Hosted true
    /// Plain text.
    Text 4 "text" Hosted Hosted true
    /// Password.
    Password 5 "password" Agents Hosted false
    /// API key.
    ApiKey 6 "api_key" Agents Hosted false
    /// Seed of one-time codes.
    Totp 7 "totp" Agents Hosted false
    /// SSH private key.
    SshPrivateKey 8 "ssh_private_key" Agents Hosted false
    /// OAuth token.
    OauthToken 9 "oauth_token" Agents Hosted false
    /// Note.
    Note 10 "note" Agents Hosted false
    /// Hidden text.
    Hidden 11 "hidden" Agents Hosted false
    /// Card number.
    CardNumber 12 "card_number" OnlyMe OnlyMe false
    /// Card verification value.
    CardCvv 13 "card_cvv" OnlyMe OnlyMe false
    /// Card expiry.
    CardExpiry 14 "card_expiry" OnlyMe Agents false
    /// Card PIN.
    CardPin 15 "card_pin" OnlyMe OnlyMe false
    /// Number of a government document.
    GovernmentId 16 "government_id" OnlyMe OnlyMe false
    /// Wallet seed phrase.
    SeedPhrase 17 "seed_phrase" OnlyMe OnlyMe false
    /// Wallet private key.
    WalletPrivateKey 18 "wallet_private_key" OnlyMe OnlyMe false
    /// Phone number.
    Phone 19 "phone" Hosted Hosted true
    /// Postal address.
    Address 20 "address" Agents Hosted false
    /// Date.
    Date 21 "date" Hosted Hosted true
    /// File.
    File 22 "file" Agents Hosted false
    /// Licence key.
    LicenseKey 23 "license_key" Agents Hosted false
    /// Wi-Fi password.
    WifiPassword 24 "wifi_password" Agents Hosted false
    /// Public key.
    PublicKey 25 "public_key" Hosted Hosted true
    /// Host name.
    Hostname 26 "hostname" Hosted Hosted true
    /// Port.
    Port 27 "port" Hosted Hosted true
    /// Passkey of another site.
    Passkey 28 "passkey" OnlyMe OnlyMe false
    /// Name.
    Name 29 "name" Hosted Hosted true
    /// Bank account.
    BankAccount 30 "bank_account" OnlyMe Agents false
    /// Answer to a security question.
    SecurityAnswer 31 "security_answer" Agents Hosted false
}

impl FieldKind {
    /// The kind with this number.
    ///
    /// # Errors
    /// [`Refusal::Rule`] for an unknown number.
    pub fn from_number(number: u8) -> Result<Self, Refusal> {
        Self::ALL.get(usize::from(number)).copied().ok_or(Refusal::Rule)
    }

    /// Its number in headers.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the kind may stand at this tier.
    #[must_use]
    pub fn allows(self, tier: Tier) -> bool {
        tier >= self.lowest_tier() && (self != Self::Summary || tier == Tier::Hosted)
    }

    /// Whether a field of this kind and tier has a record of its own.
    #[must_use]
    pub fn has_record(self, tier: Tier) -> bool {
        !(self.is_descriptive() && tier == Tier::Hosted)
    }
}
