//! Every plan in `sim/corpus` once found a bug, which its name tells; none may come back.

use std::path::Path;

use onsale_sim::judged::judged;
use onsale_sim::saved::{Expect, Saved, files};

#[test]
fn no_plan_of_the_corpus_fails_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut failed = Vec::new();
    for path in files(&folder).unwrap() {
        let saved = Saved::read(&path).unwrap();
        assert_eq!(saved.expect, Expect::Clean, "{}: a corpus is of fixed bugs", path.display());
        if let Some(complaint) = saved.expect.complaint(&judged(&saved.plan)) {
            failed.push(format!("{}: {complaint}", path.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
