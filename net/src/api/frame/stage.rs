//! How far a request has come: refused already, waiting for a verdict, or with its route.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, CatchUnwind};
use pin_project_lite::pin_project;
use tower::Service;

use super::judged;
use crate::gateway::current;
use crate::gateway::limit::Verdict;

pin_project! {
    /// How far a request has come.
    #[project = StageProjection]
    pub(super) enum Stage<S: Service<Request>> {
        /// It never reaches its route.
        Answered { response: Option<Response> },
        /// Others are asked whether it may go on to its route.
        Asking { verdict: BoxFuture<'static, Option<Verdict>>, then: Option<Box<(S, Request)>> },
        /// Its route has it.
        Running { #[pin] answer: CatchUnwind<AssertUnwindSafe<S::Future>> },
    }
}

impl<S> Stage<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    pub(super) fn running(answer: S::Future) -> Self {
        Self::Running { answer: AssertUnwindSafe(answer).catch_unwind() }
    }

    /// The answer, or with what the route has panicked.
    pub(super) fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response, Box<dyn Any + Send>>> {
        loop {
            match self.as_mut().project() {
                StageProjection::Answered { response } => {
                    return Poll::Ready(Ok(response.take().unwrap_or_default()));
                }
                StageProjection::Asking { verdict, then } => {
                    let verdict = ready!(verdict.poll_unpin(context));
                    let (then, judged) = (
                        then.take(),
                        current::with(|request| judged(verdict, &mut request.limits)),
                    );
                    let next = match (then, judged) {
                        (_, Some(Err(problem))) => {
                            Self::Answered { response: Some(problem.into_response()) }
                        }
                        (Some(then), _) => {
                            let (mut route, request) = *then;
                            Self::running(route.call(request))
                        }
                        (None, _) => unreachable!("a verdict is given once"),
                    };
                    self.set(next);
                }
                StageProjection::Running { answer } => {
                    let outcome = ready!(answer.poll(context));
                    return Poll::Ready(outcome.map(|Ok(response)| response));
                }
            }
        }
    }
}
