//! The format on disk, byte by byte. If one of these fails, the format has changed: give it a new
//! version and keep reading this one. `ONSALE_WRITE_GOLDEN=1` writes the files of a new version.

use std::fmt::Write;
use std::path::PathBuf;

use onsale_storage::directory::{Directory, MemoryDirectory};
use onsale_storage::journal::{FORMAT_VERSION, FactNumber, Start, inspect};
use onsale_storage::snapshot::{self, SNAPSHOT_VERSION, SnapshotHeader};

use crate::support::{IDENTITY, PARTITION, Shell, recover, small_config};

const LINE_BYTES: usize = 16;

/// Two segments, a decision of three facts, a batch of several records, a seal, a snapshot.
fn golden_directory() -> MemoryDirectory {
    let mut shell = Shell::new_journal(small_config());
    shell.append(b"a decision of three facts", 3).unwrap();
    shell.append(b"in the same batch", 1).unwrap();
    shell.complete_all();
    shell.idle();
    shell.append(b"behind the seal", 1).unwrap();
    shell.complete_all();
    shell.append(b"in the second segment", 2).unwrap();
    shell.complete_all();
    let (fact, chain) = (shell.writer.durable(), shell.writer.chain());
    let header = SnapshotHeader { identity: IDENTITY, fact, chain, time_ms: 1_700_000_000_123 };
    snapshot::save(&mut shell.disk, &header, b"the state").unwrap();
    shell.disk
}

fn golden_path() -> PathBuf {
    let name = format!("journal-v{FORMAT_VERSION}-snapshot-v{SNAPSHOT_VERSION}.hex");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn what_is_written_is_what_was_always_written() {
    let written = to_hex(&golden_directory());
    if std::env::var_os("ONSALE_WRITE_GOLDEN").is_some() {
        std::fs::write(golden_path(), &written).unwrap();
    }
    let golden = std::fs::read_to_string(golden_path()).unwrap();
    for (line, (written, golden)) in written.lines().zip(golden.lines()).enumerate() {
        assert_eq!(written, golden, "line {}", line + 1);
    }
    assert_eq!(written.len(), golden.len());
}

#[test]
fn what_was_always_written_is_still_read() {
    let disk = from_hex(&std::fs::read_to_string(golden_path()).unwrap());
    let (decisions, recovered) = recover(&disk, Start::FirstFact).unwrap();
    let read: Vec<_> = decisions
        .iter()
        .map(|decision| (decision.last_fact.get(), std::str::from_utf8(&decision.payload).unwrap()))
        .collect();
    let expected = [
        (3, "a decision of three facts"),
        (4, "in the same batch"),
        (5, "behind the seal"),
        (7, "in the second segment"),
    ];
    assert_eq!(read, expected);
    let found = snapshot::load_newest(&disk).unwrap().snapshot.unwrap();
    let SnapshotHeader { identity, fact, chain, time_ms } = found.header;
    assert_eq!((identity, fact, time_ms), (IDENTITY, FactNumber::new(7), 1_700_000_000_123));
    assert_eq!(
        (chain, found.payload.as_slice()),
        (recovered.tail.unwrap().chain, &b"the state"[..])
    );
    assert!(inspect(&disk, PARTITION).unwrap().is_sound());
}

/// Each file as its name and length, then its lines that are not all zeros.
fn to_hex(disk: &MemoryDirectory) -> String {
    let mut text = String::new();
    for entry in disk.list().unwrap() {
        writeln!(text, "{} {}", entry.name, entry.bytes).unwrap();
        let content = disk.read(&entry.name, 0..u64::MAX).unwrap();
        for (number, line) in content.chunks(LINE_BYTES).enumerate() {
            if line.iter().any(|&byte| byte != 0) {
                write!(text, "{:06x}:", number * LINE_BYTES).unwrap();
                for byte in line {
                    write!(text, " {byte:02x}").unwrap();
                }
                text.push('\n');
            }
        }
    }
    text
}

fn from_hex(text: &str) -> MemoryDirectory {
    let mut disk = MemoryDirectory::new();
    let mut name = "";
    for line in text.lines() {
        if let Some((offset, bytes)) = line.split_once(": ") {
            let byte = |digits| u8::from_str_radix(digits, 16).unwrap();
            let bytes: Vec<u8> = bytes.split(' ').map(byte).collect();
            disk.write_at(name, u64::from_str_radix(offset, 16).unwrap(), &bytes).unwrap();
        } else {
            let (file, length) = line.split_once(' ').unwrap();
            name = file;
            disk.create_zeroed(name, length.parse().unwrap()).unwrap();
        }
    }
    disk
}
