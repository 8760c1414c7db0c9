//! Facts as bytes: what a journal record holds is one [`Decision`].
//!
//! Layout: the time in milliseconds (postcard varint), then for each fact its kind (one byte) and
//! its content in postcard, to the end. Kinds are numbered for ever, so what was written by any
//! released version can be read; `tests/golden` holds one of each.
//!
//! A decision of a trace has a zero, which is no kind, and the 16 bytes of the trace before its
//! facts (ADR 0009). Others cost nothing for it.

use alloc::vec::Vec;

use thiserror::Error;

use super::Fact;
use crate::time::Time;
use crate::trace::TraceId;

/// What stands where the kind of the first fact would, before a trace.
const TRACE: u8 = 0;

/// All facts of one command, with the time they happened: logged together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// The trace of whoever asked for it, if they had one. No state depends on it.
    pub trace: Option<TraceId>,
    /// What happened, in order; at least one.
    pub facts: Vec<Fact>,
}

impl Decision {
    /// The decision as bytes, appended to `out`.
    pub fn encode(&self, out: Vec<u8>) -> Vec<u8> {
        self.try_encode(out).expect("facts have no shape that postcard cannot write")
    }

    fn try_encode(&self, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
        let mut out = postcard::to_extend(&self.at, out)?;
        if let Some(trace) = self.trace {
            out.push(TRACE);
            out.extend_from_slice(&trace.get().to_be_bytes());
        }
        for fact in &self.facts {
            out.push(fact.kind());
            out = fact.encode_content(out)?;
        }
        Ok(out)
    }

    /// Reads what [`Self::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (at, rest) = postcard::take_from_bytes(bytes).map_err(|_| DecodeError::Empty)?;
        let (trace, mut rest) = decode_trace(rest)?;
        let mut facts = Vec::new();
        while let [kind, content @ ..] = rest {
            let (fact, after) = Fact::decode_content(*kind, content)?;
            facts.push(fact);
            rest = after;
        }
        if facts.is_empty() { Err(DecodeError::Empty) } else { Ok(Self { at, trace, facts }) }
    }
}

/// The trace at the beginning of `bytes`, if there is one, and what comes after it.
fn decode_trace(bytes: &[u8]) -> Result<(Option<TraceId>, &[u8]), DecodeError> {
    let [TRACE, bytes @ ..] = bytes else { return Ok((None, bytes)) };
    let (number, rest) = bytes.split_first_chunk().ok_or(DecodeError::Trace)?;
    let trace = TraceId::new(u128::from_be_bytes(*number)).ok_or(DecodeError::Trace)?;
    Ok((Some(trace), rest))
}

/// The bytes are no decision that this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A fact's content is not of its kind's shape.
    #[error("the content of a fact of kind {kind} cannot be read: the journal is damaged")]
    Content {
        /// The number of the kind.
        kind: u8,
    },
    /// There is no fact in it.
    #[error("a decision without a fact: the journal is damaged")]
    Empty,
    /// A later version wrote a fact that this one does not know.
    #[error(
        "a fact of unknown kind {kind}: run the version that wrote this journal, or a later one"
    )]
    Kind {
        /// The number of the kind.
        kind: u8,
    },
    /// The trace is cut or all zeros.
    #[error("a decision with half a trace: the journal is damaged")]
    Trace,
}
