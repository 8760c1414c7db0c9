//! What the run itself asks, as an operator or to judge: one question after another, none of them
//! measured, each with a limit.

use std::time::Duration;

use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::time::sleep;

use crate::api::Problem;
use crate::http::{Client, Connection, Failure, Request};
use crate::sources::Sources;
use crate::target::Target;

/// How long one answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a busy server is asked again.
const ATTEMPTS: u32 = 5;

/// Why there is no answer to work with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeskError {
    /// No answer that could be understood came.
    #[error("{0}")]
    Failed(Failure),
    /// The answer was no.
    #[error("{status} {code}")]
    Refused {
        /// Its status.
        status: u16,
        /// The problem's code, if it has one.
        code: String,
    },
}

/// One connection.
pub(super) struct Desk {
    client: Client,
    connection: Connection,
}

impl Desk {
    pub(super) fn new(target: Target, sources: Sources) -> Self {
        let client = Client::new(target, sources);
        Self { connection: client.connection(), client }
    }

    /// Another one to the same server.
    pub(super) fn another(&self) -> Self {
        Self { client: self.client.clone(), connection: self.client.connection() }
    }

    /// Asks as whoever has the token; again while the server is too busy.
    pub(super) async fn ask<T>(
        &mut self,
        mut request: Request,
        token: Option<&str>,
    ) -> Result<T, DeskError>
    where
        T: DeserializeOwned,
    {
        request.timeout = TIMEOUT;
        request.headers.extend(token.map(|token| ("Authorization", format!("Bearer {token}"))));
        let mut attempt = 1;
        loop {
            match self.ask_once(&request).await {
                Err(DeskError::Refused { status: 503, .. }) if attempt < ATTEMPTS => {}
                answer => return answer,
            }
            sleep(Duration::from_millis(200) * attempt).await;
            attempt += 1;
        }
    }

    async fn ask_once<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, DeskError> {
        let response = self.connection.send(request).await.map_err(DeskError::Failed)?;
        let status = response.status;
        if !(200..300).contains(&status) {
            let problem: Option<Problem> = serde_json::from_slice(&response.body).ok();
            let code = problem.map_or_else(|| "without a code".into(), |problem| problem.code);
            return Err(DeskError::Refused { status, code });
        }
        let body = if response.body.is_empty() { b"null" } else { response.body.as_slice() };
        serde_json::from_slice(body).map_err(|_| DeskError::Failed(Failure::Garbage))
    }
}
