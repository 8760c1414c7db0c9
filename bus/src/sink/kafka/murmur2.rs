//! Which partition of Kafka a key belongs to: the one that the Java client puts it into, and so
//! whoever else writes or looks for that key.
//!
//! Source: `Utils.murmur2` and `BuiltInPartitioner.partitionForKey` in Kafka's Java client; the
//! function is Austin Appleby's `MurmurHash2` with a seed of Kafka's own.

use std::num::NonZero;

const SEED: u32 = 0x9747_b28c;
const FACTOR: u32 = 0x5bd1_e995;

/// The partition of a topic that has so many.
pub(super) fn partition(key: &[u8], count: NonZero<u32>) -> i32 {
    // Java has no unsigned numbers: it drops the sign.
    let positive = hash(key) & 0x7fff_ffff;
    (positive % count).cast_signed()
}

fn hash(key: &[u8]) -> u32 {
    let (words, rest) = key.as_chunks::<4>();
    // A key is never that long.
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let mut hash = words.iter().fold(SEED ^ length, |hash, word| {
        let word = u32::from_le_bytes(*word).wrapping_mul(FACTOR);
        hash.wrapping_mul(FACTOR) ^ (word ^ (word >> 24)).wrapping_mul(FACTOR)
    });
    if !rest.is_empty() {
        let last = rest.iter().rev().fold(0, |last, byte| (last << 8) | u32::from(*byte));
        hash = (hash ^ last).wrapping_mul(FACTOR);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(FACTOR);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the Java client's own test has (`UtilsTest.testMurmur2`).
    const JAVA: [(&str, i32); 6] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ];

    #[test]
    fn a_key_is_hashed_as_by_the_java_client() {
        for (key, expected) in JAVA {
            assert_eq!(hash(key.as_bytes()).cast_signed(), expected, "{key}");
        }
    }

    #[test]
    fn a_key_is_in_the_partition_that_other_clients_put_it_into() {
        // As kafka-python 3.0.12 and librdkafka's murmur2 have it.
        let twelve = NonZero::new(12).unwrap();
        let found = JAVA.map(|(key, _)| partition(key.as_bytes(), twelve));
        assert_eq!(found, [0, 6, 8, 11, 5, 3]);
        assert_eq!(partition(b"", twelve), 9);
        assert_eq!(partition(b"21", NonZero::<u32>::MIN), 0, "there is one only");
    }
}
