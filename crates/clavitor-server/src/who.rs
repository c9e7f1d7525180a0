//! Who may call an operation. A handler's first argument is a proof of it, made before the handler runs.

/// The kinds of caller that the operation table names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhoKind {
    /// Nobody in particular. The list of these is a snapshot that may only shrink.
    Anyone,
    /// A person with a session.
    Person,
    /// A person whose passkey was used within the last five minutes.
    FreshPerson,
    /// An enrolled agent that signed the request.
    Agent,
    /// A hosted agent with its token.
    Hosted,
    /// An agent of either kind.
    AnyAgent,
}

impl WhoKind {
    /// Its name in the API description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Person => "person",
            Self::FreshPerson => "fresh-person",
            Self::Agent => "agent",
            Self::Hosted => "hosted",
            Self::AnyAgent => "any-agent",
        }
    }
}

/// A proof of who calls.
pub trait Who: Send + Sized + 'static {
    /// Which kind.
    const KIND: WhoKind;
}

/// Nobody in particular.
pub struct Anyone;

/// A person with a session.
pub struct Person;

/// A person whose passkey was used within the last five minutes.
pub struct FreshPerson;

/// An enrolled agent that signed the request.
pub struct Agent;

/// A hosted agent with its token.
pub struct Hosted;

/// An agent of either kind.
pub struct AnyAgent;

impl Who for Anyone {
    const KIND: WhoKind = WhoKind::Anyone;
}

impl Who for Person {
    const KIND: WhoKind = WhoKind::Person;
}

impl Who for FreshPerson {
    const KIND: WhoKind = WhoKind::FreshPerson;
}

impl Who for Agent {
    const KIND: WhoKind = WhoKind::Agent;
}

impl Who for Hosted {
    const KIND: WhoKind = WhoKind::Hosted;
}

impl Who for AnyAgent {
    const KIND: WhoKind = WhoKind::AnyAgent;
}
