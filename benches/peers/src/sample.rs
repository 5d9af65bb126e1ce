//! The one login that everybody mints and verifies.

/// A UUID.
pub const NAME: &str = "6f1c7a52-8d3e-4b90-a7c4-e25d1b8f6a03";
pub const NOW: u64 = 1_700_000_000;
pub const EXPIRY: u64 = 1_700_003_600;
pub const USERNAME: &str = "1700003600:6f1c7a52-8d3e-4b90-a7c4-e25d1b8f6a03";

/// Newest first.
pub const SECRETS: [&str; 4] = [
    "6360eed6cc8fc92eb180ce79d35a24da",
    "63cceb67bd5f37797c7842a07c343482",
    "7b1d9d17e82545fc0e065fe9fe555358",
    SECRET,
];
pub const SECRET: &str = "b2d08fe74cb10473b49f0f07a9f16f2c";

/// Made with Python's hmac and base64.
pub const PASSWORD: &str = "wwB1JM66jSRDLXaHG5A2cVOKJ1s=";
