//! Every public type can be sent to another thread, shared, moved out of a pin, and caught in a panic.
//! Losing one of these traits is a breaking change that no signature shows.

use std::panic::{RefUnwindSafe, UnwindSafe};

use turn_credentials::{
    CandidateError, ClockSkew, Credential, Error, ExpiryHint, IceError, IceLease, IceServer,
    IceServers, IceUri, Keyring, Layout, Login, OwnedUsername, Password, PseudonymKey,
    SharedSecret, TurnCredentials, TurnServer, UnixTime, Username, VerifyError, ice,
};

fn threads<T: Send + Sync + Unpin>() {}
fn panics<T: UnwindSafe + RefUnwindSafe>() {}

macro_rules! assert_all {
    ($($type:ty),+ $(,)?) => { $(threads::<$type>(); panics::<$type>();)+ };
}

#[test]
fn every_public_type() {
    assert_all![
        CandidateError,
        ClockSkew,
        Credential,
        Error,
        ExpiryHint,
        IceError,
        IceLease,
        IceServer,
        IceServers,
        IceUri,
        Keyring,
        Layout,
        Login,
        OwnedUsername,
        Password,
        PseudonymKey,
        SharedSecret,
        TurnCredentials,
        TurnServer,
        UnixTime,
        Username<'_>,
        VerifyError,
        ice::BrowserRefusal,
        ice::LeaseAnswer<'_>,
        ice::Scheme,
        ice::Transport,
        ice::UriError,
        ice::rest::Answer,
    ];
}

#[cfg(feature = "access-token")]
#[test]
fn access_tokens() {
    use turn_credentials::{AccessToken, AccessTokenKey, access_token};

    assert_all![AccessToken, AccessTokenKey, access_token::AccessTokenError, access_token::Grant,];
}

#[cfg(feature = "diagnose")]
#[test]
fn diagnoses() {
    use turn_credentials::diagnose;

    assert_all![
        diagnose::Construction,
        diagnose::Disguise,
        diagnose::Encoding,
        diagnose::Finding,
        diagnose::Hash,
        diagnose::OddExpiry,
        diagnose::SecretForm,
        diagnose::Signed,
        diagnose::TimeUnit,
        diagnose::Verdict,
    ];
}

#[cfg(feature = "providers")]
#[test]
fn providers() {
    use turn_credentials::provider;

    assert_all![
        provider::ApiError,
        provider::ApiKey,
        provider::CallError,
        provider::Gateway,
        provider::cloudflare::IceRequest,
        provider::cloudflare::Key,
        provider::cloudflare::RevokeRequest,
        provider::metered::IceRequest,
        provider::metered::Key,
        provider::metered::KeyRequest,
        provider::twilio::IceRequest,
        provider::xirsys::Account,
        provider::xirsys::HostRequest,
        provider::xirsys::IceRequest,
        provider::xirsys::SignalHost,
        provider::xirsys::SignalToken,
        provider::xirsys::SignalUrl,
        provider::xirsys::TokenRequest,
    ];
    // The extensions of an `http::Request` are not unwind safe.
    threads::<provider::HttpRequest>();
}

#[test]
fn the_passwords_of_a_keyring() {
    fn iterator<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>(_: &T) {}

    let keys = Keyring::new("north".parse().unwrap());
    let now = UnixTime::from_secs(1_700_000_000);
    iterator(&keys.passwords("1700086400:alice"));
    iterator(&keys.candidates_at("1700086400:alice", now).unwrap().1);
}
