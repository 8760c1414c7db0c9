//! Journal files on each host.

use std::fs;
use std::future::Future;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use futures_util::future::join;

use super::{TestHost, on_both_hosts};
use crate::host::{BLOCK_BYTES, DurableFile};

on_both_hosts!(
    a_prezeroed_file_is_whole_and_replaces_what_a_crash_left,
    an_unaligned_write_writes_nothing,
    files_are_opened_for_synchronous_writes,
    time_advances_while_sleeping,
    what_is_written_can_be_read_back,
    writes_in_flight_together_both_arrive,
);

const SEGMENT_BYTES: u64 = 64 * BLOCK_BYTES as u64;

/// Runs `body` on one core with a path that does not exist yet, and returns what is there then.
fn on_one_core<H: TestHost, Fut>(body: fn(H, PathBuf) -> Fut) -> Vec<u8>
where
    Fut: Future<Output = ()> + 'static,
{
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("segment");
    let target = path.clone();
    H::run(1, move |_, host| body(host, target.clone())).unwrap();
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "something beside the segment: {left:?}");
    fs::read(path).unwrap()
}

fn block(byte: u8) -> Vec<u8> {
    vec![byte; BLOCK_BYTES]
}

fn a_prezeroed_file_is_whole_and_replaces_what_a_crash_left<H: TestHost>() {
    let content = on_one_core::<H, _>(|host, path| async move {
        fs::write(&path, b"what a crash left").unwrap();
        host.create_prezeroed(&path, SEGMENT_BYTES).await.unwrap();
    });
    assert!(content == vec![0; SEGMENT_BYTES as usize]);
}

fn what_is_written_can_be_read_back<H: TestHost>() {
    let content = on_one_core::<H, _>(|host, path| async move {
        let file = host.create_prezeroed(&path, SEGMENT_BYTES).await.unwrap();
        file.write_durable(0, &[block(1), block(2)].concat()).await.unwrap();
        drop(file);
        let file = host.open_for_write(&path).await.unwrap();
        file.write_durable(3 * BLOCK_BYTES as u64, &block(4)).await.unwrap();
    });
    let expected = [block(1), block(2), block(0), block(4)].concat();
    assert!(content[..expected.len()] == expected);
    assert_eq!(content.len() as u64, SEGMENT_BYTES);
}

fn writes_in_flight_together_both_arrive<H: TestHost>() {
    let content = on_one_core::<H, _>(|host, path| async move {
        let file = host.create_prezeroed(&path, SEGMENT_BYTES).await.unwrap();
        for round in 0..16 {
            let offset = round * 2 * BLOCK_BYTES as u64;
            let later = file.write_durable(offset + BLOCK_BYTES as u64, &block(2));
            let earlier = file.write_durable(offset, &block(1));
            let (later, earlier) = join(later, earlier).await;
            later.unwrap();
            earlier.unwrap();
        }
    });
    assert!(content[..32 * BLOCK_BYTES] == [block(1), block(2)].concat().repeat(16));
}

fn an_unaligned_write_writes_nothing<H: TestHost>() {
    let content = on_one_core::<H, _>(|host, path| async move {
        let file = host.create_prezeroed(&path, SEGMENT_BYTES).await.unwrap();
        for (offset, bytes) in [(512, &block(1)[..]), (0, &block(1)[..100]), (0, &[])] {
            let refused = file.write_durable(offset, bytes).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        }
    });
    assert!(content.iter().all(|&byte| byte == 0));
}

fn files_are_opened_for_synchronous_writes<H: TestHost>() {
    on_one_core::<H, _>(|host, path| async move {
        let file = host.create_prezeroed(&path, SEGMENT_BYTES).await.unwrap();
        let o_dsync = rustix::fs::OFlags::DSYNC.bits();
        assert_eq!(open_flags(&path) & o_dsync, o_dsync);
        drop(file);
    });
}

/// The flags this process has `path` open with.
fn open_flags(path: &Path) -> u32 {
    let descriptor = fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(Result::ok)
        .find(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == path))
        .unwrap();
    let info = Path::new("/proc/self/fdinfo").join(descriptor.file_name());
    let info = fs::read_to_string(info).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    u32::from_str_radix(flags.trim(), 8).unwrap()
}

fn time_advances_while_sleeping<H: TestHost>() {
    H::run(1, |_, host: H| async move {
        let deadline_ms = host.now_ms() + 20;
        host.sleep_until(deadline_ms).await;
        assert!(host.now_ms() >= deadline_ms);
        host.sleep_until(deadline_ms).await;
    })
    .unwrap();
}
