//! In a steady state, neither taking nor writing a record allocates.
#![allow(unsafe_code, reason = "counting allocations means being the allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::num::NonZeroU32;

use onsale_storage::journal::{
    Identity, JournalConfig, JournalId, Request, SegmentIndex, Tail, WriteId, Writer,
};

struct Counting;

thread_local! {
    // Of this thread only: the test harness has threads of its own.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What one poll asked for, without its bytes.
enum Asked {
    Segment(SegmentIndex),
    Write(WriteId),
}

fn poll(writer: &mut Writer) -> Option<Asked> {
    Some(match writer.poll_request()? {
        Request::CreateSegment { index, .. } => Asked::Segment(index),
        Request::Write { id, .. } => Asked::Write(id),
    })
}

/// A burst that fills every write and the queue behind them, then all their completions.
fn burst(writer: &mut Writer, in_flight: &mut Vec<WriteId>) {
    for _ in 0..500 {
        writer.append(&[7; 128], NonZeroU32::MIN).expect("room in the queue");
    }
    loop {
        while let Some(asked) = poll(writer) {
            match asked {
                Asked::Segment(index) => writer.segment_created(index),
                Asked::Write(id) => in_flight.push(id),
            }
        }
        if in_flight.is_empty() {
            return;
        }
        in_flight.drain(..).for_each(|id| writer.written(id));
    }
}

#[test]
fn a_steady_state_allocates_nothing() {
    let identity = Identity { partition: 1, journal: JournalId(1) };
    let config = JournalConfig {
        segment_bytes: 1 << 20,
        batch_bytes_max: 16 << 10,
        ..JournalConfig::default()
    };
    let mut writer = Writer::new(config, &Tail::new_journal(identity)).expect("sound limits");
    let mut in_flight = Vec::with_capacity(16);
    // Long enough that the fullest queue has met the end of a segment.
    for _ in 0..100 {
        burst(&mut writer, &mut in_flight);
    }
    let before = ALLOCATIONS.get();
    for _ in 0..200 {
        burst(&mut writer, &mut in_flight);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert_eq!(writer.durable().get(), 300 * 500);
}
