//! Letters by a mail server (RFC 5321), over TLS unless its URL says otherwise.

use std::time::Duration;

use futures_util::future::BoxFuture;
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use onsale_control::accounts::letters::Letter;
use onsale_control::accounts::letters::deliver::{Courier, CourierError};
use thiserror::Error;

use super::Sender;

/// How long a mail server may take for each thing that it is told.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Gives letters to a mail server.
#[derive(Clone)]
pub struct MailServer {
    sender: Sender,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

/// The URL names no mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "must be smtps://user:password@host:465, smtp://user:password@host:587?tls=required, or \
     smtp://host:25 for a mail server of this machine"
)]
pub struct NotAMailServer;

impl MailServer {
    /// The mail server behind this URL.
    pub fn new(sender: Sender, url: &str) -> Result<Self, NotAMailServer> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let transport = transport.map_err(|_| NotAMailServer)?.timeout(Some(TIMEOUT)).build();
        Ok(Self { sender, transport })
    }
}

impl Courier for MailServer {
    fn deliver<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), CourierError>> {
        Box::pin(async move {
            let message = self.sender.message(letter)?;
            self.transport.send(message).await.map(|_| ()).map_err(|error| failed(&error))
        })
    }
}

/// Whether it is worth trying again. What the server says may have the address in it, and is left
/// out; its status is not.
fn failed(error: &smtp::Error) -> CourierError {
    let status = error.status().map(|code| code.to_string());
    match status {
        Some(code) if error.is_permanent() => {
            CourierError::Refused(format!("the mail server answers {code}"))
        }
        Some(code) => CourierError::Unavailable(format!("the mail server answers {code}")),
        // No SMTPUTF8, for example: another server may have it tomorrow.
        None if error.is_client() => {
            CourierError::Unavailable("the mail server cannot take such a letter".to_owned())
        }
        None => CourierError::Unavailable("the mail server does not answer".to_owned()),
    }
}
