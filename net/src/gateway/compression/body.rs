//! A body that is compressed while it goes out, a slice at a time.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use flate2::{Compress, Compression as Level, FlushCompress, Status};
use http_body::Frame;

/// Between two slices the core does whatever else is ready.
const SLICE_BYTES: usize = 16 * 1024;
/// The least that costs: the largest answers shrink to a seventh all the same.
const LEVEL: Level = Level::fast();
/// 32 KiB, the most there is.
const WINDOW_BITS: u8 = 15;

/// The compressors of one core: only its requests take any, so nobody ever waits for the lock.
#[derive(Clone)]
pub(super) struct Compressors(Arc<Mutex<Pool>>);

struct Pool {
    /// Those that were used before and are free again.
    spare: Vec<Compress>,
    /// How many more there may be.
    unmade: usize,
}

impl Compressors {
    pub(super) fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(Pool { spare: Vec::new(), unmade: at_once })))
    }

    /// One that is free.
    pub(super) fn take(&self) -> Option<Compressor> {
        let mut pool = self.pool();
        let inner = if let Some(used) = pool.spare.pop() {
            used
        } else {
            pool.unmade = pool.unmade.checked_sub(1)?;
            Compress::new_gzip(LEVEL, WINDOW_BITS)
        };
        Some(Compressor { inner: Some(inner), home: self.clone() })
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // Whatever a panic left behind is reset before it is used.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A compressor on loan.
pub(super) struct Compressor {
    inner: Option<Compress>,
    home: Compressors,
}

impl Compressor {
    /// Compresses a slice, or ends the stream.
    fn run(&mut self, mut slice: &[u8], flush: FlushCompress) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(slice.len() / 4 + 1_024);
        let Some(inner) = &mut self.inner else { return Ok(out) };
        loop {
            let before = inner.total_in();
            let status = inner.compress_vec(slice, &mut out, flush).map_err(Error::new)?;
            slice = &slice[(inner.total_in() - before) as usize..];
            let is_done = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => slice.is_empty() && out.len() < out.capacity(),
            };
            if is_done {
                return Ok(out);
            }
            out.reserve(out.len().max(1_024));
        }
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        if let Some(mut used) = self.inner.take() {
            used.reset();
            self.home.pool().spare.push(used);
        }
    }
}

/// A body on its way through a compressor.
pub(super) struct GzipBody {
    body: Body,
    compressor: Compressor,
    /// What has come and was not compressed yet.
    rest: Bytes,
    has_ended: bool,
    is_finished: bool,
    /// A slice was done: somebody else's turn.
    is_tired: bool,
}

impl GzipBody {
    pub(super) fn new(body: Body, compressor: Compressor) -> Self {
        let rest = Bytes::new();
        Self { body, compressor, rest, has_ended: false, is_finished: false, is_tired: false }
    }
}

impl HttpBody for GzipBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if this.is_finished {
            return Poll::Ready(None);
        }
        if mem::take(&mut this.is_tired) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        while this.rest.is_empty() && !this.has_ended {
            match ready!(Pin::new(&mut this.body).poll_frame(context)?) {
                // Trailers are not for what was compressed.
                Some(frame) => this.rest = frame.into_data().unwrap_or_default(),
                None => this.has_ended = true,
            }
        }
        let slice = this.rest.split_to(this.rest.len().min(SLICE_BYTES));
        let flush = if this.has_ended { FlushCompress::Finish } else { FlushCompress::None };
        let out = this.compressor.run(&slice, flush)?;
        this.is_finished = this.has_ended;
        this.is_tired = true;
        Poll::Ready(Some(Ok(Frame::data(out.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_finished
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::task::Waker;

    use flate2::read::GzDecoder;

    use super::*;

    /// Every frame, and how often another task got a turn meanwhile.
    fn drive(body: Body, compressors: &Compressors) -> (Vec<u8>, usize) {
        let mut body = GzipBody::new(body, compressors.take().unwrap());
        let mut context = Context::from_waker(Waker::noop());
        let (mut out, mut turns) = (Vec::new(), 0);
        loop {
            match Pin::new(&mut body).poll_frame(&mut context) {
                Poll::Pending => turns += 1,
                Poll::Ready(None) => return (out, turns),
                Poll::Ready(Some(frame)) => out.extend(frame.unwrap().into_data().unwrap()),
            }
        }
    }

    #[test]
    fn what_comes_out_is_what_went_in_and_others_get_their_turns() {
        let seats: Vec<_> = (0..50_000).map(|seat| format!("{{\"seat\":{seat}}}")).collect();
        let text = seats.join(",");
        let compressors = Compressors::new(1);
        for _ in 0..2 {
            let (out, turns) = drive(Body::from(text.clone()), &compressors);
            let mut back = String::new();
            GzDecoder::new(&out[..]).read_to_string(&mut back).unwrap();
            assert!(back == text, "the second time by a compressor that was used before");
            assert!(out.len() < text.len() / 3, "{} of {}", out.len(), text.len());
            assert!(turns >= text.len() / SLICE_BYTES, "{turns}");
        }
        let (empty, _) = drive(Body::empty(), &compressors);
        assert_eq!(GzDecoder::new(&empty[..]).read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn noise_that_does_not_shrink_arrives_too() {
        let mut seed = 1_u64;
        let noise = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            (seed >> 56) as u8
        });
        let noise: Vec<u8> = noise.take(100_000).collect();
        let (out, _) = drive(Body::from(noise.clone()), &Compressors::new(1));
        let mut back = Vec::new();
        GzDecoder::new(&out[..]).read_to_end(&mut back).unwrap();
        assert!(back == noise);
    }

    #[test]
    fn only_so_many_are_compressed_at_once() {
        let compressors = Compressors::new(2);
        let (first, second) = (compressors.take(), compressors.take());
        assert!(first.is_some() && second.is_some() && compressors.take().is_none());
        drop(first);
        assert!(compressors.take().is_some());
    }
}
