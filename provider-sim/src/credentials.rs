//! What the merchant and the providers share here: fixed, well known, and worth nothing anywhere
//! else. Whoever configures a server or an SDK for this simulator copies it from here.

/// What notices are signed with that are somebody else's.
pub const FORGED_SECRET: &str = "not-the-secret";

/// Stripe's secret key: the user of basic authentication, or the bearer token.
pub const STRIPE_SECRET_KEY: &str = "sk_test_onsale";
/// What Stripe signs webhooks with.
pub const STRIPE_WEBHOOK_SECRET: &str = "whsec_onsale_stripe";

/// Razorpay's user of basic authentication.
pub const RAZORPAY_KEY_ID: &str = "rzp_test_onsale";
/// Razorpay's password; also signs what browsers bring back.
pub const RAZORPAY_KEY_SECRET: &str = "onsale-razorpay-key";
/// What Razorpay signs webhooks with.
pub const RAZORPAY_WEBHOOK_SECRET: &str = "onsale-razorpay-webhook";
/// The merchant's account in Razorpay's webhooks.
pub const RAZORPAY_ACCOUNT_ID: &str = "acc_OnsaleTest0001";

/// `PayPal`'s client: the user of basic authentication at the token's address.
pub const PAYPAL_CLIENT_ID: &str = "onsale-paypal-client";
/// `PayPal`'s password there.
pub const PAYPAL_SECRET: &str = "onsale-paypal-secret";
/// `PayPal`'s name for the merchant's webhook; part of what is signed.
pub const PAYPAL_WEBHOOK_ID: &str = "4JH86294D6297924G";

/// payOS's `x-client-id`.
pub const PAYOS_CLIENT_ID: &str = "onsale-payos-client";
/// payOS's `x-api-key`.
pub const PAYOS_API_KEY: &str = "onsale-payos-api-key";
/// What payOS and the merchant sign with.
pub const PAYOS_CHECKSUM_KEY: &str = "onsale-payos-checksum-key";

/// The merchant's terminal at `VNPay`.
pub const VNPAY_TMN_CODE: &str = "ONSALE01";
/// What `VNPay` and the merchant sign with.
pub const VNPAY_HASH_SECRET: &str = "onsale-vnpay-hash-secret";

/// The merchant's app at `ZaloPay`.
pub const ZALOPAY_APP_ID: u64 = 2_554;
/// What the merchant signs with at `ZaloPay`.
pub const ZALOPAY_KEY1: &str = "onsale-zalopay-key1";
/// What `ZaloPay` signs with.
pub const ZALOPAY_KEY2: &str = "onsale-zalopay-key2";
